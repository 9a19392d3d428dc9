"""A table in a low or narrow place shows whole rows and whole columns; what stands around its rows gives way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.desktop.test_fills_panel import fill
from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, position, quote, status
from workstation.desktop.low_table import ROWS_LEAST
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.panels.watchlist_panel import WatchlistPanel
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.domain.orders import Side

ROOMS = {1.5: (500, 134), TEXT_SCALE_MAX: (500, 126)}
"""What the lower middle of the trading workspace has in a window of 960 x 600, by size of text."""
LISTS = {1.5: (222, 54), TEXT_SCALE_MAX: (222, 43)}
"""What its watchlist has below the bar."""
SYMBOLS = ("AAPL", "MSFT", "ESZ6")


@pytest.fixture(params=sorted(ROOMS))
def scale(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[float]:
    apply_theme(qapp, load_theme("dark", text_scale=request.param))
    yield request.param
    apply_theme(qapp, load_theme("dark"))


@pytest.fixture
def made(rig: DesktopRig, qtbot: QtBot) -> Iterator[Callable[[type[TablePanel], tuple[int, int]], TablePanel]]:
    """Return what makes a panel of a size with a few rows in it."""
    panels: list[TablePanel] = []

    def make(kind: type[TablePanel], size: tuple[int, int]) -> TablePanel:
        panel = kind(rig.context, f"{kind.kind}-1")
        panels.append(panel)
        qtbot.addWidget(panel)
        panel.resize(*size)
        panel.show()
        if isinstance(panel, WatchlistPanel):
            for symbol in SYMBOLS:
                panel.add(symbol)
        rig.feed(
            *(order(f"OMS-{n}", limit(Side.SELL, 18_726 + n)) for n in range(9)),
            *(fill(f"X-{n}") for n in range(5)),
            positions=[position(100 * n, symbol=symbol) for n, symbol in enumerate(SYMBOLS, 1)],
            quotes=[quote(symbol) for symbol in SYMBOLS],
            status=status(now_ns=START_NS),
        )
        QApplication.processEvents()
        return panel

    yield make
    for panel in panels:
        panel.release()


def whole_rows(panel: TablePanel) -> int:
    view = panel.view
    return sum(
        view.viewport().rect().contains(QPoint(0, view.rowViewportPosition(row) + view.rowHeight(row) - 1))
        for row in range(len(view.columns.table))
        if view.rowViewportPosition(row) >= 0
    )


@pytest.mark.parametrize("kind", [OrdersPanel, FillsPanel, PositionsPanel])
def test_two_rows_are_whole_in_the_least_window_at_large_text(
    kind: type[TablePanel], scale: float, made: Callable[..., TablePanel]
) -> None:
    panel = made(kind, ROOMS[scale])
    assert len(panel.view.columns.table) > ROWS_LEAST
    assert whole_rows(panel) >= ROWS_LEAST
    assert len(panel.bar.rows) == 1
    assert panel.bar.geometry().bottom() < panel.view.geometry().top()


@pytest.mark.parametrize("kind", [OrdersPanel, FillsPanel, PositionsPanel])
def test_no_column_is_cut_at_the_edge_of_the_least_window(
    kind: type[TablePanel], scale: float, made: Callable[..., TablePanel]
) -> None:
    view = made(kind, ROOMS[scale]).view
    header, room = view.horizontalHeader(), view.viewport().width()
    shown = [n for n in range(header.count()) if not header.isSectionHidden(n)]
    spans = [(header.sectionViewportPosition(n), header.sectionSize(n)) for n in shown]
    assert all(left >= room or left + size <= room for left, size in spans), (scale, spans, room)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("kind", [OrdersPanel, FillsPanel, PositionsPanel])
def test_with_room_titles_and_sums_stand_where_they_stood(
    kind: type[OrdersPanel | FillsPanel | PositionsPanel],
    made: Callable[..., OrdersPanel | FillsPanel | PositionsPanel],
) -> None:
    panel = made(kind, (1_300, 400))
    assert panel.view.horizontalHeader().isVisible()
    assert panel.view.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAsNeeded
    if not isinstance(panel, OrdersPanel):
        assert panel.totals.isVisible()


def test_a_low_watchlist_shows_an_instrument_with_its_last_price(scale: float, made: Callable[..., TablePanel]) -> None:
    panel = made(WatchlistPanel, LISTS[scale])
    panel.restore_settings({"list": ["# Stocks", *SYMBOLS]})
    QApplication.processEvents()
    view = panel.view
    view.scrollToTop()
    assert whole_rows(panel) >= (ROWS_LEAST if scale < TEXT_SCALE_MAX else 1)
    assert not view.columns.row_at(0).is_heading
    last = view.columns.column_named("last")
    cell = view.visualRect(view.columns.index(0, last))
    assert view.viewport().rect().contains(cell), cell
    kept = view.save_settings()
    order_of, widths = kept["columns"], kept["widths"]
    assert isinstance(order_of, list)
    assert isinstance(widths, list)
    assert widths[order_of.index("last")] == view._designed_width(last), "what was lent is not kept"
    panel.resize(700, 400)
    QApplication.processEvents()
    assert view.columnWidth(last) == view._designed_width(last)
    assert view.columns.row_at(0).is_heading


def test_what_is_not_seen_whole_is_not_under_the_pointer(made: Callable[..., TablePanel], qtbot: QtBot) -> None:
    panel = made(OrdersPanel, (900, 160))
    view = panel.view
    rows, row = view.viewport().height() // view.rowHeight(0), view.rowHeight(0)
    panel.resize(900, 160 + row // 2 - view.viewport().height() % row)
    QApplication.processEvents()
    assert rows < len(view.columns.table)
    below = QPoint(20, view.viewport().height() - 2)
    assert view.rowAt(below.y()) == rows, "a part of a row would stand there"
    assert not view.indexAt(below).isValid()
    before = view.viewport().grab().toImage()
    ground = before.pixelColor(4, view.viewport().height() - 1)
    assert all(before.pixelColor(x, view.viewport().height() - 4) == ground for x in range(4, 200)), (
        "and is not painted"
    )
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=below)
    assert not view.selected_rows()
