"""What the order path costs in memory: submit, risk, intent, accept, with few and with many orders open.

Behind `workstation bench order_path`. The journal and the venue here answer at once and keep nothing, so that only the
desk's own work is measured. Budget: 20,000 orders per CPU-second, flat from 10 to 10,000 open orders.

As in the program, whose start sets apart for good what it has made (`app/start_order.py`), the collector looks only at
what comes after: its first look at everything that was loaded would cost more than a thousand orders.
"""

import gc
from collections.abc import Callable, Sequence

from workstation.domain.accounts import Account, Environment, LockState
from workstation.domain.events import AccountOpened, EngineStarted, LimitChanged, LockChanged
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    OrderTerms,
    OrdType,
    Origin,
    OriginKind,
    ReferencePrice,
    RequestKind,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.kernel.bus import Bus
from workstation.kernel.clock import VirtualClock
from workstation.kernel.ids import IdSource
from workstation.orders.desk import Desk
from workstation.orders.fold import CoreState
from workstation.orders.risk_view import CoreRiskView
from workstation.ports.broker import (
    BrokerSink,
    CapabilityCard,
    ExecType,
    OrderReport,
    ReplaceKind,
    SendOutcome,
    SendReport,
    SessionReport,
    SessionState,
    VenueStanding,
)
from workstation.ports.store import Entry
from workstation.risk.gate import RiskGate
from workstation.risk.limits import LimitScope, LimitType

ACCOUNT = "BENCH"
SYMBOL = "BENCH"
VENUE = "BENCH"
ORDERS = 3_000
OPEN_FEW, OPEN_MANY = 10, 10_000
_BID, _ASK = 9_999, 10_001
_QUOTE, _OPEN = ReferencePrice(_BID, _ASK, _BID, 1, fresh=True), SessionPhase.OPEN
_SUBMIT, _SENT, _ACCEPTED = RequestKind.SUBMIT, SendOutcome.SENT, ExecType.ACCEPTED
_ORIGIN = Origin(kind=OriginKind.REST, detail="bench")


class _InstantJournal:
    """Durable at once, keeps nothing."""

    epoch = 1
    fill_ratio = 0.0
    trouble = ""

    def __init__(self) -> None:
        self.last_seq = self.durable_seq = 0

    def append(self, entries: Sequence[Entry]) -> int:
        self.last_seq = self.durable_seq = self.last_seq + len(entries)
        return self.last_seq

    def when_durable(self, seq: int, call: Callable[[bool], None]) -> None:
        call(seq <= self.durable_seq)

    def save_snapshot(self, state: bytes, state_hash: bytes) -> None:
        raise NotImplementedError("the benchmark keeps no state")


class _AcceptingVenue:
    """Accepts every order at once."""

    venue = VENUE
    capabilities = CapabilityCard(
        venue=VENUE,
        dated="2026-11-25",
        ord_types=frozenset(OrdType),
        times_in_force=frozenset(TimeInForce),
        post_only=True,
        reduce_only=True,
        display_qty=True,
        native_groups=False,
        replace=ReplaceKind.IN_PLACE,
        cl_ord_id_length_max=64,
        query_complete=True,
        exec_key_scope="account",
        lookback_ns=10**15,
        cancel_on_disconnect=False,
        busts_reported=True,
    )

    def __init__(self) -> None:
        self._sink: BrokerSink = lambda _reports: None
        self._number = 0

    def standing(self) -> VenueStanding:
        return VenueStanding()

    def connect(self, sink: BrokerSink) -> None:
        self._sink = sink
        sink([SessionReport(venue=VENUE, state=SessionState.UP)])

    def disconnect(self) -> None:
        self._sink = lambda _reports: None

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        self._number += 1
        sent = SendReport(cl_ord_id=cl_ord_id, request=_SUBMIT, outcome=_SENT)
        accepted = OrderReport(
            exec_type=_ACCEPTED,
            cl_ord_id=cl_ord_id,
            order_id=f"V{self._number}",
            account=terms.account,
            ts_event=self._number,
            venue_seq=self._number,
        )
        self._sink([sent, accepted])

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        raise NotImplementedError("the benchmark changes no order")

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        raise NotImplementedError("the benchmark cancels no order")

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        """Leave the question open; the account is unlocked by hand."""


