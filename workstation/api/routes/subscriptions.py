"""Subscriptions: what a user follows of the market. Making, changing and pausing one acts on the feed at once.

They are few for a user, by quota, so that lists choose in memory what no column holds: a symbol or a data type among
several. Writes of one user go one after the other, so that of two that would both reach the quota one does.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from workstation.api.bulk import bulk_answer, rejections, run_items
from workstation.api.callbacks import CALLBACKS_MAX, CALLBACKS_PER_USER_MAX
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
    Told,
    check_callback,
    subscription_body,
)
from workstation.api.webhooks_secrets import ROTATION_NS, new_secret
from workstation.api.webhooks_targets import judge
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
    if record.delivery_method is DeliveryMethod.WEBHOOK:
        return subscription_body(record, call.services.callbacks.told(record))
    return subscription_body(record, Told(*call.services.market_feed.told(record)))


SUBSCRIPTIONS = RecordResource(kind=MarketSubscription, form=FORM, body=_body, id_name="subscription_id")


@routes.add(
    "GET",
    "/marketdata/subscriptions",
    scope="marketdata:view",
    query=SubscriptionList,
    answers={200: SubscriptionPage},
    form=FORM,
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
    """Follow instruments; the secret of callbacks is shown once."""
    return await _create(call, call.body)


@routes.add(
    "POST", "/marketdata/subscriptions/bulk", scope="marketdata:subscribe", body=BulkSubscriptionCreate,
    key_required=True, answers={200: BulkSubscriptionResult, 201: BulkSubscriptionResult},
)  # fmt: skip
async def create_subscriptions(call: Call) -> Answer:
    """Make up to 100 subscriptions, each on its own; a repeat shows no secret again."""
    items = call.body.subscriptions

    async def work(single: Call, index: int) -> Answer:
        return await _create(single, validated(SubscriptionCreate, items[index], "body"))

    answers = await run_items(call, items, work)
    accepted = [msgspec.json.decode(answer.body) for answer in answers if answer.status == 201]
    rejected = rejections(answers, items)
    status = 200 if rejected else 201
    kept = [{name: value for name, value in row.items() if name != "secret"} for row in accepted]
    call.repeat = await bulk_answer(call, answers, status, kept, rejected)
    return json_answer(status, {"accepted": accepted, "rejected": rejected})


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
    """Change, pause or resume a subscription, or give its callback a new secret, which is shown once."""
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
        changes |= _standing(record, is_active=is_active)
    rotates = changes.pop("rotate_secret", False)
    after = msgspec.structs.replace(record, **changes)
    try:
        check_callback(after.delivery_method, after.callback_url)
    except ValueError as error:
        raise invalid("callback_url", str(error)) from None
    await _judge(call, changes.get("callback_url"))
    secrets, once = _secrets(call, record, after, rotates=rotates)
    async with call.services.order_lock(f"subscriptions {record.user_id}"):
        if after.status is SubscriptionStatus.ACTIVE and record.status is not SubscriptionStatus.ACTIVE:
            await _check_quota(call, record.user_id)
        if after.is_called and not record.is_called:
            await _check_callbacks(call, record.user_id)
        return await change_record(call, SUBSCRIPTIONS, changes | secrets, before=record, once=once)


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
    secrets, once = _secrets(call, draft, draft)
    async with call.services.order_lock(f"subscriptions {call.credential.user}"):
        await _check_quota(call, call.credential.user)
        if draft.is_called:
            await _check_callbacks(call, call.credential.user)
        return await create_record(call, SUBSCRIPTIONS, msgspec.structs.replace(draft, **secrets), once=once)


def _standing(record: MarketSubscription, *, is_active: bool) -> dict[str, Any]:
    """Return the change that pauses or resumes a subscription.

    Raises:
        ApiError: 409, one in ERROR cannot be paused: nothing is told by it.
    """
    if is_active:
        return {"status": SubscriptionStatus.ACTIVE, "trouble": ""}
    if record.status is SubscriptionStatus.ERROR:
        details = {"state": record.status.value, "allowed": [SubscriptionStatus.ACTIVE.value]}
        raise ApiError("STATE_CONFLICT", "A subscription in ERROR can be resumed or deleted.", details)
    return {"status": SubscriptionStatus.PAUSED}


def _secrets(
    call: Call, before: MarketSubscription, after: MarketSubscription, *, rotates: bool = False
) -> tuple[dict[str, Any], dict[str, str] | None]:
    """Return the change of what calls are signed with, and the new secret as the answer shows it, None without one.

    Raises:
        ApiError: 422, a new secret is asked for what is not called.
    """
    is_callback = after.delivery_method is DeliveryMethod.WEBHOOK
    if rotates and not is_callback:
        raise invalid("rotate_secret", "goes with delivery_method WEBHOOK alone")
    if not is_callback:
        return {"secret": "", "previous_secret": "", "previous_until": 0} if before.secret else {}, None
    if before.secret and not rotates:
        return {}, None
    secret = new_secret()
    until = call.services.now_ns() + ROTATION_NS if before.secret else 0
    sealed = call.services.sealer.seal(secret)
    return {"secret": sealed, "previous_secret": before.secret, "previous_until": until}, {"secret": secret}


async def _judge(call: Call, url: str | None) -> None:
    if url is not None:
        await judge(call.services.targets, url, "callback_url")


async def _check_quota(call: Call, user: str) -> None:
    active = sum(
        record.user_id == user and record.status is SubscriptionStatus.ACTIVE for record in await subscriptions(call)
    )
    most = call.services.tuned.subscriptions_max
    if active >= most:
        raise ApiError("QUOTA_EXCEEDED", "Too many active subscriptions.", {"limit": most, "current": active})


async def _check_callbacks(call: Call, user: str) -> None:
    """Refuse one callback too many, of a user or of all: each is a connection to somewhere else."""
    own = sum(record.user_id == user and record.is_called for record in await subscriptions(call))
    for most, current in ((CALLBACKS_PER_USER_MAX, own), (CALLBACKS_MAX, call.services.callbacks.count)):
        if current >= most:
            raise ApiError("QUOTA_EXCEEDED", "Too many callbacks.", {"limit": most, "current": current})


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
