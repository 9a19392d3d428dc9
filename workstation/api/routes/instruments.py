"""Instruments: what the venue lists and what users keep beside it. A change is in force with the answer.

The list is made in memory: instruments are few, and half of what it sorts by is the market of this moment. An
instrument that the venue lists has version 0 until somebody changes it here.
"""

from dataclasses import replace as with_body
from typing import Any

from msgspec.structs import replace

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.guard import API_ROOT
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse, windowed
from workstation.api.names import instrument_id
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    expected_version,
    given,
    read_record,
)
from workstation.api.routes.marketdata import SYMBOL_PATH, by_field, latest
from workstation.api.schemas.instruments import (
    Instrument,
    InstrumentCreate,
    InstrumentList,
    InstrumentPage,
    InstrumentUpdate,
    instrument_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.domain.listing import entry_of
from workstation.domain.records import InstrumentEntry
from workstation.ports.store import RecordQuery

routes = Routes()

ENTRIES_READ = 500
_ID = {"instrument_id": "uuid"}
_FILTERS = ("instrument_type", "exchange", "currency", "is_active", "is_tradable")
_EMPTY = dict.fromkeys(("contract_id", "sec_type", "description", "sector", "industry"), lambda value: value or "")
FORM = ListForm(
    key="instruments",
    model=Instrument,
    orderings={name: name for name in ("symbol", "name", "last_price", "volume")},
    default="symbol",
)
INSTRUMENTS = RecordResource(
    kind=InstrumentEntry,
    form=FORM,
    body=lambda _, entry: instrument_body(entry, None),
    id_name="instrument_id",
)


@routes.add(
    "GET", "/instruments", scope="instruments:view", query=InstrumentList, answers={200: InstrumentPage}, form=FORM
)
async def list_instruments(call: Call) -> Answer:
    """List instruments."""
    asked: InstrumentList = call.query
    fields, ordering = chosen_fields(asked.fields, Instrument), ordering_of(call, FORM)
    live = {body["instrument_symbol"]: body for body in await latest(call)}
    bodies = [instrument_body(entry, live.get(entry.symbol)) for entry in await _entries(call)]
    found = [body for body in bodies if _fits(body, asked)]
    for item in reversed((*ordering, "-id" if ordering[0].startswith("-") else "id")):
        found = by_field(found, item)
    page, has_next = windowed(found, asked.limit, asked.offset, lambda body: sparse(body, fields))
    total = len(found) if asked.with_count else None
    return json_answer(200, page_body(call, FORM, page, total=total, has_next=has_next))


@routes.add("POST", "/instruments", scope="instruments:manage", body=InstrumentCreate, answers={201: Instrument})
async def create_instrument(call: Call) -> Answer:
    """Keep an instrument."""
    asked: InstrumentCreate = call.body
    known = call.services.names.symbol_key(asked.symbol)
    if known in call.services.session.instruments:
        uid = instrument_id(known)
        where = {"Location": f"{API_ROOT}/instruments/{uid}"}
        raise ApiError("DUPLICATE", "There is an instrument with that symbol already.", {"id": uid}, where)
    values = {name: getattr(asked, name) for name in InstrumentCreate.model_fields}
    values |= {name: values[name] or "" for name in _EMPTY} | {"metadata": asked.metadata or {}}
    draft = InstrumentEntry(id=instrument_id(asked.symbol), tenant=call.credential.tenant, **values)
    return await create_record(call, INSTRUMENTS, draft)


@routes.add(
    "GET", "/instruments/by-symbol/{symbol}", scope="instruments:view", query=RecordRead, answers={200: Instrument},
    path_types=SYMBOL_PATH, tagged=True,
)  # fmt: skip
async def get_instrument_by_symbol(call: Call) -> Answer:
    """Read an instrument by its symbol."""
    return await _read(call, await _entry(call, call.path_params["symbol"]))


@routes.add(
    "GET", "/instruments/{instrument_id}", scope="instruments:view", query=RecordRead, answers={200: Instrument},
    path_types=_ID,
)  # fmt: skip
async def get_instrument(call: Call) -> Answer:
    """Read an instrument."""
    return await _read(call, await _entry(call, _symbol(call)))


@routes.change(
    "/instruments/{instrument_id}", scope="instruments:manage", body=InstrumentUpdate, answers={200: Instrument},
    path_types=_ID,
)  # fmt: skip
async def put_instrument(call: Call) -> Answer:
    """Change an instrument."""
    entry = await _entry(call, _symbol(call))
    changes = given(call.body, **_EMPTY, metadata=lambda value: value or {})
    if entry.row_version:
        return await change_record(call, INSTRUMENTS, changes, before=entry)
    expected_version(call, entry)
    try:
        made = await create_record(call, INSTRUMENTS, replace(entry, **changes))
    except ApiError as error:
        if error.code != "DUPLICATE":
            raise
        raise ApiError("PRECONDITION_FAILED", "It has changed since.") from None
    return Answer(200, made.body, {"ETag": made.headers["ETag"]})


@routes.add("DELETE", "/instruments/{instrument_id}", scope="instruments:manage", answers={204: None}, path_types=_ID)
async def delete_instrument(call: Call) -> Answer:
    """Delete an instrument that nobody trades."""
    entry = await _entry(call, _symbol(call))
    if not entry.row_version:
        raise ApiError("IN_USE", f"The venue lists {entry.symbol}.", {"state": "in use", "allowed": []})
    return await delete_record(call, INSTRUMENTS)


async def _read(call: Call, entry: InstrumentEntry) -> Answer:
    found = await latest(call, entry.symbol)
    live = found[0] if found else None
    shown = with_body(INSTRUMENTS, body=lambda _, record: instrument_body(record, live))
    return await read_record(call, shown, record=entry)


async def _entries(call: Call) -> list[InstrumentEntry]:
    """Return the entry of every instrument on offer; where nobody keeps one, what the venue says."""
    tenant = call.credential.tenant
    kept: dict[str, InstrumentEntry] = {}
    query = RecordQuery(tenant=tenant, ordering=("created_at",), limit=ENTRIES_READ, with_count=False)
    while True:
        page = await call.services.read(call.services.reader.records, InstrumentEntry, query)
        kept |= {row.symbol: row for row in page.rows if isinstance(row, InstrumentEntry)}
        if not page.has_next:
            break
        query = replace(query, offset=query.offset + ENTRIES_READ)
    offered = call.services.session.instruments
    return [kept[symbol] if symbol in kept else _listed(call, symbol) for symbol in {*offered, *kept}]


async def _entry(call: Call, symbol: str) -> InstrumentEntry:
    """Return the entry of an instrument on offer.

    Raises:
        ApiError: 404.
    """
    services = call.services
    kept = await services.read(services.reader.record, InstrumentEntry, call.credential.tenant, instrument_id(symbol))
    if kept is not None:
        return kept
    if symbol not in services.session.instruments:
        raise ApiError("NOT_FOUND", "No such instrument.")
    return _listed(call, symbol)


def _listed(call: Call, symbol: str) -> InstrumentEntry:
    began = call.services.meters.started_ns
    stamps: dict[str, Any] = {"tenant": call.credential.tenant, "created_at": began, "updated_at": began}
    return replace(entry_of(call.services.names.instruments[symbol]), id=instrument_id(symbol), **stamps)


def _symbol(call: Call) -> str:
    """Return the symbol of the path's id.

    Raises:
        ApiError: 404.
    """
    wanted = call.path_params["instrument_id"]
    for symbol in call.services.names.instruments:
        if instrument_id(symbol) == wanted:
            return symbol
    raise ApiError("NOT_FOUND", "No such instrument.")


def _fits(body: dict[str, Any], asked: InstrumentList) -> bool:
    if any(getattr(asked, name) not in (None, body[name]) for name in _FILTERS):
        return False
    if asked.symbol is not None and asked.symbol.upper() != body["symbol"].upper():
        return False
    texts = (body["symbol"], body["name"], body["description"] or "")
    return asked.search is None or any(asked.search.lower() in text.lower() for text in texts)
