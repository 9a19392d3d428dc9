"""One dock area of a window shown alone, and everything put back as it was.

While it lasts, the layout of the window is the one from before; whatever changes the docks ends it first.
"""

import PySide6QtAds as QtAds
from PySide6.QtWidgets import QSplitter, QWidget


class Maximised:
    """The area that is shown alone, if any. `state`: the docking library's state from before, empty while none is."""

    def __init__(self, docking: QtAds.CDockManager) -> None:
        self._docking = docking
        self._hidden: list[QWidget] = []
        self._sizes: list[tuple[QSplitter, list[int]]] = []
        self.state = b""
        docking.floatingWidgetCreated.connect(self._on_change)
        docking.dockAreaCreated.connect(self._on_change)

    def toggle(self, dock: QtAds.CDockWidget) -> None:
        """Show the area of a dock alone, or all again; one that floats fills its screen instead."""
        if self.state:
            self.end()
        elif dock.isInFloatingContainer():
            top = dock.window()
            top.showNormal() if top.isMaximized() else top.showMaximized()
        else:
            self._begin(dock.dockAreaWidget())

    def end(self) -> None:
        """Show all again."""
        if not self.state:
            return
        self.state = b""
        for widget in self._hidden:
            widget.show()
        for splitter, sizes in self._sizes:
            splitter.setSizes(sizes)
        self._hidden, self._sizes = [], []

    def _begin(self, alone: QWidget) -> None:
        self.state = bytes(self._docking.saveState(1).data())
        node: QWidget = alone
        above = alone.parentWidget()
        while isinstance(above, QSplitter):
            self._sizes.append((above, above.sizes()))
            siblings = [above.widget(place) for place in range(above.count())]
            others = [widget for widget in siblings if widget and widget is not node and not widget.isHidden()]
            for widget in others:
                widget.hide()
            self._hidden += others
            node, above = above, above.parentWidget()

    def _on_change(self, *_: object) -> None:
        self.end()
