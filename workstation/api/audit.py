"""The audit trail of one write call: its entry goes into the transaction of its effect, or alone when there was none.

Every write call that reached authorisation leaves exactly one entry, refused ones included; a call whose shape is
wrong, a replayed answer and a preview leave none. Values are redacted here, before they travel. The trail of the call
that runs is found by the engine's door, so that no route has to pass it on.
"""

import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import msgspec

from workstation.api.credentials import Credential, CredentialKind, tenant_uid, user_id
from workstation.api.errors import ApiError
from workstation.commands.registry import Attach
from workstation.domain.audit import ActorKind, AuditAction, AuditEntry, AuditOutcome
from workstation.domain.events import Event, KillChanged, OrderDenied, RecordSaved
from workstation.domain.orders import OrderState
from workstation.domain.records import LOCAL_TENANT, Record, kind_of
from workstation.ports.store import Row

VALUES_BYTES_MAX = 16 * 1024
"""Larger values are left out; the journal has the change itself."""

USER_AGENT_MAX = 500
REDACTED = "[redacted]"
_SECRET_WORDS = ("password", "secret", "token", "totp", "hash", "credentials", "signature")
_OF_STORAGE = {"tenant", "deleted_at", "row_version", "created_at", "updated_at", "type", "id"}

_ACTIONS: Mapping[tuple[str, str], AuditAction | None] = {
    ("POST", "/oms/orders/preview"): None,
    ("POST", "/oms/orders"): AuditAction.ORDER_PLACE,
    ("POST", "/oms/orders/bulk"): AuditAction.ORDER_PLACE,
    ("POST", "/oms/orders/bulk/cancel"): AuditAction.ORDER_CANCEL,
    ("POST", "/oms/orders/{order_id}/cancel"): AuditAction.ORDER_CANCEL,
    ("DELETE", "/oms/orders/{order_id}"): AuditAction.ORDER_CANCEL,
    ("POST", "/oms/orders/{order_id}/modify"): AuditAction.ORDER_MODIFY,
    ("PUT", "/oms/orders/{order_id}"): AuditAction.ORDER_MODIFY,
    ("PATCH", "/oms/orders/{order_id}"): AuditAction.ORDER_MODIFY,
    ("POST", "/risk/kill-switch"): AuditAction.KILL_SWITCH,
    ("POST", "/risk/kill-switch/release"): AuditAction.KILL_SWITCH,
    ("POST", "/risk/override"): AuditAction.RISK_OVERRIDE,
    ("POST", "/auth/login"): AuditAction.LOGIN,
    ("POST", "/auth/logout"): AuditAction.LOGOUT,
    ("POST", "/auth/refresh"): AuditAction.API_CALL,
    ("POST", "/commands/{command_id}"): AuditAction.API_CALL,
    ("PUT", "/system/config/{key}"): AuditAction.CONFIG_CHANGE,
    ("PATCH", "/system/config/{key}"): AuditAction.CONFIG_CHANGE,
    ("POST", "/webhooks/in"): AuditAction.WEBHOOK,
    ("POST", "/webhooks/in/marketdata"): AuditAction.WEBHOOK,
}
"""What a call asks for where its method alone does not say; None: it writes nothing."""

_METHODS = {
    "POST": AuditAction.CREATE,
    "PUT": AuditAction.UPDATE,
    "PATCH": AuditAction.UPDATE,
    "DELETE": AuditAction.DELETE,
}
_VERBS = {"connect": AuditAction.BROKER_CONNECT, "disconnect": AuditAction.BROKER_DISCONNECT}
_ACTORS = {
    CredentialKind.LOCAL: ActorKind.LOCAL,
    CredentialKind.API_KEY: ActorKind.API_KEY,
    CredentialKind.SESSION: ActorKind.USER,
}

running: ContextVar["AuditTrail | None"] = ContextVar("running", default=None)
"""The trail of the call that runs in this task."""


def action_of(method: str, path: str) -> AuditAction | None:
    """Return what a call on a path template asks for, None for one that writes nothing."""
    if (method, path) in _ACTIONS:
        return _ACTIONS[method, path]
    return _VERBS.get(path.rpartition("/")[2]) or _METHODS.get(method)


def resource_of(path: str) -> str:
    """Return the type of what a path template is about: its last collection in the singular, else its first part."""
    literal = [part for part in path.strip("/").split("/") if not part.startswith("{")]
    collections = [part for part in literal if part.endswith("s") and part != "oms"]
    found = collections[-1][:-1] if collections else literal[min(1, len(literal) - 1)]
    return found.replace("-", "_")


