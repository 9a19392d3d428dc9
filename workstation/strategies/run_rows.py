"""What runs say, on its way into the database: lines, signals and periods, gathered and written a batch at a time.

Engine thread only. A run that talks without end fills its share of a batch and no more; what was left out is counted
in the run's own log.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date

import msgspec

from workstation.domain.events import SIGNALS_PER_LINE, RunNoted
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.orders import OrderState
from workstation.domain.records import StrategyRun
from workstation.domain.strategy_rows import PeriodType, RunLog, RunPerformance, RunRow, StrategySignal
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.ids import IdSource, stable_uid
from workstation.orders.desk import Desk
from workstation.strategies.run_figures import annualized, last_day, sharpe, sortino, volatility
from workstation.strategies.runs import RunLine, RunSignal

ROWS_OF_RUN_MAX = 200
"""Lines and signals of one run in one batch."""

FOLLOWED_MAX = 1_000
"""Signals whose orders are followed; the one followed for longest is let go first."""

CONFIDENCE_ONE = 10_000


class RunRows:
    """Rows that wait for the next flush."""

    def __init__(self, desk: Desk, bus: Bus, clock: Clock, ids: IdSource) -> None:
        self._desk, self._bus, self._clock, self._ids = desk, bus, clock, ids
        self._waiting: list[RunRow] = []
        self._new: list[StrategySignal] = []
        self._followed: dict[str, StrategySignal] = {}
        self._counts: Counter[str] = Counter()
        self._tenant_of: Callable[[str], str] = lambda _run_id: ""

    def listen(self, tenant_of: Callable[[str], str]) -> None:
        """Take what runs say from the bus."""
        self._tenant_of = tenant_of
        self._bus.subscribe(RunLine, self._on_line)
        self._bus.subscribe(RunSignal, self._on_signal)
        self._bus.subscribe(OrderState, self._on_order)

    def flush(self) -> None:
        """Write what waits beside one journal line."""
        now = self._clock.now_ns()
        for run_id, count in self._counts.items():
            if count > ROWS_OF_RUN_MAX:
                left = count - ROWS_OF_RUN_MAX
                line = RunLine(
                    run_id, "WARNING", f"{left} lines and signals were left out.", now, "LEFT_OUT", {"left": left}
                )
                self._waiting.append(self._log(line))
        self._counts.clear()
        rows, self._waiting = self._waiting, []
        told, self._new = self._new, []
        if rows:
            parts = [tuple(told[at : at + SIGNALS_PER_LINE]) for at in range(0, len(told), SIGNALS_PER_LINE)] or [()]
            noted = [RunNoted(signals=part, rows=0, ts=now) for part in parts]
            noted[-1] = msgspec.structs.replace(noted[-1], rows=len(rows))
            self._desk.recorder.record(noted, actor="strategies", rows=rows)

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
                annualized=annualized((ends - began) / began, days + 1) if began > 0 else None,
                days=days + 1,
            )
        self._waiting = [row for row in self._waiting if not isinstance(row, RunPerformance) or row.id not in fresh]
        self._waiting += fresh.values()

    def _on_line(self, line: RunLine) -> None:
        self._take(line.run_id, self._log(line))

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
            take_profit_px=signal.take_profit_px,
            quantity=signal.target,
            cl_ord_id=signal.cl_ord_id,
            market_conditions=signal.market_conditions,
            metadata=signal.metadata,
        )
        if not self._take(told.run_id, row):
            return
        self._new.append(row)
        if not row.cl_ord_id:
            return
        self._followed[row.cl_ord_id] = row
        if len(self._followed) > FOLLOWED_MAX:
            del self._followed[next(iter(self._followed))]
        order = self._desk.state.book.get(row.cl_ord_id)
        if order is not None:
            self._on_order(order)  # it may have traded before its signal came

    def _on_order(self, order: OrderState) -> None:
        """Keep with a signal what its order has traded."""
        signal = self._followed.get(order.cl_ord_id)
        if signal is None:
            return
        if order.cum_qty != signal.executed_qty:
            signal = msgspec.structs.replace(
                signal, executed_qty=order.cum_qty, executed_cost=order.cost, executed_at=order.updated_at
            )
            self._followed[order.cl_ord_id] = signal
            self._waiting = [
                *(row for row in self._waiting if not isinstance(row, StrategySignal) or row.id != signal.id),
                signal,
            ]
        if order.status.is_final:
            del self._followed[order.cl_ord_id]

    def _take(self, run_id: str, row: RunRow) -> bool:
        self._counts[run_id] += 1
        has_room = self._counts[run_id] <= ROWS_OF_RUN_MAX
        if has_room:
            self._waiting.append(row)
        return has_room

    def _log(self, line: RunLine) -> RunLog:
        return RunLog(
            id=self._ids.uid(),
            tenant=self._tenant_of(line.run_id),
            run_id=line.run_id,
            level=line.level,
            message=line.text,
            created_at=line.ts,
            event_type=line.event_type,
            data=line.data,
        )
