"""What runs say, on its way into the database: lines, signals and periods, gathered and written a batch at a time.

Engine thread only. A run that talks without end fills its share of a batch and no more; what was left out is counted
in the run's own log.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date

from workstation.domain.events import RunNoted
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.records import StrategyRun
from workstation.domain.strategy_rows import PeriodType, RunLog, RunPerformance, RunRow, StrategySignal
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.ids import IdSource, stable_uid
from workstation.orders.desk import Desk
from workstation.strategies.run_figures import last_day, sharpe, sortino, volatility
from workstation.strategies.runs import RunLine, RunSignal

ROWS_OF_RUN_MAX = 200
"""Lines and signals of one run in one batch."""

CONFIDENCE_ONE = 10_000


class RunRows:
    """Rows that wait for the next flush."""

    def __init__(self, desk: Desk, bus: Bus, clock: Clock, ids: IdSource) -> None:
        self._desk, self._bus, self._clock, self._ids = desk, bus, clock, ids
        self._waiting: list[RunRow] = []
        self._counts: Counter[str] = Counter()
        self._tenant_of: Callable[[str], str] = lambda _run_id: ""

    def listen(self, tenant_of: Callable[[str], str]) -> None:
        """Take what runs say from the bus."""
        self._tenant_of = tenant_of
        self._bus.subscribe(RunLine, self._on_line)
        self._bus.subscribe(RunSignal, self._on_signal)

    def flush(self) -> None:
        """Write what waits beside one journal line."""
        now = self._clock.now_ns()
        for run_id, count in self._counts.items():
            if count > ROWS_OF_RUN_MAX:
                left = count - ROWS_OF_RUN_MAX
                self._waiting.append(self._log(run_id, "WARNING", f"{left} lines and signals were left out.", now))
        self._counts.clear()
        rows, self._waiting = self._waiting, []
        if rows:
            signals = tuple(row for row in rows if isinstance(row, StrategySignal))
            noted = RunNoted(signals=signals, rows=len(rows), ts=now)
            self._desk.recorder.record([noted], actor="strategies", rows=rows)

    def keep_performance(self, run: StrategyRun) -> None:
        """Keep a run's day, week and month as they stand."""
        now, figures = self._clock.now_ns(), run.figures
        capital = parse_scaled(run.initial_capital, MONEY_DECIMALS)
        fresh = {}
        for kind in PeriodType:
            period = figures.periods.get(kind)
            if period is None:
                continue
            began, ends = capital + period.pnl, capital + figures.pnl
            days = figures.days - period.days
            returns = figures.returns[-days:] if days else ()
            row_id = stable_uid("performance", run.id, kind, period.start)
            fresh[row_id] = RunPerformance(
                id=row_id,
                tenant=run.tenant,
                run_id=run.id,
                period_type=kind,
                period_start=period.start,
                period_end=last_day(kind, date.fromisoformat(period.start)).isoformat(),
                starting_capital=began,
                ending_capital=ends,
                pnl=ends - began,
                period_return=(ends - began) / began if began > 0 else 0.0,
                cumulative_return=figures.pnl / capital,
                volatility=volatility(returns),
                sharpe=sharpe(returns),
                sortino=sortino(returns),
                fall_bps=period.fall_bps,
                trades=figures.trades - period.trades,
                wins=figures.wins - period.wins,
                losses=figures.losses - period.losses,
                created_at=now,
                updated_at=now,
            )
        self._waiting = [row for row in self._waiting if not isinstance(row, RunPerformance) or row.id not in fresh]
        self._waiting += fresh.values()

    def _on_line(self, line: RunLine) -> None:
        self._take(line.run_id, self._log(line.run_id, line.level, line.text, line.ts))

    def _on_signal(self, told: RunSignal) -> None:
        signal = told.signal
        row = StrategySignal(
            id=self._ids.uid(),
            tenant=self._tenant_of(told.run_id),
            run_id=told.run_id,
            symbol=signal.symbol,
            signal_type=signal.action,
            confidence=round(signal.confidence * CONFIDENCE_ONE),
            signal_time=told.ts,
            reason=signal.reason,
            target_px=signal.target_px,
            stop_px=signal.stop_px,
            quantity=signal.target,
            cl_ord_id=signal.cl_ord_id,
        )
        self._take(told.run_id, row)

    def _take(self, run_id: str, row: RunRow) -> None:
        self._counts[run_id] += 1
        if self._counts[run_id] <= ROWS_OF_RUN_MAX:
            self._waiting.append(row)

    def _log(self, run_id: str, level: str, text: str, ts: int) -> RunLog:
        return RunLog(
            id=self._ids.uid(), tenant=self._tenant_of(run_id), run_id=run_id, level=level, message=text, created_at=ts
        )
