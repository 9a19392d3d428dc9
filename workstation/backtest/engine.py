"""The event loop of a backtest: the earliest of feeds and agenda goes first; at an instant venue, news, then timers.

Second step of the tick walk: feeds -> `venue` (fills) -> strategy (callbacks) -> `order_desk`. Where bars meet no order
they are played in one go (`_play`); the result is that of one by one, which a property test holds it to.
"""

import heapq
from collections import deque
from typing import Any

from workstation.backtest.agenda import FOREVER, Agenda, Due, Rank
from workstation.backtest.booking import ACCOUNT, RUN, Booking
from workstation.backtest.cash_events import CashEvents
from workstation.backtest.curve import CurveRecorder
from workstation.backtest.feeds import BarFeed, Feed, RowFeed, open_feed
from workstation.backtest.fill_bars import BarMarket
from workstation.backtest.inbox import Inbox
from workstation.backtest.market import Market
from workstation.backtest.options import BPS
from workstation.backtest.order_desk import OrderDesk
from workstation.backtest.plan import BacktestPlan, Cancelled, OnProgress, Progress
from workstation.backtest.row_market import RowMarket
from workstation.backtest.venue import finest, last_prices, make_market, match_row, row_of, snapshot_of
from workstation.domain.errors import ValidationError
from workstation.domain.market import Bar, BookChange, BookSnapshot
from workstation.kernel.ids import IdSource, sub_stream
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.market_hours import ImportedCalendars
from workstation.strategies import messages as m
from workstation.strategies.host import Host

HISTORY_MAX = 5_000
"""Bars kept for `on_history`, of each series."""

PROGRESS_EVERY = 4_096
"""Steps between two looks at whether the run is still wanted."""

OBSERVE_NS = 60 * 10**9
"""Time between two points of the curve where quotes, prints or books match."""


