"""Time and sales: every print of one instrument as it happens, filtered by size, side, price and condition.

Last stage of the tick walk. Prints come in one batch a frame; Space or the pointer over the list holds it, and what
comes meanwhile waits and is counted. The line below says how far the list is behind the feed. A click points the price
cursor; nothing here sends an order. A narrow tape lays its filters, and what it says below, in two lines.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.time_sales_panel_view import TapeView
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.still import Still
from workstation.domain.errors import ValidationError
from workstation.domain.executions import Execution
from workstation.viewmodels.formats import age
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import NOTHING, ConnectionWatch, PanelNote
from workstation.viewmodels.tape import Tape, filter_of

FIELD_EDGES_PX = 22
"""What a field needs beside its words."""

LINK_PX, SPACING_PX = 44, 4
"""What the link chip takes of the filters' line, and what stands between two filters."""

SIDES = (("All", ""), ("Buys", "BUY"), ("Sells", "SELL"))
NS_PER_S = 1_000_000_000


class TimeSalesPanel(Panel):
    """The tape of the link group's instrument."""

    kind = "time_sales"
    title = "Time & sales"
    icon = "tape"
    linked = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.tape: Tape | None = None
        self._connection = ConnectionWatch()
        self._pinned = self._hovered = False
        self._feed_left = 0
        self._trouble = ""
        self._lag: tuple[int, int] | None = None
        self.narrow = False
        self.note = NoteLine(f"{panel_id}_note")
        self.view = TapeView(f"{panel_id}_prints")
        self.summary = QLabel()
        self.summary.setObjectName(f"{panel_id}_summary")
        self.summary.setContentsMargins(8, 2, 8, 2)
        self.summary.setProperty("role", "muted")
        self._build_tools()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.note)
        column.addWidget(self.view, 1)
        self._below = QHBoxLayout()
        self._below.setContentsMargins(0, 0, 4, 0)
        self._below.addWidget(Still(self.summary), 1)
        self._below.addWidget(self.group)
        column.addLayout(self._below)
        self.setFocusProxy(self.view)
        self.view.space_pressed.connect(self.hold.toggle)
        self.view.hovered.connect(self._on_hover)
        self.view.line_clicked.connect(self._point)
        self._add_shortcuts()
        if context.state.status is not None:
            self._connection.take(context.state.status)
        self._show_state()

    def _build_tools(self) -> None:
        self._tools = QWidget(self)
        self._tools.setObjectName(f"{self.panel_id}_tools")
        self.size_min = self._field("size", "size ≥", "Least size")
        self.prices = self._field("prices", "price", "Price, or range of prices such as 187-188")
        self.codes = self._field("codes", "cond.", "Condition codes, any of which will do; -CODE leaves it out")
        self.side = QComboBox()
        self.side.setObjectName(f"{self.panel_id}_side")
        self.side.setAccessibleName("Side that took")
        self.side.setToolTip("Side that took")
        for text, value in SIDES:
            self.side.addItem(text, value)
        self.side.currentIndexChanged.connect(lambda _index: self._filter())
        self.group = self._switch("group", "Group", "Prints of one moment and side as one line", self._on_group)
        self.hold = self._switch("hold", "Hold", "Hold the tape (Space); new prints wait", self._on_hold)
        self._tools.setMinimumWidth(1)
        lines = QVBoxLayout(self._tools)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2)
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        for line in (self._first, self._second):
            line.setSpacing(SPACING_PX)
            lines.addLayout(line)
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay the filters in one line, or in two that are whole where one would cut them."""
        rest = self._second if self.narrow else self._first
        self._first.addWidget(self.size_min, 1)
        self._first.addWidget(self.side)
        rest.addWidget(self.prices, 2)
        rest.addWidget(self.codes, 1)
        self._first.addWidget(self.hold)

    def _line_px(self) -> int:
        """Return how wide a panel needs to be for all its filters in one line."""
        filters = (self.size_min, self.side, self.prices, self.codes, self.hold)
        needed = (max(widget.minimumWidth(), widget.minimumSizeHint().width()) for widget in filters)
        return LINK_PX + sum(needed) + (len(filters) - 1) * SPACING_PX

    def _switch(self, name: str, text: str, meaning: str, on_toggled: Callable[[bool], None]) -> QPushButton:
        switch = QPushButton(text)
        switch.setObjectName(f"{self.panel_id}_{name}")
        switch.setAccessibleName(meaning)
        switch.setToolTip(meaning)
        switch.setCheckable(True)
        switch.setProperty("role", "quiet")
        switch.toggled.connect(on_toggled)
        return switch

    def _field(self, name: str, hint: str, meaning: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"{self.panel_id}_{name}")
        field.setAccessibleName(meaning)
        field.setPlaceholderText(hint)
        field.setToolTip(meaning)
        field.setMinimumWidth(field.fontMetrics().horizontalAdvance(hint) + FIELD_EDGES_PX)
        field.textChanged.connect(lambda _text: self._filter())
        return field

    def _add_shortcuts(self) -> None:
        for key, run in (
            (QKeySequence.StandardKey.Find, self.size_min.setFocus),
            (QKeySequence.StandardKey.Copy, self.view.copied),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)

    def header_widget(self) -> QWidget | None:
        """Return the filters, which stand beside the link chip."""
        return self._tools

    def on_symbol(self, symbol: str) -> None:
        """Show another tape, empty until its first print."""
        self.tape = Tape(self.context.instrument(symbol))
        for fill in self.context.state.executions:
            self.tape.mark_mine(fill)
        self.tape.hold(held=self._pinned or self._hovered)
        self.tape.group(grouped=self.group.isChecked())
        self._lag = None
        self.view.show_tape(self.tape)
        self.watch(quotes=frozenset({symbol}), tapes=frozenset({symbol}))
        self._filter()

    def on_frame(self, frame: Frame) -> None:
        """Take the frame's prints in one batch."""
        added = 0
        if frame.status is not None:
            added += self._follow_feed(frame)
        if self.tape is None:
            return
        for row in frame.rows:
            if isinstance(row, Execution):
                self.tape.mark_mine(row)
        if frame.prints:
            added += self.tape.take(frame.prints)
            self._measure_lag(frame)
        if frame.prints or added or frame.status is not None:
            self._show_state()
            self.view.refresh(added)

    def save_settings(self) -> PanelSettings:
        """Return the filters, and whether prints are grouped."""
        settings: PanelSettings = {"size": self.size_min.text(), "prices": self.prices.text()}
        settings |= {"side": str(self.side.currentData()), "codes": self.codes.text()}
        return settings | {"grouped": self.group.isChecked()}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take the filters back."""
        self.size_min.setText(str(settings.get("size", "")))
        self.prices.setText(str(settings.get("prices", "")))
        self.side.setCurrentIndex(max(self.side.findData(settings.get("side", "")), 0))
        self.codes.setText(str(settings.get("codes", "")))
        self.group.setChecked(settings.get("grouped") is True)

    def _measure_lag(self, frame: Frame) -> None:
        """Note how long the newest print of a frame took from its arrival to here; a second's worst is kept."""
        status = self.context.state.status
        arrived = max((trade.ts_init for trade in frame.prints if trade.symbol == self.symbol), default=0)
        if status is None or not status.mono_ns or not arrived:
            return
        mono = self.context.bridge.session.mono_ns()
        lag = max(status.now_ns + mono - status.mono_ns - arrived, 0)
        if self._lag is None or lag >= self._lag[0] or mono - self._lag[1] > NS_PER_S:
            self._lag = (lag, mono)

    def _follow_feed(self, frame: Frame) -> int:
        """Mark the gap once the feed is back; returns how many lines are new."""
        status = frame.status
        if status is None:
            return 0
        self._connection.take(status)
        left, now = self._feed_left, status.now_ns
        self._feed_left = 0 if self._connection.feed_up else left or now
        if left and not self._feed_left and self.tape is not None and self.tape.seen_any:
            return self.tape.mark_gap((now - left) / NS_PER_S)
        return 0

    def _filter(self) -> None:
        if self.tape is None:
            return
        self._trouble = ""
        try:
            wanted = filter_of(
                self.size_min.text(),
                str(self.side.currentData()),
                self.prices.text(),
                self.tape.instrument,
                self.codes.text(),
            )
        except ValidationError as error:
            self._trouble = str(error)
        else:
            self.tape.show_only(wanted)
        bad = {"size": self.size_min, "price": self.prices}.get(self._trouble.partition(" ")[0].strip(":"))
        for field in (self.size_min, self.prices):
            field.setProperty("invalid", "true" if field is bad else "false")
            field.style().polish(field)
        self._show_state()
        self.view.refresh()

    def _on_group(self, checked: bool) -> None:
        if self.tape is not None:
            self.tape.group(grouped=checked)
            self._show_state()
            self.view.refresh()

    def _on_hold(self, checked: bool) -> None:
        self._pinned = checked
        self._apply_hold()

    def _on_hover(self, inside: bool) -> None:
        self._hovered = inside
        self._apply_hold()

    def _apply_hold(self) -> None:
        if self.tape is not None and self.tape.held is not (self._pinned or self._hovered):
            self.tape.hold(held=self._pinned or self._hovered)
            self._show_state()
            self.view.refresh()

    def _point(self, line: int) -> None:
        price = None if self.tape is None else self.tape.price_at(line)
        if price is not None:
            self.context.cursor.point(self.symbol, price)

    def _show_state(self) -> None:
        tape = self.tape
        quote = self.context.state.quotes.get(self.symbol)
        self.view.stale = quote is not None and quote.freshness != "FRESH"
        self.note.show_note(self._note())
        if tape is None:
            self.view.empty_text = "No instrument: choose a link group, or click one in the watchlist."
            self.summary.setText("")
            return
        filtered = tape.seen_any and not len(tape)
        self.view.empty_text = (
            "No print passes the filter." if filtered else f"No prints of {self.symbol} yet: they show as they happen."
        )
        waits = f" · held, {tape.waiting:,} waiting" if tape.held else ""
        lag = f" · {age(self._lag[0])} behind the feed" if self._lag is not None and not tape.held else ""
        said = f"{tape.summary()}{waits}{lag}"
        self.summary.setText("\n".join((tape.summary(), f"{waits}{lag}"[3:])) if self.narrow else said)

    def _note(self) -> PanelNote:
        if self._trouble:
            return PanelNote("warning", self._trouble)
        note = self._connection.prices_note("Own fills since then are not marked.")
        if note is not NOTHING:
            return note
        quote = self.context.state.quotes.get(self.symbol)
        if quote is not None and quote.freshness == "STALE":
            return PanelNote("warning", f"Stale for {quote.age_ms / 1_000:.1f} s. {quote.reason}".strip())
        return NOTHING

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the filters in as many lines as they need."""
        super().resizeEvent(event)
        narrow = self.width() < self._line_px()
        if narrow is not self.narrow:
            self.narrow = narrow
            self._lay_out()
            (self._second if narrow else self._below).addWidget(self.group)
            self._show_state()
