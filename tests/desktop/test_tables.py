"""The table view: model rules, selection by row, order that waits, painting of what changed, settings."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.desktop.benchmark_tables import BUDGETS_S, run
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.viewmodels.column_arrays import Coded, Mask, packed_tails
from workstation.viewmodels.columns import Bulk, CellStyle, Column, ColumnKind, ColumnTable, RowStyle, Selection

Row = tuple[str, str, float]
COUNT = 40
COLUMNS = (
    Column("key", "Id", ColumnKind.ID, lambda r: r[0], lambda r: r[0], fixed=True, width=6),
    Column("word", "Word", ColumnKind.CODE, lambda r: r[1], lambda r: r[1], width=10),
    Column("size", "Size", ColumnKind.NUMBER, lambda r: r[2], lambda r: f"{r[2]:.2f}", right=True, width=8,
           exact=lambda r: f"{r[2]:.6f}"),
    Column("hidden", "Hidden", ColumnKind.NUMBER, lambda r: r[2], lambda r: "", width=0),
)  # fmt: skip


def style(row: Row) -> RowStyle:
    return RowStyle(cells={"word": CellStyle("rise", "", "up")} if row[2] > 0 else {})


@pytest.fixture
def view(qtbot) -> ColumnView:
    table: ColumnTable[Row] = ColumnTable(COLUMNS, lambda r: r[0], newest_first=True)
    made = ColumnView(ColumnModel(table), style, name="sample_table", meaning="Sample")
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    made.upsert([(f"k{n:03d}", "even" if n % 2 == 0 else "odd", float(n)) for n in range(COUNT)])
    QApplication.processEvents()
    return made


def keys(view: ColumnView) -> list[str]:
    return [view.columns.row_at(position)[0] for position in range(len(view.columns.view))]


def test_the_model_keeps_the_rules_of_qt(view: ColumnView, qtmodeltester) -> None:
    qtmodeltester.check(view.columns)
    view.upsert([("k900", "new", 1.0), ("k901", "new", 2.0)])
    view.upsert([("k010", "changed", 3.0)])
    view.filter_by(lambda rows: view.columns.table.matching("word", rows, "odd".__eq__))
    view.sort_by([("size", True)])
    view.filter_by(None)


def test_new_rows_stand_on_top_and_the_selection_follows_its_row(view: ColumnView) -> None:
    view.selectRow(3)
    chosen = view.selected_rows()
    view.upsert([("k900", "new", 1.0), ("k901", "new", 2.0)])
    assert keys(view)[:2] == ["k901", "k900"]
    assert view.selected_rows() == chosen
    view.sort_by([("size", False)])
    assert view.selected_rows() == chosen
    view.filter_by(lambda rows: view.columns.table.matching("word", rows, "nothing".__eq__))
    assert view.selected_rows() == []


def test_a_row_that_the_program_chooses_is_chosen_while_a_person_holds_ctrl(view: ColumnView, qtbot: QtBot) -> None:
    view.select_key("k003")
    qtbot.keyPress(view, Qt.Key.Key_F24, Qt.KeyboardModifier.ControlModifier)
    view.select_key("k005")
    qtbot.keyRelease(view, Qt.Key.Key_F24)
    assert [row[0] for row in view.selected_rows()] == ["k005"]


def test_rows_that_join_above_leave_what_is_read_in_place(view: ColumnView) -> None:
    view.verticalScrollBar().setValue(10)
    top = view.columns.row_at(view.rowAt(0))
    view.upsert([(f"n{n}", "new", 0.0) for n in range(3)])
    assert view.columns.row_at(view.rowAt(0)) == top


def test_a_header_click_sorts_turns_and_returns_to_the_first_order(view: ColumnView) -> None:
    view._on_header_clicked(2)
    assert view.columns.table.sorting == (("size", True),)
    view._on_header_clicked(2)
    assert keys(view)[0] == "k000"
    view._on_header_clicked(2)
    assert view.columns.table.sorting == ()
    assert keys(view)[0] == "k039"


def test_real_clicks_on_heads_sort_and_with_shift_add_a_key(view: ColumnView, qtbot: QtBot) -> None:
    def click(name: str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        header = view.horizontalHeader()
        column = view.columns.column_named(name)
        place = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, header.height() // 2)
        qtbot.keyPress(view, Qt.Key.Key_F24, modifier)  # the program knows modifiers from events alone
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, modifier, place)
        qtbot.keyRelease(view, Qt.Key.Key_F24)

    click("word")
    click("size", Qt.KeyboardModifier.ShiftModifier)
    assert view.columns.table.sorting == (("word", False), ("size", True))
    assert keys(view)[:2] == ["k038", "k036"]
    assert keys(view)[-1] == "k001"
    click("size")
    assert len(view.columns.table.sorting) == 1


def test_order_waits_while_the_pointer_moves(view: ColumnView, qtbot) -> None:
    view.sort_by([("size", False)])
    qtbot.mouseMove(view.viewport(), QPoint(20, 30))
    qtbot.mouseMove(view.viewport(), QPoint(24, 34))
    view._still.start()
    view.upsert([("k000", "even", 99.0)])
    view.refresh()
    assert keys(view)[0] == "k000"
    view._still.stop()
    view.refresh()
    assert keys(view)[-1] == "k000"


def test_only_changed_cells_that_are_seen_are_repainted(view: ColumnView) -> None:
    number = int(view.columns.view[1])
    before = view.pictures.change(number, ("k038", "even", 38.0))
    places = view.pictures.change(number, ("k038", "even", 38.5))
    assert before == []
    assert [place[0] for place in places or []] == [2]
    assert view.pictures.change(int(view.columns.view[39]), ("k000", "even", 1.0)) is None


def test_a_picture_corrected_equals_one_painted_anew(view: ColumnView) -> None:
    view.upsert([("k038", "other", -5.25)])
    corrected = view.grab().toImage()
    view.pictures.clear()
    assert view.grab().toImage() == corrected


def test_copy_takes_selected_rows_at_full_precision(view: ColumnView, qtbot) -> None:
    view.selectRow(0)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().splitlines() == ["Id\tWord\tSize", "k039\todd\t39.000000"]


def test_columns_widths_and_sort_come_back(view: ColumnView, qtbot) -> None:
    view.horizontalHeader().moveSection(2, 0)
    view.setColumnWidth(2, 123)
    view.setColumnHidden(1, True)
    view.sort_by([("size", True)])
    settings = view.save_settings()
    table: ColumnTable[Row] = ColumnTable(COLUMNS, lambda r: r[0])
    other = ColumnView(ColumnModel(table), style, name="other_table", meaning="Other")
    qtbot.addWidget(other)
    other.restore_settings(settings | {"columns": [*settings["columns"], "gone"], "widths": [*settings["widths"], 9]})
    assert [column.name for column in other.shown_columns()] == ["size", "key"]
    assert other.columnWidth(2) == 123
    assert table.sorting == (("size", True),)


def test_broken_settings_change_nothing(view: ColumnView) -> None:
    before = view.save_settings()
    view.restore_settings({"columns": "size", "widths": [1], "sort": ["?nothing", ""]})
    after = view.save_settings()
    assert (after["columns"], after["widths"]) == (before["columns"], before["widths"])


def test_a_figure_too_wide_for_its_cell_is_replaced_whole(view: ColumnView) -> None:
    paint = view.cell_paint
    assert paint.fitted("1234567.89", 30, figures=True, bold=False) == "###"
    assert paint.fitted("a long sentence", 40, figures=False, bold=False).endswith("…")


def test_a_million_rows_come_as_columns(view: ColumnView) -> None:
    count = 1_000_000
    names = [f"b{n:07d}" for n in range(count)]
    columns = {
        "key": packed_tails(names),
        "word": Coded(("a", "b"), np.zeros(count, np.int32)),
        "size": np.arange(float(count)),
        "hidden": np.zeros(count),
    }
    view.columns.load(Bulk(keys=names, columns=columns, row_of=lambda n: (names[n], "a", float(n))))
    assert len(view.columns.view) == count
    assert keys_at_top(view) == "b0999999"
    view.upsert([("b0999999", "b", 7.0), ("c", "b", 8.0)])
    assert keys_at_top(view) == "c"


def keys_at_top(view: ColumnView) -> str:
    return view.columns.row_at(0)[0]


def test_the_benchmark_names_every_budget(qtbot) -> None:
    figures = run(orders=20_000)
    assert set(figures) == set(BUDGETS_S)
    assert all(seconds >= 0 for seconds in figures.values())


def no_row(rows: Selection) -> Mask:
    """Accept nothing."""
    return np.zeros(COUNT if isinstance(rows, slice) else len(rows), bool)


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
def test_the_words_of_an_empty_table_are_never_cut(view: ColumnView, qapp: QApplication, text_scale: float) -> None:
    view.filter_by(no_row)
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        view.set_empty_text("No runs of this strategy yet", "Select a strategy and press Start to see its runs.")
        for height in range(14, 200, 6):
            view.resize(240, height + view.height() - view.viewport().height())
            QApplication.processEvents()
            picture = view.viewport().grab().toImage()
            edges = {picture.pixel(x, y) for x in range(picture.width()) for y in (0, picture.height() - 1)}
            assert len(edges) == 1, f"words are cut in {view.viewport().height()} px"
            if view.viewport().height() > 2 * view.fontMetrics().height():
                shown = {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}
                assert len(shown) > 1, f"nothing is said in {view.viewport().height()} px"
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_screen_reader_hears_what_an_empty_table_says(view: ColumnView) -> None:
    view.set_empty_text("No orders today", "Place one in the ticket.")
    assert view.accessibleDescription() == "", "there are rows"
    view.filter_by(no_row)
    assert view.accessibleDescription() == "No orders today Place one in the ticket."
    view.filter_by(None)
    assert view.accessibleDescription() == ""
