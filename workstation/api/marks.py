"""The newest mark of each position, as the engine gives it to every screen. Used on the API's loop."""

import asyncio
import contextlib

from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.session import Session

ACCOUNT_ROW = "*"
"""Strategy id of the row that sums an account."""


class Marks:
    """Position snapshots by (account, symbol), account rows alone."""

    def __init__(self, session: Session, loop: asyncio.AbstractEventLoop) -> None:
        self._session, self._loop = session, loop
        self._snaps: dict[tuple[str, str], PositionSnap] = {}
        self._outbox = session.open_outbox(self._wake)

    def latest(self) -> dict[tuple[str, str], PositionSnap]:
        """Return everything known now."""
        for (account, symbol, strategy_id), snap in self._outbox.take().positions.items():
            if strategy_id == ACCOUNT_ROW:
                self._snaps[account, symbol] = snap
        return self._snaps

    def close(self) -> None:
        """End the outbox."""
        self._session.close_outbox(self._outbox)

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended with the server
            self._loop.call_soon_threadsafe(self.latest)
