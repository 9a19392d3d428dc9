"""The page of a first start: three workspaces to begin with, each drawn as it would stand, chosen by key or click.

It covers the panels and nothing that trades: keys that take risk away act through it, Esc leaves it. It comes by itself
once in a home, where somebody can see it, and from the menu Help at any time.
"""

from collections.abc import Callable, Mapping

import msgspec
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.config.resources import resource_text
from workstation.desktop.shell.hotkeys import ESCAPE_LAYER
from workstation.desktop.shell.keyboard_back import give_back
from workstation.desktop.shell.layout_picture import LayoutPicture
from workstation.desktop.shell.layouts import parse_layout
from workstation.desktop.theme import theme_notifier

CARD_WIDTH_PX = 272


class Beginning(msgspec.Struct, frozen=True):
    """A workspace to begin with. letter: the key that chooses it."""

    name: str
    title: str
    text: str
    letter: str


BEGINNINGS = (
    Beginning("ladders", "Ladders", "Two price ladders beside tape and orders: click a price to trade it.", "L"),
    Beginning("charts", "Charts", "Two large charts over watchlist and orders: draw, compare, trade from lines.", "C"),
    Beginning("strategies", "Strategies", "What runs by itself, beside its orders, its result and its risk.", "S"),
)


class StartPage(QFrame):
    """Stands before a widget of its window while it is open. Emits: closed() when it goes, chosen or not.

    choose: shows a workspace by name. titles: of each kind of panel.
    """

    closed = Signal()

    def __init__(self, over: QWidget, titles: Mapping[str, str], choose: Callable[[str], object]) -> None:
        super().__init__(over.parentWidget())
        self._over, self._choose = over, choose
        self._before: QWidget | None = None
        self.setObjectName("start_page")
        self.setAccessibleName("Where would you like to begin?")
        self.setProperty("role", "panel")
        self.setProperty(ESCAPE_LAYER, True)  # noqa: FBT003  the toolkit's signature
        self.cards = [StartCard(beginning, titles, self._take) for beginning in BEGINNINGS]
        self.keep = QPushButton("Keep chart, ladder, ticket and orders together (Esc)")
        self.keep.setObjectName("start_keep")
        self.keep.setAccessibleName("Keep the workspace trading: chart, ladder, ticket and orders together (Esc)")
        self.keep.setProperty("role", "quiet")
        self.keep.clicked.connect(self.leave)
        title, hint = QLabel("Where would you like to begin?"), QLabel()
        title.setProperty("role", "display")
        hint.setObjectName("start_hint")
        hint.setText("Arrows and Enter choose, or the letter. Ctrl+1 to Ctrl+4 change between all four at any time.")
        hint.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(16)
        for card in self.cards:
            row.addWidget(card)
        column = QVBoxLayout(self)
        column.setSpacing(16)
        column.addStretch(2)
        for widget in (title, hint):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(row)
        column.setAlignment(row, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        over.installEventFilter(self)
        theme_notifier().changed.connect(self._fit_cards)
        self.hide()

    def open(self) -> None:
        """Cover what is shown; the keyboard is on the first card."""
        if self.isVisible():
            return
        self._before = QApplication.focusWidget()
        self.setGeometry(self._over.geometry())
        self.show()
        self._fit_cards()
        self.raise_()
        self.cards[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _fit_cards(self, *_: object) -> None:
        """Give all cards the height of the highest: a row asks nobody for a height at a width."""
        height = max(card.height_needed() for card in self.cards)
        for card in self.cards:
            card.setFixedHeight(height)

    def leave(self) -> None:
        """Go away and give the keyboard back."""
        self.hide()
        give_back(self._before, self._over.window())
        self._before = None
        self.closed.emit()

    def _take(self, name: str) -> None:
        self._choose(name)
        self.leave()

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover what it stands on when that moves; consumes nothing."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self.isVisible():
            self.setGeometry(self._over.geometry())
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move among the cards, choose, or leave."""
        at = next((number for number, card in enumerate(self.cards) if card.hasFocus()), -1)
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        letters = {beginning.letter: beginning.name for beginning in BEGINNINGS}
        if event.key() in steps:
            self.cards[(at + steps[Qt.Key(event.key())]) % len(self.cards)].setFocus(Qt.FocusReason.TabFocusReason)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.leave() if at < 0 else self._take(BEGINNINGS[at].name)
        elif event.text().upper() in letters:
            self._take(letters[event.text().upper()])
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)


class StartCard(QPushButton):
    """One workspace: its picture over its name and a line about it."""

    def __init__(self, beginning: Beginning, titles: Mapping[str, str], choose: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName(f"start_{beginning.name}")
        self.setAccessibleName(f"{beginning.title}: {beginning.text}")
        self.setFixedWidth(CARD_WIDTH_PX)
        self.clicked.connect(lambda _checked=False: choose(beginning.name))
        source = f"{beginning.name}.toml"
        picture = LayoutPicture(parse_layout(resource_text("layouts", source), source=source), titles)
        name, text = QLabel(f"{beginning.title}  ({beginning.letter})"), QLabel(beginning.text)
        name.setProperty("role", "title")
        text.setProperty("role", "muted")
        text.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for widget in (picture, name, text):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(widget)
        self._column, self._labels = column, (name, text)

    def height_needed(self) -> int:
        """Return what its picture and texts need, in pixels, at the size of text of now."""
        for label in self._labels:
            label.ensurePolished()
        self._column.invalidate()
        return self._column.totalHeightForWidth(CARD_WIDTH_PX)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return what its picture and texts need, at any size of text."""
        return QSize(CARD_WIDTH_PX, self.height_needed())

    def minimumSizeHint(self) -> QSize:
        """Return the same: a card is never cut."""
        return self.sizeHint()
