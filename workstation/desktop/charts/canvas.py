"""The drawn chart: two panes, two axes and their layers in one graphics view, laid out and kept in step.

The window's state is the only truth about what is shown; `refresh` places panes and layers by it. A live tick repaints
one strip, and nothing when the last bar is out of sight. Input is the affair of `gestures`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from workstation.desktop.charts.alert_lines import AlertLinesLayer
from workstation.desktop.charts.axes import (
    PRICE_MARK_GAP_PX,
    TIME_MARK_GAP_PX,
    GridLayer,
    PriceAxis,
    TimeAxis,
)
from workstation.desktop.charts.backdrop import ComparisonLayer, ProfileLayer, SessionsLayer, comparison_points
from workstation.desktop.charts.crosshair import CrosshairLayer, ReadoutLayer
from workstation.desktop.charts.fills import FillsLayer
from workstation.desktop.charts.gaps import GapsLayer
from workstation.desktop.charts.indicator_layers import IndicatorLayer, OwnPane
from workstation.desktop.charts.last_price import LastPriceLayer
from workstation.desktop.charts.older import OlderLayer
from workstation.desktop.charts.order_lines import OrderLinesLayer
from workstation.desktop.charts.panes import PaneView
from workstation.desktop.charts.series import BarsLayer, VolumeLayer, bars_per_bin
from workstation.desktop.charts.signals import SignalsLayer
from workstation.desktop.charts.tags import AxisTag
from workstation.desktop.charts.tools_layer import DrawingsLayer
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_axes import price_marks, time_marks
from workstation.viewmodels.chart_window import PaneScale

if TYPE_CHECKING:
    from workstation.desktop.charts.model import ChartModel

TIME_AXIS_PX: Final = 22.0
PANE_SHARE: Final = 0.19
PANE_MIN_PX: Final = 56.0
PANE_MAX_PX: Final = 190.0
BELOW_SHARE_MAX: Final = 0.6  # of the height: the prices keep the rest, however many panes there are
LEGEND_PX: Final = 24.0
VOLUME_SHARE: Final = 0.17
VOLUME_MIN_PX: Final = 34.0
VOLUME_MAX_PX: Final = 150.0
VOLUME_HEADROOM: Final = 1.08
HEIGHT_FOR_VOLUME_PX: Final = 200.0  # a lower chart shows prices only
AXIS_STEP_PX: Final = 8.0  # the price axis widens in steps, so that it does not jitter
AXIS_MIN_PX: Final = 56.0


class ChartCanvas:
    """Owns the graphics view and what is in it."""

    def __init__(self, model: ChartModel) -> None:
        self.model = model
        self.view = PaneView()
        self.view.setObjectName("chart-canvas")
        for part in (self.view, self.view.viewport()):
            part.setAccessibleName("Bars")
        self.price_box = self.view.add_pane()
        self.volume_box = self.view.add_pane()
        self.grid = GridLayer(None, model, -1)
        self.sessions = SessionsLayer(None, model, -2)
        self.profile = ProfileLayer(self.price_box, model, 5)
        self.gaps = GapsLayer(self.price_box, model, 8)
        self.older = OlderLayer(self.price_box, model, 58)
        self.comparison = ComparisonLayer(self.price_box, model, 18)
        self.bars = BarsLayer(self.price_box, model, 10)
        self.indicators = IndicatorLayer(self.price_box, model, 20)
        self.last_price = LastPriceLayer(self.price_box, model, 30)
        self.drawings = DrawingsLayer(self.price_box, model, 35)
        self.fills = FillsLayer(self.price_box, model, 40)
        self.signals = SignalsLayer(self.price_box, model, 42)
        self.alerts = AlertLinesLayer(self.price_box, model, 45)
        self.orders = OrderLinesLayer(self.price_box, model, 50)
        self.readout = ReadoutLayer(self.price_box, model, 60)
        self.orders.clear_of = self.readout.taken
        self.alerts.clear_of = lambda: [*self.readout.taken(), *self.orders.tag_rects()]
        self._price_layers = (
            *(self.profile, self.gaps, self.older, self.comparison, self.bars, self.indicators, self.last_price),
            *(self.drawings, self.fills, self.signals, self.alerts, self.orders, self.readout),
        )
        self.volume = VolumeLayer(self.volume_box, model, 10)
        self.price_axis = PriceAxis(None, model, 80)
        self.time_axis = TimeAxis(None, model, 80)
        self.crosshair = CrosshairLayer(None, model, 90)
        for layer in (self.sessions, self.grid, self.price_axis, self.time_axis, self.crosshair):
            self.view.scene().addItem(layer)
        self.panes: list[OwnPane] = []
        self.price_rect = QRectF()
        self.volume_rect = QRectF()
        self._pane_rects: list[QRectF] = []
        self._plot_height = 0.0
        self._axis_width = AXIS_MIN_PX
        self.apply_theme()

    def apply_theme(self) -> None:
        """Take the active theme's ground and repaint everything."""
        self.view.setBackgroundBrush(current_theme().colors.surface)
        self._axis_width = AXIS_MIN_PX
        self.view.viewport().update()

    def refresh(self) -> None:
        """Bring panes, marks and layers in step with the window. Called once per change, at most once a frame."""
        self._keep_panes()
        self._lay_out()
        self._fit_price()
        model, pane = self.model, self.price_pane()
        model.price_marks = price_marks(pane.low, pane.high, int(pane.height // PRICE_MARK_GAP_PX), model.tick_size)
        model.price_texts = [model.format_price(price) for price in model.price_marks]
        wanted = self.price_axis.wanted_width()
        if not self._axis_width - 2 * AXIS_STEP_PX <= wanted <= self._axis_width:
            self._axis_width = max(AXIS_MIN_PX, -(-wanted // AXIS_STEP_PX) * AXIS_STEP_PX)
            self._lay_out()
        model.time_marks = time_marks(model.bars.times_ns, self.price_pane(), TIME_MARK_GAP_PX, model.zone)
        self._place()
        self.refresh_tags()

    def refresh_last_bar(self) -> None:
        """Repaint what a live tick changes: last candle, its volume, the read-out. Nothing when out of sight."""
        if not self.model.window.last_bar_visible:
            return
        strip = self.bars.last_bar_rect()
        self.bars.update(strip)
        self.indicators.update(strip.adjusted(-4, 0, 4, 0))
        if self.model.profile_shown:
            self.profile.update()
        self.volume.update(QRectF(strip.left(), 0, strip.width(), self.volume_rect.height()))
        for pane in self.panes:
            pane.layer.update()
        if self.model.pointer is None:
            self.readout.update(self.readout_rect())

    def refresh_last_price(self, before: float | None) -> None:
        """Repaint the strips of the last price's line, old and new, and its tag."""
        last = self.model.last
        for price in (before, last.price if last is not None else None):
            if price is not None:
                y = self.last_price.pane.y(price)
                self.last_price.update(QRectF(0, y - 2, self.price_rect.width(), 4))
        self.refresh_tags()

    def refresh_tags(self) -> None:
        """Recompute the labels on the price axis."""
        self.price_axis.tags = [*self.last_price.axis_tags(), *self.orders.axis_tags()]
        self.price_axis.update()

    def refresh_crosshair(self) -> None:
        """Repaint what follows the pointer."""
        self.price_axis.pointer_tag = self.crosshair.axis_tag() or self._pane_tag()
        self.price_axis.update()
        time_tag = self.crosshair.time_tag()
        self.time_axis.pointer_tag = time_tag[1] if time_tag is not None else None
        self.time_axis.update()
        self.crosshair.update()
        self.readout.update(self.readout_rect())
        for pane in self.panes:
            pane.layer.update(QRectF(0, 0, self.price_rect.width(), LEGEND_PX))

    def price_pane(self) -> PaneScale:
        """Return the scale of the price pane as laid out."""
        return self.model.window.scale(self.price_rect.width(), self.price_rect.height(), self._ratio())

    def readout_rect(self) -> QRectF:
        """Return where the read-out is drawn."""
        return QRectF(0, 0, self.price_rect.width(), 44)

    def in_price_axis(self, at: QPointF) -> bool:
        """Return whether a point lies on the price axis."""
        return at.x() >= self.price_rect.right() and at.y() <= self._plot_height

    def in_time_axis(self, at: QPointF) -> bool:
        """Return whether a point lies on the time axis."""
        return at.y() > self._plot_height

    def below_price(self, at: QPointF) -> bool:
        """Return whether a point lies in a pane below the prices."""
        return self.price_rect.bottom() < at.y() <= self._plot_height and at.x() < self.price_rect.right()

    def pane_at(self, at: QPointF) -> OwnPane | None:
        """Return the indicator's pane at a point."""
        return next((pane for pane in self.panes if pane.rect.contains(at)), None)

    def _keep_panes(self) -> None:
        """Have one pane for each indicator that wants its own, in order."""
        wanted = self.model.indicators_below()
        if [pane.layer.lines for pane in self.panes] == wanted:
            return
        for pane in self.panes:
            self.view.scene().removeItem(pane.box)
        self.panes = [OwnPane(self.view, self.model, lines) for lines in wanted]

    def _pane_tag(self) -> AxisTag | None:
        pointer, colors = self.model.pointer, current_theme().colors
        if pointer is None or not pointer.below_price:
            return None
        pane = self.pane_at(QPointF(1.0, pointer.price))
        text = "" if pane is None else pane.value_text(pointer.price)
        return AxisTag(pointer.price, text, colors.text, colors.surface, 9) if text else None

    def _ratio(self) -> float:
        return float(self.view.devicePixelRatioF())

    def _fit_price(self) -> None:
        model, window = self.model, self.model.window
        if not window.auto_price or not len(model.bars):
            return
        found = model.drawn.extremes(int(window.first // 1), int(-(-window.stop // 1)))
        if found is None:
            return
        low, high = found
        if model.comparison is not None:
            _, prices = comparison_points(model, self.price_pane())
            prices = prices[np.isfinite(prices)]
            low, high = min(low, prices.min(initial=low)), max(high, prices.max(initial=high))
        window.fit_price(float(low), float(high))

    def _lay_out(self) -> None:
        size = self.view.viewport().size()
        width = max(1.0, size.width() - self._axis_width)
        plot = max(1.0, size.height() - TIME_AXIS_PX)
        volume = 0.0
        if self.model.volume_shown and plot >= HEIGHT_FOR_VOLUME_PX:
            volume = float(round(min(max(plot * VOLUME_SHARE, VOLUME_MIN_PX), VOLUME_MAX_PX)))
        each = 0.0
        if self.panes:
            wanted = min(max(plot * PANE_SHARE, PANE_MIN_PX), PANE_MAX_PX)
            each = float(round(min(wanted, max(0.0, plot * BELOW_SHARE_MAX - volume) / len(self.panes))))
        below = volume + each * len(self.panes)
        self.price_rect = QRectF(0, 0, width, max(1.0, plot - below))
        self.volume_rect = QRectF(0, plot - below, width, volume)
        top = plot - below + volume
        self._pane_rects = [QRectF(0, top + number * each, width, each) for number in range(len(self.panes))]
        self._plot_height = plot

    def _place(self) -> None:
        model, pane = self.model, self.price_pane()
        self.price_box.place(self.price_rect)
        self.volume_box.place(self.volume_rect)
        self.volume_box.setVisible(self.volume_rect.height() > 0)
        first, stop = pane.bar_range
        top = model.bars.volume_max(first, stop, bars_per_bin(pane)) * VOLUME_HEADROOM or 1.0
        self.grid.full_height = self._plot_height
        self.grid.dividers = tuple(rect.top() for rect in (self.volume_rect, *self._pane_rects) if rect.height())
        for layer in (self.sessions, self.grid, *self._price_layers):
            layer.place(pane)
        volume_pane = self._sized(pane, 0.0, top, pane.width, max(1.0, self.volume_rect.height()))
        self.volume.place(volume_pane)
        for own, rect in zip(self.panes, self._pane_rects, strict=True):
            own.place(rect, pane)
        plot_height = self._plot_height
        self.price_axis.full_height = plot_height
        self.price_axis.volume_top = self.volume_rect.top()
        self.price_axis.volume_text = model.format_volume(top / VOLUME_HEADROOM) if self.volume_rect.height() else ""
        self.price_axis.pane_texts = [text for own in self.panes for text in own.axis_texts()]
        self.price_axis.setPos(self.price_rect.right(), 0)
        self.price_axis.place(replace(pane, width=self._axis_width))
        self.time_axis.setPos(0, plot_height)
        self.time_axis.full_width = pane.width + self._axis_width
        self.time_axis.place(self._sized(pane, 0.0, 1.0, pane.width, TIME_AXIS_PX))
        self.crosshair.plot_height = plot_height
        self.crosshair.volume_top = self.price_rect.bottom()
        self.crosshair.place(self._sized(pane, 0.0, 1.0, pane.width, plot_height + TIME_AXIS_PX))

    @staticmethod
    def _sized(pane: PaneScale, low: float, high: float, width: float, height: float) -> PaneScale:
        return PaneScale(pane.first, pane.span, low, high, width, height, pane.ratio)
