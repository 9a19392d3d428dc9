"""The ticket's form: every field of an order in a narrow column, read as a draft and marked where it is wrong.

Fields that a type does not use are not shown. The form changes no order and sends nothing.
Long because every field of an order is made, laid out, filled and read here, so that a draft and a form cannot differ.
"""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from workstation.desktop.panels.ticket_fields import (
    CLOSE_SAVES_PX,
    SidePicker,
    TicketChoice,
    TicketField,
    draw_close,
    field_width,
    words_width,
)
from workstation.desktop.spelt import spelt
from workstation.desktop.theme import use_figure_font
from workstation.desktop.tight_button import TightButton
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce
from workstation.ports.broker import CapabilityCard
from workstation.viewmodels.preview import order_words
from workstation.viewmodels.ticket import FIELDS, PAIR, PAIR_FIELDS, PROTECTED_TICKS, Draft, Finding
from workstation.viewmodels.ticket_peg import PegTo
from workstation.viewmodels.ticket_venue import offer

_TYPES = {
    OrdType.LIMIT: "Limit",
    OrdType.MARKET: "Market",
    OrdType.STOP: "Stop",
    OrdType.STOP_LIMIT: "Stop limit",
    OrdType.TRAILING_STOP: "Trailing stop",
    OrdType.TRAILING_STOP_LIMIT: "Trailing limit",
}
_PAIR_WORD, _PAIR_KINDS = "OCO: limit, stop", (OrdType.LIMIT, OrdType.STOP)
_PEGS: tuple[tuple[str, object], ...] = (
    ("fixed", PegTo.FIXED),
    *((f"= {to.value}", to) for to in PegTo if to is not PegTo.FIXED),
)
_POST_ONLY = "Refused rather than taking liquidity"
_TRUE_MARKET = f"Without it a market order is a limit {PROTECTED_TICKS} ticks through the other side"
_LABEL_WIDTH = 56
_COMBO_CHARS_MIN = 4
_TYPE_SHARE, _TIF_SHARE = 8, 5
_ALL_THE_REST = 100
_ROW_GAP, _CHOICE_GAP = 2, 6
_PRICE_TEXT, _LEG_TEXT, _QTY_TEXT = "00000.00", "000.00", "0000"
"""What a field of a price, of a leg and of a quantity has room for at least."""
_ACROSS, _DOWN = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
_LEGS = ("stop_loss", "take_profit")
_PRICE_FIELDS = ("trail", "activation", "stop", "price")
_CHOICE_ROW, _FIRST_PRICE_ROW = 1, 4
_PRICE_ROW = _FIRST_PRICE_ROW + _PRICE_FIELDS.index("price")
_LAST_CHOICE_ROW = _FIRST_PRICE_ROW + len(_PRICE_FIELDS) + 1
_LEGS_ROW = _LAST_CHOICE_ROW + 1


