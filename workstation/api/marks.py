"""The newest figures of positions, accounts and the engine, as every screen gets them. Used on the API's loop."""

import asyncio
import contextlib

from workstation.viewmodels.frames import AccountSnap, PositionSnap, StatusSnap
from workstation.viewmodels.session import Session

ACCOUNT_ROW = "*"
"""Strategy id of the row that sums an account."""


class Marks:
    """Position snapshots by (account, symbol), account rows alone. accounts: by name; status: None before the first."""

    def __init__(self, session: Session, loop: asyncio.AbstractEventLoop) -> None:
        self._session, self._loop = session, loop
        self._snaps: dict[tuple[str, str], PositionSnap] = {}
        self.accounts: dict[str, AccountSnap] = {}
        self.status: StatusSnap | None = None
        self._outbox = session.open_outbox(self._wake)

    def latest(self) -> dict[tuple[str, str], PositionSnap]:
        """Return the positions known now, and renew accounts and status."""
        frame = self._outbox.take()
        self.accounts.update(frame.accounts)
        self.status = frame.status or self.status
        for (account, symbol, strategy_id), snap in frame.positions.items():
            if strategy_id == ACCOUNT_ROW:
                self._snaps[account, symbol] = snap
        return self._snaps

    def close(self) -> None:
        """End the outbox."""
        self._session.close_outbox(self._outbox)

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended with the server
            self._loop.call_soon_threadsafe(self.latest)
