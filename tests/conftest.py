"""What every test starts from and has to leave: no display, repeatable examples, no leak and no unexpected warning."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.helpers.leaks import Heap, ThreadWatch, WarningWatch, WindowWatch
from tests.helpers.schema_once import ONCE
from workstation.marketdata.calendar import Calendars

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.environ.get("LC_ALL") in {"C", "POSIX"}:
    os.environ["LC_ALL"] = "C.UTF-8"  # Qt warns of any other encoding, and a Qt warning fails a test

# A failure in one run is a failure in the next: examples come from the test, not from the clock. The fixtures below
# watch a test as a whole, so it does not matter that they are not renewed for each example.
QUIETED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=QUIETED)
settings.register_profile("nightly", deadline=None, max_examples=2_000, suppress_health_check=QUIETED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running or a window standing."""
    watches = (ThreadWatch(), WindowWatch())
    yield
    left = [leak for watch in watches for leak in watch.leaked()]
    if left:
        pytest.fail("left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _warning_watch() -> Iterator[WarningWatch]:
    """Collect what is logged at warning level or above; whatever a test configures of logging ends with it."""
    watch = WarningWatch()
    root = logging.getLogger()
    root.addHandler(watch)
    structlog.configure(processors=[watch])
    yield watch
    structlog.reset_defaults()
    root.removeHandler(watch)


@pytest.fixture(autouse=True)
def _calendars_as_built_in() -> Iterator[None]:
    """Let no test meet the trading hours that another one imported."""
    yield
    Calendars.adopt({})


@pytest.fixture
def logged(_warning_watch: WarningWatch) -> list[dict[str, Any]]:
    """Return the growing list of logged warnings, for a test that expects and checks them."""
    return _warning_watch.events


@pytest.fixture(autouse=True)
def _no_unexpected_warning(request: pytest.FixtureRequest, _warning_watch: WarningWatch) -> Iterator[None]:
    """Fail a test that logs a warning without asking for `logged` or `caplog`."""
    yield
    if _warning_watch.events and not {"logged", "caplog"} & set(request.fixturenames):
        lines = "; ".join(str(event) for event in _warning_watch.events)
        pytest.fail(f"logged warnings, and the test does not ask for `logged`: {lines}", pytrace=False)


HEAP = Heap()
ONCE.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, bool | None, bool | None]:
    """Look at the heap once a test is wholly over."""
    result = yield
    HEAP.count_test()
    return result


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later garbage collection."""
    gc.collect()
    gc.freeze()