class TicketForm(QWidget):
    """Fields of one order.

    Emits: edited() after any change, stepped(field, steps), escaped().
    """

    edited = Signal()
    stepped = Signal(str, int)
    escaped = Signal()

    def __init__(self, name: str, presets: tuple[int, ...]) -> None:
        super().__init__()
        self.setObjectName(f"{name}_form")
        self._name = name
        self._instrument: Instrument | None = None
        self.side = SidePicker(name)
        self.type = self._combo(
            "type", "Order type", [*((word, kind) for kind, word in _TYPES.items()), (_PAIR_WORD, PAIR)]
        )
        self.tif = self._combo("tif", "Time in force", [(tif.value, tif) for tif in TimeInForce])
        self.fields = {
            "qty": self._field("qty", "Quantity", "300, 2k"),
            "price": self._field("price", "Limit price"),
            "stop": self._field("stop", "Stop price"),
            "trail": self._field("trail", "Trailing distance", "0.50, 5t, 0.25%"),
            "activation": self._field("activation", "Activation price: the stop trails once it is reached", "at once"),
            "expire": self._field("expire", "Good till, UTC", "16:00 or date and time"),
            "display": self._field("display", "Shown quantity", "all"),
            "stop_loss": self._field("stop_loss", "Stop-loss: price or distance", "20t, 1%"),
            "take_profit": self._field("take_profit", "Take-profit: price or distance", "40t, 2%"),
        }
        self.post_only = self._check("post_only", "Post-only", _POST_ONLY)
        self.reduce_only = self._check("reduce_only", "Reduce-only", "Capped at the position; never opens or reverses")
        self._oco: OrderTerms | None = None
        self.true_market = self._check("true_market", "True market", _TRUE_MARKET)
        self._card: CapabilityCard | None = None
        self.typed: set[str] = set()
        self._sources: dict[str, str] = {}
        self.pair = self._pair_button()
        self.more = self._more_button()
        self.peg = self._combo("peg", "What the price follows until it is sent", _PEGS)
        self._labels: dict[str, QLabel] = {}
        self._offered, self._price_holder = QWidget(), QWidget()
        self._room, self._is_low = 0, False
        self._choice_row = _CHOICE_ROW
        self._alone = self._price_alone = False
        self._presets: list[TightButton] = []
        self._words: tuple[str, ...] = ()
        self._below: dict[str, bool | None] = {"offered": False, "legs": None}
        self._lay_out(presets)
        self.side.changed.connect(self._on_edited)
        self._show_used()

    @property
    def is_pair(self) -> bool:
        """True for an OCO pair: a limit order with a stop beside it."""
        return bool(self.type.currentData() == PAIR)

    @property
    def ord_type(self) -> OrdType:
        """The chosen type; of a pair that of its first order."""
        return OrdType.LIMIT if self.is_pair else OrdType(self.type.currentData())

    @property
    def tif_chosen(self) -> TimeInForce:
        """The chosen time in force."""
        return TimeInForce(self.tif.currentData())

    @property
    def is_pressed(self) -> bool:
        """True while a mouse button is down: nothing moves under it."""
        return QApplication.mouseButtons() != Qt.MouseButton.NoButton

    def choose_type(self, kind: str) -> None:
        """Choose an order type by its value."""
        self.type.setCurrentIndex(self.type.findData(OrdType(kind)))

    def choose_tif(self, tif: str) -> None:
        """Choose a time in force by its value."""
        self.tif.setCurrentIndex(self.tif.findData(TimeInForce(tif)))

    def offer(self, card: CapabilityCard | None) -> None:
        """Grey what a venue does not take, with the reason, and badge what this program keeps in its place."""
        if card is self._card:
            return
        self._card = card
        for combo, kind in ((self.type, OrdType), (self.tif, TimeInForce)):
            model = combo.model()
            for row in range(combo.count()):
                value = combo.itemData(row)
                choices = _PAIR_KINDS if value == PAIR else (kind(value),)
                found, word = [offer(choice, card) for choice in choices], _TYPES.get(value, str(value))
                word = _PAIR_WORD if value == PAIR else word
                combo.setItemText(row, f"{word} · PC" if any(one.on_pc for one in found) else word)
                reason = next((one.reason for one in found if one.reason), None)
                combo.setItemData(row, reason, Qt.ItemDataRole.ToolTipRole)
                if isinstance(model, QStandardItemModel):
                    bounded = value == OrdType.MARKET and offer(OrdType.LIMIT, card).usable
                    model.item(row).setEnabled(all(one.usable for one in found) or bounded)
        self._show_used()

    def draft(self) -> Draft:
        """Return the fields as they stand."""
        texts = {name: field.text() for name, field in self.fields.items()}
        return Draft(
            side=self.side.side,
            ord_type=self.ord_type,
            tif=self.tif_chosen,
            post_only=self.post_only.isChecked(),
            reduce_only=self.reduce_only.isChecked(),
            true_market=self.true_market.isChecked(),
            oco=self._oco,
            is_pair=self.is_pair,
            **texts,
        )

    def set_text(self, field: str, text: str) -> None:
        """Put a text into a field, as if it had been typed."""
        self.typed.add(field)
        self.fill(field, text)

    def fill(self, field: str, text: str) -> None:
        """Put a text into a field that nobody typed: a preset's, or a price that follows the market."""
        self.fields[field].setText(text)
        self.edited.emit()

    def show_draft(self, draft: Draft) -> None:
        """Take every field from a draft, as if it had been typed."""
        self.typed = set(self.fields)
        self.side.choose(draft.side)
        self._show_pair(draft.oco)
        self.type.setCurrentIndex(self.type.findData(PAIR if draft.is_pair else draft.ord_type))
        self.tif.setCurrentIndex(self.tif.findData(draft.tif))
        for name, field in self.fields.items():
            field.setText(getattr(draft, name))
        self.post_only.setChecked(draft.post_only)
        self.reduce_only.setChecked(draft.reduce_only)
        self.true_market.setChecked(draft.true_market and draft.ord_type is OrdType.MARKET)
        self._on_edited()

    def clear(self, start: Mapping[str, str] | None = None) -> None:
        """Empty every price and leg, or take what `start` says; side, type, quantity and time in force stay."""
        texts = start or {}
        self.typed -= {name for name in self.fields if name != "qty"}
        for name, field in self.fields.items():
            if name != "qty":
                field.setText(texts.get(name, ""))
        self.true_market.setChecked(False)
        self.post_only.setChecked(False)
        self.reduce_only.setChecked(False)
        self._show_pair(None)
        self.edited.emit()

    def show_instrument(self, instrument: Instrument, qty_text: str, start: Mapping[str, str] | None = None) -> None:
        """Start afresh for an instrument with a quantity, and texts that other fields begin with."""
        self._instrument = instrument
        self.typed.clear()
        self.fields["qty"].setText(qty_text)
        self.clear(start)

    @property
    def quantity_word(self) -> str:
        """The rule that fills the quantity, as its label says it."""
        return self._labels["qty"].text()

    @property
    def price_word(self) -> str:
        """What the limit price follows, as its label says it."""
        return self._labels["price"].text()

    def name_quantity(self, word: str) -> None:
        """Name the quantity's field by the rule that fills it."""
        self._labels["qty"].setText(word)

    def name_price(self, word: str) -> None:
        """Name the limit price's field by what it follows."""
        self._labels["price"].setText(word)
        self.fields["price"].setPlaceholderText(word if self._price_alone else "")

    def explain(self, sources: Mapping[str, str]) -> None:
        """Say on hover where values come from, by field."""
        self._sources = dict(sources)
        for name, field in self.fields.items():
            if field.property("invalid") != "true":
                field.mark("", self._sources.get(name, ""))
        self.type.setToolTip(self._sources.get("ord_type", "Order type"))
        self.tif.setToolTip(self._sources.get("tif", "Time in force"))

    def mark(self, findings: tuple[Finding, ...]) -> None:
        """Mark the fields that findings name; empty fields nobody has typed in yet are left unmarked."""
        texts = {finding.field: finding.text for finding in reversed(findings)}
        for name, field in self.fields.items():
            field.mark(texts.get(name, "") if field.text() else "", self._sources.get(name, ""))

    def _more_button(self) -> QToolButton:
        """Return what opens the presets."""
        button = QToolButton()
        button.setObjectName(f"{self._name}_presets")
        button.setText("⋯")
        use_figure_font(button, "caption")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip("Presets: what a ticket starts with, by layer")
        button.setAccessibleName("Presets of the ticket")
        return button

    def _pair_button(self) -> QPushButton:
        """Return what names the other order of a pair; a press takes it away."""
        button = QPushButton()
        button.setObjectName(f"{self._name}_pair")
        button.setProperty("role", "quiet")
        button.setAccessibleName("No OCO partner")
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.clicked.connect(self._drop_pair)
        button.hide()
        return button

    def _drop_pair(self) -> None:
        self._show_pair(None)
        self.edited.emit()

    def _show_pair(self, other: OrderTerms | None) -> None:
        self._oco = other
        self.pair.setVisible(other is not None)
        if other is not None and self._instrument is not None:
            words = f"OCO with {order_words(other, self._instrument)}"
            self.pair.setText(f"{spelt(words)}  ✕")
            self.pair.setAccessibleName(f"{words}; press to send the order alone")
            self.pair.setToolTip(f"{words}. Any fill of one cancels the other. A press takes it away.")

    def _on_edited(self, *_: object) -> None:
        self._show_used()
        words = tuple(combo.currentText() for combo in (self.type, self.tif, self.peg))
        if words != self._words:
            self._words = words
            self.measure_anew()
        self.edited.emit()

    def _show_used(self) -> None:
        used = PAIR_FIELDS if self.is_pair else FIELDS[self.ord_type]
        for name in (*_PRICE_FIELDS, *_LEGS):
            shown = name in used if name in _PRICE_FIELDS else not self.is_pair
            self.fields[name].setVisible(shown)
            self._labels[name].setVisible(shown and not (name == "price" and self._price_alone))
        for name, shown in (
            ("expire", self.tif.currentData() == TimeInForce.GTD),
            ("display", "price" in used),
        ):
            self.fields[name].setVisible(shown)
            self._labels[name].setVisible(shown)
        self.peg.setVisible("price" in used)
        self.pair.setVisible(self._oco is not None and not self.is_pair)
        self._show_flags(priced="price" in used)

    def _show_flags(self, *, priced: bool) -> None:
        """Grey flags that the type does not use or the venue does not take, with the reason."""
        card, display = self._card, self.fields["display"]
        post_only, shown_part = card is None or card.post_only, card is None or card.display_qty
        venue = "" if card is None else card.venue
        at_market = offer(OrdType.MARKET, card)
        self.true_market.setVisible(self.ord_type is OrdType.MARKET)
        self.true_market.setEnabled(at_market.usable)
        self.true_market.setToolTip(at_market.reason or _TRUE_MARKET)
        self.post_only.setVisible(self.ord_type is not OrdType.MARKET)
        self.post_only.setEnabled(priced and post_only)
        self.post_only.setToolTip(_POST_ONLY if post_only else f"{venue} takes no post-only orders")
        display.setEnabled(shown_part)
        display.setPlaceholderText("all" if shown_part else f"{venue} takes no shown part")

    def _lay_out(self, presets: tuple[int, ...]) -> None:
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(_ROW_GAP)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        grid.addWidget(self.side, 0, 0, 1, 4)
        self._choices(grid)
        self._wide(grid, 2, "qty", self._quantity_row(presets))
        for row, name in enumerate((*_PRICE_FIELDS, "expire"), start=_FIRST_PRICE_ROW):
            self._wide(grid, row, name, self._price_row() if name == "price" else self.fields[name])
        for name in _LEGS:
            self._label(name, narrow=name == "take_profit")
        self._place_legs(below=False)
        grid.addLayout(self._flags_row(), _LEGS_ROW + 2, 0, 1, 4)
        grid.addWidget(self.pair, _LEGS_ROW + 3, 0, 1, 4)

    def be_low(self, *, low: bool, least: bool) -> None:
        """Give presets no row of their own in a low ticket: those that have no room beside the quantity are hidden.

        least: quantity and price stand before type and time in force, which there is no room for above them.
        """
        row = _LAST_CHOICE_ROW if least else _CHOICE_ROW
        if row != self._choice_row:
            self._choice_row = row
            self._place_choices()
        if low is not self._is_low:
            self._is_low = low
            self.measure_anew()

    def fit(self, width: int) -> None:
        """Put the parts of each row that `width` pixels have no room for below each other; other rows stay low."""
        self._room = width
        label, apart = self._labels_width(), self._grid.horizontalSpacing()
        qty = field_width(self.fields["qty"], _QTY_TEXT) if self._is_low else self.fields["qty"].minimumWidth()
        leg = field_width(self.fields["stop_loss"], _LEG_TEXT)
        self._offer_presets(width - label - qty - _ROW_GAP)
        second = self._labels["take_profit"].minimumSizeHint().width() + 2 * apart
        self._place_legs(below=label + 2 * leg + second > width)
        self._fit_choices(width - label)
        self._fit_price(width - label)
        self.side.fit(width)
        for row in (self._boxes, self._flags):
            row.setDirection(_ACROSS)
            row.setDirection(_ACROSS if row.minimumSize().width() <= width else _DOWN)

    def measure_anew(self) -> None:
        """Find out what the text needs now, at another size or with other fields."""
        if self._room:
            self.fit(self._room)

    def _labels_width(self) -> int:
        """Return the width of the labels' column and the gap after it."""
        shown = [label for name, label in self._labels.items() if name not in ("display", "take_profit")]
        widest = max(max(label.minimumSizeHint().width(), label.minimumWidth()) for label in shown)
        return widest + self._grid.horizontalSpacing()

    def _fit_choices(self, room: int) -> None:
        """Let type and time stand from edge to edge, close about their words, where `room` is too little for both."""
        words = [words_width(combo) for combo in (self.type, self.tif)]
        alone = sum(words) + _CHOICE_GAP > room
        for combo, width, share in zip((self.type, self.tif), words, (_TYPE_SHARE, _TIF_SHARE), strict=True):
            draw_close(combo, close=alone)
            combo.setMinimumWidth(max(min(width - CLOSE_SAVES_PX if alone else width, self._room), 0))
            self._chosen.setStretchFactor(combo, width if alone else share)
        close = sum(words) - 2 * CLOSE_SAVES_PX + _CHOICE_GAP
        self._chosen.setDirection(_DOWN if alone and close > self._room else _ACROSS)
        self._labels["type"].setVisible(not alone)
        if alone is not self._alone:
            self._alone = alone
            self._place_choices()

    def _place_choices(self) -> None:
        row, alone, label = self._choice_row, self._alone, self._labels["type"]
        self._grid.removeItem(self._chosen)
        self._grid.removeWidget(label)
        self._grid.addWidget(label, row, 0)
        self._grid.addLayout(self._chosen, row, 0 if alone else 1, 1, 4 if alone else 3)

    def _fit_price(self, room: int) -> None:
        """Give what the price follows the width of its word, and the price what is over: the label goes for it."""
        word, least = words_width(self.peg), field_width(self.fields["price"], _PRICE_TEXT) + _ROW_GAP
        close = least + word > room
        alone = least + word - CLOSE_SAVES_PX > room
        if alone is not self._price_alone:
            self._price_alone = alone
            self._grid.removeWidget(self._price_holder)
            self._grid.addWidget(self._price_holder, _PRICE_ROW, 0 if alone else 1, 1, 4 if alone else 3)
        self._labels["price"].setVisible(not alone and not self.peg.isHidden())
        self.fields["price"].setPlaceholderText(self.price_word if alone else "")
        draw_close(self.peg, close=close)
        self.peg.setMinimumWidth(word - CLOSE_SAVES_PX if close else word)
        self._priced.setStretchFactor(self.fields["price"], _ALL_THE_REST if close else _TYPE_SHARE)
        self._priced.setStretchFactor(self.peg, 1 if close else _TIF_SHARE)

    def _offer_presets(self, room: int) -> None:
        """Show the presets beside the quantity where all of them have room, below it, or but those that fit."""
        wanted = [button.sizeHint().width() + _ROW_GAP for button in self._presets]
        below = sum(wanted) + self.more.sizeHint().width() > room
        left = room - self.more.sizeHint().width()
        for button, width in zip(self._presets, wanted, strict=True):
            left -= width
            button.setVisible(not self._is_low or left >= 0)
        self._place_offered(below=below and not self._is_low)

    def _place_offered(self, *, below: bool) -> None:
        """Put the presets beside the quantity, or below it from edge to edge."""
        if below is self._below["offered"]:
            return
        self._below["offered"] = below
        if below:
            self._quantity.removeWidget(self._offered)
            self._grid.addWidget(self._offered, 3, 0, 1, 4)
        else:
            self._grid.removeWidget(self._offered)
            self._quantity.addWidget(self._offered)

    def _place_legs(self, *, below: bool) -> None:
        """Put stop-loss and target into one row, or into two."""
        if below is self._below["legs"]:
            return
        self._below["legs"] = below
        for number, name in enumerate(_LEGS):
            label, field = self._labels[name], self.fields[name]
            for widget in (label, field):
                self._grid.removeWidget(widget)
            row, column = (_LEGS_ROW + number, 0) if below else (_LEGS_ROW, 2 * number)
            self._grid.addWidget(label, row, column)
            self._grid.addWidget(field, row, column + 1, 1, 3 if below else 1)

    def _flags_row(self) -> QBoxLayout:
        """Put the shown part and the flags side by side: a low window shows the whole form."""
        shown = QHBoxLayout()
        shown.addWidget(self._label("display", narrow=True))
        shown.addWidget(self.fields["display"], 1)
        row = self._flags = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        row.setSpacing(_CHOICE_GAP)
        row.addLayout(shown, 1)
        boxes = self._boxes = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        boxes.setSpacing(_CHOICE_GAP - _ROW_GAP)
        for box in (self.true_market, self.post_only, self.reduce_only):
            boxes.addWidget(box)
        row.addLayout(boxes)
        return row

    def _price_row(self) -> QWidget:
        holder = self._price_holder
        row = self._priced = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.fields["price"], _TYPE_SHARE)
        row.addWidget(self.peg, _TIF_SHARE)
        return holder

    def _quantity_row(self, presets: tuple[int, ...]) -> QWidget:
        holder, offered = QWidget(), QHBoxLayout(self._offered)
        offered.setContentsMargins(0, 0, 0, 0)
        offered.setSpacing(2)
        row = self._quantity = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.fields["qty"], 1)
        row.addWidget(self._offered)
        for preset in presets:
            button = TightButton(f"{self._name}_preset_{preset}", str(preset))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(f"Quantity {preset} (preset)")
            button.setAccessibleName(f"Quantity preset {preset}")
            button.clicked.connect(lambda _checked=False, preset=preset: self.set_text("qty", str(preset)))
            offered.addWidget(button)
            self._presets.append(button)
        offered.addWidget(self.more)
        return holder

    def _choices(self, grid: QGridLayout) -> None:
        """Put type and time in force side by side; the type's words are the longer, the time says itself."""
        both = self._chosen = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        both.setSpacing(_CHOICE_GAP)
        both.addWidget(self.type, _TYPE_SHARE)
        both.addWidget(self.tif, _TIF_SHARE)
        grid.addWidget(self._label("type"), _CHOICE_ROW, 0)
        grid.addLayout(both, _CHOICE_ROW, 1, 1, 3)

    def _wide(self, grid: QGridLayout, row: int, name: str, widget: QWidget) -> None:
        grid.addWidget(self._label(name), row, 0)
        grid.addWidget(widget, row, 1, 1, 3)

    def _label(self, name: str, *, narrow: bool = False) -> QLabel:
        words = {
            "type": "Type", "qty": "Quantity", "price": "Limit", "stop": "Stop", "trail": "Trail",
            "activation": "Once at", "expire": "Good till", "display": "Shown", "stop_loss": "Stop-loss",
            "take_profit": "Target",
        }  # fmt: skip
        label = self._labels[name] = QLabel(words[name])
        label.setProperty("role", "muted")
        if not narrow:
            label.setMinimumWidth(_LABEL_WIDTH)
        if name in self.fields:
            label.setBuddy(self.fields[name])
        return label

    def _field(self, name: str, accessible: str, placeholder: str = "") -> TicketField:
        field = TicketField(f"{self._name}_{name}", accessible, placeholder)
        field.textEdited.connect(lambda _text: self.typed.add(name))
        field.textEdited.connect(self._on_edited)
        field.editingFinished.connect(self.edited)
        field.stepped.connect(lambda steps: self.stepped.emit(name, steps))
        field.escaped.connect(self.escaped)
        return field

    def _combo(self, name: str, accessible: str, items: Sequence[tuple[str, object]]) -> QComboBox:
        combo = TicketChoice()
        combo.setObjectName(f"{self._name}_{name}")
        combo.setAccessibleName(accessible)
        combo.setToolTip(accessible)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(_COMBO_CHARS_MIN)
        combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for word, value in items:
            combo.addItem(word, value)
        combo.currentIndexChanged.connect(self._on_edited)
        return combo

    def _check(self, name: str, word: str, tip: str) -> QCheckBox:
        box = QCheckBox(word)
        box.setObjectName(f"{self._name}_{name}")
        box.setAccessibleName(word)
        box.setToolTip(tip)
        box.toggled.connect(self._on_edited)
        return box
