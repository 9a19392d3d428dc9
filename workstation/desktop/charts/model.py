"""The state that the layers of one chart share: bars, window, marks, pointer.

Written by `ChartView` and the gestures, read by the layers while they paint. Nothing here draws or listens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.marketdata.indicators.catalogue import Pane
from workstation.viewmodels.chart_axes import TimeMark, compact_quantity, level_text
from workstation.viewmodels.chart_older import OlderState
from workstation.viewmodels.chart_renko import BrickSize, Renko
from workstation.viewmodels.chart_window import ChartType, ChartWindow, PanelState, PaneScale
from workstation.viewmodels.drawings import Drawing, DrawingBook
from workstation.viewmodels.drawings_geometry import Ground
from workstation.viewmodels.level_of_detail import BarPyramid

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from workstation.marketdata.calendar import SessionCalendar
    from workstation.viewmodels.chart_comparison import Comparison
    from workstation.viewmodels.chart_gaps import ChartGap
    from workstation.viewmodels.chart_indicators import IndicatorLines
    from workstation.viewmodels.chart_marks import (
        AlertLine,
        BracketZone,
        FillMark,
        LastPrice,
        OrderLine,
        PositionLine,
        SignalMark,
    )

BAR_NS_DEFAULT: Final = 60_000_000_000
VALUE_STEPS: Final = 1_000.0
VALUE_MIN: Final = 1e-3


def two_decimals(price: float) -> str:
    """Return a price with two decimals: the format until the instrument's own is set."""
    return f"{Decimal(price).quantize(Decimal('0.01'), rounding=ROUND_HALF_EVEN):,}"


def unchanged(times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 for each moment: prices stay as they are."""
    return np.ones(len(times_ns))


@dataclass(slots=True)
class Pointer:
    """Where the crosshair is. `bar` and `price` are in data; below the prices `price` is a height in the view."""

    bar: float
    price: float
    below_price: bool = False
    linked: bool = False


@dataclass(slots=True)
class LineDrag:
    """A line under the pointer: an order's or alert's by its id, with an empty one a stop or target being pulled."""

    line_id: str
    price: float


@dataclass(slots=True)
class Measure:
    """A distance being measured from one point to another, (bar, price) each."""

    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(slots=True)
class ChartModel:
    """Everything a chart shows. fill_places, signal_places: the bar of each mark, and the factor of its price.

    counted_anew: opening times (UTC ns) of bars that trades close, which do not go on from the one before.
    """

    bars: BarPyramid = field(default_factory=BarPyramid)
    window: ChartWindow = field(default_factory=ChartWindow)
    chart_type: ChartType = ChartType.CANDLES
    averaged: BarPyramid | None = None
    renko: Renko | None = None
    brick_size: BrickSize = field(default_factory=BrickSize)
    indicators: list[IndicatorLines] = field(default_factory=list)
    indicator_revision: int = 0
    fills: list[FillMark] = field(default_factory=list)
    fill_places: list[tuple[int, float]] = field(default_factory=list)
    signals: list[SignalMark] = field(default_factory=list)
    signal_places: list[tuple[int, float]] = field(default_factory=list)
    mark_factors: Callable[[NDArray[np.int64]], NDArray[np.float64]] = unchanged
    signals_shown: bool = True
    hovered_signal: int | None = None
    orders: list[OrderLine] = field(default_factory=list)
    alerts: list[AlertLine] = field(default_factory=list)
    gaps: list[ChartGap] = field(default_factory=list)
    older: OlderState = OlderState.UNKNOWN
    counted_anew: list[int] = field(default_factory=list)
    zones: list[BracketZone] = field(default_factory=list)
    position: PositionLine | None = None
    last: LastPrice | None = None
    state: PanelState = PanelState.EMPTY
    state_text: str = ""
    offers_history: bool = False
    zone: tzinfo = UTC
    bar_ns: int = BAR_NS_DEFAULT
    tick_size: float = 0.01
    format_price: Callable[[float], str] = two_decimals
    format_volume: Callable[[float], str] = compact_quantity
    calendar: SessionCalendar | None = None
    profile_shown: bool = False
    comparison: Comparison | None = None
    trading: bool = False
    volume_shown: bool = True
    drag_words: Callable[[str, float], str] | None = None
    book: DrawingBook = field(default_factory=DrawingBook)
    selected: int | None = None
    draft: Drawing | None = None
    magnet: bool = True
    drawings_shown: bool = True
    pointer: Pointer | None = None
    drag: LineDrag | None = None
    measure: Measure | None = None
    hovered_fill: int | None = None
    hovered_order: str | None = None
    alert_drag: LineDrag | None = None
    hovered_alert: str | None = None
    time_marks: list[TimeMark] = field(default_factory=list)
    price_marks: list[float] = field(default_factory=list)
    price_texts: list[str] = field(default_factory=list)

    @property
    def drawn(self) -> BarPyramid:
        """Return the bars as they are drawn: averaged ones for Heikin-Ashi."""
        return self.bars if self.averaged is None else self.averaged

    @property
    def fed(self) -> BarPyramid:
        """Return the bars as they came: `bars`, unless those are bricks made of them."""
        return self.bars if self.renko is None else self.renko.bars

    def indicators_over_prices(self) -> list[IndicatorLines]:
        """Return the indicators whose lines lie over the bars."""
        return [lines for lines in self.indicators if lines.chosen.indicator.pane is Pane.PRICE]

    def indicators_below(self) -> list[IndicatorLines]:
        """Return the indicators that have a pane of their own, from the top."""
        return [lines for lines in self.indicators if lines.chosen.indicator.pane is Pane.OWN]

    def indicator_text(self, lines: IndicatorLines, value: float) -> str:
        """Return a value as its indicator is read: as a price over the prices, in figures of its size elsewhere."""
        if lines.chosen.indicator.pane is Pane.PRICE:
            return self.format_price(value)
        return level_text(value, max(abs(value), VALUE_MIN) / VALUE_STEPS)

    def readout_bar(self) -> int:
        """Return the bar that read-outs are about: the one under the pointer, or the last; -1 without bars."""
        last = len(self.bars) - 1
        return last if self.pointer is None else min(max(int(self.pointer.bar // 1), 0), last)

    def ground(self, pane: PaneScale) -> Ground:
        """Return what drawings stand on in a pane."""
        return Ground(self.bars, pane, self.bar_ns, self.format_price)

    def to_tick(self, price: float) -> float:
        """Return the nearest tradable price."""
        return round(price / self.tick_size) * self.tick_size

    def dragged_words(self) -> str:
        """Return what letting the dragged line go would do; "" where nobody words it."""
        drag = self.drag
        return "" if drag is None or self.drag_words is None else self.drag_words(drag.line_id, drag.price)

    def order(self, cl_ord_id: str) -> OrderLine | None:
        """Return the working order with this id, None when it is gone."""
        return next((order for order in self.orders if order.cl_ord_id == cl_ord_id), None)

    def shown_price(self, order: OrderLine) -> float:
        """Return where an order's line is drawn: under the pointer while it is dragged."""
        drag = self.drag
        return drag.price if drag is not None and drag.line_id == order.cl_ord_id else order.price

    def alert(self, alert_id: str) -> AlertLine | None:
        """Return the alert's line with this id, None when it is gone."""
        return next((alert for alert in self.alerts if alert.alert_id == alert_id), None)

    def alert_price(self, alert: AlertLine) -> float:
        """Return where an alert's line is drawn: under the pointer while it is dragged."""
        drag = self.alert_drag
        return drag.price if drag is not None and drag.line_id == alert.alert_id else alert.price
