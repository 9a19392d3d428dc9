"""The store port of backtests: what was asked for, what came of it, and the whole run for its report.

Beside both walks. Rows are written by whoever drives a backtest and read by the desktop.
"""

from enum import StrEnum
from typing import Any, Protocol

import msgspec

from workstation.domain.orders import Side
from workstation.ports.sweeps import Figures

KEPT_MAX = 200
"""Backtests that are kept; the oldest leave."""

CURVE_POINTS_MAX = 600
"""Points of a curve that a screen gets; the report has all."""


class BacktestStatus(StrEnum):
    """Where a backtest stands. One that is RUNNING without a process was killed."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    DONE = "DONE"


class Worth(msgspec.Struct, frozen=True, array_like=True):
    """The account at an instant, UTC ns, in whole units of its currency."""

    ts: int
    equity: float


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest as it stands, times UTC ns.

    market: options of `workstation backtest` by name. figures: None until it is done. curve: with its extremes, at most
    CURVE_POINTS_MAX. error: why it failed, in lines; warnings: what flatters it. reported: its rows are kept, so that a
    report can be made.
    """

    id: int
    entry_point: str
    parameters: dict[str, Any]
    market: dict[str, Any]
    status: BacktestStatus
    created_at: int
    updated_at: int
    code_hash: str = ""
    currency: str = ""
    first_ts: int = 0
    last_ts: int = 0
    bars: int = 0
    initial: float = 0.0
    figures: Figures | None = None
    curve: tuple[Worth, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    reported: bool = False


class BacktestBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Backtests as a screen shows them, the newest first. running: number of the one under way, 0 for none.

    played, at: bars and rows that it has played, and the time of its market, UTC ns.
    """

    backtests: tuple[Backtest, ...]
    running: int = 0
    played: int = 0
    at: int = 0


class Trip(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A closed round trip. side: of its entry; qty: largest size held, as text. entry_px, exit_px: averages.

    pnl, before fees, and fees: money of the instrument's currency; mae, mfe: worst and best open profit, whole units.
    """

    number: int
    symbol: str
    side: Side
    qty: str
    entry_ts: int
    entry_px: float
    exit_ts: int
    exit_px: float
    pnl: int
    fees: int
    mae: float
    mfe: float
    bars: int


class BacktestTrips(msgspec.Struct, frozen=True, kw_only=True):
    """The round trips of a backtest, in the order of their ends."""

    backtest_id: int
    trips: tuple[Trip, ...]


class BacktestStore(Protocol):
    """Keeps backtests. One thread at a time writes; any may read what is committed."""

    def next_id(self) -> int:
        """Return the number of the next backtest."""

    def save(self, backtest: Backtest, rows: bytes = b"") -> None:
        """Keep a backtest as it stands, and its rows where there are any; beyond KEPT_MAX the oldest leave.

        Raises:
            StorageError: nothing was kept.
        """

    def delete(self, backtest_id: int) -> None:
        """Forget a backtest."""

    def backtests(self) -> tuple[Backtest, ...]:
        """Return all backtests, the newest first."""

    def rows(self, backtest_id: int) -> bytes:
        """Return the rows of a backtest as they were kept, empty where there are none."""
