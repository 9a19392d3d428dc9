"""`workstation backtest` on every kind of stored data: ticks, books, several lengths of bars, splits and dividends."""

from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.market import real_data
from tests.helpers.market_imports import ACME, DataHome

ACTS = '''
from workstation.strategies.api import Strategy, StrategyParameters


class Acts(Strategy):
    """Buys at the second piece of news and sells at the fifth; asks for what `wants` names."""

    class Parameters(StrategyParameters):
        symbol: str = "ACME"
        wants: str = "quotes"
        limit: float = 0.0
        quantity: int = 10

    def on_start(self):
        p = self.parameters
        for want in p.wants.split("+"):
            if want in ("quotes", "trades", "book"):
                getattr(self, want)(p.symbol)
            else:
                self.bars(p.symbol, want)
        self.count = 0

    def act(self, news):
        self.count += 1
        self.log(f"news {type(news).__name__} {getattr(news, 'interval', '')}")
        limit = {"limit": self.parameters.limit} if self.parameters.limit else {}
        if self.count == 2:
            self.buy(self.parameters.symbol, self.parameters.quantity, **limit)
        elif self.count == 5 and self.position(self.parameters.symbol):
            self.sell(self.parameters.symbol, self.parameters.quantity)

    on_quote = on_trade = on_bar = on_book = act
'''


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    made = DataHome(tmp_path / "home", capsys)
    (made.root / "strategies").mkdir(parents=True)
    (made.root / "strategies" / "acts.py").write_text(ACTS)
    return made


def fills(home: DataHome, *options: str) -> tuple[dict[str, Any], list[tuple[str, str, str, str]]]:
    """Run the strategy; return its summary and (time, side, quantity, price) of its fills."""
    path = home.root.parent / "fills.csv"
    plain = ["acts:Acts", "--symbol", "ACME", "--fees", "zero", "--slippage", "none", "--fills", str(path)]
    found = home.json("backtest", *plain, *options)
    rows = csv.DictReader(path.read_text().splitlines())
    return found, [(row["time"][11:19], row["side"], row["quantity"], f"{Decimal(row['price']):.2f}") for row in rows]


@pytest.fixture
def ticks(home: DataHome) -> DataHome:
    """Return a home with quotes every ten seconds and prints at the bid between them."""
    quotes = ["time,bid,bid_size,ask,ask_size"]
    trades = ["time,price,size"]
    for n in range(6):
        quotes.append(f"2024-01-02T15:00:{n * 10:02}Z,{10 + n}.00,6,{10 + n}.05,7")
        trades.append(f"2024-01-02T15:00:{n * 10 + 5:02}Z,{10 + n}.00,4")
    made = ["--symbol", "ACME", "--new", "stock"]
    for name, rows in (("quotes.csv", quotes), ("trades.csv", trades)):
        assert home.call("import", home.file(name, "\n".join(rows) + "\n"), *made) == 0, home.errors
    return home


def test_quotes_are_taken_up_to_their_size(ticks: DataHome) -> None:
    _found, rows = fills(ticks, "--data", "quotes")
    assert rows[:2] == [("15:00:10", "BUY", "7", "11.05"), ("15:00:20", "BUY", "3", "12.05")]


def test_an_order_meets_the_market_that_stands_when_it_arrives(ticks: DataHome) -> None:
    _found, rows = fills(ticks, "--data", "quotes", "--latency", "order=12000", "--param", "quantity=5")
    assert rows[0] == ("15:00:22", "BUY", "5", "12.05")


def test_levels_beyond_the_quote_are_taken_where_they_are_assumed(ticks: DataHome) -> None:
    _found, rows = fills(ticks, "--data", "quotes", "--assumed-levels", "1")
    assert rows[:2] == [("15:00:10", "BUY", "7", "11.05"), ("15:00:10", "BUY", "3", "11.06")]