class Engine:
    """One run. Built, run once, then read by `run.py`."""

    def __init__(self, plan: BacktestPlan) -> None:
        self.plan = plan
        self.agenda, self.booking, self.curve = Agenda(), Booking(plan), CurveRecorder()
        opened = (
            open_feed(source, number, self.booking.instruments, gaps=plan.options.allow_gaps)
            for number, source in enumerate(plan.sources)
        )
        self.feeds: list[Feed] = [feed for feed in opened if feed is not None]
        for feed in self.feeds:
            if isinstance(feed, BarFeed):
                feed.splits = plan.splits_of(feed.symbol)
        self.markets: dict[str, Market] = {}
        self.inbox = Inbox()
        self.desk = OrderDesk(
            self.booking,
            self.agenda,
            self.markets,
            deliver=self._deliver_all,
            ways=sub_stream(plan.seed, "latency"),
            ids=IdSource(plan.seed),
        )
        matching = finest(self.feeds)
        calendars = Calendars(ImportedCalendars({row.name: row for row in plan.hours}))
        for symbol, feed in matching.items():
            self.markets[symbol] = make_market(
                feed, self.desk, plan.options, plan.seed, self.booking.qty, calendars=calendars
            )
        self._cash_events = CashEvents(self.booking, self.agenda, self.markets, self.desk.checks)
        self._matching = matching
        self._intents: list[m.Intent] = []
        self._series: dict[tuple[str, str], BarFeed] = {}
        self._past: dict[tuple[str, str], deque[tuple[Bar, tuple[float, ...]]]] = {}
        self._timers: dict[str, int] = {}
        self._observed: dict[str, int] = {}
        self._heap: list[tuple[Due, int, Feed]] = []
        self.first_ts = self.last_ts = plan.start_ts
        self.cancelled = False
        latency = plan.options.latency
        self._holds = plan.options.fast
        self._rate_symbols = frozenset(plan.rates.values())
        self._fast = plan.options.fast and not latency.feed and not plan.options.liquidate
        self.host = Host(
            lambda host: plan.strategy(host, plan.strategy.Parameters(**plan.parameters)),
            run_id=RUN,
            account=ACCOUNT,
            instruments=self.booking.instruments,
            send=self._ask,
            own=plan.own,
        )

    # The run

    def run(self, progress: OnProgress | None, cancelled: Cancelled | None) -> None:
        """Play all sources to their end.

        Raises:
            DataFault: recorded data that cannot be, unless gaps are allowed.
            ValidationError: the strategy asks for a series that no source has.
            Exception: whatever a callback of the strategy raised.
        """
        self._start()
        agenda, heap, entries = self.agenda, self._heap, self.agenda.entries
        host, booking, steps = self.host, self.booking, 0
        while heap and not host.over:
            steps += 1
            if steps % PROGRESS_EVERY == 0 and not self._goes_on(progress, cancelled):
                break
            due, _number, feed = heap[0]
            if entries and entries[0][0] < due:
                agenda.run_next()
                continue
            agenda.now = due
            agenda.ts = booking.now = self.last_ts = due[0]
            if isinstance(feed, BarFeed):
                self._on_bar_due(feed)
            elif isinstance(feed, RowFeed):
                self._on_row_due(feed)
            if feed.due is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (feed.due, feed.number, feed))
        self._finish()
        if progress is not None:
            progress(Progress(self.events, self.last_ts))

    @property
    def events(self) -> int:
        """Bars and rows played so far."""
        return sum(feed.rows for feed in self.feeds)

    def _goes_on(self, progress: OnProgress | None, cancelled: Cancelled | None) -> bool:
        if progress is not None:
            progress(Progress(self.events, self.last_ts))
        self.cancelled = cancelled is not None and cancelled()
        return not self.cancelled

    def _start(self) -> None:
        for feed in self.feeds:
            if isinstance(feed, BarFeed):
                feed.start(matches=self._matching.get(feed.symbol) is feed)
                self._series.setdefault((feed.symbol, feed.interval), feed)
                self._keep_past(feed)
            elif isinstance(feed, RowFeed):
                feed.start()
                while feed.due is not None and feed.due[0] < self.plan.start_ts:
                    feed.advance()
        dues = [feed.due for feed in self.feeds if feed.due is not None]
        self.first_ts = self.last_ts = min((due[0] for due in dues), default=self.plan.start_ts)
        self._heap[:] = [(feed.due, feed.number, feed) for feed in self.feeds if feed.due is not None]
        heapq.heapify(self._heap)
        self.agenda.move_to((self.first_ts, 0, -1, 0))
        self.booking.now = self.first_ts
        self._cash_events.start(self.first_ts)
        self._deliver(m.Started(self.first_ts, {}, ()))

    def _keep_past(self, feed: BarFeed) -> None:
        past = self._past.setdefault((feed.symbol, feed.interval), deque(maxlen=HISTORY_MAX))
        while feed.due is not None and feed.bar(feed.at).ts_close <= self.plan.start_ts:
            past.append((self._market_bar(feed), feed.read_at(feed.at)))
            market = self.markets.get(feed.symbol)
            if feed.matches and isinstance(market, BarMarket):
                bar = feed.bar(feed.at)
                market.skip_to(feed.reader(feed.at), bar.close, bar.ts_close)
            feed.skip_to(feed.at + 1)

    def _finish(self) -> None:
        """Let the last instant come to its end, close what shall be closed, and stop the strategy."""
        self._settle()
        for market in self.markets.values():
            if isinstance(market, RowMarket):
                market.close_session(self.last_ts + self.plan.options.price_age_max)
        self._settle()
        if self.plan.options.close_at_end and not self.cancelled:
            for symbol, price in last_prices(self.markets).items():
                if self.booking.qty(symbol):
                    self.desk.close_out(symbol, price, "close_at_end")
                    self._settle()
                    self._observe(symbol, price)
        if not self.host.over:
            self._deliver(m.Stop())

    def _settle(self) -> None:
        while (due := self.agenda.next_due) is not None and due[0] <= self.last_ts:
            self.agenda.run_next()

    # Bars

    def _on_bar_due(self, feed: BarFeed) -> None:
        if self._fast and (feed.phase is Rank.NEWS) is not feed.matches and self._play(feed):
            return
        if feed.phase is Rank.NEWS:
            self._tell_bar(feed)
        else:
            market = self.markets[feed.symbol]
            assert isinstance(market, BarMarket)  # noqa: S101  a bar feed that matches has a market of bars
            bar = feed.bar(feed.at)
            if feed.phase is Rank.CORPORATE:
                market.on_open(bar)
            else:
                market.on_close(bar)
                self._mark_bars(feed, feed.at, feed.at + 1)
                self._check_margin()
        feed.advance()

    def _play(self, feed: BarFeed) -> bool:
        """Play the bars that nothing else comes between and no order waits for; False where there are not two."""
        symbol, batch = feed.symbol, feed.batch
        market = self.markets[symbol]
        if (feed.matches and market.orders) or batch is None or symbol in self._rate_symbols:
            return False
        first, stop = feed.at, feed.stop_before(self._quiet_until())
        if stop - first < 2:
            return False
        wanted = (symbol, feed.interval) in self.inbox.series
        end = self.host.deliver_bars(batch, first, stop) if wanted else stop
        now = batch.ts_close[end - 1]
        self.agenda.move_to((now, 0, Rank.NEWS, 0))
        self.booking.now = self.last_ts = now
        if feed.matches and isinstance(market, BarMarket):
            market.skip_to(feed.reader(end - 1), batch.closes[end - 1], now)
            self._mark_bars(feed, first, end)
        feed.skip_to(end)
        if self._intents:
            self._flush(alone=len(self._intents) == 1)
        return True

    def _mark_bars(self, feed: BarFeed, first: int, stop: int) -> None:
        """Take the closes of bars that were played: for the worth of positions, the trip that is open, the curve."""
        symbol = feed.symbol
        self.booking.mark(symbol, feed.closes(first, stop))
        if self._holds:
            terms = self.booking.valuation.terms(symbol)
            self.curve.hold(feed.ts_closes, feed.marks, first, stop=stop, terms=terms)
        else:
            self._observe(symbol, feed.bar(first).close)

    def _quiet_until(self) -> int:
        """Return when anything but the feed in front comes next; its children in the heap are the earliest others."""
        entries = self.agenda.entries
        until = entries[0][0][0] if entries else FOREVER
        for other, _number, _feed in self._heap[1:3]:
            until = min(until, other[0])
        return until

    def _tell_bar(self, feed: BarFeed) -> None:
        if (feed.symbol, feed.interval) not in self.inbox.series or feed.batch is None:
            return
        latency = self.plan.options.latency.feed
        if latency:
            self.agenda.add(self.agenda.ts + latency, Rank.NEWS, self._tell_one, (feed, feed.batch, feed.at))
        elif self.plan.options.fast or feed.adjusted:
            self._tell_one((feed, feed.batch, feed.at))
        else:
            self._deliver(m.BarClosed(feed.interval, self._market_bar(feed)))

    def _tell_one(self, told: tuple[BarFeed, Any, int]) -> None:
        _feed, batch, at = told
        if not self.host.over:
            self.host.deliver_bars(batch, at, at + 1)
            self._flush()

    def _market_bar(self, feed: BarFeed) -> Bar:
        bar = feed.bar(feed.at)
        return Bar(
            feed.symbol,
            feed.bar_type,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume or 0,
            0,
            bar.ts_open,
            bar.ts_close,
            empty=feed.is_empty(feed.at),
        )

    # Quotes, prints, books

    def _on_row_due(self, feed: RowFeed) -> None:
        row, symbol = row_of(feed), feed.symbol
        market = self.markets[symbol]
        if feed.matches:
            match_row(market, row)
        if market.last is not None:
            self.booking.valuation.mark(symbol, market.last)
            minute = row.ts_event // OBSERVE_NS
            if self._observed.get(symbol) != minute:
                self._observed[symbol] = minute
                self.booking.mark(symbol, (market.last,))
                self._observe(symbol, market.last)
                self._check_margin()
        stream = self.inbox.stream_of(row)
        if (symbol, stream) in self.inbox.streams:
            self._tell_row(market, row)
        feed.advance()

    def _tell_row(self, market: Market, row: Any) -> None:
        news = row
        if isinstance(row, BookSnapshot | BookChange):
            book = snapshot_of(market, row)
            if book is None:
                return
            news = m.BookNews(book)
        latency = self.plan.options.latency.feed
        if latency:
            self.agenda.add(row.ts_event + latency, Rank.NEWS, self._deliver, news)
        else:
            self.host.deliver(news)
            if self._intents:
                self.agenda.move_to((*self.agenda.now[:2], Rank.NEWS, 0))
                self._flush()

    # The strategy

    def _ask(self, intent: m.Intent) -> None:
        """Keep what the strategy asks for until its callback has returned."""
        self._intents.append(intent)

    def _deliver(self, news: m.News) -> None:
        self.host.deliver(news)
        if self._intents:
            self._flush()

    def _deliver_all(self, reports: list[m.News]) -> None:
        deliver, intents = self.host.deliver, self._intents
        for news in reports:
            deliver(news)
            if intents:
                self._flush()

    def _flush(self, *, alone: bool = False) -> None:
        """Act on what the strategy has asked for, in its order. alone: see `OrderDesk.take`."""
        self.booking.now = self.agenda.ts
        while self._intents:
            intent = self._intents.pop(0)
            if self.desk.take(intent, alone=alone):
                continue
            if isinstance(intent, m.WantBars):
                self._want_bars(intent)
            elif isinstance(intent, m.SetTimer):
                self._set_timer(intent)
            else:
                self.inbox.take(intent, self.agenda.ts)

    def _want_bars(self, intent: m.WantBars) -> None:
        key = intent.symbol, intent.interval
        if key not in self._series:
            known = ", ".join(sorted(f"{symbol} {interval}" for symbol, interval in self._series)) or "none"
            raise ValidationError("sources", f"there are no bars {intent.symbol} {intent.interval}", allowed=known)
        self.inbox.series.add(key)
        past = self._past[key]
        if intent.history and past:
            bars, read = zip(*tuple(past)[-intent.history :], strict=True)
            self._deliver(m.PastBars(intent.interval, bars, read if self._series[key].adjusted else ()))

    def _set_timer(self, intent: m.SetTimer) -> None:
        mark = self._timers[intent.name] = self._timers.get(intent.name, 0) + 1
        if intent.every_ns:
            self.agenda.add(
                self.agenda.ts + intent.every_ns, Rank.TIMER, self._on_timer, (intent.name, intent.every_ns, mark)
            )

    def _on_timer(self, timer: tuple[str, int, int]) -> None:
        name, every_ns, mark = timer
        if self._timers.get(name) != mark:
            return
        now = self.agenda.ts
        self.agenda.add(now + every_ns, Rank.TIMER, self._on_timer, timer)
        self._deliver(m.TimerNews(name, now))

    # The account

    def _observe(self, symbol: str, price: int) -> None:
        fixed, net, unit, cash = self.booking.valuation.terms(symbol)
        moved = price * unit
        self.curve.add(self.agenda.ts, fixed + moved, net + moved, cash)

    def _check_margin(self) -> None:
        options, worth = self.plan.options, self.booking.valuation
        if options.liquidate and worth.gross and worth.equity * BPS < worth.gross * options.maintenance_bps:
            for symbol, market in self.markets.items():
                if self.booking.qty(symbol) and not any(
                    order.label == "liquidation" for order in market.orders.values()
                ):
                    self.desk.flatten(symbol, "liquidation")
