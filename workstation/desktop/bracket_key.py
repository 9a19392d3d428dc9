"""The key that, held with the mouse, attaches a bracket to an entry and takes all its legs along in a drag.

Alt, or another that the settings name where the window manager takes Alt and a drag for itself. One value for the whole
desktop; gestures of the mouse read it at each press. Keys without the mouse stay with Alt.
"""

from functools import cache

from PySide6.QtCore import Qt

_KEYS = {
    "alt": ("Alt", Qt.KeyboardModifier.AltModifier, Qt.Key.Key_Alt),
    "ctrl": ("Ctrl", Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Control),
    "meta": ("Meta", Qt.KeyboardModifier.MetaModifier, Qt.Key.Key_Meta),
}


class BracketKey:
    """name: alt, ctrl or meta, as the setting says it."""

    name = "alt"

    @property
    def word(self) -> str:
        """The key as keyboards print it."""
        return _KEYS[self.name][0]

    @property
    def modifier(self) -> Qt.KeyboardModifier:
        """The key as an event of the mouse carries it."""
        return _KEYS[self.name][1]

    @property
    def key(self) -> Qt.Key:
        """The key as its own press and release carry it."""
        return _KEYS[self.name][2]

    def held(self, modifiers: Qt.KeyboardModifier) -> bool:
        """Tell whether it is among the keys held with the mouse."""
        return bool(modifiers & self.modifier)


@cache
def bracket_key() -> BracketKey:
    """Return the one value."""
    return BracketKey()
