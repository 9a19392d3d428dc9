"""Submission: the write-ahead way of a new order, from the command to the broker port.

Order walk, the way down: check -> created and intended, one append -> durable -> check again -> bytes. A refusal is
journaled and ends here. Nothing is ever sent twice: a client order id is used once, and what could not be sent is
closed as NOT_SENT instead of waiting for a better moment. The id belongs to the order: a refusal that stores an order
uses it up, one that stores none (lock, kill, validation) leaves it free for the same command later.
"""

from collections.abc import Callable
from functools import partial

from workstation.domain.errors import BrokerError, NotConnected, NotFound
from workstation.domain.events import (
    Event,
    OrderCancelled,
    OrderChanged,
    OrderCreated,
    OrderDenied,
    OrderHeld,
    OrderIntended,
    OrderRejected,
    OutcomeUnknown,
)
from workstation.domain.orders import (
    GroupLink,
    OrderState,
    OrderTerms,
    OrdStatus,
    RequestKind,
    Residence,
    RiskClass,
    SubmitOrder,
)
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.kernel.fault_points import fault_point
from workstation.orders.context import DeskContext
from workstation.orders.effects import DENIALS
from workstation.orders.pacing import Urgency
from workstation.orders.recorder import Attach
from workstation.orders.reports import NOT_SENT
from workstation.orders.results import Severity, SubmitResult, unheld
from workstation.orders.routing import venue_terms
from workstation.orders.validation import unsupported
from workstation.risk.rules.account_tradable import AccountTradable
from workstation.risk.rules.tradable import Tradable
from workstation.risk.view import RiskIntent

OnDurable = Callable[[bool], None]

_UNANSWERED, _REDUCE, _HERE = OrdStatus.PENDING_SUBMIT, RiskClass.REDUCE, Residence.PROGRAM
_EXIT, _ENTRY = Urgency.REDUCE, Urgency.ENTRY
_BARRED = frozenset({AccountTradable.code, Tradable.code})
"""Refusals that go before what the venue supports."""


