"""A bar of controls that goes on in a next line where one line would cut them.

Lines are plain rows, so that Tab goes through them as they stand. None is ever taken away: an empty one takes no room.
"""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workstation.desktop.theme import current_theme

LEAST_LETTERS = 12
CHOICE_SPARE_PX = 6
"""What a choice needs beside what the toolkit asks for, as its paddings are rounded at large text: for each size more.
"""


class FlowBar(QWidget):
    """Controls from the left to the right, each at least as wide as its words; as many lines as that takes.

    gap: pixels between two controls, and between two lines. Before it has a place all stands in one line.
    """

    def __init__(self, gap: int) -> None:
        super().__init__()
        self._gap = gap
        self._has_place = False
        self._parts: list[tuple[QWidget, int]] = []
        self._rows: list[list[QWidget]] = []
        self._lines: list[QHBoxLayout] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(gap)
        self.setMinimumWidth(1)

    @property
    def rows(self) -> list[list[str]]:
        """The names of the shown controls, line by line."""
        shown = [[part.objectName() for part in row if not part.isHidden()] for row in self._rows]
        return [row for row in shown if row]

    def set_margins(self, across: int, along: int) -> None:
        """Stand off the edges at the sides, and those above and below, in pixels."""
        self._column.setContentsMargins(across, along, across, along)
        self._lay_out()

    def add(self, part: QWidget, stretch: int = 0, *, at: int | None = None) -> None:
        """Add a control, as the last one or at a place; stretch: its share of what a line has left.

        One that has whatever width is left needs LEAST_LETTERS of it.
        """
        self._parts = [held for held in self._parts if held[0] is not part]
        self._parts.insert(len(self._parts) if at is None else at, (part, stretch))
        self._rows = []
        self._lay_out()

    def take(self, part: QWidget) -> None:
        """Give up a control that is going to stand elsewhere."""
        for line in self._lines:
            line.removeWidget(part)
        self._parts = [held for held in self._parts if held[0] is not part]
        self._rows = []
        self._lay_out()

    def line_px(self, *, without: QWidget | None = None) -> int:
        """Return the width in which all that is shown, but for one control, stands in one line."""
        edges = self._column.contentsMargins()
        shown = [part for part, _ in self._parts if part is not without and not part.isHidden()]
        return sum(map(_least, shown)) + max(len(shown) - 1, 0) * self._gap + edges.left() + edges.right()

    def _wanted(self) -> list[list[QWidget]]:
        edges = self._column.contentsMargins()
        room = left = self.width() - edges.left() - edges.right()
        rows: list[list[QWidget]] = [[]]
        for part, _ in self._parts:
            need = 0 if part.isHidden() else _least(part) + self._gap
            if self._has_place and need > left + self._gap and any(not before.isHidden() for before in rows[-1]):
                rows.append([])
                left = room
            rows[-1].append(part)
            left -= need
        return rows

    def _lay_out(self) -> None:
        for part, _ in self._parts:
            if isinstance(part, QComboBox):  # the toolkit would cut its words before it gives up the room of others
                spare = round(CHOICE_SPARE_PX * max(current_theme().text_scale - 1, 0))
                part.setMinimumWidth(part.sizeHint().width() + spare)
        wanted = self._wanted()
        if wanted == self._rows:
            return
        self._rows = wanted
        shares = dict(self._parts)
        while len(self._lines) < len(wanted):
            line = QHBoxLayout()
            line.setSpacing(self._gap)
            line.addStretch()
            self._lines.append(line)
            self._column.addLayout(line)
        for line in self._lines:
            for part in shares:
                line.removeWidget(part)
        for line, row in zip(self._lines, wanted, strict=False):
            for part in row:
                line.insertWidget(line.count() - 1, part, shares[part])

    # Qt overrides

    def event(self, event: QEvent) -> bool:
        """Follow controls that come, go or say more."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._lay_out()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many lines as the width asks for."""
        super().resizeEvent(event)
        self._has_place = True
        self._lay_out()


def _least(part: QWidget) -> int:
    takes_any = part.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Ignored
    need = LEAST_LETTERS * part.fontMetrics().averageCharWidth() if takes_any else part.minimumSizeHint().width()
    return max(part.minimumWidth(), need)
