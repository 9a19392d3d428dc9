"""Where an axis carries marks and what they say: round prices, and calendar moments in the trader's zone.

Price marks are multiples of the tick and of 1, 2 or 5 times a power of ten; their text is the caller's (exact
decimals, never binary floats). Time marks stand at the first bar at or after a calendar boundary, because the axis
counts bars; the more important boundary (year, month, day, hour) wins where two would collide. This module must not
know Qt.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from workstation.viewmodels.chart_window import PaneScale

    Boundaries = NDArray[np.int64]

SECOND_NS: Final = 1_000_000_000
DAY_S: Final = 86_400
PRICE_MARKS_MAX: Final = 40
BOUNDARIES_PER_MARK: Final = 8  # a series that trades one hour in eight still fills its axis
LABELS_KEPT_MAX: Final = 8_192
CLOCK_UNCHANGED_S: Final = 60 * DAY_S  # within so long a clock is not changed there and back
SHORT_FROM: Final = 100_000.0
LEVEL_DECIMALS_MAX: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Seconds between marks within a day; each divides the next unit evenly.
_CLOCK_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 14_400, 21_600, 43_200),
)
# Calendar steps: (months, days); one of the two is 0.
_CALENDAR_STEPS: Final = (
    *((0, 1), (0, 2), (0, 7), (0, 14)),
    *((1, 0), (2, 0), (3, 0), (6, 0), (12, 0), (24, 0), (60, 0), (120, 0)),
)


@dataclass(frozen=True, slots=True)
class TimeMark:
    """One mark: the bar it stands at, its text, and whether it opens a day, month or year."""

    bar: int
    text: str
    major: bool


def price_step(low: float, high: float, marks_max: int, tick: float) -> float:
    """Return the smallest 1-2-5 step, no finer than `tick`, that gives at most `marks_max` marks."""
    rough = max((high - low) / max(marks_max, 1), tick)
    power = 10.0 ** floor(log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * (1 - 1e-9))
    return step if step <= tick else round(step / tick) * tick


def price_marks(low: float, high: float, marks_max: int, tick: float) -> list[float]:
    """Return the prices to mark, rising. Each is an exact multiple of the step, so no error adds up."""
    if not low < high:
        return []
    step = price_step(low, high, min(marks_max, PRICE_MARKS_MAX), tick)
    return [number * step for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def compact_quantity(quantity: float) -> str:
    """Return a quantity in at most three significant digits and a suffix, such as `1.25M`."""
    if quantity < 0:
        return f"-{compact_quantity(-quantity)}"
    for limit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if quantity >= limit * 0.9995:
            return f"{_three_digits(quantity / limit)}{suffix}"
    return _three_digits(quantity)


def level_text(value: float, step: float) -> str:
    """Return an indicator's value with the decimals that tell steps apart; large ones short, such as `1.25M`."""
    if abs(value) >= SHORT_FROM:
        return compact_quantity(value)
    decimals = min(max(-floor(log10(step) + 1e-9), 0), LEVEL_DECIMALS_MAX) if step > 0 else LEVEL_DECIMALS_MAX
    return f"{value + 0.0 if round(value, decimals) else 0.0:.{decimals}f}"


def _three_digits(value: float) -> str:
    decimals = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_marks(times_ns: NDArray[np.int64], scale: PaneScale, gap_px: float, zone: tzinfo) -> list[TimeMark]:
    """Return the time marks of the bars in view, left to right, at least `gap_px` apart.

    `times_ns` is the whole series, UTC, rising.
    """
    first, stop = scale.bar_range
    first, stop = max(0, first), min(stop, len(times_ns))
    if stop - first < 2:
        return []
    begin, end = int(times_ns[first]), int(times_ns[stop - 1])
    room = max(1, int((stop - first) * scale.bar_width / gap_px))
    bar_ns = int(np.diff(times_ns[first : min(stop, first + 16)]).min())
    shown = times_ns[first:stop]
    bars = np.empty(0, dtype=np.int64)
    boundaries = bars
    for boundaries in _finer_to_coarser(begin, end, bar_ns, room, zone):
        bars = np.searchsorted(shown, boundaries)
        if np.count_nonzero(bars[1:] != bars[:-1]) <= room:
            break
    return _spaced(_at_bars(bars.tolist(), boundaries.tolist(), (begin, end), zone), first, scale, gap_px)


def _finer_to_coarser(begin_ns: int, end_ns: int, bar_ns: int, room: int, zone: tzinfo) -> Iterator[Boundaries]:
    """Yield lists of boundaries in UTC nanoseconds, each list coarser than the one before."""
    length_s = (end_ns - begin_ns) / SECOND_NS
    boundaries_max = BOUNDARIES_PER_MARK * room
    for step in _CLOCK_STEPS:
        if step * SECOND_NS >= bar_ns and length_s / step <= boundaries_max:
            yield _clock_boundaries(begin_ns, end_ns, step, zone)
    for months, days in _CALENDAR_STEPS:
        step = days * DAY_S + months * 30 * DAY_S
        if length_s / step <= boundaries_max:
            yield _calendar_boundaries(begin_ns, end_ns, months, days, zone)


