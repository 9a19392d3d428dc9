"""One line that a panel shows when its data cannot be believed: what is wrong, since when, what works. Qt-free."""

from typing import Final

import msgspec

from workstation.viewmodels.formats import time_of_day
from workstation.viewmodels.frames import StatusSnap

UP = "UP"
LOADING_NS: Final = 150_000_000
"""How long a panel waits before it says so."""
SILENT_NS: Final = 5_000_000_000
"""How long the engine may say nothing before a panel says so; it reports several times a second."""


class PanelNote(msgspec.Struct, frozen=True):
    """level: info, warning or danger; text: one sentence, "" for nothing to say."""

    level: str = "info"
    text: str = ""


NOTHING = PanelNote()
WAITING = PanelNote("info", "Waiting for the engine…")


def held_note(since: str, rows: int, trouble: PanelNote) -> PanelNote:
    """Return that a panel is held still for reading since a time of day, what waits, and what is wrong besides."""
    waiting = f" {rows} changes wait." if rows else ""
    head = f"Held still for reading, as of {since or 'the start'}.{waiting} Orders and keys act on the present."
    return PanelNote(trouble.level if trouble.text else "warning", f"{head} {trouble.text}".strip())


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
        if self.venue_up and self._status.storage_trouble:
            text = f"Storage: {self._status.storage_trouble}. New orders are refused; cancels and exits go on."
            return PanelNote("danger", text)
        return self.note("Live orders read UNKNOWN until the venue answers; exits are refused.")

    def note(self, meaning: str) -> PanelNote:
        """Return that the venue cannot be reached, since when, and what it means; nothing while it can.

        A database that is only looked at is named before the venue that nobody connects to then.
        """
        if self.venue_up or self._status is None:
            return NOTHING
        if self._status.storage_trouble:
            return PanelNote("danger", f"Nothing can be sent. {self._status.storage_trouble}")
        return PanelNote("danger", f"Disconnected: as of {time_of_day(self._venue_left)[:8]}. {meaning}")

    def prices_note(self, beside: str = "", meaning: str = "") -> PanelNote:
        """Return what a list of prices says.

        beside: what a lost link to the venue means for what stands beside the prices, "" where nothing does. meaning:
        what a lost feed means.
        """
        if self._status is None:
            return WAITING
        venue = self.note(beside) if beside else NOTHING
        if self.feed_up:
            return venue
        since = time_of_day(self._feed_left)[:8]
        text = f"Feed {self._status.feed} is {self._status.feed_state}: prices as of {since}."
        return PanelNote("danger", " ".join(words for words in (text, meaning, venue.text) if words))


class EngineWatch:
    """Notes when the engine last reported, so that a panel can say that what it shows grows old. Times monotonic ns."""

    def __init__(self, mono_ns: int) -> None:
        self._heard = mono_ns
        self._as_of = 0

    def take(self, status: StatusSnap, mono_ns: int) -> None:
        """Note a report."""
        self._heard, self._as_of = mono_ns, status.now_ns

    def note(self, mono_ns: int) -> PanelNote:
        """Return that nothing came for SILENT_NS, and of when what is shown is; nothing while the engine reports."""
        waited = mono_ns - self._heard
        if waited <= SILENT_NS:
            return NOTHING if self._as_of or waited <= LOADING_NS else WAITING
        if not self._as_of:
            return PanelNote("warning", "Still waiting for the engine: nothing has come yet. Other windows go on.")
        since = time_of_day(self._as_of)[:8]
        text = f"Stale: the engine is silent; what stands here is as of {since}. Commands wait until it answers."
        return PanelNote("warning", text)
