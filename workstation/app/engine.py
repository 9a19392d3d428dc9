"""The product's engine: the core on its own thread, over a database and a venue, with its ways in and out.

Built once by `bootstrap`. Doors get a `Session` and the gateway; nothing else of the engine leaves this module.
Long because what runs on the engine's thread is put together, begun and ended in this one place.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import msgspec

from workstation.app import awake
from workstation.app.account_opening import AccountOpening
from workstation.app.alerts import LOOK_NS, NO_ALERTING, Alerting, Alerts
from workstation.app.backtest_desk import BacktestDesk
from workstation.app.chart_history import ChartHistory
from workstation.app.core import Core, CoreParts
from workstation.app.data_board import ARCHIVE_EVERY_NS, stored_data_of
from workstation.app.engine_loop import EngineLoop
from workstation.app.feed_giving_way import FeedGivingWay
from workstation.app.market_store import KeepingOptions, MarketDesk
from workstation.app.order_stories import OrderStories
from workstation.app.screens import EngineScreens
from workstation.app.scripts import ScriptDoor
from workstation.app.stored_busts import StoredBusts
from workstation.app.strategies import RUNS_NS, Strategies
from workstation.app.sweep_desk import SweepDesk
from workstation.app.venues import Venue
from workstation.app.view_only import READING_COMMANDS, Storage, ViewOnly
from workstation.commands import (
    accounts,
    answers,
    handovers,
    holds,
    limits,
    logins,
    market,
    pnl,
    positions,
    provenance,
    records,
    risk_board,
    safety,
    scripts,
    strategies,
    trading,
    venue_board,
    venues,
    watched,
    webhooks,
)
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import failed
from workstation.commands.overtaking import Overtaking
from workstation.commands.registry import (
    Attach,
    CommandRegistry,
    CommandResult,
    Invocation,
    Reply,
)
from workstation.domain.errors import StorageError, UserError
from workstation.domain.events import SplitApplied
from workstation.domain.listing import InstrumentTable
from workstation.domain.market import BarKind, BarType, StreamKind
from workstation.domain.orders import Origin
from workstation.domain.records import ApiKey, LivePermit, StrategyDefinition, StrategyRun
from workstation.kernel.clock import SystemClock
from workstation.kernel.ids import IdSource
from workstation.kernel.logs import LogLine, RecentLog, get_logger
from workstation.kernel.mailbox import MailboxFull
from workstation.marketdata.freshness import FreshnessLimits
from workstation.ports.store import ExecutionQuery
from workstation.storage import StoreView
from workstation.strategies.run_budget import DEFAULT_BUDGET, RunBudget
from workstation.viewmodels.clock_offset import feed_clock
from workstation.viewmodels.figures import Figures
from workstation.viewmodels.frames import Notice, ScreenRow, StatusSnap, StreamSnap
from workstation.viewmodels.market_view import MarketView
from workstation.viewmodels.memory_trend import largest
from workstation.viewmodels.outbox import Outbox
from workstation.viewmodels.publisher import FRAME_HZ, Publisher
from workstation.viewmodels.session import Session

ROW_FLUSH_NS = 4_000_000
EXECUTIONS_SHOWN = 2_000
SUBSCRIBE_ALL_MAX = 500
ASK_TIMEOUT_S = 30.0
RECOVERY_TIMEOUT_S = 600.0
"""How long a start without a snapshot may replay."""

BEAT_NS = 25_000_000
EXPIRY_NS = 1_000_000_000
"""How often temporary limits are looked at for their end."""

DAILY = BarType(BarKind.DAY, 1)

_log = get_logger("engine")


class Engine:
    """One running engine. `start`, then hand `session` and itself (a Gateway) to the doors, then `stop`."""

    def __init__(
        self,
        *,
        loop: EngineLoop,
        store: Storage,
        venue: Venue,
        commands: CommandRegistry,
        version: str,
        freshness_ms: int,
        frame_hz: int = FRAME_HZ,
        recent: RecentLog,
        view_only: ViewOnly | None = None,
        keeping: KeepingOptions | None = None,
        alerting: Alerting = NO_ALERTING,
        strategies_folder: Path | None = None,
        run_budget: RunBudget = DEFAULT_BUDGET,
        past_beside: Callable[[], StoreView] | None = None,
    ) -> None:
        self._loop, self._store, self._venue, self._recent = loop, store, venue, recent
        self.view_only, self.commands, self._clock = view_only, commands, SystemClock()
        self._ids, self._gesture_ids, self._lag_ms, self._stopping = IdSource(), IdSource(), 0.0, False
        self.core = core = Core(self._parts(version, freshness_ms))
        self._view, self._overtaking = MarketView(core.market), Overtaking()
        self._screens = EngineScreens(core.market, core.instruments, venue, self._view, partial(loop.post, urgent=True))
        self._figures = Figures(core.state, core.market, core.pnl, core.funds, venue.now_ns, venue_cash=core.venue_cash)
        self._publisher = self._publishing(frame_hz)
        self._market_desk = MarketDesk(core, venue, store.recorder, keeping or KeepingOptions(), post=loop.post)
        core.bus.subscribe(SplitApplied, self._on_split)
        self._feed_clock = feed_clock(core.market, venue.environment)
        self._alerts = Alerts(
            core, self._screens, self._publisher.notice, alerting, store.reader.deliveries, post=loop.post
        )
        self._alerts.register(commands)
        self._stored_data = stored_data_of(store, loop.post, self._clock, commands, self._screens.recut)
        self._chart_history = ChartHistory.of(
            store, self._screens, core.instruments, loop.post, commands, environment=venue.environment,
            beside=past_beside,
        )  # fmt: skip
        self._stored_busts = StoredBusts(store, core.market, loop.post)
        self._sweeps = SweepDesk.of(store, strategies_folder, loop.post, commands)
        self._backtests = BacktestDesk.of(store, strategies_folder, loop.post, commands)
        self._opening, self._stories = AccountOpening(core, venue), OrderStories(store.reader, loop.post)
        self.scripts = ScriptDoor(store.reader, loop.post, self._clock.now_ns)
        self._strategies = Strategies(
            core, strategies_folder, loop, store.reader.runs.source, run_budget, open_past=self._screens.open_past
        )
        self._context = self._context_of()
        self.session = self._session(version)

    def _on_split(self, split: SplitApplied) -> None:
        """Bring what forms of the instrument's bars to the prices of a split that its venue did, and tell charts."""
        self._screens.on_split(split.symbol, split.numerator, split.denominator, split.ts)

    def _context_of(self) -> EngineContext:
        """Return the engine as its commands see it."""
        core, store, venue = self.core, self._store, self._venue
        return EngineContext(
            desk=core.desk,
            state=core.state,
            journal=store.journal,
            ids=self._ids,
            clock=self._clock,
            environment=venue.environment,
            screens=self._screens,
            venue=venue,
            inquiry=self._market_desk.inquiry,
            past_bars=self._market_desk.past_bars,
            outside=self._market_desk.outside,
            pnl=core.pnl,
            stories=self._stories,
            scripts=self.scripts,
            strategies=self._strategies.desk,
        )

    def _parts(self, version: str, freshness_ms: int) -> CoreParts:
        listed = {row.symbol: row for row in self._venue.instruments()}
        known = {row.symbol: row for row in self._store.reader.instruments()}
        return CoreParts(
            clock=self._clock,
            scheduler=self._loop,
            ids=self._ids,
            journal=self._store.journal,
            broker=self._venue.broker,
            feed=FeedGivingWay(self._venue.feed, self._loop.give_way),
            instruments=InstrumentTable(known | listed),
            new_instruments=tuple(row for symbol, row in listed.items() if known.get(symbol) != row),
            accounts=self._venue.accounts(),
            version=version,
            on_fault=self.on_fault,
            market_now=self._venue.now_ns,
            freshness=FreshnessLimits(own_max=freshness_ms * 1_000_000),
        )

    def _publishing(self, frame_hz: int) -> Publisher:
        return Publisher(
            bus=self.core.bus,
            clock=self._clock,
            market=self.core.market,
            view=self._view,
            figures=self._figures,
            status=self._status,
            first_rows=self._first_rows,
            frame_hz=frame_hz,
        )

    def _session(self, version: str) -> Session:
        return Session(
            instruments=self._market_desk.listings.offered,
            known=self.core.instruments,
            accounts=self._opening.offered,
            environment=self._venue.environment,
            version=version,
            open_outbox=lambda wake: self._open(wake, snapshots=True),
            open_rows=lambda wake: self._open(wake, snapshots=False),
            close_outbox=self._close,
            new_cl_ord_id=self._gesture_ids.cl_ord_id,
            mono_ns=self._clock.mono_ns,
            feed=self._venue.feed.name,
            card=self.core.desk.routes.card,
            origin_names=self.scripts.origin_names,
            screen=self._loop.screen,
        )

    @property
    def api_url(self) -> str:
        """Address of the REST interface, "" while it is closed."""
        return self.scripts.url

    # Life

    def start(self, beat: Callable[[], None]) -> int:
        """Recover, then run; returns how many journal lines were replayed. `beat`: heartbeat for the watchdog.

        A view-only run goes on from what verifies.

        Raises:
            StorageDamaged: naming the first broken row.
        """
        replayed = self._loop.ask(self._recover, RECOVERY_TIMEOUT_S)
        self._run_from_now(beat)
        _log.info("engine_started", replayed=replayed, epoch=self._store.journal.epoch)
        return int(str(replayed))

    def start_view_only(self, why: ViewOnly, beat: Callable[[], None]) -> None:
        """Go on from the lines before the broken one that ended `start`, recording nothing."""
        self.view_only = why
        self._run_from_now(beat)
        _log.warning("view_only", code=why.code, reason=why.reason)

    def _run_from_now(self, beat: Callable[[], None]) -> None:
        self._loop.ask(lambda: self._begin(beat), ASK_TIMEOUT_S)
        self._recent.listener = self._on_log

    def _recover(self) -> int:
        try:
            replayed = self.core.recover(self._store.recovery)
        except StorageError as error:
            if self.view_only is None:
                raise
            _log.warning("recovery_ended_early", reason=str(error))
            replayed = 0
        self._opening.recall()
        return replayed

    def _begin(self, beat: Callable[[], None]) -> None:
        for symbol in self.core.instruments:
            days = self._venue.history(symbol, DAILY, 2)
            if days:
                self.core.market.cache.begin_day(days)
        self._market_desk.begin()
        self.scripts.recall(self._store.reader.origin_names(), self.core.bus)
        self._venue.start()
        if self.view_only is None:
            self.core.start()
        else:
            self.core.watch()
        if len(self.core.instruments) <= SUBSCRIBE_ALL_MAX:
            for symbol in self.core.instruments:
                for stream in (StreamKind.QUOTES, StreamKind.TRADES):
                    self.core.market.subscriptions.acquire(symbol, stream)
        self._repeat(self._publisher.frame_ns, self._publisher.tick)
        self._repeat(ROW_FLUSH_NS, self._publisher.flush_rows)
        self._repeat(BEAT_NS, beat)
        if self.view_only is None:
            self._repeat(EXPIRY_NS, lambda: limits.expire_limits(self._context))
            self._repeat(logins.LOOK_NS, lambda: logins.forget_logins(self._context))
            environment, notice = self._venue.environment, self._publisher.notice
            self._repeat(awake.LOOK_NS, awake.Awake(self.core, self._clock, environment, notice).look)
            self._alerts.begin()
            self._repeat(LOOK_NS, self._alerts.look)
            desk = self._strategies.desk
            desk.signals.recall(self._store.reader.runs, self.core.state.records.every(StrategyRun))
            desk.begin()
            self._repeat(RUNS_NS, desk.tick)
        self._repeat(ARCHIVE_EVERY_NS, lambda: self._stored_data.archive(self._venue.now_ns()))
        self._repeat(self._market_desk.snapshot_ns, self._market_desk.recording.snapshot)

    def stop(self) -> None:
        """End the run: nothing is cancelled, everything queued is stored, the last state is kept as a snapshot."""
        self._recent.listener = None
        stored = (self._market_desk.past_bars, self._stored_data, self._chart_history, self._stored_busts)
        for reading in (*stored, self._stories, self._sweeps, self._backtests, self._screens):
            reading.close()
        self.scripts.stop()
        try:
            self._loop.ask(self._end, ASK_TIMEOUT_S)
        finally:
            self._store.close()
            self._loop.stop()

    def _end(self) -> None:
        self._stopping = True
        self._alerts.end()
        self._strategies.end(keep=self.view_only is None)
        self.core.stop()
        self._venue.stop()
        self._publisher.flush_rows()
        if self.view_only is None:
            self.core.save_snapshot(always=True)

    def _repeat(self, every_ns: int, call: Callable[[], None]) -> None:
        due = self._clock.mono_ns() + every_ns

        def run() -> None:
            nonlocal due
            if self._stopping:
                return
            self._lag_ms += (max(self._clock.mono_ns() - due, 0) / 1e6 - self._lag_ms) / 16
            due = self._clock.mono_ns() + every_ns
            self._loop.call_later(every_ns, run)
            self.core.bus.guard(call, call)

        self._loop.call_later(every_ns, run)

    def on_fault(self, message: object, error: BaseException) -> None:
        """Report a handler's failure: logged with its trace, shown as critical; the others ran."""
        kind = type(message).__name__
        _log.error("handler_failed", message=kind, error=repr(error), exc_info=error)
        self._publisher.notice("critical", f"Internal error while handling {kind}: {error}. Details are in the log.")

    def say(self, level: str, text: str) -> None:
        """Show a notice on every screen; from any thread."""
        self._loop.post(lambda: self._publisher.notice(level, text), urgent=True)

    # Gateway

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, reply: Reply, attach: Attach | None = None
    ) -> None:
        """Hand a command over; `reply` is called once, on the engine's thread.

        Raises:
            MailboxFull: the engine is behind and the command is not urgent.
            NotFound: no such command.
        """
        command = self.commands.get(command_id)
        courtesy = self._strategies.courtesy if self.commands.trades(command_id) else None
        if courtesy is not None:
            reply = courtesy.until(reply)
        given = Invocation(command_id=command_id, params=params, origin=origin, reply=reply, attach=attach)
        call = self._overtaking.hand_over(given)
        try:
            self._loop.post(lambda: self._run(call), urgent=command.urgent)
        except MailboxFull:
            self._overtaking.drop(call)
            if courtesy is not None:
                courtesy.end()
            raise

    def _run(self, call: Invocation) -> None:
        call = self._overtaking.take(call)
        if self._stopping:
            text = "NOT SENT: the program is shutting down."
            call.reply(CommandResult(ok=False, code="SHUTTING_DOWN", text=text))
            return
        if self.view_only is not None and call.command_id not in READING_COMMANDS:
            call.reply(self.view_only.refusal())
            return
        error = self.core.bus.guard(call, lambda: self._run_command(call))
        if error is not None:
            text = "Internal error; look the order up before trying again."
            call.reply(CommandResult(ok=False, code="INTERNAL_ERROR", text=text))
        self._publisher.flush_rows()

    def _run_command(self, call: Invocation) -> None:
        try:
            self.commands.run(self._context, call)
        except UserError as error:
            call.reply(failed(error))

    # Screens

    def _open(self, wake: Callable[[], None], *, snapshots: bool) -> Outbox:
        opened = self._loop.ask(lambda: self._publisher.open(wake, snapshots=snapshots), ASK_TIMEOUT_S)
        if not isinstance(opened, Outbox):
            raise TypeError("the publisher opens outboxes")
        return opened

    def _close(self, outbox: Outbox) -> None:
        if not self._stopping:
            self._loop.post(lambda: self._publisher.close(outbox), urgent=True)

    def _first_rows(self) -> Iterable[ScreenRow]:
        book = self.core.state.book
        orders = {order.cl_ord_id: order for order in book.recent()}
        orders |= {order.cl_ord_id: order for order in book.open_orders()}
        yield from sorted(orders.values(), key=lambda order: order.created_at)
        if self.view_only is not None:
            reason = f"VIEW ONLY: {self.view_only.reason}"
            yield Notice(level="critical", text=reason, ts=self._clock.now_ns())
        try:
            page = self._store.reader.executions(ExecutionQuery(limit=EXECUTIONS_SHOWN, with_count=False))
        except StorageError as error:
            yield Notice(level="critical", text=f"Executions cannot be read: {error}.", ts=self._clock.now_ns())
        else:
            yield from reversed(page.rows)

    def _on_log(self, line: LogLine) -> None:
        self._loop.post(lambda: self._publisher.on_log(line), urgent=True)

    def _status(self, publisher: Publisher) -> StatusSnap:
        core, journal, venue = self.core, self._store.journal, self._venue.status()
        kept = core.state.records
        streams, asked = [], core.market.subscriptions.active()
        for kind in StreamKind:
            worst = core.market.cache.worst(kind, {symbol for symbol, stream in asked if stream is kind})
            streams.append(
                StreamSnap(
                    stream=kind,
                    state=worst.state if worst.seen else "",
                    worst_age_ms=worst.age_ns // 1_000_000,
                    worst_symbol=worst.symbol,
                    updates_per_s=publisher.rate_per_s,
                    usual_ms=worst.usual_ns // 1_000_000,
                )
            )
        open_orders = list(core.state.book.open_orders())
        return StatusSnap(
            environment=self._venue.environment,
            feed=self._venue.feed.name,
            feed_state=core.market.cache.feed_state.value,
            venue_state=core.desk.routes.session(self._venue.broker.venue),
            streams=tuple(streams),
            latency=publisher.latency.snap(),
            engine_lag_ms=self._lag_ms,
            updates_per_s=publisher.rate_per_s,
            journal_seq=journal.durable_seq,
            journal_fill=journal.fill_ratio,
            storage_trouble=journal.trouble if self.view_only is None else f"VIEW ONLY: {self.view_only.reason}",
            armed=core.state.controls.arming.environment,
            kills=tuple(core.state.controls.kills.active()),
            open_orders=len(open_orders),
            unknown_orders=sum(order.unknown is not None for order in open_orders),
            replay_progress=venue.replay_progress,
            replay_paused=venue.replay_paused,
            replay_speed=venue.replay_speed,
            faults=venue.faults,
            api_url=self.scripts.url,
            active_runs=len(self._strategies.desk.active()),
            live_keys=self._in_force(key.live_permit for key in kept.every(ApiKey) if key.is_active),
            live_strategies=self._in_force(row.live_permit for row in kept.every(StrategyDefinition)),
            now_ns=self._venue.now_ns(),
            mono_ns=self._clock.mono_ns(),
            venue=self._venue.broker.venue,
            clock_offset_ns=self._feed_clock.offset_ns(),
            largest=largest(core.market.series.histories()),
        )

    def _in_force(self, permits: Iterable[LivePermit | None]) -> int:
        now = self._clock.now_ns()
        return sum(permit is not None and permit.expires_at > now for permit in permits)


def all_commands() -> CommandRegistry:
    """Return the registry with every engine command declared."""
    registry = CommandRegistry()
    for module in (
        trading, positions, safety, accounts, pnl, market, records, limits, risk_board, venues, venue_board,
        answers, provenance, scripts, webhooks, holds, strategies, handovers,
        watched,
    ):  # fmt: skip
        module.register(registry)
    return registry
