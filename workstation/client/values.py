"""What several resources share: the base of answers, events, and the outcome of an action.

Decimals are `Decimal`, times are `datetime` in UTC. Fields that a newer program adds are ignored.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from workstation.client.requests import Params

Number = Decimal | int | str
"""A price, quantity or amount that goes out: exact, so never a float."""

When = datetime | date | str
"""A time with its offset, or a day; a day as an end includes itself."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of answers."""


class ActionResult(Value, frozen=True, kw_only=True):
    """Outcome of an action that is no resource of its own."""

    success: bool
    message: str
    data: dict[str, Any] | None = None


class Event(Value, frozen=True, kw_only=True):
    """What happened, as a CloudEvent. data: the resource after the change, `changed` in it what differs."""

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    datacontenttype: str
    dataversion: str
    sequence: int | None = None
    tenantid: str
    traceid: str | None = None
    data: dict[str, Any]


class Nothing(Params):
    """For calls that take nothing."""


class PageParams(Params, kw_only=True):
    """What every list takes. limit: rows of one page, 1 to 500; a walk through the list turns pages by itself."""

    limit: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    with_count: bool | UnsetType = UNSET


class SortedParams(PageParams, kw_only=True):
    """What a list with an order takes. ordering: field names, `-` for descending."""

    ordering: str | UnsetType = UNSET


class WalkParams(SortedParams, kw_only=True):
    """What a list takes that only grows; by its cursor a walk sees each row once, whatever is added meanwhile."""

    cursor: str | UnsetType = UNSET
