"""An order's story: exactly its journal lines, found in a long journal, with what is missing named."""

from __future__ import annotations

import threading

import pytest

from tests.helpers.desktop_rig import START_NS, order
from workstation.app import order_stories
from workstation.app.order_stories import OrderStories, story_of
from workstation.domain.errors import StorageError
from workstation.domain.events import Event, OrderCreated, OrderNoted, OrderSent, encode_event
from workstation.domain.orders import OrderState, OrdStatus, Origin, OriginKind, RequestKind, SubmitOrder
from workstation.ports.store import ExecutionPage, ExecutionQuery, JournalLine, OrderPage, OrderQuery
from workstation.ports.stories import OlderRows

SECOND = 1_000_000_000


class Lines:
    """A reader over a journal of our own, that counts what is read."""

    def __init__(self, events: list[Event], orders: list[OrderState], *, oldest: int = 1) -> None:
        self.rows = [
            JournalLine(
                seq=number, epoch=3, ts_wall=event.ts, ts_mono=event.ts - START_NS, kind=type(event).__name__,
                schema_version=1, correlation="", causation="", actor="HOTKEY:local", payload=encode_event(event),
                prev_hash=b"", hash=b"",
            )
            for number, event in enumerate(events, 1)
            if number >= oldest
        ]  # fmt: skip
        self.orders = {order.cl_ord_id: order for order in orders}
        self.read = 0

    def order_by_client_id(self, cl_ord_id: str) -> OrderState | None:
        return self.orders.get(cl_ord_id)

    def events(self, after_seq: int, limit: int) -> tuple[JournalLine, ...]:
        found = tuple(row for row in self.rows if row.seq > after_seq)[:limit]
        self.read += len(found)
        return found

    def oldest_seq(self) -> int:
        return self.rows[0].seq

    def newest_seq(self) -> int:
        return self.rows[-1].seq


def created(name: str, ts: int) -> OrderCreated:
    terms = order().terms
    command = SubmitOrder(cl_ord_id=name, uid=name, terms=terms, origin=Origin(kind=OriginKind.TICKET), notes="OMS-B")
    return OrderCreated(cl_ord_id=name, ts=ts, command=command)


def journal() -> list[Event]:
    """Ten thousand lines, one a second; the order's stand in the middle, others name it in passing."""
    events: list[Event] = [
        OrderNoted(cl_ord_id=f"OMS-X{n}", ts=START_NS + n * SECOND, notes="", metadata={}) for n in range(10_000)
    ]
    at = START_NS + 6_000 * SECOND
    events[6_000] = created("OMS-B", at)
    events[6_001] = created("OMS-C", at + SECOND)
    events[6_002] = OrderSent(cl_ord_id="OMS-B", ts=at + 2 * SECOND, request=RequestKind.SUBMIT)
    return events


def ended(name: str = "OMS-B") -> OrderState:
    at = START_NS + 6_000 * SECOND
    return order(name, state=OrdStatus.CANCELLED, created_at=at, updated_at=at + 3 * SECOND)


def test_a_story_holds_the_orders_own_lines_alone() -> None:
    story = story_of(Lines(journal(), [ended()]), "OMS-B")
    assert story is not None
    assert [(type(line.event).__name__, line.seq) for line in story.lines] == [
        ("OrderCreated", 6_001),
        ("OrderSent", 6_003),
    ]
    assert (story.gap, story.lines[0].actor, story.lines[0].epoch) == ("", "HOTKEY:local", 3)


def test_an_ended_order_is_found_without_reading_the_journal_through() -> None:
    reader = Lines(journal(), [ended()])
    story_of(reader, "OMS-B")
    assert reader.read < 2 * order_stories.PAGE_LINES


def test_lines_that_were_pruned_are_named_as_a_gap() -> None:
    story = story_of(Lines(journal(), [ended()], oldest=6_002), "OMS-B")
    assert story is not None
    assert "what came before is gone" in story.gap
    story = story_of(Lines(journal(), [ended()], oldest=7_000), "OMS-B")
    assert story is not None
    assert "no longer holds" in story.gap


def test_an_order_that_lives_for_ever_is_read_up_to_the_bound() -> None:
    alive = order("OMS-B", created_at=START_NS, updated_at=START_NS)
    story = story_of(Lines(journal(), [alive]), "OMS-B", lines_max=700)
    assert story is not None
    assert "Only the first 700" in story.gap


def test_an_unknown_order_is_answered_with_why() -> None:
    done = threading.Event()
    answers: list[object] = []
    stories = OrderStories(Lines(journal(), []), lambda call: (call(), done.set())[0])
    stories.read("OMS-Z", lambda story, trouble: answers.extend((story, trouble)))
    assert done.wait(10)
    stories.close()
    assert answers == [None, "OMS-Z is not in the database."]


class Rows:
    """A reader of stored orders, newest first, by what the list was asked after."""

    def __init__(self, rows: list[OrderState]) -> None:
        self.rows = rows

    def orders(self, query: OrderQuery) -> OrderPage:
        behind = [row for row in self.rows if query.after_key is None or (row.created_at, row.uid) < query.after_key]
        return OrderPage(tuple(behind[: query.limit]), None, len(behind) > query.limit)

    def executions(self, query: ExecutionQuery) -> ExecutionPage:
        raise StorageError("the disk is gone")


def pages_of(reader: Rows, read: str, after: tuple[int, str] | None) -> tuple[OlderRows | None, str]:
    done = threading.Event()
    answers: list[tuple[OlderRows | None, str]] = []
    stories = OrderStories(reader, lambda call: (call(), done.set())[0])
    getattr(stories, read)(after, lambda page, trouble: answers.append((page, trouble)))
    assert done.wait(10)
    stories.close()
    return answers[0]


def test_older_orders_come_page_by_page_until_nothing_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_stories, "OLDER_PAGE", 2)
    reader = Rows([order(f"OMS-{number}", created_at=START_NS + number) for number in (5, 4, 3)])
    first, _ = pages_of(reader, "older_orders", None)
    assert first is not None
    assert ([row.cl_ord_id for row in first.rows], first.after) == (["OMS-5", "OMS-4"], (START_NS + 4, "uid-OMS-4"))
    last, _ = pages_of(reader, "older_orders", first.after)
    assert last is not None
    assert ([row.cl_ord_id for row in last.rows], last.after) == (["OMS-3"], None)


def test_older_rows_that_cannot_be_read_are_answered_with_why() -> None:
    assert pages_of(Rows([]), "older_fills", None) == (None, "Older fills cannot be read: the disk is gone.")
