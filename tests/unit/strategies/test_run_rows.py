"""Rows of runs on their way into the journal: bounded, told once, and true to what became of their orders."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT
from tests.helpers.runner_rig import RunnerRig
from workstation.domain.events import SIGNALS_PER_LINE, RunNoted
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import RunFigures, RunPeriod
from workstation.domain.strategy_rows import RunLog, RunPerformance, StrategySignal
from workstation.strategies.messages import Signal
from workstation.strategies.run_rows import ROWS_OF_RUN_MAX, RunRows
from workstation.strategies.runs import RunLine, RunSignal


class Rig(RunnerRig):
    def __init__(self) -> None:
        super().__init__()
        self.rows = RunRows(self.desk, self.bus, self.clock, self.ids)
        self.rows.listen(lambda _run: "local")
        self.kept: list[tuple[RunNoted, tuple]] = []
        record = self.desk.recorder.record

        def noting(events, *, rows=(), **more):
            self.kept += [(event, ()) for event in events[:-1]]
            self.kept.append((events[-1], tuple(rows)))
            return record(events, rows=rows, **more)

        self.desk.recorder.record = noting

    def say(self, text: str = "so", run_id: str = "R1") -> None:
        self.bus.publish(RunLine(run_id, "INFO", text, 1))

    def opine(self, cl_ord_id: str = "", reason: str = "why") -> None:
        signal = Signal(symbol="ABC", action="BUY", confidence=0.75, reason=reason, cl_ord_id=cl_ord_id)
        self.bus.publish(RunSignal("R1", signal, 2))

    def flushed(self) -> list:
        """Return the rows of a flush, and keep its events apart."""
        self.kept.clear()
        self.rows.flush()
        return [row for _, rows in self.kept for row in rows]

    def events(self) -> list[RunNoted]:
        return [event for event, _ in self.kept]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_nothing_said_is_nothing_written(rig: Rig) -> None:
    assert rig.flushed() == []
    assert rig.events() == []


def test_lines_and_signals_travel_beside_one_journal_line(rig: Rig) -> None:
    rig.say("first")
    rig.opine()
    line, signal = rig.flushed()
    assert isinstance(line, RunLog)
    assert (line.run_id, line.message, line.tenant) == ("R1", "first", "local")
    assert isinstance(signal, StrategySignal)
    assert (signal.confidence, signal.executed_at) == (7_500, None)
    (noted,) = rig.events()
    assert (noted.signals, noted.rows) == ((signal,), 2)
    assert rig.flushed() == []


def test_many_signals_are_told_by_lines_that_hold_as_many_as_they_may(rig: Rig) -> None:
    for number in range(SIGNALS_PER_LINE * 2 + 1):
        rig.opine(reason=str(number))
    rows = rig.flushed()
    assert [len(noted.signals) for noted in rig.events()] == [SIGNALS_PER_LINE, SIGNALS_PER_LINE, 1]
    assert [signal for noted in rig.events() for signal in noted.signals] == rows
    assert [noted.rows for noted in rig.events()] == [0, 0, len(rows)]


def test_one_that_talks_without_end_takes_its_share_and_no_more(rig: Rig) -> None:
    for number in range(ROWS_OF_RUN_MAX + 7):
        rig.say(str(number))
    rig.say("still heard", run_id="R2")
    rows = rig.flushed()
    assert [row.message for row in rows if row.run_id == "R2"] == ["still heard"]
    own = [row.message for row in rows if row.run_id == "R1"]
    assert own == [*map(str, range(ROWS_OF_RUN_MAX)), "7 lines and signals were left out."]
    rig.say("again")
    assert [row.message for row in rig.flushed()] == ["again"]


def test_a_signal_says_what_its_order_has_traded_and_is_told_once(rig: Rig) -> None:
    order = rig.submit(qty=10)
    rig.opine(order.cl_ord_id)
    (told,) = rig.flushed()
    assert (told.executed_qty, told.executed_at) == (0, None)
    rig.broker.fill(order.cl_ord_id, 4, 9_990)
    rig.broker.fill(order.cl_ord_id, 6, 10_000)
    (row,) = rig.flushed()
    assert (row.id, row.executed_qty, row.executed_cost) == (told.id, 10, 4 * 9_990 + 6 * 10_000)
    assert row.executed_at is not None
    assert [noted.signals for noted in rig.events()] == [()]
    assert rig.flushed() == []


def test_an_order_that_traded_before_its_signal_came_is_known(rig: Rig) -> None:
    order = rig.submit(qty=10)
    rig.broker.fill(order.cl_ord_id, 10, 9_990)
    rig.opine(order.cl_ord_id)
    (row,) = rig.flushed()
    assert row.executed_qty == 10


def test_a_period_that_is_kept_twice_before_a_flush_is_one_row(rig: Rig) -> None:
    period = RunPeriod(start="2026-11-02", pnl=-100 * MONEY_ONE, trades=1, wins=1, losses=0, days=0, fall_bps=70)
    run = StrategyRun(
        id="R1", strategy_id="S1", account=ACCOUNT, user_id="local", run_name="s 1", run_number=1,
        initial_capital="1000.00", start_date="2026-11-01",
        figures=RunFigures(pnl=80 * MONEY_ONE, trades=4, wins=3, losses=1, periods={"WEEKLY": period}),
    )  # fmt: skip
    rig.rows.keep_performance(run)
    rig.rows.keep_performance(msgspec.structs.replace(run, figures=msgspec.structs.replace(run.figures, trades=5)))
    (row,) = rig.flushed()
    assert isinstance(row, RunPerformance)
    assert (row.starting_capital, row.ending_capital, row.pnl) == (900 * MONEY_ONE, 1_080 * MONEY_ONE, 180 * MONEY_ONE)
    assert (row.period_return, row.cumulative_return) == (0.2, 0.08)
    assert (row.trades, row.wins, row.losses, row.period_end, row.fall_bps) == (4, 2, 1, "2026-11-08", 70)
    assert row.sharpe is None
