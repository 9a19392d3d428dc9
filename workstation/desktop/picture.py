"""Pictures of the running desktop, made by a command: wait for live data, paint, save, leave."""

from pathlib import Path

from PySide6.QtCore import QTimer

from workstation.desktop.eventloop import Desktop

LIVE_QUOTES_MIN = 1
SETTLE_MS = 3_500
GIVE_UP_MS = 20_000


def take_picture(desktop: Desktop, file: Path, size: tuple[int, int]) -> None:
    """Save a picture of the window once it shows live data, then end the application.

    Exit code 1 when no live data came within GIVE_UP_MS.
    """
    window = desktop.workspace.window
    window.showNormal()
    window.resize(*size)
    waited = QTimer(window, interval=100)

    def look() -> None:
        quotes = desktop.bridge.state.quotes
        if sum(quote.bid is not None for quote in quotes.values()) >= LIVE_QUOTES_MIN:
            waited.stop()
            QTimer.singleShot(SETTLE_MS, save)

    def save() -> None:
        saved = window.grab().save(str(file))
        desktop.app.exit(0 if saved else 1)

    waited.timeout.connect(look)
    waited.start()
    QTimer.singleShot(GIVE_UP_MS, lambda: desktop.app.exit(1))
