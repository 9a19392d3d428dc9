"""Symbol properties of the LEAN folder: kept by market, given to instruments that name none, and nothing guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.market import real_data
from tests.helpers.market_imports import DataHome
from workstation.domain.instruments import AssetClass, Instrument, TickBand

HEADER = (
    "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size,"
    "market_ticker,minimum_order_size,price_magnifier,strike_multiplier\n"
)
FUTURE = "cbot,ZC,future,Corn Futures,USD,5000.0,0.0025,1.0,,1,100"
COIN = "north,COIN,crypto,Coin,EUR,1,0.05,1e-02,COIN-EUR,5"
PERPETUAL = "north,COIN,cryptofuture,Coin,USDT,1,0.5,1,COIN"
ABROAD = "south,COIN,crypto,Coin,EUR,1,0.1,0.01,COIN,5"
ROW = "2024-01-02T15:00:00,10.00,10.50,9.50,10.25,100"
MINUTES = ("--interval", "1m", "--stamp", "open", "--zone", "UTC")


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    return DataHome(tmp_path / "home", capsys)


def listed(home: DataHome, *rows: str) -> str:
    return home.file("symbol-properties.csv", HEADER + "\n# a remark\n" + "".join(f"{row}\n" for row in rows))


def stored(home: DataHome, symbol: str) -> Instrument:
    view = home.view()
    try:
        found = view.history.imported(symbol)
    finally:
        view.close()
    assert found is not None
    return found


def grid(instrument: Instrument) -> tuple[int, int, int, int]:
    return instrument.price_decimals, instrument.ticks[0].tick, instrument.qty_decimals, instrument.lot


def test_an_instrument_that_is_imported_later_has_what_its_market_lists(home):
    home.json("import", listed(home, FUTURE))
    row = "2024-01-02T15:00:00,4.0025,4.0050,4.0000,4.0025,7"
    assert home.call("import", home.minutes(row), "--symbol", "ZC", *MINUTES) == 0, home.errors
    assert "tick 0.0025, lot 1, USD, as cbot lists it" in home.output
    assert stored(home, "ZC") == Instrument(
        symbol="ZC",
        asset_class=AssetClass.FUTURE,
        currency="USD",
        price_decimals=4,
        qty_decimals=0,
        ticks=(TickBand(0, 25),),
        multiplier=5000,
        name="Corn Futures",
        exchange="CBOT",
    )
    off = home.minutes("2024-01-02T15:01:00,4.0030,4.0030,4.0030,4.0030,7")
    [report] = json.loads(_printed(home, "import", off, "--symbol", "ZC", *MINUTES))
    assert report["reasons"] == {"price is off the tick": 1}


def _printed(home: DataHome, *arguments: str) -> str:
    assert home.call(*arguments, "--json") == 1, "a file without one sound row fails"
    return home.output


def test_what_the_import_names_goes_before_what_is_listed(home):
    home.json("import", listed(home, COIN))
    named = ("--symbol", "COIN", "--new", "crypto", "--price-decimals", "3", "--tick", "250", "--currency", "USD")
    home.json("import", home.minutes(ROW), *named, *MINUTES)
    assert grid(stored(home, "COIN")) == (3, 250, 2, 1)
    assert stored(home, "COIN").currency == "USD"


def test_fewer_decimals_than_the_listed_tick_are_refused_and_nothing_is_rounded(home):
    home.json("import", listed(home, COIN))
    assert home.call("import", home.minutes(ROW), "--symbol", "COIN", "--price-decimals", "1", *MINUTES) == 1
    assert "tick: 0.05 has more than 1 decimals" in home.errors


def test_of_listings_that_differ_none_is_guessed(home):
    home.json("import", listed(home, COIN, PERPETUAL, ABROAD))
    rows = home.minutes(ROW)
    assert home.call("import", rows, "--symbol", "COIN", *MINUTES) == 1
    assert "north.crypto, north.cryptofuture, south.crypto" in home.errors
    assert home.call("import", rows, "--symbol", "COIN", *MINUTES, "--market", "north") == 1
    home.json("import", rows, "--symbol", "COIN", *MINUTES, "--market", "north", "--new", "crypto")
    assert grid(stored(home, "COIN")) == (2, 5, 2, 1)


def test_a_call_that_names_its_grid_needs_no_listing(home):
    home.json("import", listed(home, COIN, ABROAD))
    home.json("import", home.minutes(ROW), "--symbol", "COIN", *MINUTES, "--new", "crypto", "--price-decimals", "2")
    assert grid(stored(home, "COIN")) == (2, 1, 0, 1)


def made(home: DataHome, *options: str) -> None:
    home.json("import", home.minutes(ROW), "--symbol", "COIN", *MINUTES, "--new", "crypto", *options)


def test_a_stored_instrument_takes_the_listed_tick_and_lot_and_the_report_says_so(home):
    made(home, "--currency", "EUR", "--qty-decimals", "3")
    path = listed(home, COIN)
    [dry] = home.json("import", path, "--dry-run")
    assert (dry["updated"], grid(stored(home, "COIN"))) == (["COIN: tick 0.05, lot 0.01, EUR"], (2, 1, 3, 1))
    assert home.call("import", path) == 0
    assert "stored instrument COIN: tick 0.05, lot 0.01, EUR, as it is listed" in home.output
    assert grid(stored(home, "COIN")) == (2, 5, 3, 10)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--currency", "EUR", "--qty-decimals", "2", "--tick", "25"), ""),
        (("--qty-decimals", "2"), ""),
        (("--currency", "EUR"), "more decimals than their rows"),
    ],
)
def test_a_stored_instrument_whose_import_named_a_tick_or_that_is_another_or_coarser_stays(home, options, why):
    made(home, *options)
    before = stored(home, "COIN")
    [report] = home.json("import", listed(home, COIN))
    assert (report["updated"], stored(home, "COIN")) == ([], before)
    assert [reason for reason in report["left_out"] if why and why in reason] == list(report["left_out"])


def test_a_stored_instrument_that_markets_list_differently_stays_until_the_market_is_named(home):
    made(home, "--currency", "EUR", "--qty-decimals", "2")
    path = listed(home, COIN, ABROAD)
    [report] = home.json("import", path)
    assert report["updated"] == []
    assert "--market says which" in next(iter(report["left_out"]))
    [report] = home.json("import", path, "--market", "south")
    assert (report["rows"], report["updated"]) == (1, ["COIN: tick 0.1, lot 0.01, EUR"])
    assert home.call("import", path, "--market", "west") == 1
    assert "lists nothing of west" in home.errors


def test_duplicates_and_refused_rows_are_told_and_a_changed_listing_stays_until_replacing_is_asked_for(home):
    rows = (COIN, COIN, COIN.replace("0.05", "0.01"), "north,ODD,crypto,Odd,EUR,1,none,1", "north,CUT,crypto")
    [report] = home.json("import", listed(home, *rows))
    assert (report["rows"], report["new"], report["duplicates"], report["refused"]) == (1, 1, 1, 3)
    assert [row["line"] for row in report["refused_rows"]] == [6, 7, 8]
    assert "listed above with other values" in report["refused_rows"][0]["reason"]
    changed = listed(home, COIN.replace("0.05", "0.01"))
    [report] = home.json("import", changed)
    assert (report["new"], report["known"], report["differing"]) == (0, 0, 1)
    home.json("import", changed, "--replace")
    [report] = home.json("import", changed)
    assert (report["known"], report["differing"]) == (1, 0)


def test_the_real_file_comes_in_whole_with_what_it_tells_too_little_of_left_out(home):
    [report] = home.json("import", str(real_data("lean/symbol-properties-database.csv.gz")))
    assert (report["rows"], report["refused"], report["duplicates"]) == (10_295, 0, 0)
    assert sum(report["left_out"].values()) == 526
    view = home.view()
    try:
        assert grid(view.history.listings("ZC")["ZC@cbot.future"]) == (4, 25, 0, 1)
        assert len(view.history.listings("BTCUSDT")) == 10
        assert view.history.instrument("BTCUSDT") is None, "a listing alone is no instrument that rows are of"
    finally:
        view.close()
