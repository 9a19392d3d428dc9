"""Amendment: new terms for a live order, or for one that still waits here.

Order walk, the way down. Old terms stay in force until the venue's word; the gate judges the new ones first, and the
bytes wait for the disk like those of a new order. Side, type, symbol and account cannot change. How a trail goes on
after a change is `domain.trailing`'s rule: by whoever watches it, this program or the venue.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from workstation.domain.errors import BrokerError, NotConnected, NotFound, StateConflict, ValidationError
from workstation.domain.events import (
    Event,
    OrderChanged,
    OrderHandedOver,
    OrderNoted,
    OutcomeUnknown,
    ReplaceDenied,
    ReplaceRejected,
    ReplaceRequested,
)
from workstation.domain.orders import (
    OrderState,
    OrderTerms,
    OrdStatus,
    Origin,
    ReplaceOrder,
    RequestKind,
    Residence,
    RiskClass,
    Trail,
)
from workstation.domain.trailing import begins_elsewhere, retrailed_terms
from workstation.domain.verdicts import RuleResult
from workstation.kernel.fault_points import fault_point
from workstation.orders.context import DeskContext
from workstation.orders.effects import resized
from workstation.orders.pacing import Urgency
from workstation.orders.recorder import Attach
from workstation.orders.reports import BY_SYSTEM, NOT_SENT
from workstation.orders.results import ChangeResult, refusal, unheld
from workstation.orders.routing import venue_terms
from workstation.orders.validation import unsupported
from workstation.ports.broker import CapabilityCard, ReplaceKind
from workstation.risk.validity import trail_fault

_S = OrdStatus
CHANGEABLE = ("NEW", "SUBMITTED", "ROUTED", "PARTIALLY_FILLED")
"""States in which terms may be changed."""

DENIED_KEPT_MAX = 1_024
"""Orders of which the desk's own last refused change is remembered."""

_FIELDS = ("order_qty", "price", "stop_px", "time_in_force", "expire_time")


