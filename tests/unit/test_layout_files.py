"""Layout files: round trip through the docking library's form, refusals with line and column, kept versions."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.config.resources import resource_text
from workstation.desktop.shell.layouts import (
    FloatEntry,
    Layout,
    Node,
    PanelEntry,
    Setting,
    WindowEntry,
    layout_text,
    parse_layout,
)
from workstation.desktop.shell.layouts_store import VERSIONS_KEPT, LayoutStore
from workstation.desktop.shell.layouts_windows import joined, windows_of
from workstation.desktop.shell.layouts_xml import from_xml, to_xml
from workstation.domain.errors import UserError


def shipped() -> Layout:
    """Return the shipped layout."""
    return parse_layout(resource_text("layouts", "trading.toml"), source="shipped")


def shape(layout: Layout, name: str = "root") -> object:
    """Return the tree of a layout without the names of its nodes."""
    node = layout.dock[name]
    parts = [shape(layout, part) for part in node.parts]
    return (node.split, [round(size, 2) for size in node.sizes], parts) if parts else node.tabs


def test_the_shipped_layout_survives_the_docking_librarys_form() -> None:
    layout = shipped()
    assert shape(msgspec.structs.replace(layout, dock=from_xml(to_xml(layout)))) == shape(layout)


def test_a_layout_written_and_read_again_is_the_same_and_byte_stable() -> None:
    layout = shipped()
    text = layout_text(layout, resource_text("layouts", "trading.toml"))
    assert text.startswith("# The workspace of a first start.")
    assert shape(parse_layout(text, source="again")) == shape(layout)
    assert layout_text(parse_layout(text, source="again"), text) == text


_SETTING = st.text() | st.integers(-(2**62), 2**62) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.dictionaries(st.text(min_size=1), _SETTING | st.lists(st.text() | st.integers(0, 99), max_size=3), max_size=4)
)
def test_any_setting_of_a_panel_survives_the_file(settings: dict[str, Setting]) -> None:
    layout = Layout(name="w", panel=[PanelEntry("a-1", "log", settings=settings)], dock={"root": Node(tabs=["a-1"])})
    text = layout_text(layout).encode("utf-8").decode("utf-8")
    assert parse_layout(text, source="again") == layout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "line 1, column"),
        ('name = "x"\nversion = 99\n[dock.root]\n', "needs a newer program"),
        ("name = 3\n[dock.root]\n", "Expected `str`"),
        ('name = "x"\n', "dock.root is missing"),
        ('name = "x"\n[dock.root]\ntabs = ["ghost"]\n', "'ghost', which is not listed"),
        ('name = "x"\n[dock.root]\nparts = ["root"]\n', "stands in two places"),
        ('name = "x"\n[[panel]]\nid="a"\nkind="log"\n[[panel]]\nid="a"\nkind="log"\n[dock.root]\n', "share an id"),
    ],
)
def test_a_bad_layout_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UserError, match=r"layout bad\.toml") as refused:
        parse_layout(text, source="bad.toml")
    assert said in str(refused.value)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_and_never_crashes(text: str) -> None:
    with contextlib.suppress(UserError):
        assert parse_layout(text, source="fuzz").dock["root"] is not None


def test_a_save_keeps_the_version_before_and_no_more_than_twenty(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    layout = Layout(name="w", panel=[PanelEntry("a-1", "log")], dock={"root": Node(tabs=["a-1"])})
    for width in range(25):
        store.save(msgspec.structs.replace(layout, geometry=[0.0, 0.0, (width + 1) / 100, 1.0]))
    assert len(store.versions("w")) == VERSIONS_KEPT
    assert store.names() == ["w"]
    found = store.load("w")
    assert found is not None
    assert found.geometry[2] == 0.25
    written = (tmp_path / "w.toml").stat().st_mtime_ns
    store.save(found)
    assert (tmp_path / "w.toml").stat().st_mtime_ns == written


def test_a_damaged_file_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    (tmp_path / "w.toml").write_text("name = ")
    with pytest.raises(UserError):
        store.load("w")
    assert store.set_aside("w").read_text() == "name = "
    assert store.load("w") is None


def test_a_save_that_fails_half_way_leaves_the_file_and_its_versions_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LayoutStore(tmp_path)
    layout = Layout(name="w", panel=[PanelEntry("a-1", "log")], dock={"root": Node(tabs=["a-1"])})
    store.save(layout)
    before = (tmp_path / "w.toml").read_text()

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.save(msgspec.structs.replace(layout, geometry=[0.0, 0.0, 0.5, 1.0]))
    assert (tmp_path / "w.toml").read_text() == before
    assert store.versions("w") == []
    assert store.names() == ["w"]


def test_a_file_that_cannot_be_read_is_refused_in_words_and_one_that_cannot_be_moved_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LayoutStore(tmp_path)
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "active.txt").mkdir()
    (tmp_path / "w.toml").write_text("name = ")
    assert (store.names(), store.active()) == (["w"], "")
    with pytest.raises(UserError, match=r"folder.toml cannot be read: Is a directory"):
        store.load("folder")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "denied")))
    assert store.set_aside("w") == tmp_path / "w.toml"


COMMENTED = """# At the top.

