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
    run.add_argument(
        "--symbol", metavar="S", action="append", required=required, help="instrument with bars; repeatable"
    )
    run.add_argument("--interval", metavar="I", default="1d", help="length of bars, such as 1m; default 1d")
    run.add_argument("--start", metavar="TIME", default="", help="from here on, ISO with a zone; default is all")
    run.add_argument("--end", metavar="TIME", default="", help="up to here, exclusive")
    run.add_argument(
        "--fees", metavar="MODEL", required=required, help="zero, per-unit:0.005[:MINIMUM] or bps:MAKER:TAKER"
    )
    run.add_argument("--fill", choices=("next_open", "this_close"), default="next_open", help="of market orders")
    run.add_argument("--slippage-ticks", metavar="N", type=float, default=None, help="default is half a tick")
    run.add_argument("--any-size", action="store_true", help="orders take any size, whatever a bar's volume")
    run.add_argument("--cash", metavar="MONEY", default="1000000", help="to begin with")
    run.add_argument("--seed", metavar="N", type=int, default=1, help="of everything that is drawn")
    run.add_argument("--close-at-end", action="store_true", help="exit what is open at the last price")
    run.add_argument("--allow-gaps", action="store_true", help="go on over faulty data, which is counted")


def add_report_command(commands: Any) -> None:
    """Declare the report of a run that `--report` has kept."""
    report: argparse.ArgumentParser = commands.add_parser("report", help="make the report of a backtest anew")
    report.add_argument("run", metavar="FILE", help="run.json of a report")
    report.add_argument("folder", metavar="DIR", help="where report.html and the tables go")
