"""Older orders and fills: a table that is scrolled past its end reads the page before it, until nothing is older.

Last stage of the order walk upward. It asks the engine for stored rows and hands them to the panel; it sends nothing
else. Wheel, keys and scroll bar ask alike, so that a table too short to scroll is paged as well.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QScrollBar

from workstation.commands.params import ReadOlder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.table_view import ColumnView
from workstation.domain.orders import OriginKind
from workstation.ports.stories import OlderRows as Page

ROWS_MAX = 1_000_000
"""Rows that a table is paged up to; what is older still is in reports and exports."""

_DOWN_KEYS = frozenset({Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_End})
NEWEST_FIRST = (("time", True),)


class OlderRows(QObject):
    """Pages one panel's tables. take: puts rows into the panel and returns how many its table holds then."""

    def __init__(
        self,
        context: DesktopContext,
        views: Sequence[ColumnView],
        command_id: str,
        what: str,
        take: Callable[[Sequence[Any]], int],
    ) -> None:
        super().__init__(views[0])
        self._context, self._views, self._command_id, self._what, self._take = context, views, command_id, what, take
        self._after: tuple[int, str] | None = None
        self._held = 0
        self.begun = self.waits = self.ended = False
        for view in views:
            view.installEventFilter(self)
            view.viewport().installEventFilter(self)
            bar = view.verticalScrollBar()
            bar.valueChanged.connect(partial(self._on_scrolled, bar))

    def _on_scrolled(self, bar: QScrollBar, value: int) -> None:
        if value == bar.maximum() > 0:
            self.read()

    def end(self) -> None:
        """Ask no more; an answer under way is dropped."""
        self.ended = True

    def read_on_request(self) -> None:
        """Read the next page, or say that there is none."""
        if self.ended:
            self._context.announcer.say("info", f"All {self._what} that are stored are here.")
        self.read()

    def read(self) -> None:
        """Read the next page, unless one is under way or nothing is older."""
        if self.waits or self.ended:
            return
        self.waits = True
        self._held = self._take(())
        origin = self._context.origin(OriginKind.SYSTEM, self._command_id)
        self._context.call(self._command_id, ReadOlder(after=self._after), origin, self._on_page)

    def _on_page(self, result: CommandResult) -> None:
        if self.ended:
            return
        self.waits = False
        if not isinstance(result.data, Page):
            self._context.announcer.say("warning", result.text)
            return
        self.begun = True
        for view in self._views:
            view.set_default_sort(view.default_sort or NEWEST_FIRST, over_chosen=False)
        held = self._take(result.data.rows)
        self._after = result.data.after
        if held >= ROWS_MAX:
            self._context.announcer.say(
                "info", f"The table holds {held:,} {self._what}; older ones are in the reports."
            )
        self.ended = self._after is None or held >= ROWS_MAX
        if held == self._held:
            self.read()  # all of the page was known: it overlaps what the screen began with

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a wheel turn or a key that goes down where there is nothing below."""
        match event:
            case QWheelEvent() if event.angleDelta().y() < 0:
                self._read_at_end(watched)
            case QKeyEvent() if event.type() == QEvent.Type.KeyPress and event.key() in _DOWN_KEYS:
                self._read_at_end(watched)
        return False

    def _read_at_end(self, watched: QObject) -> None:
        for view in self._views:
            bar = view.verticalScrollBar()
            at_last = bar.value() == bar.maximum()
            if watched in (view, view.viewport()) and at_last:
                self.read()
