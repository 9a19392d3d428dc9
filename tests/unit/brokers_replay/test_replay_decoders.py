"""Recorded files: found by content, read exactly, bad rows counted and left out."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from tests.helpers.market import real_data
from workstation.brokers.replay.bar_files import PerpetualMinutes, Stamp
from workstation.brokers.replay.detect import open_source
from workstation.brokers.replay.source import RAW_SHOWN_MAX, ReplaySource
from workstation.domain.errors import ValidationError
from workstation.domain.market import (
    Aggressor,
    Bar,
    BarSource,
    BookChange,
    BookSnapshot,
    Level,
    MarketEvent,
    Quote,
    Trade,
)

DEPTH = (
    '{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":2,"T":1723161256298,"s":"BTCUSDT","U":11,"u":15,'
    '"pu":10,"b":[["58710.20","0.014"]],"a":[["61800.30","0.000"]]}}'
)
TRADE = (
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1723161256322,"s":"BTCUSDT","t":5266583935,'
    '"p":"61800.30","q":"0.006","X":"MARKET","m":false}}'
)
TICKER = (
    '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":9,"s":"BTCUSDT","b":"61800.20","B":"2.507",'
    '"a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}}'
)
SNAPSHOT = '{"lastUpdateId":12,"E":1,"T":1723161256493,"bids":[["61800.20","2.909"]],"asks":[["61800.30","1"]]}'


def capture(folder: Path, *bodies: str) -> ReplaySource:
    path = folder / "capture.gz"
    lines = (f"{1723161255088169167 + number} {body}\n" for number, body in enumerate(bodies))
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return open_source(path)


def zipped(folder: Path, name: str, member: str, text: str) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, text)
    return path


def played(source: ReplaySource) -> list[MarketEvent]:
    return [event for row in source.rows() for event in row.events]


def test_a_capture_is_read_into_exact_events(tmp_path: Path) -> None:
    depth, trade, quote, snapshot = played(capture(tmp_path, DEPTH, TRADE, TICKER, SNAPSHOT))
    received = 1723161255088169167
    assert depth == BookChange(
        "BTCUSDT", (Level(5871020, 14),), (Level(6180030, 0),), 11, 15, 10, 1723161256298000000, received
    )
    assert trade == Trade("BTCUSDT", 6180030, 6, Aggressor.BUY, "5266583935", 1723161256322000000, received + 1)
    assert quote == Quote("BTCUSDT", 6180020, 2507, 6180030, 2510, 1723161256313000000, received + 2)
    assert snapshot == BookSnapshot(
        "BTCUSDT", (Level(6180020, 2909),), (Level(6180030, 1000),), 12, 1723161256493000000, received + 3
    )


def test_the_offset_of_the_recorders_clock_is_measured(tmp_path: Path) -> None:
    source = capture(tmp_path, TRADE)
    played(source)
    assert source.clock_offset_ns == 1723161255088169167 - 1723161256322000000


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        TRADE.replace('"0.006"', "0.006"),
        TRADE.replace('"0.006"', '"NaN"'),
        TRADE.replace('"0.006"', '"0.0061"'),
        TRADE.replace('"0.006"', '"0"'),
        TRADE.replace("BTCUSDT", "ETHUSDT"),
        TRADE.replace("@trade", "@liquidation"),
        TRADE.replace('"p":"61800.30",', ""),
        TICKER.replace("61800.20", "6.18e4"),
    ],
)
def test_a_bad_row_is_counted_shown_and_left_out(tmp_path: Path, bad: str) -> None:
    source = capture(tmp_path, TICKER, bad, DEPTH)
    assert [type(event) for event in played(source)] == [Quote, BookChange]
    assert source.faults.total == 1
    (sample,) = source.faults.samples
    assert sample.line == 2
    assert sample.reason
    assert len(sample.raw) <= RAW_SHOWN_MAX


def test_a_second_pass_gives_the_same_rows(tmp_path: Path) -> None:
    source = capture(tmp_path, TICKER, "{", DEPTH)
    assert played(source) == played(source)
    assert source.faults.total == 1
    assert source.bytes_done == source.bytes_total


def test_quotes_of_many_exchanges_are_played_as_the_best_of_all(tmp_path: Path) -> None:
    rows = "100,1800100,200,0,0,P,1,0\n200,0,0,1800300,100,Q,1,0\n300,1800100,50,0,0,Q,1,0\n400,1800000,9,0,0,K,1,0\n"
    source = open_source(zipped(tmp_path, "x.zip", "20131008_ibm_Quote_Tick.csv", rows))
    quotes = [event for event in played(source) if isinstance(event, Quote)]
    assert [(found.bid, found.bid_size, found.ask, found.ask_size) for found in quotes] == [
        (18001, 200, None, 0),
        (18001, 200, 18003, 100),
        (18001, 250, 18003, 100),
    ]
    assert quotes[0].ts_event == 1381204800100000000  # midnight in New York of 8 October 2013 is 04:00 UTC


def test_an_older_quote_that_a_newer_one_crosses_is_taken_as_withdrawn(tmp_path: Path) -> None:
    rows = "100,1800100,200,1800300,100,P,1,0\n200,0,0,1799900,100,Q,1,0\n"
    source = open_source(zipped(tmp_path, "x.zip", "20131008_ibm_Quote_Tick.csv", rows))
    last = played(source)[-1]
    assert isinstance(last, Quote)
    assert (last.bid, last.ask) == (None, 17999)


def test_trades_and_the_quotes_recorded_beside_them_are_played_together(tmp_path: Path) -> None:
    zipped(tmp_path, "ibm_quote.zip", "20131008_ibm_Quote_Tick.csv", "150,1800100,200,1800200,100,P,1,0\n")
    trades = "100,1800100,200,P,0,0\n200,1800200,50,Q,0,0\n300,1800250,50,Q,0,0\n400,1800200,50,Q,0,1\n"
    source = open_source(zipped(tmp_path, "ibm_trade.zip", "20131008_ibm_Trade_Tick.csv", trades))
    assert [type(event) for event in played(source)] == [Trade, Quote, Trade]
    assert sorted(source.faults.counts) == ["marked suspicious by the vendor", "price is not on the cent"]


def test_a_bar_is_played_at_its_close_with_one_trade_inside_it(tmp_path: Path) -> None:
    rows = "34200000,1450000,1460000,1440000,1455000,300\n34260000,1455000,1455000,1455000,1455000,0\n"
    source = open_source(zipped(tmp_path, "x.zip", "20131007_spy_minute_trade.csv", rows))
    first, second = source.rows()
    bar, trade = first.events
    assert isinstance(bar, Bar)
    assert isinstance(trade, Trade)
    assert bar.bar_type.external
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (14500, 14600, 14400, 14550, 300)
    assert first.ts == bar.ts_close == bar.ts_open + 60_000_000_000
    assert bar.ts_open <= trade.ts_event < bar.ts_close
    assert (trade.price, trade.size, trade.conditions) == (14550, 300, "BAR")
    assert len(second.events) == 1


def test_quote_bars_bring_the_closing_quote(tmp_path: Path) -> None:
    row = "34200000,1450000,1460000,1440000,1455000,3,1460000,1470000,1450000,1465000,4\n"
    source = open_source(zipped(tmp_path, "x.zip", "20131007_spy_minute_quote.csv", row))
    bids, asks, quote = played(source)
    assert isinstance(bids, Bar)
    assert isinstance(asks, Bar)
    assert isinstance(quote, Quote)
    assert (bids.bar_type.source, asks.bar_type.source) == (BarSource.BID, BarSource.ASK)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (14550, 3, 14650, 4)


def test_daily_bars_of_many_tickers_are_merged_by_date(tmp_path: Path) -> None:
    path = tmp_path / "daily.csv"
    path.write_text(
        "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\n"
        "AAA,2013-01-02,1.5,2.0,1.0,1.5625,10,1\nAAA,2013-01-03,1.5,2.0,1.0,1.75,10,1\nAAA,2013-01-04,9,2,1,1,10,1\n"
        "BBB,2013-01-02,5,6,4,5,10,1\n"
    )
    source = open_source(path)
    bars = [event for event in played(source) if isinstance(event, Bar)]
    assert [(bar.symbol, bar.close) for bar in bars] == [("AAA", 15625), ("BBB", 50000), ("AAA", 17500)]
    assert source.faults.total == 1


def test_the_stamp_of_a_minute_is_declared_as_open_or_close(tmp_path: Path) -> None:
    path = tmp_path / "minutes.csv"
    path.write_text(
        "timestamp,open,high,low,close,volume\n2022-01-01 00:01:00.000000,100.0,200.0,100.0,150.0,300.00000000001\n"
    )
    opened, closed = played(PerpetualMinutes(path))[0], played(PerpetualMinutes(path, Stamp.CLOSE))[0]
    assert isinstance(opened, Bar)
    assert isinstance(closed, Bar)
    assert opened.ts_open == closed.ts_close
    assert opened.volume == 15_000  # 300 of turnover at no more than 200 is at least 1.5


@pytest.mark.parametrize("content", [b"", b"hello\n", gzip.compress(b"a,b,c\n", mtime=0)])
def test_a_file_that_is_no_recording_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValidationError, match="no recording"):
        open_source(path)
    with pytest.raises(ValidationError, match="does not exist"):
        open_source(tmp_path / "absent")


@pytest.mark.parametrize(
    ("name", "symbols", "events", "bad"),
    [
        ("usdm_btcusdt_20240808.gz", {"BTCUSDT"}, 93_954, 0),
        ("btc_perp_1m_202201.csv.gz", {"BTC-PERP"}, 90_036, 13),
        ("stocks_daily_2000_2013.csv.gz", {"AAPL", "FB", "GOOG", "IBM", "MSFT"}, 24_308, 0),
        ("lean/tick/ibm_20131008_trade.zip", {"IBM"}, 61_656, 1),
        ("lean/minute/spy_20131007_trade.zip", {"SPY"}, 4_380, 0),
        ("lean/daily/aapl.zip", {"AAPL"}, 11_698, 0),
    ],
)
def test_every_real_recording_is_found_and_read_whole(name: str, symbols: set[str], events: int, bad: int) -> None:
    source = open_source(real_data(name))
    latest = count = 0
    for row in source.rows():
        assert row.ts >= latest
        latest = row.ts
        count += len(row.events)
    assert {instrument.symbol for instrument in source.instruments} == symbols
    assert (count, source.faults.total) == (events, bad)


def test_the_real_captures_clock_runs_behind_the_exchanges() -> None:
    source = open_source(real_data("usdm_btcusdt_20240808.gz"))
    for _, _ in zip(source.rows(), range(2_000), strict=False):
        pass
    assert source.clock_offset_ns is not None
    assert -1_280_000_000 < source.clock_offset_ns < -1_260_000_000
