"""The latest of the market: one row an instrument, as the engine knows it at this moment."""

from decimal import Decimal
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse, windowed
from workstation.api.outcomes import refused
from workstation.api.schemas.marketdata import (
    LastPrice,
    MarketData,
    MarketDataList,
    MarketDataPage,
    MarketDataRead,
    market_data_body,
)
from workstation.commands.market_params import Latest

routes = Routes()

SYMBOL_PATH = {"symbol": "symbol"}
FORM = ListForm(
    key="market_data",
    model=MarketData,
    orderings={name: name for name in ("instrument_symbol", "last_price", "volume", "timestamp")},
    default="instrument_symbol",
)


@routes.add(
    "GET", "/marketdata", scope="marketdata:view", query=MarketDataList, answers={200: MarketDataPage}, form=FORM
)
async def list_market_data(call: Call) -> Answer:
    """List the latest values of instruments."""
    asked: MarketDataList = call.query
    fields, ordering = chosen_fields(asked.fields, MarketData), ordering_of(call, FORM)
    symbols = () if asked.instrument_symbol is None else (call.services.names.symbol_key(asked.instrument_symbol),)
    found = [body for body in await latest(call, *symbols) if _fits(body, asked)]
    for item in reversed((*ordering, "-id" if ordering[0].startswith("-") else "id")):
        found = by_field(found, item)
    bodies, has_next = windowed(found, asked.limit, asked.offset, lambda body: sparse(body, fields))
    total = len(found) if asked.with_count else None
    return json_answer(200, page_body(call, FORM, bodies, total=total, has_next=has_next))


@routes.add(
    "GET", "/marketdata/quotes/{symbol}", scope="marketdata:view", query=MarketDataRead, answers={200: MarketData},
    path_types=SYMBOL_PATH,
)  # fmt: skip
async def get_quote(call: Call) -> Answer:
    """Read the latest values of one instrument."""
    fields = chosen_fields(call.query.fields, MarketData)
    return json_answer(200, sparse(await _known(call), fields))


@routes.add(
    "GET", "/marketdata/last/{symbol}", scope="marketdata:view", answers={200: LastPrice}, path_types=SYMBOL_PATH
)
async def get_last_price(call: Call) -> Answer:
    """Read the price of an instrument's last trade."""
    body = await _known(call)
    if body["last_price"] is None:
        raise ApiError("NOT_FOUND", "Nothing has traded yet.")
    return json_answer(200, {name: body[name] for name in LastPrice.model_fields})


async def latest(call: Call, *symbols: str) -> list[dict[str, Any]]:
    """Return the latest values of instruments as bodies, of all that are known where none is named."""
    if symbols and not any(symbol in call.services.names.instruments for symbol in symbols):
        return []
    result = await call.services.engine.call("market.latest", Latest(symbols=symbols), call.origin)
    if not result.ok:
        raise refused(result)
    instruments, source, tenant = call.services.names.instruments, call.services.session.feed, call.credential.tenant
    return [market_data_body(snap, instruments[snap.symbol], source, tenant) for snap in result.data]


def by_field(bodies: list[dict[str, Any]], ordering: str) -> list[dict[str, Any]]:
    """Return bodies sorted by one field, `-` for descending, what has no value last; equal ones keep their order."""
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    valued = [body for body in bodies if body[name] is not None]
    decimal = name.endswith("_price")
    valued.sort(key=lambda body: Decimal(body[name]) if decimal else body[name], reverse=descending)
    return valued + [body for body in bodies if body[name] is None]


def _fits(body: dict[str, Any], asked: MarketDataList) -> bool:
    if asked.data_source not in (None, body["data_source"]) or asked.is_delayed not in (None, body["is_delayed"]):
        return False
    if asked.min_price is None and asked.max_price is None:
        return True
    if body["last_price"] is None:
        return False
    last = Decimal(body["last_price"])
    return (asked.min_price is None or last >= Decimal(asked.min_price)) and (
        asked.max_price is None or last <= Decimal(asked.max_price)
    )


async def _known(call: Call) -> dict[str, Any]:
    """Return the latest values of the path's instrument.

    Raises:
        ApiError: 404, no such instrument, or nothing is known of it.
    """
    symbol = call.services.names.instrument(call.path_params["symbol"]).symbol
    found = await latest(call, symbol)
    if not found:
        raise ApiError("NOT_FOUND", "Nothing is known of this instrument's market yet.")
    return found[0]
