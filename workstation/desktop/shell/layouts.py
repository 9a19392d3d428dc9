"""Layout files: one readable TOML text a workspace, geometry in fractions, comments kept, twenty versions back.

A layout lists its panels and a tree of splits and tab areas. The docking library speaks XML in pixels; this module
turns one into the other, so that a file survives other monitors and other versions. No widgets here.
"""

import itertools
import json
import os
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from workstation.domain.errors import UserError

LAYOUT_VERSION = 1
VERSIONS_KEPT = 20
LAYOUT_BYTES_MAX = 256 * 1024
SIZE_TOTAL_PX = 10_000
"""Sum of one splitter's sizes in the XML; the docking library scales it to the real window."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

Setting = str | int | float | bool | list[str | int]


class PanelEntry(msgspec.Struct, frozen=True):
    """One panel of a layout: its kind, link group ("" for none) and own settings."""

    id: str
    kind: str
    link: str = ""
    settings: dict[str, Setting] = msgspec.field(default_factory=dict)


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """One node of the dock tree: a split with parts and their shares of the space, or an area with tabs."""

    split: str = ""
    sizes: list[float] = msgspec.field(default_factory=list)
    parts: list[str] = msgspec.field(default_factory=list)
    tabs: list[str] = msgspec.field(default_factory=list)
    current: str = ""


class Layout(msgspec.Struct, frozen=True):
    """A workspace: window geometry as fractions of the screen (x, y, width, height), panels and the dock tree."""

    name: str
    version: int = LAYOUT_VERSION
    geometry: list[float] = msgspec.field(default_factory=lambda: [0.03, 0.03, 0.94, 0.92])
    maximized: bool = False
    panel: list[PanelEntry] = msgspec.field(default_factory=list)
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

    visit("root")


def to_xml(layout: Layout) -> bytes:
    """Return the docking library's state for a layout's tree."""
    state = ET.Element("QtAdvancedDockingSystem", Version="1", UserVersion=str(LAYOUT_VERSION), Containers="1")
    container = ET.SubElement(state, "Container", Floating="0")

    def write(parent: ET.Element, name: str) -> None:
        node = layout.dock[name]
        if node.parts:
            orientation = "|" if node.split == "columns" else "-"
            splitter = ET.SubElement(parent, "Splitter", Orientation=orientation, Count=str(len(node.parts)))
            for part in node.parts:
                write(splitter, part)
            shares = node.sizes if len(node.sizes) == len(node.parts) else [1.0] * len(node.parts)
            total = sum(shares) or 1.0
            ET.SubElement(splitter, "Sizes").text = " ".join(str(round(s / total * SIZE_TOTAL_PX)) for s in shares)
            return
        current = node.current or (node.tabs[0] if node.tabs else "")
        area = ET.SubElement(parent, "Area", Tabs=str(len(node.tabs)), Current=current)
        for tab in node.tabs:
            ET.SubElement(area, "Widget", Name=tab, Closed="0")

    root = layout.dock["root"]
    if root.parts:
        write(container, "root")
    else:
        holder = ET.SubElement(container, "Splitter", Orientation="|", Count="1")
        write(holder, "root")
        ET.SubElement(holder, "Sizes").text = str(SIZE_TOTAL_PX)
    text = ET.tostring(state, encoding="unicode")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode("utf-8")


def from_xml(state: bytes) -> dict[str, Node]:
    """Return the tree of the docking library's state; floating panels join the root as a last column."""
    nodes: dict[str, Node] = {}

    def read(element: ET.Element, name: str) -> None:
        if element.tag == "Splitter":
            children = [child for child in element if child.tag in ("Splitter", "Area")]
            parts = [f"{name}-{index}" if name != "root" else f"part-{index}" for index in range(1, len(children) + 1)]
            pixels = [int(size) for size in (element.findtext("Sizes") or "").split()]
            total = sum(pixels) or 1
            sizes = [round(size / total, 4) for size in pixels]
            split = "columns" if element.get("Orientation") == "|" else "rows"
            nodes[name] = Node(split=split, sizes=sizes, parts=parts)
            for child, part in zip(children, parts, strict=True):
                read(child, part)
            return
        tabs = [w.get("Name", "") for w in element.iter("Widget") if w.get("Closed") == "0"]
        current = element.get("Current", "")
        nodes[name] = Node(tabs=tabs, current=current if current in tabs else "")

    root = ET.fromstring(state.decode("utf-8"))  # noqa: S314  made by the docking library in this process
    for container in root.iter("Container"):
        tree = container.find("Splitter")
        if tree is None:
            continue
        if "root" not in nodes:
            read(tree, "root")
        else:
            _join(nodes, [w.get("Name", "") for w in tree.iter("Widget") if w.get("Closed") == "0"])
    return nodes or {"root": Node()}


