"""The venue's executions: made, amended and remembered under one numbering, and booked into the holdings.

Ids and sequence are the venue's own and go on after a restart. The list is append-only; a bust or a correction is
an entry of its own that names what it takes back.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace as _with

from workstation.brokers.sim.holdings import Holdings
from workstation.brokers.sim.orders import VenueOrderState
from workstation.brokers.sim.universe import VENUE
from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.instruments import Instrument
from workstation.kernel.ids import stable_uid


class Executions:
    """Every execution of the venue, oldest first in `all`."""

    def __init__(self, instruments: Mapping[str, Instrument], holdings: Holdings, now_ns: Callable[[], int]) -> None:
        self.all: list[Execution] = []
        self._by_key: dict[str, Execution] = {}
        self._instruments = instruments
        self._holdings = holdings
        self._now_ns = now_ns
        self._seq = 0

    def next_seq(self) -> int:
        """Return the next sequence of the venue's own numbering, shared by all of its reports."""
        self._seq += 1
        return self._seq

    def make(self, state: VenueOrderState, qty: int, price: int, fee: int, liquidity: Liquidity) -> Execution:
        """Return a fill of an order; nothing is booked yet."""
        seq, terms, now = self.next_seq(), state.terms, self._now_ns()
        exec_id = f"X{seq:010d}"
        return Execution(
            exec_key=exec_id,
            exec_id=exec_id,
            uid=stable_uid(VENUE, exec_id),
            cl_ord_id=state.cl_ord_id,
            order_id=state.order_id,
            account=terms.account,
            symbol=terms.symbol,
            side=terms.side,
            last_qty=qty,
            last_px=price,
            fee=fee,
            fee_currency=self._instruments[terms.symbol].currency,
            ts_event=now,
            ts_init=now,
            venue_seq=seq,
            liquidity=liquidity,
            venue=VENUE,
        )

    def amended(self, original: Execution, kind: ExecKind, price: int | None) -> Execution:
        """Return the bust of an execution, or its correction to `price`; nothing is booked yet."""
        seq, now = self.next_seq(), self._now_ns()
        key = f"{original.exec_key}.{kind[0]}{seq}"
        return _with(
            original,
            exec_key=key,
            exec_id=key,
            uid=stable_uid(VENUE, key),
            last_px=original.last_px if price is None else price,
            kind=kind,
            corrects=original.exec_key,
            ts_event=now,
            ts_init=now,
            venue_seq=seq,
        )

    def remember(self, execution: Execution) -> None:
        """Keep an execution and book it; a correction first takes back what it corrects."""
        self.all.append(execution)
        self._by_key[execution.exec_key] = execution
        if execution.kind is ExecKind.CORRECTION:
            self._holdings.apply(_with(self._by_key[execution.corrects], kind=ExecKind.BUST))
        self._holdings.apply(execution)
        self._seq = max(self._seq, execution.venue_seq)

    def get(self, exec_key: str) -> Execution | None:
        """Return one execution by its key."""
        return self._by_key.get(exec_key)

    def since(self, account: str, since_ns: int) -> tuple[Execution, ...]:
        """Return an account's executions stamped at or after a time; a skewed clock may have disordered the stamps."""
        return tuple(e for e in self.all if e.account == account and e.ts_event >= since_ns)
