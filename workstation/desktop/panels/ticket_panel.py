"""The order ticket: one order in fields, in words, and what it would do to the account, before it is sent.

First stage of an order by hand. It shows the gate's own preview, sends one command per press, and keeps a refusal in
view until the order is edited. Orders that reduce are sent disarmed too; the gate decides everything.
Long because reading, previewing, showing and sending are steps of one gesture and share what was read.
"""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.commands.outcomes import Refusal
from workstation.commands.outlook import OrderOutlook
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.ladder_controls import OneLine, in_clauses
from workstation.desktop.panels.ladder_header import InstrumentHeader
from workstation.desktop.panels.ticket_fields import QuoteButton, ScrolledFields, set_role
from workstation.desktop.panels.ticket_fixes import FixButtons
from workstation.desktop.panels.ticket_form import TicketForm
from workstation.desktop.panels.ticket_orders import LEAST_HEIGHT_PX, TicketOrders
from workstation.desktop.panels.ticket_presets import TicketPresets
from workstation.desktop.panels.ticket_pricing import TicketPricing
from workstation.desktop.panels.ticket_sending import TicketSending
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.domain.orders import OriginKind
from workstation.domain.verdicts import Verdict
from workstation.ports.broker import CapabilityCard
from workstation.viewmodels.frames import Frame, QuoteSnap
from workstation.viewmodels.ticket import Draft, Reading, next_opening, read
from workstation.viewmodels.ticket_outlook import DISARMED, NO_COSTS, Costs, in_less_room, outlook, ticket_state

MARGIN_PX, TALL_SPARE_PX = 8, 160
QUOTE_GAP_PX, LOW_PX, LEAST_PX = 4, 270, 175
"""Height, at text size 1, below which the ticket shows but what an order cannot do without; it scrolls to the rest."""
PREVIEW_DELAY_MS = 120
PREVIEW_AGAIN_NS = 1_000_000_000
OUTLOOK_AGAIN_NS = 100_000_000
"""Prices follow every frame; what the order would do follows moving prices no faster than it can be read."""
_HELD = "Held here, not sent: Ctrl+Enter sends, Esc puts it away. It dies with the program."
_READY = "Ready."
_NO_ORDER_YET = "No order yet: fill in what is missing."
_OUTLOOK_LINES = (
    ("notional", "Notional"),
    ("costs", "Costs"),
    ("legs", "At the legs"),
    ("position", "Position"),
    ("limit", "Nearest limit"),
    ("residence", "Route"),
)


