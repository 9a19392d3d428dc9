"""The brushed stretch of the day in words, and the blotters filtered by it. Part of the P&L panel.

The filter goes into the line of each open orders and fills panel, where it is seen and Esc clears it. Sends nothing.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.shell.staging import panels
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.formats import exact_time
from workstation.viewmodels.pnl_curve import Stretch

BLOTTERS = frozenset({"orders", "fills"})


class StretchLine(QWidget):
    """What was brushed, and the button beside it. Emits: filter_asked()."""

    filter_asked = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._words = QLabel(wordWrap=True)
        self._words.setObjectName(f"{name}_words")
        self._words.setProperty("role", "caption")
        self.to_blotter = QPushButton("Filter blotter")
        self.to_blotter.setObjectName(f"{name}_filter")
        self.to_blotter.setAccessibleName("Show only this stretch in the orders and fills that are open")
        self.to_blotter.setToolTip(self.to_blotter.accessibleName())
        self.to_blotter.setProperty("role", "quiet")
        self.to_blotter.clicked.connect(lambda _checked=False: self.filter_asked.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 2)
        row.addWidget(self._words, 1)
        row.addWidget(self.to_blotter, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def text(self) -> str:
        """Return the words."""
        return self._words.text()

    def show_stretch(self, stretch: Stretch | None, *, is_shown: bool, is_brief: bool) -> None:
        """Say what a stretch brought, nothing for None. is_brief: its change alone, the rest on hover."""
        whole = "" if stretch is None else f"{stretch.words}. Enter shows its fills."
        self._words.setText(whole.partition(",")[0] if is_brief else whole)
        self._words.setToolTip(whole)
        self.setVisible(stretch is not None and is_shown)


def filter_of(stretch: Stretch) -> str:
    """Return a stretch as a filter line of the blotter, from the second of its beginning to that of its end."""
    first, last = (exact_time(ts)[:19] for ts in (stretch.start, stretch.end + NS_PER_S))
    return f"time>={first} time<{last}"


def filter_blotters(stretch: Stretch) -> int:
    """Show only a stretch in every orders and fills panel that can be seen; returns how many there are."""
    found = [panel for panel in panels(lambda kind: kind.kind in BLOTTERS) if panel.isVisible()]
    lines = [panel.filter_line for panel in found if isinstance(panel, TablePanel) and panel.filter_line is not None]
    for line in lines:
        line.setText(filter_of(stretch))
    return len(lines)
