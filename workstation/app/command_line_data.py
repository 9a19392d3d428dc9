"""Options of `workstation import`, `export` and `data`. Values only."""

import argparse
from typing import Any

from workstation.app.command_line_client import AddHome

KINDS = ("BARS", "TICKS", "QUOTES", "TRADES", "BOOK", "ACTIONS", "SYMBOLS", "HOURS")
FORMATS = ("auto", "csv", "parquet", "lean", "hft", "actions")


def add_data_commands(commands: Any, parser_class: type[argparse.ArgumentParser], add_home: AddHome) -> None:
    """Declare what brings market data in and out, and what looks after it."""
    _add_import(commands, add_home)
    _add_export(commands, add_home)
    data = commands.add_parser("data", help="what is stored of the market: list, gaps, verify, compact, delete")
    actions = data.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=parser_class)
    listed = actions.add_parser("list", help="every series with span, rows, gaps and bytes")
    gaps = actions.add_parser("gaps", help="the holes of stored bars, by the sessions of their calendar")
    verified = actions.add_parser("verify", help="read everything that is stored and name what is damaged")
    compacted = actions.add_parser("compact", help="move ticks of past days into Parquet files (zstd)")
    deleted = actions.add_parser("delete", help="delete a series; asks for --yes")
    for parser in (listed, gaps, verified, compacted, deleted):
        add_home(parser)
        parser.add_argument("--json", action="store_true", help="print JSON")
    for parser in (listed, gaps, deleted):
        parser.add_argument("--symbol", metavar="S", default="", help="this instrument only")
    compacted.add_argument("--before", metavar="DAY", default="", help="days before this one; default is today, UTC")
    deleted.add_argument("--kind", default="BARS", choices=KINDS)
    deleted.add_argument("--interval", metavar="I", default="", help="of bars, such as 1m")
    deleted.add_argument("--source", metavar="NAME", default="", help="this source only")
    deleted.add_argument("--yes", action="store_true", help="really delete")


def _add_import(commands: Any, add_home: AddHome) -> None:
    brought = commands.add_parser("import", help="market data, splits, trading hours and tickers into the store")
    add_home(brought)
    brought.add_argument("files", nargs="+", metavar="FILE", help="plain, gzip or zip")
    brought.add_argument("--symbol", metavar="S", default="", help="whose rows these are, where the file does not say")
    brought.add_argument("--interval", metavar="I", default="", help="length of bars, such as 1m, 1h or 1d")
    brought.add_argument("--stamp", choices=("open", "close"), default=None, help="what the time of a bar's row is")
    brought.add_argument("--zone", metavar="Z", default="", help="zone of times that name none, such as UTC")
    brought.add_argument("--format", choices=FORMATS, default="auto", help="auto goes by what the file says")
    brought.add_argument("--columns", metavar="MAP", default="", help="such as time=Date,open=Open or time=0,price=1")
    brought.add_argument("--source", metavar="NAME", default="", help="name in the catalogue; default is the file's")
    classes = ("stock", "etf", "future", "forex", "crypto", "bond")
    brought.add_argument("--new", choices=classes, default=None, help="make the instrument where it is not known")
    brought.add_argument(
        "--currency", metavar="C", default=None, help="of a new instrument; default is its listing's, else USD"
    )
    brought.add_argument("--price-decimals", type=int, metavar="N", default=None, help="the same; else 2")
    brought.add_argument("--qty-decimals", type=int, metavar="N", default=None, help="the same; else 0")
    brought.add_argument("--tick", type=int, metavar="N", default=None, help="the same, in its last decimal; else 1")
    brought.add_argument("--market", metavar="M", default="", help="whose listing of the symbol is meant, such as cme")
    hours = "sessions of a new instrument: ALWAYS, XNYS, FX, or imported hours; default is its listing's"
    brought.add_argument("--calendar", metavar="C", default="", help=hours)
    brought.add_argument("--replace", action="store_true", help="write over stored bars that hold other values")
    brought.add_argument("--dry-run", action="store_true", help="report, and store nothing")
    brought.add_argument("--json", action="store_true", help="print JSON")


def _add_export(commands: Any, add_home: AddHome) -> None:
    out = commands.add_parser("export", help="stored bars, quotes or trades as CSV or Parquet")
    add_home(out)
    out.add_argument("file", metavar="FILE", help="where to; .parquet makes Parquet, anything else CSV")
    out.add_argument("--symbol", metavar="S", required=True, help="instrument")
    out.add_argument("--kind", choices=("bars", "quotes", "trades"), default="bars")
    out.add_argument("--interval", metavar="I", default="1m", help="of bars")
    out.add_argument("--start", metavar="TIME", default="", help="from here on, ISO with a zone; default is all")
    out.add_argument("--end", metavar="TIME", default="", help="up to here, exclusive")
    out.add_argument("--adjusted", action="store_true", help="bars adjusted for splits and dividends (six decimals)")
