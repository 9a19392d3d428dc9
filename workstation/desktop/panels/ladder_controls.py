"""Buttons around the ladder: quantity pad above, cancels, flatten and centre below, and the line that says the order.

Cancels and flatten work disarmed. The pad adds per press, Shift subtracts; a quantity of 0 never sends. It only emits
what was pressed.
"""

import re
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.desktop.panels.asking_panel import PressTwice, named
from workstation.desktop.panels.ladder_fold import ButtonRows
from workstation.desktop.spelt import spelt
from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.desktop.tight_button import TightButton, draw_tight
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument
from workstation.viewmodels.ladder import LadderPicture
from workstation.viewmodels.ladder_settings import PnlUnit
from workstation.viewmodels.ticket_fields import parse_quantity

QTY_WIDTH_MIN, PAD_GAP = 56, 2
BUTTON_SPARE, TIGHT_SPARE = 24, 8
"""Room about a button's words: as the theme has it, and where buttons are drawn tight."""
TIGHT_BELOW_PX, SHORT_BELOW_PX = 280, 200
"""Widths, at text size 1, below which buttons are drawn tight, and profit is short."""
CURRENCY_LETTERS = 3
AMOUNT_LETTERS = 7
"""Letters of an amount up to which its cents are said where it has to be short."""
WRAP_SPARE = 60
"""What a line may lose where a word does not fit any more."""


