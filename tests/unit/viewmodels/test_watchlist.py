"""The watchlist without a screen: entries, search, undo, flashes and freshness."""

from __future__ import annotations

from tests.helpers.desktop_rig import ACCOUNT, future, limit, order, position, quote, stock
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.orders import Side
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.watchlist import FLASH_NS, UNDO_NS, Watchlist, default_entries
from workstation.viewmodels.watchlist_rows import Mine, mine_by_symbol
from workstation.viewmodels.watchlist_search import near_symbols, search

INSTRUMENTS = {
    "AAPL": stock(),
    "MSFT": stock("MSFT", name="Microsoft Corp. common stock"),
    "MSTR": stock("MSTR", name="Strategy Inc."),
    "ESZ6": future(),
}


def made() -> Watchlist:
    return Watchlist(INSTRUMENTS, Formats(INSTRUMENTS))


def texts(watchlist: Watchlist, symbol: str) -> dict[str, str]:
    row = watchlist.table.get(symbol)
    assert row is not None
    return {column.name: column.text(row) for column in watchlist.table.columns if column.name}


def entries(watchlist: Watchlist) -> list[str]:
    return [watchlist.table.row_at(position).entry for position in range(len(watchlist.table))]


def test_a_new_list_holds_everything_by_asset_class() -> None:
    assert default_entries(INSTRUMENTS) == ["# Stocks", "AAPL", "MSFT", "MSTR", "# Futures", "ESZ6"]
    assert entries(made()) == default_entries(INSTRUMENTS)


def test_search_ranks_symbol_before_beginning_before_name() -> None:
    found = [item.symbol for item in search(INSTRUMENTS, "ms")]
    assert found == ["MSFT", "MSTR"]
    assert search(INSTRUMENTS, "microsoft")[0].symbol == "MSFT"
    assert search(INSTRUMENTS, "e-mini")[0].symbol == "ESZ6"
    assert search(INSTRUMENTS, "mstr")[0].symbol == "MSTR"
    assert search(INSTRUMENTS, "  ") == search(INSTRUMENTS, "zzz") == []


def test_an_added_instrument_stands_below_the_chosen_one() -> None:
    watchlist = made()
    watchlist.set_entries(["AAPL", "ESZ6"])
    watchlist.add("MSFT", after="AAPL")
    watchlist.add("MSFT")
    watchlist.add("NOPE")
    assert entries(watchlist) == ["AAPL", "MSFT", "ESZ6"]


def test_a_removal_can_be_undone_for_ten_seconds() -> None:
    watchlist = made()
    before = entries(watchlist)
    watchlist.remove(["AAPL", "ESZ6"], now_ns=0)
    assert "AAPL" not in entries(watchlist)
    assert watchlist.can_undo(UNDO_NS - 1)
    watchlist.undo(UNDO_NS - 1)
    assert entries(watchlist) == before
    watchlist.remove(["AAPL"], now_ns=0)
    watchlist.undo(UNDO_NS)
    assert "AAPL" not in entries(watchlist)


def test_entries_move_by_steps_and_to_a_place() -> None:
    watchlist = made()
    watchlist.set_entries(["AAPL", "MSFT", "ESZ6"])
    watchlist.move("ESZ6", -1)
    assert entries(watchlist) == ["AAPL", "ESZ6", "MSFT"]
    watchlist.move("AAPL", 1)
    assert entries(watchlist) == ["ESZ6", "AAPL", "MSFT"]
    watchlist.move_to("ESZ6", 3)
    assert entries(watchlist) == ["AAPL", "MSFT", "ESZ6"]
    watchlist.move("ESZ6", 1)
    assert entries(watchlist) == ["AAPL", "MSFT", "ESZ6"]


def test_a_quote_reads_exactly_with_spread_in_ticks() -> None:
    watchlist = made()
    watchlist.take({"AAPL": quote()}, {"AAPL": Mine(-40)}, "AAPL", 0)
    row = texts(watchlist, "AAPL")
    assert (row["last"], row["change"], row["percent"]) == ("187.19", "+0.89", "+0.48")
    assert (row["bid"], row["ask"], row["bid_size"], row["spread"]) == ("187.19", "187.21", "300", "2")
    assert (row["volume"], row["high"], row["position"], row["age"]) == ("1,250,000", "187.90", "−40", "live")
    assert watchlist.style(watchlist.table.get("AAPL")).cells["focus"].glyph == "pointer"


