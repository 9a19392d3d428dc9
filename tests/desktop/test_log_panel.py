"""The log panel: coloured by level, filtered, bounded, and a line that names an order leads to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import START_NS, DesktopRig, order
from workstation.desktop.panels import log_panel
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.theme import current_theme
from workstation.viewmodels.frames import LogRow, Notice


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[LogPanel]:
    made = LogPanel(rig.context, "log-1")
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    yield made
    made.release()


def row(level: str, event: str, fields: str = "") -> LogRow:
    return LogRow("2024-01-02T15:00:00.123456Z", level, event, fields)


def lines(panel: LogPanel) -> QListWidget:
    found = panel.findChild(QListWidget, "log-1_lines")
    assert found is not None
    return found


def test_levels_have_a_word_and_a_colour_and_control_characters_cannot_forge_a_line(
    panel: LogPanel, rig: DesktopRig
) -> None:
    rig.feed(row("warning", "stall"), row("error", "a\nb"), row("info", "started"))
    shown, colors = lines(panel), current_theme().colors
    texts = [shown.item(number).text() for number in range(shown.count())]
    assert [text.split()[1] for text in texts] == ["WARNING", "ERROR", "INFO"]
    assert texts[1].endswith(r"a\nb")
    inks = [shown.item(number).foreground().color() for number in range(3)]
    assert inks == [colors.warning, colors.danger, colors.text_muted]


def test_it_keeps_no_more_than_its_bound_and_filters_by_words_and_level(
    panel: LogPanel, rig: DesktopRig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_panel, "LINES_MAX", 10)
    rig.feed(*(row("info", f"tick {number}") for number in range(25)))
    assert lines(panel).count() == 10
    rig.feed(row("warning", "tick stall"))
    qtbot.keyClicks(panel._filter, "WARNING tick")
    assert [lines(panel).item(0).text().split()[-1], lines(panel).count()] == ["stall", 1]


def test_a_line_that_names_an_order_leads_to_where_it_came_from(panel: LogPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    asked: list[str] = []
    panel.provenance_asked.connect(asked.append)
    about = Notice(level="warning", text="Rejected.", ts=START_NS, cl_ord_id="OMS-9")
    rig.feed(order("OMS-7"), row("info", "order_sent", "cl_ord_id=OMS-7 venue=SIM"), about, row("info", "x"))
    shown = lines(panel)
    for number in range(3):
        shown.setCurrentRow(number)
        qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert asked == ["OMS-7", "OMS-9"]
    assert rig.spoken[-1] == ("info", "This line names no order.")
    shown.setCurrentRow(0)
    assert panel.chosen_order() == "OMS-7", "Ctrl+I asks for the order of the chosen line"
