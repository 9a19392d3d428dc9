"""The runner: every run of this program, what each hears of market, orders and time, and a watch on all of them.

Tick walk, after the marks: a batch is looked through once, whatever the number of runs, by tables of who wants what.
Order walk, on the way up: rows of a run's orders and fills go to its inbox. Engine thread only.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

from workstation.domain.errors import NotFound, UserError, ValidationError
from workstation.domain.events import CancelRequested, OrderHandedOver, ReplaceRequested
from workstation.domain.executions import Execution
from workstation.domain.instruments import Instrument
from workstation.domain.market import (
    Bar,
    BarRevised,
    BarSource,
    BarType,
    BookChange,
    BookSnapshot,
    MarketEvent,
    Quote,
    StreamKind,
    Trade,
)
from workstation.domain.orders import OrderState, OriginKind
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.kernel.ids import IdSource
from workstation.marketdata.conflation import depth_snapshot
from workstation.marketdata.service import MarketData
from workstation.orders.desk import Desk
from workstation.strategies import messages as m
from workstation.strategies.host import Host
from workstation.strategies.run import Run
from workstation.strategies.runs import RunOrder, RunStatus
from workstation.strategies.thread import RunThread, Served
from workstation.strategies.views import Policy

RUNS_MAX = 50
WATCH_NS = 50_000_000
BOOK_LEVELS = 20
BURN_NS = 5_000_000
"""A callback that runs longer makes its thread one that the others have to wait for."""

_OWN = frozenset({OriginKind.STRATEGY, OriginKind.SYSTEM, OriginKind.EXTERNAL})
"""Doors that are no person's and no script's."""

Post = Callable[[Callable[[], None]], None]
OpenPast = Callable[[str, BarType, int, Callable[[], None]], None]
"""Has the past of a series, so many bars, stand before what is built of it from now on, then calls back: at once, or
when it has been read aside."""

Isolate = Callable[[RunOrder, Mapping[str, Instrument], Callable[[m.Intent], None]], Served]


class Runner:
    """Starts, feeds, watches and ends runs. post: runs a call on the engine's thread, from a run's, after all others.

    on_burn: told when a callback holds the processor, and when none does any more; isolate: makes hosts of runs that
    have a process of their own; aside: holds a run's thread up for a moment where somebody's order is under way;
    open_past: brings the bars that a run asks for from before it began.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        market: MarketData,
        bus: Bus,
        clock: Clock,
        scheduler: Scheduler,
        ids: IdSource,
        post: Post,
        runs_max: int = RUNS_MAX,
        on_burn: Callable[[bool], None] = lambda _burning: None,
        isolate: Isolate | None = None,
        aside: Callable[[], object] = lambda: None,
        open_past: OpenPast = lambda _symbol, _bar_type, _count, then: then(),
    ) -> None:
        self._desk, self._market, self._bus, self._clock = desk, market, bus, clock
        self._scheduler, self._ids, self._post, self._runs_max = scheduler, ids, post, runs_max
        self._runs: dict[str, Run] = {}
        self._streams: dict[tuple[str, StreamKind], list[Run]] = defaultdict(list)
        self._series: dict[tuple[str, BarType], list[tuple[Run, str]]] = defaultdict(list)
        self._held: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._timers: dict[tuple[str, str], Timer] = {}
        self._watch: Timer | None = None
        self._on_burn, self._burning, self._isolate, self._aside = on_burn, False, isolate, aside
        self._open_past = open_past
        bus.subscribe(OrderState, self._on_order)
        bus.subscribe(Execution, self._on_execution)
        bus.subscribe(ReplaceRequested, lambda event: self._on_others_wish(event, "changes"))
        bus.subscribe(CancelRequested, lambda event: self._on_others_wish(event, "cancels"))
        bus.subscribe(OrderHandedOver, self._on_handed_over)
        market.listen(self._on_batch)

    def start(self, order: RunOrder) -> Run:
        """Start a run.

        Raises:
            NotFound: unknown account.
            ValidationError: the id was used before, or too many runs are under way.
        """
        if order.account not in self._desk.state.accounts:
            raise NotFound("account", order.account)
        if order.run_id in self._runs and not order.generation:
            raise ValidationError("run_id", f"{order.run_id} was used before")
        if len(self.active()) >= self._runs_max:
            raise ValidationError("runs", f"{self._runs_max} runs are under way", allowed=f"{self._runs_max}")
        before = self._runs.get(order.run_id)
        name = f"{order.run_id}.{order.generation}" if order.generation else order.run_id
        thread = RunThread(name, lambda send: self._host(order, send), self._clock, self._aside)
        run = self._runs[order.run_id] = self._made(order, thread)
        thread.start(lambda intent: self._post(lambda: self._take(run, intent)))
        run.begin(self._started(order))
        if before is not None and before.status is RunStatus.REPLACED:
            for news in before.thread.inbox.untold():
                thread.inbox.put(news)
        if self._watch is None:
            self._look()
        return run

    def _made(self, order: RunOrder, thread: RunThread) -> Run:
        return Run(
            order,
            thread,
            desk=self._desk,
            clock=self._clock,
            ids=self._ids,
            publish=self._bus.publish,
            wishes=self._wish,
        )

    def run(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            NotFound: no such run.
        """
        found = self._runs.get(run_id)
        if found is None:
            raise NotFound("run", run_id)
        return found

    def active(self) -> list[Run]:
        """Return the runs that have not ended, oldest first."""
        return [run for run in self._runs.values() if not run.status.is_final]

    def treat(self, order: RunOrder) -> None:
        """Deal with the orders and the position of a run that has no thread, by its policy."""
        thread = RunThread(order.run_id, lambda send: self._host(order, send), self._clock)
        self._made(order, thread).treat()

    def stop_all(self, reason: str, policy: Policy | None = None) -> None:
        """Ask every run to end."""
        for run in self.active():
            if run.status is not RunStatus.STOPPING:
                run.stop(reason, policy)

    def close(self, timeout_s: float) -> list[str]:
        """End every thread, whatever its run does; returns the ids of those that are stuck."""
        if self._watch is not None:
            self._watch.cancel()
        for timer in self._timers.values():
            timer.cancel()
        for run in self._runs.values():
            run.thread.revoke()
        return [run_id for run_id, run in self._runs.items() if run.thread.alive and not run.thread.join(timeout_s)]

    def _host(self, order: RunOrder, send: Callable[[m.Intent], None]) -> Served:
        if order.isolated is not None and self._isolate is not None:
            return self._isolate(order, self._desk.state.instruments, send)
        return Host(
            order.make,
            run_id=order.run_id,
            account=order.account,
            instruments=self._desk.state.instruments,
            send=send,
            own=order.own,
        )

    def _started(self, order: RunOrder) -> m.Started:
        state = self._desk.state
        positions = {}
        for symbol in state.instruments:
            position = state.ledger.position(order.account, symbol, order.run_id)
            if position is not None and position.qty:
                positions[symbol] = position.qty
        orders = tuple(found for found in state.book.open_orders() if found.strategy_id == order.run_id)
        return m.Started(self._clock.now_ns(), positions, orders, dict(order.state), order.generation)

    # Market, orders and time

    def _on_batch(self, events: list[MarketEvent]) -> None:
        if not self._streams and not self._series:
            return
        books: set[str] = set()
        for event in events:
            if isinstance(event, Quote | Trade):
                kind = StreamKind.QUOTES if isinstance(event, Quote) else StreamKind.TRADES
                for run in self._streams.get((event.symbol, kind), ()):
                    self._tell(run, event)
            elif isinstance(event, Bar | BarRevised):
                bar = event if isinstance(event, Bar) else event.bar
                for run, interval in self._series.get((bar.symbol, bar.bar_type), ()):
                    self._tell(run, m.BarClosed(interval, bar))
            elif isinstance(event, BookChange | BookSnapshot):
                books.add(event.symbol)
        for symbol in books:
            self._tell_book(symbol)

    def _tell_book(self, symbol: str) -> None:
        runs = self._streams.get((symbol, StreamKind.DEPTH), ())
        if not runs:
            return
        best = depth_snapshot(self._market.books, symbol, BOOK_LEVELS)
        book = BookSnapshot(symbol, best.bids, best.asks, best.seq, best.ts_event, best.ts_event)
        for run in runs:
            self._tell(run, m.BookNews(book))

    def _tell(self, run: Run, news: m.MarketNews) -> None:
        if run.status is RunStatus.RUNNING:
            run.thread.inbox.put(news)

    def _on_order(self, order: OrderState) -> None:
        run = self._runs.get(order.strategy_id)
        if run is not None and not run.status.is_final:
            run.thread.inbox.put(m.OrderNews(order))

    def _on_execution(self, execution: Execution) -> None:
        run = self._runs.get(execution.strategy_id)
        if run is None or run.status.is_final:
            return
        position = self._desk.state.ledger.position(execution.account, execution.symbol, execution.strategy_id)
        run.thread.inbox.put(m.FillNews(execution, 0 if position is None else position.qty))

    def _on_others_wish(self, event: ReplaceRequested | CancelRequested, does: str) -> None:
        """Tell a run's log that somebody else has a hand in one of its orders; the strategy hears what comes of it."""
        order = self._desk.state.book.get(event.cl_ord_id)
        run = None if order is None else self._runs.get(order.strategy_id)
        if run is None or run.status.is_final or event.origin.kind in _OWN:
            return
        who = f"{event.origin.user} ({event.origin.kind.lower()})"
        data = {"order": event.cl_ord_id, "by": event.origin.user, "door": event.origin.kind.value}
        run.tell("WARNING", f"{who} {does} order {event.cl_ord_id} of this run.", "HAND", data)

    def _on_handed_over(self, event: OrderHandedOver) -> None:
        """Tell a run's log whose its order is now; the strategy hears it by the order itself."""
        order = self._desk.state.book.get(event.cl_ord_id)
        run = None if order is None else self._runs.get(order.strategy_id)
        if run is not None and not run.status.is_final:
            run.handed_over(event)

    def _take(self, run: Run, intent: m.Intent) -> None:
        run.take(intent)
        if run.status.is_final:
            self._forget(run)

    def _wish(self, run: Run, intent: m.Intent) -> None:
        run_id = run.order.run_id
        if isinstance(intent, m.WantStream):
            listeners = self._streams[intent.symbol, intent.stream]
            if run not in listeners:
                listeners.append(run)
                self._held[run_id].append(self._market.subscriptions.acquire(intent.symbol, intent.stream))
        elif isinstance(intent, m.WantBars):
            self._open_past(intent.symbol, intent.bar_type, intent.history, lambda: self._give_bars(run, intent))
        elif isinstance(intent, m.SetTimer):
            self._set_timer(run, intent)

    def _give_bars(self, run: Run, intent: m.WantBars) -> None:
        """Send a series from now on, its past first; a run that has ended meanwhile wants none."""
        if run.status.is_final:
            return
        try:
            history = self._market.bars(intent.symbol, intent.bar_type)
            stream = StreamKind.TRADES if intent.bar_type.source is BarSource.LAST else StreamKind.QUOTES
            held = self._market.subscriptions.acquire(intent.symbol, stream)
        except UserError as error:
            run.refuse(str(error))
            return
        self._series[intent.symbol, intent.bar_type].append((run, intent.interval))
        self._held[run.order.run_id].append(held)
        if intent.history and len(history):
            run.thread.inbox.put(m.PastBars(intent.interval, history.bars(max(len(history) - intent.history, 0))))

    def _set_timer(self, run: Run, intent: m.SetTimer) -> None:
        key = (run.order.run_id, intent.name)
        if key in self._timers:
            self._timers.pop(key).cancel()
        if not intent.every_ns:
            return

        def fire() -> None:
            self._timers[key] = self._scheduler.call_later(intent.every_ns, fire)
            if run.status is RunStatus.RUNNING:
                run.thread.inbox.put(m.TimerNews(intent.name, self._clock.now_ns()))

        self._timers[key] = self._scheduler.call_later(intent.every_ns, fire)

    def _look(self) -> None:
        for run in self.active():
            run.watch()
            if run.status.is_final:
                self._forget(run)
        self._tell_of_burning()
        self._watch = self._scheduler.call_later(WATCH_NS, self._look) if self.active() else None

    def _tell_of_burning(self) -> None:
        """Tell of threads that burn, those of runs that have ended included: a stuck one goes on until a restart."""
        burning = any(run.thread.busy_ns() >= BURN_NS for run in self._runs.values() if run.thread.alive)
        if burning is not self._burning:
            self._burning = burning
            self._on_burn(burning)

    def _forget(self, run: Run) -> None:
        """Let go of what a run that has ended was listening to."""
        for give_up in self._held.pop(run.order.run_id, ()):
            give_up()
        for key in [key for key in self._timers if key[0] == run.order.run_id]:
            self._timers.pop(key).cancel()
        for wanted in list(self._streams):
            self._streams[wanted] = [other for other in self._streams[wanted] if other is not run]
            if not self._streams[wanted]:
                del self._streams[wanted]
        for series in list(self._series):
            self._series[series] = [pair for pair in self._series[series] if pair[0] is not run]
            if not self._series[series]:
                del self._series[series]
