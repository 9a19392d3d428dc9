"""Own indicators that alerts read: stepped aside, bar by bar, and told of in words when they cannot be had."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

import pytest

from tests.helpers.market import MINUTE, T0
from tests.helpers.own_code import FAILS, SPAN
from workstation.app import alert_studies
from workstation.app.alert_studies import AlertStudies, Reading
from workstation.app.screens import EngineScreens
from workstation.domain.alerts import Alert
from workstation.domain.market import Bar, BarKind, BarType
from workstation.marketdata.history import BarHistory

MINUTES = BarType(BarKind.MINUTE, 1)
WAIT_S = 20.0
ALERT = Alert(id="a", symbol="ABC", condition="", interval="1_MINUTE")
COUNTING = """from workstation.marketdata.indicators.own import OwnIndicator


class Count(OwnIndicator):
    '''How many bars it was told of.'''

    def begin(self):
        self.told = 0

    def on_bar(self, bar):
        self.told += 1
        return self.told
"""


class Screens:
    """One series whose past is at hand."""

    def __init__(self) -> None:
        self.history = BarHistory("ABC", MINUTES, capacity=5_000, price_scale=0.01)

    def when_read(self, _wanted: Iterable[Any], then: Callable[[], None], *, at_leisure: bool = False) -> None:
        then()

    def open_series(self, _symbol: str, _bar_type: BarType, _count: int) -> BarHistory:
        return self.history


class Rig:
    """Studies whose engine is the test: calls are made when it says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "indicators"
        self.folder.mkdir()
        self.screens, self.calls, self.changed = Screens(), SimpleQueue[Callable[[], None]](), list[str]()
        self.studies = AlertStudies(
            cast("EngineScreens", self.screens), self.folder, self.calls.put, self.changed.append
        )

    def write(self, text: str, name: str = "span.py") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def bars(self, *closes: int) -> None:
        for close in closes:
            at = T0 + len(self.screens.history) * MINUTE
            self.screens.history.append(Bar("ABC", MINUTES, close, close, close, close, 100, 1, at, at + MINUTE))

    def ask(self, name: str) -> Reading | None:
        return self.studies.reading(ALERT, name)

    def come(self) -> None:
        """Let what was computed aside come to the engine."""
        self.calls.get(timeout=WAIT_S)()

    def read(self, name: str) -> Reading:
        """Return what is read of a name once it is at the newest bar."""
        self.ask(name)
        self.come()
        found = self.ask(name)
        assert found is not None
        return found


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.studies.close()


def test_an_own_indicator_is_read_at_the_last_closed_bar_with_its_figure_and_line(rig: Rig) -> None:
    rig.write(SPAN)
    rig.bars(10_100, 10_300, 10_200)
    assert rig.read("own.span.Span.high").value == 103.0
    assert rig.read("own.span.Span_2.low").value == 102.0001
    assert rig.changed == ["ABC", "ABC"]
    assert rig.ask("own.span.Span_4.high") is None  # asked for, and on its way


def test_it_goes_on_bar_by_bar_and_says_the_value_of_the_bar_before_until_it_has(rig: Rig) -> None:
    rig.write(COUNTING, "count.py")
    rig.bars(10_000, 10_001)
    assert rig.read("own.count.Count").value == 2
    rig.bars(10_002)
    found = rig.ask("own.count.Count")
    assert found is not None
    assert found.value == 2
    rig.come()
    rig.bars(10_003, 10_004, 10_005)
    assert rig.ask("own.count.Count") is None  # two bars behind is not said any more
    rig.come()
    found = rig.ask("own.count.Count")
    assert found is not None
    assert found.value == 6


def test_the_engines_thread_never_runs_it(rig: Rig) -> None:
    rig.write(COUNTING.replace("self.told += 1", "import threading; self.told = threading.get_ident()"), "count.py")
    rig.bars(10_000)
    assert rig.read("own.count.Count").value != threading.get_ident()


def test_an_edited_file_counts_from_the_next_bar_on(rig: Rig) -> None:
    rig.write(COUNTING, "count.py")
    rig.bars(10_000)
    assert rig.read("own.count.Count").value == 1
    rig.write(COUNTING.replace("return self.told", "return -self.told"), "count.py")
    rig.bars(10_001)
    assert rig.read("own.count.Count").value == -2


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (None, "own.span.Span", "there is no indicators/span.py"),
        ("class Span(:\n", "own.span.Span", "span.py, line 1: invalid syntax"),
        (SPAN, "own.span.Other", "span.py has no own indicator Other"),
        (SPAN, "own.span.Span_99", "bars: 99 is out of range"),
        (SPAN, "own.span.Span.middle", "Span has no line middle"),
        (FAILS, "own.span.Span", "span.py, line 18: ZeroDivisionError: float division by zero"),
        (SPAN.replace("self.seen.append(bar)", "raise SystemExit"), "own.span.Span", "ends the program"),
    ],
)
def test_one_that_cannot_be_had_has_no_value_and_says_why(
    rig: Rig, text: str | None, name: str, words: str, logged: list[dict[str, Any]]
) -> None:
    if text is not None:
        rig.write(text)
    rig.bars(10_100, 10_200, 10_300)
    found = rig.read(name)
    assert words in found.trouble
    assert (math.isnan(found.value), found.number) == (True, None)
    assert {line["event"] for line in logged} <= {"indicator_not_loaded"}


def test_one_that_does_not_end_is_interrupted_and_the_next_bar_tries_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_studies, "STEPS_S", 0.05)
    rig.write(COUNTING.replace("self.told += 1", "while bar.close == 100.0: pass"), "count.py")
    rig.bars(10_000)
    assert rig.read("own.count.Count").trouble == "Count took over 0.05 s"
    rig.write(COUNTING, "count.py")
    rig.bars(10_001)
    assert rig.read("own.count.Count").value == 2


def test_an_alert_that_is_kept_waits_for_its_values_and_looks_at_the_file_anew(rig: Rig) -> None:
    rig.bars(10_100)
    kept: list[Reading | None] = []
    for text in (COUNTING, COUNTING.replace("return self.told", "return 7")):
        rig.write(text, "count.py")
        names = {"own.count.Count", "last"}
        rig.studies.when_read(ALERT, names, lambda: kept.append(rig.ask("own.count.Count")))
        rig.come()
    assert [found.value for found in kept if found is not None] == [1, 7]


def test_names_that_are_no_indicators_are_not_waited_for(rig: Rig) -> None:
    told: list[str] = []
    rig.studies.when_read(ALERT, {"last", "bid"}, lambda: told.append("at once"))
    assert told == ["at once"]
    assert rig.ask("last") is None


def test_an_indicator_of_the_catalogue_is_read_at_once(rig: Rig) -> None:
    rig.bars(10_000, 10_200)
    found = rig.ask("sma_2")
    assert found is not None
    assert found.value == 101.0
    assert rig.calls.empty()


def test_what_is_asked_after_the_end_is_answered(rig: Rig) -> None:
    rig.bars(10_000)
    rig.studies.close()
    told: list[str] = []
    rig.studies.when_read(ALERT, {"own.count.Count"}, lambda: told.append("answered"))
    assert (told, rig.ask("own.count.Count")) == (["answered"], None)
