"""Plausible bars from before the venue started, and those since: charts are full in the first second.

The past is a price path drawn day by day from the seed and laid backwards from the opening price, so that its last
close is where the market opens and any number of bars shows the same path. Highs and lows of a minute follow the
law of the extremes of a Brownian bridge. Options are priced from their underlying's path. What has traded since
comes from the tape. Computation only, about 0.8 ms per day of path.
"""

import math
from array import array

import numpy as np
import numpy.typing as npt

from workstation.brokers.sim.fair_values import SECONDS_PER_YEAR, option_values
from workstation.brokers.sim.flow import years_to
from workstation.brokers.sim.matching import Print
from workstation.brokers.sim.universe import Listing
from workstation.domain.instruments import Instrument, OptionTerms
from workstation.domain.market import CLOCK_KINDS, Bar, BarKind, BarType
from workstation.domain.times import NS_PER_S
from workstation.kernel.ids import sub_stream

HISTORY_DAYS_MAX = 1_500
OPTION_DAYS_MAX = 30
"""How far back the path goes; a chain has been listed for a month."""

LIVE_MINUTES_MAX = 2_880
LIVE_SECONDS_MAX = 900
"""Bars since the start that are kept for each market."""

MINUTES_PER_DAY = 1_440
MINUTE_NS = 60 * 10**9
DAY_VOL_STD = 0.30
HOUR_VOL_STD = 0.25

_KEPT = CLOCK_KINDS - {BarKind.MILLISECOND, BarKind.YEAR}
_FIELDS = 7
"""Integers of one live bar: bucket, open, high, low, close, volume, count."""

Columns = npt.NDArray[np.int64]
"""(n, 7) int64, columns bucket, open, high, low, close, volume, count; buckets ascending."""


class _LiveBars:
    """Bars of one market since the start at one step, in a flat array."""

    __slots__ = ("cells", "most", "step_ns")

    def __init__(self, step_ns: int, most: int) -> None:
        self.cells = array("q")
        self.step_ns = step_ns
        self.most = most

    def add(self, price: int, size: int, ts: int) -> None:
        bucket, cells = ts // self.step_ns, self.cells
        if cells and cells[-_FIELDS] >= bucket:
            cells[-5] = max(cells[-5], price)
            cells[-4] = min(cells[-4], price)
            cells[-3] = price
            cells[-2] += size
            cells[-1] += 1
            return
        cells.extend((bucket, price, price, price, price, size, 1))
        if len(cells) > 2 * self.most * _FIELDS:
            del cells[: -self.most * _FIELDS]

    def rebase(self, ratio: float, ts: int) -> None:
        """Bring the bar that forms to the prices of a split."""
        cells = self.cells
        if cells and cells[-_FIELDS] == ts // self.step_ns:
            for place in range(-6, -2):
                cells[place] = round(cells[place] * ratio)
            cells[-2] = round(cells[-2] / ratio)

    def columns(self) -> Columns:
        # The copy is one step for the interpreter, so that the tape may go on writing meanwhile.
        return np.array(self.cells[:], dtype=np.int64).reshape(-1, _FIELDS)