def _join(nodes: dict[str, Node], tabs: list[str]) -> None:
    root = nodes["root"]
    name = f"floating-{len(root.parts) + 1}"
    nodes[name] = Node(tabs=tabs)
    share = round(1 / (len(root.parts) + 1), 4)
    nodes["root"] = Node(split=root.split, sizes=[*root.sizes, share], parts=[*root.parts, name])


def layout_text(layout: Layout, previous: str = "") -> str:
    """Return the layout as TOML; the comments at the top of `previous` are kept."""
    lines = list(itertools.takewhile(lambda line: not line.strip() or line.startswith("#"), previous.splitlines()))
    lines += _pairs({"name": layout.name, "version": layout.version, "geometry": layout.geometry})
    lines += _pairs({"maximized": layout.maximized})
    for entry in sorted(layout.panel, key=lambda panel: panel.id):
        lines += ["", "[[panel]]", *_pairs({"id": entry.id, "kind": entry.kind, "link": entry.link})]
        if entry.settings:
            lines += ["", "[panel.settings]", *_pairs(entry.settings)]
    for name in sorted(layout.dock):
        values = cast("dict[str, Any]", msgspec.to_builtins(layout.dock[name]))
        lines += ["", f"[dock.{_key(name)}]", *_pairs(values)]
    return "\n".join(lines) + "\n"


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


class LayoutStore:
    """Layout files of one home folder. Saves are atomic; the last VERSIONS_KEPT texts of each name are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the saved workspaces, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.toml"))

    def load(self, name: str) -> Layout | None:
        """Return a saved layout, or None where there is none.

        Raises:
            UserError: the file is damaged; it stays untouched.
        """
        path = self._folder / f"{name}.toml"
        if not path.exists():
            return None
        return parse_layout(path.read_text(encoding="utf-8", errors="replace"), source=path.name)

    def save(self, layout: Layout) -> None:
        """Write a layout, keeping the version before; an unchanged text is not written again.

        Raises:
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{layout.name}.toml"
        previous = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        text = layout_text(layout, previous)
        if text == previous:
            return
        if previous:
            self._keep_version(layout.name, previous)
        _write_atomically(path, text)

    def set_aside(self, name: str) -> Path:
        """Rename a damaged layout file, so that the next save does not lose it; returns its new path."""
        path = self._folder / f"{name}.toml"
        return path.replace(path.with_suffix(".damaged"))

    def versions(self, name: str) -> list[Path]:
        """Return the kept versions of a layout, oldest first."""
        return sorted((self._folder / "versions").glob(f"{name}.*.toml"))

    def _keep_version(self, name: str, text: str) -> None:
        folder = self._folder / "versions"
        folder.mkdir(exist_ok=True)
        kept = self.versions(name)
        last = int(kept[-1].name.rsplit(".", 2)[-2]) if kept else 0
        _write_atomically(folder / f"{name}.{last + 1:06d}.toml", text)
        for path in kept[: max(len(kept) + 1 - VERSIONS_KEPT, 0)]:
            path.unlink()


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
