"""`workstation import`: whole files, once, with a report of what was refused, and nothing guessed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.helpers.market_imports import ACME, HEADER, DataHome
from workstation.app import import_files
from workstation.app.import_options import ImportOptions
from workstation.app.import_report import REASONS_MAX, FileReport
from workstation.app.import_stamps import Stamp
from workstation.storage.market_imports import open_imports

FIRST = "2024-01-02T15:00:00,10.00,10.50,9.50,10.25,100"
SECOND = "2024-01-02T15:01:00,10.25,10.25,10.00,10.00,50"
FIRST_NS = 1_704_207_600 * 10**9


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    return DataHome(tmp_path / "home", capsys)


def bars(home: DataHome, interval: str = "1_MINUTE") -> list[tuple[int, ...]]:
    view = home.view()
    try:
        found = []
        for chunk in view.history.open_bars("ACME", interval, None, None):
            columns = (chunk.ts_open, chunk.ts_close, chunk.open, chunk.high, chunk.low, chunk.close, chunk.volume)
            found += list(zip(*(column.tolist() for column in columns), strict=True))
        return found
    finally:
        view.close()


def test_bars_are_stored_exactly_on_the_instruments_decimals(home):
    [report] = home.json("import", home.minutes(FIRST, SECOND), *ACME)
    assert (report["rows"], report["new"], report["created"]) == (2, 2, ["ACME"])
    assert bars(home)[0] == (FIRST_NS, FIRST_NS + 60 * 10**9, 1000, 1050, 950, 1025, 100)


def test_the_stamp_of_a_close_lies_one_bar_after_its_open(home):
    arguments = [("close" if word == "open" else word) for word in ACME]
    home.json("import", home.minutes(FIRST), *arguments)
    assert bars(home)[0][0] == FIRST_NS - 60 * 10**9


def test_importing_twice_changes_nothing_and_says_so(home):
    path = home.minutes(FIRST, SECOND)
    home.json("import", path, *ACME)
    before = bars(home)
    assert home.call("import", path, *ACME) == 0
    assert "nothing changed" in home.output
    assert bars(home) == before


def test_the_report_says_which_columns_were_found(home):
    home.call("import", home.minutes(FIRST), *ACME)
    assert "time=timestamp, open=open" in home.output


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-01-02T15:01:00,10,9,11,10,5", "high is below low"),
        ("2024-01-02T15:01:00,12,11,9,10,5", "open or close outside"),
        ("2024-01-02T15:01:00,nan,11,9,10,5", "not a plain decimal"),
        ("2024-01-02T15:01:00,11,12", "3 of 6 columns"),
        ("2024-01-02T15:01:00,10.001,11,9,10,5", "more than 2 decimals"),
        ("2024-01-02T15:01:00,10,11,9,10,-5", "negative"),
        ("2024-01-02T15:01:00,10,11,-9,10,5", "not above 0"),
        ("2024-01-02T15:01:30,10,11,9,10,5", "off the interval's grid"),
        ("2024-01-02T14:01:00,10,11,9,10,5", "earlier than the row above"),
        ("2024-01-02T15:00:00,10,11,9,10,5", "same time as the row above it"),
        ("soon,10,11,9,10,5", "isoformat"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_its_reason_and_the_rest_is_stored(home, row, reason):
    last = "2024-01-02T15:02:00,10,11,9,10,5"
    [report] = home.json("import", home.minutes(FIRST, row, last), *ACME)
    [refused] = report["refused_rows"]
    assert refused["line"] == 3
    assert reason in refused["reason"]
    assert len(bars(home)) == 2


def test_a_price_off_the_tick_is_refused(home):
    [report] = home.json("import", home.minutes(FIRST, SECOND.replace("10.25", "10.26", 2)), *ACME, "--tick", "5")
    assert report["reasons"] == {"price is off the tick": 1}


def test_a_repeated_row_is_a_duplicate_and_no_fault(home):
    [report] = home.json("import", home.minutes(FIRST, FIRST, SECOND), *ACME)
    assert (report["duplicates"], report["refused"], report["new"]) == (1, 0, 2)


def test_a_header_that_anybodys_bars_have_is_not_taken_for_a_known_file(home):
    plain = Path(home.minutes(FIRST, SECOND, name="btc_perp_mine.csv"))
    [report] = home.json("import", str(plain), *ACME, "--dry-run")
    assert report["symbols"] == ["ACME"], "what the call says goes before the name of the file"
    plain = Path(home.minutes(FIRST, SECOND))
    packed = plain.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        assert home.call("import", str(path)) == 1
        assert "give --symbol" in home.errors
    [report] = home.json("import", str(packed), *ACME)
    assert (report["symbols"], report["new"]) == (["ACME"], 2)


MINUTE_FILE = (
    "20131007_spy_minute_trade.csv",
    [
        "34200000,1674100,1674100,1672500,1672700,3197",
        "34260000,1672500,1672500,1672500,1672500,1150",
    ],
)
TICKERS = (
    "Ticker,Date,Open,High,Low,Close,Volume,Adj Close",
    [
        "ACME,2024-01-02,10,11,9,10,5,10",
        "ACME,2024-01-03,10,11,9,10,5,10",
    ],
)


def zipped_minutes(folder: Path, rows: list[str]) -> str:
    path = folder / "spy_20131007_trade.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MINUTE_FILE[0], "\n".join(rows))
    return str(path)


def daily_of_tickers(folder: Path, rows: list[str]) -> str:
    path = folder / "days.csv"
    path.write_text("\n".join([TICKERS[0], *rows]))
    return str(path)


@pytest.mark.parametrize(("written", "rows"), [(zipped_minutes, MINUTE_FILE[1]), (daily_of_tickers, TICKERS[1])])
def test_a_known_file_that_repeats_a_bar_has_a_duplicate_and_one_that_contradicts_itself_a_refused_row(
    home, tmp_path, written, rows
):
    first, second = rows
    path = written(tmp_path, [first, first, first[:-1] + "9", second])
    [report] = home.json("import", path)
    assert (report["rows"], report["new"], report["duplicates"], report["refused"]) == (2, 2, 1, 1)
    assert report["reasons"] == {"same time as the row above it, other values": 1}
    assert home.call("import", path) == 0
    assert home.output.partition(": ")[2].startswith(("LEAN minutes of trades, 1", "daily bars of stocks by ticker, 1"))


def test_splits_and_dividends_are_known_by_what_the_file_says(home):
    factors = home.file("acme.csv", "20240102,0.99,0.5,10\n20240103,0.99,1,10\n20501231,1,1,0\n")
    [report] = home.json("import", factors)
    assert (report["found"], report["symbols"]) == ("factor file of splits and dividends", ["ACME"])
    rows = home.file("actions.csv", "symbol,ex_date,kind,value\nACME,2024-02-02,split,2:1\n")
    [report] = home.json("import", rows)
    assert (report["found"], report["new"]) == ("CSV of splits and dividends", 1)


def test_numbers_with_more_decimals_than_the_instrument_are_told_once_with_the_options_that_help(home):
    rows = [f"2024-01-02T15:{minute:02}:00,10,11,9,10,5.{minute:02}" for minute in range(1, 60)]
    assert home.call("import", home.minutes(*rows), *ACME) == 1
    assert home.output.count("--qty-decimals") == 1
    code = home.call("import", home.minutes(*rows), *ACME, "--json")
    [report] = json.loads(home.output)
    assert (code, report["reasons"]) == (1, {"volume or size has more than 0 decimals": 59})


def test_what_a_report_tells_of_reasons_is_bounded():
    report = FileReport(file="x", found="")
    for number in range(REASONS_MAX + 10):
        report.refuse(number, f"reason {number}", "")
    assert len(report.reasons) == REASONS_MAX + 1
    assert report.reasons["other reasons"] == 10
    assert sum(report.reasons.values()) == report.refused


def test_gaps_are_named_with_what_is_missing(home):
    later = "2024-01-02T15:05:00,10,11,9,10,5"
    [report] = home.json("import", home.minutes(FIRST, SECOND, later), *ACME)
    [gap] = report["gap_list"]
    assert (gap["start"], gap["missing"]) == (FIRST_NS + 120 * 10**9, 3)


def test_a_closed_market_is_no_gap(home):
    friday, monday = "2024-01-05T20:59:00,10,11,9,10,5", "2024-01-08T14:30:00,10,11,9,10,5"
    [report] = home.json("import", home.minutes(friday, monday), *ACME, "--calendar", "XNYS")
    assert report["gaps"] == 0


@pytest.mark.parametrize(
    ("left_out", "named"), [("--stamp", "--stamp open or close"), ("--zone", "--zone"), ("--interval", "--interval")]
)
def test_what_only_a_person_can_know_is_asked_for_and_never_guessed(home, left_out, named):
    at = ACME.index(left_out)
    code = home.call("import", home.minutes(FIRST), *ACME[:at], *ACME[at + 2 :])
    assert code == 1
    assert named in home.errors
    assert len(home.errors.splitlines()) == 1


def test_an_unknown_instrument_is_refused_with_the_option_that_makes_it(home):
    assert home.call("import", home.minutes(FIRST), *ACME[:-2]) == 1
    assert "--new" in home.errors


def test_an_instrument_of_an_earlier_import_is_known(home):
    home.json("import", home.minutes(FIRST), *ACME)
    [report] = home.json("import", home.minutes(SECOND, name="more.csv"), *ACME[:-2])
    assert (report["new"], report["created"]) == (1, [])


def test_a_bar_with_other_values_stays_until_replacing_is_asked_for(home):
    home.json("import", home.minutes(FIRST), *ACME)
    changed = home.minutes(FIRST.replace("10.25", "10.20"))
    [report] = home.json("import", changed, *ACME)
    assert (report["new"], report["differing"], bars(home)[0][5]) == (0, 1, 1025)
    home.json("import", changed, *ACME, "--replace")
    assert bars(home)[0][5] == 1020


def test_a_dry_run_reports_and_stores_nothing(home):
    [report] = home.json("import", home.minutes(FIRST), *ACME, "--dry-run")
    assert (report["rows"], report["stored"]) == (1, False)
    assert bars(home) == []


def test_an_interrupt_leaves_nothing_of_its_file(home):
    path = Path(home.minutes(*(f"2024-01-02T{15 + at // 60}:{at % 60:02}:00,10,11,9,10,5" for at in range(120))))
    options = ImportOptions(symbol="ACME", interval="1m", stamp=Stamp.OPEN, zone="UTC", new="stock")
    imports = open_imports("", home.root, 1)

    def interrupt(report: FileReport, _done: float) -> None:
        if report.rows:
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            import_files.import_file(path, options, imports, interrupt)
        assert imports.history.holdings() == ()
        assert imports.history.instrument("ACME") is None
    finally:
        imports.close()


def test_columns_may_be_named_or_numbered(home):
    named = home.file("named.csv", "When;x\n".replace(";", ",") + "")
    assert home.call("import", named, *ACME) == 1
    assert "its header says When, x" in home.errors
    bare = home.file("bare.csv", FIRST + "\n")
    places = "time=0,open=1,high=2,low=3,close=4,volume=5"
    home.json("import", bare, *ACME, "--columns", places)
    assert len(bars(home)) == 1


def test_a_daily_bar_spans_the_session_of_its_date(home):
    rows = home.minutes("2024-01-02,10,11,9,10,5")
    home.json("import", rows, "--symbol", "ACME", "--interval", "1d", "--new", "stock", "--calendar", "XNYS")
    opened, closed = bars(home, "1_DAY")[0][:2]
    assert (opened, closed) == (1_704_205_800 * 10**9, 1_704_229_200 * 10**9)


def test_a_file_that_does_not_exist_is_one_line_and_the_others_are_imported(home):
    code = home.call("import", "missing.csv", home.minutes(FIRST), *ACME)
    assert code == 1
    assert home.errors == "workstation: missing.csv: file: missing.csv does not exist\n"
    assert len(bars(home)) == 1


def test_a_home_that_a_program_runs_on_is_refused(home):
    imports = open_imports("", home.root, 1)
    try:
        assert home.call("import", home.minutes(FIRST), *ACME) == 1
        assert "in use by" in home.errors
    finally:
        imports.close()


def test_parquet_comes_in_as_csv_does(home):
    arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra `parquet` is not installed")
    columns = {"timestamp": ["2024-01-02T15:00:00"], "open": [10.0], "high": [10.5], "low": [9.5], "close": [10.25]}
    path = home.root.parent / "acme.parquet"
    parquet.write_table(arrow.table(columns | {"volume": [100]}), path)
    home.json("import", str(path), *ACME)
    assert bars(home)[0][2:] == (1000, 1050, 950, 1025, 100)


def _damaged(kind: str) -> bytes:
    rows = (
        HEADER + "".join(f"2024-01-02T{hour:02}:00:00Z,1,2,1,2,{hour * 7919}\n" for hour in range(24)) * 900
    ).encode()
    packed = gzip.compress(rows)
    if kind == "zip":
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows.csv", rows)
        return whole.getvalue()[:-30]
    return {
        "cut.gz": packed[: len(packed) // 2],
        "spoilt.gz": packed[:60] + bytes(40) + packed[100:],
        "parquet": b"PAR1 and nothing of it PAR1",
    }[kind]


@pytest.mark.parametrize("kind", ["cut.gz", "spoilt.gz", "zip", "parquet"])
def test_a_damaged_file_is_refused_in_one_line_and_stores_nothing(home, kind):
    path = home.root.parent / f"acme.csv.{kind}"
    path.write_bytes(_damaged(kind))
    assert home.call("import", str(path), *ACME[:3], "1h", *ACME[4:]) == 1
    assert f"acme.csv.{kind} is damaged" in home.errors
    assert home.errors.count("\n") == 1
    assert bars(home) == []


def test_an_empty_file_is_refused_in_one_line(home):
    assert home.call("import", home.file("acme.csv", ""), *ACME) == 1
    assert "acme.csv is empty" in home.errors


def test_a_cell_of_no_sensible_length_is_a_bad_row(home):
    [report] = home.json("import", home.minutes(FIRST, SECOND.replace("50", "5" * 200_000)), *ACME)
    assert (report["new"], report["refused"]) == (1, 1)
    assert home.call("import", home.file("acme.csv", "5" * 200_000), *ACME) == 1
    assert "its first line is no row" in home.errors
