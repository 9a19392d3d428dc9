"""At every size of text what stands beside words grows with them: glyphs, fields, columns, the bar of a limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.test_pnl_stretch import later
from tests.helpers.desktop_rig import START_NS, DesktopRig, order, position, status
from tests.helpers.panel_scenes import shown_panel
from workstation.desktop.cell_painting import GLYPH_PX, CellPaint
from workstation.desktop.panels.faults_panel import SWITCH, FaultsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme, ui_font
from workstation.domain.orders import OrdStatus

TEXT_BESIDE_PX = 14
"""What a field or a switch keeps beside its text."""


@pytest.fixture(params=[1.0, 1.5, TEXT_SCALE_MAX])
def scale(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[float]:
    apply_theme(qapp, load_theme("dark", text_scale=request.param))
    yield request.param
    apply_theme(qapp, load_theme("dark"))


def test_the_glyph_of_a_state_grows_with_its_word(scale: float) -> None:
    paint = CellPaint()
    picture = paint.glyph("ring", "info", 1.0).toImage()
    assert picture.width() == round(GLYPH_PX * scale)
    drawn = [x for x in range(picture.width()) if any(picture.pixelColor(x, y).alpha() for y in range(picture.width()))]
    assert drawn[-1] - drawn[0] >= 0.75 * picture.width(), "it fills its room"


def test_the_field_of_a_typed_part_shows_its_words_whole(scale: float, rig: DesktopRig, qtbot: QtBot) -> None:
    panel = PositionsPanel(rig.context, "positions-1")
    qtbot.addWidget(panel)
    panel.show()
    words = panel.part.fontMetrics().horizontalAdvance(panel.part.placeholderText())
    assert panel.part.width() >= words + TEXT_BESIDE_PX
    panel.release()


def test_the_name_of_a_fault_is_not_cut(scale: float, rig: DesktopRig, qtbot: QtBot) -> None:
    panel = FaultsPanel(rig.context, "faults-1")
    qtbot.addWidget(panel)
    panel.show()
    QApplication.processEvents()
    metrics = panel.tree.fontMetrics()
    for item in panel.switches.values():
        box = panel.tree.visualRect(panel.tree.indexFromItem(item, SWITCH))
        assert box.width() >= metrics.horizontalAdvance(item.text(SWITCH)) + 12 * scale + TEXT_BESIDE_PX
        assert box.height() >= metrics.height() + 2
    panel.release()


def test_the_words_of_the_limit_stand_clear_of_its_bar(scale: float, rig: DesktopRig, qtbot: QtBot) -> None:
    panel = PnlPanel(rig.context, "pnl-1")
    qtbot.addWidget(panel)
    panel.resize(420, 600)
    panel.show()
    rig.feed(positions=[position(100)], status=status(now_ns=START_NS))
    QApplication.processEvents()
    assert panel.limit.height() >= QFontMetrics(ui_font("caption")).height() + 9
    panel.release()


@pytest.mark.parametrize("size", [(420, 500), (300, 420)])
def test_a_brushed_stretch_lies_over_nothing(
    scale: float, size: tuple[int, int], rig: DesktopRig, qtbot: QtBot
) -> None:
    panel = PnlPanel(rig.context, "pnl-1")
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    later(panel, rig, 0, 50, 20)
    rig.feed(positions=[position(300, theirs=200)])
    qtbot.keyClick(panel.curve, Qt.Key.Key_Home)
    qtbot.keyClick(panel.curve, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    QApplication.processEvents()
    assert panel.stretch.text().startswith("15:00:00 to 15:00:02: +20.00")
    for other in (panel.curve, panel.view, panel.reconcile, panel.limit):
        assert not panel.stretch.geometry().intersects(other.geometry()), other.objectName()
    qtbot.keyClick(panel.curve, Qt.Key.Key_Escape)  # the program knows from events alone that Shift is up
    assert panel.stretch.isHidden()
    panel.release()


@pytest.mark.parametrize("width", [900, 1_102, 1_500, 1_800])
def test_no_chip_of_the_blotter_is_cut_and_its_filter_can_be_read(
    scale: float, width: int, rig: DesktopRig, qtbot: QtBot
) -> None:
    panel = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(panel)
    panel.resize(width, 300)
    panel.show()
    rig.feed(order("OMS-1", state=OrdStatus.REJECTED), status=status(now_ns=START_NS))
    QApplication.processEvents()
    for button in panel.bar.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.objectName()
    assert panel.filter_line.width() >= panel.filter_line.fontMetrics().horizontalAdvance("state:working qty>=100")
    panel.release()


def test_the_contract_is_elided_to_what_symbol_and_account_leave(scale: float, rig: DesktopRig, qtbot: QtBot) -> None:
    panel = TicketPanel(rig.context, "ticket-1")
    header = panel.header_widget()
    for made in (panel, header):
        qtbot.addWidget(made)
    panel.show_symbol("AAPL")
    header.show()
    contract, symbol = header.findChild(QLabel, "ticket-1_contract"), header.findChild(QLineEdit, "ticket-1_symbol")
    for width in range(round(110 * scale), round(500 * scale), 20):
        header.resize(width, 40)
        QApplication.processEvents()
        assert contract.fontMetrics().horizontalAdvance(contract.text()) <= contract.width(), width
        assert symbol.width() >= symbol.fontMetrics().horizontalAdvance("AAPL"), width
    assert contract.text().startswith("Apple Inc. common stock")
    panel.release()


@pytest.mark.usefixtures("scale")
@pytest.mark.parametrize(
    ("kind", "tables"),
    [("sweeps", ["sweeps-1_sweeps", "sweeps-1_trials"]), ("backtests", ["backtests-1_runs", "backtests-1_trips"])],
)
def test_no_table_of_a_study_scrolls_sideways_in_the_least_windows(
    kind: str, tables: list[str], rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    panel, holder = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(holder)
    for width in (940, 1_260):
        holder.resize(width, 470)
        QApplication.processEvents()
        for name in tables:
            view = holder.findChild(SpareColumnView, name)
            assert view.horizontalScrollBar().maximum() == 0, name
            assert len(view.shown_columns()) > 3
    panel.release()


def test_no_cell_of_the_sums_is_cut_at_the_edge(rig: DesktopRig, qtbot: QtBot) -> None:
    panel = PnlPanel(rig.context, "pnl-1")
    qtbot.addWidget(panel)
    panel.show()
    rig.feed(positions=[position(100)], status=status(now_ns=START_NS))
    header = panel.view.horizontalHeader()
    for width in (300, 420, 500, 1_400):
        panel.resize(width, 600)
        QApplication.processEvents()
        room = panel.view.viewport().width()
        spans = [
            (header.sectionViewportPosition(n), header.sectionSize(n))
            for n in range(header.count())
            if not header.isSectionHidden(n)
        ]
        assert all(left >= room or left + size <= room for left, size in spans), width
        assert [column.name for column in panel.view.shown_columns()][:2] == ["symbol", "currency"]
        assert spans[0][1] <= 2 * panel.view._designed_width(0), "figures stay near what they are of"
    panel.release()
