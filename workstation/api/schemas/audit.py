"""Audit entries on the wire: the canonical fields of the chain, exactly as they are hashed, and the entry's hash."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from workstation.api.schemas.values import (
    CommaList,
    EndTime,
    IdOut,
    Query,
    QueryFlag,
    QueryInteger,
    Resource,
    StartTime,
    TimeOut,
    Uuid,
)
from workstation.domain.audit import ActorKind, AuditAction, AuditOutcome

_Text = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class AuditList(Query):
    """Filters of the audit list."""

    user_id: Uuid | None = None
    action: AuditAction | None = None
    resource_type: _Text | None = None
    resource_id: _Text | None = None
    request_id: _Text | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    ordering: CommaList | None = None
    fields: CommaList | None = None
    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000_000)] = 0
    with_count: QueryFlag = True
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class AuditEntry(Resource):
    """One entry. `entry_hash` is SHA-256 of `prev_hash` followed by the rest as JSON: keys sorted, no spaces, UTF-8."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    user_id: IdOut | None
    action: AuditAction
    resource_type: str | None
    resource_id: str | None
    old_values: dict[str, Any] | None
    new_values: dict[str, Any] | None
    ip_address: str | None
    user_agent: str | None
    session_id: str | None
    request_id: str | None
    metadata: dict[str, Any] | None
    sequence: int
    actor_kind: ActorKind
    credential_id: IdOut | None
    outcome: AuditOutcome
    trace_id: str | None
    prev_hash: str
    entry_hash: str


class AuditPage(Resource):
    """A page of entries."""

    entries: list[AuditEntry]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class AuditVerification(Resource):
    """What walking the chain found."""

    valid: bool
    entries: int
    first_sequence: int | None
    last_sequence: int | None
    first_broken_sequence: int | None
    last_hash: str
