"""Settings: layers, strongest last, and one readable line for each mistake."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workstation.config.paths import find_home
from workstation.config.resources import resource_path, resource_text
from workstation.config.settings import load_settings
from workstation.domain.errors import UserError


def test_command_line_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert load_settings(file, (), {}).api.port == 8710
    file.write_text("[api]\nport = 1\nrate_limit = 5\n")
    assert load_settings(file, (), {}).api.port == 1
    environment = {"WORKSTATION_API__PORT": "2", "WORKSTATION_HOME": "/elsewhere", "OTHER": "x"}
    assert load_settings(file, (), environment).api.port == 2
    settings = load_settings(file, ["api.port=3", 'api.allowed_origins=["http://localhost:1"]'], environment)
    assert (settings.api.port, settings.api.rate_limit) == (3, 5)
    assert settings.api.allowed_origins == ["http://localhost:1"]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["api.prt=1"], "setting api.prt"),
        (["nothing.here=1"], "setting nothing"),
        (["port=1"], "names look like api.port"),
        (["api.port"], "expected NAME=VALUE"),
        (["api.port=99999"], "setting api.port"),
        (["desktop.theme=../pink"], "setting desktop.theme"),
        (["desktop.rising=pink"], "setting desktop.rising"),
    ],
)
def test_a_mistake_is_named_in_one_line(overrides: list[str], said: str) -> None:
    with pytest.raises(UserError) as refused:
        load_settings(None, overrides, {})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[api]\nport = \n")
    with pytest.raises(UserError, match=r"config\.toml.*line 2"):
        load_settings(file, (), {})


def test_a_home_is_made_private(tmp_path: Path) -> None:
    home = find_home(str(tmp_path / "deep" / "home"))
    home.create()
    assert home.root.stat().st_mode & 0o777 == 0o700
    assert home.database_url.endswith("workstation.db")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
def test_a_home_that_others_could_look_into_is_closed_to_them(tmp_path: Path) -> None:
    open_to_all = tmp_path / "home"
    open_to_all.mkdir(mode=0o755)
    open_to_all.chmod(0o755)
    find_home(str(open_to_all)).create()
    assert open_to_all.stat().st_mode & 0o777 == 0o700


def test_the_environment_names_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path))
    assert find_home(None).root == tmp_path.resolve()


def test_shipped_files_are_found_and_missing_ones_named() -> None:
    assert 'name = "trading"' in resource_text("layouts", "trading.toml")
    with pytest.raises(FileNotFoundError, match="nothing-here"):
        resource_path("nothing-here")
