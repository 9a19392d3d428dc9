"""Several windows in one layout: a workspace is taken apart into one layout a window, and put together again.

Each part is a whole layout that one window can show by itself. Pure: no widgets, no files.
"""

from collections.abc import Sequence

import msgspec

from workstation.desktop.shell.layouts import ROOT, Layout, Node, WindowEntry

WINDOWS_MAX = 8
"""Windows of one workspace, the first included."""


def windows_of(layout: Layout) -> list[Layout]:
    """Return one layout a window, the first window first; a panel that stands in no tree goes to the first."""
    roots = [WindowEntry(ROOT, layout.geometry, layout.maximized, layout.screen), *layout.window]
    trees = [_below(layout.dock, entry.root) for entry in roots[:WINDOWS_MAX]]
    placed = {tab for tree in trees[1:] for node in tree.values() for tab in node.tabs}
    parts = []
    for number, (entry, tree) in enumerate(zip(roots, trees, strict=False)):
        own = {tab for node in tree.values() for tab in node.tabs}
        panels = [panel for panel in layout.panel if (panel.id in own if number else panel.id not in placed)]
        dock = {ROOT if name == entry.root else name: node for name, node in tree.items()}
        parts.append(
            msgspec.structs.replace(
                layout,
                geometry=entry.geometry,
                maximized=entry.maximized,
                screen=entry.screen,
                panel=panels,
                window=[],
                dock=dock,
            )
        )
    return parts


def joined(parts: Sequence[Layout]) -> Layout:
    """Return the layout of a workspace from those of its windows, the first window first."""
    first, dock = parts[0], dict(parts[0].dock)
    windows = []
    for number, part in enumerate(parts[1:], start=2):
        root = f"window-{number}"
        dock |= {_renamed(name, root): _moved(node, root) for name, node in part.dock.items()}
        windows.append(WindowEntry(root, part.geometry, part.maximized, part.screen))
    return msgspec.structs.replace(
        first, panel=[panel for part in parts for panel in part.panel], window=windows, dock=dock
    )


def _below(dock: dict[str, Node], root: str) -> dict[str, Node]:
    """Return the nodes of the tree that begins at `root`."""
    found: dict[str, Node] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        found[name] = dock[name]
        waiting += dock[name].parts
    return found


def _moved(node: Node, root: str) -> Node:
    return msgspec.structs.replace(node, parts=[_renamed(part, root) for part in node.parts])


def _renamed(name: str, root: str) -> str:
    return root if name == ROOT else f"{root}-{name}"
