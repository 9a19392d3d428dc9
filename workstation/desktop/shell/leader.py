"""A leader sequence that waits for its second key: the pointer changes, and the keys that continue it are listed.

Beside the hotkey filter, which decides what a key does; this holds the wait of LEADER_MS and shows it.
"""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from workstation.viewmodels.hotkey_binds import Bind

LEADER_MS = 1_000
SHOWN_MAX = 12
"""Continuations that are listed; more are counted."""
_EDGE = 12


class Leader(QObject):
    """At most one sequence at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("leader")
        self._chord = ""
        self._next: Mapping[str, tuple[Bind, ...]] = {}
        self._card: QLabel | None = None
        self._timer = QTimer(self, interval=LEADER_MS, singleShot=True)
        self._timer.timeout.connect(self.end)

    @property
    def waits(self) -> bool:
        """True between the leader and its second key."""
        return bool(self._chord)

    def begin(self, chord: str, continuations: Mapping[str, tuple[Bind, ...]]) -> None:
        """Wait for the second key, and show that."""
        self.end()
        self._chord, self._next = chord, continuations
        QApplication.setOverrideCursor(Qt.CursorShape.WhatsThisCursor)
        self._show()
        self._timer.start()

    def take(self, chord: str) -> tuple[Bind, ...]:
        """End the wait with a key; returns the binds of the whole sequence, none when it is no continuation."""
        found = self._next.get(chord, ())
        self.end()
        return found

    def end(self) -> None:
        """Stop waiting; called again it does nothing."""
        if not self._chord:
            return
        self._chord, self._next = "", {}
        self._timer.stop()
        QApplication.restoreOverrideCursor()
        if self._card is not None:
            self._card.hide()
            self._card.deleteLater()
            self._card = None

    def _show(self) -> None:
        window = QApplication.activeWindow()
        if window is None:
            return
        rows = [
            f"<tr><td><b>{chord}</b></td><td>&nbsp;&nbsp;{' / '.join(bind.id for bind in binds)}</td></tr>"
            for chord, binds in tuple(self._next.items())[:SHOWN_MAX]
        ]
        more = len(self._next) - len(rows)
        rest = f"<tr><td></td><td>&nbsp;&nbsp;and {more} more</td></tr>" if more > 0 else ""
        card = self._card = QLabel(f"<b>{self._chord} …</b><table>{''.join(rows)}{rest}</table>", window)
        card.setObjectName("leader_card")
        card.setAccessibleName(f"{self._chord} waits for its second key")
        card.setProperty("role", "raised")
        card.setMargin(_EDGE)
        card.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        card.adjustSize()
        _to_foot(card, window)
        card.show()
        card.raise_()


def _to_foot(card: QWidget, window: QWidget) -> None:
    card.move((window.width() - card.width()) // 2, window.height() - card.height() - 4 * _EDGE)
