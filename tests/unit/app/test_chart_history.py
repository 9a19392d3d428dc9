"""The past of a chart whose venue has none: what is stored is told, and bars laid from it go on live without a seam.

Long because each kind of bar and each source of older pages is tried.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.helpers.stores import ACME, START_NS, open_for_test
from workstation.app.chart_history import ChartHistory
from workstation.app.screens import EngineScreens
from workstation.commands.params import BarsRequest, OlderBars
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.domain.accounts import Environment
from workstation.domain.market import Aggressor, Bar, BarType, Trade, TradeBust
from workstation.domain.orders import Origin, OriginKind
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.intervals import bar_type_of
from workstation.marketdata.service import MarketData
from workstation.marketdata.stored_bars import PRINTS_READ_MAX, StoredPast, read_from
from workstation.ports.market_data import ActionKind, CorporateAction
from workstation.ports.market_store import Retention, StoredBar
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.market_view import MarketView

SYMBOL = ACME.symbol
SECOND = 10**9
MINUTE = 60 * SECOND
WAIT_S = 30.0


def at_once(call: Callable[[], None]) -> None:
    call()


class NoPast:
    """A venue that knows no bars of the past but those it is given."""

    def __init__(self) -> None:
        self.bars: list[Bar] = []

    def history(self, _symbol: str, bar_type: BarType, count: int, before: int | None = None) -> list[Bar]:
        bars = [bar for bar in self.bars if bar.bar_type == bar_type]
        return [bar for bar in bars if before is None or bar.ts_open < before][-count:]


def printed(number: int, price: int = 10_000, size: int = 10) -> Trade:
    at = START_NS + number * SECOND
    return Trade(SYMBOL, price + number, size, Aggressor.BUY, f"t{number}", at, at)


def ex_date_at(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).date().isoformat()


def split(ex_date: str) -> CorporateAction:
    return CorporateAction(symbol=SYMBOL, kind=ActionKind.SPLIT, ex_date=ex_date, numerator=2, denominator=1)


def dividend(ex_date: str) -> CorporateAction:
    return CorporateAction(symbol=SYMBOL, kind=ActionKind.DIVIDEND, ex_date=ex_date, amount=5, reference=100)


class Past:
    """A market without a venue's past over a database with one."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._store = open_for_test(home, "").store
        self._store.recorder.start(Retention(), lambda: START_NS + 1)
        self.market = MarketData(VirtualClock(START_NS), {SYMBOL: ACME}, on_fault=lambda *_: None)
        self.venue = NoPast()
        venue: Any = self.venue
        self.screens = EngineScreens(self.market, self.market.instruments, venue, MarketView(self.market), at_once)
        self.desk: ChartHistory | None = None

    def begin(
        self,
        *rows: Trade | TradeBust,
        bars: tuple[StoredBar, ...] = (),
        actions: tuple[CorporateAction, ...] = (),
        environment: Environment = Environment.REPLAY,
    ) -> None:
        """Store prints, bars, splits and dividends, and begin a run."""
        with self._store.imports.writing() as writing:
            writing.actions(actions)
        if bars:
            done = threading.Event()
            self._store.recorder.put_bars(bars, lambda _stored: done.set())
            assert done.wait(WAIT_S)
        self._store.recorder.put_ticks(rows, "sim")
        self._store.close()
        self._store = open_for_test(self.home, "").store
        self.commands = CommandRegistry()
        self.desk = ChartHistory.of(
            self._store,
            self.screens,
            self.market.instruments,
            lambda call: call(),
            self.commands,
            environment=environment,
        )

    def go_on(self, *rows: Trade | TradeBust) -> None:
        """Store more, and begin another run."""
        self._store.recorder.start(Retention(), lambda: START_NS + 1)
        if self.desk is not None:
            self.desk.close()
        self.begin(*rows)

    def ask(self, name: str, interval: str, count: int = 100) -> CommandResult:
        return self.run(name, BarsRequest(symbol=SYMBOL, bar_type=bar_type_of(interval, 0, 1), count=count))

    def older(self, interval: str, before: int, count: int = 100) -> BarSeries:
        """Return a page of older bars."""
        bar_type = bar_type_of(interval, 0, 1)
        wanted = OlderBars(symbol=SYMBOL, bar_type=bar_type, interval=interval, before=before, count=count)
        answer = self.run("market.older_bars", wanted)
        assert answer.ok, answer.text
        series: BarSeries = answer.data
        return series

    def run(self, name: str, request: BarsRequest | OlderBars) -> CommandResult:
        done, answers = threading.Event(), []

        def reply(result: CommandResult) -> None:
            answers.append(result)
            done.set()

        origin = Origin(kind=OriginKind.SYSTEM)
        call = Invocation(command_id=name, params=request, origin=origin, reply=reply)
        self.commands.run_of(name)(SimpleNamespace(), request, call)
        assert done.wait(WAIT_S)
        return answers[0]

    def close(self) -> None:
        if self.desk is not None:
            self.desk.close()
        self._store.close()


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    made = Past(tmp_path / "home")
    yield made
    made.close()


