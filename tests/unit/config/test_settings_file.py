"""The settings file: changed one value at a time, comments kept, refused in words, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.config.settings import Settings, load_settings
from workstation.config.settings_file import SettingsFile, changed_text, setting_rows
from workstation.domain.errors import UserError

TEXT = '# mine\n[api]\nport = 9000  # office\n\n[desktop]\ntheme = "light"\n'


def test_a_change_keeps_comments_and_every_other_byte() -> None:
    assert changed_text(TEXT, "api.port", "9001") == TEXT.replace("9000", "9001")
    assert changed_text(TEXT, "api.port", "9000") == TEXT
    assert changed_text("", "log.level", "DEBUG") == '[log]\nlevel = "DEBUG"\n'


def test_every_setting_says_where_its_value_is_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    environment = {"WORKSTATION_LOG__LEVEL": "DEBUG"}
    settings = load_settings(path, ["sim.seed=7"], environment)
    layers = {row.name: row.layer for row in setting_rows(settings, path, environment)}
    assert [layers[name] for name in ("api.port", "log.level", "sim.seed", "engine.stall_ms")] == [
        "file", "environment", "command line", "default",
    ]  # fmt: skip


def test_every_setting_says_what_it_may_be() -> None:
    rows = {row.name: row for row in setting_rows(Settings(), None, {})}
    assert rows["api.port"].allowed == "whole number ≥ 0 ≤ 65535"
    assert rows["desktop.rising"].allowed == "blue, green, orange, red"
    assert "dark, light, high_contrast" in rows["desktop.theme"].meaning
    assert rows["sim.ticks_per_s"].allowed == "whole number ≥ 1 ≤ 100000"
    assert not rows["desktop.theme"].restart
    assert rows["api.port"].restart


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("api.port", "70000", "api.port"), ("api.port", "often", "api.port"), ("api.colour", "1", "unknown name")],
)
def test_a_bad_value_is_refused_and_the_file_stays(tmp_path: Path, name: str, value: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    with pytest.raises(UserError, match=said):
        SettingsFile(path).set(name, value)
    assert path.read_text() == TEXT
    assert list(tmp_path.iterdir()) == [path]


def test_changes_are_taken_back_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    file = SettingsFile(path)
    assert file.set("api.port", "9001").api.port == 9001
    assert file.reset("desktop.theme").desktop.theme == "dark"
    file.undo()
    file.undo()
    assert path.read_text() == TEXT
    with pytest.raises(UserError, match="No change"):
        file.undo()


def test_a_damaged_file_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[api\nport = 1\n")
    with pytest.raises(UserError, match=r"line 1, column"):
        SettingsFile(path).set("api.port", "9001")
    assert path.read_text() == "[api\nport = 1\n"


def test_every_setting_says_what_it_means() -> None:
    silent = [row.name for row in setting_rows(Settings(), None, {}) if not row.meaning]
    assert silent == []
