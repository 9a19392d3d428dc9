"""Every panel says what its controls and cells are to a screen reader, and its controls are reached by the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, limit, order, position, quote, status
from tests.helpers.panel_scenes import shown_panel, standing_panel
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.spoken_line import SpokenLine
from workstation.desktop.shell.top_bar import TopBar
from workstation.domain.orders import OrdStatus, RequestKind, Side

CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit)
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
REPEATS_A_KEY = re.compile(r"_(add_\d+|clear|preset_\d+|bid|ask|last)$|^chart-trade-|^ladder")
"""Buttons for the mouse alone, by name: each does what a key of the map or the field beside it does as well."""
PARTS_MAX = 80
"""Parts of one control that are looked at."""
NOTHING = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")


@pytest.fixture
def rig() -> Iterator[DesktopRig]:
    rig = DesktopRig()
    for command_id in ("market.bars", "order.outlook"):
        rig.gateway.answers[command_id] = NOTHING
    yield rig
    rig.stop()


@pytest.fixture
def window(rig: DesktopRig, qtbot: QtBot) -> Iterator[MainWindow]:
    configure_docking()
    window = MainWindow(rig.context, PANEL_KINDS)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.release()


def controls(panel: QWidget) -> list[QWidget]:
    """Return what a person operates in a panel, without the inner parts of Qt's own controls."""
    return [widget for widget in panel.findChildren(QWidget) if isinstance(widget, CONTROLS) and not is_inner(widget)]


