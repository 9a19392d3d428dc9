"""Sounds: each kind of note is so many strokes of the system's bell, with a flash for whoever hears none.

The toolkit's sound library is not part of this program, so the bell is what every system has. A deaf machine, or a
silent one, still shows the flash.
"""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from workstation.viewmodels.alerts_notes import NoteKind

STROKE_MS = 140
STROKES: Mapping[NoteKind, int] = {
    NoteKind.FILL: 1,
    NoteKind.ALERT: 2,
    NoteKind.REJECT: 3,
    NoteKind.REFUSAL: 1,
    NoteKind.DISCONNECT: 4,
    NoteKind.NOTICE: 2,
}
"""Strokes of the bell by kind; a kind that is missing is silent."""


class Bell(QObject):
    """Rings; a kind that comes while it rings waits for nothing and is dropped, so that a burst stays short.

    Emits: rung(kind) with the first stroke.
    """

    rung = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("bell")
        self.enabled = True
        self._left = 0
        self._timer = QTimer(self, interval=STROKE_MS)
        self._timer.timeout.connect(self._stroke)

    def ring(self, kind: NoteKind) -> None:
        """Ring for a note."""
        strokes = STROKES.get(kind, 0)
        if not strokes or self._left:
            return
        self._left = strokes
        self.rung.emit(kind.value)
        self._stroke()
        if self._left:
            self._timer.start()

    def _stroke(self) -> None:
        self._left -= 1
        if self.enabled:
            QApplication.beep()
        if self._left <= 0:
            self._timer.stop()