class PriceHistory:
    """Bars of every market. `start_ns` is when the live market begins, at the prices `starts`."""

    def __init__(self, listings: tuple[Listing, ...], starts: dict[str, int], seed: int, start_ns: int) -> None:
        self._listings = {entry.instrument.symbol: entry for entry in listings}
        self._starts = starts
        self._seed = seed
        self._start_ns = start_ns
        self._start_minute = start_ns // MINUTE_NS
        self._fallen: dict[str, dict[int, float]] = {}
        self._minutes: dict[str, _LiveBars] = {}
        self._seconds: dict[str, _LiveBars] = {}
        self._splits: dict[str, list[tuple[int, float]]] = {}

    def split(self, symbol: str, ratio: float, ts: int) -> None:
        """Take a split that took force, UTC ns: the bar that it falls into is in prices of its end, as live ones."""
        self._splits.setdefault(symbol, []).append((ts, ratio))
        for kept in (self._minutes, self._seconds):
            if symbol in kept:
                kept[symbol].rebase(ratio, ts)

    def record(self, symbol: str, prints: list[Print]) -> None:
        """Add what has printed on one market."""
        if not prints:
            return
        minutes = self._minutes.setdefault(symbol, _LiveBars(MINUTE_NS, LIVE_MINUTES_MAX))
        seconds = self._seconds.setdefault(symbol, _LiveBars(NS_PER_S, LIVE_SECONDS_MAX))
        for price, size, _, ts in prints:
            minutes.add(price, size, ts)
            seconds.add(price, size, ts)

    def bars(
        self, symbol: str, bar_type: BarType, count: int, now_ns: int, before_ns: int | None = None
    ) -> tuple[Bar, ...]:
        """Return up to `count` bars, oldest first. Empty for unknown symbols and where only plain ticks would tell.

        before_ns: those that ended by then, None for those up to now.
        """
        entry = self._listings.get(symbol)
        plain = bar_type.kind in _KEPT and bar_type == BarType(bar_type.kind, bar_type.step)
        if entry is None or count <= 0 or not plain:
            return ()
        end = self._start_minute * MINUTE_NS if before_ns is None else before_ns
        stop = min(-(-end // MINUTE_NS), self._start_minute)
        if bar_type.kind is BarKind.SECOND:
            past = self._past_seconds(entry, count * bar_type.step, stop)
            live, step_ns = self._seconds.get(symbol), NS_PER_S
        else:
            past = self._past_minutes(entry, _days_for(bar_type, count), stop)
            live, step_ns = self._minutes.get(symbol), MINUTE_NS
        columns = past if live is None else np.concatenate((past, live.columns()))
        for ts, ratio in self._splits.get(symbol, ()):
            _rebase(columns, bar_type, ts // step_ns, ratio)
        if before_ns is not None:
            return _bars(symbol, bar_type, _whole(columns, bar_type, step_ns, before_ns)[-count:], now_ns, step_ns)
        groups = _groups(columns[:, 0], bar_type)
        return _bars(symbol, bar_type, _merge(columns, groups)[-count:], now_ns, step_ns)

    def _past_minutes(self, entry: Listing, days: int, stop: int) -> Columns:
        """Return the minutes before the minute `stop`, from `days` days before its day on."""
        option, today = entry.instrument.option, self._start_minute // MINUTES_PER_DAY
        most = HISTORY_DAYS_MAX if option is None else OPTION_DAYS_MAX
        first = max(stop // MINUTES_PER_DAY - days, today - most)
        if first * MINUTES_PER_DAY >= stop:
            return np.empty((0, _FIELDS), np.int64)
        if option is not None:
            driver = self._listings[option.underlying]
            return self._option_minutes(entry, option, self._path(driver, first, stop))
        return self._path(entry, first, stop)

    def _path(self, entry: Listing, first: int, stop: int) -> Columns:
        """Return the minutes from the day `first` up to the minute `stop`, which is at most that of the start."""
        if entry.character is None:
            return self._flat_minutes(entry, first, stop)
        symbol, usual = entry.instrument.symbol, entry.character.size * entry.instrument.lot
        last = (stop - 1) // MINUTES_PER_DAY
        blocks = [self._day(entry, day) for day in range(first, last + 1)]
        begun, ended = first * MINUTES_PER_DAY, min((last + 1) * MINUTES_PER_DAY, self._start_minute)
        returns, up, down, volume = (np.concatenate(parts)[: ended - begun] for parts in zip(*blocks, strict=True))
        since = np.cumsum(np.concatenate(([self._return_after(entry, last)], returns[::-1])))
        close = math.log(self._starts[symbol]) - since[:-1][::-1]
        opening = close - returns
        tick = entry.instrument.tick_at(self._starts[symbol])
        prices = [_on_grid(path, tick) for path in (opening, opening + up, opening - down, close)]
        if ended == self._start_minute:
            prices[3][-1:] = self._starts[symbol]
        prices[1] = np.maximum.reduce(prices)
        prices[2] = np.minimum.reduce(prices)
        counts = np.maximum(volume // usual, 1)
        return np.column_stack((np.arange(begun, ended), *prices, volume, counts))[: stop - begun]

    def _return_after(self, entry: Listing, day: int) -> float:
        """Return the log return from a day's end to the start, added up backwards as a path over all of it adds it."""
        today = self._start_minute // MINUTES_PER_DAY
        known = self._fallen.setdefault(entry.instrument.symbol, {today: 0.0})
        at = min(found for found in known if found >= day)
        for gone in range(at, day, -1):
            returns = self._day(entry, gone)[0]
            used = returns[: self._start_minute % MINUTES_PER_DAY] if gone == today else returns
            known[gone - 1] = float(np.cumsum(np.concatenate(([known[gone]], used[::-1])))[-1])
        return known[day]

    def _day(self, entry: Listing, day: int) -> tuple[npt.NDArray[np.float64], ...]:
        """Return one day's log returns, highest rise and deepest fall from the open per minute, and volume."""
        symbol, character = entry.instrument.symbol, entry.character
        volatility = 0.0 if character is None else character.volatility
        usual_size = entry.instrument.lot * (1 if character is None else character.size)
        rng = np.random.default_rng(sub_stream(self._seed, f"sim.history.{symbol}.{day}").getrandbits(128))
        level = math.exp(DAY_VOL_STD * float(rng.standard_normal()))
        hours = np.exp(HOUR_VOL_STD * rng.standard_normal(25))
        nerves = level * np.interp(np.arange(MINUTES_PER_DAY) / 60.0, np.arange(25.0), hours)
        sigma = volatility * math.sqrt(60.0 / SECONDS_PER_YEAR) * nerves
        returns = sigma * rng.standard_normal(MINUTES_PER_DAY)
        # The maximum of a Brownian bridge from 0 to r: (r + sqrt(r^2 - 2 sigma^2 ln U)) / 2.
        draws = np.log(rng.random((2, MINUTES_PER_DAY)) + 1e-12)
        up = (returns + np.sqrt(returns**2 - 2.0 * sigma**2 * draws[0])) / 2.0
        down = (-returns + np.sqrt(returns**2 - 2.0 * sigma**2 * draws[1])) / 2.0
        volume = np.maximum(
            300.0 * usual_size * nerves * np.exp(0.5 * rng.standard_normal(MINUTES_PER_DAY)), usual_size
        )
        return returns, up, down, volume.astype(np.int64)

    def _past_seconds(self, entry: Listing, count: int, stop: int) -> Columns:
        """Return `count` seconds before the minute `stop`, or more: each minute's path bridged from open to close."""
        minutes = self._past_minutes(entry, min(count // 86_400 + 1, HISTORY_DAYS_MAX), stop)[-(count // 60 + 2) :]
        tick = entry.instrument.tick_at(int(minutes[-1, 4])) if len(minutes) else 1
        volatility = entry.character.volatility if entry.character is not None else 0.0
        pieces = []
        for bucket, opening, high, low, close, volume, _ in minutes:
            rng = np.random.default_rng(
                sub_stream(self._seed, f"sim.seconds.{entry.instrument.symbol}.{bucket}").getrandbits(128)
            )
            walk = np.cumsum(rng.standard_normal(60)) * volatility * float(opening) / math.sqrt(SECONDS_PER_YEAR)
            share = np.arange(1, 61) / 60.0
            path = np.clip(opening + (close - opening) * share + walk - walk[-1] * share, low, high)
            closes = (np.rint(path / tick) * tick).astype(np.int64)
            closes[-1] = close
            opens = np.concatenate(([opening], closes[:-1]))
            seconds = bucket * 60 + np.arange(60)
            pieces.append(
                np.column_stack(
                    (
                        seconds,
                        opens,
                        np.maximum(opens, closes),
                        np.minimum(opens, closes),
                        closes,
                        np.full(60, volume // 60),
                        np.ones(60, np.int64),
                    )
                )
            )
        return np.concatenate(pieces).astype(np.int64) if pieces else np.empty((0, _FIELDS), np.int64)

    def _option_minutes(self, entry: Listing, terms: OptionTerms, driver: Columns) -> Columns:
        scale = 10 ** (4 - entry.instrument.price_decimals)
        volatility = entry.character.volatility if entry.character is not None else 0.0
        years = (years_to(terms.expiry, 0) - driver[:, 0] * 60.0 / SECONDS_PER_YEAR).astype(np.float64)
        values = option_values(terms, driver[:, 1:5] / scale, years, volatility)
        prices = _option_prices(values, entry.instrument)
        columns = driver.copy()
        columns[:, 1], columns[:, 4] = prices[:, 0], prices[:, 3]
        columns[:, 2], columns[:, 3] = prices.max(axis=1), prices.min(axis=1)
        columns[:, 5] = np.maximum(driver[:, 5] // 200, 1)
        columns[:, 6] = 1
        return columns

    def _flat_minutes(self, entry: Listing, first: int, stop: int) -> Columns:
        price = self._starts[entry.instrument.symbol]
        minutes = np.arange(first * MINUTES_PER_DAY, stop, dtype=np.int64)
        prices = (np.full(len(minutes), price, np.int64) for _ in range(4))
        return np.column_stack((minutes, *prices, np.ones((len(minutes), 2), np.int64)))


def _option_prices(values: npt.NDArray[np.float64], instrument: Instrument) -> Columns:
    """Return values on the instrument's grid, rounded down, at least one unit."""
    whole = np.maximum(values.astype(np.int64), 1)
    bands = instrument.ticks
    places = np.searchsorted([band.from_price for band in bands], whole, side="right") - 1
    ticks = np.array([band.tick for band in bands], np.int64)[np.maximum(places, 0)]
    prices: Columns = np.maximum(whole // ticks * ticks, 1)
    return prices


def _on_grid(path: npt.NDArray[np.float64], tick: int) -> Columns:
    return (np.rint(np.exp(path) / tick) * tick).astype(np.int64)


def _days_for(bar_type: BarType, count: int) -> int:
    minutes = {
        BarKind.MINUTE: 1,
        BarKind.HOUR: 60,
        BarKind.DAY: 1_440,
        BarKind.WEEK: 7 * 1_440,
        BarKind.MONTH: 31 * 1_440,
    }[bar_type.kind]
    return min(count * bar_type.step * minutes // MINUTES_PER_DAY + 1, HISTORY_DAYS_MAX)


def _groups(buckets: Columns, bar_type: BarType) -> Columns:
    """Return for each row the bar that it belongs to, counted from the epoch; weeks begin on Monday."""
    if bar_type.kind in (BarKind.SECOND, BarKind.MINUTE):
        return buckets // bar_type.step
    if bar_type.kind is BarKind.HOUR:
        return buckets // (60 * bar_type.step)
    days = buckets // MINUTES_PER_DAY
    if bar_type.kind is BarKind.DAY:
        return days // bar_type.step
    if bar_type.kind is BarKind.WEEK:
        return (days + 3) // 7 // bar_type.step
    months: Columns = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // bar_type.step


def _rebase(columns: Columns, bar_type: BarType, bucket: int, ratio: float) -> None:
    """Bring the rows before a bucket that are of the same bar to its prices, in place: a split took force there."""
    same = _groups(columns[:, 0], bar_type) == _groups(np.array([bucket], dtype=np.int64), bar_type)
    rows = same & (columns[:, 0] < bucket)
    columns[rows, 1:5] = np.rint(columns[rows, 1:5] * ratio)
    columns[rows, 5] = np.rint(columns[rows, 5] / ratio)


def _merge(columns: Columns, groups: Columns) -> Columns:
    """Return one row per group, its first column the group."""
    if not len(columns):
        return columns
    starts = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    ends = np.concatenate((starts[1:], [len(columns)])) - 1
    return np.column_stack(
        (
            groups[starts],
            columns[starts, 1],
            np.maximum.reduceat(columns[:, 2], starts),
            np.minimum.reduceat(columns[:, 3], starts),
            columns[ends, 4],
            np.add.reduceat(columns[:, 5], starts),
            np.add.reduceat(columns[:, 6], starts),
        )
    )


def _whole(columns: Columns, bar_type: BarType, step_ns: int, before_ns: int) -> Columns:
    """Return one row for each bar that ended by a moment and of which nothing is missing, as `_merge` does."""
    groups = _groups(columns[:, 0], bar_type)
    merged = _merge(columns, groups)
    if len(merged) and _edge(int(groups[0]), bar_type, step_ns) < int(columns[0, 0]) * step_ns:
        merged = merged[1:]
    ended = [_edge(group + 1, bar_type, step_ns) <= before_ns for group in merged[:, 0].tolist()]
    kept: Columns = merged[np.array(ended, dtype=bool)]
    return kept


def _edge(group: int, bar_type: BarType, step_ns: int) -> int:
    """Return where a bar begins, UTC ns."""
    first = group * bar_type.step
    if bar_type.kind in (BarKind.SECOND, BarKind.MINUTE):
        return first * step_ns
    if bar_type.kind is BarKind.HOUR:
        return first * 60 * MINUTE_NS
    if bar_type.kind is BarKind.DAY:
        return first * MINUTES_PER_DAY * MINUTE_NS
    if bar_type.kind is BarKind.WEEK:
        return (first * 7 - 3) * MINUTES_PER_DAY * MINUTE_NS
    return int(np.datetime64(first, "M").astype("datetime64[s]").astype(np.int64)) * NS_PER_S


def _bars(symbol: str, bar_type: BarType, merged: Columns, now_ns: int, step_ns: int) -> tuple[Bar, ...]:
    bars = []
    for group, opening, high, low, close, volume, count in merged.tolist():
        ts_close = _edge(group + 1, bar_type, step_ns)
        bars.append(
            Bar(
                symbol,
                bar_type,
                opening,
                high,
                low,
                close,
                volume,
                count,
                _edge(group, bar_type, step_ns),
                ts_close,
                partial=ts_close > now_ns,
            )
        )
    return tuple(bars)