class QuantityPad(QWidget):
    """The quantity of the next click, in quantity units. Emits: changed(qty)."""

    changed = Signal(object)

    def __init__(self, name: str, steps: tuple[int, ...]) -> None:
        super().__init__()
        self.setObjectName(f"{name}_pad")
        self._instrument: Instrument | None = None
        self._qty = 0
        self.field = QLineEdit()
        self.field.setObjectName(f"{name}_qty")
        self.field.setAccessibleName("Quantity of a ladder click")
        self.field.setProperty("role", "figure")
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setMinimumWidth(QTY_WIDTH_MIN)
        self.field.setToolTip("Quantity of the next click: 300, 2k, 1.5m. 0 never sends.")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(PAD_GAP)
        row.addWidget(self.field, 1)
        self._steps: list[TightButton] = []
        for step in steps:
            button = TightButton(f"{name}_add_{step}", f"+{step}")
            button.setToolTip(f"Add {step}; Shift subtracts")
            button.setAccessibleName(f"Add {step} to the quantity")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _checked=False, step=step: self._add(step))
            row.addWidget(button)
            self._steps.append(button)
        clear = self._clear = TightButton(f"{name}_clear", "C")
        clear.setToolTip("Set the quantity to 0")
        clear.setAccessibleName("Clear the quantity")
        clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        clear.clicked.connect(lambda: self.set_qty(0))
        row.addWidget(clear)
        self.field.returnPressed.connect(self._commit)
        self.field.editingFinished.connect(self._commit)

    @property
    def qty(self) -> int:
        """The quantity in quantity units."""
        return self._qty

    def show_instrument(self, instrument: Instrument, whole_units: int) -> None:
        """Start afresh with a preset for an instrument."""
        self._instrument = instrument
        self.set_qty(whole_units * 10**instrument.qty_decimals)

    def set_qty(self, qty: int) -> None:
        """Set the quantity, in quantity units; never below 0."""
        self._qty = max(qty, 0)
        if self._instrument is not None:
            self.field.setText(self._instrument.qty_text(self._qty))
        self._mark(wrong=False)
        self.changed.emit(self._qty)

    def _add(self, whole_units: int) -> None:
        if self._instrument is not None:
            shift = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
            step = whole_units * 10**self._instrument.qty_decimals
            self.set_qty(self._qty + (-step if shift else step))

    def _commit(self) -> None:
        if self._instrument is None:
            return
        try:
            self.set_qty(parse_quantity(self.field.text(), self._instrument))
        except UserError as error:
            self._qty = 0
            self._mark(wrong=True)
            self.field.setToolTip(str(error))
            self.changed.emit(0)

    def _mark(self, *, wrong: bool) -> None:
        self.field.setProperty("invalid", "true" if wrong else "false")
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)

    # Qt overrides

    def minimumSizeHint(self) -> QSize:
        """Return the size with no step: a narrow pad has those that fit, the smallest first."""
        return QSize(self.field.minimumWidth() + PAD_GAP + self._clear.sizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the steps that have room beside the field."""
        super().resizeEvent(event)
        room = self.width() - self.minimumSizeHint().width()
        for button in self._steps:
            room -= button.sizeHint().width() + PAD_GAP
            button.setVisible(room >= 0)


class LadderButtons(QWidget):
    """Cancels with counts, position, exits and centre. Emits what was pressed; side_sign 0 is both sides."""

    cancel_pressed = Signal(int)
    flatten_pressed = Signal()
    breakeven_pressed = Signal()
    reverse_pressed = Signal()
    centre_pressed = Signal()
    position_pressed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}_buttons")
        self._shown = ("", 0)
        self._counted = ((-1, -1), 0)
        self._is_tight = False
        self._cancels = {
            1: self._button(f"{name}_cancel_bids", "Cancel my bids", lambda: self.cancel_pressed.emit(1)),
            0: self._button(f"{name}_cancel_all", "Cancel all my orders here", lambda: self.cancel_pressed.emit(0)),
            -1: self._button(f"{name}_cancel_asks", "Cancel my asks", lambda: self.cancel_pressed.emit(-1)),
        }
        self.position = self._button(
            f"{name}_position", "Position; a click takes its size as quantity", self.position_pressed.emit
        )
        self.flatten = self._button(
            f"{name}_flatten", "Cancel the orders here and exit the position (F9)", self.flatten_pressed.emit
        )
        self.flatten.setText("Flatten")
        self.flatten.setProperty("role", "danger")
        self.breakeven = self._button(
            f"{name}_breakeven", "Move the stop here to breakeven; never loosens it (F7)", self.breakeven_pressed.emit
        )
        self.breakeven.setText("Breakeven")
        self.reverse = PressTwice("Reverse", self.reverse_pressed.emit)
        self._fit(self.reverse, f"{name}_reverse", "Exit the position, then enter the other way; press twice (Ctrl+F9)")
        self.centre = self._button(f"{name}_centre", "Put the market in the middle (Space)", self.centre_pressed.emit)
        self.centre.setText("Centre")
        rows = (
            (self._cancels[1], self._cancels[0], self._cancels[-1]),
            (self.position, self.breakeven, self.centre),
            (self.flatten, self.reverse),
        )
        self.rows = ButtonRows(name, rows, ((self.position, 5), (self.flatten, 5)))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows)
        self.show_counts((0, 0))
        self.show_position("Flat", "Flat", 0)

    def show_counts(self, counts: tuple[int, int]) -> None:
        """Show how many orders each cancel would take, in the longest form that fits."""
        room = self._cancels[0].width() - (TIGHT_SPARE if self._is_tight else BUTTON_SPARE)
        if (counts, room) == self._counted:
            return
        self._counted = (counts, room)
        bids, asks = counts
        for sign, word, count in ((1, "bids", bids), (0, "all", bids + asks), (-1, "asks", asks)):
            number = f" {count}" if count else ""
            least = "all" if sign == 0 else word[0].upper()
            forms = (f"✕ {word}{number}", f"✕{word}{number}", f"{word}{number}", f"{least}{number}")
            text = self._fitting(self._cancels[sign], *forms)
            self._cancels[sign].setText(text)
            self._cancels[sign].setAccessibleName(f"Cancel {word}: {count} orders")

    def _fitting(self, button: QPushButton, *forms: str) -> str:
        """Return the longest of the forms that a button has room for, else the last."""
        room = button.width() - (TIGHT_SPARE if self._is_tight else BUTTON_SPARE)
        reach = button.fontMetrics().horizontalAdvance
        return next((form for form in forms if reach(form) <= room), forms[-1])

    def show_position(self, text: str, short: str, sign: int, shortest: str = "") -> None:
        """Show the position in words and colour, in the longest form that fits."""
        room = self.position.width() - (TIGHT_SPARE if self._is_tight else BUTTON_SPARE)
        if (text, room) == self._shown:
            return
        self._shown = (text, room)
        role = "buy" if sign > 0 else "sell" if sign < 0 else ""
        shown = self._fitting(self.position, text, short, shortest or short)
        if self.position.text() != shown:
            self.position.setText(shown)
            self.position.setToolTip(f"{text}. A click takes the size as quantity.")
            self.position.setAccessibleName(f"Position {text}")
        if self.position.property("role") != role:
            self.position.setProperty("role", role)
            self.position.style().unpolish(self.position)
            self.position.style().polish(self.position)

    def _button(self, name: str, tip: str, pressed: Callable[[], None]) -> QPushButton:
        button = QPushButton()
        self._fit(button, name, tip)
        button.clicked.connect(lambda _checked=False: pressed())
        return button

    @staticmethod
    def _fit(button: QPushButton, name: str, tip: str) -> None:
        named(button, name, tip, "")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the buttons of a narrow ladder tight, so that every word stays whole."""
        super().resizeEvent(event)
        is_tight = self.width() < TIGHT_BELOW_PX * current_theme().text_scale
        if is_tight is not self._is_tight:
            self._is_tight = is_tight
            draw_tight(self, tight=is_tight)
        self.breakeven.setText(self._fitting(self.breakeven, "Breakeven", "B/E"))
        counts, _room = self._counted
        self.show_counts(counts)


class PnlLabel(QToolButton):
    """Open profit of the position; a click goes on to the next unit. It says the panel's figure, and computes none.

    Where it has to be short it leaves out the currency, and the cents of a large amount; the hover says all.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._is_short = False
        self._said = ("", "", 0)
        self.setObjectName(f"{name}_pnl")
        use_figure_font(self, "caption")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.show_text("P&L", "", 0)

    def be_short(self, *, short: bool) -> None:
        """Say as little as tells the profit, or all of it."""
        if short is not self._is_short:
            self._is_short = short
            self.show_text(*self._said)

    def show_profit(self, picture: LadderPicture, unit: PnlUnit) -> None:
        """Show a picture's figure, or that there is none to show."""
        if unit is PnlUnit.HIDDEN:
            self.show_text("P&L", "hidden", 0)
        else:
            self.show_text(picture.pnl or "P&L —", picture.pnl or "flat", picture.pnl_sign)

    def show_text(self, text: str, words: str, sign: int) -> None:
        """Show a text in the colour of its sign; words: what a screen reader says."""
        self._said = (text, words, sign)
        role = "rise" if sign > 0 else "fall" if sign < 0 else ""
        shown = spelt(self._shortened(text) if self._is_short else text)
        if (self.text(), self.property("role")) == (shown, role):
            return
        self.setText(shown)
        self.setAccessibleName(f"Open profit: {words}")
        self.setToolTip(f"{text}: open profit as in the positions panel. A click shows money, ticks, R or nothing.")
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)

    @staticmethod
    def _shortened(text: str) -> str:
        """Return an amount of money without its currency, a large one without cents; every other unit is kept."""
        number, _, unit = text.partition(" ")
        if len(unit) != CURRENCY_LETTERS:
            return text
        return number.partition(".")[0] if len(number) > AMOUNT_LETTERS else number