def test_what_is_stored_is_told_with_its_span(past: Past) -> None:
    past.begin(*(printed(n) for n in range(25)))
    told = past.ask("market.stored", "10t").data
    assert (told.rows, told.first, told.last, told.is_bars) == (25, START_NS, START_NS + 24 * SECOND, False)


def test_splits_and_dividends_are_those_of_real_prices(past: Past) -> None:
    """A simulated market has none of them in its prices; bars laid from what is stored have."""
    actions = (split(ex_date_at(START_NS)), dividend(ex_date_at(START_NS + 86_400 * SECOND)))
    past.begin(*(printed(n) for n in range(25)), actions=actions, environment=Environment.SIM)
    assert past.ask("market.actions", "10t").data == ()
    past.ask("market.build_bars", "10t")
    assert [row.kind for row in past.ask("market.actions", "10t").data] == [ActionKind.SPLIT, ActionKind.DIVIDEND]
    assert past.ask("market.actions", "1m").data == (), "of the series that was laid, not of another"


def test_splits_of_a_market_that_is_real_are_told_for_every_series(past: Past) -> None:
    past.begin(actions=(split(ex_date_at(START_NS)),))
    (told,) = past.ask("market.actions", "1m").data
    assert (told.kind, told.numerator) == (ActionKind.SPLIT, 2)


@pytest.mark.parametrize(("interval", "closes"), [("10t", [10_009, 10_019]), ("100v", [10_009, 10_019])])
def test_bars_that_count_are_laid_from_stored_prints(past: Past, interval: str, closes: list[int]) -> None:
    past.begin(*(printed(n) for n in range(25)))
    series = past.ask("market.build_bars", interval).data
    assert (series.ohlcv[:, 3] * 100).round().tolist() == closes
    assert series.ts_open.tolist() == [START_NS, START_NS + 10 * SECOND]


def test_bars_of_a_range_are_laid_from_stored_prints(past: Past) -> None:
    past.begin(*(printed(n) for n in range(25)))
    series = past.ask("market.build_bars", "5r").data
    assert len(series.ts_open) > 2
    spans = ((series.ohlcv[:, 1] - series.ohlcv[:, 2]) * 100).round()
    assert spans.tolist() == [5] * len(spans)


