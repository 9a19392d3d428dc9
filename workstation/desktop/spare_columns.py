"""A table some of whose columns give way where there is no room for all: the rest stays whole, none is cut at the edge.

Last stage of both walks. What a person has hidden stays hidden, what he has shown stays shown, and kept settings do not
know of what only gave way.
"""

from typing import Any

from PySide6.QtGui import QResizeEvent

from workstation.desktop.fitted_columns import Settings
from workstation.desktop.table_view import ColumnView
from workstation.viewmodels.columns import Column


class SpareColumnView(ColumnView):
    """A dense table with spare columns."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._spare: list[int] = []
        self._until = -1
        self._gave_way: set[int] = set()
        self._is_fitting = False
        super().__init__(*arguments, **named)
        self.columns.layoutAboutToBeChanged.connect(self._hold_fitting)
        self.columns.layoutChanged.connect(self._end_holding)

    def set_spare(self, *names: str, until: str = "") -> None:
        """Let columns give way where there is no room for all, the first of these first.

        until: the last column that needs room, where those behind it are scrolled to.
        """
        self._spare = [self.columns.column_named(name) for name in names]
        self._until = self.columns.column_named(until) if until else -1
        self._fit_spare(self.viewport().width())

    def wanted_columns(self) -> list[Column[Any]]:
        """Return the columns that are shown or would be if there were room."""
        header = self.horizontalHeader()
        order = [header.logicalIndex(place) for place in range(header.count())]
        columns = self.columns.table.columns
        return [columns[n] for n in order if n in self._gave_way or not self.isColumnHidden(n)]

    def save_settings(self) -> Settings:
        """Return what a person chose: a column that only gave way is a shown one."""
        away, self._is_fitting = set(self._gave_way), True
        self._show_or_hide(set())
        kept = super().save_settings()
        self._show_or_hide(away)
        self._is_fitting = False
        return kept

    def restore_settings(self, settings: Settings) -> None:
        """Take back what a person chose; what has no room gives way again."""
        self._is_fitting = True
        self._show_or_hide(set())
        super().restore_settings(settings)
        self._is_fitting = False
        self._fit_spare(self.viewport().width())

    def _fit_spare(self, width: int) -> None:
        if self._is_fitting:
            return
        header = self.horizontalHeader()
        last = header.visualIndex(self._until) if self._until >= 0 else header.count() - 1
        needed = {
            number: self._designed_width(number) if number in self._gave_way else self._kept_width(number)
            for number in map(header.logicalIndex, range(last + 1))
            if number in self._gave_way or not self.isColumnHidden(number)
        }
        away = set()
        for number in self._spare:
            if sum(needed.values()) > width and needed.pop(number, None) is not None:
                away.add(number)
        self._is_fitting = True
        self._show_or_hide(away)
        self._is_fitting = False

    def setColumnHidden(self, column: int, hide: bool) -> None:
        """Show or hide a column; one that a person shows gives way no more."""
        if not hide and column in self._gave_way and not self._is_fitting:
            self._spare.remove(column)
            self._gave_way.discard(column)
        super().setColumnHidden(column, hide)

    def reset_widths(self) -> None:
        """Give every column its designed width; what has no room gives way again."""
        self._is_fitting = True
        self._show_or_hide(set())
        super().reset_widths()
        self._is_fitting = False
        self._fit_spare(self.viewport().width())

    def _hold_fitting(self, *_: object) -> None:
        """Fit nothing while rows change places: a header shows and hides its columns anew meanwhile."""
        self._is_fitting = True

    def _end_holding(self, *_: object) -> None:
        self._is_fitting = False
        self._fit_spare(self.viewport().width())

    def _on_theme(self, *_: object) -> None:
        """Follow another size of type; what has room now has its place again."""
        super()._on_theme()
        self._fit_spare(self.viewport().width())

    def _show_or_hide(self, away: set[int]) -> None:
        before, self._gave_way = self._gave_way, away
        for number in before ^ away:
            self.setColumnHidden(number, number in away)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let columns give way, or have their place again, then fit the rest."""
        self._fit_spare(event.size().width())
        super().resizeEvent(event)
