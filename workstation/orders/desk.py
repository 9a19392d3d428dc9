"""The desk: the one entry of the order path, whatever the door: ticket, key, ladder, chart, script or strategy.

Order walk: `commands/trading`, `api` and `strategies` call this, the broker port reports to it. It wires the parts and
delegates; each part says what it does. Everything is synchronous and on the engine's thread: results come back at once,
what follows comes as events. Long because it is the one door.
"""

from collections.abc import Mapping, Sequence

from workstation.domain.accounts import KillState
from workstation.domain.events import BreakFound, InvariantViolated
from workstation.domain.market import MarketEvent
from workstation.domain.orders import (
    FINAL_STATES,
    WORKING_STATES,
    CancelOrder,
    CancelScope,
    FlattenPosition,
    OrderState,
    OrdStatus,
    Origin,
    ReplaceOrder,
    ReversePosition,
    SubmitGroup,
    SubmitOrder,
)
from workstation.domain.verdicts import RuleResult, Verdict
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock, Scheduler
from workstation.kernel.ids import IdSource
from workstation.marketdata.calendar import Calendars
from workstation.orders.amendment import Amendment
from workstation.orders.book import Change
from workstation.orders.cancels import Cancels
from workstation.orders.context import DeskContext, DeskSettings, Gate, Prices
from workstation.orders.emulation import Emulation
from workstation.orders.exits import Exits
from workstation.orders.fold import CoreState
from workstation.orders.groups import Groups
from workstation.orders.holds import Holds
from workstation.orders.inbound import Inbound
from workstation.orders.queued_changes import QueuedChanges
from workstation.orders.reconciliation import Reconciliation
from workstation.orders.recorder import Attach, Reaction, Recorder
from workstation.orders.results import ChangeResult, ExitProgress, GroupResult, ScopeResult, SubmitResult
from workstation.orders.reversals import Reversals, ReverseResult
from workstation.orders.routing import Routes
from workstation.orders.seen import See, nothing_seen
from workstation.orders.splits import Splits
from workstation.orders.submission import OnDurable, Submission
from workstation.orders.time_limits import TimeLimits
from workstation.orders.unknowns import Unknowns, waits_here
from workstation.ports.broker import Broker, BrokerReport, QueryAnswer, SessionState
from workstation.ports.store import Journal


