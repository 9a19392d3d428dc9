"""Events as scripts read them: one journal line becomes the events of the contract, each in a CloudEvents envelope.

What holds. An event's id is `seq * 8 + place`: the journal's own sequence, so that ids rise strictly, outlive restarts
and are the same at every reading. A fill is one line and several events, in this order: `execution.created`, the order
events that it caused, `position.updated`. Types of order events come from the order's stored transitions of that
moment. `data` is the resource as committed when the event is read: at least as new as the event, so a reader that lags
sees the newest order with the older event's type; `row_version` tells. `changed` names what that kind of event changes.
Hints (`OrderSent`) are no events.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from workstation.api.credentials import Credential, tenant_uid
from workstation.api.names import Names
from workstation.api.record_events import RECORD_TYPES
from workstation.api.schemas.executions import execution_body, traces_of
from workstation.api.schemas.order_bodies import order_body
from workstation.api.schemas.pnl import pnl_body
from workstation.api.schemas.positions import position_body, position_id
from workstation.api.schemas.risk import kill_switch_body
from workstation.api.schemas.run_rows import signal_body
from workstation.api.schemas.values import time_text
from workstation.domain import events as happened
from workstation.domain.orders import OrderState, OrdStatus
from workstation.domain.records import LOCAL_TENANT, PnlSnapshot
from workstation.domain.strategy_rows import StrategySignal
from workstation.domain.verdicts import DenialKind
from workstation.kernel.ids import stable_uid
from workstation.ports.deliveries import EVENTS_PER_LINE
from workstation.ports.store import JournalLine, OrderTransition, PositionQuery, Reader
from workstation.risk.limits import limit_id

_TRACE = re.compile(r"[0-9a-f]{32}")
SOURCE = "workstation/engine"
_SCOPES = {"order": "orders:view", "execution": "orders:view", "position": "positions:view", "account": "brokers:view"}

_TRIGGERS: Mapping[str, frozenset[str]] = {
    "OrderCreated": frozenset({"create"}),
    "OrderDenied": frozenset({"deny_compliance", "deny_risk", "deny_funds"}),
    "OrderHeld": frozenset({"change"}),
    "OrderIntended": frozenset({"send"}),
    "OrderAccepted": frozenset({"accept"}),
    "OrderRouted": frozenset({"route"}),
    "OrderRejected": frozenset({"reject"}),
    "OrderFilled": frozenset({"fill_part", "fill_all"}),
    "CancelRequested": frozenset({"request_cancel"}),
    "OrderCancelled": frozenset({"cancel"}),
    "CancelRejected": frozenset({"refuse_cancel"}),
    "ReplaceRequested": frozenset({"request_replace"}),
    "OrderChanged": frozenset({"change"}),
    "OrderReplaced": frozenset({"replace", "replace_to_filled", "replace_by_new"}),
    "ReplaceRejected": frozenset({"refuse_replace"}),
    "OrderExpired": frozenset({"expire"}),
}
"""Triggers of the life cycle that each kind of line may pull."""

_CHANGED: Mapping[str, tuple[str, ...]] = {
    "OrderAccepted": ("state", "submitted_at", "broker_order_id"),
    "OrderFilled": ("state", "filled_quantity", "average_price", "commission", "remaining_quantity"),
    "CancelRequested": ("state", "cancel_requested_at"),
    "CancelWithdrawn": ("cancel_requested_at",),
    "OrderCancelled": ("state", "cancelled_at"),
    "ReplaceRequested": ("state", "pending_changes"),
    "OrderReplaced": ("state", "quantity", "price", "stop_price", "pending_changes"),
    "OrderChanged": ("quantity", "price", "stop_price", "trailing_percent", "time_in_force", "expire_at"),
    "OrderNoted": ("notes", "metadata"),
    "OrderHandedOver": ("taken_over_by",),
    "OutcomeUnknown": ("needs_reconcile", "unknown_outcome"),
    "OutcomeResolved": ("needs_reconcile", "unknown_outcome"),
    "OrderHeld": ("held_for", "held_reason"),
    "OrderWaits": ("held_reason",),
    "ReplaceQueued": ("held_reason",),
    "ReplaceDropped": ("held_reason",),
    "OrderDenied": ("state", "reject_code", "reject_reason"),
    "OrderRejected": ("state", "reject_code", "reject_reason"),
    "OrderTriggered": ("stop_price",),
    "StopTrailed": ("stop_price",),
}
_SILENT = (happened.OrderSent, happened.AuditNoted, happened.AnswerKept)


@dataclass(frozen=True)
class Envelope:
    """One event, encoded once for all who read it, with what filters look at.

    time: UTC ns. target: id of the webhook that it calls, whatever that one asked for.
    """

    id: int
    type: str
    time: int
    resource_type: str
    resource_id: str
    account: str
    symbol: str
    body: bytes
    tenant: str = LOCAL_TENANT
    own_scope: str = ""
    owner: str = ""
    target: str = ""

    def is_for(self, credential: Credential) -> bool:
        """Tell whether a caller may know of it: his tenant, his scopes, and his own where it is one person's."""
        return (
            self.tenant == credential.tenant and self.scope in credential.scopes and self.owner in ("", credential.user)
        )

    @property
    def scope(self) -> str:
        """Scope that a caller needs to see it."""
        return self.own_scope or _SCOPES.get(
            self.resource_type, "risk:view" if self.type.startswith("risk.") else "events:view"
        )