name = "w"
# How the window stands.
geometry = [0.1, 0.2, 0.5, 0.6]  # on the left screen

# For the morning.
[[panel]]
id = "b-1"
kind = "log"  # all lines

[[panel]]
# Never close this one.
id = "a-1"
kind = "log"
link = "A"  # "A" # is the group

# Everything in one place.
[dock.root]
# Log first.
tabs = ["b-1", "a-1"]
"""


def test_comments_stay_with_the_line_that_they_stand_above_or_beside() -> None:
    layout = parse_layout(COMMENTED, source="own")
    text = layout_text(layout, COMMENTED)
    assert text.startswith("# At the top.")
    for said, line in (
        ("# How the window stands.", "geometry = [0.1, 0.2, 0.5, 0.6]  # on the left screen"),
        ("# Never close this one.", 'id = "a-1"'),
        ("# For the morning.", "[[panel]]"),
        ("# Everything in one place.", "[dock.root]"),
        ("# Log first.", 'tabs = ["b-1", "a-1"]'),
    ):
        assert f"{said}\n{line}" in text
    assert text.index("# For the morning.") > text.index('id = "a-1"'), "panels are sorted, and comments go along"
    assert 'kind = "log"  # all lines' in text
    assert 'link = "A"  # "A" # is the group' in text
    assert text.count("#") == COMMENTED.count("#")
    assert parse_layout(text, source="again") == msgspec.structs.replace(
        layout, panel=sorted(layout.panel, key=lambda panel: panel.id)
    )
    assert layout_text(layout, text) == text


@given(st.text(alphabet=st.sampled_from("#\"'[]= \n\\abc1,."), max_size=120))
def test_any_earlier_text_leaves_the_new_one_readable(previous: str) -> None:
    layout = Layout(name="w", panel=[PanelEntry("a-1", "log")], dock={"root": Node(tabs=["a-1"])})
    assert parse_layout(layout_text(layout, previous), source="again") == layout


def test_floating_panels_of_each_window_come_back_to_it() -> None:
    layout = Layout(
        name="w",
        panel=[PanelEntry(f"{name}-1", "log") for name in "abcd"],
        window=[WindowEntry("second")],
        floating=[FloatEntry("over", [0.1, 0.1, 0.2, 0.2]), FloatEntry("above", [0.5, 0.5, 0.2, 0.2], 2)],
        dock={
            "root": Node(tabs=["a-1"]),
            "second": Node(tabs=["b-1"]),
            "over": Node(tabs=["c-1"]),
            "above": Node(tabs=["d-1"]),
        },
    )
    first, second = windows_of(parse_layout(layout_text(layout), source="w"))
    assert [panel.id for panel in first.panel] == ["a-1", "c-1"]
    assert [panel.id for panel in second.panel] == ["b-1", "d-1"]
    assert [(over.root, over.window) for over in second.floating] == [("above", 1)]
    again = joined([first, second])
    assert [(over.geometry, over.window) for over in again.floating] == [
        ([0.1, 0.1, 0.2, 0.2], 1),
        ([0.5, 0.5, 0.2, 0.2], 2),
    ]
    assert again.dock[again.floating[1].root].tabs == ["d-1"]
