"""How long a press must last to act where otherwise a second press is asked for: for hands that cannot press fast.

One value for the whole desktop, from the settings; 0 while it is off. Keys and buttons read it at each press.
"""

from functools import cache


class HoldToConfirm:
    """ms: how long, 0 for never."""

    ms = 0

    @property
    def words(self) -> str:
        """What to add to a sentence that asks for a second press, "" while it is off."""
        return f", or hold it {self.ms / 1_000:g} s" if self.ms else ""


@cache
def hold_to_confirm() -> HoldToConfirm:
    """Return the one value."""
    return HoldToConfirm()