class Desk:
    """Orders in, events out."""

    def __init__(
        self,
        *,
        state: CoreState,
        gate: Gate,
        journal: Journal,
        brokers: Mapping[str, Broker],
        prices: Prices,
        clock: Clock,
        scheduler: Scheduler,
        ids: IdSource,
        bus: Bus,
        settings: DeskSettings | None = None,
        calendars: Calendars | None = None,
        see: See = nothing_seen,
    ) -> None:
        self.state, self.prices = state, prices
        self.recorder = Recorder(state, journal, bus, clock)
        self.routes = Routes(brokers, state.accounts)
        self._c = DeskContext(
            state=state,
            recorder=self.recorder,
            journal=journal,
            gate=gate,
            routes=self.routes,
            prices=prices,
            clock=clock,
            scheduler=scheduler,
            ids=ids,
            bus=bus,
            settings=settings or DeskSettings(),
            see=see,
        )
        self.pacing = self._c.pacing
        self._submission = Submission(self._c)
        self._holds = Holds(self._c, self._submission)
        self._emulation = Emulation(self._c, self._submission, is_released=self._is_released)
        self._splits = Splits(self._c, hold=self._emulation.hold, look=self._look)
        self._inbound = Inbound(
            self._c, self._submission, look=self._look, on_answer=self._on_answer, on_session=self._on_session,
            on_split=self._splits.on_report,
        )  # fmt: skip
        self._amendment = Amendment(self._c)
        self._queued = QueuedChanges(self._c, self._amendment)
        self._unknowns = Unknowns(self._c, self._waits_here, self._amendment.waits_for_disk, look=self._look)
        self._reconciliation = Reconciliation(
            self._c, self._inbound.fills, self._unknowns, on_agreed=self._on_agreed, on_split=self._splits.on_report
        )
        self._cancels = Cancels(self._c)
        self._time_limits = TimeLimits(self._c, self._cancels, calendars or Calendars())
        down = (self._c, self._submission, self._amendment, self._cancels)
        self._exits = Exits(
            *down, look=self._look, make_room=self._make_room, unknown_for_ns=self._unknowns.unknown_for_ns
        )
        self._reversals = Reversals(self._c, self._submission, self._exits, look=self._look)
        self._groups = Groups(*down, reserved=self._exits.reserved, watch=self._emulation.watch)
        self._concerned = self._concerned_by_status()
        self.recorder.react(self._on_change)
        bus.subscribe(InvariantViolated, self._on_violation)

    def submit(
        self,
        command: SubmitOrder,
        *,
        attach: Attach | None = None,
        on_durable: OnDurable | None = None,
        withdrawn: str = "",
    ) -> SubmitResult:
        """Accept or refuse one order, at once; its bytes leave when its intent is durable.

        attach: rows for the same transaction. on_durable: told whether the answer survives a power cut.
        withdrawn: why it is cancelled at once, by a cancel that was given after it and overtook it; nothing is sent.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: the terms contradict each other or miss the instrument's grid.
        """
        return self._submission.submit(command, attach=attach, on_durable=on_durable, withdrawn=withdrawn)

    def preview(self, command: SubmitOrder) -> Verdict:
        """Return every rule's answer to an order without placing or counting it."""
        return self._c.gate.explain(self._submission.asked(command))

    def replace(self, command: ReplaceOrder, *, attach: Attach | None = None) -> ChangeResult:
        """Ask for new terms of a live order; a person's, while other ones are not settled, go out after those.

        Raises:
            NotFound: no such order.
            StateConflict: its state forbids a change, or it is no longer at the version that the caller saw.
            ValidationError: the new terms are wrong in themselves.
        """
        self._emulation.settle(command.cl_ord_id)
        if self._queued.takes(command):
            return self._queued.ask(command, attach=attach)
        return self._amendment.replace(command, attach=attach)

    def annotate(
        self, cl_ord_id: str, origin: Origin, notes: str, metadata: dict[str, str], *, attach: Attach | None = None
    ) -> ChangeResult:
        """Set an open order's notes and metadata, which no venue sees.

        Raises:
            NotFound: no such order.
            StateConflict: it has ended.
        """
        return self._amendment.annotate(cl_ord_id, origin, notes, metadata, attach=attach)

    def cancel(self, command: CancelOrder, *, attach: Attach | None = None) -> ChangeResult:
        """Cancel one order; cancelling a cancelled order changes nothing. Without a session the cancel is kept.

        Raises:
            NotFound: no such order.
            StateConflict: it ended otherwise.
        """
        return self._cancels.cancel(command, attach=attach)

    def withdraw_cancel(self, cl_ord_id: str, origin: Origin) -> ChangeResult:
        """Take back a cancel that is kept for the next session.

        Raises:
            NotFound: no such order.
            StateConflict: no cancel of it is kept.
        """
        return self._cancels.withdraw(cl_ord_id, origin)

    def cancel_scope(self, command: CancelScope) -> ScopeResult:
        """Cancel all live orders that match; protective stops stay unless asked for."""
        return self._cancels.cancel_scope(command)

    def kill(self, state: KillState, *, attach: Attach | None = None) -> ScopeResult:
        """Set a kill switch on or off: on blocks first, then cancels what it covers."""
        return self._cancels.kill(state, attach=attach)

    def submit_group(self, command: SubmitGroup, *, attach: Attach | None = None, withdrawn: str = "") -> GroupResult:
        """Accept all orders of a bracket, OTO or OCO in one transaction, or none. withdrawn: as of one order.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: the group is not one, or terms are wrong in themselves.
        """
        return self._groups.submit(command, attach=attach, withdrawn=withdrawn)

    def flatten(self, command: FlattenPosition) -> ExitProgress:
        """Begin to exit a position, or reprice the exit under way; never makes a second one.

        The entry of a reversal under way is given up.

        Raises:
            NotFound: unknown account or symbol.
        """
        self._reversals.withdraw(command.account, command.symbol, "flatten was asked for")
        return self._exits.flatten(command)

    def reverse(self, command: ReversePosition) -> ReverseResult:
        """Exit a position and then enter the other way; refused whole where entry is locked.

        Raises:
            NotFound: unknown account or symbol.
            StateConflict: flat, an order unknown, or an exit or reversal under way.
        """
        return self._reversals.reverse(command)

    def exits(self) -> tuple[ExitProgress, ...]:
        """Return every exit under way."""
        return self._exits.progress()

    def held(self) -> tuple[str, ...]:
        """Return the orders whose trigger passed unwatched and that wait for a person."""
        return self._emulation.held()

    def fire_held(self, cl_ord_id: str) -> RuleResult | None:
        """Release a held order on a person's word; returns the refusal if there is one.

        Raises:
            NotFound: nothing of that id is watched here.
            StateConflict: it is not held.
        """
        return self._emulation.fire(cl_ord_id)

    def move_to_broker(self, cl_ord_id: str) -> RuleResult | None:
        """Give an order that is watched here to its venue, as far as that takes it; returns the refusal if any.

        Raises:
            NotFound: nothing of that id is watched here.
            StateConflict: its trigger has passed, and a person is to fire or cancel it.
        """
        return self._emulation.move(cl_ord_id)

    def on_market(self, events: Sequence[MarketEvent]) -> None:
        """Test market events against the triggers watched here; called after the caches took them."""
        self._emulation.on_market(events)

    def on_reports(self, reports: Sequence[BrokerReport]) -> None:
        """Book what a venue reported; the sink of every broker."""
        self._inbound.on_reports(reports)

    def release(self, cl_ord_id: str, origin: Origin, reason: str, *, attach: Attach | None = None) -> ChangeResult:
        """Let an order go that compliance holds: the gate is asked anew, by the rest of its rules.

        Raises:
            NotFound: no such order.
            StateConflict: it is not held.
        """
        return self._holds.release(cl_ord_id, origin, reason, attach=attach)

    def refuse(self, cl_ord_id: str, origin: Origin, reason: str, *, attach: Attach | None = None) -> ChangeResult:
        """End an order that compliance holds.

        Raises:
            NotFound: no such order.
            StateConflict: it is not held.
        """
        return self._holds.refuse(cl_ord_id, origin, reason, attach=attach)

    # Life

    def start(self) -> None:
        """After the fold was loaded, before sessions come up: settle what the last run left, begin to look."""
        self._unknowns.resume()
        self._emulation.resume()
        self._time_limits.resume()
        self._reversals.resume()
        self._reconciliation.start()

    def settle_trails(self) -> None:
        """Journal where every trail that is watched here has come to: an end in good order loses nothing of it."""
        self._emulation.settle_all()

    def stop(self) -> None:
        """End the regular looks; nothing is cancelled."""
        self._reconciliation.stop()

    def check_losses(self) -> None:
        """Lock out every account whose day loss has reached its limit; called after marks, and here after fills."""
        for account in self.state.accounts:
            self._check_loss(account)

    def reconcile(self, account: str, reason: str) -> None:
        """Lock an account and bring it into agreement with its venue."""
        self._reconciliation.reconcile(account, reason)

    def override_lock(self, account: str, actor: str, reason: str) -> None:
        """Unlock an account on a person's word, in spite of differences."""
        self._reconciliation.override(account, actor, reason)

    def breaks(self, account: str) -> tuple[BreakFound, ...]:
        """Return the differences with the venue that stand open, with age and owner."""
        return self.state.breaks.of(account)

    def adopt_position(self, account: str, symbol: str, actor: str, reason: str) -> None:
        """Take over the venue's position on a person's word: an EXTERNAL adjustment makes ours equal to it.

        Raises:
            NotFound: no position break stands open there.
            StateConflict: there is no price to book it at.
        """
        self._reconciliation.adopt_position(account, symbol, actor, reason)

    def _on_change(self, change: Change) -> None:
        """Tell each part what could concern it, and no more: most changes concern few."""
        before, after = change.before, change.after
        if after is None:
            return
        if change.execution is not None:
            self._inbound.fills.watch(before, after)
            self._reconciliation.on_fill(change.execution)
            self._check_loss(change.execution.account)
        moved = before is None or before.status is not after.status or before.unknown is not after.unknown
        if moved:
            for react in self._concerned[after.status]:
                react(change)
        if before is not None and (before.terms is not after.terms or before.held_for != after.held_for):
            self._time_limits.on_change(change)
        if after.link is not None or change.execution is not None or (moved and after.status in FINAL_STATES):
            self._groups.on_change(change)
        if self._exits.under_way and (moved or change.execution is not None):
            self._exits.on_change(change)
        if self._reversals.under_way:
            self._reversals.on_change(change)

    def _concerned_by_status(self) -> dict[OrdStatus, tuple[Reaction, ...]]:
        """Return who hears of orders that enter a status: a watch or time limit of ours begins and ends there."""
        flight, ours = self._unknowns.on_change, (self._emulation.on_change, self._time_limits.on_change)
        return {
            **dict.fromkeys(OrdStatus, (flight,)),
            **dict.fromkeys(WORKING_STATES, (flight, self._queued.on_change)),
            OrdStatus.NEW: (self._on_new,),
            OrdStatus.PENDING_SUBMIT: (flight, *ours),
            OrdStatus.PENDING_CANCEL: (flight, self._cancels.on_change),
            **dict.fromkeys(FINAL_STATES, (flight, *ours)),
            OrdStatus.REPLACED: (flight, *ours, self._queued.on_change),
        }

    def _on_new(self, change: Change) -> None:
        """Tell of an order that waits here; most are NEW for an instant only."""
        if change.after is not None and waits_here(change.after):
            self._emulation.on_change(change)
            self._time_limits.on_change(change)

    def _on_answer(self, answer: QueryAnswer) -> None:
        self._reconciliation.on_answer(answer)

    def _check_loss(self, account: str) -> None:
        lockout = self._c.gate.breach(account, self._c.clock.now_ns())
        if lockout is not None:
            self.recorder.record([lockout])

    def _on_violation(self, violated: InvariantViolated) -> None:
        """Stop adding risk: the book may be wrong."""
        for account in tuple(self.state.accounts):
            self._reconciliation.lock(account, f"invariant violated: {violated.where}")

    def _waits_here(self, cl_ord_id: str) -> bool:
        """Tell whether a request about an order is still here, so that its answer cannot be late."""
        return self._submission.waits_for_disk(cl_ord_id) or self.pacing.waits(cl_ord_id)

    def _look(self, account: str, why: str) -> None:
        self._reconciliation.reconcile(account, why, locks=False)

    def _on_session(self, venue: str, state: SessionState) -> None:
        if state in (SessionState.DOWN, SessionState.MAINTENANCE):
            self.pacing.lost(venue)
        for account in self.routes.accounts_at(venue):
            if state is SessionState.UP:
                self._reconciliation.reconcile(account, "session up")
            elif state in (SessionState.DOWN, SessionState.MAINTENANCE):
                self._reconciliation.lock(account, f"session with {venue} is {state}")
                self._emulation.on_session_lost(account)
                self._unknowns.on_session_lost(account, f"session with {venue} is {state}")

    def _on_agreed(self, account: str) -> None:
        for kill in self.state.controls.kills.active():
            if kill.cancel_orders:
                self._cancels.enforce(kill, within=account)
        self._cancels.resume(account)
        self._queued.resume(account)
        self._groups.resume(account)
        self._exits.on_agreed(account)
        self._reversals.on_agreed(account)

    def _make_room(self, account: str, symbol: str) -> None:
        self._groups.sync_position(account, symbol)

    def _is_released(self, order: OrderState) -> bool:
        """Tell whether an order that lives here may be watched: it has no parent, or the parent released it."""
        return order.link is None or not order.link.parent or self._groups.is_released(order)
