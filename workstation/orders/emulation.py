"""Emulation: stop and trailing orders that the venue does not know, watched here and released at their trigger.

Tick walk meets order walk: market events come in, an order goes out as MARKET or LIMIT under its own id, after a second
risk check. Such an order lives in this program and dies with it, which its residence says. A trigger that was passed
while nobody watched (restart, session down) is not fired blindly: the declared policy decides, by default a person.

A trail follows every price, and is journaled at once, then at most once a second, and before anything else is done with
its order: so a fast market floods no journal, an end of the program loses nothing of it, and a crash a second at most.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from workstation.domain.conditions import is_last
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import OrderCancelled, OrderChanged, OrderTriggered, StopTrailed
from workstation.domain.market import MarketEvent, Quote, Trade
from workstation.domain.orders import (
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Residence,
    Trail,
    TriggerSource,
)
from workstation.domain.trailing import follows, is_reached, trailed_stop
from workstation.domain.verdicts import RuleResult
from workstation.kernel.clock import Timer
from workstation.kernel.fault_points import fault_point
from workstation.orders.book import Change
from workstation.orders.context import DeskContext, PassedTrigger
from workstation.orders.results import refusal
from workstation.orders.submission import Submission
from workstation.ports.broker import CapabilityCard

_S, _HERE = OrdStatus, Residence.PROGRAM
TRAILED_EVERY_NS = 1_000_000_000
"""Least time between two lines of the journal about one trail."""

HELD_TEXT = "Its trigger passed while nobody watched: fire or cancel it."


class _Ahead(msgspec.Struct, frozen=True):
    """Where a trail has come to and the journal has not: its trigger, and the limit of one that has a limit."""

    stop_px: int
    price: int | None

    def over(self, terms: OrderTerms) -> OrderTerms:
        """Return an order's terms as they stand."""
        return replace(terms, stop_px=self.stop_px, price=self.price)


class _Watch(msgspec.Struct):
    """One watched order. proven: a price was seen that had not passed the trigger. held: waits for a person.

    told: when its trail was journaled last, monotonic ns; ahead, timer: what waits to be, and for how long.
    """

    cl_ord_id: str
    proven: bool
    held: bool = False
    told: int | None = None
    ahead: _Ahead | None = None
    timer: Timer | None = None


