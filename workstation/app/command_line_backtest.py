"""Options of `workstation backtest` and `report`. Values only."""

import argparse
from typing import Any

from workstation.app.command_line_client import AddHome

CHECKS = ("look-ahead", "start-up", "costs", "paths", "all")


def add_backtest_command(commands: Any, add_home: AddHome) -> None:
    """Declare the backtest."""
    run: argparse.ArgumentParser = commands.add_parser("backtest", help="run a strategy over stored bars")
    add_home(run)
    run.add_argument("strategy", metavar="MODULE:CLASS", help="a shipped example, or a file of HOME/strategies")
    run.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter; repeatable")
    add_market_options(run)
    run.add_argument(
        "--check", metavar="WHAT", choices=CHECKS, nargs="?", const="all", default="",
        help="run again on less data, later starts, higher costs, other paths: look-ahead, start-up, costs, paths, all",
    )  # fmt: skip
    run.add_argument("--report", metavar="DIR", default="", help="write report.html, CSV tables and run.json there")
    run.add_argument("--fills", metavar="FILE", default="", help="write the fills as CSV")
    run.add_argument("--json", action="store_true", help="print JSON")


def add_market_options(run: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Declare what a run plays and how it fills, charges and accounts; required: what has no default must be named."""
    _add_data_options(run, required=required)
    _add_fill_options(run)
    _add_account_options(run, required=required)


def _add_data_options(run: argparse.ArgumentParser, *, required: bool) -> None:
    add = run.add_argument_group("data").add_argument
    add("--symbol", metavar="S", action="append", required=required, help="instrument with stored data; repeatable")
    add("--data", metavar="KINDS", default="bars", help="such as quotes,trades: of bars, quotes, trades, books")
    add("--interval", metavar="I", default="1d", help="bars, such as 1m,30m@open,500t; built where not stored")
    add("--start", metavar="TIME", default="", help="from here on, ISO with a zone; default is all")
    add("--end", metavar="TIME", default="", help="up to here, exclusive")
    add("--history", metavar="TIME", default="", help="data from here to --start is history that nothing trades in")
    add("--raw", action="store_true", help="indicators read raw prices, not those adjusted by splits and dividends")
    add("--no-actions", action="store_true", help="leave stored splits and dividends out")
    add("--allow-gaps", action="store_true", help="go on over faulty data, which is counted")
    add("--any-time", action="store_true", help="match outside of trading sessions too")


def _add_fill_options(run: argparse.ArgumentParser) -> None:
    add = run.add_argument_group("fills").add_argument
    add("--fill", choices=("next_open", "this_close"), default="next_open", help="of market orders in bars")
    add("--path", choices=("adaptive", "ohlc", "olhc", "pessimistic"), default="adaptive", help="inside a bar")
    add("--limit-fill", metavar="RULE", default="through", help="of a resting limit: through, touch, or 0 to 1: chance")
    add("--gap-fill", choices=("limit", "open"), default="limit", help="price of a limit that the open jumped over")
    add("--volume-share", metavar="PERCENT", default="25", help="of a bar's volume that orders may take")
    add("--any-size", action="store_true", help="orders take any size, whatever a bar's volume")
    add("--slippage", metavar="MODEL", default="half-tick", help="none, half-tick, ticks:N, bps:N or volume:BPS")
    add("--slippage-ticks", metavar="N", type=float, default=None, help="the same as --slippage ticks:N")
    add("--latency", metavar="WAY=MS", action="append", default=[],
        help="feed, order, replace, cancel, response or jitter, milliseconds; repeatable")  # fmt: skip
    add("--queue", choices=("trades_only", "probabilistic", "none"), default="trades_only",
        help="what shortens the queue before a limit in quotes and books")  # fmt: skip
    add("--price-age", metavar="S", default="60", help="an order that meets an older price waits for the next, seconds")
    add("--assumed-levels", metavar="N", type=int, default=0, help="levels beyond a quote that an order may take")
    add("--protection", metavar="TICKS", type=int, default=None,
        help="a market order or stop ends before a price so much worse than the last one known")  # fmt: skip
    add("--halt", metavar="[SYMBOL=]FROM/TO", action="append", default=[],
        help="nothing trades then, ISO times with a zone; repeatable")  # fmt: skip
    add("--fault", metavar="KIND=N", action="append", default=[],
        help="reject, refuse, spike or partial in percent; spike-ms; outage and outage-every in s")  # fmt: skip


FEES_HELP = (
    "zero, per-unit:0.005[:MINIMUM[:CAP]], percent:0.1[:MINIMUM[:CAP]], bps:MAKER:TAKER, coin:MAKER:TAKER, "
    "or tiers:LEAST:MAKER:TAKER,..."
)


def _add_account_options(run: argparse.ArgumentParser, *, required: bool) -> None:
    add = run.add_argument_group("account").add_argument
    add("--fees", metavar="MODEL", required=required, help=FEES_HELP)
    add("--financing", metavar="KIND=BPS", action="append", default=[],
        help="a year on debit, credit or borrow (of shares), basis points; repeatable")  # fmt: skip
    add("--borrow", metavar="SYMBOL=BPS", action="append", default=[],
        help="a year on the borrowed shares of one instrument, in place of the general rate; repeatable")  # fmt: skip
    add("--rollover", metavar="PAIR=LONG:SHORT", action="append", default=[],
        help="what a rolled currency pair earns a year by its side, basis points; repeatable")  # fmt: skip
    add("--funding", metavar="SYMBOL=PERCENT/HOURS", action="append", default=[],
        help="steady funding of a perpetual contract; the long pays where it is above 0; repeatable")  # fmt: skip
    add("--funding-file", metavar="SYMBOL=FILE", action="append", default=[],
        help="recorded funding: CSV with a time, a rate and perhaps a mark price; repeatable")  # fmt: skip
    add("--cash", metavar="MONEY", default="1000000", help="to begin with")
    add("--currency", metavar="C", default="", help="of the account; default is that of the first instrument")
    add("--rate", metavar="CURRENCY=PAIR", action="append", default=[],
        help="instrument whose price is what one unit of the currency is worth; repeatable")  # fmt: skip
    add("--convert", metavar="BPS", default=None,
        help="money of another currency becomes the account's at once, at its pair's price less so much")  # fmt: skip
    add("--margin", metavar="PERCENT", default="100", help="of positions that equity must cover; 100 is a cash account")
    add("--capital", metavar="MONEY", default="",
        help="most in positions and working orders, as of a live run; default is what the account carries")  # fmt: skip
    add("--no-funds-check", action="store_true", help="take orders that the money does not carry")
    add("--liquidate", metavar="PERCENT", default="", help="exit when equity is below this share of positions")
    add("--seed", metavar="N", type=int, default=1, help="of everything that is drawn")
    add("--close-at-end", action="store_true", help="exit what is open at the last price")


def add_report_command(commands: Any) -> None:
    """Declare the report of a run that `--report` has kept."""
    report: argparse.ArgumentParser = commands.add_parser("report", help="make the report of a backtest anew")
    report.add_argument("run", metavar="FILE", help="run.json of a report")
    report.add_argument("folder", metavar="DIR", help="where report.html and the tables go")
