"""Rows that a picture shows as selected: they may come after the picture's other facts, or never."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QTableView, QWidget
from pytestqt.qtbot import QtBot

from workstation.desktop.picture import choose


def table_in(window: QWidget) -> QTableView:
    table = QTableView(window)
    table.setObjectName("series")
    table.setModel(QStandardItemModel(table))
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    return table


def test_a_row_is_selected_when_it_has_come_and_not_before(qtbot: QtBot) -> None:
    window, calls = QWidget(), list[int]()
    qtbot.addWidget(window)
    table = table_in(window)
    qtbot.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)  # a key held makes no other row selected
    choose(window, (("series", 1),), lambda: calls.append(1))
    assert calls == []
    for name in ("a", "b"):
        table.model().appendRow(QStandardItem(name))
    qtbot.waitUntil(lambda: calls == [1])
    assert [index.row() for index in table.selectionModel().selectedRows()] == [1]


def test_a_row_that_never_comes_keeps_no_picture_from_being_taken(qtbot: QtBot) -> None:
    window, calls = QWidget(), list[int]()
    qtbot.addWidget(window)
    table_in(window)
    choose(window, (("series", 1),), lambda: calls.append(1), looks=2)
    qtbot.waitUntil(lambda: calls == [1])
