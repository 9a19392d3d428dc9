"""Backtests in the database; implements `ports.backtests.BacktestStore`.

Written beside a running journal through its queue. No order depends on it.
"""

import msgspec

from workstation.ports.backtests import KEPT_MAX, Backtest
from workstation.storage.backtest_tables import (
    DELETE_BACKTEST,
    DELETE_OLD,
    NEWEST_ID,
    READ_BACKTESTS,
    READ_ROWS,
    SAVE_BACKTEST,
)
from workstation.storage.study_rows import StudyRows
from workstation.storage.tables import TENANT

_encode = msgspec.json.Encoder().encode
_backtest = msgspec.json.Decoder(Backtest).decode


class SqlBacktests(StudyRows):
    """The backtests of this installation."""

    newest = NEWEST_ID

    def save(self, backtest: Backtest, rows: bytes = b"") -> None:
        """Keep a backtest as it stands, and its rows where there are any; beyond KEPT_MAX the oldest leave.

        Raises:
            StorageError: nothing was kept.
        """
        state = (backtest.created_at, backtest.updated_at, backtest.status.value, _encode(backtest), rows)
        self._write((SAVE_BACKTEST, [(TENANT, backtest.id, *state)]), (DELETE_OLD, [(TENANT, backtest.id - KEPT_MAX)]))

    def delete(self, backtest_id: int) -> None:
        """Forget a backtest."""
        self._write((DELETE_BACKTEST, [(TENANT, backtest_id)]))

    def backtests(self) -> tuple[Backtest, ...]:
        """Return all backtests, the newest first."""
        return tuple(_backtest(blob) for (blob,) in self._read(READ_BACKTESTS, (TENANT,)))

    def rows(self, backtest_id: int) -> bytes:
        """Return the rows of a backtest as they were kept, empty where there are none."""
        found = self._read(READ_ROWS, (TENANT, backtest_id))
        return bytes(found[0][0]) if found else b""
