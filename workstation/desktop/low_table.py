"""A table in a low place: what scrolls it sideways gives way, then its titles, so that there are rows to be read.

Last stage of both walks. The height and the size of text alone decide: no row, and no figure, ever moves another.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QTableView

from workstation.desktop.theme import current_theme, theme_notifier

ROWS_LEAST = 2
"""Whole rows for which titles and the bar that scrolls sideways give way; keys and wheel still scroll."""


LINE_PX = 2
"""What a row keeps around its words where a little less height lets one more be whole."""


class LowTable(QObject):
    """Follows the height of a table and lets what stands around its rows give way."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        view.installEventFilter(self)
        theme_notifier().changed.connect(self._fit)
        self._fit()

    def _fit(self, *_: object) -> None:
        view, rows = self._view, self._view.verticalHeader()
        row, titles = current_theme().metrics.row_compact, view.horizontalHeader().sizeHint().height()
        view.setMinimumHeight(row + 2 * view.frameWidth())
        room = view.height() - 2 * view.frameWidth()
        bar = view.horizontalScrollBar().sizeHint().height()
        policy = Qt.ScrollBarPolicy
        is_flat = room - titles - bar < ROWS_LEAST * row
        view.setHorizontalScrollBarPolicy(policy.ScrollBarAlwaysOff if is_flat else policy.ScrollBarAsNeeded)
        view.horizontalHeader().setHidden(room - titles < ROWS_LEAST * row)
        tight = room // ROWS_LEAST
        is_tight = view.fontMetrics().height() + LINE_PX <= tight < row
        rows.setDefaultSectionSize(tight if is_tight else row)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the height of the table; consumes nothing."""
        if watched is self._view and event.type() is QEvent.Type.Resize:
            self._fit()
        return False
