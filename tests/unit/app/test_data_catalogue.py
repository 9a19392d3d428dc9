"""Stored data: the catalogue, gaps, export and its way back, actions, deletion, archives, sources of backtests."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.market_imports import ACME, DataHome
from workstation.app.data_sources import StoredMarket
from workstation.backtest.rows import DividendRow, SplitRow
from workstation.domain.numbers import MONEY_ONE

FIRST_NS = 1_704_207_600 * 10**9
MINUTE = 60 * 10**9
BARS = ("2024-01-02T15:00:00,10.00,10.50,9.50,10.25,100", "2024-01-02T15:03:00,10.25,10.25,10.00,10.00,50")
TRADES = "time,price,size,side\n1704207600,10.00,5,buy\n1704207601,10.01,7,sell\n1704300000,10.02,9,\n"
FACTORS = "20231229,0.4950000,0.5,1\n20240102,0.4950000,0.5,20.00\n20240103,0.9900000,1,10.00\n20501231,1,1,0\n"


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    opened = DataHome(tmp_path / "home", capsys)
    opened.json("import", opened.minutes(*BARS), *ACME, "--calendar", "XNYS")
    return opened


def with_trades(home: DataHome) -> list[dict]:
    return home.json("import", home.file("trades.csv", TRADES), "--symbol", "ACME")


def test_the_catalogue_lists_series_with_rows_gaps_and_bytes(home):
    with_trades(home)
    listed, trades = home.json("data", "list")
    assert (listed["holding"]["rows"], listed["gaps"], listed["missing"]) == (2, 1, 2)
    assert (trades["holding"]["kind"], trades["holding"]["rows"], trades["gaps"]) == ("TRADES", 3, None)
    assert trades["holding"]["size"] > 0
    assert (listed["holding"]["imported"], trades["holding"]["imported"]) == (2, 3)
    assert home.call("data", "list") == 0
    assert home.output.count(" rows, imported, ") == 2


def test_a_home_with_nothing_says_how_data_comes_in(tmp_path, capsys):
    empty = DataHome(tmp_path / "other", capsys)
    assert empty.call("data", "list") == 0
    assert "workstation import" in empty.output


def test_gaps_are_named(home):
    [gap] = home.json("data", "gaps")
    assert (gap["start"], gap["missing"]) == (FIRST_NS + MINUTE, 2)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_what_was_exported_comes_in_again_as_it_was(home, tmp_path, capsys, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    target = str(tmp_path / name)
    assert home.call("export", target, "--symbol", "ACME", "--interval", "1m") == 0
    [report] = home.json("import", target, *ACME)
    assert (report["known"], report["new"], report["differing"]) == (2, 0, 0)


def test_exporting_what_is_not_stored_writes_no_file(home, tmp_path):
    target = tmp_path / "none.csv"
    assert home.call("export", str(target), "--symbol", "OTHER") == 2
    assert not target.exists()


def test_ticks_are_stored_once_by_day(home):
    assert with_trades(home)[0]["new"] == 3
    [again] = with_trades(home)
    assert (again["new"], again["known"]) == (0, 3)


def test_compacted_ticks_read_as_before(home):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    with_trades(home)
    before = trades_of(home)
    assert home.json("data", "compact")["files"] == 2
    assert home.json("data", "compact")["files"] == 0
    assert trades_of(home) == before == [(1000, 5, 1), (1001, 7, -1), (1002, 9, 0)]
    assert list(home.root.glob("ticks/*/*.ticks")) == []


def trades_of(home: DataHome) -> list[tuple[int, ...]]:
    view = home.view()
    try:
        chunks = list(view.history.open_trades("ACME", None, None))
        rows = [
            zip(chunk.price.tolist(), chunk.size.tolist(), chunk.aggressor.tolist(), strict=True) for chunk in chunks
        ]
        return [row for part in rows for row in part]
    finally:
        view.close()


def test_damage_is_found_and_named(home):
    with_trades(home)
    assert home.call("data", "verify") == 0
    path = next(home.root.glob("ticks/*/*.ticks"))
    path.write_bytes(path.read_bytes()[:-3])
    assert home.call("data", "verify") == 1
    assert path.name in home.errors


def test_deleting_needs_a_yes_and_takes_rows_and_files(home):
    with_trades(home)
    wanted = ("data", "delete", "--symbol", "ACME", "--kind", "TRADES")
    assert home.call(*wanted) == 2
    assert len(home.json("data", "list")) == 2
    assert home.call(*wanted, "--yes") == 0
    assert [row["holding"]["kind"] for row in home.json("data", "list")] == ["BARS"]
    assert list(home.root.glob("ticks/*/*")) == []


def test_factor_files_become_splits_and_dividends_of_the_next_session(home):
    path = home.file("acme_factors.csv", FACTORS)
    home.json("import", path, "--format", "actions", "--symbol", "ACME")
    view = home.view()
    try:
        stored = StoredMarket(view.history, "ACME")
        split, dividend, last = sorted(stored.corporate(), key=lambda row: (row.ts, isinstance(row, DividendRow)))
    finally:
        view.close()
    assert isinstance(split, SplitRow)
    assert (split.numerator, split.denominator) == (2, 1)
    assert isinstance(dividend, DividendRow)
    assert (dividend.amount, last.amount) == (10 * MONEY_ONE, MONEY_ONE // 10)


def test_actions_from_csv_are_stored_once_and_a_bad_row_is_listed(home):
    path = home.file("actions.csv", "symbol,ex_date,kind,value\nACME,2024-01-03,split,2:1\nACME,soon,dividend,1\n")
    [report] = home.json("import", path, "--format", "actions")
    assert (report["new"], report["refused_rows"][0]["line"]) == (1, 3)
    [again] = home.json("import", path, "--format", "actions")
    assert (again["new"], again["known"]) == (0, 1)


def test_a_backtest_reads_raw_prices_and_the_factors_beside_them(home):
    path = home.file("actions.csv", "ACME,2024-01-03,split,2:1\nACME,2024-01-04,dividend,1,10\n")
    home.json("import", path, "--format", "actions")
    view = home.view()
    try:
        stored = StoredMarket(view.history, "ACME")
        [raw] = stored.bars("1m")
        [adjusted] = stored.bars("1m", adjusted=True)
        [late] = stored.bars("1m", FIRST_NS + MINUTE)
    finally:
        view.close()
    assert raw.factor is None
    assert raw.open.tolist() == adjusted.open.tolist() == [1000, 1025]
    assert np.allclose(adjusted.factor, 0.5 * 0.9)
    assert adjusted.split.tolist() == [0.5, 0.5], "volume follows splits alone"
    assert raw.split is None
    assert late.ts_open.tolist() == [FIRST_NS + 3 * MINUTE]


def test_an_adjusted_export_divides_volume_by_splits_alone(home, tmp_path):
    plain, adjusted = tmp_path / "plain.csv", tmp_path / "adjusted.csv"
    assert home.call("export", str(plain), *ACME[:2], "--interval", "1m") == 0, home.errors
    path = home.file("actions.csv", "ACME,2024-01-03,split,2:1\nACME,2024-01-04,dividend,1,10\n")
    home.json("import", path, "--format", "actions")
    assert home.call("export", str(adjusted), *ACME[:2], "--interval", "1m", "--adjusted") == 0, home.errors
    tables = (csv.DictReader(file.read_text().splitlines()) for file in (plain, adjusted))
    for before, after in zip(*tables, strict=True):
        assert float(after["close"]) == pytest.approx(float(before["close"]) * 0.5 * 0.9)
        assert float(after["volume"]) == pytest.approx(float(before["volume"]) / 0.5)
    assert "before and after a split" not in home.output


def test_an_adjusted_export_says_how_many_bars_a_split_took_force_within(home, tmp_path):
    hour = home.file("hours.csv", "time,open,high,low,close,volume\n2024-01-10T14:00:00Z,40,41,9,10,100\n")
    home.json("import", hour, *ACME[:2], "--interval", "1h", "--stamp", "open")
    home.json("import", home.file("actions.csv", "ACME,2024-01-10,split,4:1\n"), "--format", "actions")
    for words, told in ((("--adjusted",), True), ((), False)):
        assert home.call("export", str(tmp_path / "out.csv"), *ACME[:2], "--interval", "1h", *words) == 0, home.errors
        assert ("1 of them hold prices of before and after a split" in home.output) is told


HOURS, DAYS = ("1h", "2024-01-09T15:00", "2024-01-10T14:00"), ("1d", "2024-01-09T00:00", "2024-01-10T00:00")


@pytest.mark.parametrize(("interval", "before", "within"), [HOURS, DAYS], ids=["hour", "day"])
def test_a_bar_that_came_whole_with_a_split_within_is_adjusted_as_of_its_end(home, tmp_path, interval, before, within):
    head = "time,open,high,low,close,volume"
    rows = f"{head}\n{before}:00Z,40,41,39,40,100\n{within}:00Z,40,41,9,10,100\n"
    home.json("import", home.file("bars.csv", rows), *ACME[:2], "--interval", interval, "--stamp", "open")
    home.json("import", home.file("actions.csv", "ACME,2024-01-10,split,4:1\n"), "--format", "actions")
    view = home.view()
    try:
        [bars] = StoredMarket(view.history, "ACME").bars(interval, adjusted=True)
    finally:
        view.close()
    assert (bars.factor.tolist(), bars.split.tolist()) == ([0.25, 1.0], [0.25, 1.0])
    out = tmp_path / "out.csv"
    assert home.call("export", str(out), *ACME[:2], "--interval", interval, "--adjusted") == 0, home.errors
    closes = [float(row["close"]) for row in csv.DictReader(out.read_text().splitlines())]
    assert closes == [10.0, 10.0], "closes of before and after compare"


def test_the_json_of_a_list_is_one_document(home):
    assert home.call("data", "list", "--json") == 0
    assert isinstance(json.loads(home.output), list)
