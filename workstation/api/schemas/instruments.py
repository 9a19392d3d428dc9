"""Instruments on the wire: what a venue lists or a user keeps, with the newest prices that the engine knows."""

from typing import Annotated, Any, Literal, get_args

from pydantic import StrictBool, StringConstraints

from workstation.api.schemas.orders import Metadata
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    Day,
    DayOut,
    DecimalOut,
    Multiplier,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    Size,
    Strike,
    Symbol,
    TickSize,
    TimeOut,
)
from workstation.domain.records import InstrumentEntry

InstrumentType = Literal["STOCK", "OPTION", "FUTURE", "FOREX", "BOND", "ETF", "MUTUAL_FUND", "CRYPTO", "OTHER"]
Exchange = Literal[
    "NYSE", "NASDAQ", "ARCA", "BATS", "EDGX", "EDGA", "IB_SMART", "IB_CRYPTO", "IB_FOREX", "IB_FUTURES", "CBOE", "CME",
    "ICE", "LSE", "TSE", "OTHER",
]  # fmt: skip
EXCHANGES = frozenset(get_args(Exchange))
OptionType = Literal["CALL", "PUT"]


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(max_length=100)]
SecType = Annotated[str, StringConstraints(max_length=20)]
Text = Annotated[str, StringConstraints(max_length=2_000)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class InstrumentList(RecordList):
    """Filters of the instrument list."""

    symbol: Symbol | None = None
    instrument_type: InstrumentType | None = None
    exchange: Exchange | None = None
    currency: Currency | None = None
    is_active: QueryFlag | None = None
    is_tradable: QueryFlag | None = None
    search: SearchText | None = None


class InstrumentCreate(Request):
    """An instrument to keep beside those that the venue lists."""

    symbol: Annotated[Symbol, StringConstraints(pattern=r"^\S(.*\S)?$")]
    name: Name
    instrument_type: InstrumentType
    exchange: Exchange
    contract_id: Code | None = None
    sec_type: SecType | None = None
    currency: Currency = "USD"
    multiplier: Multiplier = "1"
    strike_price: Strike | None = None
    expiration_date: Day | None = None
    option_type: OptionType | None = None
    min_tick_size: TickSize = "0.01"
    min_order_size: Size = "1"
    max_order_size: Size | None = None
    lot_size: Size = "0.0001"
    is_active: StrictBool = True
    is_tradable: StrictBool = True
    description: Text | None = None
    sector: Code | None = None
    industry: Code | None = None
    metadata: Metadata | None = None


class InstrumentUpdate(Request):
    """What may change of an instrument; scales, symbol and type stay."""

    name: Name = unchanged()
    exchange: Exchange = unchanged()
    contract_id: Code | None = None
    sec_type: SecType | None = None
    currency: Currency = unchanged()
    multiplier: Multiplier = unchanged()
    strike_price: Strike | None = None
    expiration_date: Day | None = None
    option_type: OptionType | None = None
    min_tick_size: TickSize = unchanged()
    min_order_size: Size = unchanged()
    max_order_size: Size | None = None
    lot_size: Size = unchanged()
    is_active: StrictBool = unchanged()
    is_tradable: StrictBool = unchanged()
    description: Text | None = None
    sector: Code | None = None
    industry: Code | None = None
    metadata: Metadata | None = None


class Instrument(RecordOut):
    """What can be traded. Prices and volume are the newest that the engine knows, null while it knows none."""

    symbol: str
    name: str
    instrument_type: InstrumentType
    exchange: Exchange
    contract_id: str | None
    sec_type: str | None
    currency: str
    multiplier: DecimalOut
    strike_price: DecimalOut | None
    expiration_date: DayOut | None
    option_type: OptionType | None
    min_tick_size: DecimalOut
    min_order_size: DecimalOut
    max_order_size: DecimalOut | None
    lot_size: DecimalOut
    last_price: DecimalOut | None
    last_updated: TimeOut | None
    bid_price: DecimalOut | None
    ask_price: DecimalOut | None
    volume: int | None
    is_active: bool
    is_tradable: bool
    description: str | None
    sector: str | None
    industry: str | None
    metadata: dict[str, Any]


class InstrumentPage(Resource):
    """A page of instruments."""

    instruments: list[Instrument]
    total_count: int | None
    has_next: bool


_EMPTY_AS_NULL = ("contract_id", "sec_type", "description", "sector", "industry")
_LIVE = ("last_price", "last_updated", "bid_price", "ask_price", "volume")


def instrument_body(entry: InstrumentEntry, live: dict[str, Any] | None) -> dict[str, Any]:
    """Return an instrument as the wire shows it; live: its latest values as the wire shows them, None for none."""
    return {
        **record_body(entry),
        "symbol": entry.symbol,
        "name": entry.name,
        "instrument_type": entry.instrument_type,
        "exchange": entry.exchange if entry.exchange in EXCHANGES else "OTHER",
        **{name: getattr(entry, name) or None for name in _EMPTY_AS_NULL},
        "currency": entry.currency,
        "multiplier": _places(entry.multiplier, 4),
        "strike_price": None if entry.strike_price is None else _places(entry.strike_price, 2),
        "expiration_date": entry.expiration_date,
        "option_type": entry.option_type,
        "min_tick_size": _places(entry.min_tick_size, 6),
        "min_order_size": entry.min_order_size,
        "max_order_size": entry.max_order_size,
        "lot_size": entry.lot_size,
        **{name: None if live is None else live[name] for name in _LIVE},
        "is_active": entry.is_active,
        "is_tradable": entry.is_tradable,
        "metadata": entry.metadata,
    }


def _places(text: str, places: int) -> str:
    """Return a plain decimal with at least `places` digits after the point."""
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(places, '0')}"