def test_live_bars_go_on_where_the_stored_past_ends(past: Past) -> None:
    past.begin(*(printed(n) for n in range(25)))
    past.screens.open_series(SYMBOL, bar_type_of("10t"), 10)
    past.market.on_feed([printed(n) for n in range(20, 41)])
    series = past.ask("market.build_bars", "10t").data
    opened = [(ts - START_NS) // SECOND for ts in series.ts_open.tolist()]
    assert opened == [0, 10, 20, 30]
    again = past.screens.bars(BarsRequest(symbol=SYMBOL, bar_type=bar_type_of("10t"), count=100))
    assert again.ts_open.tolist() == series.ts_open.tolist()
    past.ask("market.build_bars", "10t")
    assert len(past.screens.open_series(SYMBOL, bar_type_of("10t"), 10)) == 4, "a second time adds nothing"


def test_stored_bars_of_the_interval_come_before_prints(past: Past) -> None:
    bar = StoredBar(
        symbol=SYMBOL,
        data_type="OHLC",
        interval="1_MINUTE",
        start=START_NS,
        end=START_NS + MINUTE,
        open=1_000_000,
        high=1_010_000,
        low=990_000,
        close=1_005_000,
        volume=70,
        price_decimals=4,
        qty_decimals=0,
        source="file",
    )
    later = msgspec.structs.replace(bar, start=START_NS + MINUTE, end=START_NS + 2 * MINUTE, close=1_007_000)
    past.begin(printed(1), bars=(bar, later))
    told = past.ask("market.stored", "1m").data
    assert (told.rows, told.is_bars) == (2, True)
    assert past.ask("market.build_bars", "1m").data.ohlcv[:, 3].round(2).tolist() == [100.5, 100.7]


def test_nothing_stored_is_said(past: Past) -> None:
    past.begin()
    assert past.ask("market.stored", "10t").data == StoredPast()
    answer = past.ask("market.build_bars", "10t")
    assert (answer.ok, answer.code) == (False, "NOT_FOUND")
    assert "Nothing that is stored of ACME" in answer.text


def test_of_too_many_prints_the_newest_are_read() -> None:
    many = StoredPast(rows=4 * PRINTS_READ_MAX, first=0, last=400)
    assert read_from(many) == 300
    assert read_from(msgspec.structs.replace(many, rows=10)) == 0


def test_what_is_asked_while_the_program_ends_is_answered(past: Past) -> None:
    past.begin()
    assert past.desk is not None
    past.desk.close()
    answer = past.ask("market.actions", "10t")
    assert (answer.ok, answer.code, answer.text) == (False, "NOT_READY", "The program is ending.")


def test_a_past_that_has_no_room_among_the_series_is_refused_and_answered(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.begin(*(printed(n) for n in range(25)))
    monkeypatch.setattr("workstation.marketdata.series.BAR_SERIES_MAX", len(list(past.market.series.histories())))
    answer = past.ask("market.build_bars", "10t")
    assert not answer.ok
    assert "one series too many" in answer.text


def stored(number: int, interval: str = "1_MINUTE", length: int = MINUTE) -> StoredBar:
    return StoredBar(
        symbol=SYMBOL,
        data_type="OHLC",
        interval=interval,
        start=START_NS + number * length,
        end=START_NS + (number + 1) * length,
        open=1_000_000 + number * 100,
        high=1_010_000 + number * 100,
        low=900_000,
        close=1_005_000 + number * 100,
        volume=70,
        price_decimals=4,
        qty_decimals=0,
        source="file",
    )


def minutes(series: BarSeries) -> list[float]:
    return [(ts - START_NS) / MINUTE for ts in series.ts_open.tolist()]


def test_older_bars_are_read_page_by_page_from_stored_bars_until_there_are_none(past: Past) -> None:
    past.begin(bars=tuple(stored(n) for n in range(25)))
    before, pages = START_NS + 25 * MINUTE, []
    while len(page := past.older("1m", before, 10).ts_open):
        before = int(page[0])
        pages.append(len(page))
    assert (pages, before) == ([10, 10, 5], START_NS)
    series = past.older("1m", START_NS + 7 * MINUTE, 3)
    assert minutes(series) == [4, 5, 6]
    assert series.ohlcv[:, 3].round(2).tolist() == [100.54, 100.55, 100.56]


def test_older_bars_of_a_series_that_goes_on_come_from_it_first(past: Past) -> None:
    past.begin(bars=tuple(stored(n) for n in range(-5, 0)))
    past.screens.open_series(SYMBOL, bar_type_of("1m"), 10)
    past.market.on_feed([printed(60 * n) for n in range(6)])
    live = past.screens.bars(BarsRequest(symbol=SYMBOL, bar_type=bar_type_of("1m"))).ts_open.tolist()
    assert past.older("1m", live[4], 2).ts_open.tolist() == live[2:4]
    assert past.older("1m", live[2]).ts_open.tolist() == live[:2]
    assert minutes(past.older("1m", live[0])) == [-5, -4, -3, -2, -1], "and before its first from the store"


def test_longer_bars_are_built_of_stored_shorter_ones_and_end_where_the_next_begins(past: Past) -> None:
    hours = START_NS // (60 * MINUTE) * 60 * MINUTE
    opened = [(n, hours + n * MINUTE) for n in range(600) if n % 60 != 59]
    past.begin(bars=tuple(msgspec.structs.replace(stored(n), start=at, end=at + MINUTE) for n, at in opened))
    series = past.older("1h", hours + 5 * 60 * MINUTE)
    assert [(ts - hours) // (60 * MINUTE) for ts in series.ts_open.tolist()] == [0, 1, 2, 3, 4]
    assert series.ohlcv[-1, 4] == 59 * 70, "also where the last minute of an hour had no trade"
    assert not len(past.older("1h", hours).ts_open)


def test_bars_that_trades_close_are_laid_before_those_that_are_shown(past: Past) -> None:
    past.begin(*(printed(n) for n in range(100)))
    series = past.older("10t", START_NS + 50 * SECOND)
    assert [(ts - START_NS) // SECOND for ts in series.ts_open.tolist()] == [0, 10, 20, 30, 40]
    assert past.older("10t", START_NS + 50 * SECOND, 2).ts_open.tolist() == series.ts_open.tolist()[-2:]


def test_seconds_are_built_of_stored_prints(past: Past) -> None:
    past.begin(*(printed(n) for n in range(100)))
    series = past.older("5s", START_NS // (5 * SECOND) * 5 * SECOND + 50 * SECOND)
    assert len(series.ts_open) in (9, 10)
    assert (series.ts_open[1:] - series.ts_open[:-1]).tolist() == [5 * SECOND] * (len(series.ts_open) - 1)


@pytest.mark.parametrize(("environment", "pages"), [(Environment.SIM, 0), (Environment.REPLAY, 5)])
def test_nothing_stored_is_put_before_prices_that_a_venue_made_up(
    past: Past, environment: Environment, pages: int
) -> None:
    past.begin(bars=tuple(stored(n) for n in range(-5, 0)), environment=environment)
    past.venue.bars = [
        Bar(SYMBOL, bar_type_of("1m"), 1, 1, 1, 1, 1, 1, START_NS + n * MINUTE, START_NS + (n + 1) * MINUTE)
        for n in range(3)
    ]
    assert minutes(past.older("1m", START_NS + 2 * MINUTE)) == [0, 1], "the venue's come first"
    assert len(past.older("1m", START_NS).ts_open) == pages


def test_older_bars_that_cannot_be_read_are_an_answer_too(
    past: Past, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    past.begin()

    def torn(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("workstation.storage.market_history.SqlMarketHistory.bars_before", torn)
    wanted = OlderBars(symbol=SYMBOL, bar_type=bar_type_of("1m"), interval="1m", before=START_NS, count=10)
    answer = past.run("market.older_bars", wanted)
    assert (answer.ok, answer.code) == (False, "NOT_READY")
    assert "the disk is gone" in answer.text
    assert [line["event"] for line in logged] == ["stored_past_not_read"]


@pytest.mark.parametrize(("environment", "known"), [(Environment.SIM, 0), (Environment.REPLAY, 1)])
def test_splits_that_are_told_take_force_in_what_forms_where_prices_are_real(
    past: Past, environment: Environment, known: int
) -> None:
    day = 86_400 * SECOND
    ahead, gone = split(ex_date_at(START_NS + 2 * day)), split(ex_date_at(START_NS - 30 * day))
    past.begin(*(printed(n) for n in range(25)), actions=(gone, ahead), environment=environment)
    past.ask("market.build_bars", "10t")
    past.market.close_bars(START_NS)
    assert len(past.ask("market.actions", "10t").data) == 2
    assert [(symbol, ratio) for _, symbol, ratio in past.market.splits.expected] == [(SYMBOL, 0.5)] * known


LONG_AFTER = 9_000
"""Seconds after the prints, and beyond any lateness, at which the venue takes one back."""


def bust_of(trade: Trade, at: int) -> TradeBust:
    ts = START_NS + at * SECOND
    return TradeBust(SYMBOL, trade.trade_id, ts_event=ts, ts_init=ts)


def of_print(series: BarSeries, ts: int) -> tuple[float, float]:
    """Return high and volume of the bar that a moment falls into."""
    row = int(np.searchsorted(series.ts_open, ts, side="right")) - 1
    return series.ohlcv[row, 1], series.ohlcv[row, 4]


@pytest.mark.parametrize("interval", ["5s", "50v"])
def test_older_bars_of_stored_prints_are_without_what_the_venue_took_back_long_after(past: Past, interval: str) -> None:
    rows = [printed(number) for number in range(80)]
    later = [printed(number) for number in range(LONG_AFTER - 200, LONG_AFTER, 50)]
    before = START_NS // (5 * SECOND) * 5 * SECOND + 60 * SECOND
    past.begin(*rows, *later)
    whole = past.older(interval, before)
    at = int(whole.ts_open[3])
    gone = next(row for row in reversed(rows) if row.ts_event < whole.ts_open[4])
    high, volume = of_print(whole, at)
    past.go_on(bust_of(gone, LONG_AFTER))
    left = past.older(interval, before)
    assert left.ts_open.tolist() == whole.ts_open.tolist()
    size = gone.size / 10**ACME.qty_decimals
    lower = gone.price - rows[rows.index(gone) - 1].price if interval == "5s" else 0
    assert of_print(left, at) == pytest.approx((high - lower / 10**ACME.price_decimals, volume - size))
    others = np.arange(len(whole.ts_open)) != 3
    assert left.ohlcv[others].tolist() == whole.ohlcv[others].tolist()


def test_a_bust_of_a_print_behind_a_page_takes_nothing_out_of_it(past: Past) -> None:
    rows = [printed(number) for number in range(80)]
    past.begin(*rows)
    whole = past.older("5s", START_NS + 50 * SECOND)
    past.go_on(bust_of(rows[70], LONG_AFTER))
    assert past.older("5s", START_NS + 50 * SECOND).ohlcv.tolist() == whole.ohlcv.tolist()
