"""Layout files of any content: each is shown or refused in one sentence, and a refused one leaves what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.config.resources import resource_text
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts import LAYOUT_BYTES_MAX, parse_layout
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.workspaces import Workspaces
from workstation.domain.errors import UserError

EXAMPLES = 60
KINDS = {"log": LogPanel, "fills": FillsPanel}
SHIPPED_TEXT = resource_text("layouts", "trading.toml").encode()

_NUMBER = st.one_of(
    st.floats(), st.integers(-3, 3), st.sampled_from([10**18, -(10**18), 1e308, 0.5, 0.03]), st.integers()
)
_NAME = st.sampled_from(["root", "a", "b", "log-1", "fills-1", "what-1", "", "..", "näme", "x" * 300])
_NODE = st.fixed_dictionaries(
    {},
    optional={
        "split": st.sampled_from(["rows", "columns", "", "diagonal"]),
        "sizes": st.lists(_NUMBER, max_size=3),
        "parts": st.lists(_NAME, max_size=3),
        "tabs": st.lists(_NAME, max_size=3),
        "current": _NAME,
    },
)
_PANEL = st.fixed_dictionaries(
    {"id": _NAME, "kind": st.sampled_from(["log", "fills", "unheard", ""])},
    optional={
        "link": st.sampled_from(["", "A", "H", "Z"]),
        "settings": st.dictionaries(_NAME, _NUMBER | st.text(max_size=8) | st.booleans() | st.lists(_NAME), max_size=3),
    },
)
_WINDOW = st.fixed_dictionaries(
    {"root": _NAME}, optional={"geometry": st.lists(_NUMBER, max_size=5), "maximized": st.booleans(), "screen": _NAME}
)
_FLOAT = st.fixed_dictionaries(
    {"root": _NAME, "geometry": st.lists(_NUMBER, min_size=3, max_size=4)}, optional={"window": st.integers(-1, 3)}
)
_LAYOUT = st.fixed_dictionaries(
    {"name": _NAME},
    optional={
        "version": st.integers(-1, 2),
        "geometry": st.lists(_NUMBER, max_size=5),
        "screen": _NAME,
        "locked": st.booleans(),
        "links": st.dictionaries(st.sampled_from(["A", "B", "Z"]), st.sampled_from(["AAPL", "NONE", ""]), max_size=2),
        "panel": st.lists(_PANEL, max_size=3),
        "window": st.lists(_WINDOW, max_size=2),
        "floating": st.lists(_FLOAT, max_size=2),
        "dock": st.dictionaries(_NAME, _NODE, max_size=3).map(lambda dock: {"root": {}} | dock),
    },
)
_EDITS = st.lists(st.tuples(st.integers(0, len(SHIPPED_TEXT)), st.binary(max_size=6)), min_size=1, max_size=4)


def _edited(edits: list[tuple[int, bytes]]) -> bytes:
    text = SHIPPED_TEXT
    for place, piece in edits:
        text = text[:place] + piece + text[place + len(piece) :]
    return text


def _written(layout: dict[str, Any]) -> bytes:
    return tomlkit.dumps(layout).encode()


BYTES = st.one_of(st.binary(max_size=200), _EDITS.map(_edited), _LAYOUT.map(_written))


@pytest.fixture
def shown(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspaces]:
    configure_docking()
    made = Workspaces(rig.context, KINDS, LayoutStore(tmp_path / "layouts"))
    qtbot.addWidget(made.window)
    made.begin()
    made.window.show()
    yield made
    made.end()


def check(shown: Workspaces, rig: DesktopRig, file: Path) -> bool:
    """Import a file; whatever it was, something whole is shown, and it can be saved and read back."""
    before, said = shown.current(), len(rig.spoken)
    taken = shown.import_from(file)
    told = [text for level, text in rig.spoken[said:] if level == "warning"]
    if not taken:
        assert len([text for text in told if text.startswith("Refused")]) == 1, told
        assert shown.current() == before
    window = shown.window
    assert window.width() >= window.minimumWidth()
    assert set(window.panels) == set(window.panel_ids)
    shown.save()
    assert not [text for _, text in rig.spoken[said:] if text.startswith("Layout not saved")]
    return taken


@given(data=BYTES)
@settings(max_examples=EXAMPLES)
def test_any_bytes_are_shown_or_refused_and_never_half(
    data: bytes, shown: Workspaces, rig: DesktopRig, tmp_path: Path
) -> None:
    file = tmp_path / "found.toml"
    file.write_bytes(data)
    if check(shown, rig, file):
        kept = tmp_path / "layouts" / f"{shown.name}.toml"
        kept.unlink()


def test_a_panel_without_a_place_is_docked_in_the_window(shown: Workspaces, rig: DesktopRig, tmp_path: Path) -> None:
    file = tmp_path / "found.toml"
    file.write_text('name = "loose"\n[[panel]]\nid = "log-1"\nkind = "log"\n[dock.root]\n', "utf-8")
    assert check(shown, rig, file)
    assert not shown.window.docking.floatingWidgets()
    assert shown.window.panels["log-1"].window() is shown.window
    assert any("log-1 had no place; it is shown." in text for _, text in rig.spoken)


def test_a_file_that_lists_no_panel_is_refused(shown: Workspaces, rig: DesktopRig, tmp_path: Path) -> None:
    file = tmp_path / "found.toml"
    file.write_text('name = "bare"\n[dock.root]\n', "utf-8")
    assert not check(shown, rig, file)
    assert "bare" not in shown.names()


def test_a_file_too_large_is_refused_unread(shown: Workspaces, rig: DesktopRig, tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_bytes(b"#" * (LAYOUT_BYTES_MAX + 1))
    assert not check(shown, rig, file)


@given(geometry=st.lists(_NUMBER, max_size=5))
@settings(max_examples=EXAMPLES)
def test_any_geometry_gives_a_window_on_its_screen(geometry: list[float], shown: Workspaces) -> None:
    text = f'name = "far"\ngeometry = [{", ".join(map(_toml, geometry))}]\n[dock.root]\n'
    try:
        layout = parse_layout(text, source="far.toml")
    except UserError:
        return
    shown.window.place(layout)
    screen = shown.window.screen().availableGeometry()
    assert screen.intersects(shown.window.geometry())


def _toml(number: float) -> str:
    return repr(number)
