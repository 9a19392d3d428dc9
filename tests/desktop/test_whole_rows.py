"""Trees and tables of the toolkit show no part of a row, whatever their height; what is not shown is not clicked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableWidgetItem, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from workstation.desktop.entry_table import EntryTable
from workstation.desktop.fonts import load_fonts
from workstation.desktop.whole_rows import WholeRowsTree, is_cut

COUNT = 12


def tree(selected: int) -> WholeRowsTree:
    made = WholeRowsTree()
    made.setHeaderLabels(["Fact", "Value"])
    for number in range(COUNT):
        item = QTreeWidgetItem(made, [f"fact {number}", "one\ntwo" if number % 3 else "one"])
        item.setSelected(number == selected)
    return made


def table(selected: int) -> EntryTable:
    made = EntryTable("entries", "Entries", ["Name", "Value"], {"Value": 1})
    made.setRowCount(COUNT)
    for number in range(COUNT):
        made.setItem(number, 0, QTableWidgetItem(f"name {number}"))
        made.setItem(number, 1, QTableWidgetItem("value"))
    made.selectRow(selected)
    return made


def rows_of(view: QAbstractItemView) -> list[QRect]:
    model = view.model()
    return [view.visualRect(model.index(number, 0)) for number in range(COUNT)]


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("make", [tree, table])
@pytest.mark.parametrize("selected", [-1, 3, 4])
def test_no_part_of_a_row_is_painted_or_clicked(
    make: Callable[[int], QAbstractItemView], selected: int, qtbot: QtBot
) -> None:
    load_fonts()
    view = make(selected)
    qtbot.addWidget(view)
    view.show()
    seen_cut = 0
    for height in range(90, 170, 7):
        view.resize(320, height)
        QApplication.processEvents()
        port = view.viewport()
        picture = port.grab().toImage()
        for box in rows_of(view):
            if box.top() >= port.height() or not is_cut(view, box):
                continue
            seen_cut += 1
            part = [
                picture.pixelColor(x, y).name()
                for y in range(max(box.top(), 0) + 1, min(box.bottom(), port.height() - 1))
                for x in range(2, port.width() - 2, 3)
            ]
            assert len(set(part)) <= 1, f"a part of a row is seen at {height} px"
            assert not view.indexAt(QPoint(10, min(box.top() + 2, port.height() - 1))).isValid()
    assert seen_cut > 4


@pytest.mark.usefixtures("qapp")
def test_a_row_higher_than_its_view_is_shown_as_far_as_it_goes(qtbot: QtBot) -> None:
    view = WholeRowsTree()
    qtbot.addWidget(view)
    QTreeWidgetItem(view, ["\n".join("line" for _ in range(30))])
    view.resize(200, 80)
    view.show()
    QApplication.processEvents()
    assert not is_cut(view, view.visualRect(view.model().index(0, 0)))
    assert view.indexAt(QPoint(10, 10)).isValid()
