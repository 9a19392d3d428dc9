"""The tools in a chart panel's header: intervals, chart type, indicators, drawing tools, what is shown, padlock.

They show and announce choices; the panel acts on them. Every tool has a stable name and says what it does. What has no
room in a narrow row is in a menu at its end.
"""

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from workstation.desktop.icons import icon
from workstation.desktop.panels.chart_panel_tools_words import BOOK_EDITS, CHART_TYPES, PRICES, TOOLS, VIEWS, VIEWS_ON
from workstation.desktop.theme import theme_notifier
from workstation.viewmodels.chart_adjustment import PriceKind
from workstation.viewmodels.chart_feed import COUNTED_INTERVALS, MORE_INTERVALS, TIMED_INTERVALS
from workstation.viewmodels.chart_window import ChartType
from workstation.viewmodels.drawings import DrawingKind

INTERVALS_GAP, ROW_GAP = 6, 1
BUTTON_SPARE, TIGHT_SPARE = 10, 4
"""Room about a button's words: as the theme has it, and where buttons are drawn tight."""

ARROW = " ▾"
"""Says that a button opens a menu; goes where even without most intervals the row has no room."""

RAREST_FIRST = ("1s", "15s", "5s", "15m", "1h", "1d", "5m", "1m")
"""The order in which usual intervals leave a row that has no room for all; what is shown stays."""

FOLDED = "…"
"""The button at the end of a narrow row, whose menu has what left the row."""


