"""A program goes by the trading hours that were imported into its home, and a replay by those of the home beside it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.helpers.product_rig import ask, product_options, running_headless
from workstation.__main__ import main
from workstation.app.data_hours import adopt_hours_of
from workstation.app.runs import _started
from workstation.commands.data import DeleteSeries, ImportFile
from workstation.commands.registry import NoParams
from workstation.domain.errors import NotFound
from workstation.marketdata.calendar import Calendars

DAY = [{"start": "09:00:00", "end": "15:00:00", "state": "market"}]
HOURS = {"entries": {"Equity-north-[*]": {"exchangeTimeZone": "UTC", "monday": DAY}}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home into which hours were imported by a process that has ended."""
    file = tmp_path / "hours.json"
    file.write_text(json.dumps(HOURS, indent=1))
    assert main(["import", str(file), "--home", str(tmp_path / "home")]) == 0
    Calendars.adopt({})
    return tmp_path / "home"


def test_a_program_knows_the_hours_of_its_home(home: Path) -> None:
    with pytest.raises(NotFound):
        Calendars()["north.equity"]
    with running_headless(home, "--no-api"):
        assert Calendars()["north.equity"].name == "north.equity"


def test_hours_that_are_imported_or_deleted_have_the_open_series_of_the_program_cut_anew(tmp_path: Path) -> None:
    file = tmp_path / "hours.json"
    file.write_text(json.dumps(HOURS, indent=1))
    with running_headless(tmp_path / "home", "--no-api") as program:
        cut: list[int] = []
        series = program.engine.core.market.series
        looked, series.miscut = series.miscut, lambda: cut.append(Calendars.generation) or looked()
        before = Calendars.generation
        assert ask(program, "data.import", ImportFile(path=str(file))).ok
        [line] = ask(program, "data.board", NoParams()).data.lines
        held = line.holding
        gone = DeleteSeries(symbol=held.symbol, kind=held.kind, interval=held.interval, source=held.source)
        assert ask(program, "data.delete", gone).ok
        assert len(cut) == 2
        assert before < cut[0] < cut[1]


def test_hours_of_a_home_that_is_not_open_are_read_beside_and_none_are_no_fault(home: Path, tmp_path: Path) -> None:
    adopt_hours_of("", home)
    assert Calendars()["north.equity"].name == "north.equity"
    adopt_hours_of("", tmp_path / "nothing")
    assert Calendars()["north.equity"].name == "north.equity"


def test_a_replay_starts_with_the_hours_of_the_home_beside_it(home: Path, tmp_path: Path) -> None:
    capture = tmp_path / "trades.zip"
    with zipfile.ZipFile(capture, "w") as packed:
        packed.writestr("20131008_abc_Trade_Tick.csv", "34200000,1000000,100,P,1,0\n34260000,1010000,100,P,1,0\n")
    options = product_options(home, "--no-api", "--feed", f"replay:{capture}")
    assert options.store_folder != options.home.root, "a replay has a database of its own"
    program = _started(options)
    try:
        assert Calendars()["north.equity"].name == "north.equity"
    finally:
        program.stop()
