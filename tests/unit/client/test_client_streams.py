"""A stream's bytes become events, each once, and a break is taken up after the last one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from workstation.client.errors import Malformed, RateLimited, StreamLost, problem_of
from workstation.client.requests import build
from workstation.client.streams import FRAME_BYTES_MAX, RECONNECTS_MAX, Follow, Frames, Item, Reset
from workstation.client.values import Event


def event(number: int) -> bytes:
    body = {
        "specversion": "1.0", "id": str(number), "source": "s", "type": "order.filled", "time": "2026-01-31T09:30:00Z",
        "subject": "x", "datacontenttype": "application/json", "dataversion": "1", "tenantid": "local", "data": {},
    }  # fmt: skip
    return b"id: %d\nevent: order.filled\ndata: %s\n\n" % (number, msgspec.json.encode(body))


RESET = b'event: reset\ndata: {"reason":"slow_consumer","oldest_id":"1","newest_id":"90"}\n\n'


def follow(until: str | None = None, **query: Any) -> Follow:
    return Follow(build("GET", "/events/stream", query, lambda _: None), until)


def ids(items: list[Item]) -> list[str]:
    return [item.id for item in items if isinstance(item, Event)]


def test_frames_come_whole_however_the_bytes_are_cut() -> None:
    stream = b"retry: 2000\n\n: ping\n\n" + event(7) + event(8).replace(b"\n", b"\r\n") + RESET
    for size in (1, 3, 50, len(stream)):
        stood = follow()
        chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
        items = [item for chunk in chunks for item in stood.items(chunk)]
        assert ids(items) == ["7", "8"]
        assert items[-1] == Reset(reason="slow_consumer", oldest_id="1", newest_id="90")


def test_data_over_several_lines_is_joined() -> None:
    assert list(Frames().feed(b"data: a\ndata:b\n\n")) == [{"data": "a\nb"}]


def test_the_next_connection_goes_on_after_the_last_event() -> None:
    stood = follow(since_id="3")
    assert stood.request().headers() == {}
    list(stood.items(event(7)))
    assert stood.request().headers()["Last-Event-ID"] == "7"
    list(stood.items(RESET))
    assert stood.request().headers()["Last-Event-ID"] == "90"


def test_half_a_frame_of_a_broken_connection_is_forgotten() -> None:
    stood = follow()
    stood.request()
    list(stood.items(event(7) + event(8)[:20]))
    stood.request()
    assert ids(list(stood.items(event(8)))) == ["8"]


def test_a_break_before_the_first_event_says_that_events_may_be_missing() -> None:
    stood = follow()
    stood.opened(200)
    assert [item.reason for item in stood.ended(OSError()) if isinstance(item, Reset)] == ["interrupted"]
    assert list(stood.ended(OSError())) == [], "said once a connection"
    resumed = follow(since_id="3")
    resumed.opened(200)
    assert list(resumed.ended(OSError())) == []


def test_a_stream_with_an_end_is_over_at_its_last_event() -> None:
    stood = follow(until="8", since_id="0")
    list(stood.items(event(7)))
    assert not stood.is_over
    list(stood.items(event(8)))
    assert stood.is_over


def test_a_stream_with_an_end_is_over_when_nothing_more_comes() -> None:
    stood = follow(until="9", since_id="0")
    stood.opened(200)
    list(stood.items(event(7)))
    list(stood.ended(None))
    assert not stood.is_over, "it might have been the program's stop"
    stood.opened(200)
    list(stood.ended(None))
    assert stood.is_over
    beyond = follow(until="9", since_id="9")
    beyond.opened(204)
    assert beyond.is_over


def test_too_many_connections_without_an_event_end_the_stream() -> None:
    stood = follow()
    list(stood.items(event(7)))
    pauses = [stood.pause(None) for _ in range(RECONNECTS_MAX)]
    assert pauses == sorted(pauses)
    with pytest.raises(StreamLost) as lost:
        stood.pause(None)
    assert lost.value.last_id == "7"


def test_an_event_starts_the_count_of_failures_anew() -> None:
    stood = follow()
    first = stood.pause(None)
    stood.pause(None)
    list(stood.items(event(7)))
    assert stood.pause(None) == first


def test_a_refusal_that_will_not_pass_ends_the_stream() -> None:
    limited = problem_of(429, b'{"status":429,"code":"QUOTA_EXCEEDED"}')
    denied = problem_of(403, b'{"status":403,"code":"PERMISSION_DENIED"}')
    assert isinstance(limited, RateLimited)
    assert follow().after(limited) is limited
    assert not isinstance(denied, Malformed)
    with pytest.raises(type(denied)):
        follow().after(denied)


def test_what_is_no_event_and_what_never_ends_is_malformed() -> None:
    with pytest.raises(Malformed):
        list(follow().items(b"id: 1\ndata: nonsense\n\n"))
    with pytest.raises(Malformed):
        list(Frames().feed(b"x" * (FRAME_BYTES_MAX + 1)))
