"""Computed columns of a watchlist: a name and an expression over the row's own quote and position.

Part of the last stage of the tick walk. An expression that cannot be read makes a column of dashes whose header says
where it is wrong; a value that is missing makes a dash in its cell. Exact: prices are fractions. Sends nothing.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

import msgspec

from workstation.domain.expressions.evaluation import Absent, Expression, Snapshot, Value, compiled
from workstation.domain.expressions.tokens import ExpressionError
from workstation.domain.expressions.vocabulary import Kind, Vocabulary
from workstation.domain.instruments import Instrument
from workstation.viewmodels.columns import Column, ColumnKind
from workstation.viewmodels.formats import MISSING, grouped
from workstation.viewmodels.watchlist_rows import WatchRow

COMPUTED_MAX = 6
NAME_CHARS_MAX = 16
_DEFINITION = re.compile(r"\s*(?P<name>[^=<>!]+?)\s*=(?!=)\s*(?P<text>.*?)\s*", re.DOTALL)
_PRICES = {
    "bid": "bid", "ask": "ask", "last": "last", "open": "open", "high": "high", "low": "low", "close": "prev_close",
    "vwap": "vwap",
}  # fmt: skip
_QUANTITIES = {"bid_size": "bid_size", "ask_size": "ask_size", "last_size": "last_size", "volume": "volume"}
VOCABULARY: Vocabulary = {
    **dict.fromkeys((*_PRICES, "mid"), Kind.PRICE),
    **dict.fromkeys(("spread", "tick"), Kind.DISTANCE),
    **dict.fromkeys((*_QUANTITIES, "pos"), Kind.QTY),
    **dict.fromkeys(("fresh", "long", "short", "flat"), Kind.BOOL),
}
"""Names that a computed column may read; `close` is the day before's, `pos` signed, + long."""


class Computed(msgspec.Struct, frozen=True):
    """A column as it was typed: `name = expression`."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} = {self.text}"


def definition(line: str) -> Computed | None:
    """Return what a typed line defines, None where it is no `name = expression`."""
    found = _DEFINITION.fullmatch(line)
    return None if found is None else Computed(found.group("name")[:NAME_CHARS_MAX], found.group("text"))


def expression_of(computed: Computed) -> Expression:
    """Return the expression of a computed column.

    Raises:
        ExpressionError: with the column of the part that is wrong.
    """
    return compiled(computed.text, vocabulary=VOCABULARY)


def computed_column(computed: Computed, instruments: Mapping[str, Instrument]) -> Column[WatchRow]:
    """Return the table's column; one that cannot be read shows dashes under a header that says why."""
    try:
        expression = expression_of(computed)
    except ExpressionError as error:
        return Column(f"={computed.name}", f"{computed.name} !", ColumnKind.NUMBER, lambda _: None, _dash, right=True,
                      width=9, hint=f"{computed}: {error}")  # fmt: skip

    def value(row: WatchRow) -> Value | None:
        instrument = instruments.get(row.entry)
        if instrument is None:
            return None
        found = expression.value(snapshot_of(row, instrument))
        return None if isinstance(found, Absent) else found

    def number(row: WatchRow) -> float | None:
        found = value(row)
        return None if found is None else float(found)

    def text(row: WatchRow) -> str:
        return "" if row.is_heading else _text(value(row), expression.kind, instruments.get(row.entry))

    return Column(
        f"={computed.name}", computed.name, ColumnKind.NUMBER, number, text, right=True, width=9, hint=str(computed)
    )


def snapshot_of(row: WatchRow, instrument: Instrument) -> Snapshot:
    """Return the values of a row; what is absent is left out."""
    quote = row.quote
    values: dict[str, Value] = {
        "pos": Fraction(row.position, 10**instrument.qty_decimals),
        "long": row.position > 0,
        "short": row.position < 0,
        "flat": row.position == 0,
        "fresh": quote is not None and quote.freshness == "FRESH",
    }
    reference = 0
    if quote is not None and quote.freshness != "ABSENT":
        prices = {name: getattr(quote, field) for name, field in _PRICES.items()}
        values |= {
            n: Fraction(price, 10**instrument.price_decimals) for n, price in prices.items() if price is not None
        }
        values |= {n: Fraction(getattr(quote, f), 10**instrument.qty_decimals) for n, f in _QUANTITIES.items()}
        if quote.bid is not None and quote.ask is not None:
            values["mid"] = Fraction(quote.bid + quote.ask, 2 * 10**instrument.price_decimals)
            values["spread"] = Fraction(quote.ask - quote.bid, 10**instrument.price_decimals)
        reference = quote.last or quote.bid or 0
    tick = Fraction(instrument.tick_at(reference), 10**instrument.price_decimals)
    point = None if instrument.inverse else Fraction(instrument.multiplier, 10**instrument.multiplier_decimals)
    lot = Fraction(instrument.lot, 10**instrument.qty_decimals)
    return Snapshot(values=values | {"tick": tick}, tick=tick, lot=lot, point_value=point)


def _text(value: Value | None, kind: Kind, instrument: Instrument | None) -> str:
    if value is None or instrument is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    tick = Fraction(instrument.tick_at(int(value * 10**instrument.price_decimals)), 10**instrument.price_decimals)
    match kind:
        case Kind.RATIO:
            return f"{_decimal(value * 100, 2)} %"
        case Kind.DISTANCE:
            return f"{_decimal(value / tick, 1)}t"
        case Kind.PRICE:
            return _decimal(value, instrument.price_decimals)
        case Kind.QTY:
            return _decimal(value, instrument.qty_decimals)
    return _decimal(value, 2)


def _decimal(value: Fraction, places: int) -> str:
    """Return a fraction rounded half to even, thousands grouped."""
    scaled = round(value * 10**places)
    digits = f"{abs(scaled):0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return grouped(f"-{text}" if scaled < 0 else text)


def _dash(row: WatchRow) -> str:
    return "" if row.is_heading else MISSING
