"""Recorded funding as exchanges hand it out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.market import instrument
from workstation.app.funding_files import funding_of
from workstation.backtest.options import RATE_ONE
from workstation.backtest.rows import FundingRow
from workstation.domain.errors import NotFound, UserError, ValidationError

EIGHT = 1_704_096_000 * 10**9
"""2024-01-01T08:00:00Z."""


@pytest.mark.parametrize(
    ("text", "rate", "mark"),
    [
        ("calc_time,funding_interval_hours,last_funding_rate\n1704096000000,8,0.00037409\n", 37_409 * 10**8, None),
        ("symbol,fundingTime,fundingRate,markPrice\nX,1704096000000,-0.00010000,42313.905\n", -(10**12), 4_231_390),
        ("time,rate\n2024-01-01T08:00:00Z,0.0000122846187364\n", 122_846_187_364, None),
        ("\ufeffTimestamp, Funding_Rate\n1704096000,1E-4\n", 10**12, None),
    ],
)
def test_the_columns_of_exchanges_are_known_and_rates_are_exact(
    tmp_path: Path, text: str, rate: int, mark: int | None
) -> None:
    file = tmp_path / "funding.csv"
    file.write_text(text, encoding="utf-8")
    found = funding_of([f"ABC={file}"], {"ABC": instrument("ABC")})
    assert found == (FundingRow(ts=EIGHT, symbol="ABC", rate=rate, mark_px=mark),)
    assert RATE_ONE == 10**16


def test_payments_of_several_contracts_come_in_order_of_time(tmp_path: Path) -> None:
    for name, hours in (("ABC", (0, 16)), ("XYZ", (8,))):
        rows = "".join(f"2024-01-01T{hour:02}:00:00Z,0.0001\n" for hour in hours)
        (tmp_path / name).write_text("time,rate\n" + rows, encoding="utf-8")
    texts = [f"{name}={tmp_path / name}" for name in ("ABC", "XYZ")]
    found = funding_of(texts, {name: instrument(name) for name in ("ABC", "XYZ")})
    assert [row.symbol for row in found] == ["ABC", "XYZ", "ABC"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("time,price\n", "no column"), ("", "among none"), ("time,rate\n2024-01-01T08:00:00Z,much\n", "line 2"),
     ("time,rate\nsoon,0.1\n", "line 2"), ("time,rate\n2024-01-01T08:00:00,0.1\n", "names no zone"),
     ("time,rate\n1704096000000\n", "line 2"), ("time,rate\n1704096000000,nan\n", "line 2")],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "funding.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValidationError, match=said):
        funding_of([f"ABC={file}"], {"ABC": instrument("ABC")})


def test_a_file_or_an_instrument_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for text in (f"ABC={tmp_path / 'none.csv'}", "NO=file", "ABC"):
        with pytest.raises(UserError) as caught:
            funding_of([text], {"ABC": instrument("ABC")})
        assert isinstance(caught.value, NotFound)