def test_prints_shorten_the_queue_before_a_limit_or_there_is_none(ticks: DataHome) -> None:
    wants = ["--data", "quotes,trades", "--param", "limit=11.0", "--param", "quantity=3"]
    _found, waited = fills(ticks, *wants)
    assert waited == []  # six were before it, four were printed, then the market left
    _found, rows = fills(ticks, *wants, "--queue", "none")
    assert rows[0] == ("15:00:15", "BUY", "3", "11.00")


def test_prints_alone_match_by_their_size(ticks: DataHome) -> None:
    found, rows = fills(ticks, "--data", "trades", "--param", 'wants="trades"', "--slippage", "ticks:1")
    assert rows[:3] == [("15:00:15", "BUY", "4", "11.01"), ("15:00:25", "BUY", "4", "12.01"),
                        ("15:00:35", "BUY", "2", "13.01")]  # fmt: skip
    assert list(found["data"]) == ["0: ACME trades"]


@pytest.mark.parametrize("kinds", ["ticks", "quotes,depth", ""])
def test_data_of_no_kind_is_refused(ticks: DataHome, kinds: str) -> None:
    assert ticks.call("backtest", "acts:Acts", "--symbol", "ACME", "--fees", "zero", "--data", kinds) == 2
    assert "books, quotes, trades, bars" in ticks.errors


@pytest.fixture
def bars(home: DataHome) -> DataHome:
    """Return a home with twenty minutes of bars, of a hundred shares each."""
    rows = [f"2024-01-02 15:{n:02}:00,{10 + n}.00,{10 + n}.50,{9 + n}.50,{10 + n}.20,100" for n in range(20)]
    assert home.call("import", home.minutes(*rows), *ACME) == 0, home.errors
    return home


def test_lengths_that_are_not_stored_are_built_and_come_after_the_shorter(bars: DataHome) -> None:
    report = bars.root.parent / "out"
    found, rows = fills(bars, "--interval", "1m,5m,3m", "--param", 'wants="1m+3m+5m"', "--report", str(report))
    assert [name.split(": ")[1] for name in found["data"]] == ["ACME bars 1m", "ACME bars 5m", "ACME bars 3m"]
    assert found["bars"] == 20 + 4 + 6
    assert rows[0] == ("15:02:00", "BUY", "10", "12.00")
    logs = (report / "run.json").read_text()
    news = [word.split('"')[0].split()[-1] for word in logs.split("news Bar ")[1:]]
    assert news[:9] == ["1m", "1m", "1m", "3m", "1m", "1m", "5m", "1m", "3m"]


def test_a_share_of_the_volume_a_path_and_history_do_what_they_say(bars: DataHome) -> None:
    wants = ["--interval", "1m", "--param", 'wants="1m"']
    _found, rows = fills(bars, *wants, "--volume-share", "4")
    assert [row[2] for row in rows[:3]] == ["4", "4", "2"]
    start = ["--start", "2024-01-02T15:10:00Z"]
    _found, late = fills(bars, *wants, *start, "--history", "2024-01-02T15:05:00Z")
    assert late[0] == ("15:12:00", "BUY", "10", "22.00")
    found, cut = fills(bars, *wants, *start)
    assert cut[0] == late[0]
    assert found["bars"] == 10
    assert bars.call("backtest", "acts:Acts", "--symbol", "ACME", "--fees", "zero", "--interval", "1m",
                     "--history", "2024-01-02T15:05:00Z") == 2  # fmt: skip
    assert "--history" in bars.errors


def test_financing_is_charged_at_midnight_on_what_was_borrowed(home: DataHome) -> None:
    days = [f"2024-01-{day:02}T00:00:00Z,10.00,10.00,10.00,10.00,90000" for day in range(2, 9)]
    rows = home.file("days.csv", "time,open,high,low,close,volume\n" + "\n".join(days) + "\n")
    assert home.call("import", rows, "--symbol", "ACME", "--interval", "1d", "--stamp", "open", "--new", "crypto") == 0
    wants = ["--param", 'wants="1d"', "--cash", "50", "--margin", "50"]
    found, _rows = fills(home, *wants, "--financing", "debit=36500")
    # fifty borrowed for three nights at one percent a day, which is borrowed too
    assert Decimal(found["net_profit"]) == Decimal("-1.52")
    free, _rows = fills(home, *wants)
    assert Decimal(free["net_profit"]) == 0


