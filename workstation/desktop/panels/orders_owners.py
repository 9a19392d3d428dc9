"""Menu entries of the orders panel about whose an order is: adopt one from elsewhere, take over or give back a run's.

Beside the order walk: each is one call for each order that it concerns; the orders stay at the venue as they are.
"""

from collections.abc import Callable, Sequence

import msgspec

from workstation.commands.handovers import HandedOrder
from workstation.commands.params import AnnotateOrder
from workstation.desktop.panels.orders_menus import Entry
from workstation.domain.orders import ADOPTED_BY, OrderState

Call = Callable[[str, msgspec.Struct, str], object]


def owner_entries(rows: Sequence[OrderState], user: str, call: Call) -> tuple[Entry, ...]:
    """Return the entries for selected rows. user: who adopts; call: sends a command with its parameters and detail."""
    open_rows = [order for order in rows if order.is_open]
    foreign = [order for order in open_rows if order.is_foreign]
    runs = [order for order in open_rows if order.strategy_id and not order.taken_by]
    taken = [order for order in open_rows if order.taken_by]

    def adopt() -> None:
        for order in foreign:
            metadata = {**order.metadata, ADOPTED_BY: user}
            call("order.annotate", AnnotateOrder(cl_ord_id=order.cl_ord_id, metadata=metadata), "adopt")

    def hand(command: str, orders: Sequence[OrderState]) -> Callable[[], None]:
        def done() -> None:
            for order in orders:
                call(command, HandedOrder(cl_ord_id=order.cl_ord_id), command.partition(".")[2])

        return done

    return (
        Entry("adopt", "Adopt: watch it as your own", adopt, bool(foreign)),
        Entry("take_over", "Take over: its strategy leaves it alone", hand("order.take_over", runs), bool(runs)),
        Entry("give_back", "Give back to its strategy", hand("order.give_back", taken), bool(taken)),
    )
