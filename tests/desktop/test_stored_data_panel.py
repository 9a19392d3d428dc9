"""The stored-data panel: series with coverage, the holes of the chosen one, and what it says when there is nothing."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from tests.helpers.desktop_rig import START_NS, DesktopRig, status
from workstation.commands.data import ImportTold
from workstation.commands.registry import CommandResult
from workstation.desktop.cell_painting import PADDING_PX
from workstation.desktop.panels.stored_data_import import ImportDialog
from workstation.desktop.panels.stored_data_panel import StoredDataPanel
from workstation.ports.market_data import Coverage, DataBoard, DataKind, Holding, Hole
from workstation.viewmodels.catalogue_view import interval_text

MINUTE = 60 * 10**9
BARS = Holding(
    symbol="ACME", kind=DataKind.BARS, interval="1_MINUTE", source="acme.csv", first=START_NS,
    last=START_NS + 160 * MINUTE, rows=130, imported=130,
)  # fmt: skip
TICKS = Holding(
    symbol="IBM", kind=DataKind.QUOTES, interval="", source="ibm.zip", first=START_NS, last=START_NS, rows=9, size=4_096
)
HOLE = Hole(START_NS + 20 * MINUTE, START_NS + 50 * MINUTE, 30)
COVERED = Coverage(holding=BARS, holes=(HOLE,), count=1, missing=30)


def board(*lines: Coverage) -> CommandResult:
    return CommandResult(ok=True, text="", data=DataBoard(lines=lines, as_of=START_NS))


def opened(rig: DesktopRig, qtbot, answer: CommandResult) -> StoredDataPanel:
    rig.gateway.answers["data.board"] = answer
    panel = StoredDataPanel(rig.context, "stored_data-1")
    qtbot.addWidget(panel)
    panel.resize(1_200, 420)
    panel.show()
    rig.feed(status=status(now_ns=START_NS))
    rig.bridge._on_answered()
    return panel


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = opened(rig, qtbot, board(COVERED, Coverage(holding=TICKS)))
    yield made
    made.release()


def texts(view, row: int) -> dict[str, str]:
    return {column.name: column.text(view.columns.row_at(row)) for column in view.columns.table.columns}


def test_the_models_keep_the_rules_of_qt(panel: StoredDataPanel, qtmodeltester) -> None:
    for view in (panel.series, panel.holes):
        qtmodeltester.check(view.columns)


def test_how_many_bars_a_gap_lacks_stands_beside_its_times(panel: StoredDataPanel) -> None:
    header = panel.holes.horizontalHeader()
    assert header.length() < panel.holes.viewport().width() / 2, "not at the far edge of a wide panel"


def test_each_series_shows_rows_coverage_and_what_is_missing(panel: StoredDataPanel) -> None:
    bars, ticks = texts(panel.series, 0), texts(panel.series, 1)
    assert (bars["symbol"], bars["rows"], bars["missing"]) == ("ACME", "130", "30")
    assert bars["coverage"] == "█▒·▒██████"
    assert (ticks["kind"], ticks["size"], ticks["missing"]) == ("Quotes", "4,096", "—")
    assert (bars["origin"], ticks["origin"]) == ("Imported", "Recorded")
    source = next(column for column in panel.series.columns.table.columns if column.name == "source")
    assert source.hover is not None
    assert source.hover(panel.series.columns.row_at(0)) == "acme.csv: imported, and stays until it is deleted"


def test_a_warning_counts_what_is_missing(panel: StoredDataPanel) -> None:
    assert panel.note.text() == "1 series lacks 30 bars. Select one to see where."


def test_choosing_a_series_shows_its_holes(panel: StoredDataPanel) -> None:
    panel.series.selectRow(0)
    assert texts(panel.holes, 0)["missing"] == "30"
    panel.series.selectRow(1)
    assert panel.holes.columns.rowCount() == 0


def test_a_series_that_is_gone_leaves(panel: StoredDataPanel, rig: DesktopRig) -> None:
    rig.gateway.answers["data.board"] = board(Coverage(holding=TICKS))
    panel.ask()
    rig.bridge._on_answered()
    assert panel.series.columns.rowCount() == 1


def test_an_empty_store_says_how_data_comes_in(rig: DesktopRig, qtbot) -> None:
    panel = opened(rig, qtbot, board())
    assert panel.series._empty == ("Nothing is stored yet", "Drop a file here, or press Import.")
    panel.release()


def test_what_cannot_be_read_is_said_with_the_reason(rig: DesktopRig, qtbot) -> None:
    answer = CommandResult(ok=False, code="NOT_READY", text="Stored data cannot be read: the disk is gone.")
    panel = opened(rig, qtbot, answer)
    assert panel.note.text() == "Stored data cannot be read: the disk is gone."
    panel.release()


def test_a_dropped_file_is_imported_with_what_the_person_says(panel: StoredDataPanel, rig: DesktopRig) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/data/acme.csv")])
    point, button = QPointF(5, 5), Qt.MouseButton.LeftButton
    panel.dropEvent(QDropEvent(point, Qt.DropAction.CopyAction, data, button, Qt.KeyboardModifier.NoModifier))
    dialog = panel.findChild(ImportDialog)
    dialog.symbol.setText("ACME")
    dialog.interval.setText("1m")
    dialog.stamp.setCurrentText("open")
    dialog.market.setText("north ")
    dialog.qty_decimals.setText("3")
    dialog.accept()
    [wish] = rig.gateway.of("data.import")
    assert (wish.path, wish.symbol, wish.interval, wish.stamp) == ("/data/acme.csv", "ACME", "1m", "open")
    assert (wish.market, wish.price_decimals) == ("north", None), "what nobody entered is left to what a market lists"
    assert wish.qty_decimals == 3
    report = ImportTold(lines=("acme.csv: CSV of bars; ACME", "  gap ACME 2024-01-02 15:03:00Z: 2 missing"))
    done = CommandResult(ok=True, text="acme.csv: 4 new, 0 known, 0 duplicates, 1 refused, 1 gaps.", data=report)
    rig.gateway.answer("data.import", done)
    rig.bridge._on_answered()
    assert panel.below.currentWidget() is panel.report
    assert panel.report.toPlainText() == "\n".join(report.lines)
    panel.series.selectRow(0)
    assert panel.below.currentWidget() is panel.holes


def test_progress_is_shown_and_can_be_given_up(panel: StoredDataPanel, rig: DesktopRig, qtbot) -> None:
    running = DataBoard(lines=(), as_of=START_NS, importing="acme.csv: 5,000 rows")
    rig.gateway.answers["data.board"] = CommandResult(ok=True, text="", data=running)
    panel.ask()
    rig.bridge._on_answered()
    assert panel.note.text() == "Importing acme.csv: 5,000 rows"
    assert not panel.bring.isEnabled()
    qtbot.mouseClick(panel.give_up, Qt.MouseButton.LeftButton)
    assert len(rig.gateway.of("data.cancel")) == 1


def test_deleting_takes_two_presses_and_names_the_series(panel: StoredDataPanel, rig: DesktopRig, qtbot) -> None:
    panel.series.selectRow(1)
    qtbot.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("data.delete") == []
    qtbot.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    [wish] = rig.gateway.of("data.delete")
    assert (wish.symbol, wish.kind, wish.interval, wish.source) == ("IBM", "QUOTES", "", "ibm.zip")


def test_at_760_px_no_column_is_off_the_edge_and_no_time_is_cut(panel: StoredDataPanel, qtbot) -> None:
    panel.resize(760, 420)
    qtbot.wait(1)
    assert panel.series.horizontalScrollBar().maximum() == 0
    panel.series.selectRow(0)
    for view in (panel.series, panel.holes):
        for number, column in enumerate(view.columns.table.columns):
            if not view.isColumnHidden(number) and len(view.columns.view):
                text = column.text(view.columns.row_at(0))
                needed = view.cell_paint.text_width(text, figures=column.right, bold=False) + 2 * PADDING_PX
                assert needed <= view.columnWidth(number), (column.name, text)


def test_a_wide_panel_shows_the_symbol_of_an_option_whole(rig: DesktopRig, qtbot) -> None:
    held = msgspec.structs.replace(BARS, symbol="AAPL 270115C220")
    made = opened(rig, qtbot, board(Coverage(holding=held)))
    made.resize(1_200, 420)
    qtbot.waitUntil(lambda: made.series.viewport().width() > 1_000)
    needed = made.series.cell_paint.text_width(held.symbol, figures=False, bold=False) + 2 * PADDING_PX
    assert needed <= made.series.columnWidth(made.series.columns.column_named("symbol"))
    made.release()


@pytest.mark.parametrize(
    ("stored", "text"), [("1_MINUTE", "1m"), ("15_SECOND", "15s"), ("1_DAY", "1d"), ("1_MONTH", "1 month"), ("", "—")]
)
def test_the_length_of_bars_is_told_as_it_is_typed(stored: str, text: str) -> None:
    assert interval_text(stored) == text


@pytest.mark.parametrize(
    ("kind", "symbol", "said"),
    [
        (DataKind.HOURS, "", "each row is a calendar"),
        (DataKind.SYMBOLS, "META", "holds the rows of each"),
        (DataKind.ACTIONS, "AAPL", "they adjust bars"),
    ],
)
def test_hours_tickers_and_splits_are_series_of_the_catalogue_that_say_what_they_are(rig, qtbot, kind, symbol, said):
    held = Holding(symbol=symbol, kind=kind, interval="", source="a", first=START_NS, last=START_NS, rows=2, imported=2)
    made = opened(rig, qtbot, board(Coverage(holding=held)))
    made.series.selectRow(0)
    shown = texts(made.series, 0)
    assert (shown["kind"], shown["symbol"], shown["rows"]) == (kind.value.capitalize(), symbol or "—", "2")
    assert (shown["coverage"], shown["missing"]) == ("—", "—")
    assert said in made.holes.empty_text
    made.release()
