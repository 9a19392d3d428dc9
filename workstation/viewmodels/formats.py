"""Numbers, times and ages as a screen shows them: exact, by tick and currency, a missing value as a dash.

Part of the last stage of both walks. Texts are made from scaled integers; floats serve sorting alone. Qt-free.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from workstation.domain.cells import disarmed
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS, format_money, format_scaled
from workstation.domain.orders import Trail, TrailKind
from workstation.domain.times import NS_PER_S

R = TypeVar("R")

MISSING = "—"
DAY_NS = 86_400 * NS_PER_S
AVERAGE_EXTRA_DECIMALS = 2
DISTANCE_UNITS = {TrailKind.PRICE: "", TrailKind.TICKS: "t", TrailKind.BPS: "%"}
"""What follows the figure of a trailing stop's distance."""
_SECONDS_KEPT = 4_096
_TEXTS_KEPT = 16_384


class Formats:
    """Prices and quantities of instruments as text, and as floats to sort by; an unknown instrument is missing."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments

    def instrument(self, symbol: str) -> Instrument | None:
        """Return an instrument, None where it is not known."""
        return self._instruments.get(symbol)

    def price(self, symbol: str, price: int | None, *, at: int | None = None) -> str:
        """Return a price with the decimals of its tick, more where it is finer; `at` gives a difference its tick."""
        instrument = self._instruments.get(symbol)
        if price is None or instrument is None:
            return MISSING
        tick = instrument.tick_at(price if at is None else at)
        return _scaled_text(price, instrument.price_decimals, _decimals_of(tick, instrument.price_decimals))

    def quantity(self, symbol: str, quantity: int | None) -> str:
        """Return a quantity without trailing zeros, thousands grouped."""
        instrument = self._instruments.get(symbol)
        if quantity is None or instrument is None:
            return MISSING
        return _scaled_text(quantity, instrument.qty_decimals, 0)

    def average(self, symbol: str, cost: int, quantity: int) -> str:
        """Return an average price from price units times quantity units, rounded half to even past the tick."""
        instrument = self._instruments.get(symbol)
        if instrument is None or quantity == 0:
            return MISSING
        extra = AVERAGE_EXTRA_DECIMALS
        scaled = _rounded(cost * 10**extra, quantity)
        decimals = instrument.price_decimals
        keep = _decimals_of(instrument.tick_at(scaled // 10**extra), decimals)
        return grouped(format_scaled(scaled, decimals + extra, keep=keep))

    def price_number(self, symbol: str, price: float | None) -> float | None:
        """Return a price in whole units, to sort by."""
        instrument = self._instruments.get(symbol)
        return None if price is None or instrument is None else price / 10**instrument.price_decimals

    def distance(self, symbol: str, trail: Trail | None) -> str:
        """Return the distance of a trailing stop as it is typed."""
        instrument = self._instruments.get(symbol)
        return MISSING if trail is None or instrument is None else distance_text(trail, instrument)

    def distance_number(self, symbol: str, trail: Trail | None) -> float | None:
        """Return the distance of a trailing stop in its own unit, price, ticks or percent, to sort by."""
        if trail is None or trail.kind is TrailKind.PRICE:
            return self.price_number(symbol, None if trail is None else trail.offset)
        return trail.offset / 100 if trail.kind is TrailKind.BPS else float(trail.offset)

    def quantity_number(self, symbol: str, quantity: int | None) -> float | None:
        """Return a quantity in whole units, to sort by."""
        instrument = self._instruments.get(symbol)
        return None if quantity is None or instrument is None else quantity / 10**instrument.qty_decimals

    def exact_price(self, symbol: str, price: int | None) -> str:
        """Return a price as plain decimal text for export, empty where missing."""
        instrument = self._instruments.get(symbol)
        return "" if price is None or instrument is None else instrument.price_text(price)

    def exact_quantity(self, symbol: str, quantity: int | None) -> str:
        """Return a quantity as plain decimal text for export, empty where missing."""
        instrument = self._instruments.get(symbol)
        return "" if quantity is None or instrument is None else instrument.qty_text(quantity)


def distance_text(trail: Trail, instrument: Instrument) -> str:
    """Return a trailing stop's distance as it is typed: `0.50`, `5t`, `0.25%`."""
    figures = {TrailKind.TICKS: str(trail.offset), TrailKind.BPS: format_scaled(trail.offset, 2, keep=2)}
    return f"{figures.get(trail.kind) or instrument.price_text(trail.offset)}{DISTANCE_UNITS[trail.kind]}"


