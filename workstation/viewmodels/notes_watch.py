"""Which states of a session make a note as they change: arming, links, old prices, limits, protection. Qt-free.

Beside both walks. Each change is told once; a state that goes on says nothing more. It decides nothing.
"""

from collections.abc import Iterable, Iterator

from workstation.domain.accounts import Environment
from workstation.viewmodels.formats import money
from workstation.viewmodels.frames import AccountSnap, Frame, PositionSnap, StatusSnap
from workstation.viewmodels.notes import Note, NoteKind
from workstation.viewmodels.status_line import SILENT, stream_word

STALE_AGAIN_NS = 60_000_000_000
"""Least time between two notes of one stream, so that one that comes and goes makes no storm."""

NEAR_SHARE = 5
"""A day limit is near once no more than one part in so many is left."""

GUARDED = frozenset({"full", "partial"})


class StateWatch:
    """The states of one desktop. `take` returns what has changed; the first frame only tells how things stand."""

    def __init__(self) -> None:
        self._armed: Environment | None = None
        self._venue_state = ""
        self._streams: dict[str, str] = {}
        self._stale_at: dict[str, int] = {}
        self._limits: dict[str, str] = {}
        self._protection: dict[tuple[str, str, str], str] = {}

    def take(self, frame: Frame, now_ns: int) -> list[Note]:
        """Return a note for each change. now_ns: market time of the screen, UTC ns."""
        notes = [] if frame.status is None else list(self._session(frame.status, now_ns))
        notes += self._accounts(frame.accounts.values(), now_ns)
        return notes + list(self._positions(frame.positions.items(), now_ns))

    def _session(self, status: StatusSnap, now_ns: int) -> Iterator[Note]:
        if status.armed is not self._armed:
            kind = NoteKind.ARM if status.armed is not None else NoteKind.DISARM
            text = f"Hand entry is armed for {status.armed}" if status.armed is not None else "Hand entry is disarmed"
            yield Note(kind, "info", text, now_ns)
        if status.venue_state not in (self._venue_state, "UP"):
            yield Note(NoteKind.DISCONNECT, "warning", f"The venue is {status.venue_state}", now_ns)
        self._armed, self._venue_state = status.armed, status.venue_state
        for stream in status.streams:
            word = stream_word(stream) if stream.worst_symbol else stream.state  # prints may lie far apart
            before = self._streams.get(stream.stream, word)
            self._streams[stream.stream] = word
            rested = now_ns - self._stale_at.get(stream.stream, -STALE_AGAIN_NS) >= STALE_AGAIN_NS
            if word == SILENT != before and rested:
                self._stale_at[stream.stream] = now_ns
                text = f"{stream.stream.capitalize()} of {stream.worst_symbol} are stale"
                yield Note(NoteKind.STALE, "warning", text, now_ns)

    def _accounts(self, accounts: Iterable[AccountSnap], now_ns: int) -> Iterator[Note]:
        for account in accounts:
            stage = _limit_stage(account)
            before = self._limits.get(account.account, stage)
            self._limits[account.account] = stage
            if stage == before:
                continue
            if stage == "hit":
                text = f"{account.account} is locked out: {account.lockout}"
                yield Note(NoteKind.LIMIT_HIT, "critical", text, now_ns)
            elif stage == "near" and before == "" and account.day_limit is not None:
                left = money(account.day_limit + account.net)
                text = f"{account.account}: {left} {account.currency} left to the day loss limit"
                yield Note(NoteKind.LIMIT_NEAR, "warning", text, now_ns)

    def _positions(self, positions: Iterable[tuple[tuple[str, str, str], PositionSnap]], now_ns: int) -> Iterator[Note]:
        for key, snap in positions:
            before, after = self._protection.get(key, ""), snap.protection
            if snap.position.qty == 0:
                self._protection.pop(key, None)
                continue
            self._protection[key] = after
            if before in GUARDED and after and after not in GUARDED and not snap.exit_phase:
                state = "is guarded by this program alone" if after == "program" else "has no stop any more"
                text = f"The position in {snap.position.symbol} of {snap.position.account} {state}"
                yield Note(NoteKind.UNPROTECTED, "warning", text, now_ns)


def _limit_stage(account: AccountSnap) -> str:
    """Return "", near or hit."""
    if account.lockout:
        return "hit"
    if account.day_limit is None or account.net >= 0:
        return ""
    return "near" if (account.day_limit + account.net) * NEAR_SHARE <= account.day_limit else ""