class Emulation:
    """Orders watched here, by symbol."""

    def __init__(
        self, context: DeskContext, submission: Submission, *, is_released: Callable[[OrderState], bool]
    ) -> None:
        self._c = context
        self._submission = submission
        self._is_released = is_released
        self._watches: dict[str, dict[str, _Watch]] = {}

    @property
    def watched(self) -> tuple[str, ...]:
        """Client order ids of everything that is watched here."""
        return tuple(key for watches in self._watches.values() for key in watches)

    def held(self) -> tuple[str, ...]:
        """Return the orders that wait for a person to say fire or cancel."""
        return tuple(key for watches in self._watches.values() for key, watch in watches.items() if watch.held)

    def resume(self) -> None:
        """After a restart: watch everything again, with no trigger proven to be ahead."""
        for order in self._c.book.open_orders():
            self.watch(order, proven=False)

    def watch(self, order: OrderState, *, proven: bool = True) -> None:
        """Begin to watch an order that lives here and whose parent, if any, has filled; again changes nothing."""
        if order.status is not _S.NEW or order.residence is not Residence.PROGRAM or not self._is_released(order):
            return
        watches = self._watches.setdefault(order.terms.symbol, {})
        if order.cl_ord_id not in watches:
            watches[order.cl_ord_id] = _Watch(order.cl_ord_id, proven)

    def on_change(self, change: Change) -> None:
        """Watch what is new, forget what has left."""
        after = change.after
        if after is None or (after.residence is not _HERE and not self._watches):
            return
        if after.status is _S.NEW:
            self.watch(after)
            return
        watches = self._watches.get(after.terms.symbol)
        watch = None if watches is None else watches.pop(after.cl_ord_id, None)
        if watch is not None:
            _let_go(watch)
            if not watches:
                del self._watches[after.terms.symbol]

    def settle(self, cl_ord_id: str) -> None:
        """Journal where the trail of an order has come to, before something else is done with the order."""
        order = self._c.book.get(cl_ord_id)
        watch = None if order is None else self._watches.get(order.terms.symbol, {}).get(cl_ord_id)
        if watch is not None:
            self._write(watch)

    def settle_all(self) -> None:
        """Journal where every trail has come to."""
        for watches in tuple(self._watches.values()):
            for watch in tuple(watches.values()):
                self._write(watch)

    def on_session_lost(self, account: str) -> None:
        """From now on, a trigger may pass without an order going out."""
        for watches in self._watches.values():
            for watch in watches.values():
                order = self._c.book.get(watch.cl_ord_id)
                if order is not None and order.terms.account == account:
                    self._write(watch)
                    watch.proven = False

    def hold(self, symbol: str, why: str) -> None:
        """Let what is watched of a symbol wait for a person: its trigger is from before a split."""
        for watch in self._watches.get(symbol, {}).values():
            self._write(watch)
            order = self._c.book.get(watch.cl_ord_id)
            if order is None or watch.held:
                continue
            watch.held = True
            text = f"{why}: its trigger is from before it; fire or cancel it"
            held = OrderChanged(cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), terms=order.terms, reason=text)
            self._c.recorder.record([held], causation=order.cl_ord_id)

    def on_market(self, events: Sequence[MarketEvent]) -> None:
        """Test every trade and quote of a watched symbol against the triggers; costs nothing when none is watched."""
        if not self._watches:
            return
        for event in events:
            if isinstance(event, Trade | Quote) and event.symbol in self._watches and self._counts(event):
                for watch in tuple(self._watches[event.symbol].values()):
                    self._test(watch, event)

    def _counts(self, event: Trade | Quote) -> bool:
        """Tell whether a price may trigger: a print that may not be the last price, such as an odd lot, may not."""
        return isinstance(event, Quote) or is_last(event.conditions, self._c.instruments[event.symbol].exchange)

    def fire(self, cl_ord_id: str) -> RuleResult | None:
        """Release a held order on a person's word; returns the refusal if there is one.

        Raises:
            NotFound: nothing of that id is watched here.
            StateConflict: it is not held.
        """
        order = self._c.book.get(cl_ord_id)
        watch = self._watches.get(order.terms.symbol, {}).get(cl_ord_id) if order else None
        if order is None or watch is None:
            raise NotFound("watched order", cl_ord_id)
        if not watch.held:
            raise StateConflict("the order is not held", state=order.status, allowed=("held",))
        return self._release(order)

    def move(self, cl_ord_id: str) -> RuleResult | None:
        """Give an order that is watched here to its venue, as the venue takes it; returns the refusal if there is one.

        A trailing one goes as a plain stop at its present trigger where the venue does not trail.

        Raises:
            NotFound: nothing of that id is watched here.
            StateConflict: its trigger has passed, and a person is to fire or cancel it.
        """
        self.settle(cl_ord_id)
        order = self._c.book.get(cl_ord_id)
        watch = self._watches.get(order.terms.symbol, {}).get(cl_ord_id) if order else None
        if order is None or watch is None:
            raise NotFound("watched order", cl_ord_id)
        if watch.held:
            raise StateConflict(HELD_TEXT, state=order.status, allowed=("watched",))
        card = self._c.routes.card(order.terms.account)
        terms = venue_stop(order.terms, card)
        if card is None or terms is None:
            where = "there is no such venue" if card is None else f"{card.venue} takes no such order"
            dated = "" if card is None else f" (card of {card.dated})"
            text = f"Refused: {where}{dated}; {words_of_type(order.terms)} stays on this PC and dies with it."
            return refusal("UNSUPPORTED_ORDER", text)
        fault_point("orders.emulation.before_move")
        kind = words_of_type(terms)
        return self._submission.release(order, terms, f"moved from this PC to {card.venue} as {kind}")

    def _test(self, watch: _Watch, event: Trade | Quote) -> None:
        order = self._c.book.get(watch.cl_ord_id)
        if order is None or watch.held or self._c.routes.live(order.terms.account) is None:
            return
        price = observed(order.terms, event)
        if price is None:
            return
        if order.terms.trail is not None and not self._trail(watch, order, order.terms.trail, price):
            return
        order = self._c.book.get(watch.cl_ord_id) or order
        stop = order.terms.stop_px if watch.ahead is None else watch.ahead.stop_px
        if stop is None or (price - stop) * order.terms.side.sign < 0:
            watch.proven = True
            return
        self._write(watch)
        order = self._c.book.get(watch.cl_ord_id) or order
        if watch.proven:
            self._release(order)
        else:
            self._passed(watch, order)

    def _trail(self, watch: _Watch, order: OrderState, trail: Trail, price: int) -> bool:
        """Let a trailing stop follow the price, one way only; False while its activation price is not reached.

        What has begun has no activation price any more, so that it goes on after a restart.
        """
        terms = order.terms if watch.ahead is None else watch.ahead.over(order.terms)
        sign, stop, instrument = terms.side.sign, terms.stop_px, self._c.instruments[terms.symbol]
        begins = trail.activation_px is not None
        if begins and not is_reached(trail.activation_px, price, sign):
            return False
        trigger_at = trailed_stop(price, sign, trail, instrument)
        moves = follows(stop, trigger_at, sign)
        if not begins and not moves:
            return True
        if stop is not None and not watch.proven and (price - stop) * sign >= 0:
            return True
        by = trigger_at - stop if moves and stop is not None else 0
        price_at = None if terms.price is None else terms.price + by
        if begins:
            began = replace(
                terms,
                stop_px=trigger_at if moves else stop,
                price=price_at,
                trail=replace(trail, activation_px=None),
            )
            self._record(watch, OrderChanged(cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), terms=began))
            return True
        watch.ahead = _Ahead(trigger_at, price_at)
        wait = 0 if watch.told is None else watch.told + TRAILED_EVERY_NS - self._c.clock.mono_ns()
        if wait <= 0:
            self._write(watch)
        elif watch.timer is None:
            watch.timer = self._c.scheduler.call_later(wait, lambda: self._write(watch))
        return True

    def _write(self, watch: _Watch) -> None:
        """Journal where a trail has come to, where the journal is behind it."""
        ahead, order = watch.ahead, self._c.book.get(watch.cl_ord_id)
        if ahead is None or order is None:
            return
        now = self._c.clock.now_ns()
        moved: StopTrailed | OrderChanged = StopTrailed(cl_ord_id=order.cl_ord_id, ts=now, stop_px=ahead.stop_px)
        if order.terms.price is not None and order.terms.stop_px is not None:
            moved = OrderChanged(cl_ord_id=order.cl_ord_id, ts=now, terms=ahead.over(order.terms))
        self._record(watch, moved)

    def _record(self, watch: _Watch, moved: StopTrailed | OrderChanged) -> None:
        fault_point("orders.emulation.before_trail")
        _let_go(watch)
        watch.told = self._c.clock.mono_ns()
        self._c.recorder.record([moved], causation=watch.cl_ord_id)

    def _passed(self, watch: _Watch, order: OrderState) -> None:
        now = self._c.clock.now_ns()
        match self._c.settings.passed_trigger:
            case PassedTrigger.FIRE:
                self._release(order)
            case PassedTrigger.CANCEL:
                cancelled = OrderCancelled(cl_ord_id=order.cl_ord_id, ts=now, reason="trigger passed while away")
                self._c.recorder.record([cancelled], causation=order.cl_ord_id)
            case PassedTrigger.ASK:
                watch.held = True
                held = OrderChanged(cl_ord_id=order.cl_ord_id, ts=now, terms=order.terms, reason=HELD_TEXT)
                self._c.recorder.record([held], causation=order.cl_ord_id)
                self._c.alert("TRIGGER_PASSED", order, HELD_TEXT)

    def _release(self, order: OrderState) -> RuleResult | None:
        terms = released_terms(order.terms)
        triggered = OrderTriggered(
            cl_ord_id=order.cl_ord_id,
            ts=self._c.clock.now_ns(),
            stop_px=order.terms.stop_px,
            ts_event=self._c.clock.now_ns(),
        )
        fault_point("orders.emulation.before_release")
        return self._submission.release(order, terms, "trigger reached", triggered)


