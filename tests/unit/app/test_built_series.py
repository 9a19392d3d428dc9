"""Bars of a backtest that are not stored: any kind is built of what is, and orders always meet a market."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.helpers.market_imports import ACME, DataHome
from workstation.app.data_sources import StoredMarket
from workstation.backtest.columns import BarColumns, TradeColumns
from workstation.domain.conditions import NO_PRICE, WHOLE

OPEN_S = 1_704_205_800
"""2024-01-02 09:30 in New York."""

WATCHER = """
from workstation.strategies.api import Strategy, StrategyParameters


class Watcher(Strategy):
    class Parameters(StrategyParameters):
        interval: str = ""

    def on_start(self):
        self.bars("ACME", self.parameters.interval)
        self.bought = False

    def on_bar(self, bar):
        if not self.bought and not bar.empty:
            self.bought = True
            self.buy("ACME", 1)
"""


KINDS = ("250ms", "30s", "1m", "7m", "30m@open", "1h@open+15m", "1m:every", "5m:of-1m", "50t", "100v", "1kn", "3ti",
         "30vi", "50ni", "2tr", "5vr", "50nr", "4r", "2b")  # fmt: skip


def column(stored: StoredMarket, interval: str, name: str) -> list[int]:
    return [value for chunk in stored.series(interval) for value in getattr(chunk, name).tolist()]


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    opened = DataHome(tmp_path / "home", capsys)
    folder = opened.root / "strategies"
    folder.mkdir(parents=True)
    (folder / "watcher.py").write_text(WATCHER, encoding="utf-8")
    return opened


def with_prints(home: DataHome) -> None:
    side = ("buy", "buy", "sell", "")
    rows = [f"{OPEN_S + 20 * n},{10 + n % 7 / 100:.2f},{1 + n % 5},{side[n % 4]}" for n in range(600)]
    home.json(
        "import", home.file("trades.csv", "\n".join(["time,price,size,side", *rows])), *ACME[:2], "--new", "stock",
        "--calendar", "XNYS",
    )  # fmt: skip


def test_every_kind_of_bar_is_built_of_stored_prints(home):
    with_prints(home)
    view = home.view()
    try:
        stored = StoredMarket(view.history, "ACME")
        for name in KINDS:
            chunks = list(stored.series(name))
            assert chunks, name
            assert all(chunk.internal and chunk.interval == name for chunk in chunks), name
        assert set(column(stored, "100v", "volume")) == {100}
        assert column(stored, "30m@open", "ts_open")[0] == OPEN_S * 10**9
        assert column(stored, "10s:every", "empty")[:4] == [0, 1, 0, 1]
        assert list(stored.series("1m:bid")) == [], "no quotes are stored"
    finally:
        view.close()


@pytest.mark.parametrize("interval", ["50t", "1kn", "2tr", "2b", "30m@open", "1m:every"])
def test_a_strategy_trades_on_bars_that_are_built_of_prints(home, interval):
    with_prints(home)
    found = home.json(
        "backtest", "watcher:Watcher", "--symbol", "ACME", "--interval", interval, "--param", f"interval={interval}",
        "--fees", "zero",
    )  # fmt: skip
    assert found["fills"] == 1
    again = home.json(
        "backtest", "watcher:Watcher", "--symbol", "ACME", "--interval", interval, "--param", f"interval={interval}",
        "--fees", "zero",
    )  # fmt: skip
    assert again["digest"] == found["digest"]


def test_bars_that_are_built_of_stored_bars_are_played_with_those_that_orders_meet(home):
    rows = [f"2024-01-02T{15 + n // 60}:{n % 60:02}:00,10.00,10.50,9.50,10.25,100" for n in range(180) if n % 7]
    home.json("import", home.minutes(*rows), *ACME, "--calendar", "XNYS")
    view = home.view()
    try:
        stored = StoredMarket(view.history, "ACME")
        alone = [next(iter(source)) for source in stored.sources(["1h"], None, None, adjusted=False, alone=True)]
        assert [(chunk.interval, chunk.internal) for chunk in alone] == [("1m", False), ("1h", True)]
        assert len(stored.sources(["1m", "1h"], None, None, adjusted=False, alone=True)) == 2
        assert len(stored.sources(["1h"], None, None, adjusted=False, alone=False)) == 1
        [filled] = stored.series("1m:every")
        assert isinstance(filled, BarColumns)
        assert filled.empty.tolist()[:9] == [0] * 6 + [1, 0, 0]
        assert filled.volume.tolist()[6] == 0
    finally:
        view.close()
    found = home.json(
        "backtest",
        "watcher:Watcher",
        "--symbol",
        "ACME",
        "--interval",
        "1h",
        "--param",
        "interval=1h",
        "--fees",
        "zero",
    )
    assert found["fills"] == 1


def test_prints_are_the_market_of_bars_that_trades_close(home):
    with_prints(home)
    view = home.view()
    try:
        market = StoredMarket(view.history, "ACME")
        first, second = market.sources(["50t"], None, None, adjusted=False, alone=True)
        assert isinstance(next(iter(first)), TradeColumns)
        assert next(iter(second)).interval == "50t"
    finally:
        view.close()


def test_stored_prints_keep_what_they_count_for_in_bars(home, tmp_path):
    rows = "34200000,1000000,100,P,1,0\n34201000,1900000,50,D,80000000,0\n34202000,1010000,100,P,20,0\n"
    with zipfile.ZipFile(tmp_path / "abc_20131008_trade.zip", "w") as packed:
        packed.writestr("20131008_abc_Trade_Tick.csv", rows + "34265000,1020000,100,P,1,0\n")
    home.json("import", str(tmp_path / "abc_20131008_trade.zip"))
    view = home.view()
    try:
        stored = StoredMarket(view.history, "ABC")
        assert [effect for chunk in stored.trades() for effect in chunk.effect.tolist()] == [
            WHOLE,
            NO_PRICE,
            WHOLE,
            WHOLE,
        ]
        assert (column(stored, "1m", "high"), column(stored, "1m", "volume")) == ([10100], [250])
    finally:
        view.close()