def grouped(text: str) -> str:
    """Return plain decimal text with thousands grouped and a true minus sign."""
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}"


def money(amount: int | None, *, signed: bool = False, places: int = 2) -> str:
    """Return money grouped; `signed` puts + before a gain."""
    if amount is None:
        return MISSING
    text = format_money(amount, places, grouping=True).replace("-", "−")
    if text.startswith("−") and not text.strip("−0.,"):
        text = text[1:]
    return f"+{text}" if signed and amount > 0 and text.strip("0.,") else text


def exact_money(amount: int | None) -> str:
    """Return money as plain decimal text with every digit it has, empty where missing."""
    return "" if amount is None else format_scaled(amount, MONEY_DECIMALS, keep=2)


def time_of_day(ts: int | None) -> str:
    """Return UTC time of day with milliseconds."""
    if not ts:
        return MISSING
    seconds, rest = divmod(ts, NS_PER_S)
    return f"{_clock(seconds)}.{rest // 1_000_000:03d}"


def moment(ts: int | None, now_ns: int) -> str:
    """Return UTC time of day, and of another day than now's the day in front; now_ns 0: not known, the time alone."""
    if not ts or not now_ns or ts // DAY_NS == now_ns // DAY_NS:
        return time_of_day(ts)
    return f"{datetime.fromtimestamp(ts // NS_PER_S, UTC):%d %b %H:%M}"


def exact_time(ts: int | None) -> str:
    """Return a UTC moment in ISO 8601 with nanoseconds, empty where missing."""
    if not ts:
        return ""
    seconds, rest = divmod(ts, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def age(duration_ns: int) -> str:
    """Return a span in its largest fitting unit: 450 ms, 3.2 s, 75 s, 12 min, 3 h, 2 d."""
    if duration_ns < NS_PER_S:
        return f"{max(duration_ns, 0) // 1_000_000} ms"
    seconds = duration_ns // NS_PER_S
    if seconds < 10:
        return f"{duration_ns / NS_PER_S:.1f} s"
    for limit, unit_s, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds // unit_s} {unit}"
    return f"{seconds // 86_400} d"


def csv_text(columns: Sequence[tuple[str, Callable[[R], str]]], rows: Iterable[R]) -> str:
    """Return rows as CSV with a header line; a cell that a spreadsheet would run as a formula is made plain text."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(disarmed(title) for title, _ in columns)
    for row in rows:
        writer.writerow(disarmed(text(row)) for _, text in columns)
    return target.getvalue()


def json_text(columns: Sequence[tuple[str, Callable[[R], str]]], rows: Iterable[R]) -> str:
    """Return rows as a JSON list, one object of texts a row on a line of its own."""
    lines = (msgspec.json.encode({title: text(row) for title, text in columns}).decode() for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"


@lru_cache(maxsize=_TEXTS_KEPT)
def _scaled_text(value: int, decimals: int, keep: int) -> str:
    return grouped(format_scaled(value, decimals, keep=keep))


@lru_cache(maxsize=_SECONDS_KEPT)
def _decimals_of(tick: int, decimals: int) -> int:
    """Return how many decimals a tick needs."""
    while decimals > 0 and tick % 10 == 0:
        tick, decimals = tick // 10, decimals - 1
    return decimals


@lru_cache(maxsize=_SECONDS_KEPT)
def _clock(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"


def _rounded(numerator: int, denominator: int) -> int:
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def gain_ink(value: float | None) -> str:
    """Return the colour role of a gain or a loss; that of plain text for neither."""
    return "text" if not value else "rise" if value > 0 else "fall"


def ratio(value: float | None) -> str:
    """Return a ratio, such as a Sharpe, to two decimals."""
    return MISSING if value is None else f"{value:.2f}"


def percent(value: float | None) -> str:
    """Return a share of one in percent, to two decimals."""
    return MISSING if value is None else f"{value:.2%}"


def market_words(market: Mapping[str, Any], name: str) -> str:
    """Return what a study was asked to play, by the name of the option; several by commas."""
    found = market.get(name, "")
    return ", ".join(found) if isinstance(found, list | tuple) else str(found)
