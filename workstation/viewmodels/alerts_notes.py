"""Notes to a person: what happened, how much it matters, and whether it is shown, sounded, or kept for later reading.

Last stage of both walks, Qt-free. Fills within 250 ms are one note; a muted kind and do-not-disturb keep a note silent,
never a critical one. Bounded; it sends nothing.
"""

from collections import Counter, deque

import msgspec

from workstation.domain.executions import Execution
from workstation.domain.orders import OrderState, OrdStatus
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame, Notice
from workstation.viewmodels.notes import Note, NoteKind
from workstation.viewmodels.notes_watch import StateWatch

COALESCE_NS = 250_000_000
MUTE_NS = 15 * 60 * 1_000_000_000
HISTORY_KEPT = 500
FILLS_WAITING_MAX = 1_000
_HEARD = frozenset({NoteKind.ARM, NoteKind.DISARM})
"""Kinds that are heard though they are information and do not come up."""

_REFUSED = frozenset(
    {OrdStatus.REJECTED, OrdStatus.RISK_REJECTED, OrdStatus.COMPLIANCE_REJECTED, OrdStatus.INSUFFICIENT_FUNDS}
)


class NoteBoard:
    """Every note of one desktop. `take` and `due` return what is new, oldest first; times are monotonic ns."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self.history: deque[Note] = deque(maxlen=HISTORY_KEPT)
        self._unseen: deque[Note] = deque(maxlen=HISTORY_KEPT)
        self.quiet = False
        self._muted: dict[NoteKind, int] = {}
        self._fills: deque[Execution] = deque(maxlen=FILLS_WAITING_MAX)
        self._fills_since: int | None = None
        self._working: dict[str, None] = {}
        self._watch = StateWatch()
        self._rejected: deque[str] = deque(maxlen=HISTORY_KEPT)
        self._ts = 0

    @property
    def unseen(self) -> int:
        """How many notes nobody has seen."""
        return len(self._unseen)

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
                self._watch.take(frame, self._ts)
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
                case OrderState():
                    self._note_working(row)
                case Notice():
                    kind = NoteKind.ALERT if row.text.startswith("Alert ") else NoteKind.NOTICE
                    notes.append(Note(kind, row.level, row.text, row.ts, row.cl_ord_id))
        notes += self._watch.take(frame, self._ts)
        return self._told([*notes, *self._due(now_ns)], now_ns)

    def due(self, now_ns: int) -> list[Note]:
        """Return the fills that have waited long enough, as one note."""
        return self._told(self._due(now_ns), now_ns)

    def refused(self, level: str, text: str, now_ns: int) -> list[Note]:
        """Note what was said to a gesture; an answer that is only information makes no note."""
        if level == "info":
            return []
        return self._told([Note(NoteKind.REFUSAL, level, text, self._ts)], now_ns)

    def noted(self, level: str, text: str, now_ns: int) -> list[Note]:
        """Note what the desktop itself has to say."""
        return self._told([Note(NoteKind.NOTICE, level, text, self._ts)], now_ns)

    def mute(self, kind: NoteKind, now_ns: int) -> None:
        """Keep a kind silent for 15 minutes; a critical note of it still speaks."""
        self._muted[kind] = now_ns + MUTE_NS

    def seen(self) -> None:
        """Count every note as seen."""
        self._unseen.clear()

    def seen_one(self, note: Note) -> None:
        """Count one note as seen."""
        if note in self._unseen:
            self._unseen.remove(note)

    def _told(self, notes: list[Note], now_ns: int) -> list[Note]:
        told = []
        for note in notes:
            silent = self.quiet or self._muted.get(note.kind, 0) > now_ns
            speaks = note.level == "critical" or not silent
            rings = speaks and (_is_loud(note) or note.kind in _HEARD)
            told.append(msgspec.structs.replace(note, loud=speaks and _is_loud(note), rings=rings))
        self.history.extend(told)
        self._unseen.extend(note for note in told if _is_loud(note))
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
        is_partial = all(fill.cl_ord_id in self._working for fill in fills)
        kind = NoteKind.PARTIAL if is_partial else NoteKind.FILL
        return Note(kind, "info", text, last.ts_event, last.cl_ord_id)

    def _note_working(self, order: OrderState) -> None:
        """Remember which orders still have something to fill, so that their fills are told as parts."""
        self._working.pop(order.cl_ord_id, None)
        if order.status is OrdStatus.PARTIALLY_FILLED:
            self._working[order.cl_ord_id] = None
            if len(self._working) > FILLS_WAITING_MAX:
                del self._working[next(iter(self._working))]

    def _rejection(self, order: OrderState) -> Note:
        word = "rejected by the venue" if order.status is OrdStatus.REJECTED else "refused"
        text = f"{order.terms.side.value} {order.terms.symbol} {word}"
        return Note(NoteKind.REJECT, "warning", text, order.updated_at, order.cl_ord_id)


def _verb(fill: Execution) -> str:
    return "Bought" if fill.side.sign > 0 else "Sold"


def _is_loud(note: Note) -> bool:
    return note.level != "info" or note.kind in (NoteKind.FILL, NoteKind.PARTIAL)
