"""Time and sales: every print of one instrument as it happens, filtered by size, side, price and condition.

Last stage of the tick walk. Prints come in one batch a frame; Space or the pointer over the list holds it, and what
comes meanwhile waits and is counted. The line below says how far the list is behind the feed. A click points the price
cursor; nothing here sends an order. A narrow tape lays its filters, and what it says below, in more lines; a low one
has them behind a button, and says in one line below what it has room for.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.panels.time_sales_fold import FilterFold
from workstation.desktop.panels.time_sales_panel_view import TapeView
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.still import Still
from workstation.desktop.theme import theme_notifier
from workstation.domain.errors import ValidationError
from workstation.domain.executions import Execution
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.formats import age
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import NOTHING, ConnectionWatch, PanelNote
from workstation.viewmodels.tape import Tape, filter_of

FIELD_EDGES_PX = 22
"""What a field needs beside its words."""

LINK_PX, SPACING_PX = 44, 4
"""What the link chip takes of the filters' line, and what stands between two filters."""

SUMMARY_EDGE_PX, BELOW_RIGHT_PX = 8, 4
"""What stands at both sides of the words below, and right of the switch beside them."""

APART = " · "
SIDES = (("All", ""), ("Buys", "BUY"), ("Sells", "SELL"))


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
        self._lines = 1
        self.note = NoteLine(f"{panel_id}_note")
        self.view = TapeView(f"{panel_id}_prints")
        self.summary = QLabel()
        self.summary.setObjectName(f"{panel_id}_summary")
        self.summary.setContentsMargins(SUMMARY_EDGE_PX, 2, SUMMARY_EDGE_PX, 2)
        self.summary.setProperty("role", "muted")
        self._build_tools()
        self._fit_fields()
        theme_notifier().changed.connect(self._fit_fields)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.note)
        column.addWidget(self.view, 1)
        self._below = QHBoxLayout()
        self._below.setContentsMargins(0, 0, BELOW_RIGHT_PX, 0)
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
        self._tools = FlowBar(SPACING_PX)
        self._tools.setParent(self)
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
        self._tools.add(self.hold)
        filters = ((self.size_min, 1), (self.side, 0), (self.prices, 2), (self.codes, 1))
        self.fold = FilterFold(f"{self.panel_id}_fold", self._tools, filters)

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
        field.textChanged.connect(lambda _text: self._filter())
        return field

    def _fit_fields(self, *_: object) -> None:
        """Give each filter room for its hint at the size of the text."""
        for field in (self.size_min, self.prices, self.codes):
            field.setMinimumWidth(field.fontMetrics().horizontalAdvance(field.placeholderText()) + FIELD_EDGES_PX)
        self._lines = 1

    def _add_shortcuts(self) -> None:
        for key, run in (
            (QKeySequence.StandardKey.Find, self._find),
            (QKeySequence.StandardKey.Copy, self.view.copied),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)

    def _find(self) -> None:
        if self.fold.is_low:
            self.fold.open_filters()
        else:
            self.size_min.setFocus()

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
        typed = (self.size_min.text(), self.prices.text(), self.codes.text(), self.side.currentData())
        self.fold.say_filtered(filtered=any(typed))
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
        parts = tape.summary().split(APART)
        if tape.held:
            parts.append(f"held, {tape.waiting:,} waiting")
        elif self._lag is not None:
            parts.append(f"{age(self._lag[0])} behind the feed")
        self._say(parts)

    def _say(self, parts: list[str]) -> None:
        """Say what stands below in as many lines as it needs; fewer figures later leave no line to the prints."""
        reach, room = self.summary.fontMetrics().horizontalAdvance, self._summary_room()
        if self.fold.is_low:
            self.summary.setText(_one_line(parts, lambda text: reach(text) <= room))
            return
        lines = [parts[0]]
        for part in parts[1:]:
            longer = f"{lines[-1]}{APART}{part}"
            if reach(longer) <= room:
                lines[-1] = longer
            else:
                lines.append(part if reach(part) <= room else part.removesuffix(" the feed"))
        self._lines = max(self._lines, len(lines))
        self.summary.setText("\n".join([*lines, *[""] * (self._lines - len(lines))]))

    def _summary_room(self) -> int:
        beside = 0 if self.narrow else self.group.sizeHint().width() + self._below.spacing()
        return self.width() - beside - BELOW_RIGHT_PX - 2 * SUMMARY_EDGE_PX

    def _place_group(self) -> None:
        """Have the switch below the prints, in a narrow tape among the filters, in a low one in their popup."""
        if self.fold.is_low:
            self._tools.take(self.group)
            self._below.removeWidget(self.group)
            self.fold.take_in(self.group)
        elif self.narrow:
            self._tools.add(self.group)
        else:
            self._tools.take(self.group)
            self._below.addWidget(self.group)

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
        around = self.parentWidget() or self
        moved = self.fold.be_low(around.height())
        narrow = self.fold.is_low or self.width() < LINK_PX + self._tools.line_px(without=self.group)
        self._lines = 1
        if moved or narrow is not self.narrow:
            self.narrow = narrow
            self._place_group()
        self._show_state()


def _one_line(parts: list[str], fits: Callable[[str], bool]) -> str:
    """Return what is said last, which is about the tape itself, and of the rest what fits before it."""
    line = parts[-1] if fits(parts[-1]) else parts[-1].removesuffix(" the feed")
    for part in reversed(parts[:-1]):
        if fits(f"{part}{APART}{line}"):
            line = f"{part}{APART}{line}"
    return line if fits(line) else ""
