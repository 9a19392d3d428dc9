"""Instruments: what can be traded, and on which steps."""

from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import Number, SortedParams, Value, When


class Instrument(Value, frozen=True, kw_only=True):
    """What can be traded. Prices and volume are the newest that the engine knows, null while it knows none."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    symbol: str
    name: str
    instrument_type: str
    exchange: str
    contract_id: str | None
    sec_type: str | None
    currency: str
    multiplier: Decimal
    strike_price: Decimal | None
    expiration_date: str | None
    option_type: str | None
    min_tick_size: Decimal
    min_order_size: Decimal
    max_order_size: Decimal | None
    lot_size: Decimal
    last_price: Decimal | None
    last_updated: datetime | None
    bid_price: Decimal | None
    ask_price: Decimal | None
    volume: int | None
    is_active: bool
    is_tradable: bool
    description: str | None
    sector: str | None
    industry: str | None
    metadata: dict[str, Any]


class InstrumentList(SortedParams, kw_only=True):
    """Filters of the instrument list."""

    symbol: str | UnsetType = UNSET
    instrument_type: str | UnsetType = UNSET
    exchange: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    is_tradable: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class InstrumentId(Params):
    """Names an instrument."""

    instrument_id: str


class SymbolName(Params):
    """Names a symbol."""

    symbol: str


class InstrumentCreate(Params, kw_only=True):
    """An instrument to keep beside those that the venue lists."""

    symbol: str
    name: str
    instrument_type: str
    exchange: str
    contract_id: str | UnsetType = UNSET
    sec_type: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    multiplier: Number | UnsetType = UNSET
    strike_price: Number | UnsetType = UNSET
    expiration_date: When | UnsetType = UNSET
    option_type: str | UnsetType = UNSET
    min_tick_size: Number | UnsetType = UNSET
    min_order_size: Number | UnsetType = UNSET
    max_order_size: Number | UnsetType = UNSET
    lot_size: Number | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    is_tradable: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET
    sector: str | UnsetType = UNSET
    industry: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class InstrumentUpdate(InstrumentId, kw_only=True):
    """What may change of an instrument; scales, symbol and type stay.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    name: str | UnsetType = UNSET
    exchange: str | UnsetType = UNSET
    contract_id: str | UnsetType | None = UNSET
    sec_type: str | UnsetType | None = UNSET
    currency: str | UnsetType = UNSET
    multiplier: Number | UnsetType = UNSET
    strike_price: Number | UnsetType | None = UNSET
    expiration_date: When | UnsetType | None = UNSET
    option_type: str | UnsetType | None = UNSET
    min_tick_size: Number | UnsetType = UNSET
    min_order_size: Number | UnsetType = UNSET
    max_order_size: Number | UnsetType | None = UNSET
    lot_size: Number | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    is_tradable: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    sector: str | UnsetType | None = UNSET
    industry: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class Instruments(Group[W], Generic[W]):
    """Read and keep instruments."""

    list = Listing("/instruments", InstrumentList, "instruments", Instrument)
    get = Call("GET", "/instruments/{instrument_id}", InstrumentId, Instrument)
    by_symbol = Call("GET", "/instruments/by-symbol/{symbol}", SymbolName, Instrument)
    create = Call("POST", "/instruments", InstrumentCreate, Instrument)
    change = Call("PUT", "/instruments/{instrument_id}", InstrumentUpdate, Instrument)
    delete = Call("DELETE", "/instruments/{instrument_id}", InstrumentId, NoneType)
