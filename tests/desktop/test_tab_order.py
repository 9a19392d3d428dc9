"""Tab goes round every control of every panel as it stands, each says what it is, and the one it is in can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import shown_panel
from tests.helpers.picture_compare import pixels_of
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.panel import Panel
from workstation.desktop.theme import TEXT_SCALE_MAX, THEME_NAMES, apply_theme, load_theme

PAINTED = ("ChartView", "CurveView", "KeyedLadder", "TapeView")
"""Controls that draw themselves and take the keyboard."""
SEEN_DIFFERENCE, SEEN_PIXELS_MIN = 24, 40
STOPS_MAX = 80

ORDER = {
    "alerts": "table symbol condition keep event interval name repeats mail webhook end line",
    "api_access": "switch copy_address keys permit_order_notional permit_day_notional permit_position_notional revoke "
    "permit_hours permit permit_end name preset cap days create requests",
    "backtests": "runs trips code symbols interval start end parameters fees fill options slippage seed cash any_size "
    "begin report forget",
    "chart": "link interval_1s interval_5s interval_15s interval_1m interval_5m interval_15m interval_1h interval_1d "
    "counted type indicators draw view padlock chart",
    "connections": "links accounts differences disconnect diagnostics reconcile renew reason",
    "faults": "switches symbol times lasts delay amount all_off",
    "fills": "filter here by_order table",
    "hotkeys": "test add remove reload open_file binds",
    "ladder": "link symbol qty pnl marketable options view cancel_bids cancel_all cancel_asks "
    "position breakeven centre flatten reverse",
    "log": "filter lines",
    "orders": "filter more group rejects cancel table",
    "pnl": "basis by reconcile curve table",
    "positions": "table",
    "provenance": "redact then retry copy export facts",
    "risk": "table stop_scope stop_reason kill flatten limit scope value reason set",
    "settings": "search default table",
    "stored_data": "import series holes",
    "strategies": "definitions runs log code create history account capital hold reload policy stop",
    "sweeps": "sweeps trials across down measure code symbols interval parameters fees search best cluster options "
    "out_of_sample folds seed cash any_size begin forget",
    "ticket": "link symbol buy short type tif qty presets price peg stop_loss take_profit display post_only "
    "reduce_only send working",
    "time_sales": "link size side prices codes hold prints group",
    "watchlist": "link lists add table",
    "webhooks": "new hooks only_dead deliveries",
}
"""The tab order of each panel, as written down: names of controls without the panel's own."""


class Opened(NamedTuple):
    """A panel with its scene in a window that has the keyboard. around: it under its chips, as the window holds it."""

    panel: Panel
    around: QWidget


WHERE_LOW = {"time_sales": ("fold",)}
"""What stands for other controls in a low panel."""


@pytest.fixture
def opened(kind: str, qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    flash = qapp.cursorFlashTime()
    qapp.setCursorFlashTime(0)
    rig = DesktopRig()
    panel, around = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(around)
    around.hide()
    around.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, on=False)
    with qtbot.waitActive(around):
        around.show()
        around.activateWindow()
    yield Opened(panel, around)
    panel.release()
    rig.stop()
    qapp.setCursorFlashTime(flash)


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def tabbed(opened: Opened, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Press a key from the first control until it comes round; returns each control that had the keyboard."""
    stops: list[QWidget] = []
    opened.panel.setFocus()
    while len(stops) < STOPS_MAX:
        QTest.keyClick(focused(), key)
        if focused() in stops:
            assert focused() is stops[0], f"the keyboard is kept at {focused().objectName()}"
            return stops
        stops.append(focused())
    raise AssertionError([stop.objectName() for stop in stops])


def short_name(opened: Opened, widget: QWidget) -> str:
    name = widget.objectName().removeprefix(f"{opened.panel.panel_id}_")
    return "chart" if name == "chart-view" else name


def turned(names: list[str], first: str) -> list[str]:
    at = names.index(first)
    return names[at:] + names[:at]


def controls(around: QWidget) -> list[QWidget]:
    """Return what a person operates, shown and usable, without the inner parts of Qt's own controls."""
    kinds = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit)
    return [
        widget
        for widget in around.findChildren(QWidget)
        if (isinstance(widget, kinds) or type(widget).__name__ in PAINTED)
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(widget.parentWidget(), (QComboBox, QLineEdit, QAbstractSpinBox))
    ]


