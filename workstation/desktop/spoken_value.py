"""What a control that paints itself says to a screen reader: its value in words, made when it is asked for.

Read walk, beside the painters. Live values announce nothing by themselves, and no frame costs anything for this.
"""

from functools import cache
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


@runtime_checkable
class SpeaksValue(Protocol):
    """A control that paints itself and says what stands there."""

    spoken_role: QAccessible.Role

    def spoken_value(self) -> str:
        """Return what is painted, in words."""
        ...


class SpokenControl(QAccessibleWidget):
    """A painted control with its value, which is its description too: readers ask for the one or the other."""

    # Qt overrides

    def text(self, kind: QAccessible.Text) -> str:
        """Return name, value or description."""
        widget = self.widget()
        if kind in (QAccessible.Text.Value, QAccessible.Text.Description) and isinstance(widget, SpeaksValue):
            return widget.spoken_value()
        return super().text(kind)


@cache
def offer_values() -> None:
    """Let Qt find the value of every control that has one; the second call does nothing."""
    QAccessible.installFactory(_control_of)


def _control_of(_kind: str, widget: QObject) -> QAccessibleInterface | None:
    if isinstance(widget, QWidget) and isinstance(widget, SpeaksValue):
        return SpokenControl(widget, widget.spoken_role)
    return None
