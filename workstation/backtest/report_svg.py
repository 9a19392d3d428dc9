"""Charts as SVG text: a frame of time and value with its grid, and the lines, areas, candles and marks inside.

For `report_charts.py`. Colours stand in the elements, so that a chart is complete without a style sheet; classes let
the report's style and script take hold. Numbers have fixed decimals: the same values give the same bytes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

import msgspec
import numpy as np
import numpy.typing as npt

from workstation.backtest.figures import FRACTION, MONEY
from workstation.backtest.result import Times
from workstation.domain.times import NS_PER_S

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 1_200, 10, 92, 8, 24
INNER = WIDTH - LEFT - RIGHT
PRICE = "price"
UP, DOWN, LINE, SOFT, GRID, INK = "#1a7f5a", "#c2453d", "#2f6fb7", "#9db9d9", "#d9dde3", "#5b6470"

POINTS_MAX = 1_500
"""Columns that a line is thinned to; each keeps its first, lowest, highest and last point."""

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3_600, 86_400, 31_556_952
_STEPS = (
    1, 5, 15, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY,
    2 * _DAY, 7 * _DAY, 14 * _DAY,
)  # fmt: skip
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)

Floats = npt.NDArray[np.float64]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The plane of a chart: times, UTC ns, and values. unit: of the values, for their labels."""

    first: int
    last: int
    low: float
    high: float
    height: int
    unit: str

    def xs(self, ts: Times) -> Floats:
        """Return places of times, (n,) px."""
        span = max(self.last - self.first, 1)
        return LEFT + (np.asarray(ts, dtype=np.int64) - self.first) / span * INNER

    def ys(self, values: Floats) -> Floats:
        """Return places of values, (n,) px, downwards."""
        inner = self.height - TOP - BOTTOM
        found: Floats = TOP + (self.high - np.asarray(values, dtype=np.float64)) / (self.high - self.low) * inner
        return found


def frame_of(first: int, last: int, values: Sequence[Floats], *, height: int, unit: str) -> Frame:
    """Return the frame that holds all values with a little air."""
    known = np.concatenate([np.zeros(0), *values])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    air = (high - low) * 0.04 or max(abs(high) * 0.01, 1.0)
    return Frame(first=first, last=max(last, first + 1), low=low - air, high=high + air, height=height, unit=unit)


def chart(frame: Frame, name: str, parts: Sequence[str], *, marks: str = "") -> str:
    """Return a chart. parts: drawn inside the frame, in this order; marks: keep their shape when it is zoomed."""
    top, bottom, right = TOP, frame.height - BOTTOM, LEFT + INNER
    rows = "".join(
        f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        f'<text x="{right + 6}" y="{y + 4:.1f}" font-size="12" fill="{INK}">{escape(value_label(v, frame))}</text>'
        for v in value_ticks(frame.low, frame.high)
        for y in frame.ys(np.array([v]))
    )
    columns = "".join(
        f'<text x="{x:.1f}" y="{frame.height - 6}" font-size="12" text-anchor="middle" fill="{INK}">{label}</text>'
        for ts, label in time_ticks(frame.first, frame.last)
        for x in frame.xs(np.array([ts]))
        if LEFT + 30 < x < right - 20
    )
    data = f'data-first="{frame.first}" data-last="{frame.last}" data-low="{frame.low!r}" data-high="{frame.high!r}"'
    shape = f'<rect x="{LEFT}" y="{top}" width="{INNER}" height="{bottom - top}"/>'
    clip = f'<defs><clipPath id="{name}-clip">{shape}</clipPath></defs>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" class="chart" viewBox="0 0 {WIDTH} {frame.height}" '
        f'font-family="sans-serif" role="img" aria-label="{name}" data-unit="{frame.unit}" {data}>'
        f'{clip}<g class="rows">{rows}</g><g class="columns">{columns}</g>'
        f'<g clip-path="url(#{name}-clip)"><g class="plot">{"".join(parts)}</g><g class="marks">{marks}</g></g></svg>'
    )


def line(frame: Frame, ts: Times, values: Floats, *, colour: str = LINE, kind: str = "track") -> str:
    """Return a line; kind: class of the element, of which `track` is what the pointer reads."""
    ts, values = thinned(np.asarray(ts), np.asarray(values, dtype=np.float64))
    return (
        f'<polyline class="{kind}" points="{_points(frame, ts, values)}" fill="none" stroke="{colour}" '
        f'stroke-width="1.5" stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
    )


