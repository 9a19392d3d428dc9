"""Where the keyboard is can be seen on a filled button in every theme, and having it moves nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.desktop.colors import contrast_ratio
from workstation.desktop.theme import TEXT_SCALE_MAX, THEME_NAMES, apply_theme, load_theme

SEEN = 3.0
"""Contrast that a shape needs, here of a pixel against what it was before."""


def of_both(qtbot: QtBot, role: str, *, tight: bool) -> tuple[QPushButton, QPushButton, QWidget]:
    """Return two like buttons in a window that is shown, the first of which has the keyboard."""
    window = QWidget()
    row = QHBoxLayout(window)
    pair = [QPushButton("Send buy"), QPushButton("Send buy")]
    for button in pair:
        button.setProperty("role", role)
        button.setProperty("tight", tight)
        row.addWidget(button)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    pair[0].setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert pair[0].hasFocus()
    return pair[0], pair[1], window


def changed(before: QImage, after: QImage) -> int:
    """Return how many pixels are told apart from what they were."""
    return sum(
        contrast_ratio(QColor(before.pixel(x, y)), QColor(after.pixel(x, y))) >= SEEN
        for y in range(before.height())
        for x in range(before.width())
    )


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("role", ["primary", "buy", "sell", "danger"])
def test_a_filled_button_shows_that_it_has_the_keyboard(
    theme: str, role: str, qapp: QApplication, qtbot: QtBot
) -> None:
    apply_theme(qapp, load_theme(theme))
    try:
        one, other, _window = of_both(qtbot, role, tight=False)
        around = 2 * (one.width() + one.height())
        assert changed(other.grab().toImage(), one.grab().toImage()) >= around * 3 // 4
    finally:
        apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
@pytest.mark.parametrize("tight", [False, True])
def test_a_button_keeps_its_size_when_it_gets_the_keyboard(
    text_scale: float, tight: bool, qapp: QApplication, qtbot: QtBot
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        for role in ("primary", "buy", "sell", "danger", "quiet", ""):
            one, other, _window = of_both(qtbot, role, tight=tight)
            assert one.sizeHint() == other.sizeHint(), role
    finally:
        apply_theme(qapp, load_theme("dark"))
