"""One run on the engine's side: its thread's intents become calls of the desk, and its end leaves what its policy says.

Order walk, the fourth door beside hand, key and script: the same desk, the same gate. Engine thread only. When a run
has faulted it is revoked first, so that nothing which it still sends is done; then its orders are dealt with.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import StateConflict, UserError
from workstation.domain.events import OrderHandedOver
from workstation.domain.orders import (
    CancelOrder,
    CancelScope,
    Origin,
    OriginKind,
    ReplaceOrder,
    SubmitGroup,
    SubmitOrder,
)
from workstation.domain.times import NS_PER_S
from workstation.kernel.clock import Clock
from workstation.kernel.ids import IdSource
from workstation.orders.desk import Desk
from workstation.strategies import messages as m
from workstation.strategies.run_orders import RunOrders
from workstation.strategies.run_pace import Decision
from workstation.strategies.runs import RunLine, RunOrder, RunSignal, RunStatus, RunView
from workstation.strategies.thread import RunThread
from workstation.strategies.views import Policy

BUDGET_NS = 50_000_000
"""Longest time that a callback should take; longer ones are reported."""

OVERRUN_NS = 1_000_000_000
"""A callback that runs longer is interrupted."""

INTERRUPTS_MAX = 20
REFUSALS_LATCH = 25
"""Refusals in a row after which a run is taken for broken."""

LOOKS_WITHOUT_MAX = 20
"""Looks at a thread that has ended, after which nothing of it is waited for."""


Publish = Callable[[object], None]

_VERBS: Mapping[type, str] = {
    m.Submit: "order",
    m.SubmitPair: "pair",
    m.Replace: "amend",
    m.Cancel: "cancel",
    m.CancelAll: "cancel all",
    m.Flatten: "flatten",
    m.Signal: "signal",
}
"""Intents that decide something, and how they are told."""


class Run:
    """A run under way. wishes: handles WantBars, WantStream and SetTimer, which concern the market and the clock."""

    def __init__(
        self,
        order: RunOrder,
        thread: RunThread,
        *,
        desk: Desk,
        clock: Clock,
        ids: IdSource,
        publish: Publish,
        wishes: Callable[["Run", m.Intent], None],
    ) -> None:
        self.order, self.thread = order, thread
        self.view = RunView(
            run_id=order.run_id, name=order.name, account=order.account, status=RunStatus.PENDING, policy=order.policy
        )
        self._desk, self._clock, self._publish, self._wishes = desk, clock, publish, wishes
        self._origin = Origin(OriginKind.STRATEGY, order.run_id, order.user)
        self._orders = RunOrders(order, self._origin, ids)
        self._sent: deque[int] = deque(maxlen=max(order.orders_per_s_max, 1))
        self._refusals = self._interrupts = self._reported = self._looks_without = 0
        self._policy = order.policy
        self._left: Callable[[bool], None] | None = None
        self._left_alone: set[str] = set()
        self.messages = 0
        self.decision: Decision | None = None
        self._handlers: Mapping[type, Callable[..., None]] = {
            m.Submit: self._submit,
            m.SubmitPair: self._submit_pair,
            m.Replace: self._replace,
            m.Cancel: self._cancel,
            m.CancelAll: lambda intent: self._cancel_all(intent.symbol),
            m.Flatten: lambda intent: self._flatten(intent.symbol),
            m.Signal: lambda intent: self._publish(RunSignal(order.run_id, intent, self._clock.now_ns())),
            m.Show: lambda intent: self._change(values={**self.view.values, **intent.values}),
            m.Log: lambda intent: self.tell(intent.level, intent.text, intent.event_type, intent.data),
            m.Faulted: self._faulted,
            m.Declared: self._declared,
            m.Kept: lambda intent: self._change(state=intent.state),
            m.Done: self._done,
        }

    @property
    def status(self) -> RunStatus:
        """Where the run stands."""
        return self.view.status

    def begin(self, started: m.Started) -> None:
        """Let the strategy start."""
        self._change(status=RunStatus.RUNNING)
        self.thread.inbox.put(started)

    def pause(self, reason: str = "paused by hand") -> None:
        """Hold market news back; orders and fills go on.

        Raises:
            StateConflict: the run is not running.
        """
        self._require(RunStatus.RUNNING)
        self._change(status=RunStatus.PAUSED, reason=reason)
        self.thread.inbox.clear_market()

    def resume(self) -> None:
        """Let market news through again.

        Raises:
            StateConflict: the run is not paused.
        """
        self._require(RunStatus.PAUSED)
        self._change(status=RunStatus.RUNNING, reason="")

    def stop(self, reason: str, policy: Policy | None = None) -> None:
        """Ask the strategy to end; its policy, or the one given, is applied when it has.

        Raises:
            StateConflict: the run has ended already.
        """
        if self.status.is_final:
            raise StateConflict(f"the run has ended: {self.status}", state=self.status, allowed=("RUNNING", "PAUSED"))
        self._policy = policy or self._policy
        self._change(status=RunStatus.STOPPING, reason=reason, policy=self._policy)
        self.thread.inbox.put_first(m.Stop(reason))

    def hand_over(self, left: Callable[[bool], None]) -> None:
        """Have the strategy stand aside with its orders as they are; `left` is told whether it did, once.

        Raises:
            StateConflict: the run is ending or over.
        """
        if self.status not in (RunStatus.RUNNING, RunStatus.PAUSED):
            raise StateConflict(f"the run is {self.status}", state=self.status, allowed=("RUNNING", "PAUSED"))
        self._left = left
        self._change(status=RunStatus.STOPPING, reason="its code is reloaded")
        self.thread.inbox.put(m.Leave())

    def leave(self, symbol: str, why: str) -> None:
        """Cancel the run's orders in an instrument and exit its position, telling why."""
        self.tell("WARNING", why, "EXIT", {"symbol": symbol})
        self._flatten(symbol)

    def take(self, intent: m.Intent) -> None:
        """Do what the strategy asked for; intents of a run that has ended are dropped."""
        self.thread.taken()
        if self.status.is_final:
            return
        self._note(intent)
        handler = self._handlers.get(type(intent))
        try:
            if handler is None:
                self._wishes(self, intent)
            else:
                handler(intent)
        except UserError as error:
            self.refuse(str(error))

    def watch(self) -> None:
        """Look at the running callback: report one over its budget, interrupt one that does not return."""
        if not self.thread.alive:
            self._looks_without += 1  # what it said last may still be on its way
        if self._looks_without > LOOKS_WITHOUT_MAX and not self.status.is_final:
            self._end(RunStatus.FAULTED, "its thread has ended without a word", "")
        busy = self.thread.busy_ns()
        if self.status.is_final or busy < BUDGET_NS:
            self._interrupts = self._reported = 0
            return
        if not self._reported:
            self._reported = 1
            busy_ms = busy // 1_000_000
            text = f"A callback has been running for {busy_ms} ms; its budget is 50 ms."
            self.tell("WARNING", text, "OVERRUN", {"busy_ms": busy_ms})
        if busy < OVERRUN_NS:
            return
        if self._interrupts < INTERRUPTS_MAX:
            self._interrupts += 1
            self.thread.interrupt()
            return
        self._end(RunStatus.STUCK, "a callback does not return; a restart of the program frees its processor", "")

    def handed_over(self, event: OrderHandedOver) -> None:
        """Tell that a person has taken an order of the run over, or gives it back."""
        self._left_alone.discard(event.cl_ord_id)
        data = {"order": event.cl_ord_id, "by": event.origin.user, "owner": event.owner}
        if event.owner:
            text = f"{event.owner} takes order {event.cl_ord_id} over: the run leaves it alone until it is given back."
        else:
            text = f"{event.origin.user} gives order {event.cl_ord_id} back to the run."
        self.tell("WARNING", text, "TAKEN", data)

    def tell(self, level: str, text: str, event_type: str = "", data: dict[str, Any] | None = None) -> None:
        """Write a line to the run's log."""
        self._publish(RunLine(self.order.run_id, level, text, self._clock.now_ns(), event_type, data or {}))

    # Intents

    def _note(self, intent: m.Intent) -> None:
        """Remember what the strategy decided, and count what goes to the desk."""
        verb = _VERBS.get(type(intent))
        if verb is None or (isinstance(intent, m.Signal) and intent.cl_ord_id):  # its order tells more
            return
        self.messages += not isinstance(intent, m.Signal)
        order = intent.first if isinstance(intent, m.SubmitPair) else intent
        terms = order.terms if isinstance(order, m.Submit) else None
        named = getattr(intent, "symbol", None) or ""
        if isinstance(intent, m.Replace | m.Cancel):
            known = self._desk.state.book.get(intent.cl_ord_id)
            named = "" if known is None else known.terms.symbol
        what = f"{verb} {intent.action}" if isinstance(intent, m.Signal) else verb
        self.decision = Decision(ts=self._clock.now_ns(), what=what, symbol=named, terms=terms)

    def _submit(self, intent: m.Submit) -> None:
        if self._may_send(1):
            self._send(self._orders.submitted(intent))

    def _submit_pair(self, intent: m.SubmitPair) -> None:
        if self._may_send(2):
            self._send(self._orders.paired(intent))

    def _may_send(self, orders: int) -> bool:
        """Count orders that are about to go out; False where that is a flood, which ends the run."""
        now = self._clock.mono_ns()
        for _ in range(orders):
            if len(self._sent) == self._sent.maxlen and now - self._sent[0] < NS_PER_S:
                self._latch(f"more than {self.order.orders_per_s_max} orders in a second")
                return False
            self._sent.append(now)
        self._change(orders_sent=self.view.orders_sent + orders)
        return True

    def _send(self, command: SubmitOrder | SubmitGroup) -> None:
        if isinstance(command, SubmitGroup):
            denial = self._desk.submit_group(command).denial
        else:
            denial = self._desk.submit(command).denial
        if denial is None:
            self._refusals = 0
        else:
            self.refuse(denial.text)

    def _replace(self, intent: m.Replace) -> None:
        if not self._owns(intent.cl_ord_id, "replace"):
            return
        command = ReplaceOrder(
            cl_ord_id=intent.cl_ord_id,
            origin=self._origin,
            order_qty=intent.order_qty,
            price=intent.price,
            stop_px=intent.stop_px,
            trail=intent.trail,
            activation_px=intent.activation_px,
        )
        denial = self._desk.replace(command).denial
        if denial is not None:
            self.refuse(denial.text)

    def _cancel(self, intent: m.Cancel) -> None:
        order = self._desk.state.book.get(intent.cl_ord_id)
        if order is not None and order.is_open and self._owns(intent.cl_ord_id, "cancel"):
            self._desk.cancel(CancelOrder(cl_ord_id=intent.cl_ord_id, origin=self._origin))

    def _owns(self, cl_ord_id: str, wish: str) -> bool:
        """Tell whether an order is the run's to change; of one that a person took over it is told once."""
        order = self._desk.state.book.get(cl_ord_id)
        if order is None or not order.taken_by:
            return order is None or order.strategy_id == self.order.run_id
        if cl_ord_id not in self._left_alone:
            self._left_alone.add(cl_ord_id)
            text = f"Order {cl_ord_id} is {order.taken_by}'s: it is left as it is; the run wished to {wish} it."
            self.tell("WARNING", text, "TAKEN", {"order": cl_ord_id, "by": order.taken_by})
        return False

    def _cancel_all(self, symbol: str | None) -> None:
        self._desk.cancel_scope(
            CancelScope(
                origin=self._origin,
                account=self.order.account,
                symbol=symbol,
                strategy_id=self.order.run_id,
                include_protective=True,
                but_taken=True,
            )
        )

    def _flatten(self, symbol: str) -> None:
        self._cancel_all(symbol)
        self._exit(symbol)

    def _exit(self, symbol: str) -> None:
        """Close the run's own position in an instrument by one order, which the gate caps."""
        position = self._desk.state.ledger.position(self.order.account, symbol, self.order.run_id)
        if position is None or position.qty == 0:
            return
        denial = self._desk.submit(self._orders.exit(symbol, position.qty)).denial
        if denial is not None:
            self.tell("ERROR", denial.text, "REFUSED")

    def refuse(self, text: str) -> None:
        """Tell that what the strategy asked for is not done; too many such in a row end the run."""
        self._refusals += 1
        self._change(refused=self.view.refused + 1)
        self.tell("WARNING", text, "REFUSED", {"in_a_row": self._refusals})
        if self._refusals >= REFUSALS_LATCH:
            self._latch(f"{REFUSALS_LATCH} refusals in a row, the last: {text}")

    # The end

    def _latch(self, why: str) -> None:
        """Stop a run that floods, and hold it: only a person lets its strategy trade again."""
        self._end(RunStatus.FAULTED, why, "")
        kill = KillState(
            scope=KillScope.STRATEGY,
            key=self.order.strategy_id or self.order.run_id,
            on=True,
            reason=why,
            actor="strategies",
            ts=self._clock.now_ns(),
        )
        self._desk.kill(kill)

    def _faulted(self, fault: m.Faulted) -> None:
        self._end(RunStatus.FAULTED, f"{fault.callback}: {fault.error}", fault.traceback)

    def _declared(self, declared: m.Declared) -> None:
        if not self.order.policy_is_asked and self.status is not RunStatus.STOPPING:
            self._policy = declared.policy
            self._change(policy=declared.policy)

    def _done(self, done: m.Done) -> None:
        if done.left:
            self.thread.revoke()
            self._change(status=RunStatus.REPLACED, state=done.state or self.view.state)
            self._tell_left(left=True)
            return
        asked = self.status is RunStatus.STOPPING
        reason = self.view.reason if asked else "the strategy ended by itself"
        self._change(state=done.state)
        self._end(RunStatus.STOPPED if asked else RunStatus.COMPLETED, reason, "")

    def _end(self, status: RunStatus, reason: str, traceback: str) -> None:
        self.thread.revoke()
        self._change(status=status, reason=reason, traceback=traceback)
        level = "INFO" if status in {RunStatus.STOPPED, RunStatus.COMPLETED} else "CRITICAL"
        self.tell(level, f"{status}: {reason}", "ENDED", {"status": status.value})
        self.treat()
        self._tell_left(left=False)

    def _tell_left(self, *, left: bool) -> None:
        told, self._left = self._left, None
        if told is not None:
            told(left)

    def treat(self) -> None:
        """Deal with orders and position by the run's policy."""
        if self._policy is not Policy.KEEP:
            self._cancel_all(None)
        if self._policy is Policy.FLATTEN:
            for symbol in self._desk.state.instruments:
                self._exit(symbol)

    def _require(self, wanted: RunStatus) -> None:
        if self.status is not wanted:
            raise StateConflict(f"the run is {self.status}", state=self.status, allowed=(wanted,))

    def _change(self, **fields: object) -> None:
        self.view = msgspec.structs.replace(self.view, dropped=self.thread.inbox.dropped, **fields)
        self._publish(self.view)
