"""A market that was recorded live is history: catalogued, exported and run a strategy on, without an import."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import on_engine, order, place, quoted, wait_for
from workstation.__main__ import main
from workstation.app.bootstrap import Program
from workstation.app.data_sources import StoredMarket
from workstation.commands.params import BarsRequest, SwitchFault
from workstation.domain.market import Aggressor, BarKind, BarType, StreamKind, Trade, TradeBust
from workstation.domain.orders import OrdStatus
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.composites import builder_of
from workstation.marketdata.history import BarHistory
from workstation.marketdata.quality import Defect
from workstation.marketdata.service import MarketData
from workstation.marketdata.stored_bars import of_prints
from workstation.ports.market_data import DataKind
from workstation.ports.market_store import TickQuery
from workstation.storage import open_view

MAKER = """
from workstation.strategies.api import Strategy


class Once(Strategy):
    def on_start(self):
        self.bought = False
        self.quotes("AAPL")

    def on_quote(self, quote):
        if not self.bought and quote.ask is not None:
            self.bought = True
            self.buy("AAPL", 10)
"""


def recorded(home: Path) -> list[tuple[str, DataKind]]:
    view = open_view("", home)
    try:
        return [(holding.symbol, holding.kind) for holding in view.history.holdings()]
    finally:
        view.close()


SECONDS, OF_THREE = BarType(BarKind.SECOND, 1), BarType(BarKind.TICK, 3)
MINUTE_NS = 60 * 10**9
Rows = dict[int, list[int]]


def amended(program: Program, fault: str, qty: int) -> None:
    """Buy, have the venue take the fill back or correct it, and wait until its print was taken back."""
    core = program.engine.core
    quality = core.market.quality
    before = on_engine(program, lambda: quality.of("AAPL", Defect.BUST))
    bought = place(program, order("AAPL", qty, price=None))
    wait_for(lambda: on_engine(program, lambda: core.state.book.get(bought.cl_ord_id).status is OrdStatus.FILLED))
    assert ask(program, "venue.fault", SwitchFault(kind=fault, arguments={"symbol": "AAPL"})).ok
    wait_for(lambda: on_engine(program, lambda: quality.of("AAPL", Defect.BUST)) > before)


def built(market: MarketData, bar_type: BarType) -> Rows:
    """Return the bars that were built so far."""
    return rows_of(market.series.open("AAPL", bar_type))


def rows_of(history: BarHistory) -> Rows:
    return dict(zip(history.ts_open.tolist(), history.values.tolist(), strict=True))


def test_bars_of_the_store_are_those_that_were_built_live_with_busts_and_corrections(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    keeping = ("--no-api", "--set", "marketdata.store_ticks=true")
    with running_headless(home, *keeping) as program:
        market = program.engine.core.market
        for kind in (SECONDS, OF_THREE):
            on_engine(program, lambda kind=kind: market.bars("AAPL", kind))
        on_engine(program, lambda: market.subscriptions.acquire("AAPL", StreamKind.TRADES))
        amended(program, "bust", 100)
        amended(program, "correct", 90)
        then = len(on_engine(program, lambda: built(market, SECONDS)))
        wait_for(lambda: len(on_engine(program, lambda: built(market, SECONDS))) > then + 1)
        seconds, of_three = on_engine(program, lambda: (built(market, SECONDS), built(market, OF_THREE)))

    with running_headless(home, *keeping) as program:
        market = program.engine.core.market
        quoted(program, "AAPL")
        answer = ask(program, "market.build_bars", BarsRequest(symbol="AAPL", bar_type=OF_THREE, count=100_000))
        assert answer.ok, answer.text
        again = on_engine(program, lambda: built(market, OF_THREE))
        assert {ts: again.get(ts) for ts in of_three} == of_three
    view = open_view("", home)
    try:
        history = view.history
        aapl = history.instrument("AAPL")
        assert aapl is not None
        past = of_prints(
            history.open_trades("AAPL", None, None),
            builder_of("AAPL", SECONDS, Calendars()[aapl.calendar]),
            aapl,
            1_000,
        )
        laid = dict(zip(past.times[:, 0].tolist(), past.values.tolist(), strict=True))
        whole = list(seconds.items())[:-1]  # the last one's end no print has told of
        assert len(whole) > then
        assert {ts: laid.get(ts) for ts, _ in whole} == dict(whole)
        shown = sum(len(columns.ts) for columns in StoredMarket(history, "AAPL").trades())
        listed = sum(tick.kind == "TRADE" for tick in view.reader.market.ticks(TickQuery(symbol="AAPL")))
    finally:
        view.close()
    assert shown == listed > 2, "a backtest is shown what was seen, and no bust as a print"
    file = tmp_path / "trades.csv"
    assert main(["export", str(file), "--symbol", "AAPL", "--kind", "trades", "--home", str(home)]) == 0
    with file.open(encoding="utf-8") as opened:
        assert len(list(csv.DictReader(opened))) == shown - 2, "what was taken back is not handed on"


def test_a_print_of_an_earlier_run_that_the_venue_takes_back_goes_out_of_live_bars_and_of_the_store(
    tmp_path: Path,
) -> None:
    home, keeping = tmp_path / "home", ("--no-api", "--set", "marketdata.store_ticks=true")
    with running_headless(home, *keeping) as program:
        quoted(program, "AAPL")
        market = program.engine.core.market
        at = on_engine(program, lambda: market.cache.quote("AAPL")).ts_event
        opened = at // 10**9 * 10**9
        prints = [Trade("AAPL", 2_300_000, 7 + number, Aggressor.BUY, f"E{number}", at, at) for number in range(3)]
        ends = Trade("AAPL", 2_300_000, 1, Aggressor.BUY, "E3", at + 10**9, at)
        on_engine(program, lambda: market.on_feed([*prints, ends]))
    with running_headless(home, *keeping) as program:
        market = program.engine.core.market
        quoted(program, "AAPL")
        on_engine(program, lambda: market.bars("AAPL", SECONDS))
        answer = ask(program, "market.build_bars", BarsRequest(symbol="AAPL", bar_type=SECONDS, count=100_000))
        assert answer.ok, answer.text
        before = on_engine(program, lambda: built(market, SECONDS))[opened]
        now = on_engine(program, lambda: market.cache.quote("AAPL")).ts_event
        on_engine(program, lambda: market.on_feed([TradeBust("AAPL", "E1", now, now)]))
        after = [*before[:4], before[4] - prints[1].size]
        wait_for(lambda: on_engine(program, lambda: built(market, SECONDS))[opened] == after)
    view = open_view("", home)
    try:
        aapl = view.history.instrument("AAPL")
        assert aapl is not None
        builder = builder_of("AAPL", SECONDS, Calendars()[aapl.calendar])
        past = of_prints(view.history.open_trades("AAPL", None, None), builder, aapl, 1_000)
    finally:
        view.close()
    assert dict(zip(past.times[:, 0].tolist(), past.values.tolist(), strict=True))[opened] == after


def test_recorded_ticks_are_listed_exported_and_traded_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    (home / "strategies").mkdir(parents=True)
    (home / "strategies" / "once.py").write_text(MAKER)
    with running_headless(home, "--no-api", "--set", "marketdata.store_ticks=true") as program:
        quoted(program, "AAPL")
        wait_for(lambda: ("AAPL", DataKind.TICKS) in recorded(home))

    def said(*words: str) -> str:
        assert main([*words, "--home", str(home)]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    [line] = [line for line in said("data", "list").splitlines() if line.startswith("AAPL ticks")]
    assert "recorded" in line
    assert "0 damaged" in said("data", "verify")
    file = tmp_path / "quotes.csv"
    said("export", str(file), "--symbol", "AAPL", "--kind", "quotes")
    rows = file.read_text().splitlines()
    assert len(rows) > 2
    asked = ("--symbol", "AAPL", "--data", "quotes,trades", "--fees", "zero", "--any-size", "--json")
    result = json.loads(said("backtest", "once:Once", *asked))
    assert result["fills"] == 1


def test_an_import_of_the_same_name_has_its_own_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, file = tmp_path / "home", tmp_path / "aapl.csv"
    with running_headless(home) as program:
        quoted(program, "AAPL")
    file.write_text("time,open,high,low,close,volume\n2020-01-02T15:00:00Z,74.06251,75.1,73.8,75.08751,1\n")
    asked = ["import", str(file), "--home", str(home), "--symbol", "AAPL", "--interval", "1m", "--stamp", "open"]
    assert main(asked) == 1, "what it is measured in is not guessed from the venue"
    assert "--new" in capsys.readouterr().err
    assert main([*asked, "--new", "stock", "--price-decimals", "5"]) == 0
    view = open_view("", home)
    try:
        found = view.history.instrument("AAPL")
    finally:
        view.close()
    assert found is not None
    assert found.price_decimals == 5


def test_bars_of_a_live_series_are_there_after_a_restart_without_ticks_being_kept(tmp_path: Path) -> None:
    home, minute = tmp_path / "home", BarType(BarKind.MINUTE, 1)
    with running_headless(home, "--no-api") as program:
        quoted(program, "AAPL")
        market = program.engine.core.market
        opened = on_engine(program, lambda: market.cache.quote("AAPL")).ts_event // MINUTE_NS * MINUTE_NS
        on_engine(program, lambda: market.bars("AAPL", minute, since_ns=0))
        prints = [
            Trade("AAPL", 2_300_000 + 100 * number, 7, Aggressor.BUY, "", opened + number * MINUTE_NS, opened)
            for number in range(3)
        ]
        on_engine(program, lambda: market.on_feed([*prints]))
    with running_headless(home, "--no-api") as program:
        [chunk] = program.store.history.kept_bars("1_MINUTE", "AAPL", opened, opened + 2 * MINUTE_NS)
    rows = zip(chunk.ts_open.tolist(), chunk.close.tolist(), chunk.volume.tolist(), strict=True)
    assert list(rows) == [(opened, 2_300_000, 7), (opened + MINUTE_NS, 2_300_100, 7)]
    view = open_view("", home)
    try:
        kinds = {(held.kind, held.interval, held.origin) for held in view.history.holdings() if held.symbol == "AAPL"}
    finally:
        view.close()
    assert kinds == {(DataKind.BARS, "1_MINUTE", "recorded")}