class ChartTools(QWidget):
    """The row of tools.

    Emits: interval_chosen(name), other_interval_asked(), type_chosen(ChartType), brick_size_asked(),
    prices_chosen(PriceKind), indicators_asked(), comparison_asked(),
    view_switched(name, on), padlock_toggled(on), tool_taken(DrawingKind), book_edit_asked(name).
    """

    interval_chosen = Signal(str)
    other_interval_asked = Signal()
    type_chosen = Signal(object)
    brick_size_asked = Signal()
    prices_chosen = Signal(object)
    indicators_asked = Signal()
    comparison_asked = Signal()
    view_switched = Signal(str, bool)
    padlock_toggled = Signal(bool)
    tool_taken = Signal(object)
    book_edit_asked = Signal(str)

    def __init__(self, panel: QWidget, interval: str) -> None:
        super().__init__(panel)
        self._panel_id = panel.objectName()
        self.setObjectName(f"{self._panel_id}_tools")
        self.hide()
        self._wide_px = self._width_px = 0
        self._prices_words = ""
        self._left: dict[str, QAction] = {}
        self._folded: frozenset[QToolButton] = frozenset()
        self._is_folding = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(ROW_GAP)
        self.intervals = self._interval_buttons(row)
        row.addSpacing(INTERVALS_GAP)
        self.type_button, self.types = self._type_button()
        row.addWidget(self.type_button)
        self.indicators = self._tool("indicators", "Indicators: add, edit, remove")
        self.indicators.setText("Indicators")
        self.indicators.clicked.connect(self.indicators_asked)
        row.addWidget(self.indicators)
        self.draw_button, self.drawing = self._draw_button()
        row.addWidget(self.draw_button)
        self.view_button, self.views = self._view_button()
        row.addWidget(self.view_button)
        self.prices_button, self.prices = self._prices_button()
        row.addWidget(self.prices_button)
        row.addStretch(1)
        self.more, self._fold_entries = self._more_button()
        row.addWidget(self.more)
        self.padlock = self._tool("padlock", "Trading from this chart is locked")
        self.padlock.setIcon(icon("lock"))
        self.padlock.setCheckable(True)
        self.padlock.toggled.connect(self._on_padlock)
        row.addWidget(self.padlock)
        self.show_interval(interval)
        theme_notifier().changed.connect(self._measure)

    @property
    def chart_type(self) -> str:
        """Name of the chosen chart type."""
        return next(name for name, action in self.types.items() if action.isChecked())

    def show_interval(self, chosen: str) -> None:
        """Mark the interval shown."""
        for interval, tool in self.intervals.items():
            tool.setChecked(interval == chosen)
        self._counted_words = "" if chosen in TIMED_INTERVALS else f"{chosen} ▾"
        self._fit()

    def _fit(self) -> None:
        """Word the longest buttons by the room that there is, so that none of them is cut.

        Where even that is too little, intervals leave the row for the menu of the others, the rarest first, and at last
        other tools for the menu at the row's end.
        """
        self._word(narrow=0 < self._width_px < self._wide_px)
        timed = {interval: button for interval, button in self.intervals.items() if isinstance(button, QToolButton)}
        others = [button for button in self.findChildren(QToolButton) if button.text() and self._is_there(button)]
        worded = list(dict.fromkeys((*timed.values(), *others)))
        room = (self._width_px or self._wide_px) - INTERVALS_GAP - self.padlock.sizeHint().width()
        over = _tight_px(worded) - room
        row = set(worded)
        for interval in RAREST_FIRST:
            button = timed[interval]
            leaves = over > 0 and not button.isChecked()
            over -= _tight_px([button]) if leaves else 0
            row -= {button} if leaves else set()
            button.setHidden(leaves)
            self._left[interval].setVisible(leaves)
        if over > 0:
            for button in worded:
                button.setText(button.text().removesuffix(ARROW))
            over = _tight_px(row) - room
        width_px = self._width_px
        self._fold(over if width_px else 0)
        if self._width_px != width_px:
            self._fit()
            return
        is_tight = self._width_px > 0 and _tight_px(worded) + len(worded) * (BUTTON_SPARE - TIGHT_SPARE) > room
        for button in (*worded, self.more):
            button.setMinimumWidth(_reach(button) + (TIGHT_SPARE if is_tight else BUTTON_SPARE))
            if button.property("tight") is not is_tight:
                button.setProperty("tight", is_tight)
                button.style().polish(button)

    def _is_there(self, button: QToolButton) -> bool:
        """Tell whether a button has its place in the row, even where it has no room in it now."""
        return button is not self.more and (not button.isHidden() or button in self._folded)

    def _fold(self, over: int) -> None:
        """Have what even a tight row has no room for in the menu at its end; over: missing pixels."""
        over += _tight_px([self.more]) if over > 0 else 0
        folded, self._is_folding = set(), True  # a button that is shown has the row laid out at once
        for button, entry in self._fold_entries.items():
            tells_interval = button is self.counted and bool(self._counted_words)
            leaves = over > 0 and self._is_there(button) and not tells_interval
            if leaves:
                over -= _tight_px([button])
                folded.add(button)
            if leaves or button in self._folded:
                button.setHidden(leaves)
            entry.setVisible(leaves)
        self._folded = frozenset(folded)
        self.more.setVisible(bool(folded))
        self._is_folding = False

    def _word(self, *, narrow: bool) -> None:
        self.counted.setText(self._counted_words or ("… ▾" if narrow else "More ▾"))
        for button, word in ((self.type_button, self.chart_type.capitalize()), (self.draw_button, "Draw")):
            button.setText(f"{word}{ARROW}")
        self.view_button.setText(f"View{ARROW}")
        self.indicators.setText("Ind." if narrow else "Indicators")
        self.prices_button.setText(self._prices_words.removeprefix("Adj. ") if narrow else self._prices_words)

    def _interval_buttons(self, row: QHBoxLayout) -> dict[str, QToolButton | QAction]:
        """Return a button for each usual interval, and entries of one menu for others and for bars that count."""
        tools: dict[str, QToolButton | QAction] = {}
        for interval in TIMED_INTERVALS:
            button = tools[interval] = self._tool(f"interval_{interval}", f"Interval {interval}")
            button.setText(interval)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, interval=interval: self._on_interval(interval))
            row.addWidget(button)
        self.counted, menu = self._menu_button(
            "counted", "Other intervals, bars of ticks, volume, value or a range, and bricks", "More ▾"
        )
        row.addWidget(self.counted)
        for interval in TIMED_INTERVALS:
            left = self._left[interval] = self._entry_of(menu, interval)
            left.setVisible(False)
        for interval in (*MORE_INTERVALS, *COUNTED_INTERVALS):
            if interval == COUNTED_INTERVALS[0]:
                menu.addSeparator()
            title = _counted_words(interval) if interval in COUNTED_INTERVALS else interval
            action = tools[interval] = self._switch(menu, f"interval_{interval}", title)
            action.triggered.connect(lambda _checked=False, interval=interval: self._on_interval(interval))
        self.other_interval = self._entry(menu, "interval_other", "Other…\t,", self.other_interval_asked)
        return tools

    def _entry_of(self, menu: QMenu, interval: str) -> QAction:
        """Return the entry of a usual interval, for where its button has no room."""
        action = QAction(interval, menu)
        action.setObjectName(f"{self._panel_id}_left_{interval}")
        action.triggered.connect(lambda _checked=False: self._on_interval(interval))
        menu.addAction(action)
        return action

    def _on_interval(self, interval: str) -> None:
        self.show_interval(interval)
        self.interval_chosen.emit(interval)

    def _type_button(self) -> tuple[QToolButton, dict[str, QAction]]:
        button, menu = self._menu_button("type", "Chart type", "Candles ▾")
        group, actions = QActionGroup(menu), {}
        for name, kind in CHART_TYPES.items():
            action = actions[name] = self._switch(menu, f"type_{name}", name.capitalize())
            action.setChecked(kind is ChartType.CANDLES)
            action.triggered.connect(lambda _checked=False, kind=kind: self.type_chosen.emit(kind))
            action.triggered.connect(lambda _checked=False: self._fit())
            group.addAction(action)
        menu.addSeparator()
        self.brick_size = self._entry(menu, "brick_size", "Brick size…", self.brick_size_asked)
        return button, actions

    def _view_button(self) -> tuple[QToolButton, dict[str, QAction]]:
        button, menu = self._menu_button("view", "What the chart shows", "View ▾")
        actions = {}
        for name, title in VIEWS.items():
            action = actions[name] = self._switch(menu, name, title)
            action.setChecked(name in VIEWS_ON)
            action.toggled.connect(lambda on, name=name: self.view_switched.emit(name, on))
        menu.addSeparator()
        self.compare = self._entry(menu, "compare", "Compare with…", self.comparison_asked)
        self.view_menu = menu
        return button, actions

    def _prices_button(self) -> tuple[QToolButton, dict[PriceKind, QAction]]:
        """Return a menu of its own, which stands where there is something to adjust for, and its choices."""
        button, menu = self._menu_button("prices", "Raw or adjusted prices", "")
        group, actions = QActionGroup(menu), {}
        for kind, (_, title) in PRICES.items():
            action = actions[kind] = self._switch(menu, f"prices_{kind.value}", title)
            action.triggered.connect(lambda _checked=False, kind=kind: self.prices_chosen.emit(kind))
            group.addAction(action)
        self.view_menu.addSeparator()
        self.view_menu.addActions(list(actions.values()))
        button.hide()
        return button, actions

    def _more_button(self) -> tuple[QToolButton, dict[QToolButton, QAction]]:
        """Return the button at the end of the row, and its entry for each that may leave, first the first to."""
        more, menu = self._menu_button("more_tools", "More tools of the chart", FOLDED)
        titles = {
            self.counted: "Interval",
            self.view_button: "View",
            self.draw_button: "Draw",
            self.type_button: "Chart type",
            self.prices_button: "Prices",
        }
        for button, title in titles.items():
            button.menu().setTitle(title)
        indicators = self._entry(menu, "left_indicators", "Indicators…", self.indicators_asked)
        first = (self.counted, self.view_button, self.draw_button)
        entries = {button: button.menu().menuAction() for button in first}
        entries[self.indicators] = indicators
        entries |= {button: button.menu().menuAction() for button in (self.type_button, self.prices_button)}
        menu.addActions(list(entries.values()))
        more.hide()
        return more, entries

    def show_prices(self, kind: PriceKind, words: str) -> None:
        """Mark the prices chosen, and say what they are adjusted for; words: "" where there is nothing to say."""
        self.prices[kind].setChecked(True)
        self._prices_words = f"{PRICES[kind][0]} ▾"
        self.prices_button.setToolTip(words)
        self.prices_button.setAccessibleName(f"Raw or adjusted prices. {words}")
        self._folded -= {self.prices_button}
        self.prices_button.setVisible(bool(words))
        self._measure()

    def _measure(self, *_: object) -> None:
        """Take the width of the row with every word whole, and fit it anew."""
        self._fold(0)
        self._word(narrow=False)
        for button in self.findChildren(QToolButton):
            button.ensurePolished()  # one that is hidden follows another size of text only so
            button.setMinimumWidth(0)
        self._wide_px = self.sizeHint().width()
        self._fit()

    def _draw_button(self) -> tuple[QToolButton, dict[str, QAction]]:
        button, menu = self._menu_button("draw", "Draw on the chart", "Draw ▾")
        actions = {}
        for name, kind in TOOLS.items():
            action = actions[name] = self._switch(menu, f"draw_{name}", name.replace("-", " ").capitalize())
            action.triggered.connect(lambda _checked=False, kind=kind: self._take(kind))
        menu.addSeparator()
        for name, title in BOOK_EDITS.items():
            action = actions[name] = QAction(title, menu)
            action.setObjectName(f"{self._panel_id}_draw_{name}")
            action.triggered.connect(lambda _checked=False, name=name: self.book_edit_asked.emit(name))
            menu.addAction(action)
        return button, actions

    def show_tool(self, tool: DrawingKind | None) -> None:
        """Mark the tool in hand, None marks none."""
        for name, kind in TOOLS.items():
            self.drawing[name].setChecked(kind is tool)

    def _take(self, kind: DrawingKind) -> None:
        self.show_tool(kind)
        self.tool_taken.emit(kind)

    def _menu_button(self, name: str, meaning: str, text: str) -> tuple[QToolButton, QMenu]:
        button = self._tool(name, meaning)
        button.setText(text)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        button.setMenu(menu)
        return button, menu

    def _switch(self, menu: QMenu, name: str, title: str) -> QAction:
        action = QAction(title, menu, checkable=True)
        action.setObjectName(f"{self._panel_id}_{name}")
        menu.addAction(action)
        return action

    def _entry(self, menu: QMenu, name: str, title: str, asked: SignalInstance) -> QAction:
        """Add an entry that asks something."""
        action = QAction(title, menu)
        action.setObjectName(f"{self._panel_id}_{name}")
        action.triggered.connect(lambda _checked=False: asked.emit())
        menu.addAction(action)
        return action

    def _tool(self, name: str, meaning: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{self._panel_id}_{name}")
        button.setAccessibleName(meaning)
        button.setToolTip(meaning)
        button.setAutoRaise(True)
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _on_padlock(self, opened: bool) -> None:
        self.padlock.setIcon(icon("unlock", "warning") if opened else icon("lock"))
        meaning = "open: drag order lines, order at the pointer" if opened else "locked"
        self.padlock.setAccessibleName(f"Trading from this chart is {meaning}")
        self.padlock.setToolTip(self.padlock.accessibleName())
        self.padlock_toggled.emit(opened)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep every button's words whole."""
        super().resizeEvent(event)
        self._wide_px = max(self._wide_px, self.sizeHint().width())
        self._width_px = event.size().width()
        if not self._is_folding:
            self._fit()


def _reach(button: QToolButton) -> int:
    """Return the width of a button's words."""
    return button.fontMetrics().horizontalAdvance(button.text())


def _tight_px(buttons: Iterable[QToolButton]) -> int:
    """Return what buttons take of a row where they are drawn tight, with what stands after each."""
    return sum(_reach(button) + TIGHT_SPARE + ROW_GAP for button in buttons)


def _counted_words(interval: str) -> str:
    kind = interval.lstrip("0123456789km")
    number = interval.removesuffix(kind).replace("k", "000").replace("m", "000000")
    count = f"{int(number):,}"
    return {
        "t": f"{count} ticks a bar",
        "v": f"Volume of {count} a bar",
        "n": f"Value of {count} a bar",
        "ti": f"Imbalance of {count} ticks a bar",
        "tr": f"Run of {count} ticks a bar",
        "r": f"Range of {count} ticks a bar",
        "b": f"Bricks of {count} ticks",
    }[kind]
