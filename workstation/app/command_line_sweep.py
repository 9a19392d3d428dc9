"""Options of `workstation sweep`. Values only."""

import argparse
import os
from typing import Any

from workstation.app.command_line_backtest import add_market_options
from workstation.app.command_line_client import AddHome

METHODS = ("grid", "random", "bayes")
METRICS = ("sharpe", "sortino", "calmar", "total_return", "profit_factor")


def add_sweep_command(commands: Any, add_home: AddHome) -> None:
    """Declare the sweep."""
    sweep: argparse.ArgumentParser = commands.add_parser(
        "sweep", help="run a strategy with many parameters over stored data, and tell luck from skill"
    )
    add_home(sweep)
    sweep.add_argument("strategy", metavar="MODULE:CLASS", nargs="?", default="", help="as for backtest")
    sweep.add_argument(
        "--param", metavar="NAME=VALUES", action="append", default=[], help="FROM:TO[:STEP], A,B,C or one; repeatable"
    )
    add_market_options(sweep, required=False)
    sweep.add_argument(
        "--search", choices=METHODS, default="grid", help="default grid; bayes needs workstation[search]"
    )
    sweep.add_argument("--trials", metavar="N", type=int, default=100, help="of a search other than grid, each fold")
    sweep.add_argument("--metric", choices=METRICS, default="sharpe", help="what is best, in-sample")
    sweep.add_argument(
        "--out-of-sample", metavar="SHARE", type=float, default=0.3, help="end of the data kept out of the search"
    )
    sweep.add_argument("--folds", metavar="N", type=int, default=1, help="walk forward in so many steps")
    sweep.add_argument("--anchored", action="store_true", help="each in-sample part begins at the start")
    sweep.add_argument(
        "--workers", metavar="N", type=int, default=os.cpu_count() or 1, help="processes; default is each core"
    )
    sweep.add_argument("--trial-seconds", metavar="S", type=float, default=3_600.0, help="longest time of a process")
    sweep.add_argument(
        "--cluster", metavar="ADDRESS", default="", help="run on a Dask cluster, such as tcp://HOST:8786"
    )
    sweep.add_argument(
        "--resume", metavar="ID", nargs="?", type=int, const=0, default=None, help="go on where it stopped; the newest"
    )
    sweep.add_argument("--list", action="store_true", help="list the sweeps that are kept")
    sweep.add_argument("--show", metavar="ID", type=int, default=None, help="show one of them")
    sweep.add_argument("--top", metavar="N", type=int, default=10, help="trials that are shown")
    sweep.add_argument("--csv", metavar="FILE", default="", help="write every trial as CSV")
    sweep.add_argument("--json", action="store_true", help="print JSON")


def market_defaults() -> dict[str, Any]:
    """Return the options of a run by name, with their defaults."""
    parser = argparse.ArgumentParser(add_help=False)
    add_market_options(parser, required=False)
    return vars(parser.parse_args([]))
