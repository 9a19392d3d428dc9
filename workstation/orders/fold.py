"""The one fold of the core: an event goes through the book, exposure, ledger and controls, in this order.

Order walk: live by `recorder.py`, after a restart by replay, and both give the same state: a decision is itself an
event, so nothing is decided here. `state_hash` proves the sameness; a snapshot is `state()` and the events after it.
"""

import hashlib
from collections.abc import MutableMapping

import msgspec
from msgspec.structs import replace

from workstation.domain.accounts import Account
from workstation.domain.errors import ValidationError
from workstation.domain.events import (
    AccountOpened,
    BreakFound,
    EngineStarted,
    Event,
    KillChanged,
    OrderEvent,
    OrderIntended,
    RecordSaved,
)
from workstation.domain.executions import CostMethod, Execution
from workstation.domain.instruments import Instrument
from workstation.domain.listing import instrument_of
from workstation.domain.orders import OrderState
from workstation.domain.records import (
    AccountRecord,
    AnyRecord,
    InstrumentEntry,
    RiskLimit,
    RiskOverride,
    StrategyDefinition,
    StrategyRun,
    Tenant,
)
from workstation.domain.records.book import RecordBook
from workstation.domain.strategy_changes import change_of
from workstation.kernel.ids import stable_uid
from workstation.orders.book import BookState, Change, OrderBook
from workstation.orders.breaks import Breaks
from workstation.orders.effects import STILL
from workstation.portfolio.ledger import Ledger
from workstation.portfolio.snapshot import LedgerState
from workstation.ports.store import Row
from workstation.risk.controls import Controls, ControlsState
from workstation.risk.day_values import counts_for_a_permit, holder_of
from workstation.risk.exposure import Exposure

_encoder = msgspec.json.Encoder(order="deterministic")


class SnapshotParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot keeps of the core, read in one pass into the parts' own types; see `CoreState.state`."""

    book: BookState
    ledger: LedgerState
    controls: ControlsState
    accounts: list[Account]
    epoch: int
    breaks: list[BreakFound] = []
    records: list[AnyRecord] = []


_decoder = msgspec.json.Decoder(SnapshotParts)


