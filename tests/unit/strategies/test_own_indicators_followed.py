"""Own indicators in strategies: the chart's values, bar by bar, live, isolated, in backtests and in sweeps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import MINUTE, START, columns, gapped_bars, options, plan
from tests.helpers.core_rig import ACCOUNT
from tests.helpers.market import instrument
from tests.helpers.own_code import CROSSING, FAILS, SPAN, OwnHome
from tests.helpers.run_desk_rig import DeskRig
from tests.helpers.runner_rig import RunnerRig
from tests.helpers.strategy_rig import TYPE
from workstation.app.isolation import isolated_host
from workstation.app.strategy_fault import fault_words
from workstation.backtest.columns import BarColumns
from workstation.backtest.examination import look_ahead
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import encoded, job_of, loaded
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.market import Bar
from workstation.strategies import messages as m
from workstation.strategies.api import Strategy
from workstation.strategies.host import Host
from workstation.strategies.loading import Code
from workstation.strategies.runs import Isolated, RunLine, RunOrder, RunStatus
from workstation.strategies.views import Policy
from workstation.viewmodels.chart_indicators import calculate, chosen_of, closed_bars
from workstation.viewmodels.level_of_detail import BarPyramid


@pytest.fixture
def home(tmp_path: Path) -> OwnHome:
    return OwnHome(tmp_path)


def market(count: int = 400) -> BarColumns:
    return gapped_bars(count)


def chart_values(code: Code, data: BarColumns, **figures: float) -> Any:
    """Return what a chart of these bars draws, (2, n)."""
    bars = BarPyramid()
    prices = {name: getattr(data, name) / 100 for name in ("open", "high", "low", "close")}
    more = [*data.ts_open, int(data.ts_close[-1])]  # a chart's last bar forms; its closed ones are those here
    bars.replace(
        more,
        **{name: [*column, column[-1]] for name, column in prices.items()},
        volume=[*data.volume.astype(float), 0.0],
    )
    made = calculate(chosen_of(code.own["own.span.Span"], figures), closed_bars(bars), lambda: True)
    assert made is not None
    return made.values


def played(code: Code, data: BarColumns, **parts: Any) -> BacktestPlan:
    return plan(code.strategy, data, own=code.own, **parts)


class Watching:
    """Keeps what the strategy saw in a backtest."""

    def __init__(self, code: Code) -> None:
        self.made: list[Strategy] = []
        watching = self

        class Watched(code.strategy):  # type: ignore[misc, name-defined]  # a class of a file
            def on_start(self) -> None:
                super().on_start()
                watching.made.append(self)

        self.code = msgspec.structs.replace(code, strategy=Watched)

    @property
    def seen(self) -> Any:
        return np.array([row[1:] for row in self.made[-1].seen]).T


@pytest.mark.parametrize("fast", [True, False])
def test_a_backtest_gives_each_bar_what_a_chart_draws(home: OwnHome, fast: bool) -> None:
    watching, data = Watching(home.read()), market()
    result = run_backtest(played(watching.code, data, options=options(fast=fast)))
    np.testing.assert_array_equal(watching.seen, chart_values(watching.code, data, bars=3))
    assert len(result.fills) > 10


def test_bars_at_once_and_one_by_one_give_the_same_run(home: OwnHome) -> None:
    code = home.read()
    fast, slow = (run_backtest(played(code, market(), options=options(fast=fast))) for fast in (True, False))
    assert fast.digest == slow.digest


def test_history_before_the_first_bar_counts_for_it(home: OwnHome) -> None:
    watching, data = Watching(home.read()), market()
    run_backtest(played(watching.code, data, start_ts=START + 100 * MINUTE))
    np.testing.assert_array_equal(watching.seen, chart_values(watching.code, data, bars=3)[:, 100:])


def market_bars(data: BarColumns) -> list[Bar]:
    rows = zip(*(column.tolist() for column in data.columns), strict=True)
    return [Bar("ABC", TYPE, *row[2:], 0, *row[:2]) for row in rows]


def test_a_live_host_gives_each_bar_what_a_chart_draws(home: OwnHome) -> None:
    code, data = home.read(), market(60)
    host = host_of(code)
    rows = market_bars(data)
    host.deliver(m.PastBars("1m", tuple(rows[:20])))
    for row in rows[20:]:
        host.deliver(m.BarClosed("1m", row))
    seen = np.array([row[1:] for row in host.strategy.seen]).T
    np.testing.assert_array_equal(seen, chart_values(code, data, bars=3)[:, 20:])


def host_of(code: Code, told: list[m.Intent] | None = None) -> Host:
    """Return a host whose strategy has started."""
    made = Host(
        lambda door: code.strategy(door, code.strategy.Parameters()),
        run_id="R1",
        account="SIM",
        instruments={"ABC": instrument("ABC")},
        send=([] if told is None else told).append,
        own=code.own,
    )
    made.deliver(m.Started(START, {}, ()))
    return made


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ("own.span.Span.middle", NotFound, "middle of own.span.Span; there are high, low"),
        ("own.other.Other", NotFound, "has to stand as a whole in the strategy's file"),
    ],
)
def test_what_is_no_own_indicator_of_the_code_is_not_found(
    home: OwnHome, asked: str, error: type[Exception], words: str
) -> None:
    strategy = host_of(home.read()).strategy
    with pytest.raises(error, match=words):
        strategy.indicator("ABC", "1m", asked)
    with pytest.raises(ValidationError, match="bars: 51 is out of range"):
        strategy.indicator("ABC", "1m", "own.span.Span", bars=51)
    with pytest.raises(ValidationError, match="is no parameter"):
        strategy.indicator("ABC", "1m", "own.span.Span", length=5)


def test_one_that_fails_live_ends_the_run_with_its_file_and_line(home: OwnHome) -> None:
    home.own(FAILS)
    told: list[m.Intent] = []
    host = host_of(home.read(), told)
    first, second, third = (m.BarClosed("1m", row) for row in market_bars(rising())[:3])
    host.deliver(first)
    host.deliver(second)
    with pytest.raises(ZeroDivisionError):
        host.deliver(third)
    (fault,) = [intent for intent in told if isinstance(intent, m.Faulted)]
    assert fault.error == "ZeroDivisionError: float division by zero (indicators/span.py, line 18)"
    assert 'File "indicators/span.py", line 18, in on_bar\n    1 / (bar.close - 103)' in fault.traceback
    assert len(host.strategy.seen) == 2


def rising() -> BarColumns:
    """Return bars that close at 101, 102, 103 and so on."""
    close = 10_000 + 100 * np.arange(1, 9)
    return columns(close, close, close, close, np.full(8, 100))


@pytest.mark.parametrize("fast", [True, False])
def test_one_that_fails_in_a_backtest_does_so_at_its_bar_and_says_where(home: OwnHome, fast: bool) -> None:
    home.own(FAILS)
    watching = Watching(home.read())
    with pytest.raises(ZeroDivisionError) as failed:
        run_backtest(played(watching.code, rising(), options=options(fast=fast)))
    assert len(watching.made[-1].seen) == 2
    words = "\n".join(fault_words("crossing:Crossing", failed.value))
    assert "indicators/span.py, line 18, in on_bar" in words
    assert "at 2020-01-01T00:03:00Z of the market" in words


def test_a_sweep_takes_the_indicators_with_its_code(home: OwnHome) -> None:
    code = home.read()
    job = encoded(job_of(played(code, market(), parameters={"bars": 3}), code))
    home.forget_own()
    swept = loaded(job)
    results = {bars: run_backtest(swept.plan({"bars": bars}, swept.span, warm=False)) for bars in (3, 20)}
    assert results[3].fills == run_backtest(played(code, market(), parameters={"bars": 3})).fills
    assert results[20].fills != results[3].fills


READS = SPAN.replace(
    "        self.seen.append(bar)", "        open('prices.csv').close()\n        self.seen.append(bar)"
)


def test_what_an_indicator_reads_by_itself_is_named_by_the_look_ahead_check(
    home: OwnHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look_ahead(lambda: played(home.read(), market()), samples=3).own_data == ()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.csv").touch()
    home.own(READS)
    found = look_ahead(lambda: played(home.read(), market()), samples=3)
    assert found.own_data == ("open()",)


def test_a_run_tells_which_indicators_it_uses_and_keeps_their_text(home: OwnHome) -> None:
    home.strategy(CROSSING.replace("self.seen = []", "self.seen = [self.log('begun')]"))
    code = home.read()
    rig = DeskRig()
    rig.code.load = lambda _entry, _hash, done, runs=True: done(code, "")  # type: ignore[method-assign]  # files in place of classes
    run_id = rig.start()
    (line,) = [line for line in rig.said(RunLine) if line.event_type == "INDICATORS"]
    own_hash = code.source.rpartition("sha256 ")[2][:12]
    assert line.text == f"Own indicators: indicators/span.py {own_hash}."
    run = rig.kept(run_id)
    assert run.code_hash == code.code_hash
    live = rig.runner.run(run_id)
    rig.until(lambda: live.status.is_final or "begun" in [line.text for line in rig.said(RunLine)])
    assert live.status is RunStatus.RUNNING, live.view.traceback
    rig.runner.close(20)


@pytest.fixture
def live() -> Iterator[RunnerRig]:
    made = RunnerRig()
    made.runner._isolate = isolated_host
    yield made
    assert made.close() == []
    assert made.faults == []


@pytest.mark.skipif(sys.platform == "win32", reason="isolated runs need a POSIX system")
def test_an_isolated_run_has_the_same_values_without_the_folder(home: OwnHome, live: RunnerRig) -> None:
    home.strategy(CROSSING + "        self.show(high=self.high.value, low=self.low.value)\n")
    code = home.read(runs=False)
    home.forget_own()
    isolated = Isolated(
        entry_point=code.entry_point, source=code.source, parameters={"bars": 2}, memory_mb=1_024, cpu_s=60
    )
    order = RunOrder(
        run_id="R1", account=ACCOUNT, name="crossing", make=lambda _door: None, policy=Policy.CANCEL,
        isolated=isolated, code_hash=code.code_hash,
    )  # fmt: skip
    run = live.runner.start(order)
    live.until(lambda: run.status.is_final or live.runner._series)
    assert run.status is RunStatus.RUNNING, run.view.traceback
    for row in market_bars(rising())[:2]:
        run.thread.inbox.put(m.BarClosed("1m", row))
    live.until(lambda: run.status.is_final or run.view.values.get("high") == "102.0")
    assert run.view.values == {"high": "102.0", "low": "101.0001"}