@dataclass
class _Draft:
    type: str
    resource_type: str
    resource_id: str
    data: dict[str, Any]
    account: str = ""
    symbol: str = ""
    tenant: str = LOCAL_TENANT
    own_scope: str = ""
    owner: str = ""
    target: str = ""


@dataclass
class _Seen:
    """What was read for one batch of lines, so that an order is read once however many of its events are in it."""

    orders: dict[str, OrderState | None] = field(default_factory=dict)
    transitions: dict[str, tuple[OrderTransition, ...]] = field(default_factory=dict)


class Envelopes:
    """Turns journal lines into events; reads what the lines do not hold. Any reading thread."""

    def __init__(self, reader: Reader, names: Names) -> None:
        self._reader, self._names = reader, names

    def of_lines(self, lines: tuple[JournalLine, ...]) -> list[Envelope]:
        """Return the events of lines, in order."""
        seen = _Seen()
        return [envelope for line in lines for envelope in self._of_line(line, seen)]

    def _of_line(self, line: JournalLine, seen: _Seen) -> list[Envelope]:
        event = happened.decode_event(line.payload)
        drafts = self._drafts(event, line, seen)[:EVENTS_PER_LINE]
        trace = self._trace(event, line, seen) if drafts else None
        first = line.seq * EVENTS_PER_LINE
        return [_seal(first + place, event.ts, trace, draft) for place, draft in enumerate(drafts)]

    def _trace(self, event: happened.Event, line: JournalLine, seen: _Seen) -> str | None:
        """Return the trace of the call behind an event: its own, else that of the order's last request before it."""
        own = happened.trace_of(event)
        if not isinstance(event, happened.OrderEvent):
            return own or (line.correlation if _TRACE.fullmatch(line.correlation) else None)
        if own is not None or isinstance(event, happened.OrderNoted):
            return own or None
        before = [row for row in self._history(event.cl_ord_id, seen) if row.ts <= event.ts]
        return traces_of(before)[-1] if before else None

    def _history(self, cl_ord_id: str, seen: _Seen) -> tuple[OrderTransition, ...]:
        if cl_ord_id not in seen.transitions:
            seen.transitions[cl_ord_id] = self._reader.transitions(cl_ord_id)
        return seen.transitions[cl_ord_id]

    def _drafts(self, event: happened.Event, line: JournalLine, seen: _Seen) -> list[_Draft]:
        if isinstance(event, _SILENT):
            return []
        if isinstance(event, happened.OrderEvent):
            return self._order_drafts(event, line, seen)
        if isinstance(event, happened.RecordSaved):
            return [self._day(event, event.record)] if isinstance(event.record, PnlSnapshot) else _of_record(event)
        if isinstance(event, happened.KillChanged):
            return [self._kill(event)]
        if isinstance(event, happened.RunNoted):
            return [self._signal(signal) for signal in event.signals]
        if isinstance(event, happened.AlertFired):
            return [_alert(event, self._names)]
        return [_plain(event, self._names)]

    def _order_drafts(self, event: happened.OrderEvent, line: JournalLine, seen: _Seen) -> list[_Draft]:
        cl_ord_id = event.cl_ord_id
        if cl_ord_id not in seen.orders:
            seen.orders[cl_ord_id] = self._reader.order_by_client_id(cl_ord_id)
        order = seen.orders[cl_ord_id]
        if order is None:
            return [_refusal(event)] if isinstance(event, happened.OrderDenied) else []
        if isinstance(event, happened.ReplaceDenied):
            return [_refusal(event)]
        types = self._types(event, line.kind, order, seen)
        body = order_body(order, self._names) | {"changed": _changed(event, line.kind)}
        if isinstance(event, happened.OrderHandedOver):
            body["taken_over_by"] = event.owner or None  # as of then: it may have changed hands again since
        account, symbol = self._names.account_uid(order.terms.account), order.terms.symbol
        drafts = [_Draft(name, "order", order.uid, body, account, symbol) for name in types]
        if isinstance(event, happened.OrderFilled):
            execution = execution_body(event.execution, self._names) | {"changed": []}
            drafts.insert(0, _Draft("execution.created", "execution", event.execution.uid, execution, account, symbol))
            drafts += self._position(order, account)
        if isinstance(event, happened.OrderDenied) and event.rule.kind in _TOLD_KINDS:
            drafts.append(_refusal(event, order.uid))
        return drafts

    def _types(self, event: happened.OrderEvent, kind: str, order: OrderState, seen: _Seen) -> list[str]:
        """Return the types of an order event: one for each state that the line entered, else what else it did."""
        triggers = _TRIGGERS.get(kind, frozenset())
        history = self._history(order.cl_ord_id, seen) if triggers else ()
        entered = [row for row in history if row.ts == event.ts and row.trigger in triggers]
        if entered:
            return [_type_of(row) for row in entered]
        if isinstance(event, happened.OrderFilled):
            return ["order.late_fill"]
        return ["order.needs_reconcile"] if isinstance(event, happened.OutcomeUnknown) else ["order.updated"]

    def _position(self, order: OrderState, account: str) -> list[_Draft]:
        terms = order.terms
        page = self._reader.positions(PositionQuery(account=terms.account, symbol=terms.symbol, with_count=False))
        return [
            _Draft(
                "position.updated",
                "position",
                position_id(terms.account, terms.symbol),
                position_body(row, None, self._names) | {"changed": ["quantity", "average_cost", "realized_pnl"]},
                account,
                terms.symbol,
            )
            for row in page.rows[:1]
        ]

    def _kill(self, event: happened.KillChanged) -> _Draft:
        state = event.state
        body = kill_switch_body(state, self._names, cancels_sent=0, unconfirmed=[]) | {"changed": ["is_on"]}
        del body["cancels_sent"], body["cancels_unconfirmed"]
        return _Draft(f"risk.kill_switch.{'on' if state.on else 'off'}", "kill_switch", body["id"], body)

    def _signal(self, signal: StrategySignal) -> _Draft:
        """Return the event of an opinion that a run has told."""
        body = signal_body(signal, self._names) | {"changed": []}
        draft = _Draft("strategy.signal", "signal", signal.id, body, symbol=signal.symbol)
        draft.tenant, draft.own_scope = signal.tenant, "strategies:view"
        return draft

    def _day(self, event: happened.RecordSaved, record: PnlSnapshot) -> _Draft:
        """Return the event of a P&L snapshot, taken for the first time or anew."""
        body = pnl_body(record, self._names) | {"changed": list(event.changed)}
        account = self._names.account_uid(record.account)
        draft = _Draft("pnl.snapshot.created", "pnl_snapshot", record.id, body, account)
        draft.tenant, draft.own_scope = record.tenant, "pnl:view"
        return draft


