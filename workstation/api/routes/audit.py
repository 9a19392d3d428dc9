"""The audit: its list, one entry, and the proof that nothing in it was changed. Read-only."""

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm, check_dates, chosen_fields, ordering_of, page_body, place_of, sparse
from workstation.api.reading import IMMUTABLE, read_answer
from workstation.api.schemas.audit import AuditEntry, AuditList, AuditPage, AuditVerification
from workstation.api.schemas.records import RecordRead
from workstation.domain.audit import shown
from workstation.ports.store import AuditQuery

routes = Routes()

FORM = ListForm(
    key="entries", model=AuditEntry, orderings={"sequence": "sequence"}, default="-sequence", by_time="sequence"
)


@routes.add("GET", "/audit", scope="audit:view", query=AuditList, answers={200: AuditPage}, form=FORM)
async def list_audit_entries(call: Call) -> Answer:
    """List audit entries."""
    asked: AuditList = call.query
    check_dates(call)
    fields = chosen_fields(asked.fields, AuditEntry)
    ordering = ordering_of(call, FORM)
    query = AuditQuery(
        tenant=call.credential.tenant,
        user_id=asked.user_id,
        action=asked.action,
        resource_type=asked.resource_type,
        resource_id=asked.resource_id,
        request_id=asked.request_id,
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
        after_key=place_of(call, ordering, FORM),
    )
    page = await call.services.read(call.services.reader.audit, query)
    bodies = [sparse(shown(entry), fields) for entry in page.rows]
    last = (page.rows[-1].sequence, page.rows[-1].id) if page.rows else None
    body = page_body(call, FORM, bodies, total=page.total, has_next=page.has_next, ordering=ordering, last=last)
    return json_answer(200, body)


@routes.add("GET", "/audit/verify", scope="audit:view", answers={200: AuditVerification})
async def verify_audit(call: Call) -> Answer:
    """Recompute the chain; name the first entry that does not hold."""
    found = await call.services.read(call.services.reader.verify_audit, call.credential.tenant)
    body = {
        "valid": found.first_broken is None,
        "entries": found.entries,
        "first_sequence": found.first_sequence or None,
        "last_sequence": found.last_sequence or None,
        "first_broken_sequence": found.first_broken,
        "last_hash": found.last_hash,
    }
    return json_answer(200, body)


@routes.add(
    "GET",
    "/audit/{sequence}",
    scope="audit:view",
    query=RecordRead,
    answers={200: AuditEntry},
    path_types={"sequence": "event_id"},
    tagged=True,
)
async def get_audit_entry(call: Call) -> Answer:
    """Read an audit entry by its sequence."""
    sequence = call.path_params["sequence"]
    found = None
    if sequence.isdecimal() and sequence.isascii() and len(sequence) <= 16:
        found = await call.services.read(call.services.reader.audit_entry, call.credential.tenant, int(sequence))
    if found is None:
        raise ApiError("NOT_FOUND", "No such entry.")
    return read_answer(call, AuditEntry, IMMUTABLE, shown(found))
