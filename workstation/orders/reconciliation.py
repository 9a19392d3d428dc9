"""Reconciliation: the one path by which book and venue come to agree: at start, after a reconnect, and every minute.

Order walk, the way up. Lock, ask for everything and for every order of ours that is not final, merge the answer through
the ordinary handlers, settle each order, and ask again until an answer changes nothing. Then compare positions and
unlock, or stay locked with the differences named; what does not settle within a few rounds stays locked too. Running it
twice adds nothing. The regular comparison is the same run without the lock; it locks when it finds a difference.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from workstation.domain.accounts import LockState
from workstation.domain.events import Event, LockChanged
from workstation.domain.executions import Execution
from workstation.domain.orders import OrderState, OrdStatus, RequestKind
from workstation.kernel.clock import Timer
from workstation.kernel.fault_points import fault_point
from workstation.orders.adoption import adopt_order, beyond
from workstation.orders.agreement import Agreement
from workstation.orders.context import DeskContext
from workstation.orders.fills import Fills
from workstation.orders.pacing import Urgency
from workstation.orders.routing import read_back
from workstation.orders.settlement import Settlement
from workstation.orders.unknowns import Unknowns
from workstation.ports.broker import QueryAnswer, SplitReport, VenueOrder

_S = OrdStatus
RETRY_DOUBLINGS_MAX = 10
"""How often the wait before another try doubles; the regular comparison bounds it before that."""

Done = Callable[[str], None]
"""Called with the account when a run has ended in agreement."""


class Run(msgspec.Struct):
    """One reconciliation of one account. asked: version of each open order when the question went out.

    again: somebody wished for another look. overtaken: an order moved here while the venue was asked about it.
    """

    account: str
    reason: str
    locks: bool
    round: int = 0
    request_id: int = 0
    asked_at: int = 0
    fills_seen: int = 0
    asked: dict[str, int] = msgspec.field(default_factory=dict)
    again: bool = False
    overtaken: bool = False


class Reconciliation:
    """Runs, at most one per account; a second wish while one runs makes it ask once more."""

    def __init__(
        self,
        context: DeskContext,
        fills: Fills,
        unknowns: Unknowns,
        *,
        on_agreed: Done,
        on_split: Callable[[SplitReport], None],
    ) -> None:
        self._c = context
        self._fills = fills
        self._unknowns = unknowns
        self._settlement = Settlement(context)
        self._agreement = Agreement(context)
        self._on_agreed, self._on_split = on_agreed, on_split
        self._runs: dict[str, Run] = {}
        self._timers: dict[str, Timer] = {}
        self._retries: dict[str, Timer] = {}
        self._tries: defaultdict[str, int] = defaultdict(int)
        self._booked: defaultdict[str, int] = defaultdict(int)
        self._answered_at: dict[str, int] = {}
        self._request_id = 0
        self._regular: Timer | None = None

    def on_fill(self, execution: Execution) -> None:
        """Count fills, so that positions are compared only when none came in between."""
        self._booked[execution.account] += 1

    def busy(self, account: str) -> bool:
        """Tell whether a run of the account waits for an answer."""
        return account in self._runs

    def start(self) -> None:
        """Begin the regular comparison of every account whose session is up."""
        if self._regular is None:
            self._regular = self._c.scheduler.call_later(self._c.settings.compare_ns, self._compare_all)

    def stop(self) -> None:
        """End the regular comparison, and what would be tried again."""
        if self._regular is not None:
            self._regular.cancel()
            self._regular = None
        for timer in self._retries.values():
            timer.cancel()
        self._retries.clear()

    def reconcile(self, account: str, reason: str, *, locks: bool = True) -> None:
        """Begin a run; with `locks`, INCREASE waits for its end."""
        running = self._runs.get(account)
        if running is not None:
            running.again = True
            if locks and not running.locks:
                running.locks = True
                self._lock(account, LockState.RECONCILING, reason)
            return
        if locks:
            self._lock(account, LockState.RECONCILING, reason)
        if self._c.routes.live(account) is None:
            return
        run = self._runs[account] = Run(account, reason, locks)
        self._ask(run)

    def lock(self, account: str, reason: str) -> None:
        """Refuse INCREASE until the next agreement; a run without its session is given up."""
        self._end(account)
        self._lock(account, LockState.LOCKED, reason)

    def override(self, account: str, actor: str, reason: str) -> None:
        """Unlock an account on a person's word, with the differences that stand written beside it."""
        breaks = self._agreement.sign(account, actor)
        text = f"override: {reason}"
        changed = LockChanged(
            account=account,
            state=LockState.UNLOCKED,
            reason=text,
            ts=self._c.clock.now_ns(),
            breaks=breaks,
            override=True,
        )
        self._c.recorder.record([changed], actor=actor)

    def adopt_position(self, account: str, symbol: str, actor: str, reason: str) -> None:
        """Take over the venue's position on a person's word, then look again.

        Raises:
            NotFound: no position break stands open there.
            StateConflict: there is no price to book it at.
        """
        self._agreement.adopt(account, symbol, actor, reason)
        self.reconcile(account, "position adopted")

    def on_answer(self, answer: QueryAnswer) -> None:
        """Merge one answer; answers to other questions are passed over."""
        run = self._runs.get(answer.account)
        if run is None or run.request_id != answer.request_id:
            return
        if answer.error:
            self._give_up(run, f"the venue's answer is not complete: {answer.error}")
            return
        fault_point("orders.reconcile.before_merge")
        before = self._c.journal.last_seq
        self._merge(run, answer)
        fault_point("orders.reconcile.after_merge")
        self._answered_at[run.account] = answer.ts_event
        booked = self._booked[run.account] != run.fills_seen
        moved = self._c.journal.last_seq != before or booked or run.overtaken
        if (moved or run.again) and run.round < self._c.settings.reconcile_rounds_max:
            self._ask(run)
        elif moved:
            self._give_up(run, "it does not settle", (f"book and venue still moved in round {run.round}",))
        else:
            self._finish(run, answer)

    def _ask(self, run: Run) -> None:
        c = self._c
        broker = c.routes.live(run.account)
        if broker is None:
            self._give_up(run, "no session with the venue")
            return
        self._request_id += 1
        run.request_id = self._request_id
        run.round += 1
        run.again = run.overtaken = False
        run.asked_at = c.clock.now_ns()
        run.fills_seen = self._booked[run.account]
        run.asked = {
            order.cl_ord_id: order.version for order in c.book.open_orders(run.account) if order.status is not _S.NEW
        }
        since = min(self._watermark(run.account), run.asked_at) - c.settings.lookback_overlap_ns
        old = self._timers.pop(run.account, None)
        if old is not None:
            old.cancel()
        request_id = run.request_id
        self._timers[run.account] = c.scheduler.call_later(
            c.settings.answer_limit_ns, lambda: self._on_silence(run, request_id)
        )
        c.pacing.send(run.account, Urgency.QUESTION, "", lambda _why: self._send(run, request_id, max(since, 0)))

    def _send(self, run: Run, request_id: int, since: int) -> bool:
        """Ask the venue if the question is still this run's; True when it may have left."""
        broker = self._c.routes.live(run.account)
        if broker is None or self._runs.get(run.account) is not run or run.request_id != request_id:
            return False
        fault_point("orders.reconcile.before_ask")
        broker.ask(run.request_id, run.account, tuple(run.asked), since)
        return True

    def _watermark(self, account: str) -> int:
        """Return venue time up to which its answers are known, UTC ns; our own clock may have been set wrongly since.

        Before the first answer of a run: of the newest fill booked, or of the oldest open order where that is older.
        """
        answered_at = self._answered_at.get(account)
        if answered_at is not None:
            return answered_at
        book = self._c.book
        ours = [order.cl_ord_id for order in book.recent() if order.terms.account == account]
        fills = (fill.ts_event for cl_ord_id in ours for fill in book.fills(cl_ord_id))
        known = [order.created_at for order in book.open_orders(account)]
        newest = max(fills, default=None)
        return min(known if newest is None else [newest, *known], default=self._c.clock.now_ns())

    def _on_silence(self, run: Run, request_id: int) -> None:
        if self._runs.get(run.account) is run and run.request_id == request_id:
            self._give_up(run, "the venue did not answer")

    def _give_up(self, run: Run, why: str, breaks: tuple[str, ...] = ()) -> None:
        """End a run without agreement. A locked account is tried again soon, then later and later."""
        account = run.account
        self._end(account)
        if not run.locks:
            return
        self._lock(account, LockState.LOCKED, why, breaks)
        if account not in self._retries:
            delay_ns = min(self._c.settings.retry_ns << self._tries[account], self._c.settings.compare_ns)
            self._tries[account] = min(self._tries[account] + 1, RETRY_DOUBLINGS_MAX)
            self._retries[account] = self._c.scheduler.call_later(delay_ns, lambda: self._retry(account))

    def _retry(self, account: str) -> None:
        self._retries.pop(account, None)
        if self._c.locked(account):
            self.reconcile(account, "tried again")

    def _end(self, account: str) -> None:
        self._runs.pop(account, None)
        timer = self._timers.pop(account, None)
        if timer is not None:
            timer.cancel()

    # Merge and settle

    def _merge(self, run: Run, answer: QueryAnswer) -> None:
        book = self._c.book
        untouched = {key for key, version in run.asked.items() if (order := book.get(key)) and order.version == version}
        for split in answer.splits:
            self._on_split(split)
        for execution in sorted(answer.executions, key=lambda row: (row.ts_event, row.venue_seq, row.exec_key)):
            self._record(self._fills.events(execution))
        for found in (*answer.open_orders, *answer.closed_orders):
            self._settle(run, found, untouched)
        listed = {found.cl_ord_id for found in (*answer.open_orders, *answer.closed_orders)}
        listed |= {order.cl_ord_id for found in answer.open_orders if (order := self._ours(found))}
        for cl_ord_id in run.asked:
            order = book.get(cl_ord_id)
            if cl_ord_id in untouched and cl_ord_id not in listed and order is not None and order.is_open:
                self._record(self._not_listed(order))

    def _ours(self, found: VenueOrder) -> OrderState | None:
        return self._c.book.find(found.account, found.cl_ord_id, found.order_id)

    def _settle(self, run: Run, found: VenueOrder, untouched: Iterable[str]) -> None:
        order = self._ours(found)
        final_there = found.status.is_final
        if order is None:
            if not final_there:
                self._adopt(found, None)
            return
        if order.status is _S.NEW:
            return
        card = self._c.routes.card(run.account)
        found = replace(found, terms=read_back(found.terms, order.pending_terms or order.terms, card))
        if order.status.is_final:
            if not final_there and order.updated_at <= run.asked_at and order.status is not _S.REPLACED:
                self._adopt(found, order)
            return
        if order.cl_ord_id not in untouched:
            run.overtaken = run.overtaken or final_there  # the next answer is about it as it is then
            return
        continued = self._c.book.get(order.replaces)
        if continued is not None and continued.order_id == found.order_id:
            found = beyond(continued, found)
        self._record(self._settlement.missing_fill(order, found))
        order = self._c.book.get(order.cl_ord_id) or order
        if order.status.is_final:
            return
        events = self._settlement.ended(order, found) if final_there else self._settlement.live(order, found)
        self._record(events)

    def _not_listed(self, order: OrderState) -> list[Event]:
        if order.status is _S.PENDING_SUBMIT:
            return self._unknowns.absent(order)
        if order.unknown is RequestKind.STATUS or order.status in (_S.PENDING_CANCEL, _S.PENDING_REPLACE):
            return []
        return self._settlement.vanished(order)

    def _adopt(self, found: VenueOrder, ours: OrderState | None) -> None:
        cl_ord_id, events = adopt_order(self._c, found, ours)
        self._record(events)
        adopted = self._c.book.get(cl_ord_id)
        if adopted is None or not events:
            return
        what = "not known here" if ours is None else f"{ours.status} here"
        self._c.alert("ADOPTED", adopted, f"Order {found.order_id} lives at the venue and is {what}: adopted.")
        if ours is None:
            self._record(self._settlement.missing_fill(adopted, found))

    def _record(self, events: list[Event]) -> None:
        if events:
            fault_point("orders.reconcile.before_record")
            self._c.recorder.record(events, actor="reconciliation")

    # Agreement

    def _finish(self, run: Run, answer: QueryAnswer) -> None:
        self._end(run.account)
        self._tries.pop(run.account, None)
        breaks = self._agreement.compare(run.account, answer)
        if breaks:
            self._lock(run.account, LockState.LOCKED, "the venue's figures differ", breaks)
            return
        fault_point("orders.reconcile.before_unlock")
        violation = self._c.state.controls.locks.violation(run.account)
        if violation is not None:
            text = f"invariant violated: {violation.where}; a person must look and override"
            self._lock(run.account, LockState.LOCKED, text)
        elif run.locks:
            self._lock(run.account, LockState.UNLOCKED, f"agrees with the venue: {run.reason}")
        self._on_agreed(run.account)

    def _lock(self, account: str, state: LockState, reason: str, breaks: tuple[str, ...] = ()) -> None:
        last = self._c.state.controls.locks.last(account)
        if last is not None and (last.state, last.breaks) == (state, breaks):
            return
        changed = LockChanged(account=account, state=state, reason=reason, ts=self._c.clock.now_ns(), breaks=breaks)
        self._c.recorder.record([changed], actor="reconciliation")

    def _compare_all(self) -> None:
        self._regular = self._c.scheduler.call_later(self._c.settings.compare_ns, self._compare_all)
        for account in tuple(self._c.state.accounts):
            locked = self._c.locked(account)
            self.reconcile(account, "regular comparison", locks=locked)
