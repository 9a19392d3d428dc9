"""Pacing: every request to a venue that limits them passes here, the urgent ones first, and a part is kept for them.

Order walk, the last step before the broker port, for every adapter alike. Cancels go before exits, exits before new
orders, those before changes, and questions last. Entries and changes leave the kept part of the budget alone: they wait
for their turn. One that would wait longer than `wait_ns` is refused by name; one that more urgent requests overtook is
not sent after half as long again. A venue that states no limit costs one look. Nothing is sent twice: a request waits
here or has left, and what waits is asked again before it goes.
"""

from collections import deque
from collections.abc import Callable, Iterator
from enum import IntEnum

import msgspec

from workstation.domain.orders import WAITS, RiskClass
from workstation.domain.times import NS_PER_S
from workstation.domain.verdicts import RuleResult
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.orders.request_budget import RequestBudget
from workstation.orders.results import refusal
from workstation.orders.routing import Routes
from workstation.ports.broker import Broker, RequestLimit, VenueStanding

REQUEST_BUDGET = "REQUEST_BUDGET"
BACK_OFF_NS, BACK_OFF_SPREAD_NS = 1 * NS_PER_S, NS_PER_S // 2
"""How long entries, changes and questions wait after a venue has refused a request as one too many, and what is drawn
on top of it, so that programs that were refused together do not come back together."""


class Urgency(IntEnum):
    """Which request goes first; what stands from ENTRY on leaves the kept part of the budget alone."""

    CANCEL = 0
    REDUCE = 1
    ENTRY = 2
    AMEND = 3
    QUESTION = 4

    @property
    def uses_kept(self) -> bool:
        """Whether the part of the budget that is kept for what takes risk away is this one's too."""
        return self < Urgency.ENTRY


_TOLD = (Urgency.REDUCE, Urgency.ENTRY, Urgency.AMEND)
"""Whose wait is told on the order; a cancel's is a moment, and a question is about no order."""

Send = Callable[[str], bool]
"""Looks again and sends, and tells whether a request left; called with a reason, it refuses by it instead."""


class Waiting(msgspec.Struct):
    """One request that waits. key: the order's client id, "" for a question; due: when its wait ends, mono ns."""

    key: str
    send: Send
    due: int


