"""Signals of runs in memory: by instrument, bounded, and taken back from the database after a restart."""

from __future__ import annotations

from tests.helpers.memory_runs import MemoryRuns
from workstation.domain.errors import StorageError
from workstation.domain.records import StrategyRun
from workstation.domain.strategy_rows import StrategySignal
from workstation.kernel.bus import Bus
from workstation.strategies.messages import Signal
from workstation.strategies.run_signals import RUNS_RECALLED, SIGNALS_MAX, RunSignals
from workstation.strategies.runs import RunSignal


def bus() -> Bus:
    def raised(_entry: str, error: Exception) -> None:
        raise error

    return Bus(raised)


def told(symbol: str = "ABC", ts: int = 1) -> RunSignal:
    return RunSignal("R1", Signal(symbol=symbol, action="BUY", confidence=0.5), ts)


def run(number: int) -> StrategyRun:
    return StrategyRun(
        id=f"R{number}",
        strategy_id="S",
        account="SIM-1",
        user_id="u",
        run_name=f"Run {number}",
        run_number=number,
        initial_capital="1000",
        start_date="2024-01-02",
        started_at=number + 1,
    )


def row(run_id: str, ts: int) -> StrategySignal:
    return StrategySignal(
        id=f"{run_id}-{ts}",
        tenant=run(0).tenant,
        run_id=run_id,
        symbol="ABC",
        signal_type="SELL",
        confidence=7_500,
        signal_time=ts,
        reason="why",
        cl_ord_id="O-1",
    )


def test_the_newest_signals_are_kept_by_instrument() -> None:
    line = bus()
    kept = RunSignals(line)
    for ts in range(SIGNALS_MAX + 2):
        line.publish(told(ts=ts))
    line.publish(told("XYZ"))
    assert [signal.ts for signal in kept.of("ABC")] == list(range(2, SIGNALS_MAX + 2))
    assert len(kept.of("XYZ")) == 1
    assert kept.of("none") == ()


def test_a_restart_takes_back_what_the_newest_runs_said_in_order_of_time() -> None:
    reader = MemoryRuns()
    for number in range(RUNS_RECALLED + 1):
        reader.take(row(f"R{number}", 100 - number))
    kept = RunSignals(bus())
    kept.recall(reader, [run(number) for number in range(RUNS_RECALLED + 1)])
    found = kept.of("ABC")
    assert [signal.ts for signal in found] == [100 - number for number in range(RUNS_RECALLED, 0, -1)]
    assert found[0].signal == Signal(
        symbol="ABC", action="SELL", confidence=0.75, reason="why", cl_ord_id="O-1", target=None
    )


def test_rows_that_cannot_be_read_stop_nothing_and_are_logged(logged: list[dict[str, object]]) -> None:
    class Broken(MemoryRuns):
        def signals(self, query: object) -> object:
            raise StorageError("the database cannot be read")

    kept = RunSignals(bus())
    kept.recall(Broken(), [run(1)])
    assert kept.of("ABC") == ()
    assert [entry["event"] for entry in logged] == ["signals_not_recalled"]
