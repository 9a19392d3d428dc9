"""The positions panel without a screen: figures exact, unpriced counted, sums by currency."""

from __future__ import annotations

import msgspec

from tests.helpers.desktop_rig import future, position, stock
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.positions_table import PositionsView


def view(*snaps) -> PositionsView:
    made = PositionsView(Formats({"AAPL": stock(), "ESZ6": future()}))
    made.take(snaps)
    return made


def texts(made: PositionsView, number: int = 0) -> dict[str, str]:
    return {column.name: column.text(made.table.row(number)) for column in made.table.columns}


def test_a_long_position_shows_average_mark_and_open_profit() -> None:
    row = texts(view(position(100)))
    assert (row["side"], row["qty"], row["average"], row["mark"]) == ("LONG", "100", "187.00", "187.19")
    assert (row["ticks"], row["open"], row["protection"]) == ("+19.0", "+19.00", "none")
    assert (row["flatten"], row["half"]) == ("Flatten", "50 %")


def test_a_short_position_loses_as_the_mark_rises() -> None:
    row = texts(view(position(-100)))
    assert (row["side"], row["qty"], row["ticks"], row["open"]) == ("SHORT", "100", "−19.0", "−19.00")


def test_profit_in_r_stands_against_what_the_stops_would_lose() -> None:
    made = view(position(100, risk=10 * MONEY_ONE))
    assert texts(made)["risk"] == "+1.9R"
    made.table.sort_by([("risk", True)])
    assert made.table.numbers("risk", made.table.view).tolist() == [1.9]
    assert texts(view(position(100)))["risk"] == "—"
    assert texts(view(position(100, risk=10 * MONEY_ONE, mark=None, unrealised=None)))["risk"] == "—"


def test_market_value_counts_the_multiplier_and_the_sign() -> None:
    assert texts(view(position(-100)))["value"] == "−18,719.00"
    assert texts(view(position(2, symbol="ESZ6", mark=601_225)))["value"] == "+601,225.00"
    assert texts(view(position(0)))["value"] == texts(view(position(1, mark=None, unrealised=None)))["value"] == "—"


def test_a_future_counts_ticks_of_its_grid_and_averages_by_its_multiplier() -> None:
    held = position(2, symbol="ESZ6").position
    snap = position(
        2,
        symbol="ESZ6",
        mark=601_225,
        position=msgspec.structs.replace(held, cost=future().notional(600_950, 2)),
    )
    row = texts(view(snap))
    assert (row["average"], row["ticks"]) == ("6,009.50", "+11.0")


def test_an_unpriced_position_reads_as_missing_and_is_counted() -> None:
    made = view(position(100, mark=None, mark_kind="", unrealised=None))
    row = texts(made)
    assert (row["mark"], row["open"], row["ticks"], row["kind"]) == ("—", "—", "—", "unpriced")
    assert made.unpriced() == ["AAPL"]


def test_what_was_closed_today_stays_muted_without_buttons() -> None:
    made = view(position(0, exit_phase="FLAT", exit_text="verified 15:00:02"))
    row = texts(made)
    assert (row["side"], row["flatten"], row["exit"]) == ("FLAT", "", "FLAT verified 15:00:02")
    assert made.style(made.table.row(0)).ink == "text_muted"


def test_a_stale_mark_is_hatched_with_its_age() -> None:
    made = view(position(100, mark_age_ms=14_200))
    assert made.style(made.table.row(0)).hatched
    assert texts(made)["kind"] == "last 14 s"


def test_protection_that_dies_with_the_program_says_so() -> None:
    assert texts(view(position(100, protection="program")))["protection"] == "PC only"


def test_rows_of_single_strategies_are_left_out() -> None:
    held = position(100)
    single = msgspec.structs.replace(held, position=msgspec.structs.replace(held.position, strategy_id="sma"))
    assert view(held, single).table.total == 1


def test_sums_never_mix_currencies() -> None:
    held = position(100)
    fees = {"USD": MONEY_ONE, "EUR": 2 * MONEY_ONE}
    snap = msgspec.structs.replace(held, position=msgspec.structs.replace(held.position, fees=fees))
    totals = view(snap).totals()
    assert (totals["USD"].open, totals["USD"].fees) == (19 * MONEY_ONE, MONEY_ONE)
    assert (totals["EUR"].open, totals["EUR"].fees) == (0, 2 * MONEY_ONE)
