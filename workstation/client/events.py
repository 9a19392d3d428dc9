"""Events: their list, one of them, and the stream of all that is to come."""

from typing import Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, Stream, W
from workstation.client.requests import Params
from workstation.client.values import Event, WalkParams, When


class EventId(Params):
    """Names one event."""

    event_id: str


class EventList(WalkParams, kw_only=True):
    """Filters of the event list. types: such as `order.filled` or `order.*`; since_id exclusive, until_id inclusive."""

    types: tuple[str, ...] | UnsetType = UNSET
    resource_type: str | UnsetType = UNSET
    resource_id: str | UnsetType = UNSET
    since_id: str | UnsetType = UNSET
    until_id: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class EventStream(Params, kw_only=True):
    """Filters of the event stream. since_id: goes on after it, else with what is new; until_id: ends with it."""

    types: tuple[str, ...] | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    since_id: str | UnsetType = UNSET
    until_id: str | UnsetType = UNSET


class Events(Group[W], Generic[W]):
    """Read and follow what happens."""

    list = Listing("/events", EventList, "events", Event)
    get = Call("GET", "/events/{event_id}", EventId, Event)
    follow = Stream("/events/stream", EventStream)
