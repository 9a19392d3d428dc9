"""Tables of backtests and sweeps: a text that a spreadsheet would run is made plain, a number stays a number."""

from __future__ import annotations

import csv

import msgspec
import pytest

from tests.helpers.backtests import parity_bars, sma_cross
from tests.helpers.sweep_scene import sweep_of_scene
from workstation.app.sweep_report import as_csv
from workstation.backtest.report_rows import TABLES
from workstation.domain.cells import disarmed

CALL = "=HYPERLINK(1)"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "|"])
def test_a_text_that_begins_as_a_formula_is_disarmed(first: str) -> None:
    assert disarmed(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "ABC", "-5", "-0.25", "12.5", "a=b"])
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert disarmed(text) == text


def test_no_text_of_a_backtests_tables_is_a_formula() -> None:
    result = sma_cross([parity_bars(2_000)])
    assert result.fills
    assert result.trades
    named = tuple(msgspec.structs.replace(row, symbol=CALL) for row in result.instruments)
    hostile = msgspec.structs.replace(
        result,
        instruments=named,
        fills=tuple(msgspec.structs.replace(row, symbol=CALL, cl_ord_id="@id", label="+why") for row in result.fills),
        trades=tuple(msgspec.structs.replace(row, symbol=CALL) for row in result.trades),
    )
    fill = next(csv.DictReader(TABLES["fills.csv"](hostile).splitlines()))
    assert (fill["symbol"], fill["order"], fill["label"]) == (f"'{CALL}", "'@id", "'+why")
    losses = [row for row in csv.DictReader(TABLES["trades.csv"](hostile).splitlines()) if row["net"].startswith("-")]
    assert losses, "a loss is a number, and stays one"
    assert losses[0]["symbol"] == f"'{CALL}"


def test_no_parameter_and_no_error_of_a_sweep_is_a_formula() -> None:
    table = sweep_of_scene()
    trials = [
        msgspec.structs.replace(trial, parameters={"fast": CALL, "slow": -3}, error="" if trial.inside else "=1+1")
        for trial in table.trials
    ]
    rows = list(csv.DictReader(as_csv(table.sweep, trials).splitlines()))
    assert {(row["fast"], row["slow"]) for row in rows} == {(f"'{CALL}", "-3")}
    assert "'=1+1" in {row["error"] for row in rows}
