"""The keyboard given back by what covered a window: to what had it, else to the window itself.

Left alone, Qt hands it to the next control in its chain, and Enter would press that: in a fresh window the arm chip.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid


def give_back(before: QWidget | None, window: QWidget) -> None:
    """Give the keyboard to what had it before, where that is still there and in sight; else to the window."""
    if before is not None and isValid(before) and before.isVisible():
        before.setFocus(Qt.FocusReason.OtherFocusReason)
    else:
        window.setFocus(Qt.FocusReason.OtherFocusReason)
