"""Fields of the ticket: text that steps by tick or lot, quotes that copy their price once, sides as words.

Enter commits and never sends. Up, Down and the wheel step by one, with Shift by ten. They know no order.
"""

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from workstation.desktop.fonts import Weight
from workstation.desktop.theme import (
    TypeRole,
    current_theme,
    figure_font,
    theme_notifier,
    ui_font,
    use_figure_font,
)
from workstation.desktop.tight_button import draw_tight
from workstation.domain.orders import Side

STEP_FAR = 10
WHEEL_NOTCH = 120
QUOTE_MARGIN_PX = 2
CLOSE_SAVES_PX = 14
"""How much narrower a choice is when drawn close about its word; from the style sheet."""
FIELD_FRAME_PX = 18
"""What a field has beside its text: frame, room of the theme, and Qt's own two pixels at each side."""
SIDE_GAP_PX, WIDE_SPARE_PX, TIGHT_SPARE_PX = 4, 26, 12
"""Room between the sides, and about their words: as the theme has it, and drawn tight."""
PRICE_SIZES: tuple[TypeRole, ...] = ("title", "emphasis", "body", "caption")
"""Steps of the type scale in which a quoted price may be set, largest first."""


def set_role(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet reads, and show it at once."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class TicketChoice(QComboBox):
    """A choice of words that the wheel passes over: whoever scrolls the ticket changes no order."""

    # Qt overrides

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what scrolls."""
        event.ignore()


def draw_close(combo: QComboBox, *, close: bool) -> None:
    """Draw a choice close about its word, or with the room of the theme."""
    set_role(combo, "tight", "true" if close else "false")


def words_width(combo: QComboBox) -> int:
    """Return the width in pixels at which the word of now is read whole, with the room of the theme about it."""
    option = QStyleOptionComboBox()
    combo.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    room = combo.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, combo).width()
    saved = CLOSE_SAVES_PX if combo.property("tight") == "true" else 0
    return combo.fontMetrics().horizontalAdvance(combo.currentText()) + option.rect.width() - room + saved


def field_width(field: QLineEdit, text: str) -> int:
    """Return the width in pixels at which a text is read whole in a field."""
    return field.fontMetrics().horizontalAdvance(text) + FIELD_FRAME_PX


class TicketField(QLineEdit):
    """One typed field.

    Emits: stepped(+1, -1, +10 or -10) and escaped() besides the line's own signals.
    """

    stepped = Signal(int)
    escaped = Signal()

    def __init__(self, name: str, accessible: str, placeholder: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setPlaceholderText(placeholder)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(40)
        self._turned = 0
        """Eighths of a degree that a fine wheel has turned towards the next step."""
        self._new_font()
        theme_notifier().changed.connect(self._new_font)

    def mark(self, text: str, source: str = "") -> None:
        """Mark the field as wrong and say why on hover; "" takes the mark away and says where its value comes from."""
        set_role(self, "invalid", "true" if text else "false")
        self.setToolTip(text or source)
        self.setAccessibleDescription(text or source)

    def _new_font(self, *_: object) -> None:
        use_figure_font(self, "emphasis")

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Up and Down; Enter commits the field; Esc is passed on as `escaped`."""
        step = STEP_FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(step if event.key() == Qt.Key.Key_Up else -step)
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.editingFinished.emit()
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step with the wheel while the field has the focus, so that scrolling past changes nothing."""
        turned = event.angleDelta().y() or event.angleDelta().x()  # with Shift, some systems turn it sideways
        if not self.hasFocus() or not turned:
            event.ignore()
            return
        event.accept()
        self._turned = turned + (self._turned if self._turned * turned > 0 else 0)
        notches = int(self._turned / WHEEL_NOTCH)
        if not notches:
            return
        self._turned -= notches * WHEEL_NOTCH
        far = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self.stepped.emit(notches * (STEP_FAR if far else 1))


_PLAIN = {Side.BUY: "BUY", Side.SELL: "SELL"}
_MARKED = {Side.BUY: "BUY TO COVER", Side.SELL: "SELL SHORT"}
_MARKED_SIDES = {Side.BUY: Side.BUY_TO_COVER, Side.SELL: Side.SELL_SHORT}


class SidePicker(QWidget):
    """Buy or sell, as word and colour, plain or marked as short. Emits: changed(Side)."""

    changed = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}_side")
        self._group = QButtonGroup(self)
        self._buttons: dict[Side, QPushButton] = {}
        self.row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(SIDE_GAP_PX)
        sides = QHBoxLayout()
        self.row.addLayout(sides, 1)
        for side in (Side.BUY, Side.SELL):
            button = QPushButton(side.value)
            button.setObjectName(f"{name}_{side.value.lower()}")
            button.setAccessibleName(f"Side {side.value.lower()}")
            button.setCheckable(True)
            button.setMinimumHeight(28)
            self._group.addButton(button)
            self._buttons[side] = button
            sides.addWidget(button, 1)
        self.short = QCheckBox("Short")
        self.short.setObjectName(f"{name}_short")
        self.short.setAccessibleName("Mark as short sale, or as buy to cover")
        self.short.setToolTip("Marks the order: SELL SHORT, or BUY TO COVER on the buying side")
        self.row.addWidget(self.short)
        self._group.buttonClicked.connect(self._on_clicked)
        self.short.toggled.connect(self._on_clicked)
        self.choose(Side.BUY)

    def fit(self, width: int) -> None:
        """Stand side by side in `width` pixels, close about the words if need be, else below each other."""
        words = [button.fontMetrics().horizontalAdvance(button.text()) for button in self._buttons.values()]
        beside = self.short.sizeHint().width() + (len(words) + 1) * SIDE_GAP_PX
        fits = {spare: 2 * (max(words) + spare) + beside <= width for spare in (WIDE_SPARE_PX, TIGHT_SPARE_PX)}
        tight = fits[TIGHT_SPARE_PX] and not fits[WIDE_SPARE_PX]
        draw_tight(self, tight=tight)
        turned = QBoxLayout.Direction.TopToBottom
        self.row.setDirection(QBoxLayout.Direction.LeftToRight if any(fits.values()) else turned)

    @property
    def side(self) -> Side:
        """The chosen side."""
        plain = Side.BUY if self._buttons[Side.BUY].isChecked() else Side.SELL
        return _MARKED_SIDES[plain] if self.short.isChecked() else plain

    @property
    def words(self) -> str:
        """The chosen side as its button says it."""
        return self._button.text()

    @property
    def role(self) -> str:
        """Role of the style sheet of the chosen side."""
        return "buy" if self.side.sign > 0 else "sell"

    def choose(self, side: Side) -> None:
        """Choose a side without a signal."""
        marked = side in _MARKED_SIDES.values()
        with QSignalBlocker(self.short):
            self.short.setChecked(marked)
        (self._buttons[Side.BUY] if side.sign > 0 else self._buttons[Side.SELL]).setChecked(True)
        for each, button in self._buttons.items():
            button.setText((_MARKED if marked else _PLAIN)[each])
            set_role(button, "role", each.value.lower() if button.isChecked() else "")

    @property
    def _button(self) -> QPushButton:
        return self._buttons[Side.BUY if self.side.sign > 0 else Side.SELL]

    def _on_clicked(self, _what: object) -> None:
        self.choose(self.side)
        self.changed.emit(self.side)


class QuoteButton(QPushButton):
    """A price with its name and size; a click copies the price once.

    Painted, so that a new price moves nothing else: a label would have the whole window laid out at every quote. A
    price is never cut: it is set smaller.
    """

    def __init__(self, name: str, word: str, role: str) -> None:
        super().__init__()
        self._word, self._role = word, role
        self._text, self._caption, self._is_stale = "", word, False
        self._is_low = False
        self.price: int | None = None
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip(f"Copy the {word} price into the ticket once")
        self._faces: list[tuple[QFont, QFontMetrics]] = []
        self._caption_font = ui_font("caption")
        self._caption_face = QFontMetrics(self._caption_font)
        self._new_fonts()
        theme_notifier().changed.connect(self._new_fonts)
        self.show_price(None, "—", word, stale=False)

    @property
    def least_width(self) -> int:
        """The width in pixels below which its price is cut at any size of type."""
        return self._faces[-1][1].horizontalAdvance(self._text) + 2 * QUOTE_MARGIN_PX

    def show_price(self, price: int | None, text: str, caption: str, *, stale: bool) -> None:
        """Show a price; a stale one is greyed and its caption says the age."""
        self.price = price
        self.setEnabled(price is not None)
        if (self._text, self._caption, self._is_stale) == (text, caption, stale):
            return
        self._text, self._caption, self._is_stale = text, caption, stale
        self.setAccessibleName(f"{self._word} {text}, {caption}; copies the price")
        self.update()

    def be_low(self, *, low: bool) -> None:
        """Leave out the caption, as a stale price has its age in the line below, or show it."""
        if low is not self._is_low:
            self._is_low = low
            self.updateGeometry()
            self.update()

    def _new_fonts(self, *_: object) -> None:
        fonts = [figure_font(size, Weight.DemiBold) for size in PRICE_SIZES]
        self._faces = [(font, QFontMetrics(font)) for font in fonts]
        self._caption_font = ui_font("caption")
        self._caption_face = QFontMetrics(self._caption_font)
        self.updateGeometry()

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Leave room for both lines, or for the price alone."""
        width = self._faces[0][1].horizontalAdvance("0000.00") + 2 * QUOTE_MARGIN_PX
        caption = 0 if self._is_low else self._caption_face.height()
        return QSize(width, self._faces[0][1].height() + caption + 2 * QUOTE_MARGIN_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, the price in the largest type in which all of it is read, and below it the caption."""
        colors = current_theme().colors
        ground = QPainter(self)
        ground.fillRect(self.rect(), colors.surface)
        ground.end()
        super().paintEvent(event)
        color: QColor = colors.stale if self._is_stale else getattr(colors, self._role or "text")
        room = self.rect().adjusted(QUOTE_MARGIN_PX, QUOTE_MARGIN_PX, -QUOTE_MARGIN_PX, -QUOTE_MARGIN_PX)
        below = room.bottom() + 1 - (0 if self._is_low else self._caption_face.height())
        fitting = (
            font
            for font, face in self._faces
            if face.horizontalAdvance(self._text) <= room.width() and face.ascent() <= below - room.y()
        )
        painter = QPainter(self)
        painter.setPen(color)
        painter.setFont(next(fitting, self._faces[-1][0]))
        painter.drawText(room.x(), room.y(), room.width(), below - room.y(), Qt.AlignmentFlag.AlignCenter, self._text)
        if self._is_low:
            painter.end()
            return
        painter.setPen(colors.text_muted)
        painter.setFont(self._caption_font)
        caption = self._caption_face.elidedText(self._caption, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(
            room.x(), below, room.width(), self._caption_face.height(), Qt.AlignmentFlag.AlignCenter, caption
        )
        painter.end()


class ScrolledFields(QScrollArea):
    """Fields as tall as they are, so that what follows stands right below them; in a low panel they scroll.

    The field that has the keyboard stays in view when a message below takes room. The scroll bar stands in their right
    margin, `margin` pixels wide, so that it turns no row by the room that it takes.
    Emits: room_changed(width in pixels that the fields have, margins included).
    """

    room_changed = Signal(int)

    def __init__(self, name: str, fields: QWidget, margin: int) -> None:
        super().__init__()
        self._margin = margin
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._fields = fields
        self.setWidget(fields)
        self._look = QTimer(self, interval=0, singleShot=True)
        self._look.timeout.connect(self._keep_in_view)

    def _keep_in_view(self) -> None:
        """Scroll to the field that has the keyboard, once all has its place."""
        held = QApplication.focusWidget()
        if held is not None and self._fields.isAncestorOf(held):
            self.ensureWidgetVisible(held, 0, held.height() // 2)  # it goes by the cursor, the frame stands around it

    # Qt overrides

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell how much room there is."""
        if event.type() is QEvent.Type.Resize:
            beside = self.width() - self.verticalScrollBar().sizeHint().width() + self._margin
            self._fields.setMinimumWidth(max(min(beside, self.width()), 0))
            self.room_changed.emit(max(self.viewport().width(), self._fields.minimumWidth()))
            self._look.start()
        return super().viewportEvent(event)

    def sizeHint(self) -> QSize:
        """Return the size of the fields."""
        return self._fields.sizeHint()

    def event(self, event: QEvent) -> bool:
        """Follow fields that come and go."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)