class Lane:
    """What one venue's session has left of its budget and what waits for it."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.budget: RequestBudget | None = None
        self.queues: dict[Urgency, deque[Waiting]] = {urgency: deque() for urgency in Urgency}
        self.quiet_until = 0
        self.timer: Timer | None = None

    def follow(self, mono_ns: int) -> None:
        """Take over the limit that the venue states now."""
        limit = self.broker.capabilities.request_limit
        if limit is None:
            self.budget = None
        elif self.budget is None or self.budget.limit != limit:
            self.budget = RequestBudget(limit, mono_ns)

    def waiting(self) -> Iterator[Waiting]:
        """Yield what waits, the most urgent first."""
        for queue in self.queues.values():
            yield from queue


class Pacing:
    """The turnstile before the broker port. spread: draws a wait up to a span, ns.

    tell: hears of each order of which an entry, exit or change begins to wait, and what it waits for.
    """

    def __init__(
        self,
        routes: Routes,
        clock: Clock,
        scheduler: Scheduler,
        wait_ns: int,
        *,
        spread: Callable[[int], int],
        tell: Callable[[str, str], None],
    ) -> None:
        self._routes, self._clock, self._scheduler, self._spread, self._tell = routes, clock, scheduler, spread, tell
        self._wait_ns, self._patience_ns = wait_ns, wait_ns + wait_ns // 2
        self._lanes: dict[str, Lane] = {}
        self._keys: set[str] = set()

    def send(self, account: str, urgency: Urgency, key: str, send: Send) -> None:
        """Send now if the venue's budget allows it and nothing more urgent waits, else when its turn comes."""
        broker = self._routes.broker(account)
        if broker is None:
            send("")
            return
        if broker.venue not in self._lanes and broker.capabilities.request_limit is None:
            send("")
            return
        lane = self._lane(broker)
        lane.queues[urgency].append(Waiting(key, send, self._clock.mono_ns() + self._patience_ns))
        if key:
            self._keys.add(key)
        self._pump(lane)
        if key in self._keys and urgency in _TOLD:
            self._tell(key, self._why_waiting(lane, urgency))

    def waits(self, cl_ord_id: str) -> bool:
        """Tell whether a request about an order waits here, so that nothing of it has left."""
        return cl_ord_id in self._keys

    def settle(self, cl_ord_id: str) -> None:
        """Ask a waiting new order again now: it was cancelled, and ends without a request."""
        if cl_ord_id not in self._keys:
            return
        for lane in self._lanes.values():
            for urgency in (Urgency.REDUCE, Urgency.ENTRY):
                queue = lane.queues[urgency]
                found = next((waiting for waiting in queue if waiting.key == cl_ord_id), None)
                if found is not None:
                    queue.remove(found)
                    self._give(lane, found, "")
                    return

    def lost(self, venue: str) -> None:
        """Ask everything that waits again: the session is gone, and nothing is kept for the next one."""
        lane = self._lanes.get(venue)
        if lane is None:
            return
        due = list(lane.waiting())
        for queue in lane.queues.values():
            queue.clear()
        for waiting in due:
            self._give(lane, waiting, f"no session with {venue}")

    def refused(self, account: str) -> None:
        """Hold back what is not urgent for a while: the venue has refused a request as one too many."""
        broker = self._routes.broker(account)
        if broker is None:
            return
        lane = self._lane(broker)
        now = self._clock.mono_ns()
        lane.quiet_until = now + BACK_OFF_NS + self._spread(BACK_OFF_SPREAD_NS)
        if lane.budget is not None:
            lane.budget.drain(now)
        self._pump(lane)

    def refusal(self, account: str, risk_class: RiskClass) -> RuleResult | None:
        """Refuse what would wait too long for its turn, by name, value and limit; exits are never refused."""
        if not self._lanes or risk_class is RiskClass.REDUCE:
            return None
        broker = self._routes.broker(account)
        lane = None if broker is None else self._lanes.get(broker.venue)
        if broker is None or lane is None or lane.budget is None:
            return None
        ahead = sum(len(lane.queues[urgency]) for urgency in Urgency if urgency is not Urgency.QUESTION)
        wait_ns = lane.budget.wait_ns(self._clock.mono_ns(), lane.budget.kept + ahead + 1)
        if wait_ns <= self._wait_ns:
            return None
        takes = _words(lane.budget.limit)
        text = (
            f"Refused: {broker.venue} takes {takes} and {ahead} wait for their turn; this one would wait "
            f"{_seconds(wait_ns)}, at most {_seconds(self._wait_ns)} is allowed."
        )
        found = refusal(REQUEST_BUDGET, text, value=_seconds(wait_ns))
        return msgspec.structs.replace(found, limit=f"{_seconds(self._wait_ns)} ({takes})")

    def standing(self, broker: Broker) -> VenueStanding:
        """Return what a venue says of itself with what is left of its budget here, the smaller figure of the two."""
        told = broker.standing()
        limit = broker.capabilities.request_limit
        if limit is None:
            return told
        lane = self._lane(broker)
        budget = lane.budget
        left = 0 if budget is None else budget.left(self._clock.mono_ns())
        return msgspec.structs.replace(
            told,
            limits_requests=True,
            requests_left=max(left if told.requests_left is None else min(left, told.requests_left), 0),
            requests_kept=0 if budget is None else budget.kept,
            requests_waiting=sum(1 for _ in lane.waiting()),
            request_limit=limit,
        )

    # Turns

    def _lane(self, broker: Broker) -> Lane:
        lane = self._lanes.get(broker.venue)
        if lane is None:
            lane = self._lanes[broker.venue] = Lane(broker)
        lane.follow(self._clock.mono_ns())
        return lane

    def _pump(self, lane: Lane) -> None:
        """Give their turn to all that may go now, refuse what has waited too long, and come back for the next."""
        while (found := self._next(lane)) is not None:
            urgency, why = found
            self._give(lane, lane.queues[urgency].popleft(), why)
        if lane.timer is not None:
            lane.timer.cancel()
            lane.timer = None
        delay_ns = self._until_next(lane)
        if delay_ns is not None:
            lane.timer = self._scheduler.call_later(delay_ns, lambda: self._on_timer(lane))

    def _on_timer(self, lane: Lane) -> None:
        lane.timer = None
        lane.follow(self._clock.mono_ns())
        self._pump(lane)

    def _next(self, lane: Lane) -> tuple[Urgency, str] | None:
        """Return whose turn it is, with the reason to refuse it by when it has waited too long; None for nobody."""
        now = self._clock.mono_ns()
        for urgency in (Urgency.ENTRY, Urgency.AMEND):
            queue = lane.queues[urgency]
            if queue and queue[0].due <= now and not self._may_go(lane, urgency, now):
                return urgency, self._too_long(lane)
        for urgency in self._ranked(lane, now):
            if lane.queues[urgency] and self._may_go(lane, urgency, now):
                return urgency, ""
        return None

    def _ranked(self, lane: Lane, now: int) -> tuple[Urgency, ...]:
        """Return who goes first now: a question that has waited its time goes before entries."""
        questions = lane.queues[Urgency.QUESTION]
        if not questions or questions[0].due > now:
            return tuple(Urgency)
        return (Urgency.CANCEL, Urgency.REDUCE, Urgency.QUESTION, Urgency.ENTRY, Urgency.AMEND)

    def _may_go(self, lane: Lane, urgency: Urgency, now: int) -> bool:
        if not urgency.uses_kept and now < lane.quiet_until:
            return False
        if lane.budget is None:
            return True
        return lane.budget.left(now) > (0 if urgency.uses_kept else lane.budget.kept)

    def _until_next(self, lane: Lane) -> int | None:
        """Return after how long the next turn or refusal comes, None while nothing waits."""
        now = self._clock.mono_ns()
        times = []
        for urgency, queue in lane.queues.items():
            if not queue:
                continue
            quiet_ns = 0 if urgency.uses_kept else max(lane.quiet_until - now, 0)
            count = 1 if lane.budget is None or urgency.uses_kept else lane.budget.kept + 1
            free_ns = 0 if lane.budget is None else lane.budget.wait_ns(now, count)
            times.append(max(quiet_ns, free_ns))
            if urgency in (Urgency.ENTRY, Urgency.AMEND):
                times.append(max(queue[0].due - now, 0))
        return min(times, default=None)

    def _give(self, lane: Lane, waiting: Waiting, why: str) -> None:
        self._keys.discard(waiting.key)
        if lane.budget is not None:
            lane.budget.spend(self._clock.mono_ns())
        if not waiting.send(why) and lane.budget is not None:
            lane.budget.refund()

    def _why_waiting(self, lane: Lane, urgency: Urgency) -> str:
        quiet_ns, venue = lane.quiet_until - self._clock.mono_ns(), lane.broker.venue
        if quiet_ns > 0 and not urgency.uses_kept:
            return f"{WAITS}{venue} refused a request as one too many, so nothing goes for {_seconds(quiet_ns)}"
        ahead = sum(len(queue) for other, queue in lane.queues.items() if other <= urgency) - 1
        takes = "no more requests now" if lane.budget is None else _words(lane.budget.limit)
        place = f"{ahead} {'goes' if ahead == 1 else 'go'} before it" if ahead else "it is next"
        return f"{WAITS}{venue} takes {takes}, and {place}"

    def _too_long(self, lane: Lane) -> str:
        takes = "" if lane.budget is None else f", the venue takes {_words(lane.budget.limit)}"
        return f"waited {_seconds(self._patience_ns)} for its turn{takes}"


def _words(limit: RequestLimit) -> str:
    return f"{limit.requests} in {_seconds(limit.per_ns)}"


def _seconds(span_ns: int) -> str:
    return f"{span_ns / NS_PER_S:.3g} s"
