"""Reports as values: exact totals, CSV that a spreadsheet takes for text, days of zones whose clocks change."""

from __future__ import annotations

import csv
import io

import pytest

from workstation.domain.errors import ValidationError
from workstation.viewmodels.reports import Column, ColumnType, ReportForm, commissions_by
from workstation.viewmodels.reports_days import day_bounds_ns, day_of

HOUR = 3_600 * 1_000_000_000
FORM = ReportForm(
    "r", "A report", (Column("name"), Column("amount", ColumnType.DECIMAL, summed=True), Column("at", ColumnType.TIME))
)


def test_a_total_has_every_digit_of_its_rows_and_skips_empty_cells() -> None:
    rows = FORM.rows_of([{"amount": "99999999999999999999999999999.99"}, {"amount": "0.01"}, {"amount": None}])
    assert FORM.totals_of(rows) == {"amount": "100000000000000000000000000000.00"}
    assert FORM.totals_of([]) == {"amount": "0"}


def test_rows_follow_the_columns_and_leave_absent_fields_empty() -> None:
    assert FORM.rows_of([{"at": "t", "name": "n", "more": 1}]) == [["n", None, "t"]]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_looks_like_a_formula_is_disarmed_and_a_number_is_not(first: str) -> None:
    text = FORM.csv_of([[f"{first}1", "-5.00", "t"]])
    _, row = csv.reader(io.StringIO(text, newline=""))
    assert row == [f"'{first}1", "-5.00", "t"]


def test_cells_with_commas_and_quotes_come_back_as_they_were() -> None:
    text = FORM.csv_of([['a, "b"\nc', None, "t"]])
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == ['a, "b"\nc', "", "t"]


def test_commissions_are_summed_by_account_instrument_and_currency() -> None:
    fill = {
        "broker_account_id": "a",
        "instrument_symbol": "X",
        "currency": "USD",
        "quantity": "2",
        "commission": "0.10",
    }
    rows = commissions_by([fill, fill | {"currency": "EUR"}, fill | {"commission": "0.20"}])
    assert [(row["currency"], row["executions"], row["quantity"], row["commission"]) for row in rows] == [
        ("EUR", 1, "2", "0.10"),
        ("USD", 2, "4", "0.30"),
    ]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-07-01", 24)])
def test_a_day_is_as_long_as_its_zone_makes_it(day: str, hours: int) -> None:
    start, end = day_bounds_ns(day, "America/New_York")
    assert end - start == hours * HOUR
    assert day_of(start, "America/New_York") == day_of(end - 1, "America/New_York") == day


def test_a_zone_that_does_not_exist_is_named_as_the_fault() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        day_bounds_ns("2026-01-01", "Mars/Base")
