"""The run desk: definitions become runs, and whatever becomes of a run is kept with its record.

Order walk, beside the runner: a run is recorded before its first callback, each change of its standing is a save of its
record, and a start of the program finds runs as they were left: paused, gone on with or stopped, as their strategy
declares. Engine thread only; it reads no files and knows no screen.

Long because every change of a run's standing, whoever asks for it, is recorded in this one place.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from workstation.domain.accounts import Environment, KillScope, LockState
from workstation.domain.errors import NotFound, StateConflict, UserError, ValidationError
from workstation.domain.events import KillChanged, RecordSaved, SessionChanged
from workstation.domain.executions import Execution
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures, StrategyRunStatus, StrategyStatus
from workstation.domain.strategy_rows import CodeSnapshot
from workstation.domain.times import NS_PER_S
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.ids import IdSource
from workstation.kernel.logs import get_logger
from workstation.orders.desk import Desk
from workstation.orders.recorder import Attach
from workstation.risk.run_capital import RunCapital
from workstation.strategies.code_text import own_words
from workstation.strategies.loading import Code, Loader, config_of
from workstation.strategies.messages import Keep
from workstation.strategies.run_budget import DEFAULT_BUDGET, RunBudget
from workstation.strategies.run_figures import day_returns, marked, pooled, traded
from workstation.strategies.run_guards import reason_to_leave, slippage_text
from workstation.strategies.run_limits import is_for_hours, reason_by_figures, reason_to_end, reason_to_hold
from workstation.strategies.run_pace import PaceMeter, RunMemory, RunPace, room_left
from workstation.strategies.run_rows import RunRows
from workstation.strategies.run_signals import RunSignals
from workstation.strategies.run_starts import AutoStarts, due
from workstation.strategies.run_tails import RunTails
from workstation.strategies.run_terms import StartRun, check_code, concerns, order_of, startable
from workstation.strategies.runner import Runner
from workstation.strategies.runs import RunStatus, RunView
from workstation.strategies.views import Policy

TRACEBACK_MAX = 20_000
ENDED = "the program ended meanwhile"
FIGURES_NS = 10_000_000_000
"""How often the figures of a run that goes on are saved; after a trade, with the next look."""

MIB = 1024 * 1024
_log = get_logger("strategies")
STANDINGS = {
    RunStatus.RUNNING: StrategyRunStatus.RUNNING,
    RunStatus.PAUSED: StrategyRunStatus.PAUSED,
    RunStatus.COMPLETED: StrategyRunStatus.COMPLETED,
    RunStatus.STOPPED: StrategyRunStatus.STOPPED,
    RunStatus.FAULTED: StrategyRunStatus.ERROR,
    RunStatus.STUCK: StrategyRunStatus.ERROR,
}

Worth = Callable[[str, str], tuple[int, int]]
"""Profit net of fees of an account's run, in its currency, and how many positions are open."""

Capital = Callable[[str, str], RunCapital | None]
"""What an account's run holds of its capital, None for none under way."""

Profit = Callable[[str, str, str], int | None]
"""Open profit of an account's instrument and run, in the instrument's currency, None while it has no price."""