class AuditTrail:
    """The one entry of a call. `attach` works on the engine's thread, the rest on the API's loop.

    old_values, new_values and user_id may be set by the route. refused_as: code of a refusal that has an effect of its
    own, such as a wrong password, which is counted.
    """

    def __init__(self, entry: AuditEntry) -> None:
        self.old_values: Mapping[str, Any] | None = None
        self.new_values: Mapping[str, Any] | None = None
        self.user_id: str | None = None
        self.refused_as: str = ""
        self._entry = entry
        self._lock = threading.Lock()
        self._taken = False

    @property
    def is_taken(self) -> bool:
        """True once the entry went into a transaction."""
        return self._taken

    def attach(self, inner: Attach | None) -> Attach:
        """Return what stores the entry beside the rows of `inner`, with the first effect of the call."""

        def rows(order: OrderState | None, event: Event) -> Sequence[Row]:
            found = () if inner is None else inner(order, event)
            entry = self._effect(order, event)
            return found if entry is None else (*found, entry)

        return rows

    def outcome(self, refusal: ApiError | None, status: int) -> AuditEntry | None:
        """Return the entry of a call that ended without an effect, None when it has gone out already.

        refusal: what the caller was told, None when the call succeeded without changing anything; status: HTTP.
        """
        if not self._take():
            return None
        if refusal is None:
            outcome = AuditOutcome.SUCCESS if status < 400 else AuditOutcome.ERROR
            return self._finished(outcome, {"status": status})
        outcome = AuditOutcome.ERROR if refusal.status >= 500 else AuditOutcome.REFUSED
        return self._finished(outcome, {"status": refusal.status, "code": refusal.code})

    def _effect(self, order: OrderState | None, event: Event) -> AuditEntry | None:
        if not self._take():
            return None
        outcome = AuditOutcome.REFUSED if isinstance(event, OrderDenied) else AuditOutcome.SUCCESS
        details = {"code": event.rule.code} if isinstance(event, OrderDenied) else {}
        if self.refused_as:
            outcome, details = AuditOutcome.REFUSED, {"code": self.refused_as}
        resource_type, resource_id, changed = "", "", None
        if order is not None:
            resource_type, resource_id = "order", order.uid
        elif isinstance(event, RecordSaved):
            resource_type, resource_id = kind_of(event.record), event.record.id
            changed = values_of(event.record, event.changed)
        elif isinstance(event, KillChanged):
            resource_type, resource_id = "kill_switch", event.state.key
        return self._finished(outcome, details, resource_type, resource_id, changed)

    def _take(self) -> bool:
        with self._lock:
            first, self._taken = not self._taken, True
        return first

    def _finished(
        self,
        outcome: AuditOutcome,
        details: Mapping[str, Any],
        resource_type: str = "",
        resource_id: str = "",
        changed: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        entry = self._entry
        return msgspec.structs.replace(
            entry,
            outcome=outcome,
            user_id=self.user_id or entry.user_id,
            resource_type=resource_type or entry.resource_type,
            resource_id=resource_id or entry.resource_id,
            old_values=kept(self.old_values),
            new_values=kept(changed if changed is not None else self.new_values),
            metadata={**(entry.metadata or {}), **details},
        )


def trail_entry(
    credential: Credential | None,
    action: AuditAction,
    *,
    entry_id: str,
    ts: int,
    resource_type: str,
    resource_id: str,
    ip_address: str | None,
    user_agent: str,
    request_id: str,
    trace_id: str,
    metadata: Mapping[str, Any],
) -> AuditEntry:
    """Return the entry of a call as it begins; without a credential on public paths. ts: UTC ns."""
    tenant = LOCAL_TENANT if credential is None else credential.tenant
    in_session = credential is not None and credential.kind is CredentialKind.SESSION
    return AuditEntry(
        id=entry_id,
        tenant=tenant,
        tenant_id=tenant_uid(tenant),
        ts=ts,
        action=action,
        actor_kind=ActorKind.USER if credential is None else _ACTORS[credential.kind],
        user_id=None if credential is None else user_id(credential.user),
        credential_id=None if credential is None else credential.id,
        resource_type=resource_type,
        resource_id=resource_id,
        ip_address=ip_address,
        user_agent=user_agent[:USER_AGENT_MAX],
        session_id=credential.id if credential is not None and in_session else "",
        request_id=request_id,
        trace_id=trace_id,
        metadata=dict(metadata),
    )


def values_of(record: Record, names: Sequence[str]) -> dict[str, Any]:
    """Return fields of a record as an entry keeps them; those that storage alone knows are left out."""
    body: dict[str, Any] = msgspec.to_builtins(record)
    return {name: body[name] for name in names if name in body and name not in _OF_STORAGE}


def kept(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return values without their secrets; None for none, a note for values larger than VALUES_BYTES_MAX."""
    if values is None:
        return None
    redacted: dict[str, Any] = _redacted(dict(values))
    size = len(msgspec.json.encode(redacted))
    return redacted if size <= VALUES_BYTES_MAX else {"left_out_bytes": size}


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: REDACTED
            if any(word in name.lower() for word in _SECRET_WORDS) and inner is not None
            else _redacted(inner)
            for name, inner in value.items()
        }
    return [_redacted(inner) for inner in value] if isinstance(value, list) else value