def area(frame: Frame, ts: Times, lower: Floats, upper: Floats, *, colour: str = SOFT, opacity: float = 0.5) -> str:
    """Return the area between two lines over the same times."""
    if len(ts) > POINTS_MAX:
        kept = np.linspace(0, len(ts) - 1, POINTS_MAX).astype(np.int64)
        ts, lower, upper = ts[kept], lower[kept], upper[kept]
    there, back = _points(frame, ts, upper), _points(frame, ts[::-1], lower[::-1])
    return f'<polygon class="area" points="{there} {back}" fill="{colour}" fill-opacity="{opacity}" stroke="none"/>'


def segments(xs: Floats, ys: Floats, *, colour: str, kind: str, dash: str = "") -> str:
    """Return separate straight pieces as one path. xs, ys: (n, 2) px, from and to."""
    if not len(xs):
        return ""
    pairs = zip(xs.tolist(), ys.tolist(), strict=True)
    path = "".join(f"M{x0:.2f} {y0:.2f}L{x1:.2f} {y1:.2f}" for (x0, x1), (y0, y1) in pairs)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path class="{kind}" d="{path}" fill="none" stroke="{colour}"{dashes} stroke-width="1" '
        f'vector-effect="non-scaling-stroke"/>'
    )


def boxes(left: Floats, right: Floats, top: Floats, bottom: Floats, *, colour: str) -> str:
    """Return filled boxes as one path, all (n,) px."""
    if not len(left):
        return ""
    rows = zip(left.tolist(), right.tolist(), top.tolist(), bottom.tolist(), strict=True)
    path = "".join(f"M{x0:.2f} {y0:.2f}H{x1:.2f}V{y1:.2f}H{x0:.2f}Z" for x0, x1, y0, y1 in rows)
    return f'<path class="boxes" d="{path}" fill="{colour}" stroke="none"/>'


def mark(x: float, y: float, *, up: bool, text: str, size: float = 4.5) -> str:
    """Return a triangle that points up from below its place, or down from above it; text: said at the pointer."""
    sign, colour = (1, UP) if up else (-1, DOWN)
    shape = f"M0 {sign * 2}l-{size} {sign * size * 1.7:.1f}h{2 * size}z"
    place = f"translate({x:.2f} {y:.2f})"
    return f'<path class="mark" d="{shape}" transform="{place}" fill="{colour}"><title>{escape(text)}</title></path>'


def thinned(ts: Times, values: Floats, columns: int = POINTS_MAX) -> tuple[Times, Floats]:
    """Return a line with no more than four points in each of so many columns: its first, lowest, highest and last."""
    if len(ts) <= 4 * columns:
        return ts, values
    edges = np.linspace(0, len(ts), columns + 1).astype(np.int64).tolist()
    kept: list[int] = []
    for begin, end in pairwise(edges):
        part = values[begin:end]
        kept += sorted({begin, begin + int(part.argmin()), begin + int(part.argmax()), end - 1})
    return ts[kept], values[kept]


def _points(frame: Frame, ts: Times, values: Floats) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in zip(frame.xs(ts).tolist(), frame.ys(values).tolist(), strict=True))


def value_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values between two, at most so many: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [number * step for number in range(ceil(low / step), floor(high / step) + 1)]


def value_label(value: float, frame: Frame) -> str:
    """Return a value as its axis shows it."""
    span = frame.high - frame.low
    if frame.unit == FRACTION:
        return f"{value:.{0 if span > 0.1 else 1 if span > 0.01 else 3}%}"
    if frame.unit == MONEY:
        return f"{value:,.0f}" if span > 10 else f"{value:,.2f}"
    return f"{value:,.{max(0, 2 - floor(log10(span)))}f}"


def time_ticks(first: int, last: int, most: int = 8) -> list[tuple[int, str]]:
    """Return round times between two, UTC ns, with their labels."""
    rough = (last - first) / NS_PER_S / most
    step = next((step for step in _STEPS if step >= rough), None)
    if step is not None:
        begin, width = -(-first // (step * NS_PER_S)), step * NS_PER_S
        form = "%H:%M:%S" if step < _MINUTE else "%m-%d %H:%M" if step < _DAY else "%Y-%m-%d"
        return [
            (at * width, f"{datetime.fromtimestamp(at * step, UTC):{form}}") for at in range(begin, last // width + 1)
        ]
    months = next((count for count in _MONTHS if count * _YEAR / 12 >= rough), _MONTHS[-1])
    begin_at = datetime.fromtimestamp(first // NS_PER_S, UTC)
    at = (begin_at.year * 12 + begin_at.month - 1) // months * months
    found: list[tuple[int, str]] = []
    while True:
        moment = datetime(at // 12, at % 12 + 1, 1, tzinfo=UTC)
        ts = int(moment.timestamp()) * NS_PER_S
        if ts > last:
            return found
        if ts >= first:
            found.append((ts, f"{moment:%Y}" if months >= 12 else f"{moment:%Y-%m}"))
        at += months
