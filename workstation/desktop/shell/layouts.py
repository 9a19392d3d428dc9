"""Layout texts: one readable TOML text a workspace, geometry in fractions of the screen, comments kept.

A layout lists its panels, a tree of splits and tab areas, and further windows and floating panels with trees of their
own. Nothing is in pixels, so that a file survives other monitors and other versions. No widgets and no files here.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from workstation.config.resources import resource_text
from workstation.desktop.shell.layouts_comments import with_comments
from workstation.domain.errors import UserError

LAYOUT_VERSION = 1
ROOT = "root"
"""Node that the tree of the first window begins at."""

LAYOUT_BYTES_MAX = 256 * 1024
SHARES_MAX = 10_000
"""Most that one part of a split may weigh beside the others."""

FRACTION_MAX = 100.0
"""How far from its screen, in screens, a window may be put; what no screen shows moves into view."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

Setting = str | int | float | bool | list[str | int]


class PanelEntry(msgspec.Struct, frozen=True):
    """One panel of a layout: its kind, link group ("" for none), own settings, and link of intervals ("" for none)."""

    id: str
    kind: str
    link: str = ""
    settings: dict[str, Setting] = msgspec.field(default_factory=dict)
    interval_link: str = ""


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """One node of the dock tree: a split with parts and their shares of the space, or an area with tabs."""

    split: str = ""
    sizes: list[float] = msgspec.field(default_factory=list)
    parts: list[str] = msgspec.field(default_factory=list)
    tabs: list[str] = msgspec.field(default_factory=list)
    current: str = ""


def _most_of_the_screen() -> list[float]:
    return [0.03, 0.03, 0.94, 0.92]


class WindowEntry(msgspec.Struct, frozen=True):
    """A further window of a workspace: the node that its tree begins at, and where it stands."""

    root: str
    geometry: list[float] = msgspec.field(default_factory=_most_of_the_screen)
    maximized: bool = False
    screen: str = ""


class FloatEntry(msgspec.Struct, frozen=True):
    """Panels that float over a window: their node, where they stand on that window's screen, and which window it is."""

    root: str
    geometry: list[float]
    window: int = 1


class Layout(msgspec.Struct, frozen=True):
    """A workspace: window geometry as fractions of the screen (x, y, width, height), panels and the dock tree.

    screen: the screen's name, "" for the first; links: instrument by link group; locked: nothing moves or closes.
    hidden: items that the status bar leaves out.
    """

    name: str
    version: int = LAYOUT_VERSION
    geometry: list[float] = msgspec.field(default_factory=_most_of_the_screen)
    maximized: bool = False
    screen: str = ""
    locked: bool = False
    hidden: list[str] = msgspec.field(default_factory=list)
    links: dict[str, str] = msgspec.field(default_factory=dict)
    panel: list[PanelEntry] = msgspec.field(default_factory=list)
    window: list[WindowEntry] = msgspec.field(default_factory=list)
    floating: list[FloatEntry] = msgspec.field(default_factory=list)
    dock: dict[str, Node] = msgspec.field(default_factory=dict)


def parse_layout(text: str, *, source: str) -> Layout:
    """Return the layout of a text.

    Raises:
        UserError: bad TOML (with line and column), a wrong type, or a tree that names what is not there.
    """
    if len(text) > LAYOUT_BYTES_MAX:
        raise UserError(f"layout {source}: larger than {LAYOUT_BYTES_MAX} bytes")
    try:
        layout = msgspec.convert(tomllib.loads(text), Layout)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"layout {source}, {_damage(text) or error}") from error
    except msgspec.ValidationError as error:
        raise UserError(f"layout {source}: {error}") from error
    if layout.version > LAYOUT_VERSION:
        raise UserError(f"layout {source}: version {layout.version} needs a newer program")
    _check_numbers(layout, source)
    _check_tree(layout, source)
    return layout


