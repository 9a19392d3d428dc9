"""`workstation config` as a person calls it: what would change, what is written, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.__main__ import main

OTHER = '# theirs\n[desktop]\ntheme = "light"\ndisarm_after_s = 60\n\n[api]\nport = 9001\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    (made / "config.toml").write_text("# mine\n[api]\nport = 9000\n")
    return made


@pytest.fixture
def other(tmp_path: Path) -> Path:
    made = tmp_path / "other.toml"
    made.write_text(OTHER)
    return made


def run(home: Path, *arguments: object) -> int:
    return main(["config", "--home", str(home), *map(str, arguments)])


CHANGES = [
    "api.port: 9000 -> 9001  (from the next start)",
    'desktop.theme: "dark" -> "light"  (at once)',
    "desktop.disarm_after_s: 600 -> 60  (at once; disarms hand entry)",
]


def test_diff_names_each_change_with_when_it_holds(home: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "diff", other) == 1
    assert capsys.readouterr().out.splitlines() == CHANGES
    assert run(home, "diff", home / "config.toml") == 0
    assert capsys.readouterr().out == ""


def test_diff_without_a_file_is_against_the_defaults(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "diff") == 1
    assert capsys.readouterr().out == "api.port: 8710 -> 9000  (from the next start)\n"
    assert main(["config", "diff", "--home", str(home)]) == 1


def test_a_dry_run_writes_nothing_and_the_same_without_writes_the_file_byte_for_byte(
    home: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (home / "config.toml").read_text()
    assert run(home, "apply", other, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        *CHANGES,
        "3 settings would change in config.toml; nothing was written",
    ]
    assert (home / "config.toml").read_text() == before
    assert run(home, "apply", other) == 0
    assert (home / "config.toml").read_text() == OTHER
    assert run(home, "diff", other) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("[api\n", "line 1, column"), ("[api]\nport = 99999\n", "setting api.port"), (None, "No such file")],
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_changes(
    home: Path, other: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    before = (home / "config.toml").read_text()
    if text is None:
        other.unlink()
    else:
        other.write_text(text)
    for action in ("diff", "apply"):
        assert run(home, action, other) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert (home / "config.toml").read_text() == before
    assert sorted(path.name for path in home.iterdir()) == ["config.toml"]


def test_a_broken_file_of_home_is_mended_by_applying_a_good_one(
    home: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "config.toml").write_text("[api\n")
    assert run(home, "apply", other) == 0
    assert "compared with the defaults" in capsys.readouterr().out
    assert (home / "config.toml").read_text() == OTHER


def test_names_that_are_no_settings_are_told(home: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other.write_text("[api]\nport = 9000\ncolour = 1\n")
    assert run(home, "diff", other) == 0
    assert "names what is no setting: api.colour" in capsys.readouterr().out
