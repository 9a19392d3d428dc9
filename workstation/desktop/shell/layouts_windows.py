"""Several windows in one layout: a workspace is taken apart into one layout a window, and put together again.

Each part is a whole layout that one window can show by itself. Pure: no widgets, no files.
"""

from collections.abc import Sequence

import msgspec

from workstation.desktop.shell.layouts import ROOT, FloatEntry, Layout, Node, WindowEntry

WINDOWS_MAX = 8
"""Windows of one workspace, the first included."""


def windows_of(layout: Layout) -> list[Layout]:
    """Return one layout a window, the first window first; a panel that stands in no tree goes to the first."""
    roots = [WindowEntry(ROOT, layout.geometry, layout.maximized, layout.screen), *layout.window]
    floats = [[entry for entry in layout.floating if entry.window == number] for number in range(1, len(roots) + 1)]
    trees = [
        _below(layout.dock, entry.root, *(over.root for over in above))
        for entry, above in zip(roots[:WINDOWS_MAX], floats, strict=False)
    ]
    placed = {tab for tree in trees[1:] for node in tree.values() for tab in node.tabs}
    parts = []
    for number, (entry, tree, above) in enumerate(zip(roots, trees, floats, strict=False)):
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
                floating=[msgspec.structs.replace(over, window=1) for over in above],
                dock=dock,
            )
        )
    return parts


def joined(parts: Sequence[Layout]) -> Layout:
    """Return the layout of a workspace from those of its windows, the first window first."""
    first, dock = parts[0], dict(parts[0].dock)
    windows, floats = [], list(first.floating)
    for number, part in enumerate(parts[1:], start=2):
        root = f"window-{number}"
        dock |= {_renamed(name, root): _moved(node, root) for name, node in part.dock.items()}
        windows.append(WindowEntry(root, part.geometry, part.maximized, part.screen))
        floats += [FloatEntry(_renamed(over.root, root), over.geometry, number) for over in part.floating]
    return msgspec.structs.replace(
        first, panel=[panel for part in parts for panel in part.panel], window=windows, floating=floats, dock=dock
    )


def _below(dock: dict[str, Node], *roots: str) -> dict[str, Node]:
    """Return the nodes of the trees that begin at `roots`."""
    found: dict[str, Node] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        found[name] = dock[name]
        waiting += dock[name].parts
    return found


def _moved(node: Node, root: str) -> Node:
    return msgspec.structs.replace(node, parts=[_renamed(part, root) for part in node.parts])


def _renamed(name: str, root: str) -> str:
    return root if name == ROOT else f"{root}-{name}"
