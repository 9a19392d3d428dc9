"""Imports beside a running journal, on every store: through its queue, all or nothing before the end, once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from tests.helpers.stores import OpenedStore, migrated_postgres_database, open_for_test
from workstation.app.data_board import SETTLED_NS, StoredData
from workstation.app.import_files import import_file
from workstation.app.import_options import ImportOptions
from workstation.app.import_report import FileReport
from workstation.app.import_stamps import Stamp
from workstation.commands.data import DeleteSeries, ImportFile
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.orders import Origin, OriginKind
from workstation.kernel.clock import SystemClock
from workstation.marketdata.calendar import Calendars
from workstation.ports.market_data import DataBoard, DataKind, TickerSpan
from workstation.ports.market_store import BarQuery, Retention, StoredBar
from workstation.viewmodels.catalogue_view import holes_note

WAIT_S = 30.0
MINUTE = 60 * 10**9
ROWS = "".join(f"2024-01-02T15:{at:02}:00Z,10.00,10.50,9.50,10.25,100\n" for at in range(30))
HAND = Origin(kind=OriginKind.PALETTE, detail="test", user="local", ts_gesture=0)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path):
    url = "" if request.param == "sqlite" else migrated_postgres_database()
    made = open_for_test(tmp_path / "home", url)
    yield made
    made.close()


@pytest.fixture
def commands(opened: OpenedStore):
    registry = CommandRegistry()
    desk = StoredData(opened.store.history, opened.store.imports, lambda call: call(), SystemClock(), lambda: None)
    desk.register(registry)
    yield registry
    desk.close()


def run(commands: CommandRegistry, name: str, params: msgspec.Struct) -> CommandResult:
    done, answers = threading.Event(), []

    def reply(result: CommandResult) -> None:
        answers.append(result)
        done.set()

    call = Invocation(command_id=name, params=params, origin=HAND, reply=reply)
    commands.run_of(name)(SimpleNamespace(), params, call)
    assert done.wait(WAIT_S)
    return answers[0]


def wish(tmp_path: Path, rows: str = ROWS) -> ImportFile:
    path = tmp_path / "acme.csv"
    path.write_text("timestamp,open,high,low,close,volume\n" + rows)
    return ImportFile(path=str(path), symbol="ACME", interval="1m", stamp="open", new="stock")


def test_a_file_comes_in_while_the_journal_runs_and_once(commands, opened, tmp_path):
    first = run(commands, "data.import", wish(tmp_path))
    assert (first.ok, first.text) == (True, "acme.csv: 30 new, 0 known, 0 duplicates, 0 refused."), "in one line"
    assert first.data.lines[0].startswith("acme.csv: CSV of bars")
    [line] = run(commands, "data.board", NoParams()).data.lines
    assert (line.holding.symbol, line.holding.kind, line.holding.rows) == ("ACME", DataKind.BARS, 30)
    assert "nothing changed" in run(commands, "data.import", wish(tmp_path)).text
    assert opened.store.history.instrument("ACME") is not None


def test_what_is_not_understood_is_refused_and_stores_nothing(commands, opened, tmp_path):
    answer = run(commands, "data.import", msgspec.structs.replace(wish(tmp_path), stamp=""))
    assert not answer.ok
    assert "give “A bar's time is its” open or close" in answer.text
    assert opened.store.history.holdings() == ()


def test_whatever_an_import_meets_it_is_answered_and_the_next_one_may_begin(commands, tmp_path, monkeypatch, logged):
    def broken(*_: object) -> None:
        raise LookupError("of no kind that is expected")

    with monkeypatch.context() as patched:
        patched.setattr("workstation.app.data_board.import_file", broken)
        answer = run(commands, "data.import", wish(tmp_path))
    assert (answer.ok, answer.text) == (False, "LookupError: of no kind that is expected")
    assert [event["event"] for event in logged] == ["stored_data_failed"]
    assert run(commands, "data.import", wish(tmp_path)).ok


def test_bars_whose_sessions_were_deleted_are_listed_and_say_so(commands, opened, tmp_path):
    run(commands, "data.import", wish(tmp_path))
    acme = msgspec.structs.replace(opened.store.history.instrument("ACME"), calendar="north.future")
    with opened.store.imports.writing() as writing:
        writing.listings({"ACME": acme}, {"ACME": opened.store.history.instrument("ACME")}, replace=True)
    [line] = run(commands, "data.board", NoParams()).data.lines
    assert (line.holding.symbol, line.missing) == ("ACME", 0)
    assert line.unknown == "Its sessions are not known: no calendar 'north.future'."
    assert holes_note(line) == ("No gaps are looked for", line.unknown)


def test_a_series_is_deleted(commands, opened, tmp_path):
    run(commands, "data.import", wish(tmp_path))
    series = DeleteSeries(symbol="ACME", kind="BARS", interval="1_MINUTE", source="acme.csv")
    assert run(commands, "data.delete", series).ok
    board = run(commands, "data.board", NoParams()).data
    assert isinstance(board, DataBoard)
    assert board.lines == ()


def test_ticks_of_days_that_are_over_are_archived_by_the_way(opened, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    path = tmp_path / "trades.csv"
    path.write_text("time,price,size\n1704207600,10.00,5\n1704300000,10.02,9\n")
    options = ImportOptions(symbol="ACME", new="stock")
    import_file(path, options, opened.store.imports, lambda _report, _done: None)
    desk = StoredData(opened.store.history, opened.store.imports, lambda call: call(), SystemClock(), lambda: None)
    desk.archive(1_704_240_000 * 10**9 + SETTLED_NS)
    registry = CommandRegistry()
    desk.register(registry)
    unknown = DeleteSeries(symbol="NONE", kind="BARS", interval="", source="")
    assert not run(registry, "data.delete", unknown).ok  # stands behind the archiving in the same row
    desk.close()
    names = sorted(found.parent.name + found.suffix for found in (tmp_path / "home" / "ticks").glob("*/*"))
    assert names == ["2024-01-02.parquet", "2024-01-03.ticks"]
    assert [chunk.price.tolist() for chunk in opened.store.history.open_trades("ACME", None, None)] == [[1000], [1002]]


def test_what_is_given_up_before_its_end_stores_nothing(opened, tmp_path):
    options = ImportOptions(symbol="ACME", interval="1m", stamp=Stamp.OPEN, new="stock")

    def give_up(report: FileReport, _done: float) -> None:
        if report.rows:
            raise StateConflict("given up", state="CANCELLED")

    with pytest.raises(StateConflict):
        import_file(Path(wish(tmp_path).path), options, opened.store.imports, give_up)
    assert opened.store.history.holdings() == ()
    assert opened.store.history.instrument("ACME") is None


LISTED = (
    "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size\n"
    "north,ACME,crypto,Acme,EUR,1,0.05,0.01\n"
    "south,ACME,crypto,Acme,EUR,1,0.25,0.01\n"
    "north,AC_E,crypto,Ace,EUR,1,0.5,1\n"
)


def test_what_markets_list_comes_in_beside_the_journal_once_and_is_taken_for_rows_of_the_named_market(
    commands, opened, tmp_path
):
    path = tmp_path / "listed.csv"
    path.write_text(LISTED)
    assert run(commands, "data.import", ImportFile(path=str(path))).ok
    assert "nothing changed" in run(commands, "data.import", ImportFile(path=str(path))).text
    assert list(opened.store.history.listings("AC_E")) == ["AC_E@north.crypto"]
    rows = msgspec.structs.replace(wish(tmp_path), new="")
    assert "give “Its market”" in run(commands, "data.import", rows).text
    assert run(commands, "data.import", msgspec.structs.replace(rows, market="south")).ok
    made = opened.store.history.instrument("ACME")
    assert (made.ticks[0].tick, made.lot, made.currency, made.exchange) == (25, 1, "EUR", "SOUTH")


HOURS = """{"entries": {
"Future-north-[*]": {"exchangeTimeZone": "UTC", "monday": [{"start": "9:00", "end": "17:00", "state": "market"}]}
}}"""
TICKERS = "20120518,old,Q\n20240102,old,Q\n20501231,acme,Q\n"
ACTIONS = "symbol,ex_date,kind,value\nACME,2024-01-03,split,2:1\n"


def test_hours_tickers_and_splits_come_in_beside_the_journal_stand_in_the_catalogue_and_are_deleted(
    commands, opened, tmp_path
):
    history = opened.store.history
    for name, text in (("hours.json", HOURS), ("acme.csv", TICKERS), ("acts.csv", ACTIONS)):
        path = tmp_path / name
        path.write_text(text)
        assert run(commands, "data.import", ImportFile(path=str(path))).ok
        assert "nothing changed" in run(commands, "data.import", ImportFile(path=str(path))).text
    assert run(commands, "data.import", msgspec.structs.replace(wish(tmp_path), symbol="OLD")).ok
    assert [chunk.symbol for chunk in history.open_bars("ACME", "1_MINUTE", None, None)] == ["ACME"]
    listed = opened.store.reader.market.bars(BarQuery(symbol="ACME", interval="1_MINUTE")).rows
    assert {bar.symbol for bar in listed} == {"ACME"}
    assert Calendars()["north.future"].name == "north.future"
    board = run(commands, "data.board", NoParams()).data
    held = [line.holding for line in board.lines]
    kinds = [(row.kind, row.symbol) for row in held]
    assert kinds == [("HOURS", ""), ("ACTIONS", "ACME"), ("SYMBOLS", "ACME"), ("BARS", "OLD")]
    for row in held:
        gone = DeleteSeries(symbol=row.symbol, kind=row.kind, interval=row.interval, source=row.source)
        assert run(commands, "data.delete", gone).ok
    assert history.holdings() == ()
    with pytest.raises(NotFound):
        Calendars()["north.future"]


def test_a_list_of_bars_goes_across_a_change_of_ticker_page_by_page_on_every_store(opened, tmp_path):
    """Rows of both names lie on both sides of the change."""
    recorder, market = opened.store.recorder, opened.store.reader.market
    change = int(datetime(2024, 1, 3, tzinfo=UTC).timestamp()) * 10**9
    minutes = range(-4, 4)

    def bar(symbol: str, number: int, price: int) -> StoredBar:
        at = change + number * MINUTE
        scales = {"price_decimals": 2, "qty_decimals": 0}
        prices = dict.fromkeys(("open", "high", "low", "close"), price)
        return StoredBar(
            symbol=symbol, data_type="OHLC", interval="1_MINUTE", start=at, end=at + MINUTE, volume=1, source="file",
            **prices, **scales,
        )  # fmt: skip

    stored = threading.Event()
    recorder.start(Retention(), lambda: change)
    rows = [bar("OLD", number, 1) for number in minutes] + [bar("ACME", number, 2) for number in minutes]
    recorder.put_bars(rows, lambda _stored: stored.set())
    assert stored.wait(WAIT_S)
    asked = BarQuery(symbol="ACME", interval="1_MINUTE", limit=3)
    assert {row.close for row in market.bars(asked).rows} == {2}, "no change of ticker is known"
    with opened.store.imports.writing() as writing:
        old = TickerSpan(symbol="ACME", ticker="OLD", start=0, end=change)
        now = TickerSpan(symbol="ACME", ticker="ACME", start=change, end=None)
        writing.tickers((old, now), (), replace=False)

    walked, page = [], market.bars(asked)
    while True:
        walked += page.rows
        if not page.has_next:
            break
        page = market.bars(msgspec.structs.replace(asked, after=page.rows[-1].start))
    assert page.total == 8
    assert [(row.symbol, (row.start - change) // MINUTE, row.close) for row in walked] == [
        ("ACME", number, 1 if number < 0 else 2) for number in minutes
    ]
    newest = market.bars(msgspec.structs.replace(asked, newest=True, limit=5)).rows
    assert [row.close for row in newest] == [1, 2, 2, 2, 2]
    assert [row.close for row in market.bars(msgspec.structs.replace(asked, symbol="OLD", limit=9)).rows] == [1] * 8
    late = market.bars(msgspec.structs.replace(asked, end_ns=change - 4 * MINUTE))
    assert late.total == 0, "nothing before that under either name"
