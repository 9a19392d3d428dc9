"""The newest requests, for whoever watches the door: written on the API's loop, read from any thread, bounded.

Neither bodies, queries nor header values are kept: a line holds no secret.
"""

from collections import deque
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from workstation.ports.scripts import RequestLine

if TYPE_CHECKING:
    from workstation.api.credentials import Credential

REQUESTS_KEPT = 500
PATH_CHARS_MAX = 200

Note = Callable[[RequestLine], None]


def nobody(_line: RequestLine) -> None:
    """Hear of a request and keep nothing."""


class RequestLog:
    """The last REQUESTS_KEPT answers."""

    def __init__(self) -> None:
        self._lines: deque[RequestLine] = deque(maxlen=REQUESTS_KEPT)

    def note(self, line: RequestLine) -> None:
        """Keep one answer; the oldest makes room."""
        self._lines.append(line)

    def newest(self) -> tuple[RequestLine, ...]:
        """Return all that is kept, oldest first."""
        return tuple(self._lines.copy())


class Watch:
    """Makes a line of each answer. now_ns: wall time, mono_ns: monotonic, both ns."""

    def __init__(self, note: Note, now_ns: Callable[[], int], mono_ns: Callable[[], int]) -> None:
        self._note, self._now_ns, self._mono_ns = note, now_ns, mono_ns

    def answered(
        self, scope: MutableMapping[str, Any], credential: "Credential | None", status: int, began_ns: int
    ) -> None:
        """Note an answer that begins now; began_ns: when its request came, monotonic."""
        line = RequestLine(
            ts=self._now_ns(),
            method=scope["method"],
            path=scope["path"][:PATH_CHARS_MAX],
            status=status,
            ms=(self._mono_ns() - began_ns) / 1e6,
            credential="" if credential is None else credential.id,
            kind="" if credential is None else credential.kind,
        )
        self._note(line)
