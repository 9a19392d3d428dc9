"""Sweeps and backtests on every store: alone on a home and beside a running journal, kept once, read back as kept."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.helpers.stores import migrated_postgres_database, open_for_test
from workstation.domain.errors import StorageError, StorageLocked
from workstation.domain.numbers import MONEY_ONE
from workstation.ports.backtests import KEPT_MAX, Backtest, BacktestStatus, Worth
from workstation.ports.sweeps import Figures, Point, Sweep, SweepStatus, Terms, Trial, TrialStatus
from workstation.storage import open_view
from workstation.storage.backtest_store import SqlBacktests
from workstation.storage.sweep_store import open_sweeps

NOW = 1_700_000_000 * 10**9
FIGURES = Figures(
    total_return=0.1, sharpe=1.5, sortino=None, calmar=2.0, profit_factor=None, drawdown=0.05,
    net_profit=10**9 * MONEY_ONE, fills=4, trades=2, days=10, sharpe_day=0.1, skewness=-0.2, kurtosis=3.5, digest="d",
)  # fmt: skip
SWEEP = Sweep(
    id=1, terms=Terms(entry_point="a:B", axes={"n": [1, 2.5, "x"]}), status=SweepStatus.RUNNING, created_at=NOW,
    updated_at=NOW, code_hash="h", source="text", data={"0: ABC bars 1d": "f"}, joined=(Point(1, 1.25),),
)  # fmt: skip
BACKTEST = Backtest(
    id=1, entry_point="a:B", parameters={"n": 1}, market={"symbol": ["ABC"]}, status=BacktestStatus.RUNNING,
    created_at=NOW, updated_at=NOW,
)  # fmt: skip
TRIALS = [
    Trial(fold=0, number=number, parameters={"n": number}, status=TrialStatus.DONE, inside=FIGURES)
    for number in range(3)
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


def test_what_is_kept_is_read_back_and_kept_once(url: str, tmp_path: Path) -> None:
    home = open_sweeps(url, tmp_path, NOW)
    try:
        store = home.sweeps
        assert store.next_id() == 1
        store.save(SWEEP, TRIALS[:2])
        changed = msgspec.structs.replace(TRIALS[1], error="another")
        done = msgspec.structs.replace(SWEEP, status=SweepStatus.DONE, updated_at=NOW + 1)
        store.save(done, [changed, TRIALS[2]])
        store.save(msgspec.structs.replace(SWEEP, id=2))
        assert store.next_id() == 3
        assert [sweep.id for sweep in store.sweeps()] == [2, 1]
        assert store.sweep(1) == done
        assert list(store.trials(1)) == TRIALS
        store.delete(1)
        assert (store.sweep(1), store.trials(1)) == (None, ())
    finally:
        home.close()


def test_beside_a_journal_they_go_through_its_queue_and_a_second_writer_is_refused(url: str, tmp_path: Path) -> None:
    opened = open_for_test(tmp_path / "home", url)
    try:
        opened.store.sweeps.save(SWEEP, TRIALS)
        assert opened.store.sweeps.sweep(1) == SWEEP
        assert list(opened.store.sweeps.trials(1)) == TRIALS
        keeps_backtests(opened.store.backtests)
        with pytest.raises(StorageLocked):
            open_sweeps(url, tmp_path / "home", NOW)
        view = open_view(url, tmp_path / "home")
        try:
            assert view.sweeps.sweep(1) == SWEEP
            with pytest.raises(StorageError, match="nothing is written"):
                view.sweeps.save(SWEEP)
            assert [row.id for row in view.backtests.backtests()] == [KEPT_MAX + 2, 2]
            with pytest.raises(StorageError, match="nothing is written"):
                view.backtests.save(BACKTEST)
        finally:
            view.close()
    finally:
        opened.close()


def keeps_backtests(store: SqlBacktests) -> None:
    """Hold a store to what it says of backtests: the last state, the rows, and no more than KEPT_MAX."""
    assert store.next_id() == 1
    store.save(BACKTEST)
    done = msgspec.structs.replace(BACKTEST, status=BacktestStatus.DONE, figures=FIGURES, curve=(Worth(1, 2.5),))
    store.save(done, b"\x00rows\xff")
    store.save(msgspec.structs.replace(BACKTEST, id=2))
    assert (store.backtests()[1], store.rows(1), store.rows(2), store.rows(9)) == (done, b"\x00rows\xff", b"", b"")
    store.save(msgspec.structs.replace(BACKTEST, id=3))
    store.delete(3)
    store.save(msgspec.structs.replace(BACKTEST, id=KEPT_MAX + 1))
    assert [row.id for row in store.backtests()] == [KEPT_MAX + 1, 2]
    store.delete(KEPT_MAX + 1)
    store.save(msgspec.structs.replace(BACKTEST, id=KEPT_MAX + 2, status=BacktestStatus.FAILED, error="why"))
    store.save(msgspec.structs.replace(BACKTEST, id=2))
