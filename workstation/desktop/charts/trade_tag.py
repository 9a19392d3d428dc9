"""Two labelled buttons beside the resting pointer: what a click there would order.

The panel supplies the labels for a price; the label is the order that will be sent. The tag appears where the pointer
rests on an unlocked chart, holds that price while the pointer goes to a button, and is gone when it leaves. Nothing
is sent from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout

from workstation.desktop.bracket_key import bracket_key
from workstation.viewmodels.chart_marks import MarkSide

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

REST_MS: Final = 250
OFFSET_PX: Final = 14
HINT_PX: Final = 250
REACH_PX: Final = 26  # the pointer may stray this far on its way to a button


TradeLabels = Callable[[float], tuple[str, str] | None]
"""A price -> what the buy and the sell button say; None offers nothing."""
OrderWords = Callable[[MarkSide, float], str]
"""A side and a price -> the whole order."""


class TradeTag(QFrame):
    """Buttons for the two orders possible at a price.

    Emits: chosen(MarkSide, price, label, with_bracket) on a click; `with_bracket` when its key was held.
    """

    chosen = Signal(object, float, str, bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chart-trade-tag")
        self.setProperty("role", "raised")
        self.labels: TradeLabels | None = None
        self.words: OrderWords | None = None
        self._bracket: Callable[[], str] = str
        self._room = parent
        self._price = 0.0
        self._at = QPoint()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._on_rested)
        self._buy = self._button(MarkSide.BUY)
        self._sell = self._button(MarkSide.SELL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self._buy)
        layout.addWidget(self._sell)
        self._hint = QLabel(self)
        self._hint.setObjectName("chart-trade-hint")
        self._hint.setWordWrap(True)
        self._hint.setFixedWidth(HINT_PX)
        self._hint.setProperty("role", "caption")
        self._hint.hide()
        layout.addWidget(self._hint)
        self.hide()

    def offer(self, labels: TradeLabels | None, words: OrderWords | None, bracket: Callable[[], str]) -> None:
        """Take what the buttons say, below them what a bracket adds; one under the pointer says its whole order."""
        self.labels, self.words, self._bracket = labels, words, bracket
        self._say(bracket())
        self.dismiss()

    def _say(self, text: str) -> None:
        self._hint.setText(text)
        self._hint.setVisible(bool(text))
        self.adjustSize()

    def follow(self, at: QPoint, price: float) -> None:
        """Take the pointer's place and price; the tag appears when it rests."""
        if self.isVisible() and self._near(at):
            return
        self.hide()
        self._at, self._price = at, price
        if self.labels is not None:
            self._rest.start()

    def dismiss(self) -> None:
        """Hide at once, and forget a rest that has begun."""
        self._rest.stop()
        self.hide()

    def _on_rested(self) -> None:
        texts = self.labels(self._price) if self.labels is not None else None
        if texts is None:
            return
        for button, text in zip((self._buy, self._sell), texts, strict=True):
            button.setText(text)
            button.setAccessibleName(text)
        self._say(self._whole(MarkSide.BUY))
        tallest, room = self.height(), self._room.size()
        self._say(self._bracket())
        x = self._at.x() + OFFSET_PX
        if x + self.width() > room.width():
            x = self._at.x() - OFFSET_PX - self.width()
        y = min(max(self._at.y() - self.height() // 2, 0), room.height() - tallest)
        self.move(x, y)
        self.show()
        self.raise_()

    def _whole(self, side: MarkSide) -> str:
        """Return the whole order of a button, else what a bracket adds."""
        return (self.words(side, self._price) if self.words is not None else "") or self._bracket()

    def _near(self, at: QPoint) -> bool:
        way = QRect(self._at, self._at).united(self.geometry())
        return way.adjusted(-REACH_PX, -REACH_PX, REACH_PX, REACH_PX).contains(at)

    def _button(self, side: MarkSide) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(f"chart-trade-{side.value}")
        button.setAccessibleName(f"{side.value.capitalize()} at the price pointed at")
        button.setProperty("role", side.value)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self._choose(side, button.text()))
        button.installEventFilter(self)
        return button

    def _choose(self, side: MarkSide, label: str) -> None:
        with_bracket = bracket_key().held(QGuiApplication.keyboardModifiers())
        price = self._price
        self.dismiss()
        self.chosen.emit(side, price, label, with_bracket)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Say the whole order of the button that the pointer came to."""
        if event.type() == QEvent.Type.Enter:
            self._say(self._whole(MarkSide.BUY if watched is self._buy else MarkSide.SELL))
        elif event.type() == QEvent.Type.Leave:
            self._say(self._bracket())
        return False
