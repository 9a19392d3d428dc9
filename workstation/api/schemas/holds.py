"""Orders that compliance holds, on the wire: the list of them, and what a person says to each."""

from workstation.api.schemas.orders import Order
from workstation.api.schemas.records import RecordList
from workstation.api.schemas.values import Reason, Request, Resource


class HoldList(RecordList):
    """Filters of the list of held orders."""


class HoldRelease(Request):
    """Why a held order may go."""

    reason: Reason | None = None


class HoldRefusal(Request):
    """Why a held order may not go."""

    reason: Reason


class HoldPage(Resource):
    """A page of held orders."""

    holds: list[Order]
    total_count: int | None
    has_next: bool