class CoreState:
    """Everything that survives a restart. Changed by events only; the parts are there to be read.

    keeps_rows: changes carry the rows of orders and positions that are to be stored; without a store nobody reads them.
    """

    def __init__(
        self,
        instruments: MutableMapping[str, Instrument],
        *,
        method: CostMethod = CostMethod.AVERAGE,
        keeps_rows: bool = True,
    ) -> None:
        self.instruments = instruments
        self.book = OrderBook(keeps_rows=keeps_rows)
        self.exposure = Exposure(instruments)
        self.ledger = Ledger(instruments, method, keeps_rows=keeps_rows)
        self.controls = Controls()
        self.breaks = Breaks()
        self.records = RecordBook()
        self.accounts: dict[str, Account] = {}
        self.epoch = 0

    def apply(self, event: Event) -> tuple[Row, ...]:
        """Apply one event and return the rows that it changed.

        Raises:
            TransitionRefused: the order's life cycle forbids it; nothing was changed.
        """
        return self.fold(event).rows

    def fold(self, event: Event) -> Change:
        """Apply one event and return what it changed, with every row to be stored with it.

        Raises:
            TransitionRefused: the order's life cycle forbids it; nothing was changed.
        """
        change = self.book.apply(event)
        before, after, fill = change.before, change.after, change.execution
        if after is before or after is None:
            return change if isinstance(event, OrderEvent) else self._fold_other(event)
        kind = type(event)
        if kind in STILL:
            return change
        moved = self.exposure.on_change(before, after)
        if kind is OrderIntended:
            self.controls.day_orders.sent(after.terms.account)
        if moved or fill is not None:
            self._count_for_permit(after, fill)
        if fill is None:
            return change
        self.controls.traded.apply(fill)
        return replace(change, rows=(*change.rows, *self.ledger.apply(event)))

    def _fold_other(self, event: Event) -> Change:
        """Apply an event that is no order's."""
        rows: tuple[Row, ...] = self.ledger.apply(event)
        self.controls.apply(event)
        if isinstance(event, AccountOpened):
            self.accounts[event.account.account] = event.account
            rows += (event.account,)
        elif isinstance(event, KillChanged):
            rows += (event.state,)
        elif isinstance(event, EngineStarted):
            self.epoch = event.epoch
        elif isinstance(event, BreakFound):
            self.breaks.apply(event)
        elif isinstance(event, RecordSaved):
            rows += (event.record, *self._changed(event))
            self.records.apply(event.record)
            rows += self._listed(event.record)
        return Change(event, rows=rows)

    def _changed(self, saved: RecordSaved) -> tuple[Row, ...]:
        """Return what a save of a strategy changed, for its history; the record book still has the version before."""
        record = saved.record
        if not isinstance(record, StrategyDefinition):
            return ()
        before = self.records.find(StrategyDefinition, record.tenant, record.id)
        row_id = stable_uid("strategy_change", record.id, str(record.row_version))
        change = change_of(before, saved, row_id)
        return () if change is None else (change,)

    def _count_for_permit(self, order: OrderState, fill: Execution | None) -> None:
        """Take in what an order, and a fill of it, are of the day's value that a permit may bound."""
        account = self.accounts.get(order.terms.account)
        if not counts_for_a_permit(None if account is None else account.environment, order.origin):
            return
        instrument = self.instruments.get(order.terms.symbol)
        if instrument is None:
            return
        holder = holder_of(self.records, order.origin, order.strategy_id)
        self.controls.day_values.on_order(holder, order, instrument, self.exposure.notional_of(order.cl_ord_id))
        if fill is not None:
            self.controls.day_values.on_fill(holder, fill, instrument)

    def _listed(self, record: AnyRecord) -> tuple[Row, ...]:
        """Take what an instrument's entry says of it into the table; what is deleted is known on, and not traded."""
        if not isinstance(record, InstrumentEntry):
            return ()
        try:
            instrument = instrument_of(record, self.instruments.get(record.symbol))
        except ValidationError:
            return ()  # its venue lists it otherwise by now, and the venue's word stands
        self.instruments[record.symbol] = instrument
        return (instrument,)

    # Snapshots

    def state(self) -> bytes:
        """Return the canonical encoding of the whole state, byte-identical for equal states."""
        return _encoder.encode(
            {
                "book": self.book.state(),
                "ledger": self.ledger.state(),
                "controls": self.controls.state(),
                "accounts": list(self.accounts.values()),
                "breaks": self.breaks.dump(),
                "records": self.records.dump(),
                "epoch": self.epoch,
            }
        )

    def state_hash(self) -> bytes:
        """Return the SHA-256 of the canonical encoding, 32 bytes."""
        return hashlib.sha256(self.state()).digest()

    def load(self, state: bytes) -> None:
        """Take a state from `state()` in place of what is held; the parts stay the same objects.

        Raises:
            msgspec.DecodeError: the bytes are not such a state.
        """
        parts = _decoder.decode(state)
        self.book.load(parts.book)
        self.ledger.load(parts.ledger)
        self.controls.load(parts.controls)
        self.accounts.clear()
        self.accounts.update((row.account, row) for row in parts.accounts)
        self.epoch = parts.epoch
        self.breaks.load(parts.breaks)
        self.records.load(parts.records)
        for kind in (RiskLimit, RiskOverride, Tenant, AccountRecord, StrategyDefinition, StrategyRun):
            for record in self.records.every(kind):
                self.controls.learn(record)
        for entry in self.records.every(InstrumentEntry):
            self._listed(entry)
        self.exposure.rebuild(self.book.open_orders())
        for order in self.book.open_orders():
            self._count_for_permit(order, None)