class RunDesk:
    """Every run of this program, on its record.

    worth: what a run has made; profit: of one open position of its; capital: what it holds of what it was given.
    loader: where code comes from; tails: the newest lines of each run; signals: the newest of each instrument.
    """

    def __init__(
        self, *, desk: Desk, bus: Bus, runner: Runner, loader: Loader, clock: Clock, ids: IdSource, worth: Worth,
        profit: Profit, capital: Capital, bounds: RunBudget = DEFAULT_BUDGET,
    ) -> None:  # fmt: skip
        self._desk, self._runner, self.loader, self._clock, self._ids = desk, runner, loader, clock, ids
        self._worth, self._profit, self._capital, self._bounds = worth, profit, capital, bounds
        self._auto = AutoStarts(self._start_by_itself, self._is_locked)
        self._figures: dict[str, RunFigures] = {}
        self._saved_at: dict[str, int] = {}
        self._asked_by: dict[str, str] = {}  # trace of the call that asked a run to change last
        self._meter = PaceMeter(clock.mono_ns)
        self._resuming: set[str] = set()
        self._shut: set[str] = set()
        self._rows = RunRows(desk, bus, clock, ids)
        bus.subscribe(RunView, self._on_view)
        bus.subscribe(Execution, self._on_execution)
        bus.subscribe(KillChanged, self._on_kill)
        bus.subscribe(SessionChanged, self._on_session)
        self._rows.listen(self._tenant_of)
        self.tails, self.signals = RunTails(bus), RunSignals(bus)

    # Asked for by commands

    def strategy(self, tenant: str, strategy_id: str) -> StrategyDefinition:
        """Return a definition.

        Raises:
            NotFound: the tenant has none of that id.
        """
        found = self._desk.state.records.find(StrategyDefinition, tenant, strategy_id)
        if found is None:
            raise NotFound("strategy", strategy_id)
        return found

    def run(self, tenant: str, run_id: str) -> StrategyRun:
        """Return a run's record, its figures as of now.

        Raises:
            NotFound: the tenant has none of that id.
        """
        found = self._desk.state.records.find(StrategyRun, tenant, run_id)
        if found is None:
            raise NotFound("run", run_id)
        return msgspec.structs.replace(found, figures=self._figures.get(run_id, found.figures))

    @property
    def paper_only(self) -> bool:
        """Tell whether a new strategy is for paper accounts alone, where nobody says."""
        return self._bounds.paper_only

    def shown(self, run_id: str) -> dict[str, str]:
        """Return the values of its own that a run under way shows, by name."""
        return self._runner.run(run_id).view.values if self._is_live(run_id) else {}

    def pace(self, run_id: str) -> RunPace | None:
        """Return how a run goes, None for one that is not under way."""
        if not self._is_live(run_id):
            return None
        run, live = self.run(self._tenant_of(run_id), run_id), self._runner.run(run_id)
        strategy = self._desk.state.records.find(StrategyDefinition, run.tenant, run.strategy_id)
        room, words = (None, "") if strategy is None else room_left(run, strategy, run.figures)
        per_s, used = self._meter.rates(live.thread.name)
        taken, bound = live.thread.memory(), live.order.isolated
        memory = (
            None
            if taken is None or bound is None
            else RunMemory(used=taken[0], mapped=taken[1], most=bound.memory_mb * MIB)
        )
        orders = sum(order.strategy_id == run_id for order in self._desk.state.book.open_orders())
        return RunPace(
            per_s=per_s, per_s_max=live.order.orders_per_s_max, used=used, room=room, room_to=words, orders=orders,
            capital=self._capital(run.account, run_id), currency=self._desk.state.accounts[run.account].currency,
            memory=memory, decision=live.decision,
        )  # fmt: skip

    def active(self) -> list[StrategyRun]:
        """Return the runs that may still go on, those of every tenant."""
        return [run for run in self._desk.state.records.every(StrategyRun) if run.status.is_active]

    def admit(self, run_id: str, account: str) -> None:
        """Refuse an order that somebody places for a run, unless that runs now, on that account.

        Raises:
            NotFound: there is no such run.
            StateConflict: it is held, ending or over.
            ValidationError: it is on another account.
        """
        run = self.run(self._tenant_of(run_id), run_id)
        status: str = self._runner.run(run_id).status if self._is_live(run_id) else run.status
        if status != RunStatus.RUNNING:
            raise StateConflict(f"The run is {status}.", state=status, allowed=("RUNNING",))
        if run.account != account:
            raise ValidationError("account", "is not the run's")

    def prepare(self, wanted: StartRun, done: Callable[[Code | None, str], None]) -> None:
        """Check what was asked for and load its code; `done` is called on the engine's thread, then `start`.

        Raises:
            UserError: it may not be started.
        """
        strategy = startable(self._desk.state, wanted, self.active(), self._bounds.at_once)
        config = config_of(strategy.config)
        self.loader.load(config.entry_point, "", done, runs=not config.isolated)

    def start(
        self, wanted: StartRun, code: Code, origin: Origin, attach: Attach | None = None
    ) -> tuple[StrategyRun, int]:
        """Record and start a run; returns its record and the journal line to wait for.

        Raises:
            UserError: it may not be started any more, or the parameters do not fit.
        """
        strategy = startable(self._desk.state, wanted, self.active(), self._bounds.at_once)
        check_code(self._desk.state, strategy, wanted.account, code)
        chosen = {**strategy.parameters, **(wanted.parameters or {})}
        policy = config_of(strategy.config).on_stop or code.strategy.policy
        code.fit(chosen)
        now, number = self._clock.now_ns(), strategy.total_runs + 1
        run = StrategyRun(
            id=self._ids.uid(), tenant=strategy.tenant, row_version=1, created_at=now, updated_at=now,
            strategy_id=strategy.id, account=wanted.account, user_id=origin.user,
            run_name=f"{strategy.name} {number}", run_number=number, initial_capital=wanted.initial_capital,
            start_date=wanted.start_date, end_date=wanted.end_date, status=StrategyRunStatus.RUNNING,
            max_positions=wanted.max_positions, max_position_size=wanted.max_position_size,
            max_drawdown=wanted.max_drawdown, notes=wanted.notes, metadata=wanted.metadata,
            config_snapshot=strategy.config, parameters_snapshot=chosen, version=strategy.version,
            code_hash=code.code_hash, started_at=now, policy=policy.value,
        )  # fmt: skip
        counted = _changed(strategy, now, total_runs=number)
        kept = CodeSnapshot(code_hash=code.code_hash, entry_point=code.entry_point, source=code.source, created_at=now)
        saves = [
            RecordSaved(record=counted, changed=("total_runs",), actor=origin.actor, ts=now),
            RecordSaved(record=run, changed=("status",), actor=origin.actor, ts=now),
        ]
        trace = origin.trace_id
        seq = self._desk.recorder.record(saves, actor=origin.actor, correlation=trace, attach=attach, rows=(kept,))
        self._launch(run, code)
        live = self._desk.state.accounts[run.account].environment is Environment.LIVE
        if live and (strategy.live_permit is None or strategy.live_permit.expires_at <= now):
            text = "No live permit is in force: orders that add risk are refused until a person grants one."
            self._runner.run(run.id).tell("WARNING", text, "PERMIT")
        return run, seq

    def pause(self, run: StrategyRun) -> None:
        """Hold market news back.

        Raises:
            StateConflict: it is not running.
        """
        _require(run, StrategyRunStatus.RUNNING)
        self._asked_by[run.id] = self._desk.recorder.trace
        self._resuming.discard(run.id)
        self._shut.discard(run.id)
        self._runner.run(run.id).pause()

    def resume(self, run: StrategyRun) -> None:
        """Go on: at once where it is held, with its state restored where the program has ended meanwhile.

        Raises:
            StateConflict: it is not paused, or its strategy was stopped.
        """
        _require(run, StrategyRunStatus.PAUSED)
        if self.strategy(run.tenant, run.strategy_id).status is StrategyStatus.STOPPED:
            raise StateConflict("A person must re-enable the strategy first.", state="STOPPED", allowed=("ACTIVE",))
        self._asked_by[run.id] = self._desk.recorder.trace
        if self._is_live(run.id):
            self._runner.run(run.id).resume()
        else:
            self._bring_back(run)

    def stop(self, run: StrategyRun, reason: str, policy: Policy | None = None) -> None:
        """End a run, its orders and position by its policy or the one given.

        Raises:
            StateConflict: it has ended.
        """
        if not run.status.is_active:
            raise StateConflict(f"The run has ended: {run.status}.", state=run.status, allowed=("RUNNING", "PAUSED"))
        self._asked_by[run.id] = self._desk.recorder.trace
        self._resuming.discard(run.id)
        if self._is_live(run.id):
            self._runner.run(run.id).stop(reason, policy)
        else:
            self._runner.treat(order_of(run, None, policy))
            stopped = StrategyRunStatus.STOPPED
            self._close(self._save(run, status=stopped, ended_at=self._clock.now_ns(), error_message=reason))

    def prepare_reload(self, run: StrategyRun, done: Callable[[Code | None, str], None]) -> None:
        """Load a run's file as it is now; `done` is called on the engine's thread, then `reload`.

        Raises:
            StateConflict: it has ended.
        """
        if not run.status.is_active:
            raise StateConflict(f"The run has ended: {run.status}.", state=run.status, allowed=("RUNNING", "PAUSED"))
        config = config_of(run.config_snapshot)
        self.loader.load(config.entry_point, "", done, runs=not config.isolated)

    def reload(self, run: StrategyRun, code: Code, actor: str, done: Callable[[StrategyRun | None], None]) -> None:
        """Let a run go on with this code, its state and orders kept; a failure of the old code ends it all the same.

        done: told the record, once; None where the run has ended instead.

        Raises:
            UserError: it may not go on with this code; the one that it has goes on.
        """
        check_code(self._desk.state, self.strategy(run.tenant, run.strategy_id), run.account, code)
        code.fit(run.parameters_snapshot)
        if not self._is_live(run.id):
            done(self._recoded(run, code, actor))
            return
        reason = self._runner.run(run.id).view.reason

        def left(is_free: bool) -> None:
            if not is_free:
                done(None)
                return
            before, view = self.run(run.tenant, run.id), self._runner.run(run.id).view
            again = self._recoded(before, code, actor, generation=before.generation + 1, kept_state=view.state)
            self._launch(again, code)
            now = self._runner.run(run.id)
            words = f"Reloaded: code {before.code_hash[:12]} → {code.code_hash[:12]}"
            now.tell("INFO", words, "RELOADED", {"before": before.code_hash, "after": code.code_hash})
            if before.status is StrategyRunStatus.PAUSED:
                now.pause(reason)
            done(self.run(run.tenant, run.id))

        self._runner.run(run.id).hand_over(left)

    def _recoded(self, run: StrategyRun, code: Code, actor: str, **fields: Any) -> StrategyRun:
        """Record that a run goes on with other code; a permit for live accounts was for what it had."""
        now = self._clock.now_ns()
        if code.code_hash != run.code_hash:
            self._record(self.strategy(run.tenant, run.strategy_id), live_permit=None)
        after: StrategyRun = _changed(run, now, code_hash=code.code_hash, **fields)
        kept = CodeSnapshot(code_hash=code.code_hash, entry_point=code.entry_point, source=code.source, created_at=now)
        saved = RecordSaved(record=after, changed=("code_hash", *fields), actor=actor, ts=now)
        self._desk.recorder.record([saved], actor=actor, rows=(kept,))
        return after

    # Life of the program

    def begin(self) -> None:
        """Take up the runs that were under way when the program ended, as their strategies declare."""
        for run in self.active():
            declared = config_of(run.config_snapshot).on_restart
            if declared == "STOP":
                self.stop(run, "the program ended")
                continue
            if declared == "RESUME" and is_for_hours(run.error_message):
                self._shut.add(run.id)
                continue
            if declared == "RESUME" and (run.status is StrategyRunStatus.RUNNING or run.error_message == ENDED):
                self._resuming.add(run.id)
            if run.status is not StrategyRunStatus.PAUSED:
                self._save(run, status=StrategyRunStatus.PAUSED, error_message=ENDED)
        records = self._desk.state.records
        self._auto.wait_for(due(records.every(StrategyDefinition), list(records.every(StrategyRun))))

    def tick(self) -> None:
        """Look at every run once a second: figures, limits, rows that wait, and runs that go on with their account."""
        now = self._clock.now_ns()
        self._auto.look()
        self._meter.forget({run.thread.name for run in self._runner.active()})
        for run in self.active():
            if self._is_live(run.id):
                self._mark(run)
                live = self._runner.run(run.id)
                self._meter.look(live.thread.name, live.messages, live.thread.used_ns())
                live.thread.inbox.put(Keep())
                has_traded = self._figures[run.id].last_trade_at != run.figures.last_trade_at
                if has_traded or now - self._saved_at.get(run.id, 0) >= FIGURES_NS:
                    self._save(self.run(run.tenant, run.id))
            if self._is_locked(run.account):
                continue
            if not self._is_live(run.id) and self._ended_unloaded(run):
                continue
            if run.id in self._resuming:
                self._resuming.discard(run.id)
                self.resume(self.run(run.tenant, run.id))
            elif run.id in self._shut and not self._is_live(run.id):
                self._keep_hours(run, reason_to_hold(self.strategy(run.tenant, run.strategy_id), now))
        self._rows.flush()

    def end(self) -> None:
        """Keep what is known; runs stay as they are for the next start."""
        for run in self.active():
            if self._is_live(run.id):
                self._mark(run)
                self._save(self.run(run.tenant, run.id))
        self._rows.flush()

    # What happens to runs

    def _on_view(self, view: RunView) -> None:
        run = self._desk.state.records.find(StrategyRun, self._tenant_of(view.run_id), view.run_id)
        standing = STANDINGS.get(view.status)
        if run is None or standing is None:
            return
        if (standing, view.state, view.policy.value) == (run.status, run.kept_state, run.policy):
            return
        now = self._clock.now_ns()
        ended = None if standing.is_active else now
        self._save(
            self.run(run.tenant, run.id), status=standing, error_message=view.reason, ended_at=ended,
            error_traceback=view.traceback[:TRACEBACK_MAX], kept_state=view.state or run.kept_state,
            policy=view.policy.value,
        )  # fmt: skip
        if ended is not None:
            self._close(self.run(run.tenant, run.id))

    def _close(self, run: StrategyRun) -> None:
        """Count a run that has ended into its strategy."""
        self._rows.keep_performance(run)
        strategy = self._desk.state.records.find(StrategyDefinition, run.tenant, run.strategy_id)
        if strategy is None:
            return
        figures = run.figures
        days = day_returns(figures, parse_scaled(run.initial_capital, MONEY_DECIMALS))
        self._record(
            strategy, total_pnl=strategy.total_pnl + figures.pnl, total_trades=strategy.total_trades + figures.trades,
            wins=strategy.wins + figures.wins, returns=pooled(strategy.returns, days),
            fall_bps=max(strategy.fall_bps, figures.fall_bps),
            successful_runs=strategy.successful_runs + (run.status is not StrategyRunStatus.ERROR),
        )  # fmt: skip

    def _on_execution(self, execution: Execution) -> None:
        run = self._desk.state.records.find(StrategyRun, self._tenant_of(execution.strategy_id), execution.strategy_id)
        position = self._desk.state.ledger.position(execution.account, execution.symbol, execution.strategy_id)
        if run is None or position is None:
            return
        before = position.qty - execution.side.sign * execution.last_qty
        figures = self._figures.get(run.id, run.figures)
        self._figures[run.id] = traded(
            figures, execution.symbol, position.realised, opened=before == 0, ts=execution.ts_event
        )
        self._mark(run)
        strategy = self.strategy(run.tenant, run.strategy_id)
        slipped = slippage_text(strategy, self._desk.state.book.get(execution.cl_ord_id), execution)
        if slipped and self._is_live(run.id) and self._runner.run(run.id).status is not RunStatus.STOPPING:
            self.stop(self.run(run.tenant, run.id), slipped)

    def _mark(self, run: StrategyRun) -> None:
        self._figures[run.id] = figures = self._marked(run)
        strategy = self._desk.state.records.find(StrategyDefinition, run.tenant, run.strategy_id)
        if strategy is None:
            return
        reason = reason_to_end(run, strategy, figures, self._clock.now_ns(), self._bounds.timeout_s)
        if reason and self._may_end(run):
            self.stop(run, reason)
            return
        self._protect(run, strategy)
        self._keep_hours(run, reason_to_hold(strategy, self._clock.now_ns()))

    def _ended_unloaded(self, run: StrategyRun) -> bool:
        """End a held run without its code where its account's marks, once all are known, say so; not by its hours."""
        held = self._capital(run.account, run.id)
        strategy = self._desk.state.records.find(StrategyDefinition, run.tenant, run.strategy_id)
        if held is None or held.used is None or held.capital is None or strategy is None:
            return False
        self._figures[run.id] = figures = self._marked(run)
        reason = reason_by_figures(run, strategy, figures)
        if reason:
            self.stop(self.run(run.tenant, run.id), reason)
        elif self._clock.now_ns() - self._saved_at.get(run.id, 0) >= FIGURES_NS:
            self._save(self.run(run.tenant, run.id))
        return bool(reason)

    def _marked(self, run: StrategyRun) -> RunFigures:
        pnl, positions = self._worth(run.account, run.id)
        capital = parse_scaled(run.initial_capital, MONEY_DECIMALS)
        return marked(self._figures.get(run.id, run.figures), pnl, positions, capital, self._today())

    def _may_end(self, run: StrategyRun) -> bool:
        """Tell whether a bound may end a run now: one that is held where its account can send what its policy asks."""
        is_held = run.status is StrategyRunStatus.PAUSED and not self._is_locked(run.account)
        return is_held or run.status is StrategyRunStatus.RUNNING

    def _protect(self, run: StrategyRun, strategy: StrategyDefinition) -> None:
        """Leave each position that has reached the strategy's stop loss or its target, until it is flat."""
        if (strategy.stop_loss is None and strategy.take_profit is None) or not self._is_live(run.id):
            return
        for holding in self._desk.state.ledger.holdings_of(run.account):
            symbol = holding.contract.symbol
            row = self._desk.state.ledger.position(run.account, symbol, run.id)
            if row is None or not row.qty:
                continue
            why = reason_to_leave(strategy, symbol, row.cost, self._profit(run.account, symbol, run.id))
            if why:
                self._runner.run(run.id).leave(symbol, why)

    def _keep_hours(self, run: StrategyRun, shut: str) -> None:
        """Hold a run outside its strategy's hours, and let one go on that was held for them alone."""
        if shut and run.status is StrategyRunStatus.RUNNING:
            self._shut.add(run.id)
            self._runner.run(run.id).pause(shut)
        elif not shut and run.id in self._shut:
            self._shut.discard(run.id)
            strategy = self.strategy(run.tenant, run.strategy_id)
            if run.status is StrategyRunStatus.PAUSED and strategy.status is not StrategyStatus.STOPPED:
                self.resume(run)

    def _on_kill(self, event: KillChanged) -> None:
        if not event.state.on:
            return
        for run in self.active():
            if concerns(event.state, run):
                orders_too = event.state.scope is KillScope.STRATEGY
                self.stop(run, f"kill switch: {event.state.reason}", Policy.CANCEL if orders_too else Policy.KEEP)
        if event.state.scope is KillScope.STRATEGY:
            for strategy in list(self._desk.state.records.every(StrategyDefinition)):  # saves move them about
                if strategy.id == event.state.key and strategy.status in (StrategyStatus.ACTIVE, StrategyStatus.PAUSED):
                    self._record(strategy, status=StrategyStatus.STOPPED)

    def _on_session(self, event: SessionChanged) -> None:
        """Hold the runs of a venue that is gone; after a reconnect they go on where they declare it."""
        if event.state != "DOWN":
            return
        for run in self.active():
            account = self._desk.state.accounts.get(run.account)
            if account is None or account.venue != event.venue or run.status is not StrategyRunStatus.RUNNING:
                continue
            if self._is_live(run.id):
                self._runner.run(run.id).pause("the venue is not connected")
                if config_of(run.config_snapshot).on_restart == "RESUME":
                    self._resuming.add(run.id)

    # Helpers of the above

    def _launch(self, run: StrategyRun, code: Code) -> None:
        parameters, kind = code.fit(run.parameters_snapshot), code.strategy
        self._figures[run.id], self._saved_at[run.id] = run.figures, self._clock.now_ns()
        order = order_of(run, code, None)
        order = msgspec.structs.replace(order, make=lambda door: kind(door, parameters), own=code.own)
        used = own_words(code.source)
        live = self._runner.start(order)
        if used:
            live.tell("INFO", f"Own indicators: {used}.", "INDICATORS")

    def _start_by_itself(self, wanted: StartRun) -> None:
        def loaded(code: Code | None, _trouble: str) -> None:
            if code is not None:
                self._try(lambda: self.start(wanted, code, Origin(OriginKind.STRATEGY, wanted.strategy_id)))

        self._try(lambda: self.prepare(wanted, loaded))

    def _try(self, begin: Callable[[], object]) -> None:
        """Start by itself what may be started; what may not waits for a person, and the log says why."""
        try:
            begin()
        except UserError as error:
            _log.warning("strategy_not_started", error=str(error))

    def _bring_back(self, run: StrategyRun) -> None:
        def loaded(code: Code | None, trouble: str) -> None:
            now = self.run(run.tenant, run.id)
            if now.status is not StrategyRunStatus.PAUSED or self._is_live(run.id):
                return
            if code is None:
                self._save(now, error_message=trouble)
                return
            again = self._save(now, status=StrategyRunStatus.RUNNING, generation=now.generation + 1, error_message="")
            self._launch(again, code)

        config = config_of(run.config_snapshot)
        self.loader.load(config.entry_point, run.code_hash, loaded, runs=not config.isolated)

    def _save(self, run: StrategyRun, **fields: Any) -> StrategyRun:
        self._saved_at[run.id] = self._clock.now_ns()
        figures = self._figures.get(run.id, run.figures)
        saved: StrategyRun = self._record(run, figures=figures, **fields)
        if figures.periods:
            self._rows.keep_performance(saved)
        return saved

    def _record(self, record: Any, **fields: Any) -> Any:
        before = self._desk.state.records.find(type(record), record.tenant, record.id) or record
        after = _changed(before, self._clock.now_ns(), **fields)
        changed = tuple(name for name in fields if getattr(before, name) != getattr(after, name))
        if changed:
            saved = RecordSaved(record=after, changed=changed, actor="strategies", ts=after.updated_at)
            trace = self._asked_by.pop(record.id, "") if "status" in changed else ""
            self._desk.recorder.record([saved], actor="strategies", correlation=trace)
        return after if changed else before

    def _is_live(self, run_id: str) -> bool:
        return any(run.order.run_id == run_id for run in self._runner.active())

    def _is_locked(self, account: str) -> bool:
        return self._desk.state.controls.locks.state(account) is not LockState.UNLOCKED

    def _tenant_of(self, run_id: str) -> str:
        return next((run.tenant for run in self._desk.state.records.every(StrategyRun) if run.id == run_id), "")

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now_ns() // NS_PER_S, UTC).date()


def _changed(record: Any, now: int, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields, row_version=record.row_version + 1, updated_at=now)


def _require(run: StrategyRun, wanted: StrategyRunStatus) -> None:
    if run.status is not wanted:
        raise StateConflict(f"The run is {run.status}.", state=run.status, allowed=(wanted,))
