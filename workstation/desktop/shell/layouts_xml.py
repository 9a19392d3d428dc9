"""The docking library's form of a layout: XML in pixels, made from shares and turned back into them. No widgets here.

Floating panels are containers of their own there; their geometry comes ready-made from whoever knows the screen.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from workstation.desktop.shell.layouts import LAYOUT_VERSION, ROOT, Layout, Node

SIZE_TOTAL_PX = 10_000
"""Sum of one splitter's sizes in the XML; the docking library scales it to the real window."""

FLOATING = "floating-"
"""Beginning of the name of a node that floats, when it is read."""


def to_xml(layout: Layout, boxes: Mapping[str, str] | None = None) -> bytes:
    """Return the docking library's state for a layout's tree. boxes: saved geometry, hexadecimal, by floating node."""
    boxes = boxes or {}
    state = ET.Element("QtAdvancedDockingSystem", Version="1", UserVersion=str(LAYOUT_VERSION))
    state.set("Containers", str(1 + len(boxes)))

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

    def contain(name: str, box: str | None) -> None:
        container = ET.SubElement(state, "Container", Floating="0" if box is None else "1")
        if box is not None:
            ET.SubElement(container, "Geometry").text = box
        if layout.dock[name].parts:
            write(container, name)
        else:
            holder = ET.SubElement(container, "Splitter", Orientation="|", Count="1")
            write(holder, name)
            ET.SubElement(holder, "Sizes").text = str(SIZE_TOTAL_PX)

    contain(ROOT, None)
    for name, box in boxes.items():
        contain(name, box)
    text = ET.tostring(state, encoding="unicode")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode("utf-8")


def from_xml(state: bytes, *, closed: str = "") -> dict[str, Node]:
    """Return the trees of the docking library's state, floating ones under names that begin with FLOATING.

    closed: a panel that has been closed, read as if it still stood in its place.
    """
    nodes: dict[str, Node] = {}

    def shown(element: ET.Element) -> list[str]:
        widgets = element.iter("Widget")
        return [w.get("Name", "") for w in widgets if w.get("Closed") == "0" or w.get("Name") == closed]

    def read(element: ET.Element, name: str) -> None:
        if element.tag == "Splitter":
            children = [child for child in element if child.tag in ("Splitter", "Area")]
            parts = [f"{name}-{index}" if name != ROOT else f"part-{index}" for index in range(1, len(children) + 1)]
            pixels = [int(size) for size in (element.findtext("Sizes") or "").split()]
            total = sum(pixels) or 1
            sizes = [round(size / total, 4) for size in pixels]
            split = "columns" if element.get("Orientation") == "|" else "rows"
            nodes[name] = Node(split=split, sizes=sizes, parts=parts)
            for child, part in zip(children, parts, strict=True):
                read(child, part)
            return
        tabs, current = shown(element), element.get("Current", "")
        nodes[name] = Node(tabs=tabs, current=current if current in tabs else "")

    root = ET.fromstring(state.decode("utf-8"))  # noqa: S314  made by the docking library in this process
    floating = 0
    for container in root.iter("Container"):
        tree = container.find("Splitter")
        if tree is None or (container.get("Floating") == "1" and not shown(tree)):
            continue
        if container.get("Floating") == "1":
            floating += 1
            read(tree, f"{FLOATING}{floating}")
        else:
            read(tree, ROOT)
    return {ROOT: Node()} | nodes
