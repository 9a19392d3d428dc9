"""Subscriptions to market data on the wire."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StrictBool, StringConstraints, model_validator

from workstation.api.credentials import user_id
from workstation.api.schemas.bulk import BULK_MAX, BulkError, Key, item_of
from workstation.api.schemas.orders import Metadata
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    INTEGER_MAX,
    DecimalOut,
    IdOut,
    QueryFlag,
    Request,
    Resource,
    Symbol,
    Threshold,
    TimeOut,
    Uuid,
    time_or_none,
)
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import SubscriptionStatus

SYMBOLS_MAX = 100
DataTypeName = Literal[
    "REALTIME", "SNAPSHOT", "HISTORICAL", "OPTION_CHAIN", "LEVEL_1", "LEVEL_2", "NEWS", "FUNDAMENTALS"
]
Frequency = Literal["REALTIME", "1S", "5S", "15S", "1M", "5M"]
Delivery = Literal["SSE", "WEBHOOK", "POLLING"]
Status = Literal["ACTIVE", "PAUSED", "CANCELLED", "ERROR"]
Volume = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Notes = Annotated[str, StringConstraints(max_length=2_000)]
Symbols = Annotated[list[Symbol], Field(min_length=1, max_length=SYMBOLS_MAX)]
DataTypes = Annotated[list[DataTypeName], Field(min_length=1, max_length=8)]


class SubscriptionList(RecordList):
    """Filters of the subscription list."""

    instrument_symbol: Symbol | None = None
    data_type: DataTypeName | None = None
    delivery_method: Delivery | None = None
    is_active: QueryFlag | None = None
    user_id: Uuid | None = None


class _Wish(Request):
    @model_validator(mode="after")
    def _names_nothing_twice(self) -> "_Wish":
        for name in ("instrument_symbols", "data_types"):
            values = getattr(self, name, None) or ()
            if len(set(values)) != len(values):
                raise ValueError(f"{name} must not name anything twice")
        return self


class SubscriptionCreate(_Wish):
    """What to follow, how often to be told, and how."""

    instrument_symbols: Symbols
    data_types: DataTypes
    update_frequency: Frequency
    delivery_method: Delivery
    price_threshold: Threshold | None = None
    volume_threshold: Volume | None = None
    callback_url: Url | None = None
    include_metadata: StrictBool = True
    notes: Notes | None = None
    metadata: Metadata | None = None

    @model_validator(mode="after")
    def _callback_goes_with_webhooks(self) -> "SubscriptionCreate":
        check_callback(self.delivery_method, self.callback_url)
        return self


class SubscriptionUpdate(_Wish):
    """A partial change; `is_active` false pauses, true resumes, out of ERROR as well.

    rotate_secret: of a callback; the answer shows the new one, once, and for a day calls are signed with both.
    """

    instrument_symbols: Symbols = unchanged()
    data_types: DataTypes = unchanged()
    update_frequency: Frequency = unchanged()
    delivery_method: Delivery = unchanged()
    price_threshold: Threshold | None = None
    volume_threshold: Volume | None = None
    callback_url: Url | None = None
    include_metadata: StrictBool = unchanged()
    notes: Notes | None = None
    metadata: Metadata | None = None
    is_active: StrictBool = unchanged()
    rotate_secret: StrictBool = unchanged()


SubscriptionItem = Annotated[Any, item_of("SubscriptionCreate")]


class BulkSubscriptionCreate(Request):
    """Subscriptions to make, each on its own."""

    subscriptions: Annotated[list[SubscriptionItem], Field(min_length=1, max_length=BULK_MAX)]
    idempotency_key: Key | None = None


class Subscription(RecordOut):
    """What a user follows.

    total_updates, last_update: what this run has told him of it, by stream or by calls that were taken. error_count:
    calls that failed in this run. last_error: why it is in ERROR, or what became of the last call where that failed.
    secret: what calls are signed with, only in the answer to what made it.
    """

    user_id: IdOut
    instrument_symbols: list[str]
    data_types: list[DataTypeName]
    update_frequency: Frequency
    delivery_method: Delivery
    price_threshold: DecimalOut | None
    volume_threshold: int | None
    callback_url: str | None
    include_metadata: bool
    notes: str | None
    metadata: dict[str, Any]
    status: Status
    is_active: bool
    last_heartbeat: TimeOut | None
    total_updates: int
    last_update: TimeOut | None
    error_count: int
    last_error: str | None
    secret: str | None = None


class SubscriptionPage(Resource):
    """A page of subscriptions."""

    subscriptions: list[Subscription]
    total_count: int | None
    has_next: bool


class BulkSubscriptionResult(Resource):
    """What became of each subscription, both lists in the order of the call."""

    accepted: list[Subscription]
    rejected: list[BulkError]


def check_callback(delivery: str, url: str | None) -> None:
    """Refuse a webhook without a target, and a target without a webhook.

    Raises:
        ValueError: with what goes with what.
    """
    if (delivery == "WEBHOOK") != (url is not None):
        raise ValueError("callback_url goes with delivery_method WEBHOOK, and only with it")


class Told(NamedTuple):
    """What this run has told of a subscription: how many updates, when last in UTC ns, and how calls went."""

    updates: int = 0
    last: int | None = None
    errors: int = 0
    last_error: str = ""


NOTHING_TOLD = Told()


def subscription_body(record: MarketSubscription, told: Told = NOTHING_TOLD) -> dict[str, Any]:
    """Return a subscription as the wire shows it."""
    return {
        **record_body(record),
        "user_id": user_id(record.user_id),
        "instrument_symbols": record.instrument_symbols,
        "data_types": record.data_types,
        "update_frequency": record.update_frequency,
        "delivery_method": record.delivery_method,
        "price_threshold": record.price_threshold,
        "volume_threshold": record.volume_threshold,
        "callback_url": record.callback_url,
        "include_metadata": record.include_metadata,
        "notes": record.notes or None,
        "metadata": record.metadata,
        "status": record.status,
        "is_active": record.status is SubscriptionStatus.ACTIVE,
        "last_heartbeat": time_or_none(told.last),
        "total_updates": told.updates,
        "last_update": time_or_none(told.last),
        "error_count": told.errors,
        "last_error": record.trouble or told.last_error or None,
    }
