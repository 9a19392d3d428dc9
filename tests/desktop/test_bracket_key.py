"""Another key than Alt with the mouse, where the window manager takes Alt: on the ladder and on the chart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.desktop import test_chart_entry as on_chart
from tests.desktop import test_ladder_gestures as on_ladder
from tests.desktop.test_chart_panel import answer
from tests.helpers.desktop_rig import START_NS, DesktopRig, quote, status
from workstation.commands.registry import CommandRegistry
from workstation.config.settings import Settings, load_settings
from workstation.config.settings_file import LIVE, TRADING, SettingsFile
from workstation.desktop.bracket_key import bracket_key
from workstation.desktop.eventloop import Desktop
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.ladder_options import LadderOptions
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.theme import load_theme
from workstation.domain.accounts import Environment
from workstation.domain.errors import UserError
from workstation.viewmodels.ladder_clicks import POINTER_QUIET_NS, Column
from workstation.viewmodels.ladder_settings import LadderSettings

LEFT = Qt.MouseButton.LeftButton
ALT, CTRL, META = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.MetaModifier,
)


@pytest.fixture(autouse=True)
def _usual() -> Iterator[None]:
    yield
    bracket_key().name = Settings().desktop.bracket_key


@pytest.fixture
def ladder(rig: DesktopRig, qtbot: QtBot) -> Iterator[LadderPanel]:
    rig.context.sizes.choose(3)
    made = LadderPanel(rig.context, "ladder-1")
    qtbot.addWidget(made)
    made.resize(420, 760)
    made.show()
    made.show_symbol("AAPL")
    rig.clock.advance(POINTER_QUIET_NS)
    rig.arm()
    on_ladder.market(rig, 18_719)
    yield made
    made.release()


@pytest.fixture
def chart(rig: DesktopRig, qtbot: QtBot) -> Iterator[ChartPanel]:
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show()
    rig.feed(status=status(now_ns=START_NS), quotes=[quote()])
    made.show_symbol("AAPL")
    answer(rig)
    made.tools.padlock.setChecked(True)
    yield made
    made.release()


@pytest.mark.parametrize(("name", "held"), [("alt", ALT), ("ctrl", CTRL), ("meta", META)])
def test_on_the_ladder_the_chosen_key_alone_drags_all_legs_of_a_bracket(
    ladder: LadderPanel, rig: DesktopRig, name: str, held: Qt.KeyboardModifier
) -> None:
    bracket_key().name = name
    on_ladder.bracket(rig)
    on_ladder.drag(ladder, 18_728, 18_726, held)
    moved = {change.cl_ord_id: change.price for change in rig.gateway.of("order.replace")}
    assert moved == {"OMS-2": 18_726, "OMS-1": 18_733}


def test_on_the_ladder_another_key_than_the_chosen_one_drags_one_leg(ladder: LadderPanel, rig: DesktopRig) -> None:
    bracket_key().name = "meta"
    on_ladder.bracket(rig)
    on_ladder.drag(ladder, 18_728, 18_726, ALT)
    assert [change.cl_ord_id for change in rig.gateway.of("order.replace")] == ["OMS-2"]


def test_on_the_ladder_the_chosen_key_attaches_the_bracket_as_the_preview_says(
    ladder: LadderPanel, rig: DesktopRig
) -> None:
    bracket_key().name = "meta"
    on_ladder.use(ladder, stop_ticks=10, target_ticks=25)
    on_ladder.hover(ladder, on_ladder.cell(ladder, Column.BID, 18_715))
    QTest.keyPress(ladder.view, Qt.Key.Key_Meta)
    read = ladder.preview.full_text
    assert "STOP-LOSS 187.05 · TAKE-PROFIT 187.40" in read
    on_ladder.click(ladder, Column.BID, 18_715, META)
    on_ladder.click(ladder, Column.BID, 18_715, ALT)
    with_it, without = rig.gateway.of("order.submit")
    assert (with_it.stop_loss_px, with_it.metadata["preview"]) == (18_705, read)
    assert without.stop_loss_px is None


def test_the_settings_of_a_ladder_name_the_chosen_key(ladder: LadderPanel, qtbot: QtBot) -> None:
    bracket_key().name = "ctrl"
    popup = LadderOptions(LadderSettings(), ladder)
    qtbot.addWidget(popup)
    said = [label.text() for label in popup.findChildren(QLabel)]
    assert {"Stop with Ctrl", "Target with Ctrl"} <= set(said)


def test_on_the_chart_the_chosen_key_drags_all_legs_and_alt_one(chart: ChartPanel, rig: DesktopRig) -> None:
    bracket_key().name = "ctrl"
    on_chart.bracket(rig)
    for held, legs in ((ALT, 1), (CTRL, 2)):
        on_chart.pull(chart, 187.60, 187.40, held)
        moved = chart.chart.model.drag
        assert moved is not None
        assert (", 2 legs" in chart.chart.model.dragged_words()) is (legs == 2)
        before = len(rig.gateway.of("order.replace"))
        if legs == 1:
            QTest.keyClick(chart.chart, Qt.Key.Key_Escape)
        on_chart.let_go(chart, moved.price, held)
        assert len(rig.gateway.of("order.replace")) - before == (0 if legs == 1 else 2)


def test_on_the_chart_the_chosen_key_attaches_the_bracket_and_the_buttons_name_it(
    chart: ChartPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    bracket_key().name = "ctrl"
    rig.arm(Environment.SIM)
    buy = on_chart.offered(chart, qtbot)
    hint = buy.parentWidget().findChild(QLabel, "chart-trade-hint")
    assert hint.text() == "Ctrl: stop 20t, target 40t"
    _plain, bracket = on_chart.enter(buy)
    assert bracket.startswith("Ctrl: BUY ")
    QTest.mouseClick(buy, LEFT, CTRL)
    (sent,) = rig.gateway.of("order.submit")
    assert sent.stop_loss_px is not None


def test_the_key_is_a_setting_that_acts_at_once_and_disarms(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "config.toml")
    assert Settings().desktop.bracket_key == "alt"
    with pytest.raises(UserError, match="bracket_key"):
        file.set("desktop.bracket_key", "shift")
    assert file.set("desktop.bracket_key", "meta").desktop.bracket_key == "meta"
    assert "desktop.bracket_key" in LIVE
    assert "desktop.bracket_key" in TRADING


def test_a_desktop_starts_with_the_key_that_was_set_and_a_change_acts_at_once(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    rig, file = DesktopRig(), tmp_path / "config.toml"
    file.write_text('[desktop]\nbracket_key = "meta"\n', encoding="utf-8")
    store = SettingsStore(file, load_settings(file))
    desktop = Desktop(
        rig.session, rig.gateway, CommandRegistry(), layouts=tmp_path / "layouts", look=load_theme("dark"),
        frame_hz=30, disarm_after_s=600, settings=store,
    )  # fmt: skip
    qtbot.addWidget(desktop.workspace.window)
    assert bracket_key().name == "meta"
    assert store.set("desktop.bracket_key", "ctrl") == ""
    assert bracket_key().word == "Ctrl"
    desktop.stop()
    rig.stop()