class _SteadyPrices:
    """One fresh quote for ever."""

    def reference(self, _symbol: str) -> ReferencePrice:
        return _QUOTE

    def phase(self, _symbol: str) -> SessionPhase:
        return _OPEN


class _SteadyWorth:
    """An account of a thousand million that never gained or lost."""

    money: int = 10**9 * MONEY_ONE

    def equity(self, _account: str) -> int | None:
        return self.money

    def peak_equity(self, _account: str) -> int | None:
        return self.money

    def gross(self, _account: str) -> int | None:
        return 0

    def day_net(self, _account: str) -> int | None:
        return 0

    def convert(self, amount: int, _currency: str, _to: str) -> int | None:
        return amount

    def run_made(self, _account: str, _run_id: str) -> int | None:
        return 0

    def worth_of(self, _account: str, _symbol: str, _qty: int) -> int | None:
        return 0


def _unlimited() -> list[LimitChanged]:
    return [
        LimitChanged(
            limit=limit, scope=LimitScope.TENANT, key="", old="", new="UNLIMITED", actor="bench", reason="bench", ts=0
        )
        for limit in LimitType
    ]


def _desk() -> Desk:
    instrument = Instrument(
        symbol=SYMBOL,
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
    )
    account = Account(
        account=ACCOUNT,
        uid="bench",
        venue=VENUE,
        environment=Environment.SIM,
        currency="USD",
        initial_cash=10**9 * MONEY_ONE,
    )
    clock = VirtualClock(1_800_000_000_000_000_000)
    state, bus = CoreState({SYMBOL: instrument}), Bus(_fail)
    prices = _SteadyPrices()
    gate = RiskGate(CoreRiskView(state, prices, _SteadyWorth()), state.controls, state.exposure)
    venue = _AcceptingVenue()
    desk = Desk(
        state=state,
        gate=gate,
        journal=_InstantJournal(),
        brokers={VENUE: venue},
        prices=prices,
        clock=clock,
        scheduler=clock,
        ids=IdSource(1),
        bus=bus,
    )
    now = clock.now_ns()
    desk.recorder.record([EngineStarted(epoch=1, version="bench", ts=now), AccountOpened(account=account, ts=now)])
    desk.recorder.record(_unlimited())
    venue.connect(desk.on_reports)
    desk.recorder.record([LockChanged(account=ACCOUNT, state=LockState.UNLOCKED, reason="bench", ts=now)])
    return desk


def _fail(_message: object, error: BaseException) -> None:
    raise error


def _place(desk: Desk, ids: IdSource, count: int) -> None:
    for number in range(count):
        terms = OrderTerms(
            symbol=SYMBOL,
            account=ACCOUNT,
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=1 + number % 50,
            price=_BID - number % 100,
        )
        command = SubmitOrder(
            cl_ord_id=ids.cl_ord_id(), uid=ids.uid(), terms=terms, origin=_ORIGIN, allow_duplicate=True
        )
        if not desk.submit(command).accepted:
            raise RuntimeError("the benchmark's orders must pass")


def _measured(cpu_ns: Callable[[], int], already_open: int) -> int:
    """Return the CPU time of ORDERS orders, ns, with `already_open` ones open before them."""
    desk, ids = _desk(), IdSource(2)
    _place(desk, ids, already_open)
    start = cpu_ns()
    _place(desk, ids, ORDERS)
    return cpu_ns() - start


def run(cpu_ns: Callable[[], int]) -> dict[str, float]:
    """Return orders per CPU-second with few and with many orders open, and the ratio of the two.

    cpu_ns: reads the process's CPU time, ns.
    """
    figures: dict[str, float] = {}
    for name, already_open in (("few_open", OPEN_FEW), ("many_open", OPEN_MANY)):
        gc.collect()
        gc.freeze()
        try:
            figures[f"orders_per_cpu_s_{name}"] = ORDERS * 1e9 / _measured(cpu_ns, already_open)
        finally:
            gc.unfreeze()
    figures["many_over_few"] = figures["orders_per_cpu_s_many_open"] / figures["orders_per_cpu_s_few_open"]
    return figures
