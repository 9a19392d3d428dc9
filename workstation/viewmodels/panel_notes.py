"""One line that a panel shows when its data cannot be believed: what is wrong, since when, what works. Qt-free."""

import msgspec

from workstation.viewmodels.formats import time_of_day
from workstation.viewmodels.frames import StatusSnap

UP = "UP"


class PanelNote(msgspec.Struct, frozen=True):
    """level: info, warning or danger; text: one sentence, "" for nothing to say."""

    level: str = "info"
    text: str = ""


NOTHING = PanelNote()
WAITING = PanelNote("info", "Waiting for the engine…")


class ConnectionWatch:
    """Notes when the venue or the feed went away, so that what stays on screen can say "as of"."""

    def __init__(self) -> None:
        self._status: StatusSnap | None = None
        self._venue_left = 0
        self._feed_left = 0

    @property
    def heard(self) -> bool:
        """True once the engine has reported."""
        return self._status is not None

    @property
    def venue_up(self) -> bool:
        """True while the venue can be reached, or nothing is known yet."""
        return self._status is None or self._status.venue_state == UP

    @property
    def feed_up(self) -> bool:
        """True while prices can come, or nothing is known yet."""
        return self._status is None or self._status.feed_state == UP

    def take(self, status: StatusSnap) -> None:
        """Fold a status in."""
        self._status = status
        self._venue_left = 0 if status.venue_state == UP else self._venue_left or status.now_ns
        self._feed_left = 0 if status.feed_state == UP else self._feed_left or status.now_ns

    def orders_note(self) -> PanelNote:
        """Return what a list of orders, fills or positions says."""
        if self._status is None:
            return WAITING
        if not self.venue_up:
            since = time_of_day(self._venue_left)[:8]
            text = f"Disconnected: as of {since}. Live orders read UNKNOWN until the venue answers; exits are refused."
            return PanelNote("danger", text)
        return NOTHING

    def prices_note(self) -> PanelNote:
        """Return what a list of prices says."""
        if self._status is None:
            return WAITING
        if not self.feed_up:
            since = time_of_day(self._feed_left)[:8]
            return PanelNote("danger", f"Feed {self._status.feed} is {self._status.feed_state}: prices as of {since}.")
        return NOTHING
