"""The line above a watchlist that adds to it: an instrument, a heading or a computed column. Sends nothing.

Where several instruments fit, they are offered with venue, kind and currency; none is taken by itself.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QStringListModel, Qt, QTimer
from PySide6.QtWidgets import QCompleter, QMenu

from workstation.desktop.spelt import spelt
from workstation.domain.expressions.tokens import ExpressionError
from workstation.domain.instruments import Instrument
from workstation.viewmodels.watchlist_computed import COMPUTED_MAX, Computed, definition, expression_of
from workstation.viewmodels.watchlist_rows import HEADING
from workstation.viewmodels.watchlist_search import near_symbols, search

if TYPE_CHECKING:
    from workstation.desktop.panels.watchlist_panel import WatchlistPanel

WORDS_END = "  "
"""Ends the symbol in what the line offers while it is typed."""


class Adding:
    """What the line of a watchlist does."""

    def __init__(self, panel: WatchlistPanel) -> None:
        self._panel, self._line = panel, panel.entry
        self._line.setObjectName(f"{panel.panel_id}_add")
        self._line.setAccessibleName("Add an instrument")
        self._line.returnPressed.connect(self.add_typed)
        self._matches = QStringListModel(panel)
        completer = QCompleter(self._matches, panel)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.activated.connect(lambda _text: QTimer.singleShot(0, self.add_typed))
        self._line.setCompleter(completer)

    def add_typed(self) -> None:
        """Add what was typed: an instrument, `# a heading`, or `name = expression` as a column.

        What cannot be read keeps the text and says so; what fits several instruments offers them.
        """
        line = self._line
        if line.text().startswith("#"):
            self._panel.insert([HEADING + line.text().lstrip("# ").strip()])
            line.clear()
            return
        computed = definition(line.text())
        if computed is not None:
            self._add_computed(computed)
            return
        instruments = self._panel.context.bridge.session.instruments
        typed = line.text().split(WORDS_END)[0].strip()
        found = search(instruments, typed)
        exact = [item for item in found if item.symbol.lower() == typed.lower()]
        if not found:
            near = near_symbols(instruments, line.text())
            hint = f" Near it: {', '.join(near)}." if near else ""
            self._refuse(f"No instrument matches “{line.text()}”.{hint}")
        elif exact or len(found) == 1:
            self.add(found[0].symbol)
        else:
            self._offer(found)

    def add(self, symbol: str) -> None:
        """Add an instrument below the selected row and select it."""
        self._panel.add(symbol)
        self._line.clear()

    def choices(self, found: list[Instrument]) -> QMenu:
        """Return the instruments that fit as a menu; it deletes itself when closed."""
        menu = QMenu(self._line)
        menu.setObjectName(f"{self._panel.panel_id}_choices")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for item in found:
            action = menu.addAction(spelt(words_of(item)))
            action.setObjectName(f"{self._panel.panel_id}_choice_{item.symbol}")
            action.triggered.connect(partial(self._take, item.symbol))
        return menu

    def complete(self) -> None:
        """Offer what fits while it is typed; the mark of a refusal goes."""
        if self._line.property("invalid") == "true":
            self._line.setProperty("invalid", "false")
            self._line.style().polish(self._line)
        found = search(self._panel.context.bridge.session.instruments, self._line.text())
        self._matches.setStringList([f"{item.symbol}{WORDS_END}{words_of(item, symbol=False)}" for item in found])

    def _take(self, symbol: str, *_: object) -> None:
        self.add(symbol)

    def _offer(self, found: list[Instrument]) -> None:
        said = f"“{self._line.text()}” fits {len(found)} instruments; choose one."
        self._panel.context.announcer.say("info", said)
        menu = self.choices(found)
        menu.setActiveAction(menu.actions()[0])
        menu.popup(self._line.mapToGlobal(self._line.rect().bottomLeft()))

    def _refuse(self, text: str) -> None:
        line = self._line
        line.setProperty("invalid", "true")
        line.style().polish(line)
        line.setToolTip(text)
        self._panel.context.announcer.say("warning", text)

    def _add_computed(self, computed: Computed) -> None:
        others = [column for column in self._panel.list.computed if column.name != computed.name]
        try:
            expression_of(computed)
        except ExpressionError as error:
            self._refuse(f"{computed.name}: {error}")
            return
        if len(others) >= COMPUTED_MAX:
            self._refuse(f"A watchlist has at most {COMPUTED_MAX} computed columns; remove one.")
            return
        self._panel.show_computed([*others, computed])
        self._line.clear()


def words_of(item: Instrument, *, symbol: bool = True) -> str:
    """Return an instrument as it is told from others: symbol, name, venue, kind and currency."""
    kind = item.asset_class.value.lower()
    parts = (item.symbol if symbol else "", item.name, item.exchange, kind, item.currency)
    return " · ".join(filter(None, parts))
