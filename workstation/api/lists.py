"""What all lists share: order of rows, cursors, chosen fields, and the body of a page."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from workstation.api.cursors import Place
from workstation.api.endpoint import Call
from workstation.api.errors import ApiError, invalid

R = TypeVar("R")
_END_DAY = re.compile(rb"(^|&)end_date=[0-9-]{10}(&|$)")
"""An end that is a day includes it, so that a start at the next midnight lies behind it."""


@dataclass(frozen=True)
class ListForm:
    """How a list is sorted on the wire. orderings: wire name to the reader's; by_time: the one that cursors walk."""

    key: str
    model: type[BaseModel]
    orderings: Mapping[str, str]
    default: str
    by_time: str = ""


def ordering_of(call: Call, form: ListForm) -> tuple[str, ...]:
    """Return the reader's ordering of a list call.

    Raises:
        ApiError: 422, a field that this list cannot be sorted by, or one named twice.
    """
    asked: Sequence[str] = call.query.ordering or (form.default,)
    names = [item.removeprefix("-") for item in asked]
    if any(name not in form.orderings for name in names) or len(set(names)) != len(names):
        raise invalid("ordering", "cannot be sorted by this", location="query", allowed=sorted(form.orderings))
    return tuple(("-" if item.startswith("-") else "") + form.orderings[item.removeprefix("-")] for item in asked)


def place_of(call: Call, ordering: tuple[str, ...], form: ListForm) -> Place | None:
    """Return the place of the call's cursor, None without one.

    Raises:
        ApiError: 422 beside an offset or an ordering that cursors cannot walk, 400 when it belongs elsewhere.
    """
    cursor = call.query.cursor
    if cursor is None:
        return None
    if "offset" in call.query.model_fields_set:
        raise invalid("cursor", "does not go with offset", location="query")
    if not _walks_time(ordering, form):
        raise ApiError("INVALID_CURSOR", "The cursor does not belong to this list.")
    return call.services.cursors.open(cursor, call.request.scope["path"], call.query.model_dump(mode="json"))


def check_dates(call: Call) -> None:
    """Refuse a period that ends before it starts.

    Raises:
        ApiError: 422.
    """
    start, end = call.query.start_date, call.query.end_date
    by_day = _END_DAY.search(call.request.scope["query_string"]) is not None
    if start is not None and end is not None and (start > end or (by_day and start == end)):
        raise invalid("start_date", "lies after end_date", location="query")


def chosen_fields(asked: Iterable[str] | None, model: type[BaseModel]) -> tuple[str, ...] | None:
    """Return the fields that an answer shall have, None for all.

    Raises:
        ApiError: 422, a field that the resource does not have.
    """
    if asked is None:
        return None
    names = tuple(dict.fromkeys(asked))
    if any(name not in model.model_fields for name in names):
        raise invalid("fields", "names a field that does not exist", location="query", allowed=list(model.model_fields))
    return names


def sparse(body: dict[str, Any], fields: tuple[str, ...] | None) -> dict[str, Any]:
    """Return a body with the chosen fields alone."""
    return body if fields is None else {name: body.get(name) for name in fields}


def page_body(
    call: Call,
    form: ListForm,
    bodies: Sequence[Any],
    *,
    total: int | None,
    has_next: bool,
    ordering: tuple[str, ...] = (),
    last: Place | None = None,
) -> dict[str, Any]:
    """Return a list's body. bodies: of the rows, as objects or as JSON already.

    last: place of the page's last row; makes the next cursor where cursors walk the list.
    """
    body: dict[str, Any] = {form.key: bodies, "total_count": total, "has_next": has_next}
    if form.by_time:
        walks = has_next and last is not None and _walks_time(ordering, form)
        path, query = call.request.scope["path"], call.query.model_dump(mode="json")
        body["next_cursor"] = call.services.cursors.seal(last, path, query) if walks and last is not None else None
    return body


class _Kept(Protocol):
    """A row that is walked by the time it was made."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def created_at(self) -> int:
        """UTC ns."""


async def walked_page(
    call: Call, form: ListForm, read: Callable[[Any], Any], query: Callable[..., Any], shown: Callable[[Any], Any]
) -> dict[str, Any]:
    """Return the body of a list that grows at its end and is filtered by dates.

    read: returns the page of a query; query: makes it from the window alone, what else narrows it is bound already;
    shown: a row as a body.

    Raises:
        ApiError: 422 or 400, a period, field, ordering or cursor that the list cannot have.
    """
    check_dates(call)
    asked = call.query
    fields, ordering = chosen_fields(asked.fields, form.model), ordering_of(call, form)
    window = query(
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
        after_key=place_of(call, ordering, form),
    )
    page = await call.services.read(read, window)
    rows: Sequence[_Kept] = page.rows
    bodies = [sparse(shown(row), fields) for row in rows]
    last = (rows[-1].created_at, rows[-1].id) if rows else None
    return page_body(call, form, bodies, total=page.total, has_next=page.has_next, ordering=ordering, last=last)


def memory_page(call: Call, form: ListForm, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a list's body over rows that are bodies already and all in memory: sorted, cut, with the chosen fields.

    Raises:
        ApiError: 422, a field that does not exist or that this list cannot be sorted by.
    """
    asked = call.query
    fields, ordering = chosen_fields(asked.fields, form.model), ordering_of(call, form)
    found = list(rows)
    for item in reversed(ordering):
        found.sort(key=itemgetter(item.removeprefix("-")), reverse=item.startswith("-"))
    bodies, has_next = windowed(found, asked.limit, asked.offset, lambda row: sparse(row, fields))
    return page_body(call, form, bodies, total=len(found) if asked.with_count else None, has_next=has_next)


def windowed(
    rows: Sequence[R], limit: int, offset: int, shown: Callable[[R], dict[str, Any]]
) -> tuple[list[dict[str, Any]], bool]:
    """Return one window of rows held in memory as bodies, and whether more follow."""
    return [shown(row) for row in rows[offset : offset + limit]], len(rows) > offset + limit


def _walks_time(ordering: tuple[str, ...], form: ListForm) -> bool:
    return bool(form.by_time) and ordering in ((form.by_time,), (f"-{form.by_time}",))
