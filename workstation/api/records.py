"""What every resource of records does the same way: list, read with its ETag, create, change under If-Match, delete.

A route declares a `RecordResource` and calls one function. Lists read committed rows; writes are the kind's commands.
Every call is bound to the caller's tenant, and by `owned` to what is his: all else is answered as unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from workstation.api.audit import values_of
from workstation.api.endpoint import Call, json_answer
from workstation.api.errors import Answer, ApiError, problem
from workstation.api.guard import API_ROOT
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, place_of, sparse
from workstation.api.outcomes import refused
from workstation.api.reading import read_answer, tags_in
from workstation.commands.records import ChangeRecord, CreateRecord, DeleteRecord
from workstation.commands.registry import Attach, CommandResult
from workstation.domain.events import Event, RecordSaved
from workstation.domain.orders import OrderState
from workstation.domain.records import AnyRecord, Record, kind_of
from workstation.ports.store import Reader, RecordQuery, Row

R = TypeVar("R", bound=Record)
PAGE = 500
"""Records that one read brings."""

Body = Callable[[Call, Any], dict[str, Any]]


@dataclass(frozen=True)
class RecordResource:
    """One resource. kind: its records; body: one as the wire shows it; id_name: the path parameter that names one.

    filters: query parameter to column, for those that are compared as they are; `search` and dates work by themselves.
    owned: column to value that every record of the caller has, so that others' are unknown to him. tenant: where the
    records are kept. place: path that one is read below, where that is not the path that makes it.
    """

    kind: type[AnyRecord]
    form: ListForm
    body: Body
    id_name: str
    filters: Mapping[str, str] = field(default_factory=dict)
    owned: Callable[[Call], Mapping[str, Any]] = lambda _: {}
    tenant: Callable[[Call], str] = lambda call: call.credential.tenant
    place: str = ""

    @property
    def name(self) -> str:
        """First part of the kind's commands."""
        return kind_of(self.kind)


# Reading


async def list_records(call: Call, resource: RecordResource) -> Answer:
    """Answer a list of the caller's records."""
    asked, form = call.query, resource.form
    fields = chosen_fields(asked.fields, form.model)
    ordering = ordering_of(call, form)
    given = {column: getattr(asked, name) for name, column in resource.filters.items()}
    query = RecordQuery(
        tenant=resource.tenant(call),
        equal={**{column: value for column, value in given.items() if value is not None}, **resource.owned(call)},
        search=getattr(asked, "search", None),
        start_ns=getattr(asked, "start_date", None),
        end_ns=getattr(asked, "end_date", None),
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
        after_key=place_of(call, ordering, form) if form.by_time else None,
    )
    page = await call.services.read(call.services.reader.records, resource.kind, query)
    bodies = [sparse(resource.body(call, record), fields) for record in page.rows]
    last = (page.rows[-1].created_at, page.rows[-1].id) if page.rows else None
    body = page_body(call, form, bodies, total=page.total, has_next=page.has_next, ordering=ordering, last=last)
    return json_answer(200, body)


async def read_record(call: Call, resource: RecordResource, *, record: Record | None = None) -> Answer:
    """Answer one record with its ETag, or 304 when the caller has it. record: as the route has read it already."""
    record = record or await find_record(call, resource)
    return read_answer(call, resource.form.model, etag_of(record), resource.body(call, record))


async def find_record(call: Call, resource: RecordResource) -> Any:
    """Return the record that the path names, a `resource.kind`.

    Raises:
        ApiError: 404, the caller has no such record.
    """
    record_id = call.path_params[resource.id_name]
    found = await call.services.read(call.services.reader.record, resource.kind, resource.tenant(call), record_id)
    if found is None or not _is_owned(found, resource.owned(call)):
        raise ApiError("NOT_FOUND", "No such thing.")
    return found


def every_record(reader: Reader, kind: type[R], tenant: str) -> list[R]:
    """Return all living records of a kind that a tenant has, page by page, newest first; for kinds that stay few."""
    rows: list[R] = []
    while True:
        page = reader.records(kind, RecordQuery(tenant=tenant, limit=PAGE, offset=len(rows), with_count=False))
        rows += [row for row in page.rows if isinstance(row, kind)]
        if not page.has_next:
            return rows


# Writing


async def create_record(
    call: Call,
    resource: RecordResource,
    draft: AnyRecord,
    *,
    once: Mapping[str, str] | None = None,
    also: tuple[AnyRecord, ...] = (),
) -> Answer:
    """Keep a new record and answer 201.

    once: members of this answer alone, secrets; a repeat with the same key gets 409 with the id of what was made.
    also: drafts that are kept in the same transaction.
    """
    stored = _stored(call, resource, 201, once)
    params = CreateRecord(record=draft, also=also)
    result = await run_record_command(call, f"{resource.name}.create", params, stored)
    return _made(call, resource, result, once)


async def change_record(
    call: Call,
    resource: RecordResource,
    changes: Mapping[str, Any],
    *,
    before: Record | None = None,
    once: Mapping[str, str] | None = None,
) -> Answer:
    """Change fields of the record that the path names, under If-Match where the endpoint asks for it.

    before: the record as the route has read it already. once: members of this answer alone, secrets.
    """
    result = await _change(call, resource, changes, before, _stored(call, resource, 200, once))
    answer = record_answer(call, resource, 200, result.data, once)
    return answer if once else _stored_or(call, answer)


