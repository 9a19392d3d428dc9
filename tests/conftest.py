"""What every test starts from: no display, a UTF-8 locale, and hypothesis profiles that repeat."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.environ.get("LC_ALL") in {"C", "POSIX"}:
    os.environ["LC_ALL"] = "C.UTF-8"  # Qt warns of any other encoding, and a Qt warning fails a test

# A failure in one run is a failure in the next: examples come from the test, not from the clock.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the static checks that failed before the tests began, so that a green closing line hides nothing."""
    failed = os.environ.get("WORKSTATION_FAILED_CHECKS")
    if failed:
        terminalreporter.section("FAILED before the tests", red=True)
        terminalreporter.line(f"{failed}: see the output above the tests")