def _clock_boundaries(begin_ns: int, end_ns: int, step_s: int, zone: tzinfo) -> Boundaries:
    begin, end = _wall_seconds(begin_ns, zone), _wall_seconds(end_ns, zone)
    start = begin // step_s * step_s
    offset = begin - begin_ns // SECOND_NS
    if offset == end - end_ns // SECOND_NS and end - begin < CLOCK_UNCHANGED_S:
        return (np.arange(start, end + step_s, step_s, dtype=np.int64) - offset) * SECOND_NS
    return np.array([_utc_ns(wall, zone) for wall in range(start, end + step_s, step_s)], dtype=np.int64)


def _calendar_boundaries(begin_ns: int, end_ns: int, months: int, days: int, zone: tzinfo) -> Boundaries:
    start, stop = _wall_seconds(begin_ns, zone), _wall_seconds(end_ns, zone)
    if days:
        # Weeks are counted from a Monday, so that a weekly mark is the week's first trading day.
        offset = 4 * DAY_S if days % 7 == 0 else 0
        step = days * DAY_S
        walls = range((start - offset) // step * step, stop + step, step)
        return np.array([_utc_ns(wall + offset, zone) for wall in walls], dtype=np.int64)
    month = (_EPOCH + timedelta(seconds=start)).year * 12 // months * months
    boundaries: list[int] = []
    while True:
        wall = int((datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
        if wall > stop:
            return np.array(boundaries, dtype=np.int64)
        boundaries.append(_utc_ns(wall, zone))
        month += months


def _at_bars(
    bars: list[int], boundaries: list[int], shown_ns: tuple[int, int], zone: tzinfo
) -> dict[int, tuple[int, str]]:
    """Return rank and text by bar, counted from the first shown; of several boundaries the most important."""
    kept: dict[int, tuple[int, str]] = {}
    for bar, boundary in zip(bars, boundaries, strict=True):
        if shown_ns[0] <= boundary <= shown_ns[1]:
            label = _label(boundary, zone)
            if bar not in kept or label[0] >= kept[bar][0]:
                kept[bar] = label
    return kept


def _spaced(found: dict[int, tuple[int, str]], first: int, scale: PaneScale, gap_px: float) -> list[TimeMark]:
    """Keep the important marks where two would collide."""
    gap = gap_px / scale.bar_width
    kept: list[int] = []
    for bar in sorted(found, key=lambda bar: (-found[bar][0], bar)):
        place = bisect(kept, bar)
        near = kept[max(0, place - 1) : place + 1]
        if all(abs(bar - other) >= gap for other in near):
            kept.insert(place, bar)
    return [TimeMark(first + bar, found[bar][1], found[bar][0] >= 2) for bar in kept]


@lru_cache(maxsize=LABELS_KEPT_MAX)
def _label(boundary_ns: int, zone: tzinfo) -> tuple[int, str]:
    """Return rank (4 new year, 3 month, 2 day, 1 full hour, 0 below) and text of a boundary."""
    local = _local(boundary_ns, zone)
    if local.second:
        return 0, f"{local:%H:%M:%S}"
    if local.hour or local.minute:
        return 0 if local.minute else 1, f"{local:%H:%M}"
    if local.day > 1:
        return 2, f"{local.day} {local:%b}"
    return (4, f"{local:%Y}") if local.month == 1 else (3, f"{local:%b}")


def moment_text(time_ns: int, zone: tzinfo, bar_ns: int) -> str:
    """Return the full date and time of a bar, with seconds where bars are shorter than a minute, no clock for days."""
    local = _local(time_ns, zone)
    date = f"{local:%a} {local.day} {local:%b %Y}"
    if bar_ns >= DAY_S * SECOND_NS:
        return date
    return f"{date}  {local:%H:%M}" if bar_ns >= 60 * SECOND_NS else f"{date}  {local:%H:%M:%S}"


def _local(time_ns: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=time_ns // SECOND_NS)).astimezone(zone)


def _wall_seconds(time_ns: int, zone: tzinfo) -> int:
    """Return the wall clock of a zone as if it were UTC seconds."""
    local = _local(time_ns, zone)
    return int((local.replace(tzinfo=UTC) - _EPOCH).total_seconds())


@lru_cache(maxsize=LABELS_KEPT_MAX)
def _utc_ns(wall_s: int, zone: tzinfo) -> int:
    """Return the instant of a wall clock reading; a reading skipped by summer time means the instant of the change."""
    wall = (_EPOCH + timedelta(seconds=wall_s)).replace(tzinfo=zone)
    return int((wall.astimezone(UTC) - _EPOCH).total_seconds()) * SECOND_NS
