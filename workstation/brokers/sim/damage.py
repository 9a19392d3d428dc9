"""What faults do that need no message to strike: cut links, frozen streams, phantom orders, a skewed clock."""

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace as _with

from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.faults import FaultKind, FaultSwitch, PlannedFault
from workstation.brokers.sim.feed import SimFeed
from workstation.brokers.sim.matching import EndReason
from workstation.brokers.sim.records import SplitDone
from workstation.brokers.sim.session import SimBroker
from workstation.brokers.sim.universe import VENUE
from workstation.domain.errors import ValidationError
from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.market import StreamKind
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.orders import Side
from workstation.kernel.clock import Scheduler
from workstation.kernel.ids import stable_uid
from workstation.ports.broker import FillReport, SessionState


class VenueClock(Protocol):
    """What the damage may do to venue time."""

    offset_ns: int


class Damage:
    """Registers itself as what strikes when a fault is armed."""

    def __init__(
        self,
        exchange: Exchange,
        broker: SimBroker,
        feed: SimFeed,
        *,
        time: VenueClock,
        scheduler: Scheduler,
        faults: FaultSwitch,
        reprice: Callable[[str, float], None],
    ) -> None:
        self._reprice = reprice
        self._exchange = exchange
        self._broker = broker
        self._feed = feed
        self._time = time
        self._scheduler = scheduler
        faults.strike = self.strike

    def strike(self, fault: PlannedFault) -> None:
        """Do one fault's damage."""
        kind, for_ns = fault.kind, int(fault.for_s * 1e9)
        if kind is FaultKind.CLOCK_SKEW:
            self._time.offset_ns += int(fault.delay_ms * 1e6)
        elif kind is FaultKind.UNKNOWN_ORDER:
            self._phantom_fill(fault)
        elif kind in (FaultKind.BUST, FaultKind.CORRECT, FaultKind.BUST_UNKNOWN):
            self._amend(fault)
        elif kind is FaultKind.WRONG_POSITION:
            self._exchange.holdings.positions[self._account(fault), fault.symbol].qty += fault.qty
        elif kind is FaultKind.WRONG_CASH:
            account = self._exchange.accounts[self._account(fault)]
            amount = parse_scaled(fault.amount or "1", MONEY_DECIMALS, field="amount")
            self._exchange.holdings.deposit(account.account, account.currency, amount)
        elif kind is FaultKind.SPLIT:
            self._split(fault)
        elif kind is FaultKind.EXPIRE_ORDERS:
            for state in self._exchange.orders.all_open():
                if fault.symbol in ("", state.terms.symbol):
                    self._exchange.end(state, EndReason.TIME)
        else:
            self._cut(fault, for_ns)

    def _cut(self, fault: PlannedFault, for_ns: int) -> None:
        kind = fault.kind
        if kind is FaultKind.DISCONNECT:
            self._broker.drop("connection reset", SessionState.DOWN, for_ns)
        elif kind is FaultKind.HALF_OPEN:
            self._broker.go_deaf(for_ns)
        elif kind is FaultKind.MAINTENANCE:
            self._broker.drop("venue maintenance", SessionState.MAINTENANCE, for_ns)
            self._feed_down("venue maintenance", for_ns)
        elif kind is FaultKind.AUTH_EXPIRED:
            self._broker.drop("authentication expired", SessionState.DOWN, for_ns)
        elif kind is FaultKind.VENUE_RESTART:
            self._broker.drop("venue restarted", SessionState.DOWN, for_ns)
            self._feed_down("venue restarted", for_ns)
        elif kind is FaultKind.FEED_DOWN:
            self._feed_down("feed connection reset", for_ns)
        elif kind is FaultKind.FEED_GAP:
            self._feed.skip_change(fault.symbol)
        elif kind is FaultKind.FREEZE:
            stream = StreamKind(fault.stream) if fault.stream else None
            self._feed.freeze(fault.symbol, stream, frozen=True)
            self._scheduler.call_later(for_ns, lambda: self._feed.freeze(fault.symbol, stream, frozen=False))

    def _feed_down(self, reason: str, for_ns: int) -> None:
        self._feed.set_down(down=True, reason=reason)
        self._scheduler.call_later(for_ns, lambda: self._feed.set_down(down=False, reason="feed restored"))

    def _account(self, fault: PlannedFault) -> str:
        return fault.account or next(iter(self._exchange.accounts))

    def _phantom_fill(self, fault: PlannedFault) -> None:
        """Make a fill of an order that nobody sent; the venue books it, so the position is real."""
        symbol = fault.symbol or next(iter(self._exchange.instruments))
        instrument = self._exchange.instruments[symbol]
        matcher = self._exchange.matchers[symbol]
        price = instrument.price_from(fault.price) if fault.price else matcher.last or matcher.book.asks.best
        if price is None:
            return
        seq, now = self._exchange.executions.next_seq(), self._exchange.now_ns()
        key = f"X{seq:010d}"
        execution = Execution(
            exec_key=key,
            exec_id=key,
            uid=stable_uid(VENUE, key),
            cl_ord_id=f"MANUAL-{seq}",
            order_id=f"M{seq:09d}",
            account=self._account(fault),
            symbol=symbol,
            side=Side.BUY if fault.qty >= 0 else Side.SELL,
            last_qty=abs(fault.qty) or instrument.lot,
            last_px=price,
            fee=0,
            fee_currency=instrument.currency,
            ts_event=now,
            ts_init=now,
            venue_seq=seq,
            liquidity=Liquidity.UNKNOWN,
            venue=VENUE,
        )
        self._exchange.book(execution)

    def _split(self, fault: PlannedFault) -> None:
        """Split an instrument: positions at once, its market as fast as its traders move."""
        new, _, old = (fault.code or f"{fault.qty or 2}:1").partition(":")
        if fault.symbol not in self._exchange.instruments or not (new.isdecimal() and old.isdecimal()):
            raise ValidationError("fault", "split", allowed="a symbol, and a ratio like 3:2 as its code")
        over, under = int(new), int(old)
        if not over or not under:
            raise ValidationError("fault", "split", allowed="a ratio above 0")
        instrument, matcher = self._exchange.instruments[fault.symbol], self._exchange.matchers[fault.symbol]
        price = matcher.last or matcher.book.bids.best or matcher.book.asks.best or 0
        record = SplitDone(
            symbol=fault.symbol,
            numerator=over,
            denominator=under,
            price=instrument.round_to_tick(price * under // over, "down"),
            ts=self._exchange.now_ns(),
        )
        self._exchange.split(record)
        self._reprice(fault.symbol, under / over)

    def _amend(self, fault: PlannedFault) -> None:
        """Bust or correct the newest fill of the symbol, or bust one that never was."""
        voided = {execution.corrects for execution in self._exchange.executions.all}
        for execution in reversed(self._exchange.executions.all):
            if (
                execution.kind is not ExecKind.TRADE
                or execution.exec_key in voided
                or fault.symbol not in ("", execution.symbol)
            ):
                continue
            if fault.kind is FaultKind.BUST_UNKNOWN:
                stray = _with(
                    execution, exec_key="X-STRAY.B", exec_id="X-STRAY.B", kind=ExecKind.BUST, corrects="X-STRAY"
                )
                self._exchange.emit(FillReport(execution=stray))
                return
            instrument = self._exchange.instruments[execution.symbol]
            if fault.kind is FaultKind.BUST:
                self._exchange.amend_execution(execution, kind=ExecKind.BUST)
                self._feed.bust(execution.symbol, execution.last_px, execution.last_qty, execution.ts_event)
                return
            price = instrument.price_from(fault.price) if fault.price else instrument.step(execution.last_px, 1)
            self._exchange.amend_execution(execution, kind=ExecKind.CORRECTION, price=price)
            was = execution.symbol, execution.last_px, execution.last_qty, execution.ts_event
            self._feed.correct(*was, to=price)
            return
