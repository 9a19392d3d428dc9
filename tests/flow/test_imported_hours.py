"""A program goes by the trading hours that were imported into its home, and a replay by those of the home beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from workstation.__main__ import main
from workstation.app.data_hours import adopt_hours_of
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


def test_hours_of_a_home_that_is_not_open_are_read_beside_and_none_are_no_fault(home: Path, tmp_path: Path) -> None:
    adopt_hours_of("", home)
    assert Calendars()["north.equity"].name == "north.equity"
    adopt_hours_of("", tmp_path / "nothing")
    assert Calendars()["north.equity"].name == "north.equity"