def _damage(text: str) -> str:
    """Return line, column and what is wrong there, from the slower parser that names them even at the text's end."""
    import tomlkit  # noqa: PLC0415  a start with a sound layout does without
    from tomlkit.exceptions import ParseError  # noqa: PLC0415  as above

    try:
        tomlkit.parse(text)
    except ParseError as error:
        return f"line {error.line}, column {error.col}: {error}"
    return ""


def _check_numbers(layout: Layout, source: str) -> None:
    others = [window.geometry for window in layout.window] + [over.geometry for over in layout.floating]
    for geometry in (layout.geometry, *others):
        if len(geometry) != 4 or not all(abs(part) <= FRACTION_MAX for part in geometry):
            raise UserError(f"layout {source}: geometry must be four fractions of the screen: x, y, width, height")
    for name, node in layout.dock.items():
        if not all(0 <= size <= SHARES_MAX for size in node.sizes):
            raise UserError(f"layout {source}: dock.{name}: a size must be a share from 0 to 1")


def _check_tree(layout: Layout, source: str) -> None:
    panels = {entry.id for entry in layout.panel}
    if len(panels) != len(layout.panel):
        raise UserError(f"layout {source}: two panels share an id")
    seen: set[str] = set()

    def visit(name: str) -> None:
        node = layout.dock.get(name)
        if node is None:
            raise UserError(f"layout {source}: dock.{name} is missing")
        if name in seen:
            raise UserError(f"layout {source}: dock.{name} stands in two places")
        seen.add(name)
        for tab in node.tabs:
            if tab not in panels:
                raise UserError(f"layout {source}: dock.{name} shows panel {tab!r}, which is not listed")
        for part in node.parts:
            visit(part)

    for root in (ROOT, *(window.root for window in layout.window), *(over.root for over in layout.floating)):
        visit(root)


def layout_text(layout: Layout, previous: str = "") -> str:
    """Return the layout as TOML; comments of `previous` stay with what they stand above or beside."""
    lines = _pairs({"name": layout.name, "version": layout.version, "geometry": layout.geometry})
    lines += _pairs({"maximized": layout.maximized})
    lines += _pairs({"screen": layout.screen} if layout.screen else {})
    lines += _pairs({"locked": True} if layout.locked else {})
    lines += _pairs({"hidden": layout.hidden} if layout.hidden else {})
    if layout.links:
        lines += ["", "[links]", *_pairs(dict(sorted(layout.links.items())))]
    for entry in sorted(layout.panel, key=lambda panel: panel.id):
        lines += ["", "[[panel]]", *_pairs({"id": entry.id, "kind": entry.kind, "link": entry.link})]
        lines += _pairs({"interval_link": entry.interval_link} if entry.interval_link else {})
        if entry.settings:
            lines += ["", "[panel.settings]", *_pairs(entry.settings)]
    for window in layout.window:
        lines += ["", "[[window]]", *_pairs(msgspec.structs.asdict(window))]
    for floating in layout.floating:
        lines += ["", "[[floating]]", *_pairs(msgspec.structs.asdict(floating))]
    for name in sorted(layout.dock):
        values = cast("dict[str, Any]", msgspec.to_builtins(layout.dock[name]))
        lines += ["", f"[dock.{_key(name)}]", *_pairs(values)]
    return with_comments(lines, previous)


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in values.items()]


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    """Return a value as TOML: text, truth, numbers and flat lists, which is all that a layout holds."""
    if isinstance(value, list):
        return f"[{', '.join(_value(part) for part in value)}]"
    if isinstance(value, str):
        # A JSON string is a TOML string but for the delete character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def shipped_layout(name: str) -> Layout:
    """Return a layout that comes with the program."""
    return parse_layout(resource_text("layouts", f"{name}.toml"), source="shipped layout")


def difference_text(now: Layout, then: str, name: str) -> str:
    """Return what the text of a layout would change of another: lines that go begin with -, those that come with +."""
    shown = layout_text(now, then)
    lines = difflib.unified_diff(shown.splitlines(), then.splitlines(), "now", name, lineterm="", n=2)
    return "\n".join(lines) or "The same as what is shown."
