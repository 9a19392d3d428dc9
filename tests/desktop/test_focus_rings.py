"""Where the keyboard is can be seen on every control without a caret in every theme, and having it moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.desktop.colors import contrast_ratio
from workstation.desktop.theme import TEXT_SCALE_MAX, THEME_NAMES, apply_theme, load_theme

SEEN = 3.0
"""Contrast that a shape needs, here of a pixel against what it was before."""


def button(role: str, *, tight: bool = False) -> QPushButton:
    made = QPushButton("Send buy")
    made.setProperty("role", role)
    made.setProperty("tight", tight)
    return made


def choice(*, tight: bool = False) -> QComboBox:
    made = QComboBox()
    made.addItems(["Limit", "Market"])
    made.setProperty("tight", tight)
    return made


def of_both(qtbot: QtBot, make: Callable[[], QWidget]) -> tuple[QWidget, QWidget, QWidget]:
    """Return two like controls in a window that is shown, the first of which has the keyboard."""
    window = QWidget()
    row = QHBoxLayout(window)
    pair = make(), make()
    for control in pair:
        row.addWidget(control)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    pair[0].setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert pair[0].hasFocus()
    return *pair, window


def changed(before: QImage, after: QImage) -> int:
    """Return how many pixels are told apart from what they were."""
    return sum(
        contrast_ratio(QColor(before.pixel(x, y)), QColor(after.pixel(x, y))) >= SEEN
        for y in range(before.height())
        for x in range(before.width())
    )


MAKES: dict[str, Callable[[], QWidget]] = {
    **{role or "plain": partial(button, role) for role in ("", "quiet", "primary", "buy", "sell", "danger")},
    "tight": partial(button, "quiet", tight=True),
    "tight buy": partial(button, "buy", tight=True),
    "choice": choice,
    "tight choice": partial(choice, tight=True),
    "check": partial(QCheckBox, "Short"),
}


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("name", sorted(MAKES))
def test_a_control_shows_that_it_has_the_keyboard(theme: str, name: str, qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, load_theme(theme))
    try:
        one, other, _window = of_both(qtbot, MAKES[name])
        box = QSize(12, 12) if isinstance(one, QCheckBox) else one.size()
        around = 2 * (box.width() + box.height())
        assert changed(other.grab().toImage(), one.grab().toImage()) >= around * 3 // 4
    finally:
        apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
@pytest.mark.parametrize("name", sorted(MAKES))
def test_a_control_keeps_its_size_when_it_gets_the_keyboard(
    text_scale: float, name: str, qapp: QApplication, qtbot: QtBot
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        one, other, _window = of_both(qtbot, MAKES[name])
        assert one.sizeHint() == other.sizeHint()
    finally:
        apply_theme(qapp, load_theme("dark"))
