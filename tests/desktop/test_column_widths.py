"""Widths of columns: one that a person sets by hand sticks and is kept, also where the column takes what is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.desktop.test_fills_panel import fill
from tests.helpers.desktop_rig import START_NS, DesktopRig, order, position, quote, status
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme

WIDE = (900, 300)
KINDS = [OrdersPanel, FillsPanel, PositionsPanel]
ESSENTIAL = {
    OrdersPanel: ["state", "symbol", "side", "qty", "price"],
    FillsPanel: ["symbol", "side", "qty", "price"],
    PositionsPanel: ["symbol", "side", "qty", "open"],
}
"""What a trader reads first, by panel."""


@pytest.fixture
def made(rig: DesktopRig, qtbot: QtBot) -> Callable[..., TablePanel]:
    """Return what makes a panel with a row in it; it ends with the test."""

    def make(kind: type[TablePanel], size: tuple[int, int] = WIDE) -> TablePanel:
        panel = kind(rig.context, f"{kind.kind}-1")
        qtbot.addWidget(panel, before_close_func=lambda closed: closed.release())
        panel.resize(*size)
        panel.show()
        rig.feed(order(), fill("X-1"), positions=[position(100)], quotes=[quote()], status=status(now_ns=START_NS))
        QApplication.processEvents()
        return panel

    return make


def drag_edge(panel: TablePanel, name: str, by_px: int) -> None:
    """Drag the right edge of a column's title."""
    header = panel.view.horizontalHeader()
    number = panel.view.columns.column_named(name)
    at = QPoint(header.sectionViewportPosition(number) + header.sectionSize(number) - 1, header.height() // 2)
    viewport = header.viewport()
    QTest.mouseMove(viewport, at)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(viewport, at + QPoint(by_px // 2, 0))
    QTest.mouseMove(viewport, at + QPoint(by_px, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=at + QPoint(by_px, 0))


def width_of(panel: TablePanel, name: str) -> int:
    return panel.view.columnWidth(panel.view.columns.column_named(name))


@pytest.mark.parametrize("kind", KINDS)
def test_a_symbol_s_width_that_a_person_drags_sticks_and_is_kept(
    kind: type[TablePanel], made: Callable[..., TablePanel]
) -> None:
    panel = made(kind)
    before = width_of(panel, "symbol")
    drag_edge(panel, "symbol", -40)
    assert width_of(panel, "symbol") == before - 40
    panel.resize(1_400, 320)
    QApplication.processEvents()
    assert width_of(panel, "symbol") == before - 40
    panel.view.setColumnHidden(panel.view.columns.column_named("qty"), True)
    assert width_of(panel, "symbol") == before - 40
    other = made(kind)
    other.restore_settings(panel.save_settings())
    QApplication.processEvents()
    assert width_of(other, "symbol") == before - 40
    other.view.reset_widths()
    other.resize(*WIDE)
    QApplication.processEvents()
    assert width_of(other, "symbol") == before, "it takes what is left again"


@pytest.mark.parametrize("kind", KINDS)
def test_a_symbol_that_nobody_has_dragged_follows_the_room(
    kind: type[TablePanel], made: Callable[..., TablePanel]
) -> None:
    panel = made(kind)
    before = width_of(panel, "symbol")
    drag_edge(panel, "side", 12)
    assert width_of(panel, "symbol") != before
    other = made(kind, (700, 300))
    other.restore_settings(panel.save_settings())
    panel.resize(700, 300)
    QApplication.processEvents()
    assert width_of(panel, "symbol") == width_of(other, "symbol")


def test_a_width_set_by_hand_grows_with_the_text(made: Callable[..., TablePanel], qapp: QApplication) -> None:
    panel = made(OrdersPanel)
    drag_edge(panel, "symbol", -40)
    before = width_of(panel, "symbol")
    try:
        apply_theme(qapp, load_theme("dark", text_scale=TEXT_SCALE_MAX))
        grown = width_of(panel, "symbol")
        assert 1.5 * before < grown < TEXT_SCALE_MAX * 1.1 * before
        other = made(OrdersPanel)
        other.restore_settings(panel.save_settings())
        assert width_of(other, "symbol") == grown
    finally:
        apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("text_scale", "width"), [(1.0, 440), (1.5, 610)])
def test_what_a_trader_reads_first_is_whole_in_a_narrow_table(
    text_scale: float, width: int, kind: type[TablePanel], made: Callable[..., TablePanel], qapp: QApplication
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        panel = made(kind, (width, 240))
        view = panel.view
        shown = [column.name for column in view.shown_columns()]
        assert [name for name in shown if name in ESSENTIAL[kind]] == ESSENTIAL[kind]
        for name in ESSENTIAL[kind]:
            number = view.columns.column_named(name)
            left = view.columnViewportPosition(number)
            assert left >= 0
            assert left + view.columnWidth(number) <= view.viewport().width(), name
        panel.resize(1_600, 240)
        QApplication.processEvents()
        assert {"time", "mark"} & {column.name for column in view.shown_columns()}, "they are back where there is room"
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_column_that_only_has_no_room_is_copied_and_exported(made: Callable[..., TablePanel]) -> None:
    panel = made(OrdersPanel, (440, 240))
    assert "time" not in {column.name for column in panel.view.shown_columns()}
    panel.view.selectRow(0)
    for text in (panel.view.copy_selection().replace("\t", ","), panel.export_text()):
        assert text.startswith("State,Time,Symbol,Side,Qty,Filled,Left,Price"), text
