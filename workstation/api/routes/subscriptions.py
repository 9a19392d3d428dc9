"""Subscriptions: what a user follows of the market. Making, changing and pausing one acts on the feed at once.

They are few for a user, by quota, so that lists choose in memory what no column holds: a symbol or a data type among
several. Writes of one user go one after the other, so that of two that would both reach the quota one does.
"""

import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec

from workstation.api.bulk import bulk_answer, rejections, run_items
from workstation.api.credentials import user_id
from workstation.api.endpoint import Call, Routes, json_answer, validated
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse, windowed
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    find_record,
    given,
    read_record,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.subscriptions import (
    BulkSubscriptionCreate,
    BulkSubscriptionResult,
    Subscription,
    SubscriptionCreate,
    SubscriptionList,
    SubscriptionPage,
    SubscriptionUpdate,
    check_callback,
    subscription_body,
)
from workstation.api.webhooks_targets import TargetForbidden, TargetUnresolved
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import DataType, DeliveryMethod, SubscriptionStatus, UpdateFrequency
from workstation.ports.store import RecordQuery

routes = Routes()

RECORDS_READ = 500
_ID = {"subscription_id": "uuid"}
FORM = ListForm(
    key="subscriptions",
    model=Subscription,
    orderings={"created_at": "created_at", "updated_at": "updated_at"},
    default="-created_at",
)


def _body(call: Call, record: MarketSubscription) -> dict[str, Any]:
    return subscription_body(record, call.services.market_feed.told(record))


SUBSCRIPTIONS = RecordResource(kind=MarketSubscription, form=FORM, body=_body, id_name="subscription_id")


@routes.add(
    "GET", "/marketdata/subscriptions", scope="marketdata:view", query=SubscriptionList, answers={200: SubscriptionPage}
)
async def list_subscriptions(call: Call) -> Answer:
    """List subscriptions."""
    asked: SubscriptionList = call.query
    fields, ordering = chosen_fields(asked.fields, Subscription), ordering_of(call, FORM)
    found = [record for record in await subscriptions(call, ordering) if _fits(call, record, asked)]
    page, has_next = windowed(found, asked.limit, asked.offset, lambda record: sparse(_body(call, record), fields))
    total = len(found) if asked.with_count else None
    return json_answer(200, page_body(call, FORM, page, total=total, has_next=has_next))


@routes.add(
    "POST", "/marketdata/subscriptions", scope="marketdata:subscribe", body=SubscriptionCreate,
    answers={201: Subscription},
)  # fmt: skip
async def create_subscription(call: Call) -> Answer:
    """Follow instruments."""
    return await _create(call, call.body)


@routes.add(
    "POST", "/marketdata/subscriptions/bulk", scope="marketdata:subscribe", body=BulkSubscriptionCreate,
    key_required=True, answers={200: BulkSubscriptionResult, 201: BulkSubscriptionResult},
)  # fmt: skip
async def create_subscriptions(call: Call) -> Answer:
    """Make up to 100 subscriptions, each on its own."""
    items = call.body.subscriptions

    async def work(single: Call, index: int) -> Answer:
        return await _create(single, validated(SubscriptionCreate, items[index], "body"))

    answers = await run_items(call, items, work)
    accepted = [msgspec.Raw(answer.body) for answer in answers if answer.status == 201]
    rejected = rejections(answers, items)
    return await bulk_answer(call, answers, 200 if rejected else 201, accepted, rejected)


@routes.add(
    "GET", "/marketdata/subscriptions/{subscription_id}", scope="marketdata:view", query=RecordRead,
    answers={200: Subscription}, path_types=_ID,
)  # fmt: skip
async def get_subscription(call: Call) -> Answer:
    """Read a subscription."""
    return await read_record(call, SUBSCRIPTIONS)


@routes.change(
    "/marketdata/subscriptions/{subscription_id}", scope="marketdata:subscribe", body=SubscriptionUpdate,
    answers={200: Subscription}, path_types=_ID,
)  # fmt: skip
async def put_subscription(call: Call) -> Answer:
    """Change, pause or resume a subscription."""
    asked: SubscriptionUpdate = call.body
    record: MarketSubscription = await find_record(call, SUBSCRIPTIONS)
    changes = given(
        asked,
        instrument_symbols=lambda symbols: _known(call, symbols),
        data_types=_data_types,
        update_frequency=UpdateFrequency,
        delivery_method=DeliveryMethod,
        metadata=lambda value: value or {},
    )
    if (is_active := changes.pop("is_active", None)) is not None:
        changes["status"] = SubscriptionStatus.ACTIVE if is_active else SubscriptionStatus.PAUSED
    after = msgspec.structs.replace(record, **changes)
    try:
        check_callback(after.delivery_method, after.callback_url)
    except ValueError as error:
        raise invalid("callback_url", str(error)) from None
    await _judge(call, changes.get("callback_url"))
    async with call.services.order_lock(f"subscriptions {record.user_id}"):
        if after.status is SubscriptionStatus.ACTIVE and record.status is not SubscriptionStatus.ACTIVE:
            await _check_quota(call, record.user_id)
        return await change_record(call, SUBSCRIPTIONS, changes, before=record)


