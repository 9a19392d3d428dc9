"""The painted list of the tape: only lines that are seen are made and drawn, newest on top.

Last stage of the tick walk. A click reports the line; the list knows no engine and sends nothing.
"""

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication

from workstation.desktop.colors import blend
from workstation.desktop.focus_frame import FocusFrame
from workstation.desktop.spoken_value import offer_values
from workstation.desktop.theme import current_theme, figure_font, theme_notifier, ui_font
from workstation.viewmodels.tape import Tape, TapeLine

PADDING_PX = 8
_TIME, _PRICE_MIN, _SIZE_MIN = 14, 6, 4
_TIME_SHORT, _WORDS, _REMARKS = 9, 6, 20
"""Digits of a time without thousandths, for a list that has no room for them, of the side in words, and of what a wide
list leaves for parts and conditions before the bar of the size begins."""

BAR_PX_MIN, BAR_INSET_PX, BAR_SHARE = 80, 4, 0.6
"""Bars of sizes: the least room for them, what is left above and below each, and the share of ink in their colour."""

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TapeView(QAbstractScrollArea):
    """Emits: line_clicked(line from the newest, 0 on), hovered(bool), space_pressed()."""

    spoken_role = QAccessible.Role.StaticText

    line_clicked = Signal(int)
    hovered = Signal(bool)
    space_pressed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setObjectName(name)
        self.setAccessibleName("Time and sales")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        FocusFrame(self)
        offer_values()
        self.tape: Tape | None = None
        self.empty_text = ""
        self.stale = False
        self._price_digits, self._size_digits, self._largest = _PRICE_MIN, _SIZE_MIN, 0.0
        theme_notifier().changed.connect(self._on_theme)
        self._on_theme()

    def show_tape(self, tape: Tape) -> None:
        """Show another tape from its newest line."""
        self.tape = tape
        self._price_digits, self._size_digits, self._largest = _PRICE_MIN, _SIZE_MIN, 0.0
        self.verticalScrollBar().setValue(0)
        self.refresh()

    def refresh(self, added: int = 0) -> None:
        """Paint again; where the reader has scrolled away from the top, what is read stays in place."""
        bar = self.verticalScrollBar()
        count = 0 if self.tape is None else len(self.tape)
        bar.setPageStep(self.rows)
        bar.setRange(0, max(count - self.rows, 0))
        if bar.value():
            bar.setValue(bar.value() + added)
        self.viewport().update()

    @property
    def rows(self) -> int:
        """How many whole lines are seen."""
        return max(self.viewport().height() // self._row, 1)

    @property
    def shows_thousandths(self) -> bool:
        """Whether a line has room for the thousandths of its time; the side in words goes before them."""
        return self._line_px(_TIME, _WORDS) <= self.viewport().width()

    @property
    def time_digits(self) -> int:
        """How many digits the time of a line has; none where price and size have room only without it."""
        if self.shows_thousandths:
            return _TIME
        return _TIME_SHORT if self._line_px(_TIME_SHORT, 0) <= self.viewport().width() else 0

    @property
    def shows_sizes(self) -> bool:
        """Whether a line has room for the whole size; a price stands alone then, since a cut figure is another one."""
        return self._line_px(self.time_digits, 0) <= self.viewport().width()

    @property
    def least_px(self) -> int:
        """Width of a line with the whole seconds of its time and its side in words."""
        return self._line_px(_TIME_SHORT, _WORDS)

    @property
    def bars_from(self) -> int:
        """Where bars of sizes begin, px from the left; 0 where there is no room for them."""
        start = self._line_px(_TIME, _REMARKS)
        return start if start + BAR_PX_MIN <= self.viewport().width() else 0

    def _line_px(self, time: int, words: int) -> int:
        """Return the width of a line with a time and words of so many digits; a digit stands before price and size."""
        return (time + self._price_digits + 1 + self._size_digits + words) * self._digit + 2 * PADDING_PX

    def spoken_value(self) -> str:
        """Return the first print in view, or why there is none, as a screen reader tells it."""
        line = next(iter(self._seen()), None)
        if line is None:
            return self.empty_text
        words = (line.time, line.side.lower(), line.size, "at" if line.size else "", line.price, line.conditions)
        return " ".join(word for word in words if word)

    def copied(self) -> str:
        """Put the lines that are seen on the clipboard, tab-separated; returns the text."""
        lines = self._seen()
        text = "\n".join(
            f"{line.time}\t{line.price}\t{line.size}\t{line.side}\t{line.conditions}\t{line.parts}".rstrip("\t")
            for line in lines
        )
        QApplication.clipboard().setText(text)
        return text

    def _seen(self) -> list[TapeLine]:
        return [] if self.tape is None else self.tape.lines(self.verticalScrollBar().value(), self.rows)

    def _on_theme(self, *_: object) -> None:
        theme = current_theme()
        self._font = figure_font("body")
        self._digit = QFontMetrics(self._font).horizontalAdvance("0")
        self._row = theme.metrics.row_compact
        self.viewport().update()

    def _make_room(self, lines: list[TapeLine]) -> None:
        """Fit columns and scale of the bars to these lines; both only ever grow while a tape is shown."""
        told = [line for line in lines if line.side != "GAP"]
        self._price_digits = max(self._price_digits, *(len(line.price) for line in told), 0)
        self._size_digits = max(self._size_digits, *(len(line.size) for line in told), 0)
        self._largest = max(self._largest, *(line.amount for line in told), 0.0)

    def _paint_line(self, painter: QPainter, line: TapeLine, top: int) -> None:
        colors, width = current_theme().colors, self.viewport().width()
        box = QRect(0, top, width, self._row)
        if line.side == "GAP":
            painter.fillRect(box, colors.surface_raised)
            painter.setPen(colors.warning)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, line.price)
            return
        ink = colors.stale if self.stale else {"BUY": colors.buy, "SELL": colors.sell}.get(line.side, colors.text)
        if line.mine:
            painter.fillRect(box, blend(colors.accent, colors.surface, 0.25))
        x = PADDING_PX
        painter.setPen(colors.text_muted)
        digits = self.time_digits
        time = line.time if digits == _TIME else line.time.partition(".")[0] if digits else ""
        painter.drawText(QRect(x, top, digits * self._digit, self._row), _LEFT, time)
        x += digits * self._digit
        painter.setPen(ink)
        painter.drawText(QRect(x, top, self._price_digits * self._digit, self._row), _RIGHT, line.price)
        x += (self._price_digits + 1) * self._digit
        if not self.shows_sizes:
            return
        painter.drawText(QRect(x, top, self._size_digits * self._digit, self._row), _RIGHT, line.size)
        x += self._size_digits * self._digit + PADDING_PX
        mark = {"BUY": "▲ buy", "SELL": "▼ sell"}.get(line.side, "")
        words = " ".join(filter(None, (mark, line.parts, line.conditions, "mine" if line.mine else "")))
        painter.drawText(QRect(x, top, width - x, self._row), _LEFT, whole_words(words, (width - x) // self._digit))
        if self.bars_from and self._largest:
            length = round((width - self.bars_from - PADDING_PX) * line.amount / self._largest)
            bar = QRect(self.bars_from, top + BAR_INSET_PX, length, self._row - 2 * BAR_INSET_PX)
            painter.fillRect(bar, blend(ink, colors.surface_sunken, BAR_SHARE))

    # Qt overrides

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines that are seen, or why there are none."""
        painter = QPainter(self.viewport())
        colors = current_theme().colors
        painter.fillRect(self.viewport().rect(), colors.surface_sunken)
        lines = self._seen()
        self._make_room(lines)
        if not lines:
            painter.setFont(ui_font("body"))
            painter.setPen(colors.text_muted)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(12, 12, -12, -12), wrapped, self.empty_text)
        painter.setFont(self._font)
        for number, line in enumerate(lines):
            self._paint_line(painter, line, number * self._row)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the scroll range."""
        self.refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report the line that was clicked; below the last whole one there is none."""
        place = int(event.position().y()) // self._row
        if place < self.rows:
            self.line_clicked.emit(self.verticalScrollBar().value() + place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Report that the pointer reads: a list that appears under a resting pointer is not held."""
        self.hovered.emit(True)  # noqa: FBT003  a signal carries values by position

    def viewportEvent(self, event: QEvent) -> bool:
        """Report that the pointer is gone, which the viewport alone hears."""
        if event.type() is QEvent.Type.Leave:
            self.hovered.emit(False)  # noqa: FBT003  a signal carries values by position
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hold by Space, scroll by the keys of a list."""
        bar = self.verticalScrollBar()
        if event.key() == Qt.Key.Key_Space:
            self.space_pressed.emit()
            return
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: self.rows,
            Qt.Key.Key_PageUp: -self.rows,
            Qt.Key.Key_Home: -bar.maximum(),
            Qt.Key.Key_End: bar.maximum(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            bar.setValue(bar.value() + step)
            self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint the lines that are seen now."""
        self.viewport().update()


def whole_words(text: str, digits: int) -> str:
    """Return the words of a line that have room whole; digits: how many letters fit."""
    while len(text) > digits:
        text = text.rpartition(" ")[0]
    return text
