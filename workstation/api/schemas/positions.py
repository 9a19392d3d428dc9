"""Positions on the wire: one row per account and instrument, with the newest mark that the engine has given.

A position that nothing usable marks is unpriced: market price, value and open profit are null, never 0.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from workstation.api.credentials import TENANT_ID
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.values import (
    PRICE_DIGITS,
    CommaList,
    DecimalOut,
    IdOut,
    Query,
    QueryFlag,
    QueryInteger,
    Resource,
    Symbol,
    TimeOut,
    Uuid,
    money_text,
    price_text,
    quantity_text,
    time_text,
)
from workstation.domain.executions import PositionState
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS, div_half_even, format_scaled
from workstation.kernel.ids import stable_uid
from workstation.viewmodels.frames import PositionSnap


class PositionList(Query):
    """Filters of the position list."""

    instrument_symbol: Symbol | None = None
    broker_account_id: Uuid | None = None
    has_position: QueryFlag | None = None
    fields: CommaList | None = None
    ordering: CommaList | None = None
    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000_000)] = 0
    with_count: QueryFlag = True


class PositionRead(Query):
    """Shape of one position."""

    fields: CommaList | None = None


class Position(Resource):
    """What an account holds of one instrument."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    updated_at: TimeOut
    row_version: int
    broker_account_id: IdOut
    instrument_id: IdOut
    instrument_symbol: str
    quantity: DecimalOut
    average_cost: DecimalOut | None
    market_price: DecimalOut | None
    market_value: DecimalOut | None
    unrealized_pnl: DecimalOut | None
    realized_pnl: DecimalOut
    cost_method: Literal["AVERAGE", "FIFO"]
    last_updated: TimeOut
    is_long: bool
    is_short: bool
    is_flat: bool
    metadata: dict[str, Any]


class PositionPage(Resource):
    """A page of positions."""

    positions: list[Position]
    total_count: int | None
    has_next: bool


def position_id(account: str, symbol: str) -> str:
    """Return the id of a position, the same for ever."""
    return stable_uid("position", account, symbol)


def position_body(position: PositionState, snap: PositionSnap | None, names: Names) -> dict[str, Any]:
    """Return a position as the wire shows it; `snap` gives the mark, None when there is none yet."""
    instrument = names.instruments[position.symbol]
    qty = position.qty
    mark = None if snap is None or snap.position.qty != qty else snap.mark
    changed = time_text(position.updated_at)
    return {
        "id": position_id(position.account, position.symbol),
        "tenant_id": TENANT_ID,
        "created_at": changed,
        "updated_at": changed,
        "row_version": position.version,
        "broker_account_id": names.account_uid(position.account),
        "instrument_id": instrument_id(position.symbol),
        "instrument_symbol": position.symbol,
        "quantity": quantity_text(instrument, qty),
        "average_cost": _average_cost(position, instrument) if qty else None,
        "market_price": None if mark is None else price_text(instrument, mark),
        "market_value": None if mark is None else money_text(instrument.notional(mark, qty)),
        "unrealized_pnl": _unrealized(qty, mark, snap),
        "realized_pnl": money_text(position.realised),
        "cost_method": position.method.value,
        "last_updated": changed,
        "is_long": qty > 0,
        "is_short": qty < 0,
        "is_flat": qty == 0,
        "metadata": {},
    }


def _unrealized(qty: int, mark: int | None, snap: PositionSnap | None) -> str | None:
    if qty == 0:
        return "0.00"
    return None if mark is None or snap is None or snap.unrealised is None else money_text(snap.unrealised)


def _average_cost(position: PositionState, instrument: Instrument) -> str:
    """Return cost / (quantity * multiplier) with PRICE_DIGITS digits; an inverse contract's is quantity / cost."""
    numerator = abs(position.cost) * 10 ** (instrument.qty_decimals + instrument.multiplier_decimals + PRICE_DIGITS)
    denominator = abs(position.qty) * instrument.multiplier * 10**MONEY_DECIMALS
    if instrument.inverse and position.cost:
        money = abs(position.qty) * instrument.multiplier * 10 ** (MONEY_DECIMALS + PRICE_DIGITS)
        numerator = money
        denominator = abs(position.cost) * 10 ** (instrument.qty_decimals + instrument.multiplier_decimals)
    sign = -1 if (position.cost < 0) != (position.qty < 0) else 1
    return format_scaled(sign * div_half_even(numerator, denominator), PRICE_DIGITS, keep=PRICE_DIGITS)