class Amendment:
    """Changes of live orders."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context
        self._denied: dict[str, tuple[OrderTerms, str]] = {}
        self._awaiting: dict[str, int] = {}

    def replace(self, command: ReplaceOrder, *, attach: Attach | None = None) -> ChangeResult:
        """Ask for new terms; in NEW they are in force at once, at a venue after its word.

        Raises:
            NotFound: no such order.
            StateConflict: its state forbids a change, or it is no longer at the version that the caller saw.
            ValidationError: the new terms are wrong in themselves.
        """
        order = self._c.book.get(command.cl_ord_id)
        if order is None:
            raise NotFound("order", command.cl_ord_id)
        if order.status not in CHANGEABLE:
            raise StateConflict(f"order is {order.status}", state=order.status, allowed=CHANGEABLE)
        check_version(order, command)
        terms = changed_terms(order.terms, command)
        if terms.order_qty < order.cum_qty:
            raise ValidationError("quantity", "is below what has filled", allowed=f"at least {order.cum_qty}")
        begun = trail_refusal(order, terms)
        if begun is not None:
            return self.deny(order, terms, command.origin, begun, attach)
        return self.amend(order, self._watched_terms(order, terms), command.origin, attach=attach)

    def _watched_terms(self, order: OrderState, terms: OrderTerms) -> OrderTerms:
        """Return new terms of an order that is watched here and trails with the trigger of their distance."""
        instrument, trail = self._c.instruments[terms.symbol], terms.trail
        if order.residence is not Residence.PROGRAM or trail is None or trail.activation_px is not None:
            return terms
        return terms if trail_fault(trail, instrument) else retrailed_terms(order.terms, terms, instrument)

    def annotate(
        self, cl_ord_id: str, origin: Origin, notes: str, metadata: dict[str, str], *, attach: Attach | None = None
    ) -> ChangeResult:
        """Set notes and metadata, which no venue sees; in any state that is not final.

        Raises:
            NotFound: no such order.
            StateConflict: it has ended.
        """
        order = self._c.book.get(cl_ord_id)
        if order is None:
            raise NotFound("order", cl_ord_id)
        if order.status.is_final:
            raise StateConflict(f"order is {order.status}", state=order.status, allowed=("open",))
        if (notes, metadata) == (order.notes, order.metadata):
            return ChangeResult(order=order)
        noted = OrderNoted(cl_ord_id=cl_ord_id, ts=self._c.clock.now_ns(), notes=notes, metadata=metadata)
        seq = self._record(order, noted, origin, attach)
        return ChangeResult(order=self._c.book.get(cl_ord_id), seq=seq)

    def amend(
        self, order: OrderState, terms: OrderTerms, origin: Origin, *, attach: Attach | None = None, why: str = ""
    ) -> ChangeResult:
        """Bring `terms` into force for an order in a changeable state, through the gate."""
        if terms == order.terms:
            return ChangeResult(order=order)
        c = self._c
        instrument = c.instruments[terms.symbol]
        broker = c.routes.broker(terms.account)
        card = None if broker is None else broker.capabilities
        denial = unsupported(terms, instrument, card, now_ns=c.clock.now_ns())
        asked = c.intent(
            terms, origin, strategy_id=order.strategy_id, cl_ord_id=order.cl_ord_id, link=order.link, replaces=order
        )
        waits = order.status is _S.NEW and order.link is not None and order.link.parent != ""
        verdict = c.gate.check(asked)
        objection = None if order.is_held and verdict.hold is not None else unheld(verdict.denial)
        if not waits:
            denial = denial or objection or c.storage_refusal(verdict.risk_class)
        if denial is None and order.status is not _S.NEW:
            denial = self._unsendable(order, verdict.risk_class)
        if denial is not None:
            return self.deny(order, terms, origin, denial, attach)
        if order.status is _S.NEW:
            return self._in_place(order, terms, origin, why, attach)
        if verdict.qty < terms.order_qty:
            terms = resized(terms, verdict.qty)
        if terms == order.terms:
            text = f"Refused: nothing would change; what live exits leave of the position caps it at {verdict.qty}."
            return ChangeResult(order=order, denial=refusal("NOTHING_TO_REDUCE", text))
        now = c.clock.now_ns()
        seen = c.see(terms, order.cl_ord_id, order.link)
        requested = ReplaceRequested(
            cl_ord_id=order.cl_ord_id, ts=now, terms=terms, origin=origin, verdict=verdict, seen=seen
        )
        fault_point("orders.replace.before_record")
        used = c.state.controls.overrides.used(verdict.overrides, order.uid, now)
        seq = self._record(order, requested, origin, attach, before=used)
        fault_point("orders.replace.after_record")
        c.gate.count(asked)
        self._awaiting[order.cl_ord_id] = seq
        c.journal_wait.begin(seq)
        c.journal.when_durable(seq, partial(self._on_durable, requested, seq, c.journal.epoch, verdict.risk_class))
        return ChangeResult(order=c.book.get(order.cl_ord_id), seq=seq)

    def waits_for_disk(self, cl_ord_id: str) -> bool:
        """Tell whether the change that an order's state waits for is not known to be durable, so that none has left."""
        return cl_ord_id in self._awaiting

    def objection(self, order: OrderState, terms: OrderTerms, origin: Origin) -> RuleResult | None:
        """Return what stands against new terms of a live order now, before they could be sent; None for nothing."""
        c = self._c
        broker = c.routes.broker(terms.account)
        card = None if broker is None else broker.capabilities
        asked = c.intent(
            terms, origin, strategy_id=order.strategy_id, cl_ord_id=order.cl_ord_id, link=order.link, replaces=order
        )
        verdict = c.gate.check(asked)
        denial = unsupported(terms, c.instruments[terms.symbol], card, now_ns=c.clock.now_ns())
        denial = denial or trail_refusal(order, terms)
        return denial or unheld(verdict.denial) or c.storage_refusal(verdict.risk_class)

    def deny(
        self, order: OrderState, terms: OrderTerms, origin: Origin, denial: RuleResult, attach: Attach | None
    ) -> ChangeResult:
        """Journal the refusal of a change; the order stays as it is. What the desk asks by itself is told once."""
        if origin is BY_SYSTEM:
            if self._denied.get(order.cl_ord_id) == (terms, denial.code):
                return ChangeResult(order=order, denial=denial)
            if len(self._denied) >= DENIED_KEPT_MAX:
                del self._denied[next(iter(self._denied))]
            self._denied[order.cl_ord_id] = (terms, denial.code)
        now = self._c.clock.now_ns()
        denied = ReplaceDenied(cl_ord_id=order.cl_ord_id, ts=now, terms=terms, origin=origin, rule=denial)
        if self._c.storage_refusal(RiskClass.INCREASE) is not None:
            self._c.bus.publish(denied)  # the journal has no room for refusals now; nothing else changes
            return ChangeResult(order=order, denial=denial)
        fault_point("orders.replace.denied")
        return ChangeResult(order=order, denial=denial, seq=self._record(order, denied, origin, attach))

    def _unsendable(self, order: OrderState, risk_class: RiskClass) -> RuleResult | None:
        broker = self._c.routes.broker(order.terms.account)
        if broker is not None and broker.capabilities.replace is ReplaceKind.NONE:
            return refusal(
                "UNSUPPORTED_ORDER", f"Refused: {broker.venue} cannot change a live order; cancel it instead."
            )
        c, account = self._c, order.terms.account
        refused = c.session_refusal(account) or c.journal_wait.refusal(risk_class)
        return refused or c.pacing.refusal(account, risk_class)

    def _in_place(
        self, order: OrderState, terms: OrderTerms, origin: Origin, why: str, attach: Attach | None
    ) -> ChangeResult:
        now = self._c.clock.now_ns()
        changed = OrderChanged(cl_ord_id=order.cl_ord_id, ts=now, terms=terms, reason=why)
        seq = self._record(order, changed, origin, attach)
        return ChangeResult(order=self._c.book.get(order.cl_ord_id), seq=seq)

    def _record(
        self, order: OrderState, event: Event, origin: Origin, attach: Attach | None, *, before: Sequence[Event] = ()
    ) -> int:
        if isinstance(event, ReplaceRequested | OrderChanged) and _is_taken(order, origin):
            handed = OrderHandedOver(cl_ord_id=order.cl_ord_id, ts=event.ts, owner=origin.user, origin=origin)
            before = (*before, handed)
        return self._c.recorder.record(
            [*before, event], actor=origin.actor, correlation=order.uid, causation=order.cl_ord_id, attach=attach
        )

    def _on_durable(
        self, requested: ReplaceRequested, seq: int, epoch: int, risk_class: RiskClass, durable: bool
    ) -> None:
        """Send this very request; while the disk was slow it may have been settled, and another one made since."""
        fault_point("orders.replace.durable")
        c, cl_ord_id = self._c, requested.cl_ord_id
        late = c.journal_wait.end(seq, risk_class)
        if self._awaiting.get(cl_ord_id) == seq:
            del self._awaiting[cl_ord_id]
        order = c.book.get(cl_ord_id)
        if order is None or order.status is not _S.PENDING_REPLACE or order.pending_terms is not requested.terms:
            return
        if not durable:
            self._refuse(cl_ord_id, f"the journal could not store it: {c.journal.trouble or 'not durable'}")
            return
        if late:
            self._refuse(cl_ord_id, late)
            return
        urgency = Urgency.REDUCE if risk_class is RiskClass.REDUCE else Urgency.AMEND
        c.pacing.send(order.terms.account, urgency, cl_ord_id, partial(self._send, requested, epoch, risk_class))

    def _send(self, requested: ReplaceRequested, epoch: int, risk_class: RiskClass, why_not: str) -> bool:
        """Send a durable request unless something forbids it by now; True when its bytes may have left."""
        c, cl_ord_id = self._c, requested.cl_ord_id
        order = c.book.get(cl_ord_id)
        if order is None or order.status is not _S.PENDING_REPLACE or order.pending_terms is not requested.terms:
            return False
        obstacle = self._obstacle(order, epoch, risk_class) or why_not
        broker = c.routes.live(order.terms.account)
        if obstacle or broker is None:
            self._refuse(cl_ord_id, obstacle or "no session with the venue")
            return False
        fault_point("orders.replace.before_send")
        try:
            broker.replace(cl_ord_id, order.order_id, _as_asked(order, order.pending_terms, broker.capabilities))
        except NotConnected as error:
            self._refuse(cl_ord_id, str(error))
            return False
        except BrokerError as error:
            now = c.clock.now_ns()
            unknown = OutcomeUnknown(cl_ord_id=cl_ord_id, ts=now, request=RequestKind.REPLACE, cause=str(error))
            c.recorder.record([unknown], causation=cl_ord_id)
        fault_point("orders.replace.after_send")
        return True

    def _obstacle(self, order: OrderState, epoch: int, risk_class: RiskClass) -> str:
        c = self._c
        if c.journal.epoch != epoch:
            return "another writer owns this home"
        if risk_class is RiskClass.REDUCE:
            return ""
        kill = c.state.controls.kill_of(order.terms, order.strategy_id)
        if kill is not None:
            return f"kill switch: {kill.reason or kill.scope}"
        return f"account {order.terms.account} was locked" if c.locked(order.terms.account) else ""

    def _refuse(self, cl_ord_id: str, why: str) -> None:
        now = self._c.clock.now_ns()
        fault_point("orders.replace.not_sent")
        refused = ReplaceRejected(cl_ord_id=cl_ord_id, ts=now, code=NOT_SENT, text=why)
        self._c.recorder.record([refused], causation=cl_ord_id)