async def renew_record(
    call: Call, resource: RecordResource, changes: Mapping[str, Any], *, once: Mapping[str, str]
) -> Answer:
    """Change fields and answer 201 with members that appear once: a rotated secret."""
    result = await _change(call, resource, changes, None, _stored(call, resource, 201, once))
    return _made(call, resource, result, once)


async def delete_record(call: Call, resource: RecordResource, *, before: Record | None = None) -> Answer:
    """Delete the record that the path names and answer 204. before: the record as the route has read it already."""
    before = before or await find_record(call, resource)
    _note_before(call, before, tuple(resource.form.model.model_fields))
    params = DeleteRecord(id=before.id, tenant=before.tenant, expected_version=expected_version(call, before))
    await run_record_command(call, f"{resource.name}.delete", params, None)
    return Answer(204)


def record_answer(
    call: Call, resource: RecordResource, status: int, record: Any, once: Mapping[str, str] | None = None
) -> Answer:
    """Return a record as an answer with its ETag, and at 201 its address."""
    headers = {"ETag": etag_of(record)}
    if status == 201:
        headers["Location"] = _location(call, resource, record)
    return json_answer(status, {**resource.body(call, record), **(once or {})}, headers)


class Versioned(Protocol):
    """What has a version: a record, a setting."""

    @property
    def row_version(self) -> int:
        """The version, another one after each change."""


def etag_of(record: Versioned) -> str:
    """Return the strong tag of a record's version."""
    return f'"v{record.row_version}"'


def expected_version(call: Call, record: Versioned) -> int | None:
    """Return the version that If-Match names, None for any.

    Raises:
        ApiError: 428 where it is needed and absent, 412 when it is stale or weak.
    """
    asked = call.header(b"if-match")
    if asked is None:
        if call.endpoint.if_match:
            raise ApiError("PRECONDITION_REQUIRED", "Send If-Match with the ETag that you read.")
        return None
    tags = tags_in(asked)
    if "*" in tags:
        return None
    if etag_of(record) in tags:
        return record.row_version
    raise ApiError("PRECONDITION_FAILED", "It has changed since.", {"row_version": record.row_version})


def given(body: Any, **renamed: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the fields that a partial change names; `renamed` turns a wire value into the record's."""
    found = {name: getattr(body, name) for name in body.model_fields_set}
    return {name: renamed[name](value) if name in renamed else value for name, value in found.items()}


async def _change(
    call: Call, resource: RecordResource, changes: Mapping[str, Any], before: Record | None, attach: Attach | None
) -> CommandResult:
    record = before or await find_record(call, resource)
    _note_before(call, record, tuple(changes))
    version = expected_version(call, record)
    params = ChangeRecord(id=record.id, tenant=record.tenant, changes=dict(changes), expected_version=version)
    return await run_record_command(call, f"{resource.name}.update", params, attach)


async def run_record_command(call: Call, command_id: str, params: Any, attach: Attach | None) -> CommandResult:
    """Run a record command for this call; what it saved is known to the guard before the answer goes out.

    Raises:
        ApiError: the engine refused.
    """
    key = call.key
    late = None if key is None else lambda _result: key.finish(call.repeat)
    result = await call.services.engine.call(command_id, params, call.origin, attach=attach, on_late=late)
    if not result.ok:
        raise refused(result)
    if isinstance(result.data, Record):
        call.services.credentials.learn(result.data)  # at once, before the news of it come round
    for draft in getattr(params, "also", ()):
        made = await call.services.read(call.services.reader.record, type(draft), draft.tenant, draft.id)
        if made is not None:
            call.services.credentials.learn(made)
    return result


def _stored(call: Call, resource: RecordResource, status: int, once: Mapping[str, str] | None) -> Attach | None:
    """Return what stores the answer to a keyed call with its effect, None without a key; secrets are not stored."""
    key = call.key
    if key is None:
        return None

    def rows(_order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if not isinstance(event, RecordSaved):
            return ()
        answer = record_answer(call, resource, status, event.record)
        if once is not None:
            answer = call.repeat = _already_made(call, resource, event.record)
        row = key.record(answer)
        return () if row is None else (row,)

    return rows


def _already_made(call: Call, resource: RecordResource, record: Record) -> Answer:
    text = "It was made already, and its secret was shown once."
    error = ApiError("DUPLICATE", text, {"id": record.id}, {"Location": _location(call, resource, record)})
    return problem(error, instance=call.request.scope["path"], trace_id=call.passport.trace_id)


def _made(call: Call, resource: RecordResource, result: CommandResult, once: Mapping[str, str] | None) -> Answer:
    answer = record_answer(call, resource, 201, result.data, once)
    return answer if once is not None else _stored_or(call, answer)


def _stored_or(call: Call, answer: Answer) -> Answer:
    stored = None if call.key is None else call.key.stored
    return stored or answer


def _location(call: Call, resource: RecordResource, record: Record) -> str:
    """Return a record's address: below the collection, or the thing itself that an action made anew."""
    if resource.place:
        return f"{API_ROOT}{resource.place}/{record.id}"
    collection, found, _ = str(call.request.scope["path"]).partition(record.id)
    return collection + found if found else f"{collection}/{record.id}"


def _is_owned(record: Record, owned: Mapping[str, Any]) -> bool:
    for name, value in owned.items():
        if getattr(record, name) not in (value if isinstance(value, tuple) else (value,)):
            return False
    return True


def _note_before(call: Call, record: Record, names: tuple[str, ...]) -> None:
    if call.audit is not None:
        call.audit.old_values = values_of(record, names)
