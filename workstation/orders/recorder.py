"""The recorder: the only way an event comes into being. Fold it, journal it with its rows, tell the others.

Order walk: every part of the desk ends here. The events of one input become one append, that is one transaction. What
was recorded is published in the order of the journal, after it was queued there; reactions may record again and are
served in turn. An event that the life cycle forbids is replaced by the report of that violation.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from workstation.domain.events import Event, InvariantViolated
from workstation.domain.orders import OrderState
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.fault_points import fault_point
from workstation.orders.book import Change
from workstation.orders.fold import CoreState
from workstation.orders.transitions import TransitionRefused
from workstation.ports.store import Entry, Journal, Row

FOLLOWED_MAX = 1_000
"""Orders of which doors wait for more; the one followed for longest is let go first."""

Attach = Callable[[OrderState | None, Event], Sequence[Row]]
"""Rows that a door wants stored in the same transaction as its effect: the last event, and its order if it has one."""

Reaction = Callable[[Change], None]


class Recorder:
    """Records events. `refused`: how many events the life cycle has turned down since the start.

    trace: of the call that is being carried out, "" for none; lines that belong to no order bear it.
    """

    def __init__(self, state: CoreState, journal: Journal, bus: Bus, clock: Clock) -> None:
        self.refused, self.trace = 0, ""
        self._fold, self._publish = state.fold, bus.publish_all
        self._journal = journal
        self._clock = clock
        self._reactions: list[Reaction] = []
        self._told: deque[Change] = deque()
        self._telling = False
        self._followed: dict[str, Attach] = {}

    @contextmanager
    def asked_by(self, trace: str) -> Iterator[None]:
        """Record for the length of a block what a call with this trace asks for."""
        before, self.trace = self.trace, trace
        try:
            yield
        finally:
            self.trace = before

    def follow(self, cl_ord_id: str, attach: Attach) -> None:
        """Offer each further event of an order to `attach`, until rows come of one or the order ends."""
        self._followed[cl_ord_id] = attach
        if len(self._followed) > FOLLOWED_MAX:
            del self._followed[next(iter(self._followed))]

    def react(self, reaction: Reaction) -> None:
        """Call `reaction` with each change, in the order of the journal, after it was published."""
        self._reactions.append(reaction)

    def record(
        self,
        events: Sequence[Event],
        *,
        actor: str = "engine",
        correlation: str = "",
        causation: str = "",
        attach: Attach | None = None,
        rows: Sequence[Row] = (),
    ) -> int:
        """Fold and append `events` as one transaction; returns the last one's journal sequence.

        rows: stored beside the last event, such as the instruments of a run.

        Emits: each event, then the rows it changed, on the bus.
        """
        if not events:
            return self._journal.last_seq
        changes: list[Change] = []
        entries: list[Entry] = []
        fold, correlation = self._fold, correlation or self.trace
        for event in events:
            try:
                change = fold(event)
            except TransitionRefused as error:
                change = fold(self._violation(event, error))
            changes.append(change)
            entries.append(Entry(change.event, change.rows, actor, correlation, causation))
        if self._followed:
            rows = (*rows, *self._rows_of_followed(changes))
        if attach is not None:
            last = changes[-1]
            rows = (*rows, *attach(last.after, last.event))
        if rows:
            final = entries[-1]
            entries[-1] = Entry(final.event, (*final.rows, *rows), actor, correlation, causation)
        fault_point("orders.record.before_append")
        seq = self._journal.append(entries)
        fault_point("orders.record.after_append")
        self._told.extend(changes)
        if not self._telling:
            self._tell()
        return seq

    def _violation(self, event: Event, error: TransitionRefused) -> InvariantViolated:
        self.refused += 1
        where = f"orders.lifecycle:{type(event).__name__}"
        return InvariantViolated(where=where, text=str(error), ts=self._clock.now_ns())

    def _rows_of_followed(self, changes: Sequence[Change]) -> list[Row]:
        rows: list[Row] = []
        for change in changes:
            order = change.after
            attach = None if order is None else self._followed.get(order.cl_ord_id)
            if attach is None or order is None:
                continue
            found = attach(order, change.event)
            rows += found
            if found or order.status.is_final:
                del self._followed[order.cl_ord_id]
        return rows

    def _tell(self) -> None:
        told, publish, reactions = self._told, self._publish, self._reactions
        self._telling = True
        try:
            while told:
                change = told.popleft()
                publish((change.event, *change.rows))
                if change.after is not None:
                    for reaction in reactions:
                        reaction(change)
        finally:
            self._telling = False