class TicketPanel(Panel):
    """Order ticket of one instrument in the account of the trade focus."""

    kind = "ticket"
    title = "Order ticket"
    icon = "edit"
    linked = aims = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._header: InstrumentHeader | None = None
        self._reading = Reading(terms=None, findings=())
        self._verdict: Verdict | None = None
        self._costs = NO_COSTS
        self._staged = self._tall = self._is_low = self._is_least = False
        self._asked_at = 0
        self._shown_at = 0
        self._asked = 0
        self.form = TicketForm(panel_id, context.sizes.sizes)
        self.presets = TicketPresets(context, self.form)
        self.sending = TicketSending(context)
        self.quotes = {
            "bid": QuoteButton(f"{panel_id}_bid", "bid", "buy"),
            "last": QuoteButton(f"{panel_id}_last", "last", ""),
            "ask": QuoteButton(f"{panel_id}_ask", "ask", "sell"),
        }
        self.pricing = TicketPricing(context, self.form, self.quotes, lambda: self.symbol)
        self._quotes = QWidget()
        self.state_line = OneLine(f"{panel_id}_state", "Ticket state")
        self.preview = QLabel()
        self.message = QLabel()
        self.fixes = FixButtons(panel_id)
        self.send = QPushButton("Send")
        self.working = TicketOrders(context, panel_id, lambda: (context.focus.account, self.symbol))
        self.lines: dict[str, OneLine] = {}
        self._delay = QTimer(self, interval=PREVIEW_DELAY_MS, singleShot=True)
        self._delay.timeout.connect(self._ask_preview)
        self._build()
        self.form.edited.connect(self._on_edited)
        self.form.more.clicked.connect(lambda: self.presets.open(self))
        self.until_released(self.presets.release)
        self.until_released(self._ask_no_more)
        self.form.escaped.connect(self.clear)
        self.fixes.chosen.connect(self.form.set_text)
        self.sending.changed.connect(self._show)
        self.send.clicked.connect(self.press_send)
        for key in ("Return", "Enter"):
            self._on_chord(f"Ctrl+{key}", self.press_send)
            self._on_chord(f"Ctrl+Shift+{key}", self.hold)
        self.until_released(context.focus.listen(self._on_edited))
        self.until_released(context.sizes.listen(self._take_preset))
        self._show()

    def header_widget(self) -> QWidget:
        """Return symbol box, contract and account."""
        if self._header is None:
            self._header = InstrumentHeader(self)
            if self.symbol:
                self._header.show_symbol(self.symbol)
            else:
                self.setFocusProxy(self._header.symbol)  # nothing can be typed but an instrument
        return self._header

    def on_symbol(self, symbol: str) -> None:
        """Start afresh for another instrument."""
        if self._header is not None:
            self._header.show_symbol(symbol)
        self.setFocusProxy(None)  # type: ignore[arg-type]  # Qt takes none, as its manual says
        self.watch(quotes=frozenset({symbol}))
        self._staged = False
        self.sending.forget()
        self.pricing.end_peg()
        self.presets.start(symbol)

    def on_frame(self, frame: Frame) -> None:
        """Follow quotes, the state of the account and the word of the venue on what was sent."""
        self.sending.follow()
        if not self.symbol or not self.isVisible():
            return
        now = self.context.bridge.session.mono_ns()
        if frame.status is not None or frame.positions or frame.rows or now - self._shown_at >= OUTLOOK_AGAIN_NS:
            self._shown_at = now
            self.pricing.follow()
            if frame.positions and not self.sending.text:
                self.presets.follow()
            self._read()
            self._show()
            if self._reading.is_complete and now - self._asked_at >= PREVIEW_AGAIN_NS and not self._delay.isActive():
                self._ask_preview()
        elif self.symbol in frame.quotes:
            self.pricing.show_quotes()

    def stage(self, symbol: str, draft: Draft) -> None:
        """Show an order from a key, the palette or an undo in the fields, not sent."""
        self.choose_symbol(symbol)
        self.pricing.end_peg()
        self.form.show_draft(draft)
        self._staged = True

    @property
    def holds_staged(self) -> bool:
        """True while an order that was staged stands in the fields, not sent."""
        return self._staged

    @property
    def content(self) -> tuple[str, Draft]:
        """The instrument and the fields as they stand."""
        return self.symbol, self.form.draft()

    def hold(self) -> None:
        """Keep a complete order in the ticket, not sent, until it is sent or put away; say in place why it cannot."""
        self._read()
        if self._is_complete() and not self.sending.is_busy:
            self._staged = True
            self.context.announcer.say("info", f"Held here, not sent: {self._reading.words}")
            self._show()

    def clear(self) -> None:
        """Empty prices and legs, and put a refusal away."""
        self._staged = False
        self.sending.forget()
        self.pricing.end_peg()
        self.presets.clear()

    def save_settings(self) -> PanelSettings:
        """Return the ticket's own presets."""
        return self.presets.save()

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        self.presets.restore(settings)

    def press_send(self) -> None:
        """Send the order, once per press; say in place why not."""
        self._read()
        self.form.mark(self._reading.findings)
        terms = self._reading.terms
        if self.sending.is_busy or not self.send.isEnabled() or not self._is_complete() or terms is None:
            return
        status = self.context.state.status
        armed = status is not None and status.armed is self.context.bridge.session.environment
        if not armed and self._verdict is not None and self._verdict.risk_class == "INCREASE":
            pulse_arm_chip()
            return
        self._staged = False
        self.sending.send(self._reading, self._typed_order())

    def _typed_order(self) -> tuple[str, str, Draft]:
        """Return what makes the order one and the same while its prices follow the market."""
        draft, peg = self.form.draft(), self.pricing.peg
        pegged = msgspec.structs.replace(draft, price=peg.words) if peg.is_on else draft
        return self.symbol, self.context.focus.account, pegged

    def _is_complete(self) -> bool:
        """Tell whether the fields say an order; else say what is wrong and put the keyboard there."""
        findings = self._reading.findings
        if self._reading.terms is not None and not findings:
            return True
        self.sending.refuse(findings[0].text if findings else "Choose an instrument first.")
        if findings and findings[0].field in self.form.fields:
            self.form.fields[findings[0].field].setFocus()
        return False

    def _on_chord(self, keys: str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(act)

    def _build(self) -> None:
        self._scrolled = ScrolledFields(f"{self.panel_id}_scroll", self._fields(), MARGIN_PX)
        self._scrolled.room_changed.connect(self._take_width)
        outer = self._outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scrolled)
        outer.addStretch(1)
        outer.addLayout(self._lay_foot())
        outer.addWidget(self.working)
        outer.addStretch(0)
        self._new_fonts()
        theme_notifier().changed.connect(self._new_fonts)

    def _fields(self) -> QWidget:
        """Return what scrolls in a low panel: quotes, fields and what the order would do."""
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(MARGIN_PX, 4, MARGIN_PX, 0)
        column.setSpacing(4)
        quotes = QHBoxLayout(self._quotes)
        quotes.setContentsMargins(0, 0, 0, 0)
        quotes.setSpacing(QUOTE_GAP_PX)
        for button in self.quotes.values():
            quotes.addWidget(button, 1)
        column.addWidget(self._quotes)
        column.addWidget(self.state_line)
        column.addWidget(self.form)
        lines = QFormLayout()
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setHorizontalSpacing(8)
        lines.setVerticalSpacing(0)
        for name, word in _OUTLOOK_LINES:
            label = QLabel(word)
            label.setProperty("role", "caption")
            self.lines[name] = OneLine(f"{self.panel_id}_{name}", word)
            lines.addRow(label, self.lines[name])
        column.addLayout(lines)
        return holder

    def _take_width(self, width: int) -> None:
        self.form.fit(width - 2 * MARGIN_PX)
        self._fit_quotes()

    def _fit_quotes(self) -> None:
        """Leave out the last price where three would be cut: bid and ask are what an order goes by."""
        room = self._scrolled.viewport().width() - 2 * MARGIN_PX
        least = max(button.least_width for button in self.quotes.values())
        self.quotes["last"].setVisible(3 * least + 2 * QUOTE_GAP_PX <= room)

    def _take_height(self, height: int) -> None:
        """Put the foot below the fields in a tall panel, at the bottom of a low one; Send never moves for a message."""
        self._is_low = height < LOW_PX * current_theme().text_scale
        least = self._is_least = height < LEAST_PX * current_theme().text_scale
        self.form.be_low(low=self._is_low, least=least)
        for button in self.quotes.values():
            button.be_low(low=least)
        self._quotes.setMinimumHeight(max(button.sizeHint().height() for button in self.quotes.values()))
        self._show_low()
        tall = self._tall = height >= self._scrolled.sizeHint().height() + TALL_SPARE_PX * current_theme().text_scale
        self.preview.setMinimumHeight(2 * self.preview.fontMetrics().lineSpacing() if tall else 0)
        scale = current_theme().text_scale
        left = height - self._scrolled.sizeHint().height() - self._foot.sizeHint().height()
        self.working.setVisible(tall and left >= LEAST_HEIGHT_PX * scale)
        listed = not self.working.isHidden()
        for place, stretches in ((1, not tall), (3, listed), (4, tall and not listed)):
            self._outer.setStretch(place, int(stretches))
        moved: tuple[QWidget, ...] = (self.message, self.fixes)
        for widget in moved:
            self._foot.removeWidget(widget)
        first = self._foot.count() if tall else 1
        for number, widget in enumerate(moved):
            self._foot.insertWidget(first + number, widget)

    def _show_low(self) -> None:
        """Leave out, in a low ticket, a state that is well and an order that is not there: the form has the room.

        In the least one the arm chip alone says that it is disarmed.
        """
        left_out = (self._is_low, _READY), (self._is_least, DISARMED)
        self.state_line.setVisible((True, self.state_line.full_text) not in left_out)
        text = bool(self.message.text())
        nothing = not self._reading.words
        self.preview.setVisible(self._tall or not ((text or self._is_low) and nothing))

    def _lay_foot(self) -> QVBoxLayout:
        """Return what is always in view: the exact order, what is wrong with it, and the button."""
        self.preview.setObjectName(f"{self.panel_id}_preview")
        self.preview.setWordWrap(True)
        self.preview.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.message.setObjectName(f"{self.panel_id}_message")
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.send.setObjectName(f"{self.panel_id}_send")
        self.send.setMinimumHeight(28)
        self.send.setToolTip("Send the order above (Ctrl+Enter; Ctrl+Shift+Enter holds it here)")
        foot = self._foot = QVBoxLayout()
        foot.setContentsMargins(8, 2, 8, 6)
        foot.setSpacing(4)
        for widget in (self.preview, self.message, self.fixes, self.send):
            foot.addWidget(widget)
        return foot

    def _new_fonts(self, *_: object) -> None:
        self.form.measure_anew()
        use_figure_font(self.preview, "body")
        self._fit_quotes()
        self._quotes.setMinimumHeight(max(button.sizeHint().height() for button in self.quotes.values()))

    @property
    def _quote(self) -> QuoteSnap | None:
        return self.context.state.quotes.get(self.symbol)

    @property
    def _card(self) -> CapabilityCard | None:
        return self.context.bridge.session.card(self.context.focus.account)

    def _read(self) -> None:
        if not self.symbol:
            return
        status = self.context.state.status
        self._reading = read(
            self.form.draft(),
            self.context.instrument(self.symbol),
            self.context.focus.account,
            now_ns=0 if status is None else status.now_ns,
            quote=self._quote,
            card=self._card,
        )

    def _on_edited(self) -> None:
        """Read again, ask the gate after a pause, and put an old refusal away."""
        self.form.offer(self._card)
        self.presets.follow()
        before = self._reading
        self._read()
        if self._reading != before:
            self._verdict, self._costs = None, NO_COSTS
            self.sending.edited()
            if self._reading.is_complete:
                self._delay.start()
            else:
                self._delay.stop()
        self.form.mark(self._reading.findings)
        self._show()

    def _ask_preview(self) -> None:
        terms = self._reading.terms
        if terms is None or not self._reading.is_complete:
            return
        self._asked += 1
        self._asked_at = self.context.bridge.session.mono_ns()
        number, reading, typed = self._asked, self._reading, self._typed_order()
        params = PlaceOrder(terms=terms, stop_loss_px=reading.stop_loss_px, take_profit_px=reading.take_profit_px)
        origin = self.context.origin(OriginKind.TICKET, "preview")

        def answered(result: CommandResult) -> None:
            if number == self._asked and typed == self._typed_order():
                self._take_preview(result)

        self.context.call("order.outlook", params, origin, answered)

    def _ask_no_more(self) -> None:
        """Leave an answer that is still under way unheard: the fields that it is about are gone."""
        self._asked += 1
        self._delay.stop()

    def _take_preview(self, result: CommandResult) -> None:
        """Keep the engine's word on the order: the gate's verdict and what it costs, or that no venue takes it."""
        found = result.data
        if isinstance(found, OrderOutlook):
            self._verdict, self._costs = found.verdict, Costs(found.margin, found.commission)
        else:
            self._verdict, self._costs = None, Costs(unfit=result.text if isinstance(found, Refusal) else "")
        self._show()

    def _show(self) -> None:
        if not self.symbol:
            self.state_line.show_text("No instrument yet: type a symbol above.", "muted")
            self.send.setEnabled(False)
            set_role(self.send, "role", "primary")
            return
        state = self.context.state
        account = self.context.focus.account
        instrument = self.context.instrument(self.symbol)
        self.pricing.show_quotes()
        self._fit_quotes()
        figures = state.accounts.get(account)
        opens = next_opening(instrument, self._quote, 0 if state.status is None else state.status.now_ns)
        data = ticket_state(self.symbol, self._quote, state.status, figures, opens)
        self.state_line.show_text(data.text or _READY, data.role, *in_clauses(data.text))
        seen = outlook(
            self._reading,
            instrument,
            quote=self._quote,
            held=state.position(account, self.symbol),
            working=state.working(account, self.symbol),
            verdict=self._verdict,
            costs=self._costs,
            usual_qty=self.context.sizes.size * 10**instrument.qty_decimals,
            buying_power=None if figures is None else figures.buying_power,
            card=self._card,
        )
        for name, line in self.lines.items():
            text = getattr(seen, name)
            line.show_text(text, "", *in_less_room(text, instrument.currency))
        self.preview.setText(self._reading.words or _NO_ORDER_YET)
        set_role(self.preview, "role", self.form.side.role if self._reading.words else "muted")
        self._show_message(seen.refusal)
        self.working.show_orders()
        self.send.setEnabled(data.can_send and not self.sending.is_busy)
        text = (
            "Sending…"
            if self.sending.is_busy
            else "Send (reduces)"
            if seen.reduces
            else f"Send {self.form.side.words.lower()}"
        )
        self.send.setText(text)
        self.send.setAccessibleName(f"{text}: {self._reading.words}")
        set_role(self.send, "role", self.form.side.role)

    def _show_message(self, refusal: str) -> None:
        """Show what is wrong: a refusal of what was sent, else the first finding, else what the gate would say."""
        finding = next((found for found in self._reading.findings if self._typed(found.field)), None)
        text, role = self.sending.text, self.sending.role
        if not text and finding is not None:
            text, role = finding.text, "danger"
        elif not text and refusal:
            text, role = refusal, "warning"
        elif not text and self._staged:
            text, role = _HELD, "muted"
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self._show_low()
        self.message.setAccessibleName(f"Ticket message: {text}")
        set_role(self.message, "role", role)
        self.fixes.show_finding(finding)

    def _typed(self, field: str) -> bool:
        widget = self.form.fields.get(field)
        return widget is None or bool(widget.text())

    def _take_preset(self) -> None:
        if self.symbol:
            self.form.set_text("qty", str(self.context.sizes.size))
            self.presets.follow()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        """Have the instrument typed where there is none yet."""
        super().showEvent(event)
        if not self.symbol and self._header is not None:
            self._header.symbol.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the foot where it stands at this height."""
        super().resizeEvent(event)
        self._take_height(event.size().height())