def is_reached_by_arrow(widget: QWidget) -> bool:
    """Tell whether a button is one of several of which one is chosen: Tab goes to that one, arrows to the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group is not None and group.exclusive() and widget is not group.checkedButton()


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_tab_goes_round_every_control_in_the_order_written_down_and_back_again(kind: str, opened: Opened) -> None:
    stops = tabbed(opened)
    names = [short_name(opened, stop) for stop in stops]
    wanted = ORDER[kind].split()
    assert turned(names, wanted[0]) == wanted
    missed = [widget.objectName() for widget in controls(opened.around) if widget not in stops]
    assert [name for name in missed if not is_reached_by_arrow(opened.around.findChild(QWidget, name))] == []
    back = [short_name(opened, stop) for stop in tabbed(opened, Qt.Key.Key_Backtab)]
    assert turned(back, wanted[-1]) == wanted[::-1]


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_each_control_says_what_it_is_and_a_choice_says_it_beside_its_value(kind: str, opened: Opened) -> None:
    for widget in tabbed(opened):
        told = QAccessible.queryAccessibleInterface(widget)
        assert widget.accessibleName().strip(), widget.objectName()
        assert told.text(QAccessible.Text.Name).strip(), widget.objectName()
        if isinstance(widget, QComboBox):
            assert told.text(QAccessible.Text.Value) == widget.currentText()
            assert told.text(QAccessible.Text.Description).strip(), widget.objectName()
        if isinstance(widget, QTableView) and widget.model().rowCount():
            assert silent_cells(widget) == []


def silent_cells(table: QTableView) -> list[str]:
    """Return the cells of the first row that stand without a title, or do not tell the text that stands in them."""
    model, silent = table.model(), []
    for column in range(model.columnCount()):
        text = str(model.index(0, column).data() or "")
        told = str(model.index(0, column).data(Qt.ItemDataRole.AccessibleTextRole) or text)
        roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        titles = [model.headerData(column, Qt.Orientation.Horizontal, role) for role in roles]
        if text and (text not in told or not any(titles)):
            silent.append(f"{table.objectName()} {column}: {text!r}, told {told!r}")
    return silent


@pytest.fixture(params=THEME_NAMES)
def themed(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    apply_theme(qapp, load_theme(request.param))
    yield request.param
    apply_theme(qapp, load_theme("dark"))


@pytest.mark.usefixtures("themed")
@pytest.mark.parametrize("kind", ["chart", "hotkeys", "ladder", "provenance", "ticket", "time_sales"])
def test_where_the_keyboard_is_can_be_seen_in_every_theme(kind: str, opened: Opened) -> None:
    assert not hidden_focus(opened)


@pytest.fixture
def dark(qapp: QApplication) -> None:
    apply_theme(qapp, load_theme("dark"))


@pytest.mark.usefixtures("dark")
@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_where_the_keyboard_is_can_be_seen(kind: str, opened: Opened) -> None:
    assert not hidden_focus(opened)


@pytest.fixture
def largest_text(qapp: QApplication) -> Iterator[None]:
    load_fonts()
    apply_theme(qapp, load_theme("dark", text_scale=TEXT_SCALE_MAX))
    yield
    apply_theme(qapp, load_theme("dark"))


@pytest.mark.usefixtures("largest_text")
@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_at_the_largest_text_every_control_is_as_high_as_its_text_and_tab_still_goes_round(
    kind: str, opened: Opened
) -> None:
    stops = tabbed(opened)
    written = [stop for stop in stops if not isinstance(stop, QAbstractButton) or stop.text()]
    assert [stop.objectName() for stop in written if stop.height() < stop.fontMetrics().height()] == []
    known = {*ORDER[kind].split(), *WHERE_LOW.get(kind, ())}
    assert [short_name(opened, stop) for stop in stops if short_name(opened, stop) not in known] == []


def hidden_focus(opened: Opened) -> list[str]:
    """Return the controls that look the same with the keyboard as without."""
    stops = tabbed(opened)
    return [stop.objectName() for stop in stops if changed_pixels(opened.around, stop) < SEEN_PIXELS_MIN]


def changed_pixels(around: QWidget, widget: QWidget) -> int:
    """Return how many pixels of a control and its edge change clearly when the keyboard comes to it."""
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    place = QRect(widget.mapTo(around, QPoint(0, 0)), widget.size()).adjusted(-2, -2, 2, 2)
    with_it = pixels_of(around.grab(place).toImage())
    widget.clearFocus()
    QApplication.processEvents()
    without = pixels_of(around.grab(place).toImage())
    return int((np.abs(with_it - without).max(axis=2) >= SEEN_DIFFERENCE).sum())


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    configure_docking()
    rig = DesktopRig()
    window = MainWindow(rig.context, PANEL_KINDS)
    qtbot.addWidget(window)
    for kind in ("log", "fills"):
        window.add_panel(kind)
    window.show_panel("fills-1")
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield window
    window.release()
    rig.stop()


def test_tab_goes_through_the_whole_window_but_not_behind_other_tabs(window: MainWindow) -> None:
    window.panels["fills-1"].setFocus()
    stops: list[str] = []
    while len(stops) < STOPS_MAX and focused().objectName() not in stops:
        stops.append(focused().objectName())
        QTest.keyClick(focused(), Qt.Key.Key_Tab)
    assert focused().objectName() == stops[0] == "fills-1_table"
    at = stops.index("fills-1_filter")
    assert stops[at:] == ["fills-1_filter", "fills-1_here", "fills-1_by_order"]
    assert window.top_bar.notice.objectName() in stops
    assert not [name for name in stops if name.startswith("log-1")]


def test_tab_goes_round_a_panel_that_floats_alone(window: MainWindow) -> None:
    panel = window.panels["fills-1"]
    window.docking.findDockWidget("fills-1").setFloating()
    floating = panel.window()
    assert floating is not window
    panel.setFocus()
    stops = []
    for _ in range(4):
        QTest.keyClick(floating.focusWidget(), Qt.Key.Key_Tab)
        stops.append(floating.focusWidget().objectName())
    assert stops == ["fills-1_filter", "fills-1_here", "fills-1_by_order", "fills-1_table"]


@pytest.mark.parametrize("kind", ["sweeps"])
def test_a_control_that_tab_comes_to_is_scrolled_into_view(kind: str, opened: Opened) -> None:
    opened.around.resize(900, 300)
    QApplication.processEvents()
    area = opened.around.findChild(QScrollArea, "sweeps-1_scroll")
    assert area is not None
    opened.panel.setFocus()
    seen = []
    for _ in ORDER[kind].split():
        QTest.keyClick(focused(), Qt.Key.Key_Backtab)
        if area.isAncestorOf(focused()):
            center = focused().mapTo(area.viewport(), focused().rect().center())
            seen.append(area.viewport().rect().contains(center))
    assert seen
    assert all(seen)
