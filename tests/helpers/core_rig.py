"""A complete core on one test bench: clock, ids, journal in memory, venue in hand, prices, gate, desk."""

from __future__ import annotations

from typing import Any

from tests.helpers.fake_broker import CARD, FakeBroker
from tests.helpers.memory_journal import MemoryJournal
from workstation.domain.accounts import Account, Environment, LockState
from workstation.domain.events import AccountOpened, ArmChanged, EngineStarted, Event, LimitChanged, LockChanged
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    Contingency,
    FlattenPosition,
    GroupLink,
    LegRole,
    OrderState,
    OrderTerms,
    OrdType,
    Origin,
    OriginKind,
    ReferencePrice,
    Side,
    SubmitGroup,
    SubmitOrder,
)
from workstation.kernel.bus import Bus
from workstation.kernel.clock import VirtualClock
from workstation.kernel.ids import IdSource, stable_uid
from workstation.orders.context import DeskSettings
from workstation.orders.desk import Desk
from workstation.orders.fold import CoreState
from workstation.orders.risk_view import CoreRiskView
from workstation.ports.broker import CapabilityCard, SessionState
from workstation.risk.gate import RiskGate

ACCOUNT = "SIM-1"
SYMBOL = "ABC"
START_NS = 1_760_000_000_000_000_000
SECOND = 1_000_000_000
SCRIPT = Origin(kind=OriginKind.REST, user="tester")
HAND = Origin(kind=OriginKind.HOTKEY, user="tester")


def instrument(symbol: str = SYMBOL) -> Instrument:
    """Return a share: cents, whole units."""
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
    )


class StubPrices:
    """Quotes that a test sets; fresh until it says otherwise."""

    def __init__(self) -> None:
        self.quotes: dict[str, ReferencePrice] = {}
        self.phases: dict[str, SessionPhase] = {}

    def quote(
        self, symbol: str, bid: int | None, ask: int | None, *, last: int | None = None, fresh: bool = True
    ) -> None:
        self.quotes[symbol] = ReferencePrice(bid, ask, bid if last is None else last, 5 if fresh else 60_000, fresh)

    def reference(self, symbol: str) -> ReferencePrice:
        return self.quotes.get(symbol) or ReferencePrice(None, None, None, 0, False, "no data")

    def phase(self, symbol: str) -> SessionPhase:
        return self.phases.get(symbol, SessionPhase.OPEN)


class StubWorth:
    """An account of ten million that never gained or lost."""

    def __init__(self) -> None:
        self.money = 10_000_000 * MONEY_ONE
        self.day = 0

    def equity(self, account: str) -> int | None:
        return self.money

    def peak_equity(self, account: str) -> int | None:
        return self.money

    def gross(self, account: str) -> int | None:
        return 0

    def day_net(self, account: str) -> int | None:
        return self.day

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        return amount

    def run_made(self, account: str, run_id: str) -> int | None:
        return 0

    def worth_of(self, account: str, symbol: str, qty: int) -> int | None:
        return 0


