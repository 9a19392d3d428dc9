"""Every format of the real data comes in whole, each row counted; what cannot be stored is refused by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.market import real_data
from tests.helpers.market_imports import DataHome

SMALL = [
    ("lean/daily/aapl.zip", 5_849, 0),
    ("lean/minute/spy_20131007_trade.zip", 828, 0),
    ("lean/minute/spy_20131008_quote.zip", 910, 0),
]
LARGE = [
    ("btc_perp_1m_202201.csv.gz", 45_018, 13),
    ("stocks_daily_2000_2013.csv.gz", 12_154, 0),
    ("lean/tick/ibm_20131008_trade.zip", 33_381, 0),
    ("lean/tick/ibm_20131008_quote.zip", 28_275, 1),
    ("usdm_btcusdt_20240808.gz", 93_954, 0),
]


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    return DataHome(tmp_path / "home", capsys)


def imported(home: DataHome, files: list[tuple[str, int, int]]) -> list[tuple[int, int]]:
    reports = home.json("import", *(str(real_data(name)) for name, _, _ in files))
    return [(report["new"], report["refused"]) for report in reports]


def test_bars_of_days_and_minutes_come_in_with_splits_and_dividends(home: DataHome) -> None:
    assert imported(home, SMALL) == [(rows, refused) for _, rows, refused in SMALL]
    factors = str(real_data("lean/factor_files/aapl.csv"))
    [report] = home.json("import", factors, "--format", "actions", "--symbol", "AAPL")
    assert (report["new"], report["refused"]) == (39, 0)


@pytest.mark.nightly
def test_ticks_books_and_long_series_come_in(home: DataHome) -> None:
    home.json("import", str(real_data("lean/tick/ibm_20131008_quote.zip")), "--dry-run")
    [dry] = json.loads(home.output)
    assert list(dry["left_out"].values()) == [97_474]
    assert imported(home, LARGE) == [(rows, refused) for _, rows, refused in LARGE]
