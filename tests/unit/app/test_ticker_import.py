"""Map files: the tickers that a symbol had, and its history read across them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.market import real_data
from tests.helpers.market_imports import DataHome

MAP = "20120518,fb,Q\n20240103,fb,Q\n20501231,meta,Q\n"
OTHER_MAP = "20120518,fb,Q\n20120518,fb,Q\n20110101,fb,Q\n20231399,x\n20230103,fb\n20501231,meta\n"
DAILY = ("--interval", "1d", "--new", "stock", "--calendar", "XNYS")


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    return DataHome(tmp_path / "home", capsys)


def days(home: DataHome, symbol: str, *days: int, price: int = 10) -> None:
    rows = "".join(f"2024-01-{day:02},{price}.00,{price}.00,{price}.00,{price}.00,1\n" for day in days)
    path = home.file(f"{symbol}.csv", "time,open,high,low,close,volume\n" + rows)
    home.json("import", path, "--symbol", symbol, *DAILY)


def exported(home: DataHome, symbol: str) -> list[tuple[str, str]]:
    path = home.root.parent / "out.csv"
    assert home.call("export", str(path), "--symbol", symbol, "--interval", "1d") == 0, home.errors
    return [(line[8:10], line.split(",")[1]) for line in path.read_text().splitlines()[1:]]


def test_a_history_read_by_todays_symbol_holds_the_rows_of_its_earlier_ticker(home):
    days(home, "FB", 2, 3, 4)
    days(home, "META", 2, 4, 5, price=20)
    assert [day for day, _ in exported(home, "META")] == ["02", "04", "05"]
    assert home.call("import", home.file("meta.csv", MAP)) == 0
    assert "map file of tickers, 1 change; META" in home.output
    assert "was FB up to 2024-01-03" in home.output
    assert exported(home, "META") == [("02", "10"), ("03", "10"), ("04", "20"), ("05", "20")]
    assert exported(home, "FB") == [("02", "10"), ("03", "10"), ("04", "10")]


def test_rows_under_todays_symbol_stand_where_none_came_under_the_earlier_one(home):
    days(home, "META", 2, 3, 4)
    home.json("import", home.file("meta.csv", MAP))
    assert [day for day, _ in exported(home, "META")] == ["02", "03", "04"]


def test_a_backtest_of_todays_symbol_plays_rows_of_the_earlier_one_alone(home):
    days(home, "FB", 2, 3)
    home.json("import", home.file("meta.csv", MAP))
    named = ("--symbol", "META", "--param", "symbol=META", "--param", "interval=1d")
    summary = home.json("backtest", "sma_cross:SmaCross", *named, "--interval", "1d", "--fees", "zero")
    assert summary["bars"] == 2


def test_the_same_file_changes_nothing_another_stays_until_replacing_and_bad_rows_are_told(home):
    home.json("import", home.file("meta.csv", MAP))
    assert home.call("import", home.file("meta.csv", MAP)) == 0
    assert "nothing changed" in home.output
    other = home.file("meta.csv", OTHER_MAP)
    [report] = home.json("import", other)
    assert (report["duplicates"], report["refused"], report["differing"]) == (1, 2, 2)
    assert [row["line"] for row in report["refused_rows"]] == [3, 4]
    home.json("import", other, "--replace")
    [report] = home.json("import", other)
    assert (report["known"], report["differing"]) == (2, 0)
    assert report["tickers"] == ["FB up to 2023-01-03"]


def test_tickers_stand_in_the_catalogue_and_are_deleted(home):
    home.json("import", home.file("meta.csv", MAP))
    [line] = home.json("data", "list")
    assert (line["holding"]["kind"], line["holding"]["symbol"], line["holding"]["rows"]) == ("SYMBOLS", "META", 2)
    assert home.call("data", "delete", "--symbol", "META", "--kind", "SYMBOLS", "--yes") == 0
    assert home.json("data", "list") == []


def test_the_real_map_file_tells_that_nothing_changed_its_name(home):
    [report] = home.json("import", str(real_data("lean/map_files/aapl.csv")))
    assert (report["symbols"], report["rows"], report["tickers"]) == (["AAPL"], 1, [])


def test_a_day_before_all_times_in_nanoseconds_is_refused_with_its_line(home):
    [report] = home.json("import", home.file("meta.csv", "00010101,fb\n20120518,fb\n20501231,meta\n"))
    assert (report["refused"], report["new"]) == (1, 1)