class CoreRig:
    """Core, journal, venue and clock under one roof. `restart` builds a second core from the first one's journal."""

    def __init__(
        self,
        *,
        instant: bool = True,
        card: CapabilityCard = CARD,
        settings: DeskSettings | None = None,
        limits: bool = False,
        symbols: tuple[str, ...] = (SYMBOL, "XYZ"),
        journal: MemoryJournal | None = None,
        broker: FakeBroker | None = None,
        clock: VirtualClock | None = None,
        start: bool = True,
    ) -> None:
        self.clock = clock or VirtualClock(START_NS)
        self.ids = IdSource(seed=7)
        self.journal = journal or MemoryJournal(instant=instant)
        self.published: list[Any] = []
        self.faults: list[tuple[object, BaseException]] = []
        self.bus = Bus(lambda message, error: self.faults.append((message, error)))
        self.bus.subscribe(object, self.published.append)
        self.prices = StubPrices()
        self.broker = broker or FakeBroker(self.clock, card=card)
        self.state = CoreState({symbol: instrument(symbol) for symbol in symbols})
        if journal is not None:
            for event in journal.replayed():
                self.state.apply(event)
        self.worth = StubWorth()
        self.view = CoreRiskView(self.state, self.prices, self.worth)
        self.gate = RiskGate(self.view, self.state.controls, self.state.exposure)
        self.desk = Desk(
            state=self.state,
            gate=self.gate,
            journal=self.journal,
            brokers={self.broker.venue: self.broker},
            prices=self.prices,
            clock=self.clock,
            scheduler=self.clock,
            ids=self.ids,
            bus=self.bus,
            settings=settings,
        )
        for symbol in symbols:
            self.prices.quote(symbol, 10_000, 10_002)
        if start and journal is None:
            self.open(limits=limits)

    def open(self, *, limits: bool = False) -> None:
        """First start: an account, generous limits, hand entry armed, session up, unlocked."""
        self.record(EngineStarted(epoch=self.journal.epoch, version="test", ts=self.now))
        account = Account(
            account=ACCOUNT,
            uid=stable_uid("account", ACCOUNT),
            venue=self.broker.venue,
            environment=Environment.SIM,
            currency="USD",
            initial_cash=10_000_000 * MONEY_ONE,
        )
        self.record(AccountOpened(account=account, ts=self.now))
        if not limits:
            for name in ("ORDERS_PER_MINUTE", "ORDER_NOTIONAL", "POSITION_NOTIONAL"):
                self.record(
                    LimitChanged(
                        limit=name,
                        scope="TENANT",
                        key="",
                        old="",
                        new="UNLIMITED",
                        actor="test",
                        reason="",
                        ts=self.now,
                    )
                )
        self.record(ArmChanged(armed=True, environment="SIM", actor="test", reason="", ts=self.now))
        self.desk.start()
        self.broker.connect(self.desk.on_reports)
        self.clock.advance(0)
        self.commit()
        if self.state.controls.locks.state(ACCOUNT) is not LockState.UNLOCKED:
            self.unlock()

    @property
    def now(self) -> int:
        return self.clock.now_ns()

    def record(self, *events: Event) -> None:
        self.desk.recorder.record(events)

    def unlock(self) -> None:
        self.record(LockChanged(account=ACCOUNT, state=LockState.UNLOCKED, reason="test", ts=self.now))
        self.commit()

    def lock(self) -> None:
        self.record(LockChanged(account=ACCOUNT, state=LockState.LOCKED, reason="test", ts=self.now))
        self.commit()

    def commit(self) -> None:
        if not self.journal.instant:
            self.journal.commit()

    def down(self) -> None:
        self.broker.session(SessionState.DOWN, "test")

    def terms(self, side: Side = Side.BUY, qty: int = 100, price: int | None = 10_000, **fields: Any) -> OrderTerms:
        kind = fields.pop("ord_type", OrdType.MARKET if price is None else OrdType.LIMIT)
        symbol = fields.pop("symbol", SYMBOL)
        return OrderTerms(
            symbol=symbol, account=ACCOUNT, side=side, ord_type=kind, order_qty=qty, price=price, **fields
        )

    def command(self, terms: OrderTerms | None = None, **fields: Any) -> SubmitOrder:
        values: dict[str, Any] = {
            "cl_ord_id": self.ids.cl_ord_id(),
            "uid": self.ids.uid(),
            "terms": terms or self.terms(),
            "origin": SCRIPT,
            "allow_duplicate": True,
        }
        return SubmitOrder(**(values | fields))

    def submit(self, side: Side = Side.BUY, qty: int = 100, price: int | None = 10_000, **fields: Any) -> OrderState:
        """Submit and expect acceptance; returns the order as it stands afterwards."""
        result = self.desk.submit(self.command(self.terms(side, qty, price, **fields)))
        assert result.denial is None, result.denial
        assert result.order is not None
        return self.order(result.order.cl_ord_id)

    def bracket(
        self, qty: int = 100, entry: int = 10_000, stop: int = 9_500, target: int = 10_500, *, full: bool = False
    ) -> tuple[str, str, str]:
        """Submit a bracket that buys; returns entry, stop-loss and take-profit."""
        group, parent = self.ids.group_id(), self.ids.cl_ord_id()

        def leg(role: LegRole, terms: OrderTerms, **fields: Any) -> SubmitOrder:
            link = GroupLink(group, Contingency.BRACKET, role, "" if role is LegRole.ENTRY else parent, full=full)
            return self.command(terms, link=link, **fields)

        guard = self.terms(Side.SELL, qty, None, ord_type=OrdType.STOP, stop_px=stop, reduce_only=True)
        orders = (
            leg(LegRole.ENTRY, self.terms(Side.BUY, qty, entry), cl_ord_id=parent),
            leg(LegRole.STOP_LOSS, guard),
            leg(LegRole.TAKE_PROFIT, self.terms(Side.SELL, qty, target, reduce_only=True)),
        )
        result = self.desk.submit_group(SubmitGroup(orders=orders))
        assert result.denial is None, result.denial
        return parent, orders[1].cl_ord_id, orders[2].cl_ord_id

    def order(self, cl_ord_id: str) -> OrderState:
        found = self.state.book.get(cl_ord_id)
        assert found is not None
        return found

    def position(self, qty: int, price: int = 10_000) -> None:
        """Trade into a position of `qty`, signed."""
        order = self.submit(Side.BUY if qty > 0 else Side.SELL_SHORT, abs(qty), price)
        self.broker.fill(order.cl_ord_id, abs(qty), price)
        assert self.state.ledger.qty(ACCOUNT, SYMBOL) == qty

    def flatten(self, **fields: Any) -> Any:
        return self.desk.flatten(FlattenPosition(account=ACCOUNT, symbol=SYMBOL, origin=HAND, **fields))

    def said(self, kind: type) -> list[Any]:
        """Everything of one type that was published."""
        return [message for message in self.published if type(message) is kind]

    def restart(self, *, connect: bool = True, **fields: Any) -> CoreRig:
        """Return a second core over the same journal, venue and clock, as after a kill."""
        self.journal.epoch += 1
        self.broker.frozen = False
        self.broker.held.clear()
        self.desk.stop()
        again = CoreRig(journal=self.journal, broker=self.broker, clock=self.clock, **fields)
        again.ids = IdSource(seed=100 + self.journal.epoch)
        again.record(EngineStarted(epoch=self.journal.epoch, version="test", ts=again.now))
        again.desk.start()
        if connect:
            again.broker.connect(again.desk.on_reports)
        return again