def _let_go(watch: _Watch) -> None:
    """Let nothing of a trail wait any more."""
    timer, watch.timer, watch.ahead = watch.timer, None, None
    if timer is not None:
        timer.cancel()


def observed(terms: OrderTerms, event: Trade | Quote) -> int | None:
    """Return the price that the order's trigger source sees in an event, None when it sees nothing.

    The mid is rounded away from the trigger, so that half a unit never fires.
    """
    buys = terms.side.sign > 0
    if terms.trigger is TriggerSource.LAST:
        return event.price if isinstance(event, Trade) else None
    if not isinstance(event, Quote):
        return None
    if terms.trigger is TriggerSource.BID_ASK:
        return event.ask if buys else event.bid
    if event.bid is None or event.ask is None:
        return None
    total = event.bid + event.ask
    return total // 2 if buys else -(-total // 2)


def venue_stop(terms: OrderTerms, card: CapabilityCard | None) -> OrderTerms | None:
    """Return the terms under which a venue would watch a stop itself, None where it takes none that protects alike."""
    if card is None:
        return None
    if terms.ord_type in card.ord_types:
        return terms
    plain = OrdType.STOP if terms.price is None else OrdType.STOP_LIMIT
    if terms.trail is None or terms.stop_px is None or plain not in card.ord_types:
        return None
    return replace(terms, ord_type=plain, trail=None)


def words_of_type(terms: OrderTerms) -> str:
    """Return an order's kind as words: `a trailing stop`."""
    return f"a {terms.ord_type.value.lower().replace('_', ' ')}"


def released_terms(terms: OrderTerms) -> OrderTerms:
    """Return the terms that go out when the trigger is met: MARKET, or LIMIT where a price was given."""
    kind = OrdType.MARKET if terms.price is None else OrdType.LIMIT
    return replace(terms, ord_type=kind, stop_px=None, trail=None)
