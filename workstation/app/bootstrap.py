"""Bootstrap: from options to a running program. The one place that decides what is real, and in which order it starts.

Own the home, open the database, build engine and venue, recover, show the window and the REST interface, unlock. Normal
exit is the same path backwards and leaves what a crash would leave, minus nothing.
"""

import argparse
import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from workstation import __version__
from workstation.app.alerts import Alerting
from workstation.app.backups import Backups
from workstation.app.engine import Engine, all_commands
from workstation.app.engine_loop import EngineLoop
from workstation.app.home_secrets import HomeSecrets
from workstation.app.kill_mark import obey_mark
from workstation.app.market_store import KeepingOptions
from workstation.app.own_indicators import OwnIndicators
from workstation.app.room_watch import RoomWatch
from workstation.app.start_order import wake_collector
from workstation.app.venues import Venue, VenueBuilder, VenueOptions, build_venue
from workstation.app.view_only import NO_ROOM, ViewOnly, home_beside, open_storage, reason_of
from workstation.app.watchdog import Heartbeat, Watchdog
from workstation.config.paths import Home, find_home
from workstation.config.settings import MarketdataSettings, Settings
from workstation.config.start import settings_at_start
from workstation.domain.errors import StorageDamaged, StorageError, UserError
from workstation.domain.instruments import Instrument
from workstation.kernel.clock import SystemClock
from workstation.kernel.giving_way import WayGiver
from workstation.kernel.logs import RecentLog, configure_logging, get_logger
from workstation.orders.lockout_exits import LockoutExits
from workstation.ports.market_store import Retention
from workstation.storage import Store, StoreView, open_store, open_view
from workstation.storage.retention import Kept
from workstation.strategies.run_budget import RunBudget

REPLAYS_KEPT = 20
"""Databases of past replays that stay in the home folder."""

if TYPE_CHECKING:
    from workstation.app.rest import RestDoor
    from workstation.desktop.eventloop import Desktop

