"""What follows the pointer: crosshair and tags, the measured distance, the read-out of the bar under it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem

from workstation.desktop.charts.indicator_layers import legend_values, series_color
from workstation.desktop.charts.layers import Layer, dash_pen
from workstation.desktop.charts.series import merged_bars
from workstation.desktop.charts.tags import AxisTag, TagStyle, draw_tag, tag_height, tag_width
from workstation.desktop.charts.texts import Typeface, figures, words
from workstation.desktop.colors import with_alpha
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_axes import moment_text
from workstation.viewmodels.level_of_detail import CLOSE, HIGH, LOW, OPEN, VOLUME

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

    from workstation.desktop.charts.model import ChartModel, Pointer
    from workstation.viewmodels.chart_window import PaneScale

DASH: Final = (4.0, 4.0)
READOUT_LEFT_PX: Final = 8.0
READOUT_TOP_PX: Final = 5.0
READOUT_HEIGHT_PX: Final = 44.0
LABEL_GAP_PX: Final = 3.0
PART_GAP_PX: Final = 9.0
WORDS_FROM: Final = 24
"""What is as long as this is words, such as an error, and is cut where there is no room."""
VEIL_OPACITY: Final = 0.78


class CrosshairLayer(Layer):
    """Dashed lines through both panes with the time under them. `pane` spans plot and time axis.

    `volume_top` and `plot_height` say where the panes are; the price's tag is the price axis' affair.
    """

    plot_height = 0.0
    volume_top = 0.0

    def draw(self, painter: QPainter) -> None:
        """Draw lines, time tag and measurement."""
        if self.model.pointer is not None and len(self.model.bars):
            self._draw_cross(painter, self.model.pointer)
        if self.model.measure is not None:
            self._draw_measure(painter)

    def _draw_cross(self, painter: QPainter, pointer: Pointer) -> None:
        pane, colors = self.pane, current_theme().colors
        painter.setPen(dash_pen(colors.text_muted, pane.ratio, DASH))
        bar = int(pointer.bar // 1)
        x = pane.hairline(pane.x(bar + 0.5))
        if 0 <= x <= pane.width:
            painter.drawLine(QLineF(x, 0, x, self.plot_height))
        y = self.pointer_y()
        if y is not None:
            painter.drawLine(QLineF(0, pane.hairline(y), pane.width, pane.hairline(y)))
        tag = self.time_tag()
        if tag is not None:
            text, rect = tag
            draw_tag(painter, rect, text, TagStyle(words(Weight.DemiBold), colors.text, colors.surface), pane.ratio)

    def pointer_y(self) -> float | None:
        """Return the height of the horizontal line; None in a linked chart, and while a line is dragged instead."""
        pointer = self.model.pointer
        if pointer is None or pointer.linked or self.model.drag is not None or self.model.alert_drag:
            return None
        if pointer.below_price:
            return pointer.price
        return self.model.window.scale(1, self.volume_top).y(pointer.price)

    def axis_tag(self) -> AxisTag | None:
        """Return the pointer's label for the price axis."""
        pointer, colors = self.model.pointer, current_theme().colors
        y = self.pointer_y()
        if pointer is None or y is None or pointer.below_price or not 0 <= y <= self.volume_top:
            return None
        text = self.model.format_price(self.model.to_tick(pointer.price))
        return AxisTag(y, text, colors.text, colors.surface, 9)

    def time_tag(self) -> tuple[str, QRectF] | None:
        """Return text and place of the time's label under the plot; None off the bars."""
        pointer, pane = self.model.pointer, self.pane
        bar = int(pointer.bar // 1) if pointer is not None else -1
        if not 0 <= bar < len(self.model.bars):
            return None
        x = pane.x(bar + 0.5)
        if not 0 <= x <= pane.width:
            return None
        text = moment_text(int(self.model.bars.times_ns[bar]), self.model.zone, self.model.bar_ns)
        face = words(Weight.DemiBold)
        width = tag_width(face, text)
        left = min(max(x - width / 2, 0.0), pane.width - width)
        return text, QRectF(pane.snapped(left), self.plot_height + 4, width, tag_height(face))

    def _draw_measure(self, painter: QPainter) -> None:
        measure, pane, colors = self.model.measure, self.pane, current_theme().colors
        if measure is None:
            return
        prices = self.model.window.scale(pane.width, self.volume_top, pane.ratio)
        start = QPointF(pane.x(measure.start[0]), prices.y(measure.start[1]))
        end = QPointF(pane.x(measure.end[0]), prices.y(measure.end[1]))
        change = measure.end[1] - measure.start[1]
        color = colors.rise if change >= 0 else colors.fall
        box = QRectF(start, end).normalized()
        painter.fillRect(box, with_alpha(color, 0.14))
        painter.setPen(dash_pen(color, pane.ratio, DASH))
        painter.drawLine(QLineF(start, end))
        ticks = round(change / self.model.tick_size)
        share = change / measure.start[1] * 100 if measure.start[1] else 0.0
        bars = int(measure.end[0] // 1) - int(measure.start[0] // 1)
        text = f"{ticks:+,d} ticks   {share:+.2f} %   {bars:+d} bars"
        face = figures(Weight.Medium)
        width, height = tag_width(face, text), tag_height(face)
        left = min(max(box.center().x() - width / 2, 2), pane.width - width - 2)
        top = box.top() - height - 4 if change >= 0 else box.bottom() + 4
        top = min(max(top, 2), self.volume_top - height - 2)
        style = TagStyle(face, colors.surface_raised, color, color)
        draw_tag(painter, QRectF(left, top, width, height), text, style, pane.ratio)


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of text in one face and colour, and the room after it."""

    face: Typeface
    text: str
    color: QColor
    gap: float


def _cut(run: _Run, room: float) -> str:
    """Return as much of long words as fits, "" for figures, which are shown whole or not at all."""
    if len(run.text) < WORDS_FROM:
        return ""
    count = int(room / max(run.face.width(run.text), 1.0) * len(run.text)) - 1
    return f"{run.text[:count]}…" if count > 0 else ""


class ReadoutLayer(Layer):
    """Open, high, low, close, change and volume of the bar under the pointer, or of the last; indicators below.

    Kept as a picture while it says the same: panning moves no text.
    """

    def __init__(self, parent: QGraphicsItem, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._said: tuple[object, ...] = ()
        self._reach: list[float] = []
        self._measured: tuple[object, ...] = ()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def place(self, pane: PaneScale) -> None:
        """Take a new scale; repaint only what would read otherwise."""
        model = self.model
        if (pane.width, pane.height) != (self.pane.width, self.pane.height):
            self.prepareGeometryChange()
        self.pane = pane
        first = pane.bar_range[0] if model.comparison is not None else 0
        merged = merged_bars(model, pane)
        revisions = (model.bars.revision, model.indicator_revision, len(model.indicators))
        said = (model.readout_bar(), *revisions, merged, first, pane.width, pane.ratio, current_theme().name)
        if said != self._said or model.comparison is not None:
            self._said = said
            self.update()

    def text(self) -> str:
        """Return the read-out as one line, as a screen reader would say it."""
        bar = self.model.readout_bar()
        if bar < 0:
            return ""
        wrong = [("", f"{lines.chosen.label} {lines.error}") for lines in self.model.indicators if lines.error]
        parts = [(label, value) for label, value, _ in self._parts(bar)]
        return "  ".join(f"{label} {value}".strip() for label, value in parts + wrong)

    def draw(self, painter: QPainter) -> None:
        """Write as many parts as the width holds."""
        for row, top in self._rows():
            self._draw_row(painter, row, top)

    def taken(self) -> list[QRectF]:
        """Return where the rows stand, as wide as they have been since the chart was laid out.

        What keeps clear of them stays where it is while the pointer goes from bar to bar.
        """
        rows = [(self._fitted(row), top) for row, top in self._rows()]
        measured = (self.pane.width, self.pane.ratio, len(rows), self.model.format_price, current_theme().name)
        if measured != self._measured:
            self._measured, self._reach = measured, [0.0] * len(rows)
        self._reach = [max(before, width) for before, ((_, width), _) in zip(self._reach, rows, strict=True)]
        height = tag_height(figures())
        return [QRectF(0, top, width, height) for width, (_, top) in zip(self._reach, rows, strict=True) if width]

    def _rows(self) -> list[tuple[list[_Run], float]]:
        """Return what is to be read in each row, and its top."""
        bar = self.model.readout_bar()
        if bar < 0:
            return []
        muted = current_theme().colors.text_muted
        plain, numbers = words(), figures()
        row: list[_Run] = []
        for label, value, color in self._parts(bar):
            row += [_Run(plain, label, muted, LABEL_GAP_PX if label else 0.0), _Run(numbers, value, color, PART_GAP_PX)]
        named = words(Weight.Medium)
        second: list[_Run] = []
        for lines in self.model.indicators_over_prices():
            second.append(_Run(named, lines.chosen.label, series_color(lines.chosen.color), LABEL_GAP_PX))
            second += [_Run(numbers, text, color, PART_GAP_PX) for text, color in legend_values(self.model, lines)]
        second += self._compared(named, numbers)
        return [(row, READOUT_TOP_PX), (second, READOUT_TOP_PX + tag_height(numbers))]

    def _compared(self, named: Typeface, numbers: Typeface) -> list[_Run]:
        """Return the compared instrument and how far it moved since the first bar in view."""
        model, color = self.model, current_theme().colors.text
        if model.comparison is None:
            return []
        first, bar = max(self.pane.bar_range[0], 0), self.model.readout_bar()
        times = model.bars.times_ns
        moved = model.comparison.percent(int(times[min(first, bar)]), int(times[bar]))
        text = f"{moved + 0.0:+.2f} %" if isfinite(moved) else "—"
        return [
            _Run(named, model.comparison.symbol, color, LABEL_GAP_PX),
            _Run(numbers, text, color, PART_GAP_PX),
        ]

    def _fitted(self, row: list[_Run]) -> tuple[list[tuple[float, _Run]], float]:
        """Return the runs that fit with where each begins, and where the row ends; what does not fit is left out."""
        placed, x = [], READOUT_LEFT_PX
        for run in row:
            room = self.pane.width - READOUT_LEFT_PX - x
            fits = run.face.width(run.text) <= room
            fitted = run if fits else replace(run, text=_cut(run, room))
            if not fits and not fitted.text:
                break
            placed.append((x, fitted))
            x += fitted.face.width(fitted.text) + run.gap
            if not fits:
                break
        return placed, x if placed else 0.0

    def _draw_row(self, painter: QPainter, row: list[_Run], top: float) -> None:
        """Draw runs of text over a veil that lifts them off the candles."""
        placed, x = self._fitted(row)
        if not placed:
            return
        height = tag_height(placed[0][1].face)
        veil = QRectF(0, top, x, height)
        painter.fillRect(veil, with_alpha(current_theme().colors.surface, VEIL_OPACITY))
        for left, run in placed:
            painter.setPen(run.color)
            run.face.draw_left(painter, left, top + height / 2, run.text)

    def _parts(self, bar: int) -> list[tuple[str, str, QColor]]:
        model, colors = self.model, current_theme().colors
        column = model.bars.columns[:, bar]
        color = colors.rise if column[CLOSE] >= column[OPEN] else colors.fall
        parts = [
            (label, model.format_price(float(column[row])), color)
            for label, row in (("O", OPEN), ("H", HIGH), ("L", LOW), ("C", CLOSE))
        ]
        before = float(model.bars.columns[CLOSE, bar - 1]) if bar else float(column[OPEN])
        share = round((float(column[CLOSE]) / before - 1) * 100, 2) + 0.0 if before else 0.0  # no negative zero
        parts.append(("", f"{share:+.2f}%", color))
        parts.append(("Vol", model.format_volume(float(column[VOLUME])), colors.text))
        if model.renko is not None:
            parts.append(("Brick", model.format_price(model.renko.height), colors.text))
        merged = merged_bars(model, self.pane)
        if merged > 1:
            parts.append(("", f"{merged} bars a candle", colors.text_muted))
        return parts

    # --- Qt overrides ---

    def boundingRect(self) -> QRectF:
        """Return the strip at the top of the prices."""
        return QRectF(0.0, 0.0, self.pane.width, READOUT_HEIGHT_PX)
