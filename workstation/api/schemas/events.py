"""Events on the wire: the parameters of their list and stream, and the CloudEvents envelope."""

import re
from typing import Annotated, Any, Literal

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
    Symbol,
    TimeOut,
    Uuid,
)

TypeFilter = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*(\.\*)?$", max_length=60)]
EventId = Annotated[str, StringConstraints(max_length=40)]

ORDERINGS = ("-sequence", "sequence")
_INTEGER = re.compile(r"[0-9]{1,16}", re.ASCII)


class EventList(Query):
    """Filters of the event list; `since_id` is exclusive, `until_id` inclusive."""

    types: tuple[TypeFilter, ...] = ()
    resource_type: Annotated[str, StringConstraints(min_length=1, max_length=50)] | None = None
    resource_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    since_id: EventId | None = None
    until_id: EventId | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    ordering: Literal["-sequence", "sequence"] = "-sequence"
    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000)] = 0
    with_count: QueryFlag = True
    fields: CommaList | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class EventStream(Query):
    """Filters of the event stream."""

    types: tuple[TypeFilter, ...] = ()
    broker_account_id: Uuid | None = None
    instrument_symbol: Symbol | None = None
    since_id: EventId | None = None
    until_id: EventId | None = None


class Event(Resource):
    """CloudEvents 1.0. `id` is the sequence as text; `data` the resource after the change with `changed`."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: TimeOut
    subject: str
    datacontenttype: Literal["application/json"]
    dataversion: str
    sequence: int
    tenantid: IdOut
    traceid: str | None
    data: dict[str, Any]


class EventPage(Resource):
    """A page of events. total_count is null, too, where counting would read too much."""

    events: list[Event]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


def event_number(text: str | None) -> int | None:
    """Return an event id as a number, None for an absent or empty one.

    Raises:
        ValueError: it is no whole number from 0 on.
    """
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise ValueError("an event id is a whole number from 0 on")
    return int(text)
