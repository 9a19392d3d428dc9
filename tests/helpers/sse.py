"""A stream of server-sent events as a client reads it: fields by frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.helpers.api_rig import ApiRig


class Frames:
    """An open stream, read frame by frame."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def frame(self) -> dict[str, str]:
        """Return the next frame's fields; {} at the end of the stream."""
        found: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, value = line.partition(":")
                found[name] = value.strip()
            elif found:
                return found
        return found


@contextmanager
def opened(rig: ApiRig, path: str, **headers: str) -> Iterator[Frames]:
    """Open a stream, check what it says of itself, and read its first frame: when to come back."""
    with rig.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        frames = Frames(answer.iter_lines())
        assert frames.frame() == {"retry": "2000"}
        yield frames