def is_inner(widget: QWidget) -> bool:
    """Tell whether a widget is a part of one of Qt's own: a popup list, a clear button, a header, a scroll button."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, (QComboBox, QLineEdit, QAbstractSpinBox, QTabBar)):
            return True
        parent = parent.parentWidget()
    return isinstance(widget, QHeaderView) or widget.objectName() == "qt_tableview_cornerbutton"


def name_of(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip()


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_every_control_of_a_panel_has_a_name_and_is_reached_by_the_keyboard(
    kind: str, rig: DesktopRig, window: MainWindow
) -> None:
    panel = window.add_panel(kind)
    rig.feed(order(), quotes=[quote()], positions=[position()], status=status())
    everything = controls(panel.parentWidget() or panel)
    assert [f"{type(w).__name__} {w.objectName()}" for w in everything if not name_of(w)] == []
    unreached = [w.objectName() for w in everything if w.focusPolicy() is Qt.FocusPolicy.NoFocus]
    assert [name for name in unreached if not REPEATS_A_KEY.search(name)] == []


@pytest.mark.parametrize("kind", ["orders", "positions"])
def test_every_cell_says_its_column_and_its_value(kind: str, rig: DesktopRig, window: MainWindow) -> None:
    panel = window.add_panel(kind)
    rig.feed(order(), positions=[position()], status=status())
    model = panel.view.model()
    assert QAccessible.queryAccessibleInterface(panel.view).role() is QAccessible.Role.Table
    for column in range(model.columnCount()):
        cell = model.index(0, column)
        title = model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
        assert model.data(cell, Qt.ItemDataRole.AccessibleTextRole) == f"{title} {model.data(cell)}".strip()
        assert title or not model.data(cell)


@pytest.fixture
def keyboard(rig: DesktopRig, qtbot: QtBot, qapp: QApplication) -> Iterator[QWidget]:
    rig.feed(quotes=[quote()], status=status())
    window = QWidget()
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    speaker = QLabel(window)
    keys = HotkeyFilter(rig.context)
    SpokenLine(rig.context, keys, speaker)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.setFocus()
    qapp.installEventFilter(keys)
    yield window
    qapp.removeEventFilter(keys)


def test_a_key_reads_position_working_orders_and_freshness(qtbot: QtBot, rig: DesktopRig, keyboard: QWidget) -> None:
    sell = order("OMS-2", limit(Side.SELL, 18_800, qty=60))
    rig.feed(order(), sell, positions=[position(100, mark_age_ms=1_200)])
    qtbot.keyClick(keyboard, Qt.Key.Key_P, CTRL_SHIFT)
    assert rig.spoken[-1][1] == (
        "AAPL in SIM-1: long 100 at 187.00. Open P&L +19.00 USD by last 187.19, 1.2 s old. No stop protects it. "
        "Working: 1 buy for 100, 1 sell for 60. Quote fresh, 40 ms old."
    )
    assert rig.gateway.sent() == []


def test_what_is_read_aloud_is_announced_to_the_screen_reader_at_once_and_live_values_are_not(
    qtbot: QtBot, rig: DesktopRig, keyboard: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[QAccessibleEvent] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", told.append)
    rig.feed(order(), quotes=[quote(bid=18_720)], positions=[position()])
    assert told == []
    said = []
    for key in (Qt.Key.Key_P, Qt.Key.Key_B, Qt.Key.Key_R):
        qtbot.keyClick(keyboard, key, CTRL_SHIFT)
        said.append(rig.spoken[-1][1])
    assert all(isinstance(event, QAccessibleAnnouncementEvent) for event in told)
    assert [event.message() for event in told] == said
    assert {event.politeness() for event in told} == {QAccessible.AnnouncementPoliteness.Assertive}
    assert {event.object() for event in told} == {keyboard.findChild(QLabel)}


def test_the_position_read_says_when_flat_unmarked_unreconciled_unknown_stale_and_cut_off(
    qtbot: QtBot, rig: DesktopRig, keyboard: QWidget
) -> None:
    qtbot.keyClick(keyboard, Qt.Key.Key_P, CTRL_SHIFT)
    assert rig.spoken[-1][1] == "AAPL in SIM-1: flat. No working orders. Quote fresh, 40 ms old."
    lost = order(state=OrdStatus.SUBMITTED, unknown=RequestKind.SUBMIT, unknown_since=1)
    held = position(-50, mark=None, unrealised=None, theirs=-70)
    stale = quote(freshness="STALE", age_ms=9_000, flags=("UNSYNCED",))
    rig.feed(lost, positions=[held], quotes=[stale], status=status(venue_state="DOWN"))
    qtbot.keyClick(keyboard, Qt.Key.Key_P, CTRL_SHIFT)
    assert rig.spoken[-1][1] == (
        "AAPL in SIM-1: short 50 at 187.00. Open P&L is not known: nothing usable marks it. No stop protects it. "
        "Not reconciled: the venue holds −70. Working: 1 buy for 100, 1 of them UNKNOWN. "
        "Quote stale, 9.0 s old, unsynced. The link to the venue is down."
    )


def test_keys_read_the_market_and_the_last_refusal_in_full(qtbot: QtBot, rig: DesktopRig, keyboard: QWidget) -> None:
    qtbot.keyClick(keyboard, Qt.Key.Key_B, CTRL_SHIFT)
    assert rig.spoken[-1][1] == "AAPL: bid 187.19 for 300, ask 187.21 for 500, last 187.19. Quote fresh, 40 ms old."
    qtbot.keyClick(keyboard, Qt.Key.Key_R, CTRL_SHIFT)
    assert rig.spoken[-1][1] == "No order was refused or rejected."
    early = order("OMS-1", state=OrdStatus.REJECTED, text="too early", updated_at=1)
    late = order("OMS-2", state=OrdStatus.RISK_REJECTED, text="Refused: day loss. At the limit.", updated_at=2)
    rig.feed(late, early)
    qtbot.keyClick(keyboard, Qt.Key.Key_R, CTRL_SHIFT)
    said = "BUY 100 AAPL LIMIT 187.15 DAY · SIM-1: risk rejected. Refused: day loss. At the limit."
    assert rig.spoken[-1][1] == said


def test_the_notice_that_was_read_is_text_that_tab_reaches_and_never_widens_the_window(
    rig: DesktopRig, qtbot: QtBot
) -> None:
    bar = TopBar(rig.context)
    qtbot.addWidget(bar)
    narrow = bar.minimumSizeHint().width()
    rig.context.announcer.say("info", "a sentence " * 60)
    assert bar.minimumSizeHint().width() == narrow
    assert bar.notice.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert name_of(bar.notice).startswith("Notice: a sentence")


def interfaces(widget: QWidget) -> Iterator[QAccessibleInterface]:
    """Walk what a screen reader finds in a widget, itself first."""
    waiting = [QAccessible.queryAccessibleInterface(widget)]
    while waiting:
        found = waiting.pop()
        if found is not None and found.isValid() and not found.state().invisible:
            yield found
            waiting += [found.child(number) for number in range(min(found.childCount(), PARTS_MAX))]


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_a_screen_reader_finds_no_nameless_control_or_column(
    kind: str, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(shown.holder)
    nameless = [
        f"{found.role().name} {found.object().objectName() if found.object() else ''}"
        for found in interfaces(shown.holder)
        if (found.state().focusable or found.role() is QAccessible.Role.ColumnHeader)
        and found.role() not in (QAccessible.Role.Cell, QAccessible.Role.TreeItem)
        and not found.text(QAccessible.Text.Name)
    ]
    shown.panel.release()
    assert nameless == []


PAINTED = {
    "chart": ("chart-1_chart", "Price chart of AAPL, 1m", r"^O \d+\.\d\d  H \d+\.\d\d  L \d+\.\d\d  C \d+\.\d\d"),
    "pnl": ("pnl-1_curve", "Net P&L over the day", r"^15:\d\d:\d\d  −41\.00  96\.00 below the high$"),
    "time_sales": ("time_sales-1_prints", "Time and sales", r"^15:00:00\.000 buy 870 at 187\.21$"),
}
"""What paints itself, by panel: its object name, its name, and what it says in its scene."""


@pytest.mark.parametrize("kind", sorted(PAINTED))
def test_what_paints_itself_says_its_value_when_it_is_asked(
    kind: str, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(shown.holder)
    object_name, name, says = PAINTED[kind]
    painted = shown.holder.findChild(QWidget, object_name)
    assert painted is not None
    said = QAccessible.queryAccessibleInterface(painted)
    assert said.text(QAccessible.Text.Name) == name
    assert re.search(says, said.text(QAccessible.Text.Value)), said.text(QAccessible.Text.Value)
    assert said.text(QAccessible.Text.Description) == said.text(QAccessible.Text.Value)
    shown.panel.release()


def test_an_empty_tape_and_a_chart_that_waits_say_so(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> None:
    for kind, named, says in (
        ("time_sales", "time_sales-1_prints", "No prints of AAPL yet"),
        ("chart", "chart-1_chart", "loading"),
    ):
        shown = standing_panel(kind, rig, tmp_path)
        qtbot.addWidget(shown.holder)
        painted = shown.holder.findChild(QWidget, named)
        assert painted is not None
        said = QAccessible.queryAccessibleInterface(painted).text(QAccessible.Text.Value)
        assert says in said.lower() or says in said, said
        shown.panel.release()