def test_recorded_funding_is_paid_by_who_holds_then(bars: DataHome) -> None:
    wants = ["--interval", "1m", "--param", 'wants="1m"']
    found, _rows = fills(bars, *wants)
    text = "calc_time,last_funding_rate,mark_price\n1704207720001,0.01,20.00\n1704207960000,0.01,20.00\n"
    file = bars.file("funding.csv", text)
    funded, _rows = fills(bars, *wants, "--funding-file", f"ACME={file}")
    # ten were bought at 15:02 and sold at 15:05: of two payments one met a position of 200
    assert Decimal(found["net_profit"]) - Decimal(funded["net_profit"]) == Decimal(2)


def test_splits_and_dividends_of_a_factor_file_reach_position_and_cash(home: DataHome) -> None:
    days = ("02", "03", "04", "05", "08", "09", "10", "11")
    rows = []
    for n, day in enumerate(days):
        price = "40.00" if n < 4 else "20.00"
        rows.append(f"2024-01-{day}T00:00:00Z,{price},{price},{price},{price},90000")
    stock = ["--symbol", "ACME", "--interval", "1d", "--stamp", "open", "--new", "stock"]
    file = home.file("days.csv", "time,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    assert home.call("import", file, *stock) == 0, home.errors
    # price factor, split factor and reference price: 1.00 a share goes out on 5 January, 2:1 on 8 January
    factors = home.file("acme.csv", "20240104,0.975,0.5,40\n20240105,1,0.5,40\n20501231,1,1,0\n")
    assert home.call("import", factors, "--symbol", "ACME", "--format", "actions") == 0, home.errors
    report = home.root.parent / "out"
    wants = ["--param", 'wants="1d"', "--report", str(report), "--any-time"]
    found, trades = fills(home, *wants)
    assert [row[1:] for row in trades] == [("BUY", "10", "40.00"), ("SELL", "10", "20.00")]
    # half of twenty shares was sold: dividend alone is profit
    assert Decimal(found["net_profit"]) == Decimal("10.00")
    assert "<td>10 ACME</td>" in (report / "report.html").read_text()
    without, _trades = fills(home, *wants, "--no-actions")
    assert Decimal(without["net_profit"]) == Decimal("-200.00")


def test_a_recorded_book_is_walked_level_by_level(home: DataHome) -> None:
    capture = real_data("usdm_btcusdt_20240808.gz")
    with gzip.open(capture, "rt") as lines:
        part = home.file("capture.txt", "".join(islice(lines, 1_500)))
    coin = ["--symbol", "BTCUSDT", "--new", "crypto", "--price-decimals", "2", "--qty-decimals", "3", "--tick", "10"]
    assert home.call("import", part, "--format", "hft", *coin) == 0, home.errors
    path = home.root.parent / "fills.csv"
    found = home.json(
        "backtest", "acts:Acts", "--symbol", "BTCUSDT", "--data", "books,trades", "--fees", "bps:-0.5:4",
        "--no-funds-check", "--param", 'symbol="BTCUSDT"', "--param", 'wants="book"', "--param", "quantity=20",
        "--fills", str(path),
    )  # fmt: skip
    rows = list(csv.DictReader(path.read_text().splitlines()))
    bought = [Decimal(row["price"]) for row in rows if row["side"] == "BUY"]
    assert found["fills"] == len(rows) > 2
    assert bought == sorted(bought)
    assert sum(Decimal(row["quantity"]) for row in rows if row["side"] == "BUY") == 20
    assert all(Decimal(row["fee"]) > 0 for row in rows)