@routes.add(
    "DELETE", "/marketdata/subscriptions/{subscription_id}", scope="marketdata:subscribe", answers={204: None},
    path_types=_ID,
)  # fmt: skip
async def delete_subscription(call: Call) -> Answer:
    """End a subscription."""
    return await delete_record(call, SUBSCRIPTIONS)


async def subscriptions(call: Call, ordering: tuple[str, ...] = ("created_at",)) -> list[MarketSubscription]:
    """Return every living subscription of the caller's tenant."""
    found: list[MarketSubscription] = []
    query = RecordQuery(tenant=call.credential.tenant, ordering=ordering, limit=RECORDS_READ, with_count=False)
    while True:
        page = await call.services.read(call.services.reader.records, MarketSubscription, query)
        found += [row for row in page.rows if isinstance(row, MarketSubscription)]
        if not page.has_next:
            return found
        query = msgspec.structs.replace(query, offset=query.offset + RECORDS_READ)


async def _create(call: Call, asked: SubscriptionCreate) -> Answer:
    await _judge(call, asked.callback_url)
    draft = MarketSubscription(
        tenant=call.credential.tenant,
        user_id=call.credential.user,
        instrument_symbols=_known(call, asked.instrument_symbols),
        data_types=_data_types(asked.data_types),
        update_frequency=UpdateFrequency(asked.update_frequency),
        delivery_method=DeliveryMethod(asked.delivery_method),
        price_threshold=asked.price_threshold,
        volume_threshold=asked.volume_threshold,
        callback_url=asked.callback_url,
        include_metadata=asked.include_metadata,
        notes=asked.notes,
        metadata=asked.metadata or {},
    )
    async with call.services.order_lock(f"subscriptions {call.credential.user}"):
        await _check_quota(call, call.credential.user)
        return await create_record(call, SUBSCRIPTIONS, draft)


async def _judge(call: Call, url: str | None) -> None:
    """Refuse a target, by name where it may not be called at all: market data goes out by stream and list alone."""
    if url is None:
        return
    with contextlib.suppress(TargetUnresolved):
        try:
            await call.services.targets.resolve(url)
        except TargetForbidden as error:
            fields = invalid("callback_url", str(error)).details
            raise ApiError("TARGET_FORBIDDEN", f"The callback_url {error}.", fields) from None
    raise invalid("delivery_method", "must be SSE or POLLING: this program does not call back with market data")


async def _check_quota(call: Call, user: str) -> None:
    active = sum(
        record.user_id == user and record.status is SubscriptionStatus.ACTIVE for record in await subscriptions(call)
    )
    most = call.services.tuned.subscriptions_max
    if active >= most:
        raise ApiError("QUOTA_EXCEEDED", "Too many active subscriptions.", {"limit": most, "current": active})


def _known(call: Call, symbols: list[str]) -> tuple[str, ...]:
    """Return symbols as the core writes them.

    Raises:
        ApiError: 422, naming every symbol that is not known.
    """
    names, offered = call.services.names, call.services.session.instruments
    keys = [names.symbol_key(symbol) for symbol in symbols]
    unknown = [symbol for symbol, key in zip(symbols, keys, strict=True) if key not in offered]
    if unknown:
        error = invalid("instrument_symbols", "names instruments that are not known")
        error.details["unknown_symbols"] = unknown
        raise error
    return tuple(dict.fromkeys(keys))


def _data_types(names: Iterable[str]) -> tuple[DataType, ...]:
    return tuple(DataType(name) for name in names)


def _fits(call: Call, record: MarketSubscription, asked: SubscriptionList) -> bool:
    symbol = asked.instrument_symbol
    return (
        (symbol is None or call.services.names.symbol_key(symbol) in record.instrument_symbols)
        and (asked.data_type is None or asked.data_type in record.data_types)
        and asked.delivery_method in (None, record.delivery_method)
        and asked.is_active in (None, record.status is SubscriptionStatus.ACTIVE)
        and asked.user_id in (None, user_id(record.user_id))
    )
