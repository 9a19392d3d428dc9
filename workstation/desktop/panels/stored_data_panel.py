"""Stored-data panel: what of the market is kept, how well it is covered, and the holes of the chosen series.

Beside both walks. A file is imported by the button or by dropping it here; a series is deleted by pressing twice.
"""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QSplitter, QStackedWidget

from workstation.commands.data import DeleteSeries, ImportTold
from workstation.commands.registry import CommandResult, NoParams
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, PressTwice, Question, bar_of, named
from workstation.desktop.panels.stored_data_import import ImportDialog
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.ports.market_data import DataBoard
from workstation.viewmodels.catalogue_view import CatalogueView, hole_style, holes_note, series_key, series_style
from workstation.viewmodels.panel_notes import PanelNote

NOTHING = ("Nothing is stored yet", "Drop a file here, or press Import.")


class StoredDataPanel(AskingPanel):
    """The catalogue of stored bars, ticks and books."""

    kind = "stored_data"
    title = "Stored data"
    icon = "save"
    what = "stored data"
    link_means = "What is stored is read and imported here as ever."

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows = CatalogueView()
        self.series = SpareColumnView(
            ColumnModel(self.rows.series), series_style, name=f"{panel_id}_series", meaning="Stored series"
        )
        self.holes = ColumnView(ColumnModel(self.rows.holes), hole_style, name=f"{panel_id}_holes", meaning="Gaps")
        self.holes.horizontalHeader().setStretchLastSection(False)
        self.series.set_flexible("symbol", overflow="source")
        self.series.set_spare("source", "kind")
        self.series.rows_chosen.connect(self._on_chosen)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{panel_id}_tables")
        tables.setChildrenCollapsible(False)
        tables.addWidget(self.series)
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.report.setObjectName(f"{panel_id}_report")
        self.report.setAccessibleName("Report of the last import")
        self.below = QStackedWidget()
        self.below.addWidget(self.holes)
        self.below.addWidget(self.report)
        tables.addWidget(self.below)
        self.bring = self.button(
            "import", "Import…", "Import a file: market data, splits, hours, tickers", self._choose
        )
        self.give_up = self.button("cancel", "Give up", "Give the running import up", self._give_up)
        self.delete = PressTwice("Delete", self._delete)
        named(self.delete, f"{panel_id}_delete", "Delete the selected series; press twice", "quiet")
        self.column.addWidget(bar_of(self.bring, self.give_up, self.delete))
        self.column.addWidget(tables, 1)
        self.importing = ""
        self.setAcceptDrops(True)
        self.setFocusProxy(self.series)
        self._show_empty()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return the catalogue."""
        return (("data.board", NoParams(), self._on_board),)

    def trouble(self) -> PanelNote:
        """Say how far an import is, else how much is missing."""
        if self.importing:
            return PanelNote("info", f"Importing {self.importing}")
        series, bars = self.rows.missing()
        lacks = "1 series lacks" if series == 1 else f"{series:,} series lack"
        missing = f"{bars:,} bar{'' if bars == 1 else 's'}"
        return PanelNote("warning", f"{lacks} {missing}. Select one to see where." if series else "")

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, DataBoard):
            self.series.reorder(lambda: self.rows.take(result.data))
            self.series.redress()
            self.importing = result.data.importing
            self._show_holes()
            self.show_state()
        self._show_empty()

    def _on_chosen(self) -> None:
        if list(self.series.selected_rows()):
            self.below.setCurrentWidget(self.holes)
        self._show_holes()

    def _on_imported(self, result: CommandResult) -> None:
        """Show the report below, and say it in one line."""
        if isinstance(result.data, ImportTold):
            self.series.clearSelection()
            self.report.setPlainText("\n".join(result.data.lines))
            self.below.setCurrentWidget(self.report)
        self._on_done(result)

    def _show_holes(self, *_: object) -> None:
        chosen = list(self.series.selected_rows())
        line = chosen[0] if len(chosen) == 1 else None
        self.holes.reorder(lambda: self.rows.choose(line))
        self.holes.redress()
        self._show_empty()

    def import_file(self, path: Path) -> None:
        """Ask what the file does not say, and have it imported."""
        dialog = ImportDialog(path, self)
        dialog.accepted.connect(lambda: self.act("data.import", dialog.wish(), "import", self._on_imported))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import data", "", "All files (*)")
        if name:
            self.import_file(Path(name))

    def _give_up(self) -> None:
        self.act("data.cancel", NoParams(), "cancel")

    def _delete(self) -> None:
        for row in self.series.selected_rows():
            held = row.holding
            wish = DeleteSeries(symbol=held.symbol, kind=held.kind, interval=held.interval, source=held.source)
            self.act("data.delete", wish, "delete")

    def _show_empty(self) -> None:
        self.give_up.setEnabled(bool(self.importing))
        self.bring.setEnabled(not self.importing)
        self.delete.setEnabled(bool(list(self.series.selected_rows())))
        waits = self.asking.waits
        self.series.set_empty_text(*(NOTHING if self.rows.has_board else waits))
        chosen = next((row for row in self.series.selected_rows() if series_key(row) == self.rows.chosen), None)
        self.holes.set_empty_text(*holes_note(chosen))

    # Qt overrides

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import the first file that was dropped; one import at a time."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths and not self.importing:
            event.acceptProposedAction()
            self.import_file(paths[0])