def _changed(event: happened.OrderEvent, kind: str) -> list[str]:
    """Return the fields of an order that a line changed."""
    moved = isinstance(event, happened.StopTrailed) and event.price is not msgspec.UNSET
    return [*_CHANGED.get(kind, ("state",)), *(("price",) if moved else ())]


def _seal(number: int, ts: int, trace: str | None, draft: _Draft) -> Envelope:
    envelope = {
        "specversion": "1.0",
        "id": str(number),
        "source": SOURCE,
        "type": draft.type,
        "time": time_text(ts),
        "subject": f"{draft.resource_type}/{draft.resource_id}",
        "datacontenttype": "application/json",
        "dataversion": "1",
        "sequence": number,
        "tenantid": tenant_uid(draft.tenant),
        "traceid": trace,
        "data": draft.data,
    }
    return Envelope(
        number,
        draft.type,
        ts,
        draft.resource_type,
        draft.resource_id,
        draft.account,
        draft.symbol,
        msgspec.json.encode(envelope),
        draft.tenant,
        draft.own_scope,
        draft.owner,
        draft.target,
    )


def _alert(event: happened.AlertFired, names: Names) -> _Draft:
    """Return the event of an alert's firing, which calls the webhook that the alert names."""
    account = names.account_uid(event.account) if event.account else ""
    data: dict[str, Any] = {
        "alert_id": event.alert,
        "name": event.name,
        "instrument_symbol": event.symbol,
        "broker_account_id": account or None,
        "condition": event.condition or None,
        "order_event": event.event or None,
        "message": event.text,
        "fired_count": event.count,
        "changed": [],
    }
    draft = _Draft("alert.fired", "alert", event.alert, data, account, event.symbol)
    draft.target = event.webhook
    return draft


