"""The bars of an alert's indicator: years of days are read aside, as an alert is kept and when it comes back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import on_engine, wait_for
from workstation.app.venues import SimulatedVenue
from workstation.domain.alerts import HOLDS_ALREADY, Alert, AlertState, ListAlerts, SaveAlert
from workstation.domain.market import Bar, BarType
from workstation.marketdata.intervals import bar_type_of

SYMBOL, DAYS = "AAPL", bar_type_of("1d")
NEWEST = 2
"""Days that the engine reads at once: the day that forms, and the one before."""

ENOUGH = 60
"""Bars that a reading gives, so that the test need not wait for years of them."""


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the threads that read a past of days, in order."""
    found: list[str] = []
    read = SimulatedVenue.history

    def history(
        venue: SimulatedVenue, symbol: str, bar_type: BarType, count: int, before: int | None = None
    ) -> Sequence[Bar]:
        if bar_type == DAYS and count > NEWEST:
            found.append(threading.current_thread().name.partition("_")[0])
        return read(venue, symbol, bar_type, min(count, ENOUGH), before)

    monkeypatch.setattr(SimulatedVenue, "history", history)
    return found


def test_days_of_an_alert_are_read_aside_as_it_is_kept_and_when_it_comes_back(
    tmp_path: Path, readers: list[str]
) -> None:
    alert = Alert(id="", symbol=SYMBOL, condition="sma_20 > 0", interval="1_DAY", name="trend", repeats=True)
    with running_headless(tmp_path) as program:
        cache = program.engine.core.market.cache
        wait_for(lambda: on_engine(program, lambda: cache.price(SYMBOL).is_fresh))
        holds = ask(program, "alert.save", SaveAlert(alert=alert, fire_now=None))
        assert (holds.code, readers) == (HOLDS_ALREADY, ["venue-past"]), "it is judged with its bars at hand"
        assert ask(program, "alert.save", SaveAlert(alert=alert)).ok
        assert readers == ["venue-past"]
    with running_headless(tmp_path) as program:

        def reading() -> str:
            (row,) = ask(program, "alert.list", ListAlerts()).data
            return row.reading if row.state is AlertState.ARMED else ""

        assert wait_for(reading).startswith("sma_20 ")
        assert readers == ["venue-past", "venue-past"]