_log = get_logger("app")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked for."""

    home: Home
    settings: Settings
    settings_trouble: str = ""
    database: str
    feed: str
    speed: float
    plan: str
    api_enabled: bool
    api_port: int
    store_folder: Path


def options_from(arguments: argparse.Namespace) -> Options:
    """Return a run's options from the command line, the environment and the settings file; a broken one is told.

    Raises:
        UserError: an unknown name or a bad value of the command line or the environment, in one line.
    """
    home = find_home(arguments.home)
    look = [f'desktop.theme="{arguments.theme}"'] if arguments.theme else []
    settings, trouble = settings_at_start(home.config_file, [*arguments.settings, *look])
    replays = home.root / "replays"
    return Options(
        store_folder=_replay_folder(replays) if arguments.feed.startswith("replay:") else home.root,
        home=home,
        settings=settings,
        settings_trouble=trouble,
        database=arguments.database,
        feed=arguments.feed,
        speed=arguments.speed,
        plan=arguments.sim_plan or settings.sim.plan,
        api_enabled=settings.api.enabled and not arguments.no_api,
        api_port=settings.api.port if arguments.api_port is None else arguments.api_port,
    )


def _replay_folder(replays: Path) -> Path:
    """Return a new folder for one replay: each begins with a book of its own, and the newest stay for review."""
    kept = sorted(replays.glob("*"))
    for old in kept[: max(len(kept) + 1 - REPLAYS_KEPT, 0)]:
        shutil.rmtree(old)
    return replays / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"


def _past_beside(options: Options) -> Callable[[], StoreView] | None:
    """Return what opens the database of the home beside a run that has one of its own, such as a replay."""
    if options.store_folder == options.home.root:
        return None
    return partial(open_view, options.database, options.home.root)


def _venue_options(options: Options, log: Path | None, give_way: WayGiver) -> VenueOptions:
    sim = options.settings.sim
    return VenueOptions(
        speed=options.speed,
        plan=options.plan,
        seed=sim.seed,
        ticks_per_s=sim.ticks_per_s,
        log=log,
        exchange=sim.exchange,
        give_way=give_way,
    )


def _keeping(settings: MarketdataSettings) -> KeepingOptions:
    retention = Retention(
        bars_days=settings.bar_retention,
        ticks_days=settings.tick_retention,
        qualities_days=settings.snapshot_retention,
    )
    return KeepingOptions(store_ticks=settings.store_ticks, snapshot_s=settings.snapshot_interval, retention=retention)


def _kept(settings: Settings) -> Kept:
    storage = settings.storage
    return Kept(
        journal_days=storage.journal_retention,
        executions_days=storage.execution_retention,
        audit_days=settings.audit.retention,
        deliveries_days=storage.delivery_retention,
        connection_logs_days=storage.connection_log_retention,
        run_logs_days=storage.run_log_retention,
        run_signals_days=storage.signal_retention,
    )


class Program:
    """A running program: engine, store, venue, REST door, watchdog. `start` then `stop`."""

    def __init__(self, options: Options, recent: RecentLog, build: VenueBuilder = build_venue) -> None:
        self._options = options
        self._watchdog = Watchdog()
        self._loop = EngineLoop(self._on_loop_fault)
        with ExitStack() as undo:
            self._loop.start()
            undo.callback(self._loop.stop)
            self._build(undo, recent, build)
            undo.pop_all()
        self._backups: Backups | None = None
        if isinstance(self.store, Store) and options.store_folder == options.home.root:
            kept = _kept(options.settings)
            self._backups = Backups(self.store, options.home.root, SystemClock(), self.engine.say, kept=kept)
        self._room: RoomWatch | None = None
        self._rest: RestDoor | None = None
        self.engine.scripts.bind(
            open_door=self._open_door,
            close_door=self._close_door,
            token_file=self.own_home.token_file,
            webhook_hosts=options.settings.webhooks.allowed_hosts,
        )
        self._opening: threading.Thread | None = None
        self._beat = Heartbeat("engine", 0, options.settings.engine.stall_ms / 1e3)

    def _build(self, undo: ExitStack, recent: RecentLog, build: VenueBuilder) -> None:
        """Open the database, then build venue and engine; `undo` takes back what a failure on the way leaves."""
        options, clock = self._options, SystemClock()
        instruments: dict[str, Instrument] = {}
        self.store, view_only = open_storage(
            options.database, options.store_folder, instruments=instruments, clock=clock, post=self._loop.post
        )
        undo.callback(self.store.close)
        self.own_home = options.home if view_only is None else home_beside(options.home)
        undo.callback(self._leave_own_home)
        if view_only is not None:
            recent = configure_logging(self.own_home.logs, level=options.settings.log.level)
            _log.warning("view_only", code=view_only.code, reason=view_only.reason)
        venue_log = options.home.venue_log if view_only is None else None
        self.venue: Venue = build(
            options.feed, clock, self._loop, _venue_options(options, venue_log, self._loop.give_way)
        )
        instruments.update({row.symbol: row for row in self.store.reader.instruments()})
        instruments.update({row.symbol: row for row in self.venue.instruments()})
        runs = options.settings.strategies
        self.engine = Engine(
            loop=self._loop,
            store=self.store,
            venue=self.venue,
            commands=all_commands(),
            version=__version__,
            freshness_ms=options.settings.engine.freshness_ms,
            frame_hz=options.settings.desktop.frame_hz,
            recent=recent,
            view_only=view_only,
            keeping=_keeping(options.settings.marketdata),
            alerting=Alerting(self.own_home.alerts_file, options.home.indicators, options.settings.mail),
            strategies_folder=self.own_home.strategies,
            past_beside=_past_beside(options),
            run_budget=RunBudget(runs.max_concurrent_runs, runs.run_timeout, runs.paper_only),
        )
        self._indicators = OwnIndicators(options.home.indicators, self._loop.post, self.engine.commands)
        if options.settings.risk.flatten_at_lockout:
            core = self.engine.core
            LockoutExits(core.desk, core.bus, core.scheduler)

    @property
    def view_only(self) -> ViewOnly | None:
        """Why this run writes nothing, None when it trades."""
        return self.engine.view_only

    def start(self, *, rest_later: bool = False) -> None:
        """Recover and run; the REST door opens last, or where a window comes first, by `open_rest_later`."""
        sys.setswitchinterval(self._options.settings.engine.switch_interval_ms / 1e3)
        self._beat.thread_id = self._loop.thread_id
        try:
            self.engine.start(self._beat.beat)
        except StorageDamaged as damage:
            self.engine.start_view_only(reason_of(damage, self._options.store_folder), self._beat.beat)
        self._watchdog.watch(self._beat)
        self._watchdog.start()
        if self.store.remark:
            _log.warning("storage_remark", text=self.store.remark)
            self.engine.say("warning", self.store.remark)
        if self.view_only is None:
            is_own = self._options.store_folder == self._options.home.root
            if words := obey_mark(self._options.home.kill_mark, self.engine, keep=not is_own):
                self.engine.say("critical", words)
            if isinstance(self.store, Store):
                self.store.search.start()
            if self._backups is not None:
                self._backups.start()
        if self._options.api_enabled and not rest_later:
            self._open_rest()

    def open_rest_later(self) -> None:
        """End the start: open the REST door from a thread of its own, since the web stack takes longest to load.

        The collector of cyclic garbage rests until that is done: else it would look at the whole stack again and again.
        """
        if not self._options.api_enabled:
            wake_collector()
            return
        self._opening = threading.Thread(target=self._open_rest_and_wake, name="rest-opening", daemon=True)
        self._opening.start()

    def _open_rest_and_wake(self) -> None:
        try:
            self._open_rest()
        finally:
            wake_collector()

    def _open_rest(self) -> None:
        """Open the REST door; a port that is taken is said on screen and never ends the program."""
        try:
            self.engine.scripts.open()
        except UserError as error:
            _log.error("rest_closed", reason=str(error))
            self.engine.say("critical", f"The REST interface is closed: {error}.")

    def _open_door(self) -> str:
        from workstation.app.rest import RestDoor  # noqa: PLC0415  the web stack loads only when it serves

        options = self._options
        self._rest = RestDoor(self.engine, self.store.reader, self.own_home, options.settings, self.view_only)
        return self._rest.start(options.api_port, options.database)

    def _close_door(self) -> None:
        if self._rest is not None:
            self._rest.stop()

    def when_there_is_room(self, found: Callable[[], None]) -> None:
        """Call `found`, on a thread of its own, when a run that began on a full disk could begin again and trade."""
        if self.view_only is not None and self.view_only.code == NO_ROOM:
            self._room = RoomWatch(self._can_be_written, found)
            self._room.start()

    def watch(self, beat: Heartbeat) -> None:
        """Watch one more loop."""
        self._watchdog.watch(beat)

    def stop(self) -> None:
        """End in the reverse order; everything queued is stored."""
        if self._room is not None:
            self._room.stop()
        if self._opening is not None:
            self._opening.join()
        self.engine.scripts.close()
        self._watchdog.stop()
        if self._backups is not None:
            self._backups.stop()
        self._indicators.close()
        self.engine.stop()
        self._leave_own_home()

    def _can_be_written(self) -> bool:
        """Tell whether a start that could not write would find room now."""
        options = self._options
        try:
            open_store(
                options.database, options.store_folder, instruments={}, clock=SystemClock(), post=self._loop.post
            ).close()
        except (StorageError, OSError):
            return False
        return True

    def _leave_own_home(self) -> None:
        """Remove what a view-only run wrote for itself."""
        if self.own_home is not self._options.home:
            configure_logging(None)
            shutil.rmtree(self.own_home.root, ignore_errors=True)

    def _on_loop_fault(self, where: object, error: BaseException) -> None:
        _log.error("loop_failed", where=str(where), error=repr(error), exc_info=error)


def shown_desktop(program: Program, options: Options) -> "Desktop":
    """Return the desktop of a program that runs, its window shown and watched; the REST door opens behind it."""
    from workstation.desktop.eventloop import Desktop  # noqa: PLC0415  headless runs need no Qt
    from workstation.desktop.panels.settings_panel_store import SettingsStore  # noqa: PLC0415  as above
    from workstation.desktop.theme_shelf import ThemeShelf  # noqa: PLC0415  as above

    settings, themes = options.settings.desktop, ThemeShelf(options.home.themes)
    look, words = themes.at_start(settings)
    desktop = Desktop(
        program.engine.session,
        program.engine,
        program.engine.commands,
        layouts=program.own_home.layouts,
        keys_file=program.own_home.hotkeys_file,
        presets_file=program.own_home.presets_file,
        look=look,
        frame_hz=settings.frame_hz,
        disarm_after_s=settings.disarm_after_s,
        settings=SettingsStore(program.own_home.config_file, options.settings, options.settings_trouble),
        themes=themes,
        secrets=HomeSecrets(options.home),
    )
    beat = Heartbeat("desktop", desktop.thread_id, options.settings.engine.stall_ms / 1e3)
    desktop.start(
        beat=beat.beat,
        settled=beat.forget,
        worst_stall_ms=beat.worst_ms,
        stalls=beat.stalls,
        shown=program.open_rest_later,
    )
    if words:
        desktop.context.announcer.say("warning", words)
    program.watch(beat)
    return desktop


def started(options: Options, *, rest_later: bool = False) -> Program:
    """Return a program that runs."""
    recent = _begin_log(options)
    if options.settings_trouble:
        _log.warning("settings_file", trouble=options.settings_trouble)
    program = Program(options, recent)
    program.start(rest_later=rest_later)
    return program


def _begin_log(options: Options) -> RecentLog:
    """Log into the home; a home that cannot be written keeps its lines in memory, and the start says so next."""
    level = options.settings.log.level
    try:
        options.home.create()
        return configure_logging(options.home.logs, level=level)
    except OSError:
        return configure_logging(None, level=level)
