"""What tests of panels start from: a desktop without a window over an engine that a test steers, and one look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from tests.helpers.desktop_rig import DesktopRig
from workstation.desktop.theme import apply_theme, current_theme


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    """Return a desktop's context, ended with the test."""
    made = DesktopRig()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def same_look() -> Iterator[None]:
    """Leave the look as it was found: a larger text would cut what the next test reads."""
    before = current_theme()
    yield
    app = QApplication.instance()
    if isinstance(app, QApplication) and current_theme() != before:
        apply_theme(app, before)