class Submission:
    """New orders, and the release of orders that waited here (legs, emulated stops)."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context
        self._durable_at: dict[str, int] = {}
        self._awaiting: set[str] = set()

    def submit(
        self,
        command: SubmitOrder,
        *,
        attach: Attach | None = None,
        on_durable: OnDurable | None = None,
        uncapped: bool = False,
        withdrawn: str = "",
    ) -> SubmitResult:
        """Accept or refuse one order, at once; its bytes leave when its intent is durable.

        uncapped: a person's typed override of an exit's cap; see `exits.py`. withdrawn: see `opening`.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: the terms contradict each other or miss the instrument's grid.
        """
        known = self.duplicate(command)
        if known is not None:
            return known
        asked = self.asked(command, uncapped=uncapped)
        verdict, denial = self.judge(asked)
        if denial is not None:
            return self.deny(command, verdict, denial, attach, on_durable)
        fault_point("orders.submit.before_record")
        events = self.opening(command, verdict, withdrawn)
        seq = self._c.recorder.record(
            events,
            actor=command.origin.actor,
            correlation=command.uid,
            causation=command.cl_ord_id,
            attach=attach,
        )
        fault_point("orders.submit.after_record")
        if not withdrawn:
            self._c.gate.count(asked)
        if isinstance(events[-1], OrderIntended):
            self.await_release(command.cl_ord_id, seq, verdict.risk_class)
        elif isinstance(events[-1], OrderHeld):
            self._tell_held(command.cl_ord_id)
        if on_durable is not None:
            self._c.journal.when_durable(seq, on_durable)
        return SubmitResult(order=self._c.book.get(command.cl_ord_id), verdict=verdict, seq=seq)

    def _tell_held(self, cl_ord_id: str) -> None:
        order = self._c.book.get(cl_ord_id)
        if order is not None and order.is_held:
            self._c.alert("ORDER_HELD", order, order.text, severity=Severity.WARNING)

    def duplicate(self, command: SubmitOrder) -> SubmitResult | None:
        """Return the earlier order's result when the client order id was used before."""
        if not self._c.book.knows(command.cl_ord_id):
            return None
        return SubmitResult(order=self._c.book.get(command.cl_ord_id), duplicate=True, seq=self._c.journal.last_seq)

    def asked(self, command: SubmitOrder, *, uncapped: bool = False) -> RiskIntent:
        """Return the question to the gate that a command is."""
        return self._c.intent(
            command.terms,
            command.origin,
            strategy_id=command.strategy_id,
            cl_ord_id=command.cl_ord_id,
            link=command.link,
            allow_duplicate=command.allow_duplicate,
            uncapped=uncapped,
        )

    def judge(self, asked: RiskIntent) -> tuple[Verdict, RuleResult | None]:
        """Return the gate's verdict, and the first refusal of the gate or of the desk's own checks.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: the terms contradict each other or miss the instrument's grid.
        """
        c, terms = self._c, asked.terms
        if terms.account not in c.state.accounts:
            raise NotFound("account", terms.account)
        instrument = c.instruments.get(terms.symbol)
        if instrument is None:
            raise NotFound("instrument", terms.symbol)
        broker = c.routes.broker(terms.account)
        verdict = c.gate.check(asked)
        card = None if broker is None else broker.capabilities
        denial = verdict.denial
        is_held = denial is not None and denial.holds
        denial = None if is_held else denial
        barred = denial if denial is not None and denial.code in _BARRED else None
        refused = barred or unsupported(terms, instrument, card, now_ns=asked.now_ns) or denial
        refused = refused or c.storage_refusal(verdict.risk_class)
        if is_held:
            return verdict, refused  # it waits for a person, and needs no session meanwhile
        return verdict, refused or self._unsendable(terms.account, verdict.risk_class)

    def opening(self, command: SubmitOrder, verdict: Verdict, withdrawn: str = "") -> list[Event]:
        """Return the events that open an order: created, and intended unless it is held, watched or waits here.

        What waits for a trigger or parent is not held now: the gate is asked again when it comes due.
        withdrawn: why it is cancelled at once, by a cancel that was given after it and overtook it on its way here.
        """
        now = self._c.clock.now_ns()
        residence = self._c.routes.residence(command.terms)
        created = OrderCreated(cl_ord_id=command.cl_ord_id, ts=now, command=command, residence=residence)
        if withdrawn:
            return [created, OrderCancelled(cl_ord_id=command.cl_ord_id, ts=now, reason=withdrawn)]
        waits = command.link is not None and command.link.parent != ""
        if waits or residence is _HERE:
            return [created]
        if not verdict.passed and verdict.hold is not None:
            return [created, OrderHeld(cl_ord_id=command.cl_ord_id, ts=now, rule=verdict.hold)]
        intended = self.intended(command.cl_ord_id, command.terms, verdict, now, command.link)
        if not verdict.overrides:
            return [created, intended]
        return [created, *self._c.state.controls.overrides.used(verdict.overrides, command.uid, now), intended]

    def release(self, order: OrderState, terms: OrderTerms, why: str, *events: Event) -> RuleResult | None:
        """Send an order that waited here in NEW, under its own id, after a second risk check.

        `events` are recorded with it. Returns the refusal, after which the order is denied.
        """
        c = self._c
        asked = c.intent(
            terms, order.origin, strategy_id=order.strategy_id, cl_ord_id=order.cl_ord_id, link=order.link,
            allow_duplicate=True,
        )  # fmt: skip
        verdict = c.gate.check(asked)
        denial = unheld(verdict.denial) or c.storage_refusal(verdict.risk_class)
        denial = denial or self._unsendable(terms.account, verdict.risk_class)
        now = c.clock.now_ns()
        opening: list[Event] = list(events)
        if terms != order.terms:
            opening.append(OrderChanged(cl_ord_id=order.cl_ord_id, ts=now, terms=terms, reason=why))
        if denial is not None:
            opening.append(OrderDenied(cl_ord_id=order.cl_ord_id, ts=now, kind=_stored_kind(denial), rule=denial))
            c.recorder.record(opening, correlation=order.uid, causation=order.cl_ord_id)
            c.alert("RELEASE_REFUSED", order, denial.text)
            return denial
        opening += c.state.controls.overrides.used(verdict.overrides, order.uid, now)
        opening.append(self.intended(order.cl_ord_id, terms, verdict, now, order.link))
        fault_point("orders.release.before_record")
        seq = c.recorder.record(opening, correlation=order.uid, causation=order.cl_ord_id)
        fault_point("orders.release.after_record")
        c.gate.count(asked)
        self.await_release(order.cl_ord_id, seq, verdict.risk_class)
        return None

    def _unsendable(self, account: str, risk_class: RiskClass) -> RuleResult | None:
        c = self._c
        refused = c.session_refusal(account) or c.journal_wait.refusal(risk_class)
        return refused or c.pacing.refusal(account, risk_class)

    def await_release(self, cl_ord_id: str, seq: int, risk_class: RiskClass) -> None:
        """Send an intended order once `seq` is durable, and only then."""
        c = self._c
        self._awaiting.add(cl_ord_id)
        c.journal_wait.begin(seq)
        c.journal.when_durable(seq, partial(self._on_durable, cl_ord_id, seq, c.journal.epoch, risk_class))

    def waits_for_disk(self, cl_ord_id: str) -> bool:
        """Tell whether an intent is not known to be durable yet, so that nothing of it can be at the venue."""
        return cl_ord_id in self._awaiting

    def durable_at(self, cl_ord_id: str) -> int:
        """Return, once, when an order's intent was known to be durable; 0 when it was not awaited here."""
        return self._durable_at.pop(cl_ord_id, 0)

    def intended(
        self, cl_ord_id: str, terms: OrderTerms, verdict: Verdict, now: int, link: GroupLink | None
    ) -> OrderIntended:
        """Return the intent to send an order with these terms under a verdict that let it pass."""
        return OrderIntended(
            cl_ord_id=cl_ord_id,
            ts=now,
            verdict=verdict,
            qty=min(verdict.qty, terms.order_qty),
            epoch=self._c.journal.epoch,
            reference=self._c.prices.reference(terms.symbol),
            seen=self._c.see(terms, cl_ord_id, link),
        )

    def deny(
        self,
        command: SubmitOrder,
        verdict: Verdict,
        denial: RuleResult,
        attach: Attach | None = None,
        on_durable: OnDurable | None = None,
    ) -> SubmitResult:
        """Journal a refusal; families that leave an order behind store it."""
        now = self._c.clock.now_ns()
        seen = self._c.see(command.terms, command.cl_ord_id, command.link)
        denied = OrderDenied(cl_ord_id=command.cl_ord_id, ts=now, kind=denial.kind, rule=denial, seen=seen)
        if self._c.storage_refusal(RiskClass.INCREASE) is not None:
            self._c.bus.publish(denied)  # the journal has no room for refusals now; nothing else changes
            return SubmitResult(denial=denial, verdict=verdict)
        events: list[Event] = [denied]
        if denial.kind in DENIALS:
            events.insert(0, OrderCreated(cl_ord_id=command.cl_ord_id, ts=now, command=command))
        seq = self._c.recorder.record(
            events,
            actor=command.origin.actor,
            correlation=command.uid,
            causation=command.cl_ord_id,
            attach=attach,
        )
        fault_point("orders.deny.after_record")
        if on_durable is not None:
            self._c.journal.when_durable(seq, on_durable)
        return SubmitResult(order=self._c.book.get(command.cl_ord_id), denial=denial, verdict=verdict, seq=seq)

    def _on_durable(self, cl_ord_id: str, seq: int, epoch: int, risk_class: RiskClass, durable: bool) -> None:
        fault_point("orders.submit.durable")
        c = self._c
        self._awaiting.discard(cl_ord_id)
        late = c.journal_wait.end(seq, risk_class)
        order = c.book.get(cl_ord_id)
        if order is None or order.status is not _UNANSWERED or order.ts_sent:
            return
        if not durable:
            self._not_sent(cl_ord_id, f"the journal could not store it: {c.journal.trouble or 'not durable'}")
            return
        if late and order.cancel_requested_at is None:
            self._not_sent(cl_ord_id, late)
            return
        urgency = _EXIT if risk_class is _REDUCE else _ENTRY
        send = partial(self._send, cl_ord_id, epoch, risk_class, c.clock.now_ns())
        c.pacing.send(order.terms.account, urgency, cl_ord_id, send)

    def _send(self, cl_ord_id: str, epoch: int, risk_class: RiskClass, durable_at: int, why_not: str) -> bool:
        """Send a durable intent unless something forbids it by now; True when its bytes may have left."""
        order = self._c.book.get(cl_ord_id)
        if order is None or order.status is not _UNANSWERED or order.ts_sent:
            return False
        if self._c.journal.epoch == epoch and order.cancel_requested_at is not None:
            self._withdrawn(cl_ord_id)
            return False
        obstacle = self._obstacle(order, epoch, risk_class) or why_not
        broker = self._c.routes.live(order.terms.account)
        if obstacle or broker is None:
            self._not_sent(cl_ord_id, obstacle or "no session with the venue")
            return False
        self._durable_at[cl_ord_id] = durable_at
        fault_point("orders.submit.before_send")
        try:
            broker.submit(cl_ord_id, venue_terms(order.terms, broker.capabilities))
        except NotConnected as error:
            self._not_sent(cl_ord_id, str(error))
            return False
        except BrokerError as error:
            now = self._c.clock.now_ns()
            unknown = OutcomeUnknown(cl_ord_id=cl_ord_id, ts=now, request=RequestKind.SUBMIT, cause=str(error))
            self._c.recorder.record([unknown], causation=cl_ord_id)
        fault_point("orders.submit.after_send")
        return True

    def _obstacle(self, order: OrderState, epoch: int, risk_class: RiskClass) -> str:
        """Return what forbids sending now, "" when nothing does: the world may have changed while it waited."""
        c = self._c
        if c.journal.epoch != epoch:
            return "another writer owns this home"
        if risk_class is _REDUCE:
            return ""
        kill = c.state.controls.kill_of(order.terms, order.strategy_id)
        if kill is not None:
            return f"kill switch: {kill.reason or kill.scope}"
        if c.locked(order.terms.account):
            return f"account {order.terms.account} was locked"
        return ""

    def _withdrawn(self, cl_ord_id: str) -> None:
        """End an order whose cancel came before its bytes left: cancelled by who asked, no refusal of anybody."""
        now, why = self._c.clock.now_ns(), "cancelled before it was sent: the venue never saw it"
        fault_point("orders.submit.withdrawn")
        cancelled = OrderCancelled(cl_ord_id=cl_ord_id, ts=now, reason=why, unsent=True)
        self._c.recorder.record([cancelled], causation=cl_ord_id)

    def _not_sent(self, cl_ord_id: str, why: str) -> None:
        rejected = OrderRejected(cl_ord_id=cl_ord_id, ts=self._c.clock.now_ns(), code=NOT_SENT, text=why)
        fault_point("orders.submit.not_sent")
        self._c.recorder.record([rejected], causation=cl_ord_id)


def _stored_kind(denial: RuleResult) -> DenialKind:
    return denial.kind if denial.kind in DENIALS else DenialKind.RISK
