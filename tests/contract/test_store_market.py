"""Market data on every store: bars, ticks and feed quality, written aside of the journal, read back, aged, planned."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Select, inspect

from tests.helpers.stores import START_NS, OpenedStore, migrated_postgres_database, note, open_for_test
from workstation.domain.market import Aggressor, Quote, Trade
from workstation.ports.market_data import TickerSpan
from workstation.ports.market_store import (
    BarQuery,
    FeedQuality,
    QualityQuery,
    Retention,
    StoredBar,
    StoredTick,
    TickKind,
    TickQuery,
)
from workstation.storage import market_reader
from workstation.storage.market_recorder import CHUNK_TICKS_MAX
from workstation.storage.queue import QUEUE_EVENTS_MAX

MINUTE = 60 * 10**9
DAY = 86_400 * 10**9
NOON = START_NS - START_NS % DAY + DAY // 2
WAIT_S = 30.0


class Kept:
    """A store whose recorder runs; `now` is what retention goes by."""

    def __init__(self, home: Path, url: str, retention: Retention | None = None) -> None:
        self.home, self.url = home, url
        self.opened: OpenedStore = open_for_test(home, url)
        self.recorder = self.opened.store.recorder
        self.reader = self.opened.store.reader.market
        self.recorder.start(retention or Retention(), lambda: NOON)

    def bars(self, *bars: StoredBar) -> bool:
        """Put bars and wait for the outcome."""
        done, outcomes = threading.Event(), []

        def told(stored: bool) -> None:
            outcomes.append(stored)
            done.set()

        self.recorder.put_bars(bars, told)
        assert done.wait(WAIT_S)
        return outcomes[0]

    def settled(self) -> Kept:
        """Write everything that waits, and open the store anew."""
        self.opened.close()
        self.opened = open_for_test(self.home, self.url)
        self.recorder, self.reader = self.opened.store.recorder, self.opened.store.reader.market
        self.recorder.start(Retention(), lambda: NOON)
        return self

    def explain(self, statement: Select) -> str:
        with self.opened.store._engine.connect() as connection:
            return self.explain_sql(
                str(statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
            )

    def explain_sql(self, sql: str) -> str:
        with self.opened.store._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                return "\n".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
            connection.exec_driver_sql("SET enable_seqscan = off")
            return "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {sql}"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


@pytest.fixture
def kept(url: str, tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path, url)
    yield kept
    kept.opened.close()


def bar(number: int = 0, **fields: object) -> StoredBar:
    plain = StoredBar(
        symbol="ACME",
        data_type="OHLC",
        interval="1_MINUTE",
        start=NOON + number * MINUTE,
        end=NOON + (number + 1) * MINUTE,
        open=1_000 + number,
        high=1_010 + number,
        low=990 + number,
        close=1_005 + number,
        volume=100,
        price_decimals=2,
        qty_decimals=0,
        source="SIM",
    )
    return msgspec.structs.replace(plain, **fields)


def trade(number: int, symbol: str = "ACME", at: int = NOON) -> Trade:
    return Trade(symbol, 1_000 + number, 1, Aggressor.BUY, str(number), at + number - 5, at + number)


def quote(number: int, symbol: str = "COIN", bid: int | None = 99, ask: int | None = 101) -> Quote:
    return Quote(symbol, bid, 1, ask, 2, NOON + number, NOON + number)


def quality(number: int, source: str = "SIM", instruments: int = 10) -> FeedQuality:
    return FeedQuality(
        snapshot_time=NOON + number * 300 * 10**9,
        data_source=source,
        total_instruments=instruments,
        active_instruments=number,
        price_updates=5,
        volume_updates=3,
        delayed_data_count=0,
        error_count=1,
        average_latency_ns=1_500,
        max_latency_ns=2_500,
        metadata={"refused": 1},
    )


class TestBars:
    def test_a_stretch_comes_back_exactly_and_ascending(self, kept: Kept) -> None:
        huge = 2**60
        written = [bar(number) for number in range(5)] + [bar(5, open=huge, high=huge, low=-huge, close=0, volume=huge)]
        assert kept.bars(*reversed(written))
        page = kept.reader.bars(BarQuery(symbol="ACME", interval="1_MINUTE"))
        assert page.rows == tuple(written)
        assert (page.total, page.has_next) == (6, False)

    def test_pages_go_on_behind_a_bar_and_count_the_whole_stretch(self, kept: Kept) -> None:
        assert kept.bars(*(bar(number) for number in range(10)))
        stretch = BarQuery(symbol="ACME", interval="1_MINUTE", start_ns=bar(2).start, end_ns=bar(9).start, limit=3)
        first = kept.reader.bars(stretch)
        second = kept.reader.bars(msgspec.structs.replace(stretch, after=first.rows[-1].start))
        third = kept.reader.bars(msgspec.structs.replace(stretch, after=second.rows[-1].start))
        assert [row.open - 1_000 for page in (first, second, third) for row in page.rows] == list(range(2, 9))
        assert [(page.total, page.has_next) for page in (first, second, third)] == [(7, True), (7, True), (7, False)]

    def test_the_newest_bars_of_a_stretch_are_ascending_too(self, kept: Kept) -> None:
        assert kept.bars(*(bar(number) for number in range(10)))
        page = kept.reader.bars(BarQuery(symbol="ACME", interval="1_MINUTE", newest=True, limit=2))
        assert page.rows == (bar(8), bar(9))

    def test_a_bar_that_is_known_is_replaced(self, kept: Kept) -> None:
        assert kept.bars(bar())
        assert kept.bars(bar(close=1_007))
        page = kept.reader.bars(BarQuery(symbol="ACME", interval="1_MINUTE"))
        assert page.rows == (bar(close=1_007),)

    def test_series_of_other_names_do_not_mix(self, kept: Kept) -> None:
        assert kept.bars(bar(), bar(symbol="EUR/USD"), bar(interval="5_MINUTE"), bar(data_type="TRADE"))
        assert kept.reader.bars(BarQuery(symbol="EUR/USD", interval="1_MINUTE")).rows == (bar(symbol="EUR/USD"),)
        assert kept.reader.bars(BarQuery(symbol="ACME", interval="1_MINUTE", source="other")).rows == ()
        assert kept.reader.bars(BarQuery(symbol="acme", interval="1_MINUTE")).total == 0

    def test_an_impossible_bar_takes_its_own_transaction_down_and_nothing_else(self, kept: Kept) -> None:
        assert not kept.bars(bar(high=1))
        kept.opened.write(note())
        assert kept.bars(bar())
        assert kept.opened.store.journal.trouble == ""

    def test_market_data_gives_way_when_the_journal_has_much_to_do(self, kept: Kept) -> None:
        kept.recorder._queue._put += QUEUE_EVENTS_MAX
        assert not kept.bars(bar())
        assert kept.recorder.shed == 1
        kept.recorder._queue._put -= QUEUE_EVENTS_MAX
        assert kept.bars(bar())

    def test_years_of_bars_are_stored_whatever_their_months(self, kept: Kept) -> None:
        written = [bar(interval="1_MONTH", start=NOON - month * 31 * DAY, end=NOON + DAY) for month in range(30)]
        assert kept.bars(*written)
        assert kept.reader.bars(BarQuery(symbol="ACME", interval="1_MONTH")).total == 30
        if kept.url:
            assert len(months_of(kept, "market_bars")) >= 29


class TestTicks:
    def record(self, kept: Kept, *ticks: Trade | Quote) -> Kept:
        kept.recorder.put_ticks(ticks, "SIM")
        return kept.settled()

    def test_where_the_clock_was_set_back_every_tick_is_kept(self, kept: Kept) -> None:
        ticks = [trade(0), trade(1), trade(2, at=NOON - MINUTE), trade(3, at=NOON - MINUTE)]
        kept.recorder.put_ticks([*ticks, trade(9, "COIN")], "SIM")
        kept.settled()
        found = list(kept.reader.ticks(TickQuery(descending=False)))
        assert [tick.event for tick in found] == [*ticks[2:], *ticks[:2], trade(9, "COIN")]

    def test_a_quote_is_two_ticks_and_a_trade_one_in_order_of_arrival(self, kept: Kept) -> None:
        self.record(kept, quote(1), trade(2), quote(3, bid=None))
        found = list(kept.reader.ticks(TickQuery(descending=False)))
        assert [(tick.kind, tick.time - NOON) for tick in found] == [
            (TickKind.BID, 1),
            (TickKind.ASK, 1),
            (TickKind.TRADE, 2),
            (TickKind.ASK, 3),
        ]
        assert found[2].event == trade(2)
        assert (found[0].price_decimals, found[0].qty_decimals, found[0].source) == (4, 8, "SIM")
        assert list(kept.reader.ticks(TickQuery())) == found[::-1]

    def test_chunks_of_many_instruments_are_merged_by_time(self, kept: Kept) -> None:
        ticks = [trade(number, "ACME" if number % 3 else "COIN") for number in range(2 * CHUNK_TICKS_MAX + 500)]
        self.record(kept, *ticks)
        found = [tick.event for tick in kept.reader.ticks(TickQuery(descending=False))]
        assert found == ticks
        assert [tick.event for tick in kept.reader.ticks(TickQuery())] == ticks[::-1]
        assert kept.reader.ticks_kept(TickQuery(), len(ticks)) == len(ticks)
        assert sum(1 for _ in kept.reader.ticks(TickQuery(ordered=False, symbol="ACME"))) == 1_666

    @pytest.mark.parametrize("descending", [True, False])
    def test_a_walk_by_keys_has_no_repeat_and_no_gap(self, kept: Kept, descending: bool) -> None:
        same_time = [trade(0), trade(0, "COIN"), quote(0), quote(0, "ACME"), trade(1)]
        self.record(kept, *same_time)
        whole = list(kept.reader.ticks(TickQuery(descending=descending)))
        walked: list[StoredTick] = []
        key = None
        while True:
            tick = next(kept.reader.ticks(TickQuery(descending=descending, after_key=key)), None)
            if tick is None:
                break
            walked.append(tick)
            key = (tick.time, tick.key)
        assert walked == whole
        assert len(whole) == 7

    def test_filters_choose_by_symbol_kind_source_and_time(self, kept: Kept) -> None:
        self.record(kept, *(trade(number) for number in range(10)), *(quote(number) for number in range(10)))
        reader = kept.reader
        assert {tick.event.symbol for tick in reader.ticks(TickQuery(symbol="COIN"))} == {"COIN"}
        assert len(list(reader.ticks(TickQuery(kind=TickKind.ASK)))) == 10
        assert list(reader.ticks(TickQuery(source="other"))) == []
        within = TickQuery(symbol="ACME", start_ns=NOON + 3, end_ns=NOON + 6)
        assert [tick.time - NOON for tick in reader.ticks(within)] == [5, 4, 3]

    def test_a_chunk_that_is_gone_or_changed_is_passed_over(self, kept: Kept) -> None:
        self.record(kept, trade(1), trade(2, "COIN"))
        [acme] = (kept.home / "ticks").glob("*/ACME.ticks")
        acme.write_bytes(b"\0" * acme.stat().st_size)
        assert [tick.event.symbol for tick in kept.reader.ticks(TickQuery())] == ["COIN"]
        acme.unlink()
        assert [tick.event.symbol for tick in kept.reader.ticks(TickQuery())] == ["COIN"]

    def test_a_symbol_with_a_slash_has_a_file_of_its_own(self, tmp_path: Path) -> None:
        from workstation.storage.tick_files import TickFiles

        files = TickFiles(tmp_path)
        place = files.append([trade(1, "EUR/USD")])
        assert place.file.endswith("/EUR%2FUSD.ticks")
        assert files.read(place) == [trade(1, "EUR/USD")]

    def test_a_folder_that_takes_no_more_costs_the_ticks_alone(self, kept: Kept, logged: list) -> None:
        (kept.home / "ticks").write_bytes(b"")  # a file where the folder should be
        kept.recorder.put_ticks([trade(1)], "SIM")
        assert kept.bars(bar())
        recorder = kept.recorder
        kept.settled()
        assert recorder.shed == 1
        assert [line["event"] for line in logged] == ["ticks_not_recorded"]
        assert list(kept.reader.ticks(TickQuery())) == []


class TestQualities:
    def test_a_page_comes_back_newest_first_with_filters(self, kept: Kept) -> None:
        for number in range(5):
            kept.recorder.put_quality(quality(number, instruments=number))
        kept.recorder.put_quality(quality(5, "other"))
        kept.settled()
        reader = kept.reader
        assert reader.qualities(QualityQuery(source="SIM", limit=2)).rows == (
            quality(4, instruments=4),
            quality(3, instruments=3),
        )
        assert reader.qualities(QualityQuery(instruments_min=1, instruments_max=3)).total == 3
        assert reader.qualities(QualityQuery(descending=False, limit=1)).rows == (quality(0, instruments=0),)
        page = reader.qualities(QualityQuery(start_ns=quality(1).snapshot_time, end_ns=quality(3).snapshot_time))
        assert (page.total, page.has_next) == (2, False)
        assert reader.qualities(QualityQuery(with_count=False)).total is None


STRETCHES = {
    "series": BarQuery(symbol="ACME", interval="1_MINUTE"),
    "window": BarQuery(symbol="ACME", interval="1_MINUTE", start_ns=1, end_ns=2),
    "newest": BarQuery(symbol="ACME", interval="1_MINUTE", newest=True),
    "behind": BarQuery(symbol="ACME", interval="1_MINUTE", after=5),
    "source": BarQuery(symbol="ACME", interval="1_MINUTE", source="SIM"),
}
TICK_LISTS = {
    "newest": TickQuery(),
    "oldest": TickQuery(descending=False),
    "symbol": TickQuery(symbol="ACME"),
    "source": TickQuery(source="SIM"),
    "window": TickQuery(start_ns=1, end_ns=2),
    "behind": TickQuery(after_key=(5, "k")),
}
QUALITY_LISTS = {
    "newest": QualityQuery(),
    "oldest": QualityQuery(descending=False),
    "source": QualityQuery(source="SIM"),
    "size": QualityQuery(instruments_min=1, instruments_max=5),
    "window": QualityQuery(start_ns=1, end_ns=2),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def planned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    url = "" if request.param == "sqlite" else migrated_postgres_database()
    kept = Kept(tmp_path_factory.mktemp("market_plans"), url)
    assert kept.bars(*(bar(number) for number in range(500)))
    kept.recorder.put_ticks([trade(number, at=NOON + number) for number in range(3 * CHUNK_TICKS_MAX)], "SIM")
    kept.recorder.put_quality(quality(1))
    yield kept.settled()
    kept.opened.close()


def months_of(kept: Kept, table: str) -> list[str]:
    names = inspect(kept.opened.store._engine).get_table_names()
    return [name for name in names if name.startswith(f"{table}_")]


def assert_planned(kept: Kept, statement: Select, table: str) -> None:
    found = kept.explain(statement)
    assert "Seq Scan" not in found, found
    walks = [line for line in found.splitlines() if line.startswith(f"SCAN {table}") and "INDEX" not in line]
    assert walks == [], found
    assert "USE TEMP B-TREE FOR ORDER BY" not in found, found


@pytest.mark.parametrize("name", STRETCHES)
def test_a_page_of_bars_comes_from_the_key(planned: Kept, name: str) -> None:
    assert_planned(planned, market_reader.bar_page(STRETCHES[name]), "market_bars")


@pytest.mark.parametrize("name", TICK_LISTS)
def test_chunks_of_ticks_come_from_an_index(planned: Kept, name: str) -> None:
    assert_planned(planned, market_reader.chunk_page(TICK_LISTS[name], 0), "tick_chunks")


@pytest.mark.parametrize("name", QUALITY_LISTS)
def test_a_page_of_qualities_comes_from_an_index(planned: Kept, name: str) -> None:
    assert_planned(planned, market_reader.quality_page(QUALITY_LISTS[name]), "market_snapshots")


class TestTicksOfEarlierTickers:
    @pytest.fixture
    def renamed(self, kept: Kept) -> Kept:
        """Return a store of a market that was COIN up to NOON + 10; under COIN another one trades from NOON + 20 on."""
        rows = [trade(number, "COIN") for number in (*range(10), *range(20, 25))]
        kept.recorder.put_ticks(rows, "SIM")
        kept.recorder.put_ticks([trade(number) for number in range(8, 30)], "SIM")
        settled = kept.settled()
        with settled.opened.store.imports.writing() as writing:
            old = TickerSpan(symbol="ACME", ticker="COIN", start=0, end=NOON + 10)
            now = TickerSpan(symbol="ACME", ticker="ACME", start=NOON + 10, end=None)
            writing.tickers((old, now), (), replace=False)
        return settled

    @pytest.mark.parametrize("descending", [True, False])
    def test_a_list_goes_across_a_change_of_ticker_page_by_page(self, renamed: Kept, descending: bool) -> None:
        asked, found = TickQuery(symbol="ACME", descending=descending), []
        while page := list(islice(renamed.reader.ticks(asked), 7)):
            found += page
            asked = msgspec.structs.replace(asked, after_key=(page[-1].time, page[-1].key))
        assert {tick.event.symbol for tick in found} == {"ACME"}
        times = [tick.time - NOON for tick in found]
        assert times == sorted(range(30), reverse=descending)
        assert renamed.reader.ticks_kept(TickQuery(symbol="ACME"), 1_000) >= 30
        unordered = renamed.reader.ticks(TickQuery(symbol="ACME", ordered=False))
        assert len(list(unordered)) == 30

    def test_what_is_asked_of_a_stretch_or_of_the_old_ticker_itself_is_as_it_is_stored(self, renamed: Kept) -> None:
        late = renamed.reader.ticks(TickQuery(symbol="ACME", start_ns=NOON + 10, descending=False))
        assert [tick.time - NOON for tick in late] == list(range(10, 30))
        early = renamed.reader.ticks(TickQuery(symbol="ACME", start_ns=NOON + 3, end_ns=NOON + 12, descending=False))
        assert [tick.time - NOON for tick in early] == list(range(3, 12))
        own = renamed.reader.ticks(TickQuery(symbol="COIN", descending=False))
        assert [tick.event.symbol for tick in own] == ["COIN"] * 15

    def test_where_nothing_is_stored_under_the_old_ticker_rows_are_those_of_the_symbol(self, kept: Kept) -> None:
        kept.recorder.put_ticks([trade(number) for number in range(20)], "SIM")
        settled = kept.settled()
        with settled.opened.store.imports.writing() as writing:
            writing.tickers((TickerSpan(symbol="ACME", ticker="COIN", start=0, end=NOON + 10),), (), replace=False)
        assert len(list(settled.reader.ticks(TickQuery(symbol="ACME")))) == 20
