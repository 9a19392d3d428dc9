"""The store port of sweeps: what was asked for, and one row for each trial.

Beside both walks. Rows are written by whoever drives a sweep and read by the command line and the desktop; they hold
all that a sweep needs to go on where it stopped.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class Method(StrEnum):
    """How trials are chosen: every combination, a seeded draw, or by what earlier trials found."""

    GRID = "grid"
    RANDOM = "random"
    BAYES = "bayes"


class Metric(StrEnum):
    """What trials are ranked by, in-sample; more is better."""

    SHARPE = "sharpe"
    SORTINO = "sortino"
    CALMAR = "calmar"
    TOTAL_RETURN = "total_return"
    PROFIT_FACTOR = "profit_factor"


class SweepStatus(StrEnum):
    """Where a sweep stands. One that is RUNNING without a process was killed, and can be gone on with."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    DONE = "DONE"


class TrialStatus(StrEnum):
    """How a trial ended."""

    DONE = "DONE"
    FAILED = "FAILED"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep was asked for.

    axes: values of each parameter that is searched. fixed: of the others. market: options of `workstation backtest` by
    name. count: trials of a random or Bayesian search, for each fold. out_share: part of each fold kept out of the
    search, 0 to below 1. anchored: each fold's in-sample part begins at the start.
    """

    entry_point: str
    axes: dict[str, list[Any]]
    fixed: dict[str, Any] = {}
    market: dict[str, Any] = {}
    method: Method = Method.GRID
    count: int = 0
    seed: int = 1
    metric: Metric = Metric.SHARPE
    out_share: float = 0.3
    folds: int = 1
    anchored: bool = False


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run amounts to; see `backtest.metrics`. digest: of the run, equal for equal runs.

    days: number of daily returns; sharpe_day: their ratio, not made yearly; skewness and kurtosis (3: normal) of them.
    net_profit: money of the account's currency.
    """

    total_return: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    profit_factor: float | None
    drawdown: float
    net_profit: int
    fills: int
    trades: int
    days: int
    sharpe_day: float | None
    skewness: float
    kurtosis: float
    digest: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One trial of one fold. parameters: of the axes alone. outside: None without an out-of-sample part.

    error: why it failed, "" where it did not.
    """

    fold: int
    number: int
    parameters: dict[str, Any]
    status: TrialStatus
    inside: Figures | None = None
    outside: Figures | None = None
    error: str = ""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """The joined out-of-sample account at the end of a day, UTC ns, as a multiple of what it began with."""

    ts: int
    equity: float


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as it stands, times UTC ns.

    code_hash, source: of the strategy as it was. data: SHA-256 by series. planned: trials of all folds. refused:
    combinations that the strategy's schema does not take. joined: the out-of-sample parts of each fold's choice, one
    after another.
    """

    id: int
    terms: Terms
    status: SweepStatus
    created_at: int
    updated_at: int
    code_hash: str
    source: str
    data: dict[str, str]
    planned: int = 0
    done: int = 0
    failed: int = 0
    refused: int = 0
    currency: str = ""
    first_ts: int = 0
    last_ts: int = 0
    error: str = ""
    joined: tuple[Point, ...] = ()


class SweepBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Sweeps as a screen shows them, the newest first. running: number of the one under way, 0 for none.

    ended: why the last one of this run ended before its end, "" where it did not.
    """

    sweeps: tuple[Sweep, ...]
    running: int = 0
    ended: str = ""


class SweepTable(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep with its trials so far."""

    sweep: Sweep
    trials: tuple[Trial, ...]


class SweepStore(Protocol):
    """Keeps sweeps. One thread at a time writes; any may read what is committed."""

    def next_id(self) -> int:
        """Return the number of the next sweep."""

    def save(self, sweep: Sweep, trials: Sequence[Trial] = ()) -> None:
        """Keep a sweep as it stands, and trials of it, in one transaction.

        Raises:
            StorageError: nothing was kept.
        """

    def delete(self, sweep_id: int) -> None:
        """Forget a sweep and its trials."""

    def sweeps(self) -> tuple[Sweep, ...]:
        """Return all sweeps, the newest first."""

    def sweep(self, sweep_id: int) -> Sweep | None:
        """Return one sweep."""

    def trials(self, sweep_id: int) -> tuple[Trial, ...]:
        """Return a sweep's trials by fold and number."""


def by_key(trials: Sequence[Trial]) -> Mapping[tuple[int, int], Trial]:
    """Return trials by fold and number."""
    return {(trial.fold, trial.number): trial for trial in trials}
