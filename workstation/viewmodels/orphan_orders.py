"""Orders that no run watches any more: open, sent by a run that has ended, and not yet taken on by a person.

Beside both walks. Reads what `strategy.board` answered; cancels and adopts nothing.
"""

from collections.abc import Mapping, Sequence

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState
from workstation.viewmodels.columns import Column, ColumnKind, ColumnTable
from workstation.viewmodels.formats import MISSING
from workstation.viewmodels.preview import order_words


class OrphanOrders:
    """The orphans of one screen. instruments: those that are known, by symbol."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._runs: dict[str, str] = {}
        self.table: ColumnTable[OrderState] = ColumnTable(self._columns(), lambda order: order.cl_ord_id)

    def take(self, orders: Sequence[OrderState], run_names: Mapping[str, str]) -> None:
        """Show other orders; what is gone leaves. run_names: by the id of a run."""
        self._runs = dict(run_names)
        kept = {order.cl_ord_id for order in orders}
        shown = [self.table.row(number) for number in range(self.table.total)]
        self.table.remove([order.cl_ord_id for order in shown if order.cl_ord_id not in kept])
        self.table.upsert(list(orders))

    def words(self, order: OrderState) -> str:
        """Return an order in one line."""
        instrument = self._instruments.get(order.terms.symbol)
        return MISSING if instrument is None else order_words(order.terms, instrument)

    def _run(self, order: OrderState) -> str:
        return self._runs.get(order.strategy_id, order.strategy_id)

    def _columns(self) -> tuple[Column[OrderState], ...]:
        code, text = ColumnKind.CODE, ColumnKind.TEXT
        return (
            Column("run", "Ended run", code, self._run, self._run, width=14),
            Column("state", "State", code, lambda o: o.status.value, lambda o: o.status.value, width=10),
            Column("order", "Order", text, self.words, self.words, width=26),
        )
