"""A user's own indicators from their file to the chart: offered, chosen with figures, kept, and anew when edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.test_chart_panel import answer
from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, status
from tests.unit.app.test_own_indicator_files import MIDDLE
from workstation.app.own_indicators import OwnFolder
from workstation.commands.registry import CommandResult, NoParams
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.chart_panel_indicators import IndicatorsDialog


class Files:
    """The folder of own indicators, and how the engine answers a desktop about it."""

    def __init__(self, folder: Path, rig: DesktopRig) -> None:
        self._folder, self._rig = folder, rig
        self.desk = OwnFolder(folder)

    def write(self, name: str, text: str) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / name).write_text(text, encoding="utf-8")

    def told(self) -> None:
        """Let the next look of the chart be due, and answer it."""
        self._rig.clock.advance(2 * SECOND)
        self._rig.feed(status=status(now_ns=START_NS))
        self._rig.gateway.answer("market.indicators", CommandResult(ok=True, text="", data=self.desk.load()))
        self._rig.bridge._on_answered()


@pytest.fixture
def files(tmp_path: Path, rig: DesktopRig):
    return Files(tmp_path / "indicators", rig)


@pytest.fixture
def panel(rig: DesktopRig, qtbot, files: Files):
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(900, 420)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    made.show_symbol("AAPL")
    answer(rig)
    yield made
    made.release()


def settle(panel: ChartPanel, qtbot) -> None:
    qtbot.waitUntil(lambda: not panel.chart.computing)
    QApplication.processEvents()


def values(panel: ChartPanel) -> list[float]:
    (lines,) = panel.chart.model.indicators
    return lines.line(0)[: len(panel.chart.model.bars)].round(6).tolist()


def expected(panel: ChartPanel, share: float) -> list[float]:
    _, high, low, *_ = panel.chart.model.bars.columns
    return (low + share * (high - low)).round(6).tolist()


def type_in(dialog: IndicatorsDialog, name: str, text: str) -> None:
    dialog.fields[name].selectAll()
    QTest.keyClicks(dialog.fields[name], text)


def test_a_file_in_the_folder_is_in_the_list_and_its_figures_have_their_bounds(
    panel: ChartPanel, files: Files, qtbot
) -> None:
    files.write("middles.py", MIDDLE)
    panel.tools.indicators.click()
    dialog = panel.findChild(IndicatorsDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.filter, "own")
    assert dialog.known.count() == 0, "nothing is known of the folder yet"
    files.told()
    assert [dialog.known.item(row).text() for row in range(dialog.known.count())] == ["Middle   own"]
    QTest.keyClick(dialog.filter, Qt.Key.Key_Return)
    settle(panel, qtbot)
    assert values(panel) == expected(panel, 0.5)
    type_in(dialog, "share", "2")
    assert "allowed 0 to 1" in dialog.errors["share"].text()
    type_in(dialog, "share", "1")
    settle(panel, qtbot)
    assert values(panel) == expected(panel, 1.0)
    assert panel.save_settings()["indicators"] == ["own.middles.Middle share=1 color=0"]


def test_a_layout_finds_its_own_indicators_once_their_files_are_loaded(panel: ChartPanel, files: Files, qtbot) -> None:
    files.write("middles.py", MIDDLE)
    kept = {**panel.save_settings(), "indicators": ["own.middles.Middle share=0.25 color=2"]}
    panel.restore_settings(kept)
    settle(panel, qtbot)
    assert "its file is being loaded" in panel.chart.model.indicators[0].error
    assert panel.save_settings()["indicators"] == kept["indicators"], "it is kept, whatever becomes of the file"
    files.told()
    settle(panel, qtbot)
    assert values(panel) == expected(panel, 0.25)


def test_an_edited_file_counts_at_once_and_a_broken_one_says_why_until_it_is_mended(
    panel: ChartPanel, files: Files, qtbot, logged: list[dict[str, object]]
) -> None:
    files.write("middles.py", MIDDLE)
    panel.studies.restore(["own.middles.Middle share=0.5 color=0"])
    files.told()
    settle(panel, qtbot)
    files.write("middles.py", MIDDLE.replace("bar.low +", "bar.low + 10 +"))
    files.told()
    settle(panel, qtbot)
    assert values(panel) == [round(value + 10, 6) for value in expected(panel, 0.5)]
    files.write("middles.py", MIDDLE + "\n1 / 0\n")
    files.told()
    settle(panel, qtbot)
    (lines,) = panel.chart.model.indicators
    assert "middles.py, line 13: ZeroDivisionError: division by zero" in lines.error
    assert len(panel.chart.model.bars) > 0
    (line,) = logged
    assert line["event"] == "indicator_not_loaded"
    files.write("middles.py", MIDDLE)
    files.told()
    settle(panel, qtbot)
    assert values(panel) == expected(panel, 0.5)


def test_a_file_that_is_gone_or_asks_for_other_figures_is_told_of(panel: ChartPanel, files: Files, qtbot) -> None:
    panel.studies.restore(["own.gone.Gone bars=3 color=0"])
    files.told()
    settle(panel, qtbot)
    assert "it is not in the folder indicators, file gone.py" in panel.chart.model.indicators[0].error
    files.write("middles.py", MIDDLE.replace("high=1)", "high=0.6)"))
    panel.studies.restore(["own.middles.Middle share=0.9 color=0"])
    files.told()
    settle(panel, qtbot)
    assert "share: 0.9 is out of range" in panel.chart.model.indicators[0].error


def test_a_file_that_cannot_be_loaded_stands_in_the_list_with_its_error(
    panel: ChartPanel, files: Files, logged: list[dict[str, object]]
) -> None:
    files.write("wrong.py", "class Middle(OwnIndicator:\n")
    panel.tools.indicators.click()
    files.told()
    dialog = panel.findChild(IndicatorsDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.filter, "wrong")
    assert dialog.known.item(0).text().startswith("wrong.py, line 1: ")
    QTest.keyClick(dialog.filter, Qt.Key.Key_Return)
    assert panel.studies.chosen == [], "it cannot be added"
    assert len(logged) == 1


def test_a_chart_without_own_indicators_asks_nothing_of_the_folder(panel: ChartPanel, rig: DesktopRig) -> None:
    rig.clock.advance(10 * SECOND)
    rig.feed(status=status(now_ns=START_NS))
    assert rig.gateway.of("market.indicators") == []
    panel.tools.indicators.click()
    assert rig.gateway.of("market.indicators") == [NoParams()]
