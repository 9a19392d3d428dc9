"""Options of `workstation strategies`. Values only."""

import argparse
from collections.abc import Callable
from typing import Any

AddHome = Callable[[argparse.ArgumentParser], None]

ROWS_DEFAULT = 100


def add_strategies_command(commands: Any, add_home: AddHome) -> None:
    """Declare the sub-command and its actions; each takes `--home` and `--json`."""
    strategies = commands.add_parser("strategies", help="strategies of the running program: list, start, stop, logs")
    actions = strategies.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="every strategy with its newest run")
    start = actions.add_parser("start", help="start a run; of module:Class a strategy is made where there is none yet")
    start.add_argument("name", metavar="NAME", help="a strategy, or module:Class")
    start.add_argument("--account", metavar="A", default=None, help="for this account; else the first one")
    start.add_argument("--capital", metavar="MONEY", default="100000.00", help="most that the run may hold")
    start.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter; repeatable")
    start.add_argument("--isolated", action="store_true", help="in a process of its own; for a strategy made now")
    verbs = [
        actions.add_parser(name, help=words)
        for name, words in (
            ("stop", "end a run; its policy says what becomes of its orders"),
            ("pause", "hold a run's market news back"),
            ("resume", "let a paused run go on"),
        )
    ]
    lists = [
        actions.add_parser(name, help=words)
        for name, words in (
            ("logs", "the newest lines of a run's log"),
            ("signals", "the newest signals of a run"),
            ("performance", "a run by days, weeks and months"),
        )
    ]
    for parser in (*verbs, *lists):
        parser.add_argument("name", metavar="NAME", help="a strategy, whose newest run is meant, or a run's id")
    for parser in (listed, *lists):
        parser.add_argument("--limit", type=int, metavar="N", default=ROWS_DEFAULT, help="at most so many rows")
    for parser in (listed, start, *verbs, *lists):
        parser.add_argument("--json", action="store_true", help="print JSON")
        add_home(parser)