def _of_record(event: happened.RecordSaved) -> list[_Draft]:
    """Return the event of a record's save, none for a kind that is silent."""
    record, told = event.record, RECORD_TYPES.get(type(event.record))
    name = "" if told is None else told.type_of(event)
    if told is None or not name:
        return []
    data = told.body(record) | {"changed": list(event.changed)}
    draft = _Draft(name, told.resource_type, record.id, data)
    draft.tenant, draft.own_scope, draft.owner = record.tenant, told.scope, told.owner(record)
    return [draft]


def _type_of(row: OrderTransition) -> str:
    if row.from_status is None:
        return "order.created"
    if row.to_status is OrdStatus.NEW:
        return "order.updated"
    return f"order.{row.to_status.lower()}"


def _refusal(event: happened.OrderDenied | happened.ReplaceDenied, order_id: str | None = None) -> _Draft:
    """Return the event of a refusal by risk or compliance. order_id: of the order that stands refused, if one does."""
    rule = event.rule
    data: dict[str, Any] = {"client_order_id": event.cl_ord_id, "order_id": order_id}
    data |= {"limit_type": rule.code, "message": rule.text, "changed": []}
    name = "compliance.blocked" if rule.kind is DenialKind.COMPLIANCE else "risk.breached"
    return _Draft(name, "limit", rule.limit_id or limit_id(rule.code), data)


_PLAIN: Mapping[str, tuple[str, str]] = {
    "LockChanged": ("account.updated", "account"),
    "AccountOpened": ("account.updated", "account"),
    "CashAdjusted": ("account.updated", "account"),
    "TradingDayRolled": ("account.updated", "account"),
    "LimitChanged": ("risk.limit.changed", "limit"),
    "ArmChanged": ("system.arm.changed", "system"),
    "SplitApplied": ("position.updated", "instrument"),
    "SessionChanged": ("broker.error", "broker"),
    "BreakFound": ("system.reconcile_break", "account"),
    "EngineStarted": ("system.started", "system"),
    "InvariantViolated": ("system.invariant_violation", "system"),
}
_ANY_LINE = "system.event"
_TOLD_KINDS = frozenset({DenialKind.COMPLIANCE, DenialKind.RISK})
_SESSIONS = {"UP": "broker.connected", "DOWN": "broker.disconnected", "MAINTENANCE": "broker.disconnected"}

LINE_TYPES = frozenset(
    {
        *("order.created", "order.updated", "order.late_fill", "order.needs_reconcile"),
        *(f"order.{status.lower()}" for status in OrdStatus if status is not OrdStatus.NEW),
        *("execution.created", "position.updated", "pnl.snapshot.created", "strategy.signal", "alert.fired"),
        *("risk.kill_switch.on", "risk.kill_switch.off", "risk.breached", "compliance.blocked"),
        *("broker.reconnected", *_SESSIONS.values()),
        *(name for name, _ in _PLAIN.values()),
        _ANY_LINE,
    }
)
"""Every type that an event of a line can have, those of records apart."""


def _plain(event: happened.Event, names: Names) -> _Draft:
    """Return the event of a line that concerns no order: its own fields, without amounts on the core's scale."""
    kind = type(event).__name__
    name, resource = _PLAIN.get(kind, (_ANY_LINE, "system"))
    if isinstance(event, happened.SessionChanged):
        name = "broker.reconnected" if event.again else _SESSIONS.get(event.state, name)
        return _Draft(name, resource, event.venue, {"state": event.state, "reason": event.reason, "changed": ["state"]})
    account = event.account.account if isinstance(event, happened.AccountOpened) else getattr(event, "account", "")
    uid = names.account_uid(account) if account else ""
    symbol = getattr(event, "symbol", "")
    data = {
        field_name: value
        for field_name in ("reason", "state", "limit", "old", "new", "scope", "key", "armed", "environment", "day",
                           "kind", "resolution", "version", "where", "text", "currency")
        if isinstance(value := getattr(event, field_name, None), str | bool)
    }  # fmt: skip
    data |= {"broker_account_id": uid} if uid else {}
    data |= {"instrument_symbol": symbol} if symbol else {}
    return _Draft(name, resource, uid or symbol or stable_uid(resource, kind), {**data, "changed": []}, uid, symbol)
