"""What tests of panels start from: a desktop without a window, over an engine that a test steers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.desktop_rig import DesktopRig


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    """Return a desktop's context, ended with the test."""
    made = DesktopRig()
    yield made
    made.stop()