def test_what_is_mine_stands_in_the_row() -> None:
    watchlist = made()
    bids = [order(f"OMS-{n}", limit()) for n in range(2)]
    sale = order("OMS-S", limit(Side.SELL, 18_800, symbol="MSFT"))
    other = order("OMS-X", limit(account="OTHER"))
    held = {(ACCOUNT, "AAPL", "*"): position(-40), ("OTHER", "MSFT", "*"): position(5, symbol="MSFT")}
    mine = mine_by_symbol(ACCOUNT, held, [*bids, sale, other])
    assert mine == {"AAPL": Mine(-40, 2, 0, held[ACCOUNT, "AAPL", "*"].unrealised), "MSFT": Mine(0, 0, 1)}
    quotes = {symbol: quote(symbol=symbol) for symbol in INSTRUMENTS}
    watchlist.take(quotes, mine, "", 0)
    rows = {symbol: texts(watchlist, symbol) for symbol in INSTRUMENTS}
    assert [(row["position"], row["orders"], row["profit"]) for row in rows.values()] == [
        *(("−40", "2B", "−7.60"), ("", "1S", ""), ("", "", ""), ("", "", "")),
    ]
    assert watchlist.take(quotes, mine, "", 0).changed == frozenset()
    assert len(watchlist.take(quotes, {}, "", 0).changed) == 2


def test_a_venue_is_found_by_its_name_and_what_is_mistyped_has_neighbours() -> None:
    assert [item.symbol for item in search(INSTRUMENTS, "xcme")] == ["ESZ6"]
    assert near_symbols(INSTRUMENTS, "appl") == ["AAPL"]
    assert near_symbols(INSTRUMENTS, "zzzzzz") == []


def test_prices_have_the_decimals_of_their_tick() -> None:
    fine = Instrument(
        symbol="FINE",
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=4,
        qty_decimals=0,
        ticks=(TickBand(0, 1), TickBand(10_000, 100)),
    )
    formats = Formats({"FINE": fine})
    assert formats.price("FINE", 2_300_100) == "230.01"
    assert formats.price("FINE", 2_300_150) == "230.015"
    assert formats.price("FINE", 9_001) == "0.9001"
    assert formats.price("FINE", -300, at=2_300_100) == "−0.03"
    assert formats.average("FINE", 2_300_100 * 3 + 100, 3) == "230.013333"


def test_what_is_absent_reads_as_a_dash_never_zero() -> None:
    watchlist = made()
    row = texts(watchlist, "MSFT")
    assert {row[name] for name in ("last", "change", "percent", "bid", "ask", "bid_size", "spread", "age")} == {"—"}


def test_a_stale_price_is_hatched_with_its_age() -> None:
    watchlist = made()
    watchlist.take({"AAPL": quote(freshness="STALE", age_ms=14_200, flags=("HALTED",))}, {}, "", 0)
    assert watchlist.style(watchlist.table.get("AAPL")).hatched
    assert texts(watchlist, "AAPL")["age"] == "14 s halted"


def test_a_moved_price_flashes_and_the_flash_ends() -> None:
    watchlist = made()
    watchlist.take({"AAPL": quote(bid=18_700)}, {}, "", 0)
    watchlist.take({"AAPL": quote(bid=18_710)}, {}, "", 1)
    assert watchlist.style(watchlist.table.get("AAPL")).cells["last"].ground == "rise_flash"
    watchlist.take({"AAPL": quote(bid=18_705)}, {}, "", 2)
    assert watchlist.style(watchlist.table.get("AAPL")).cells["last"].ground == "fall_flash"
    watchlist.take({}, {}, "", 2 + FLASH_NS)
    assert watchlist.style(watchlist.table.get("AAPL")).cells["last"].ground == ""


def test_headings_are_left_out_of_another_order() -> None:
    watchlist = made()
    watchlist.hide_headings(hidden=True)
    watchlist.table.sort_by([("symbol", True)])
    assert entries(watchlist) == ["MSTR", "MSFT", "ESZ6", "AAPL"]


def test_under_load_every_row_has_its_turn_and_none_is_forgotten() -> None:
    watchlist = made()
    symbols = watchlist.symbols
    quotes = {symbol: quote(symbol=symbol) for symbol in symbols}
    taken = [len(watchlist.take(quotes, {}, "", frame, most=1).changed) for frame in range(len(symbols))]
    assert taken == [1] * len(symbols)
    assert watchlist.take(quotes, {}, "", 9, most=1).changed == frozenset()
    assert not watchlist.behind