_CLAUSE_ENDS = re.compile(r"; | · |, ")


def in_clauses(text: str) -> tuple[str, ...]:
    """Return a state in ever less room: without its last clause, without its last two, and so on."""
    return tuple(text[: end.start()] for end in reversed(list(_CLAUSE_ENDS.finditer(text))))


class OneLine(QLabel):
    """Text that never changes the layout: what does not fit its lines is elided and stands in the tool tip."""

    def __init__(self, name: str, accessible: str, *, lines: int = 1) -> None:
        super().__init__()
        self._lines = lines
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(lines > 1)
        self.setAlignment(Qt.AlignmentFlag.AlignTop if lines > 1 else Qt.AlignmentFlag.AlignVCenter)
        self._full = ""
        self._shorter: tuple[str, ...] = ()
        self._meaning = accessible
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._on_theme(None)
        theme_notifier().changed.connect(self._on_theme)  # a bound slot ends with its widget

    @property
    def full_text(self) -> str:
        """The whole text."""
        return self._full

    def show_text(self, text: str, role: str = "muted", *shorter: str) -> None:
        """Show a text in a role of the style sheet; shorter: what says the same in less room, the longest first."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)
        if (text, shorter) != (self._full, self._shorter):
            self._full, self._shorter = text, shorter
            self.setToolTip(text)
            self.setAccessibleName(f"{self._meaning}: {text}")
            self._elide()

    def _on_theme(self, _theme: object) -> None:
        use_figure_font(self, "caption")
        if self._lines > 1:
            self.setFixedHeight(self._lines * self.fontMetrics().lineSpacing())

    def _elide(self) -> None:
        room = self.width() * self._lines - (self._lines - 1) * WRAP_SPARE
        forms, reach = (self._full, *self._shorter), self.fontMetrics().horizontalAdvance
        shown = next((form for form in forms if reach(form) <= room), forms[-1])
        self.setText(self.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, room))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text again."""
        super().resizeEvent(event)
        self._elide()