def check_version(order: OrderState, command: ReplaceOrder) -> None:
    """Refuse a change that was asked for on a screen which is older than the order.

    Raises:
        StateConflict: the order has changed since; `allowed` names the version that it has now.
    """
    if command.version is not None and command.version != order.version:
        text = f"order is at version {order.version}, not {command.version}"
        raise StateConflict(text, state=order.status, allowed=(str(order.version),))


def changed_terms(terms: OrderTerms, command: ReplaceOrder) -> OrderTerms:
    """Return the terms with every field that the command gives."""
    changes: dict[str, Any] = {name: value for name in _FIELDS if (value := getattr(command, name)) is not None}
    if command.trail is not None or command.activation_px is not None:
        changes["trail"] = _changed_trail(terms.trail, command)
    after = replace(terms, **changes)
    return resized(after, after.order_qty)


def trail_refusal(order: OrderState, terms: OrderTerms) -> RuleResult | None:
    """Return why a trail cannot begin elsewhere: by what is known here it has begun; None where nothing forbids it."""
    old = order.pending_terms or order.terms
    if not begins_elsewhere(old, terms) or order.is_held or (old.trail and old.trail.activation_px is not None):
        return None
    text = "Refused: it trails already, so that no activation price can be set; its distance can be changed."
    return refusal("ACTIVATION_PASSED", text)


def _changed_trail(old: Trail | None, command: ReplaceOrder) -> Trail | None:
    """Return the distance that a change gives, else the old one, from the activation price that it gives, else the old.

    Raises:
        ValidationError: an activation price for what does not trail.
    """
    trail = command.trail or old
    if trail is None:
        raise ValidationError("activation", "is a trailing stop's")
    begins = trail.activation_px if old is None else old.activation_px
    return replace(trail, activation_px=begins if command.activation_px is None else command.activation_px)


def _as_asked(order: OrderState, terms: OrderTerms, card: CapabilityCard) -> OrderTerms:
    """Return the terms that the venue is asked for; what a trail moves itself there, only where a change names it.

    What is known here of trigger and limit may be older than the venue's, and would take them back.
    """
    if terms.trail is not None:
        stop_px = None if terms.stop_px == order.terms.stop_px else terms.stop_px
        terms = replace(terms, stop_px=stop_px, price=None if terms.price == order.terms.price else terms.price)
    return venue_terms(terms, card)


def _is_taken(order: OrderState, origin: Origin) -> bool:
    """Tell whether a change makes an order of a strategy's run the person's who asks for it."""
    return order.strategy_id != "" and origin.kind.is_hand and order.taken_by != origin.user
