"""The first-run tour: five short cards beside what they speak of, left by Esc at any moment.

Belongs to no walk and sends nothing. It starts by itself once in a home, where somebody can see it, and from the menu
Help at any time. Enter goes on, the left arrow goes back.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.shell.hotkeys import ESCAPE_LAYER
from workstation.desktop.shell.keyboard_back import give_back
from workstation.desktop.shell.staging import complete
from workstation.desktop.theme import current_theme

CARD_WIDTH_PX = 360
"""Width of a card at text size 1."""
GAP_PX = 10


class Step(msgspec.Struct, frozen=True):
    """One card. target: object name of the widget that it speaks of; a missing one puts the card in the middle."""

    title: str
    text: str
    target: str


STEPS = (
    Step(
        "Where you trade",
        "Keys and clicks act on the instrument and account shown here. Ctrl+L types another instrument, Ctrl+K finds"
        " everything else.",
        "focus_chip",
    ),
    Step(
        "Armed or not",
        "Nothing that adds risk is sent while this says DISARMED. Ctrl+F12 arms; it disarms by itself when you leave."
        " Exits and cancels always work.",
        "arm_chip",
    ),
    Step(
        "Send and take back",
        "F1 buys joining the bid, F4 sells joining the ask. Or click a price in the ladder; drag your order to another"
        " row to change it, click it to cancel it. Esc cancels what works in this instrument; F9 flattens it.",
        "ladder-1",
    ),
    Step(
        "Believe the ages",
        "Every stream shows how old it is. A stale price is greyed, and no order that adds risk goes out on it.",
        "status_bar",
    ),
    Step(
        "Make it yours",
        "Ctrl+1 to Ctrl+9 show workspaces; View adds panels such as alerts, time & sales and settings. This tour is in"
        " Help.",
        "menu_bar",
    ),
)


class Tour(QObject):
    """Shows the cards over a window. `seen` is the file that says that it was shown."""

    def __init__(self, window: QMainWindow, seen: Path | None) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self._window, self._seen = window, seen
        self.place = -1
        self._focus: QWidget | None = None
        self.card = TourCard(self, window)
        self._ring = QFrame(window)
        self._ring.setObjectName("tour_ring")
        self._ring.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._ring.hide()
        window.installEventFilter(self)

    @property
    def runs(self) -> bool:
        """True while a card is shown."""
        return self.place >= 0

    def offer(self) -> None:
        """Start on a first run, where there is a display to see it on."""
        is_first = self._seen is not None and not self._seen.exists()
        if is_first and QGuiApplication.platformName() != "offscreen":
            self.start()

    def start(self) -> None:
        """Show the first card."""
        self._focus = self._window.focusWidget()
        self._show(0)

    def forward(self) -> None:
        """Show the next card; after the last one the tour ends."""
        if self.place + 1 < len(STEPS):
            self._show(self.place + 1)
        else:
            self.end()

    def back(self) -> None:
        """Show the card before."""
        self._show(max(self.place - 1, 0))

    def end(self) -> None:
        """Leave, give the focus back, and note that the tour was shown; a home that cannot be written sees it again."""
        self.place = -1
        self.card.hide()
        self._ring.hide()
        give_back(self._focus, self._window)
        self._focus = None
        if self._seen is not None:
            try:
                self._seen.parent.mkdir(parents=True, exist_ok=True)
                self._seen.write_text("The tour was shown.\n", encoding="utf-8")
            except OSError:
                self._seen = None

    def _show(self, place: int) -> None:
        self.place = place
        step = STEPS[place]
        self.card.show_step(step, place)
        complete()
        target = self._window.findChild(QWidget, step.target)
        box = None
        if target is not None and target.isVisible():
            box = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size())
        self._ring.setVisible(box is not None)
        if box is not None:
            accent = current_theme().colors.accent.name()
            self._ring.setStyleSheet(f"QFrame#tour_ring {{ border: 2px solid {accent}; background: transparent; }}")
            self._ring.setGeometry(box)
            self._ring.raise_()
        self.card.move(_beside(box, self.card.size(), self._window.rect()))
        self.card.raise_()
        self.card.setFocus()

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the card beside its target when the window is resized; consumes nothing."""
        if event.type() is QEvent.Type.Resize and self.runs:
            self._show(self.place)
        return False


class TourCard(QFrame):
    """One card with its three buttons; it has the keyboard while the tour runs."""

    def __init__(self, tour: Tour, window: QWidget) -> None:
        super().__init__(window)
        self._tour = tour
        self.setObjectName("tour_card")
        self.setProperty("role", "raised")
        self.setProperty(ESCAPE_LAYER, True)  # noqa: FBT003  the toolkit's signature
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.skip = self._button("tour_skip", "Skip (Esc)", tour.end)
        self.previous = self._button("tour_back", "Back", tour.back)
        self.next = self._button("tour_next", "Next (Enter)", tour.forward)
        self.next.setProperty("role", "primary")
        row = QHBoxLayout()
        row.addWidget(self.count)
        row.addStretch(1)
        for button in (self.skip, self.previous, self.next):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addLayout(row)
        self.hide()

    def show_step(self, step: Step, place: int) -> None:
        """Show one step."""
        self.title.setText(step.title)
        self.text.setText(step.text)
        self.count.setText(f"{place + 1} of {len(STEPS)}")
        self.previous.setEnabled(place > 0)
        self.next.setText("Done (Enter)" if place + 1 == len(STEPS) else "Next (Enter)")
        self.setAccessibleName(f"Tour, {self.count.text()}: {step.title}. {step.text}")
        self.show()
        self._fit()

    def _fit(self) -> None:
        """Take the size that text and buttons need in the type of the theme."""
        self.ensurePolished()
        width = max(round(CARD_WIDTH_PX * current_theme().text_scale), self.minimumSizeHint().width())
        self.setFixedWidth(width)
        self.setFixedHeight(self.heightForWidth(width))

    def _button(self, name: str, text: str, run: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setProperty("role", "quiet")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(run)
        return button

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on, go back or leave."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Right:
                self._tour.forward()
            case Qt.Key.Key_Left:
                self._tour.back()
            case Qt.Key.Key_Escape:
                self._tour.end()
            case _:
                super().keyPressEvent(event)


def _beside(target: QRect | None, card: QSize, window: QRect) -> QPoint:
    """Return where a card stands: below its target, else above, else before it; always inside the window."""
    if target is None:
        return QPoint((window.width() - card.width()) // 2, (window.height() - card.height()) // 2)
    x, y = target.x(), target.bottom() + GAP_PX
    if y + card.height() > window.height():
        y = target.y() - GAP_PX - card.height()
    if y < 0:
        x, y = target.x() - GAP_PX - card.width(), target.center().y() - card.height() // 2
    return QPoint(
        min(max(x, GAP_PX), max(window.width() - card.width() - GAP_PX, 0)),
        min(max(y, GAP_PX), max(window.height() - card.height() - GAP_PX, 0)),
    )
