"""The settings panel: searched, edited by keys, disarming where trading is touched, and honest about its file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.commands.registry import CommandResult
from workstation.config.settings import load_settings
from workstation.config.start import settings_at_start
from workstation.desktop.panels.settings_panel import MEANING, VALUE, SettingsPanel
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.shell.file_banners import SettingsBanner
from workstation.domain.accounts import Environment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "config.toml"
    made.write_text('# mine\n[desktop]\ntheme = "light"\n')
    return made


@pytest.fixture
def panel(rig: DesktopRig, path: Path, qtbot: QtBot) -> Iterator[SettingsPanel]:
    store = SettingsStore(path, load_settings(path))
    made = SettingsPanel(dataclasses.replace(rig.context, settings=store), "settings-1")
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    yield made
    made.release()


def place(panel: SettingsPanel, name: str) -> int:
    items = [panel.table.item(row, 0) for row in range(panel.table.rowCount())]
    return next(row for row, item in enumerate(items) if item is not None and item.text() == name)


def cell(panel: SettingsPanel, name: str, column: int = VALUE) -> str:
    item = panel.table.item(place(panel, name), column)
    return "" if item is None else item.text()


def type_value(panel: SettingsPanel, qtbot: QtBot, name: str, text: str) -> None:
    item = panel.table.item(place(panel, name), VALUE)
    assert item is not None
    panel.table.setCurrentItem(item)
    panel.table.editItem(item)
    editor = next(line for line in panel.table.viewport().findChildren(QLineEdit) if line.isVisible())
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()


def test_search_words_leave_only_what_has_them_all(panel: SettingsPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.search, "retry webhooks")
    seen = [row for row in range(panel.table.rowCount()) if not panel.table.isRowHidden(row)]
    assert [panel.table.item(row, 0).text() for row in seen] == ["webhooks.retry_delay"]  # type: ignore[union-attr]  # rows have items
    qtbot.keyClicks(panel.search, " nothing")
    assert panel.note.text() == "No setting has these words."


def test_an_edit_is_written_and_told_at_once_and_taken_back(panel: SettingsPanel, path: Path, qtbot: QtBot) -> None:
    told: list[str] = []
    assert panel.store is not None
    panel.store.changed.connect(lambda name, _settings: told.append(name))
    type_value(panel, qtbot, "desktop.theme", "dark")
    assert path.read_text() == '# mine\n[desktop]\ntheme = "dark"\n'
    assert told == ["desktop.theme"]
    panel.undo.click()
    assert cell(panel, "desktop.theme") == "light"
    assert told == ["desktop.theme"] * 2
    assert not panel.undo.isEnabled()


def test_a_value_out_of_range_is_refused_with_its_range(panel: SettingsPanel, path: Path, qtbot: QtBot) -> None:
    before = path.read_text()
    type_value(panel, qtbot, "api.port", "70000")
    assert "Refused" in panel.note.text()
    assert "65535" in panel.note.text()
    assert cell(panel, "api.port") == "70000"
    assert path.read_text() == before


def test_a_change_that_touches_trading_disarms(panel: SettingsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.arm(Environment.SIM)
    type_value(panel, qtbot, "desktop.theme", "dark")
    assert rig.gateway.of("risk.disarm") == []
    type_value(panel, qtbot, "oms.confirm_warnings", "true")
    assert [params.reason for params in rig.gateway.of("risk.disarm")] == ["setting oms.confirm_warnings"]


def test_what_is_undone_set_back_or_read_anew_disarms_where_it_touches_trading(
    panel: SettingsPanel, rig: DesktopRig, path: Path, qtbot: QtBot
) -> None:
    type_value(panel, qtbot, "oms.confirm_warnings", "true")
    type_value(panel, qtbot, "desktop.theme", "dark")
    rig.arm(Environment.SIM)

    def reasons() -> list[str]:
        return [params.reason for params in rig.gateway.of("risk.disarm")]

    panel.undo.click()
    assert reasons() == [], "the theme is no matter of trading"
    panel.undo.click()
    assert reasons() == ["settings undone"]
    type_value(panel, qtbot, "oms.confirm_warnings", "true")
    panel.table.selectRow(place(panel, "oms.confirm_warnings"))
    panel.default.click()
    assert reasons()[1:] == ["setting oms.confirm_warnings"] * 2
    path.write_text("[oms]\nconfirm_warnings = true\n")
    panel.search.setText("oms")
    panel.reload.click()
    assert reasons()[3:] == ["settings reloaded"]


def test_hand_entry_is_disarmed_before_an_undo_changes_what_it_trades_by(
    panel: SettingsPanel, rig: DesktopRig, path: Path, qtbot: QtBot
) -> None:
    type_value(panel, qtbot, "oms.confirm_warnings", "true")
    rig.arm(Environment.SIM)
    order: list[str] = []
    assert panel.store is not None
    panel.store.changed.connect(lambda name, _settings: order.append(name))

    def disarmed(_params: object) -> CommandResult:
        order.append(f"disarmed, {path.read_text()!r}")
        return CommandResult(ok=True, text="")

    rig.gateway.answers["risk.disarm"] = disarmed
    panel.undo.click()
    before = '# mine\n[desktop]\ntheme = "light"\n\n[oms]\nconfirm_warnings = true\n'
    assert order == [f"disarmed, {before!r}", "oms.confirm_warnings"]


def test_a_file_that_cannot_be_read_disarms_before_the_undo(
    panel: SettingsPanel, rig: DesktopRig, path: Path, qtbot: QtBot
) -> None:
    type_value(panel, qtbot, "desktop.theme", "dark")
    path.write_text("[desktop\n")
    rig.arm(Environment.SIM)
    panel.undo.click()
    assert [params.reason for params in rig.gateway.of("risk.disarm")] == ["settings undone"]
    assert cell(panel, "desktop.theme") == "light"


def test_the_default_is_one_press_away(panel: SettingsPanel) -> None:
    panel.table.selectRow(place(panel, "desktop.theme"))
    panel.default.click()
    assert (cell(panel, "desktop.theme"), cell(panel, "desktop.theme", 4)) == ("dark", "default")


def test_a_file_changed_outside_is_shown_as_a_difference_and_taken_on_consent(panel: SettingsPanel, path: Path) -> None:
    path.write_text("[api]\nport = 9123\n")
    panel.search.setText("api")
    assert "api.port: 8710 → 9123" in panel.note.text()
    assert cell(panel, "api.port") == "8710"
    panel.reload.click()
    assert cell(panel, "api.port") == "9123"


def test_a_file_broken_outside_is_named_and_the_settings_before_stay(panel: SettingsPanel, path: Path) -> None:
    path.write_text("[api\n")
    panel.search.setText("api")
    assert "line 1" in panel.note.text()
    assert cell(panel, "api.port") == "8710"


def test_without_a_file_it_says_so(rig: DesktopRig, qtbot: QtBot) -> None:
    made = SettingsPanel(rig.context, "settings-2")
    qtbot.addWidget(made)
    assert "without a settings file" in made.note.text()
    made.release()


def test_in_a_narrow_panel_the_meaning_is_seen_whole_and_the_line_below_tells_the_rest(panel: SettingsPanel) -> None:
    panel.resize(760, 400)
    QApplication.processEvents()
    header = panel.table.horizontalHeader()
    seen = [number for number in range(header.count()) if not header.isSectionHidden(number)]
    assert seen == [0, VALUE, MEANING]
    assert panel.table.horizontalScrollBar().maximum() == 0
    assert header.sectionSize(MEANING) > 400
    panel.table.setCurrentCell(place(panel, "desktop.frame_hz"), 0)
    assert panel.chosen.text().endswith("; whole number ≥ 10 ≤ 60; default 60; holds from the next start.")
    panel.resize(1_200, 400)
    QApplication.processEvents()
    assert not any(header.isSectionHidden(number) for number in range(header.count()))
    assert panel.table.horizontalScrollBar().maximum() == 0


def test_a_file_that_was_broken_at_the_start_is_told_across_the_window_until_it_reads_well(
    rig: DesktopRig, path: Path, qtbot: QtBot
) -> None:
    path.write_text("[api\n")
    settings, trouble = settings_at_start(path, (), {})
    store = SettingsStore(path, settings, trouble)
    rig.arm(Environment.SIM)
    banner = SettingsBanner(rig.context, store)
    qtbot.addWidget(banner)
    panel = SettingsPanel(dataclasses.replace(rig.context, settings=store), "settings-1")
    qtbot.addWidget(panel)
    text, reload = banner.findChild(QLabel), banner.findChild(QPushButton, "settings_banner_reload")
    assert text is not None
    assert reload is not None
    assert not banner.isHidden()
    assert "line 1, column" in text.text()
    assert panel.note.text() == text.text()
    reload.click()
    assert "line 1, column" in text.text()
    assert [params.reason for params in rig.gateway.of("risk.disarm")] == ["settings reloaded"]
    assert path.read_text() == "[api\n"
    path.write_text("[api]\nport = 9000\n")
    reload.click()
    assert banner.isHidden()
    assert store.settings.api.port == 9000
    panel.release()


def test_a_folder_that_cannot_be_written_leaves_settings_for_reading(
    panel: SettingsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.desktop.panels.settings_panel_store.os.access", lambda *_: False)
    panel._fill()
    item = panel.table.item(place(panel, "desktop.theme"), VALUE)
    assert item is not None
    assert not item.flags() & Qt.ItemFlag.ItemIsEditable
    assert panel.note.text() == "The folder cannot be written: settings are for reading."
