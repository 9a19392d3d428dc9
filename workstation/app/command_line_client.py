"""Options of the sub-commands that talk to the running program: order, orders, positions, tail. Values only."""

import argparse
from collections.abc import Callable
from typing import Any

AddHome = Callable[[argparse.ArgumentParser], None]

ROWS_DEFAULT = 100


def add_client_commands(commands: Any, add_home: AddHome) -> None:
    """Declare the sub-commands; each takes `--home` and `--json`."""
    order = commands.add_parser(
        "order",
        help="place an order through the running program",
        description="Place an order: SIDE QUANTITY SYMBOL PRICE [OPTIONS], such as: buy 100 SIM-FILL limit 100.05 day, "
        "or as the desktop's order line takes it: b 100 sim-fill 100.05. For no price say market.",
        epilog="exit code: 0 placed, 1 refused or not known, 2 called wrongly",
    )
    order.add_argument("words", nargs="+", metavar="WORD", help="the order, word by word")
    order.add_argument("--preview", action="store_true", help="say what would become of it, and place nothing")
    order.add_argument("--account", metavar="A", default=None, help="for this account; else the first one")
    orders = commands.add_parser("orders", help="list open orders of the running program")
    orders.add_argument("--all", action="store_true", help="orders that are done as well")
    positions = commands.add_parser("positions", help="list positions of the running program")
    positions.add_argument("--all", action="store_true", help="flat ones as well")
    for listing in (orders, positions):
        listing.add_argument("--symbol", metavar="X", default=None, help="this instrument only")
        listing.add_argument("--account", metavar="A", default=None, help="this account only")
        listing.add_argument("--limit", type=int, metavar="N", default=ROWS_DEFAULT, help="at most so many rows")
    tail = commands.add_parser("tail", help="follow what happens in the running program")
    tail.add_argument(
        "--types", metavar="TYPE", nargs="+", default=[], help="only these, such as order.* risk.breached"
    )
    tail.add_argument("--symbol", metavar="X", default=None, help="this instrument only")
    tail.add_argument("--since", metavar="ID", default=None, help="begin after this event; 0 begins with the oldest")
    tail.add_argument("--until", metavar="ID", default=None, help="end with this event")
    for parser in (order, orders, positions, tail):
        parser.add_argument("--json", action="store_true", help="print JSON")
        add_home(parser)
