"""Following a stream of server-sent events, without IO: bytes in, events out, and where to take it up again.

An event comes once, in order. Where events may be missing, a `Reset` stands in their place: read lists anew, then go
on.
"""

from collections.abc import Iterator

import msgspec

from workstation.client.errors import ClientError, Malformed, Problem, StreamLost
from workstation.client.requests import Request
from workstation.client.values import Event

FRAME_BYTES_MAX = 16 * 1024 * 1024
RECONNECTS_MAX = 12
"""Tries in a row that bring no event before a broken stream is given up."""

PAUSE_S_FIRST, PAUSE_S_MAX = 0.25, 10.0


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """Events may be missing here: read lists anew. newest_id: the stream goes on after it, None when not known."""

    reason: str
    oldest_id: str | None = None
    newest_id: str | None = None


Item = Event | Reset


class Frames:
    """Splits a byte stream into frames of the form of server-sent events."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[dict[str, str]]:
        """Yield the fields of each frame that `chunk` completes; `data` lines are joined."""
        *frames, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
        if len(self._rest) > FRAME_BYTES_MAX:
            raise Malformed(f"a frame of more than {FRAME_BYTES_MAX} bytes")
        for frame in frames:
            fields: dict[str, str] = {}
            for line in frame.decode(errors="replace").split("\n"):
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name:
                    fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value
            if fields:
                yield fields


class Follow:
    """One stream over any number of connections. until_id: the last event wanted, None for ever."""

    def __init__(self, request: Request[None], until_id: str | None) -> None:
        self._request, self._until = request, until_id
        self._frames = Frames()
        self._failures = 0
        self._opened = self._brought = False
        self.last_id: str | None = None
        self.is_over = False

    def request(self) -> Request[None]:
        """Return what opens the next connection: after the last event seen."""
        self._frames = Frames()
        return msgspec.structs.replace(self._request, last_event_id=self.last_id)

    def opened(self, status: int) -> None:
        """Note that a connection stands."""
        self.is_over = status == 204
        self._opened, self._brought = True, False

    def items(self, chunk: bytes) -> Iterator[Item]:
        """Yield what `chunk` completes."""
        for fields in self._frames.feed(chunk):
            if "data" not in fields:
                continue
            item = self._item(fields)
            self._failures, self._brought = 0, True
            self.last_id = item.newest_id if isinstance(item, Reset) else fields.get("id", self.last_id)
            yield item
            if self._until is not None and self.last_id == self._until:
                self.is_over = True

    @staticmethod
    def _item(fields: dict[str, str]) -> Item:
        kind: type[Item] = Reset if fields.get("event") == "reset" else Event
        try:
            return msgspec.json.decode(fields["data"], type=kind)
        except msgspec.MsgspecError as error:
            raise Malformed(f"event {fields.get('id')}: {error}") from error

    def after(self, problem: Problem) -> ClientError:
        """Return a refusal that will pass; raise one that will not.

        Raises:
            Problem: the program will not serve this stream.
        """
        if problem.status not in (401, 429, 503) or (problem.status == 401 and self._failures):
            raise problem
        return problem

    def ended(self, lost: Exception | None) -> Iterator[Item]:
        """Note that a connection has ended; yields a `Reset` where that may have cost events nobody can ask for.

        A stream with an end is over when a connection closed in order and had nothing new to bring.
        """
        if lost is None and self._until is not None and not self._brought:
            self.is_over = True
        if self._opened and self.last_id is None and not self.is_over and not self._starts_somewhere:
            yield Reset(reason="interrupted")
        self._opened = False

    @property
    def _starts_somewhere(self) -> bool:
        return "since_id=" in self._request.target

    def pause(self, lost: Exception | None) -> float:
        """Return how long to wait before the next connection, in seconds.

        Raises:
            StreamLost: too many in a row brought nothing.
        """
        self._failures += 1
        if self._failures > RECONNECTS_MAX:
            raise StreamLost(f"the stream cannot be taken up again: {lost or 'it ends at once'}", self.last_id)
        return float(min(PAUSE_S_FIRST * 2 ** (self._failures - 1), PAUSE_S_MAX))
