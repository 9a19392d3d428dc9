"""Columns that give way in a narrow table: in their order, never what a person chose, and back where there is room."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QTableView

from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import apply_theme, load_theme
from workstation.viewmodels.columns import Column, ColumnKind, ColumnTable, RowStyle

NAMES = ("name", "state", "rate", "time")


@pytest.fixture
def view(qapp, qtbot):
    columns = tuple(Column(name, name, ColumnKind.CODE, lambda row: row, lambda row: row, width=10) for name in NAMES)
    table: ColumnTable[str] = ColumnTable(columns, lambda row: row)
    made = SpareColumnView(ColumnModel(table), lambda _row: RowStyle(), name="spare", meaning="Rows")
    qtbot.addWidget(made)
    made.set_flexible("name")
    made.set_spare("time", "rate")
    made.show()
    return made


def sized(view: SpareColumnView, columns: float) -> list[str]:
    """Give a view room for so many columns; returns the names of those that are shown."""
    view.resize(round(columns * view._designed_width(0)) + view.width() - view.viewport().width(), 200)
    QApplication.sendPostedEvents()
    return [column.name for column in view.shown_columns()]


def test_spare_columns_give_way_in_their_order_and_come_back(view) -> None:
    assert sized(view, 4.1) == ["name", "state", "rate", "time"]
    assert sized(view, 3.5) == ["name", "state", "rate"]
    assert sized(view, 1.2) == ["name", "state"], "what is not spare stays"
    assert sized(view, 3.1) == ["name", "state", "rate"]
    assert sized(view, 5) == ["name", "state", "rate", "time"]
    assert view.horizontalScrollBar().maximum() == 0


def test_what_a_person_hid_stays_hidden_and_what_he_showed_stays_shown(view) -> None:
    sized(view, 5)
    view.setColumnHidden(2, True)
    assert sized(view, 3.2) == ["name", "state", "time"]
    assert sized(view, 2.2) == ["name", "state"]
    assert sized(view, 5) == ["name", "state", "time"]
    sized(view, 2.2)
    view.setColumnHidden(3, False)
    assert sized(view, 2.1) == ["name", "state", "time"]


def test_kept_settings_do_not_know_of_what_only_gave_way(view) -> None:
    sized(view, 2.2)
    kept = view.save_settings()
    assert all(width > 0 for width in kept["widths"])
    assert [column.name for column in view.shown_columns()] == ["name", "state"]
    view.restore_settings(kept)
    assert sized(view, 2.3) == ["name", "state"]


def test_what_a_header_shows_while_rows_change_places_is_not_what_a_person_showed(view) -> None:
    sized(view, 2.2)
    view.columns.layoutAboutToBeChanged.emit()
    for hidden in (False, True):  # as Qt's header does meanwhile, while the bar below comes and goes
        QTableView.setColumnHidden(view, 3, hidden)
        QApplication.sendEvent(view.viewport(), QResizeEvent(view.viewport().size(), view.viewport().size()))
    view.columns.layoutChanged.emit()
    assert sized(view, 2.2) == ["name", "state"]
    assert sized(view, 5) == ["name", "state", "rate", "time"]
    assert sized(view, 2.2) == ["name", "state"]


def test_a_column_that_gave_way_has_its_width_again_after_another_size_of_type(view, qapp) -> None:
    sized(view, 2.2)
    try:
        apply_theme(qapp, load_theme("dark", text_scale=1.5))
        assert sized(view, 5) == ["name", "state", "rate", "time"]
        assert {view.columnWidth(number) for number in (1, 2, 3)} == {view._designed_width(1)}
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_reset_widths_lets_columns_give_way_again(view) -> None:
    sized(view, 2.2)
    view.reset_widths()
    assert [column.name for column in view.shown_columns()] == ["name", "state"]
    assert sized(view, 5) == ["name", "state", "rate", "time"]


def test_columns_behind_the_last_one_that_matters_are_scrolled_to_and_take_no_room(view) -> None:
    view.set_spare("state", until="rate")
    assert sized(view, 3.1) == ["name", "state", "rate", "time"], "all that matter have room"
    assert sized(view, 2.5) == ["name", "rate", "time"]
    view.horizontalHeader().moveSection(2, 0)  # a person puts the last one that matters first
    assert sized(view, 2.6) == ["rate", "name", "state", "time"]
