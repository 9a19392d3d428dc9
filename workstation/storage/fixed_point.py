"""Decimal columns: one type for both stores, exact on each, sorted right on each.

In Python a value is an integer count of 10 ** -scale. SQLite stores that integer in 64 bits (its NUMERIC would be a
float), PostgreSQL a NUMERIC. Prices and quantities of different instruments live on different scales and do not
compare; these columns bring them to one scale so that lists sort and filter, while the loss-free value stays in the
row's blob.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS, rescale, to_decimal

VALUE_SCALE = 8
"""Digits after the point of price and quantity columns."""

MONEY_SCALE = 4
"""Digits after the point of money columns."""

PRECISION = 18
"""Digits in all; every such number fits 64 bits."""

LARGEST: int = 10**PRECISION - 1
"""Values beyond stay at this bound: the columns order lists, the blob holds the number."""


class FixedPoint(TypeDecorator[int]):
    """A decimal of PRECISION digits with `scale` of them after the point."""

    impl = Numeric
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the database stores."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(PRECISION, self.scale))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """Return what the driver sends."""
        return value if dialect.name == "sqlite" else self.to_numeric(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        """Return the integer count of 10 ** -scale."""
        if value is None:
            return None
        count: int = value if dialect.name == "sqlite" else int(Decimal(value).scaleb(self.scale))
        return count

    def to_numeric(self, value: int | None) -> Decimal | None:
        """Return the Decimal that a NUMERIC column takes."""
        return None if value is None else to_decimal(value, self.scale)


def bounded(value: int, from_decimals: int, scale: int) -> int:
    """Return `value` at `scale`, half to even where digits are lost, kept within what the column can hold."""
    scaled: int = rescale(value, from_decimals, scale)
    return scaled if -LARGEST <= scaled <= LARGEST else max(-LARGEST, min(LARGEST, scaled))


def money(value: int) -> int:
    """Return money on the scale of money columns."""
    return bounded(value, MONEY_DECIMALS, MONEY_SCALE)


InstrumentSource = Mapping[str, Instrument] | Callable[[str], Instrument | None]


class Scales:
    """Brings prices and quantities to the columns' scale by their instrument; None or 0 while it is not known.

    Learns from each Instrument row written, so that the caller's source need not hold what is only stored here.
    """

    def __init__(self, instruments: InstrumentSource) -> None:
        self._find: Callable[[str], Instrument | None] = (
            instruments.get if isinstance(instruments, Mapping) else instruments
        )
        self._learnt: dict[str, Instrument] = {}

    def learn(self, instrument: Instrument) -> None:
        """Remember an instrument's decimals."""
        self._learnt[instrument.symbol] = instrument

    def price(self, symbol: str, value: int | None) -> int | None:
        """Return a price on the columns' scale."""
        instrument = None if value is None else self._instrument(symbol)
        return None if value is None or instrument is None else bounded(value, instrument.price_decimals, VALUE_SCALE)

    def qty(self, symbol: str, value: int) -> int:
        """Return a quantity on the columns' scale, sign kept."""
        instrument = self._instrument(symbol) if value else None
        return 0 if instrument is None else bounded(value, instrument.qty_decimals, VALUE_SCALE)

    def _instrument(self, symbol: str) -> Instrument | None:
        return self._learnt.get(symbol) or self._find(symbol)
