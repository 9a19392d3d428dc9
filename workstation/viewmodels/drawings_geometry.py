"""Where drawings lie on a chart: lines, areas, labels and handles in pixels, and how near a point is to them.

A moment stands in the middle of the bar that holds it; before the first and after the last bar, bars go on at their
usual length. Must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import atan2, copysign, cos, hypot, inf, pi, sin
from typing import TYPE_CHECKING, Final

from workstation.viewmodels.drawings import Drawing, DrawingKind, Point
from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, OPEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from workstation.viewmodels.chart_window import PaneScale
    from workstation.viewmodels.level_of_detail import BarPyramid

FIBONACCI_LEVELS: Final = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0)
LABEL_GAP_PX: Final = 6.0
TEXT_REACH_PX: Final = (60.0, 9.0)
SNAP_PX: Final = 9.0
ARROW_HEAD_PX: Final = 10.0
ARROW_HEAD_ANGLE: Final = pi / 7
CHANNEL_SHARE: Final = 0.12
"""Width of a new channel as a share of the pane's height."""
REWARD_DRAWN: Final = 2.0
"""Reward of a new risk and reward box, as a multiple of its risk."""

Segment = tuple[float, float, float, float]


@dataclass(slots=True)
class Shape:
    """A drawing in pixels. segments and areas: (x1, y1, x2, y2); labels: (left, middle, text); handles: (x, y).

    gains, losses: areas of their own colours.
    """

    handles: list[tuple[float, float]]
    segments: list[Segment] = field(default_factory=list)
    areas: list[Segment] = field(default_factory=list)
    gains: list[Segment] = field(default_factory=list)
    losses: list[Segment] = field(default_factory=list)
    labels: list[tuple[float, float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ground:
    """What drawings stand on: bars, the pane's scale, the usual length of a bar and how a price is written."""

    bars: BarPyramid
    pane: PaneScale
    bar_ns: int
    format_price: Callable[[float], str]

    def place(self, point: Point) -> tuple[float, float]:
        """Return the pixel of a point."""
        return self.pane.x(self.bar_at(point.time_ns) + 0.5), self.pane.y(point.price)

    def bar_at(self, time_ns: int) -> int:
        """Return the number of the bar that holds a moment, below 0 or past the end where none does."""
        times = self.bars.times_ns
        if not len(times):
            return 0
        if time_ns < times[0]:
            return (time_ns - int(times[0])) // self.bar_ns
        if time_ns >= times[-1]:
            return len(times) - 1 + (time_ns - int(times[-1])) // self.bar_ns
        return self.bars.index_at(time_ns)

    def time_at(self, bar: int) -> int:
        """Return when a bar opened or would open."""
        times = self.bars.times_ns
        if not len(times):
            return 0
        if bar < 0:
            return max(0, int(times[0]) + bar * self.bar_ns)
        late = bar - (len(times) - 1)
        return int(times[-1]) + late * self.bar_ns if late > 0 else int(times[bar])

    def point_at(self, x: float, y: float, *, snap: bool) -> Point:
        """Return the point at a pixel; `snap` takes the bar's open, high, low or close where one is near."""
        bar = int(self.pane.bar(x) // 1)
        price = self.pane.price(y)
        if snap and 0 <= bar < len(self.bars):
            column = self.bars.columns[:, bar].tolist()
            near = min((column[row] for row in (OPEN, HIGH, LOW, CLOSE)), key=lambda each: abs(self.pane.y(each) - y))
            price = near if abs(self.pane.y(near) - y) <= SNAP_PX else price
        return Point(self.time_at(bar), price)

    def stretched(self, drawing: Drawing, end: Point) -> Drawing:
        """Return a drawing whose second point is being drawn: a third one follows from the first two."""
        if drawing.kind.points == 1:
            return drawing.with_point(0, end)
        begin = drawing.points[0]
        drawn = drawing.with_point(1, end)
        if drawing.kind is DrawingKind.CHANNEL:
            beside = self.pane.price(self.pane.y(begin.price) + CHANNEL_SHARE * self.pane.height)
            return drawn.with_point(2, Point(begin.time_ns, beside))
        if drawing.kind is DrawingKind.RISK_REWARD:
            return drawn.with_point(2, Point(end.time_ns, begin.price + REWARD_DRAWN * (begin.price - end.price)))
        return drawn

    def moved(self, drawing: Drawing, by_bars: int, start: Point, end: Point) -> Drawing:
        """Return a drawing moved by a number of bars and from one price to another, equally far in pixels."""
        shift = self.pane.y(end.price) - self.pane.y(start.price)
        points = tuple(
            Point(self.time_at(self.bar_at(p.time_ns) + by_bars), self.pane.price(self.pane.y(p.price) + shift))
            for p in drawing.points
        )
        return Drawing(drawing.number, drawing.kind, points, drawing.text)


def shape_of(drawing: Drawing, ground: Ground) -> Shape:
    """Return a drawing in pixels of the price pane."""
    places = [ground.place(point) for point in drawing.points]
    shape = Shape(places)
    _SHAPERS[drawing.kind](shape, drawing, ground)
    return shape


def distance(shape: Shape, x: float, y: float) -> float:
    """Return how many pixels a point is from the lines and labels of a shape; areas are empty inside."""
    nearest = min((_from_segment(segment, x, y) for segment in shape.segments), default=inf)
    if not shape.segments:
        for left, middle, _ in shape.labels:
            outside = max(left - x, x - left - TEXT_REACH_PX[0], 0.0), max(abs(y - middle) - TEXT_REACH_PX[1], 0.0)
            nearest = min(nearest, hypot(*outside))
    return nearest


def handle_at(shape: Shape, x: float, y: float, reach: float) -> int | None:
    """Return the number of the handle at a point, None where there is none."""
    far = [(hypot(x - left, y - top), number) for number, (left, top) in enumerate(shape.handles)]
    found = min(far, default=(inf, 0))
    return found[1] if found[0] <= reach else None


def _trend_line(shape: Shape, _drawing: Drawing, _ground: Ground) -> None:
    (x1, y1), (x2, y2) = shape.handles
    shape.segments = [(x1, y1, x2, y2)]


def _ray(shape: Shape, _drawing: Drawing, ground: Ground) -> None:
    (x1, y1), (x2, y2) = shape.handles
    if x1 == x2:
        end = ground.pane.height if y2 >= y1 else 0.0
        shape.segments = [(x1, y1, x1, end)]
        return
    edge = ground.pane.width if x2 > x1 else 0.0
    far = edge if abs(edge - x1) > abs(x2 - x1) and copysign(1, edge - x1) == copysign(1, x2 - x1) else x2
    shape.segments = [(x1, y1, far, y1 + (y2 - y1) * (far - x1) / (x2 - x1))]


def _horizontal(shape: Shape, drawing: Drawing, ground: Ground) -> None:
    y = shape.handles[0][1]
    shape.segments = [(0.0, y, ground.pane.width, y)]
    shape.labels = [(LABEL_GAP_PX, y - LABEL_GAP_PX - 2, ground.format_price(drawing.points[0].price))]


def _vertical(shape: Shape, _drawing: Drawing, ground: Ground) -> None:
    x = shape.handles[0][0]
    shape.segments = [(x, 0.0, x, ground.pane.height)]


def _arrow(shape: Shape, drawing: Drawing, ground: Ground) -> None:
    _trend_line(shape, drawing, ground)
    (x1, y1), (x2, y2) = shape.handles
    back = atan2(y1 - y2, x1 - x2)
    for turn in (-ARROW_HEAD_ANGLE, ARROW_HEAD_ANGLE):
        end = (x2 + ARROW_HEAD_PX * cos(back + turn), y2 + ARROW_HEAD_PX * sin(back + turn))
        shape.segments.append((x2, y2, *end))


def _channel(shape: Shape, _drawing: Drawing, _ground: Ground) -> None:
    """Draw the line through two points and its parallel through the third, with the middle between them."""
    (x1, y1), (x2, y2), (x3, y3) = shape.handles
    beside = y3 - (y1 if x1 == x2 else y1 + (y2 - y1) * (x3 - x1) / (x2 - x1))
    shape.segments = [(x1, y1 + part * beside, x2, y2 + part * beside) for part in (0.0, 0.5, 1.0)]


def _risk_reward(shape: Shape, drawing: Drawing, ground: Ground) -> None:
    """Draw what a trade from the first point risks to the second and may gain to the third."""
    entry, stop, target = (point.price for point in drawing.points)
    (x1, y1), (x2, y2), (x3, y3) = shape.handles
    left, right = min(x1, x2, x3), max(x1, x2, x3)
    shape.losses = [(left, min(y1, y2), right, max(y1, y2))]
    shape.gains = [(left, min(y1, y3), right, max(y1, y3))]
    shape.segments = [(left, y, right, y) for y in (y1, y2, y3)]
    risk = abs(entry - stop)
    # A target on the stop's side gains nothing: the multiple is negative then.
    gain = (target - entry) * (1 if stop < entry else -1)
    multiple = f"{gain / risk:.1f}R".replace("-", "−") if risk else "—"
    share = f"{risk / abs(entry) * 100:.2f} %" if entry else "—"
    at = right + LABEL_GAP_PX
    shape.labels = [
        (at, y1, f"entry {ground.format_price(entry)}"),
        (at, y2, f"stop {ground.format_price(stop)}  −{ground.format_price(risk)}  {share}"),
        (at, y3, f"target {ground.format_price(target)}  {multiple}"),
    ]


def _rectangle(shape: Shape, _drawing: Drawing, _ground: Ground) -> None:
    (x1, y1), (x2, y2) = shape.handles
    shape.areas = [(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))]
    shape.segments = [(x1, y1, x2, y1), (x2, y1, x2, y2), (x2, y2, x1, y2), (x1, y2, x1, y1)]


def _fibonacci(shape: Shape, drawing: Drawing, ground: Ground) -> None:
    (x1, _), (x2, _) = shape.handles
    begin, end = drawing.points
    left, right = min(x1, x2), max(x1, x2)
    for level in FIBONACCI_LEVELS:
        price = end.price + (begin.price - end.price) * level
        y = ground.pane.y(price)
        shape.segments.append((left, y, right, y))
        shape.labels.append((right + LABEL_GAP_PX, y, f"{level * 100:.1f} %  {ground.format_price(price)}"))


def _measure(shape: Shape, drawing: Drawing, ground: Ground) -> None:
    _rectangle(shape, drawing, ground)
    begin, end = drawing.points
    change = end.price - begin.price
    share = f"{change / begin.price * 100:+.2f} %" if begin.price else "—"
    bars = ground.bar_at(end.time_ns) - ground.bar_at(begin.time_ns)
    left, top, _, bottom = shape.areas[0]
    middle = top - 2 * LABEL_GAP_PX if change >= 0 else bottom + 2 * LABEL_GAP_PX
    sign = "−" if change < 0 else "+"
    shape.labels = [(left, middle, f"{sign}{ground.format_price(abs(change))}  {share}  {bars:+d} bars")]


def _text(shape: Shape, drawing: Drawing, _ground: Ground) -> None:
    x, y = shape.handles[0]
    shape.labels = [(x + LABEL_GAP_PX, y, drawing.text)]


def _from_segment(segment: Segment, x: float, y: float) -> float:
    x1, y1, x2, y2 = segment
    along = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = min(max(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / along, 0.0), 1.0) if along else 0.0
    return hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1))


_SHAPERS: Final[dict[DrawingKind, Callable[[Shape, Drawing, Ground], None]]] = {
    DrawingKind.TREND_LINE: _trend_line,
    DrawingKind.RAY: _ray,
    DrawingKind.HORIZONTAL: _horizontal,
    DrawingKind.VERTICAL: _vertical,
    DrawingKind.ARROW: _arrow,
    DrawingKind.CHANNEL: _channel,
    DrawingKind.RECTANGLE: _rectangle,
    DrawingKind.FIBONACCI: _fibonacci,
    DrawingKind.MEASURE: _measure,
    DrawingKind.RISK_REWARD: _risk_reward,
    DrawingKind.TEXT: _text,
}
