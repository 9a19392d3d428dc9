"""One note to a person, and the kinds that there are. Plain values."""

from enum import StrEnum

import msgspec


class NoteKind(StrEnum):
    """What a note is about; each kind has a sound of its own and can be muted."""

    FILL = "fill"
    PARTIAL = "partial"
    REJECT = "reject"
    REFUSAL = "refusal"
    ARM = "arm"
    DISARM = "disarm"
    STALE = "stale"
    LIMIT_NEAR = "limit_near"
    LIMIT_HIT = "limit_hit"
    DISCONNECT = "disconnect"
    UNPROTECTED = "unprotected"
    ALERT = "alert"
    NOTICE = "notice"

    @property
    def words(self) -> str:
        """What a person calls it."""
        return self.value.replace("_", " ")


class Note(msgspec.Struct, frozen=True):
    """One note. level: info, warning or critical; ts: market time of the screen, UTC ns.

    loud: comes up; rings: is sounded. Both where nothing keeps it silent.
    """

    kind: NoteKind
    level: str
    text: str
    ts: int
    cl_ord_id: str = ""
    loud: bool = True
    rings: bool = True
