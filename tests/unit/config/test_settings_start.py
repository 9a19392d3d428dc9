"""A start with a settings file that is broken or names what is no setting: the program starts, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.config.settings_file import SettingsFile
from workstation.config.start import settings_at_start
from workstation.domain.errors import UserError

BROKEN = "[api\nport = 1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_broken_file_starts_with_the_last_good_one_and_stays_as_it_is(file: Path) -> None:
    file.write_text("# mine\n[api]\nport = 9000\n")
    assert settings_at_start(file, (), {})[1] == ""
    file.write_text(BROKEN)
    settings, trouble = settings_at_start(file, ["log.level=DEBUG"], {})
    assert (settings.api.port, settings.log.level) == (9000, "DEBUG")
    assert "config.toml" in trouble
    assert "line 1, column" in trouble
    assert trouble.endswith("The last good settings are in force; the file stays as it is.")
    assert file.read_text() == BROKEN
    assert settings_at_start(file, (), {})[0].api.port == 9000, "the good text is not written over by a bad one"


@pytest.mark.parametrize("text", [BROKEN, "[api]\nport = 'often'\n", "[api]\nport = 99999\n", "api = 3\n", "\xff"])
def test_without_a_good_one_the_defaults_hold(file: Path, text: str) -> None:
    file.write_bytes(text.encode("latin-1"))
    settings, trouble = settings_at_start(file, (), {})
    assert settings.api.port == 8710
    assert "The defaults are in force" in trouble


def test_a_mistake_of_the_command_line_is_refused_beside_a_broken_file(file: Path) -> None:
    file.write_text(BROKEN)
    with pytest.raises(UserError, match=r"desktop\.density"):
        settings_at_start(file, ["desktop.density=pink"], {})
    with pytest.raises(UserError, match=r"api\.port"):
        settings_at_start(file, (), {"WORKSTATION_API__PORT": "often"})


def test_names_that_are_no_settings_are_told_kept_and_without_effect(file: Path) -> None:
    text = "[api]\nport = 9000\ncolour = 1\n[future]\nx = 2\n"
    file.write_text(text)
    settings, trouble = settings_at_start(file, (), {})
    assert settings.api.port == 9000
    assert trouble == "config.toml names what is no setting: future, api.colour. It is kept and does nothing."
    SettingsFile(file).set("api.port", "9001")
    assert file.read_text() == text.replace("9000", "9001")


def test_a_home_that_takes_no_file_starts_all_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[api]\nport = 9000\n")

    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert settings_at_start(file, (), {})[0].api.port == 9000
