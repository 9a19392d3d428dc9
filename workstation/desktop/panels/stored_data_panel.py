"""Stored-data panel: what of the market is kept, how well it is covered, and the holes of the chosen series.

Beside both walks. It reads the catalogue and changes nothing: data comes in and goes by the command line.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter

from workstation.commands.registry import CommandResult, NoParams
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Question
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.ports.market_data import DataBoard
from workstation.viewmodels.catalogue_view import IMPORT_HINT, CatalogueView, hole_style, series_key, series_style
from workstation.viewmodels.panel_notes import PanelNote


class StoredDataPanel(AskingPanel):
    """The catalogue of stored bars, ticks and books."""

    kind = "stored_data"
    title = "Stored data"
    icon = "save"
    what = "stored data"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows = CatalogueView()
        self.series = ColumnView(
            ColumnModel(self.rows.series), series_style, name=f"{panel_id}_series", meaning="Stored series"
        )
        self.holes = ColumnView(ColumnModel(self.rows.holes), hole_style, name=f"{panel_id}_holes", meaning="Gaps")
        self.series.set_flexible("source")
        self.series.rows_chosen.connect(self._show_holes)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{panel_id}_tables")
        tables.setChildrenCollapsible(False)
        tables.addWidget(self.series)
        tables.addWidget(self.holes)
        self.column.addWidget(tables, 1)
        self.setFocusProxy(self.series)
        self._show_empty()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return the catalogue."""
        return (("data.board", NoParams(), self._on_board),)

    def trouble(self) -> PanelNote:
        """Say how much is missing."""
        series, bars = self.rows.missing()
        return PanelNote("warning", f"{series} series lack {bars:,} bars. Select one to see where." if series else "")

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, DataBoard):
            self.series.reorder(lambda: self.rows.take(result.data))
            self.series.redress()
            self._show_holes()
            self.show_state()
        self._show_empty()

    def _show_holes(self, *_: object) -> None:
        chosen = list(self.series.selected_rows())
        line = chosen[0] if len(chosen) == 1 else None
        self.holes.reorder(lambda: self.rows.choose(line))
        self.holes.redress()
        self._show_empty()

    def _show_empty(self) -> None:
        waits = ("Loading stored data…", "Waiting for the engine.")
        self.series.set_empty_text(*(("Nothing is stored yet", IMPORT_HINT) if self.rows.has_board else waits))
        chosen = next((row for row in self.series.selected_rows() if series_key(row) == self.rows.chosen), None)
        none = ("No gaps", "Every bar that the calendar expects is there.")
        self.holes.set_empty_text(*(none if chosen is not None else ("Gaps", "Select a series to see its gaps.")))
