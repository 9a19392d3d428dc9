"""Databases of market hours: what comes in, what is refused, and that bars and backtests go by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.market import real_data
from tests.helpers.market_imports import ACME, DataHome

NOON = [{"start": "04:00:00", "end": "10:00:00", "state": "premarket"},
        {"start": "10:00:00", "end": "12:00:00", "state": "market"},
        {"start": "13:00:00", "end": "1.00:00:00", "state": "market"}]  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def entry(**changed):
    week = {day: NOON if day != "sunday" else [] for day in DAYS}
    return {"exchangeTimeZone": "UTC", **week, "holidays": ["1/3/2024"], "earlyCloses": {"1/4/2024": "11:00:00"},
            "bankHolidays": ["1/8/2024"]} | changed  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    return DataHome(tmp_path / "home", capsys)


def database(home: DataHome, text: str) -> str:
    return home.file("market-hours.json", text)


def given(home: DataHome, **entries) -> str:
    named = {key.replace("_", "-").replace("every", "[*]"): found for key, found in entries.items()}
    return database(home, json.dumps({"entries": named}, indent=1))


def test_entries_come_in_once_and_the_report_says_what_is_left_out(home):
    path = given(home, Future_north_every=entry(), Future_north_ZZ=entry())
    [report] = home.json("import", path)
    assert (report["rows"], report["new"], report["markets"]) == (2, 2, ["north"])
    assert report["left_out"] == {
        "spans before and after regular hours": 12, "bank holidays, on which the market trades": 2,
    }  # fmt: skip
    assert home.call("import", path) == 0
    assert "2 rows from 2024-01-03 00:00:00Z to 2024-01-04 00:00:00Z" in home.output
    assert "nothing changed" in home.output
    changed = given(home, Future_north_every=entry(holidays=["1/5/2024"]))
    [report] = home.json("import", changed)
    assert (report["known"], report["differing"]) == (0, 1)
    home.json("import", changed, "--replace")
    view = home.view()
    try:
        assert view.history.hours()["north.future"].holidays == ("2024-01-05",)
        assert view.history.hours()["north.future.ZZ"].holidays == ("2024-01-03",)
    finally:
        view.close()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exchangeTimeZone": "Mars/Base"}, "is no zone"),
        ({"monday": [{"start": "10:00", "end": "25:00:00", "state": "market"}]}, "no time of day"),
        ({"monday": [NOON[2], NOON[1]]}, "lie across others"),
        ({"holidays": ["13/1/2024"]}, "month"),
        ({day: [] for day in DAYS}, "no day has hours"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_its_line_and_the_others_come_in(home, changed, said):
    path = given(home, Future_north_every=entry(), Future_south_every=entry(**changed))
    [report] = home.json("import", path)
    assert (report["rows"], report["refused"]) == (1, 1)
    [refused] = report["refused_rows"]
    assert said in refused["reason"]
    assert "Future-south-[*]" in Path(path).read_text().splitlines()[refused["line"] - 1]


def test_repeated_entries_and_years_without_a_day_are_told(home):
    one = json.dumps(entry(holidays=["1/3/2020", "1/3/2022"], earlyCloses={}))
    other = json.dumps(entry())
    key = '"Future-north-[*]": '
    path = database(home, '{"entries": {\n' + ",\n".join(key + found for found in (one, one, other)) + "}}")
    [report] = home.json("import", path)
    assert (report["rows"], report["duplicates"], report["refused"]) == (1, 1, 1)
    assert report["refused_rows"][0]["line"] == 4
    assert (report["gaps"], report["gap_list"][0]["symbol"]) == (1, "north.future")
    assert home.call("import", path, "--market", "south") == 1
    assert "holds no hours of south" in home.errors


def test_bars_of_an_instrument_that_names_imported_hours_lack_nothing_in_its_pause_and_on_its_holidays(home):
    home.json("import", given(home, Future_north_every=entry()))
    stamps = ("02T11:59", "02T13:01", "02T13:02", "04T10:00")
    rows = home.minutes(*(f"2024-01-{stamp}:00,10.00,10.00,10.00,10.00,1" for stamp in stamps))
    [report] = home.json("import", rows, *ACME, "--calendar", "north.future")
    assert [gap["missing"] for gap in report["gap_list"]] == [1, 657], "after the pause, and the rest of the day"
    assert home.call("data", "gaps") == 0
    assert home.output.count("missing") == 2
    assert home.call("import", rows, "--symbol", "OTHER", *ACME[2:], "--calendar", "south.future") == 1
    assert "'south.future' is none" in home.errors


def test_an_instrument_that_is_listed_has_the_hours_of_its_market(home):
    home.json("import", given(home, Future_north_every=entry(), Future_north_ZZ=entry()))
    head = "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size\n"
    listed = home.file("listed.csv", head + "north,ZZ,future,Z,USD,1,0.01,1\nnorth,YY,future,Y,USD,1,0.01,1\n")
    home.json("import", listed)
    minutes = ("--interval", "1m", "--stamp", "open", "--zone", "UTC")
    for symbol, calendar in (("ZZ", "north.future.ZZ"), ("YY", "north.future")):
        rows = home.minutes("2024-01-02T11:00:00,10.00,10.00,10.00,10.00,1")
        assert home.call("import", rows, "--symbol", symbol, *minutes) == 0
        assert f"hours of {calendar}" in home.output
        view = home.view()
        try:
            assert view.history.instrument(symbol).calendar == calendar
        finally:
            view.close()


def test_hours_stand_in_the_catalogue_and_are_deleted(home):
    home.json("import", given(home, Future_north_every=entry(), Future_north_ZZ=entry()))
    [line] = home.json("data", "list")
    held = line["holding"]
    assert (held["kind"], held["rows"], held["source"]) == ("HOURS", 2, "market-hours.json")
    assert home.call("data", "delete", "--kind", "HOURS", "--yes") == 0
    assert home.json("data", "list") == []


def test_the_real_database_comes_in_whole(home):
    [report] = home.json("import", str(real_data("lean/market-hours-database.json.gz")))
    assert (report["rows"], report["refused"], report["duplicates"]) == (549, 0, 0)
    assert len(report["markets"]) == 28


@pytest.mark.parametrize(
    "entries", ["5", '["a", "b"]', "[" * 100_000 + "]" * 100_000], ids=["a number", "names", "nesting"]
)
def test_a_database_of_another_shape_is_refused(home, entries):
    assert home.call("import", database(home, f'{{\n"entries": {entries}\n}}')) == 1
    assert "market-hours.json is no database of market hours" in home.errors


@pytest.mark.parametrize("holidays", [[5], ["1/1/99999999999999999999"]])
def test_an_entry_with_a_day_that_is_none_is_refused_and_the_others_come_in(home, holidays):
    [report] = home.json("import", given(home, Future_north_every=entry(holidays=holidays), Future_south_every=entry()))
    assert (report["refused"], report["new"]) == (1, 1)
