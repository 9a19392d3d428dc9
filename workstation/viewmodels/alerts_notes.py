"""Notes to a person: what happened, how much it matters, and whether it is shown, sounded, or kept for later reading.

Last stage of both walks, Qt-free. Fills within 250 ms are one note; a muted kind and do-not-disturb keep a note silent,
never a critical one. Bounded; it sends nothing.
"""

from collections import Counter, deque
from enum import StrEnum

import msgspec

from workstation.domain.accounts import Environment
from workstation.domain.executions import Execution
from workstation.domain.orders import OrderState, OrdStatus
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame, Notice

COALESCE_NS = 250_000_000
MUTE_NS = 15 * 60 * 1_000_000_000
HISTORY_KEPT = 500
FILLS_WAITING_MAX = 1_000
_REFUSED = frozenset(
    {OrdStatus.REJECTED, OrdStatus.RISK_REJECTED, OrdStatus.COMPLIANCE_REJECTED, OrdStatus.INSUFFICIENT_FUNDS}
)


class NoteKind(StrEnum):
    """What a note is about; each kind has a sound of its own and can be muted."""

    FILL = "fill"
    REJECT = "reject"
    REFUSAL = "refusal"
    ARM = "arm"
    DISARM = "disarm"
    ALERT = "alert"
    DISCONNECT = "disconnect"
    NOTICE = "notice"


class Note(msgspec.Struct, frozen=True):
    """One note. level: info, warning or critical; ts: market time of the screen, UTC ns; loud: shown and sounded."""

    kind: NoteKind
    level: str
    text: str
    ts: int
    cl_ord_id: str = ""
    loud: bool = True


class NoteBoard:
    """Every note of one desktop. `take` and `due` return what is new, oldest first; times are monotonic ns."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self.history: deque[Note] = deque(maxlen=HISTORY_KEPT)
        self.unseen = 0
        self.quiet = False
        self._muted: dict[NoteKind, int] = {}
        self._fills: deque[Execution] = deque(maxlen=FILLS_WAITING_MAX)
        self._fills_since: int | None = None
        self._armed: Environment | None = None
        self._venue_state = ""
        self._rejected: deque[str] = deque(maxlen=HISTORY_KEPT)
        self._ts = 0

    @property
    def waits(self) -> bool:
        """True while fills wait to be told together."""
        return bool(self._fills)

    def take(self, frame: Frame, now_ns: int) -> list[Note]:
        """Fold a frame; everything before the first status is history and makes no note."""
        if frame.status is not None:
            began = self._ts == 0
            self._ts = frame.status.now_ns
            if began:
                self._armed, self._venue_state = frame.status.armed, frame.status.venue_state
                return []
        if self._ts == 0:
            return []
        notes = []
        for row in frame.rows:
            match row:
                case Execution():
                    self._fills.append(row)
                    self._fills_since = now_ns if self._fills_since is None else self._fills_since
                case OrderState(status=status) if status in _REFUSED and row.cl_ord_id not in self._rejected:
                    self._rejected.append(row.cl_ord_id)
                    notes.append(self._rejection(row))
                case Notice():
                    kind = NoteKind.ALERT if row.text.startswith("Alert ") else NoteKind.NOTICE
                    notes.append(Note(kind, row.level, row.text, row.ts, row.cl_ord_id))
        notes += self._states(frame)
        return self._told([*notes, *self._due(now_ns)], now_ns)

    def due(self, now_ns: int) -> list[Note]:
        """Return the fills that have waited long enough, as one note."""
        return self._told(self._due(now_ns), now_ns)

    def refused(self, level: str, text: str, now_ns: int) -> list[Note]:
        """Note what was said to a gesture; an answer that is only information makes no note."""
        if level == "info":
            return []
        return self._told([Note(NoteKind.REFUSAL, level, text, self._ts)], now_ns)

    def mute(self, kind: NoteKind, now_ns: int) -> None:
        """Keep a kind silent for 15 minutes; a critical note of it still speaks."""
        self._muted[kind] = now_ns + MUTE_NS

    def seen(self) -> None:
        """Count every note as seen."""
        self.unseen = 0

    def _told(self, notes: list[Note], now_ns: int) -> list[Note]:
        told = []
        for note in notes:
            silent = self.quiet or self._muted.get(note.kind, 0) > now_ns
            loud = note.level == "critical" or (not silent and _is_loud(note))
            told.append(msgspec.structs.replace(note, loud=loud))
        self.history.extend(told)
        self.unseen += sum(_is_loud(note) for note in told)
        return told

    def _due(self, now_ns: int) -> list[Note]:
        if self._fills_since is None or now_ns - self._fills_since < COALESCE_NS:
            return []
        fills, self._fills_since = list(self._fills), None
        self._fills.clear()
        return [self._filled(fills)]

    def _filled(self, fills: list[Execution]) -> Note:
        last = fills[-1]
        if len(fills) == 1:
            price = self._formats.price(last.symbol, last.last_px)
            text = f"{_verb(last)} {self._formats.quantity(last.symbol, last.last_qty)} {last.symbol} at {price}"
        else:
            sums: Counter[tuple[str, str]] = Counter()
            for fill in fills:
                sums[_verb(fill), fill.symbol] += fill.last_qty
            parts = [f"{verb} {self._formats.quantity(symbol, qty)} {symbol}" for (verb, symbol), qty in sums.items()]
            text = f"{len(fills)} fills: {', '.join(parts[:4])}{' …' if len(parts) > 4 else ''}"
        return Note(NoteKind.FILL, "info", text, last.ts_event, last.cl_ord_id)

    def _rejection(self, order: OrderState) -> Note:
        word = "rejected by the venue" if order.status is OrdStatus.REJECTED else "refused"
        text = f"{order.terms.side.value} {order.terms.symbol} {word}"
        return Note(NoteKind.REJECT, "warning", text, order.updated_at, order.cl_ord_id)

    def _states(self, frame: Frame) -> list[Note]:
        status = frame.status
        if status is None:
            return []
        notes = []
        if status.armed is not self._armed:
            kind = NoteKind.ARM if status.armed is not None else NoteKind.DISARM
            text = f"Hand entry is armed for {status.armed}" if status.armed is not None else "Hand entry is disarmed"
            notes.append(Note(kind, "info", text, self._ts))
        if status.venue_state not in (self._venue_state, "UP"):
            notes.append(Note(NoteKind.DISCONNECT, "warning", f"The venue is {status.venue_state}", self._ts))
        self._armed, self._venue_state = status.armed, status.venue_state
        return notes


def _verb(fill: Execution) -> str:
    return "Bought" if fill.side.sign > 0 else "Sold"


def _is_loud(note: Note) -> bool:
    return note.level != "info" or note.kind is NoteKind.FILL
