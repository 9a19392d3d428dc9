"""Parts of a watchlist: sparklines, computed columns, imported lists, named lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.desktop_rig import future, quote, stock
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.watchlist import Watchlist
from workstation.viewmodels.watchlist_computed import Computed, computed_column, definition
from workstation.viewmodels.watchlist_import import resolve
from workstation.viewmodels.watchlist_lists import FIRST, LISTS_MAX, NamedLists
from workstation.viewmodels.watchlist_rows import Mine, WatchRow
from workstation.viewmodels.watchlist_trend import BLOCKS, POINTS, STEP_NS, Trends, sparkline

INSTRUMENTS = {"AAPL": stock(), "ESZ6": future(), "BTC-USD": stock("BTC-USD"), "BTC-EUR": stock("BTC-EUR")}


def shown(text: str, symbol: str = "AAPL", **changes) -> str:
    row = WatchRow(entry=symbol, rank=0, quote=quote(symbol, **changes), mine=Mine(200))
    return computed_column(Computed("x", text), INSTRUMENTS).text(row)


def test_a_sparkline_runs_from_its_least_to_its_greatest() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == BLOCKS
    assert sparkline([5, 5, 5]) == "▁▁▁"


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1, max_size=50))
def test_every_value_has_a_block_and_greater_ones_none_lower(values: list[float]) -> None:
    line = sparkline(values)
    assert len(line) == len(values)
    assert [BLOCKS.index(block) for _, block in sorted(zip(values, line, strict=True))] == sorted(
        BLOCKS.index(block) for block in line
    )


def test_a_trend_grows_once_a_step_and_stays_bounded() -> None:
    trends = Trends()
    first = trends.note("AAPL", 100, 0)
    assert trends.note("AAPL", 900, STEP_NS - 1) == first
    for step in range(1, 40):
        line = trends.note("AAPL", 100 + step, step * STEP_NS)
    assert (len(line), line[0], line[-1]) == (POINTS, "▁", "█")


def test_a_seeded_trend_spans_the_whole_past() -> None:
    trends = Trends()
    trends.seed("AAPL", [float(n) for n in range(60)])
    line = trends.note("AAPL", 60.0, 0)
    assert (len(line), list(line)) == (POINTS, sorted(line))


def test_a_watched_row_carries_its_trend() -> None:
    made = Watchlist(INSTRUMENTS, Formats(INSTRUMENTS))
    made.take({"AAPL": quote(last=100)}, {}, "", 0)
    made.take({"AAPL": quote(last=200)}, {}, "", STEP_NS)
    row = made.table.get("AAPL")
    assert row is not None
    assert row.trend == "▁█"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("last / close - 1", "0.48 %"),
        ("ask - bid", "2.0t"),
        ("mid", "187.20"),
        ("pos * (last - close)", "178.00"),
        ("bid_size + ask_size", "800"),
        ("last > close and long", "yes"),
        ("max(high, vwap)", "187.90"),
        ("low - high", "−180.0t"),
    ],
)
def test_a_computed_value_has_the_form_of_its_kind(text: str, value: str) -> None:
    assert shown(text) == value


def test_what_is_missing_is_a_dash() -> None:
    assert shown("last / close - 1", prev_close=None) == "—"
    assert shown("last", freshness="ABSENT") == "—"


@pytest.mark.parametrize("text", ["last +", "last + bid", "nothing", ""])
def test_an_expression_that_cannot_be_read_says_where_in_its_header(text: str) -> None:
    column = computed_column(Computed("x", text), INSTRUMENTS)
    assert column.title == "x !"
    assert "column" in column.hint
    assert column.text(WatchRow(entry="AAPL", rank=0, quote=quote())) == "—"


def test_a_future_counts_its_multiplier_and_its_own_tick() -> None:
    assert shown("ask - bid", "ESZ6", bid=600_000, ask=600_050) == "2.0t"
    assert shown("pos * (ask - bid)", "ESZ6", bid=600_000, ask=600_050) == "5,000.00"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("gap = last - open", Computed("gap", "last - open")),
        ("up=last>=open", Computed("up", "last>=open")),
        ("AAPL", None),
        ("last >= open", None),
    ],
)
def test_a_definition_is_a_name_and_an_expression(line: str, found: Computed | None) -> None:
    assert definition(line) == found


def test_an_imported_list_keeps_order_and_headings_and_lists_what_is_left() -> None:
    found = resolve('#Tech\n"aapl", esz6;nope\nBTC\nAAPL', INSTRUMENTS)
    assert found.entries == ("# Tech", "AAPL", "ESZ6")
    assert found.unknown == ("nope",)
    assert found.ambiguous == {"BTC": ("BTC-USD", "BTC-EUR")}
    assert found.words == "2 symbols taken. Not known: nope. BTC may be BTC-USD or BTC-EUR: type one."


def test_a_root_that_fits_one_alone_is_taken() -> None:
    assert resolve("btc", {"BTC-USD": stock("BTC-USD")}).entries == ("BTC-USD",)


def test_each_list_keeps_its_own_entries() -> None:
    lists = NamedLists()
    lists.keep(["AAPL"])
    lists.add("Futures")
    assert lists.show("Futures") == []
    lists.keep(["ESZ6"])
    assert lists.show(FIRST) == ["AAPL"]
    lists.rename("Stocks")
    assert lists.names == ("Stocks", "Futures")
    again = NamedLists()
    assert again.restore(lists.save()) == ["AAPL"]
    assert (again.names, again.show("Futures")) == (("Stocks", "Futures"), ["ESZ6"])


def test_the_last_list_stays() -> None:
    lists = NamedLists()
    lists.keep(["AAPL"])
    assert lists.remove() == ["AAPL"]


def test_names_of_lists_are_unique_and_their_number_is_bounded() -> None:
    lists = NamedLists()
    assert "already" in lists.refusal(FIRST.lower())
    assert lists.refusal(" ")
    for number in range(LISTS_MAX - 1):
        lists.add(f"L{number}")
    assert f"{LISTS_MAX} lists" in lists.refusal("one more")


def test_a_layout_of_before_named_lists_is_shown_as_it_was() -> None:
    assert NamedLists().restore({"list": ["AAPL"]}) == ["AAPL"]
    assert NamedLists().restore({}) is None
