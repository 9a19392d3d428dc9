"""Where an axis carries marks and what they say: round prices, and calendar moments in the trader's zone.

Price marks are multiples of the tick and of 1, 2 or 5 times a power of ten; their text is the caller's (exact
decimals, never binary floats). Time marks stand at the first bar at or after a calendar boundary, because the axis
counts bars; the more important boundary (year, month, day, hour) wins where two would collide. This module must not
know Qt.
"""

from __future__ import annotations

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

SECOND_NS: Final = 1_000_000_000
DAY_S: Final = 86_400
PRICE_MARKS_MAX: Final = 40
BOUNDARIES_PER_MARK: Final = 8  # a series that trades one hour in eight still fills its axis
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
    for limit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(quantity) >= limit * 0.9995:
            return f"{_three_digits(quantity / limit)}{suffix}"
    return _three_digits(quantity)


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
    bar_ns = int(np.median(np.diff(times_ns[first : min(stop, first + 64)])))
    found: list[tuple[int, int]] = []
    for boundaries in _finer_to_coarser(begin, end, bar_ns, room, zone):
        found = _at_bars(times_ns[first:stop], first, boundaries, zone)
        if len(found) <= room:
            break
    return _spaced(found, scale, gap_px, zone)


def _finer_to_coarser(begin_ns: int, end_ns: int, bar_ns: int, room: int, zone: tzinfo) -> Iterator[list[int]]:
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


def _clock_boundaries(begin_ns: int, end_ns: int, step_s: int, zone: tzinfo) -> list[int]:
    start = _wall_seconds(begin_ns, zone) // step_s * step_s
    stop = _wall_seconds(end_ns, zone)
    return [_utc_ns(wall, zone) for wall in range(start, stop + step_s, step_s)]


def _calendar_boundaries(begin_ns: int, end_ns: int, months: int, days: int, zone: tzinfo) -> list[int]:
    start, stop = _wall_seconds(begin_ns, zone), _wall_seconds(end_ns, zone)
    if days:
        # Weeks are counted from a Monday, so that a weekly mark is the week's first trading day.
        offset = 4 * DAY_S if days % 7 == 0 else 0
        step = days * DAY_S
        return [_utc_ns(wall + offset, zone) for wall in range((start - offset) // step * step, stop + step, step)]
    month = (_EPOCH + timedelta(seconds=start)).year * 12 // months * months
    boundaries: list[int] = []
    while True:
        wall = int((datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
        if wall > stop:
            return boundaries
        boundaries.append(_utc_ns(wall, zone))
        month += months


def _at_bars(shown_ns: NDArray[np.int64], first: int, boundaries: list[int], zone: tzinfo) -> list[tuple[int, int]]:
    """Return (bar, boundary) where a bar is the first at or after one; of several, the most important and latest."""
    begin = int(shown_ns[0])
    bars = np.searchsorted(shown_ns, np.array(boundaries, dtype=np.int64)).tolist()
    kept: dict[int, int] = {}
    for bar, boundary in zip(bars, boundaries, strict=True):
        if boundary < begin or bar == len(shown_ns):
            continue
        rival = kept.get(bar)
        if rival is None or _rank(boundary, zone) >= _rank(rival, zone):
            kept[bar] = boundary
    return [(first + bar, boundary) for bar, boundary in kept.items()]


def _spaced(found: list[tuple[int, int]], scale: PaneScale, gap_px: float, zone: tzinfo) -> list[TimeMark]:
    """Keep the important marks where two would collide, and give each its text."""
    ranked = sorted(((_rank(at, zone), bar, at) for bar, at in found), key=lambda entry: (-entry[0], entry[1]))
    kept: list[tuple[int, int, int]] = []
    for rank, bar, at in ranked:
        if all(abs(bar - other) * scale.bar_width >= gap_px for _, other, _ in kept):
            kept.append((rank, bar, at))
    return [TimeMark(bar, _text(rank, at, zone), rank >= 2) for rank, bar, at in sorted(kept, key=lambda one: one[1])]


def _rank(boundary_ns: int, zone: tzinfo) -> int:
    """Return 4 for a new year, 3 month, 2 day, 1 full hour, 0 below."""
    local = _local(boundary_ns, zone)
    if local.hour or local.minute or local.second:
        return 1 if not (local.minute or local.second) else 0
    if local.day > 1:
        return 2
    return 4 if local.month == 1 else 3


def _text(rank: int, boundary_ns: int, zone: tzinfo) -> str:
    local = _local(boundary_ns, zone)
    if rank == 4:
        return f"{local:%Y}"
    if rank == 3:
        return f"{local:%b}"
    if rank == 2:
        return f"{local.day} {local:%b}"
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


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


@lru_cache(maxsize=8_192)
def _utc_ns(wall_s: int, zone: tzinfo) -> int:
    """Return the instant of a wall clock reading; a reading skipped by summer time means the instant of the change."""
    wall = (_EPOCH + timedelta(seconds=wall_s)).replace(tzinfo=zone)
    return int((wall.astimezone(UTC) - _EPOCH).total_seconds()) * SECOND_NS
