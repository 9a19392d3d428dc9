"""Reads what the journal says about one order, and pages of older orders and fills, on a thread of its own.

Beside the order walk, behind Ctrl+I and the end of the blotter's scroll bar. The journal has no index by order: its
lines stand in the order of time, so the first one that can matter is found by halving, and the lines from there on are
looked through, within a bound.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from workstation.domain.errors import StorageError
from workstation.domain.events import decode_event
from workstation.ports.run_rows import RunRowQuery
from workstation.ports.store import ExecutionQuery, JournalLine, OrderQuery, Reader
from workstation.ports.stories import ChangesHeard, OlderHeard, OlderRows, OrderStory, StoryLine

PAGE_LINES = 500
OLDER_PAGE = 1_000
"""Orders or fills of one page of older ones."""

CHANGES_READ_MAX = 500
"""Changes of a strategy that a screen is shown."""

LINES_READ_MAX = 50_000
"""Journal lines looked through for one story; what lies beyond is named as a gap."""

CLOCK_SLACK_NS = 5_000_000_000
"""How far an order's own times may lie from its lines' times."""


class OrderStories:
    """Implements `ports.stories.Stories`. post: runs a call on the engine's thread, from any thread."""

    def __init__(self, reader: Reader, post: Callable[[Callable[[], None]], None]) -> None:
        self._reader, self._post = reader, post
        self._pool = ThreadPoolExecutor(1, "order-stories")

    def read(self, cl_ord_id: str, done: Callable[[OrderStory | None, str], None]) -> None:
        """Read an order's story and hand it over on the engine's thread."""

        def work() -> None:
            found, trouble = None, f"{cl_ord_id} is not in the database."
            try:
                found = story_of(self._reader, cl_ord_id)
            except StorageError as error:
                trouble = f"The journal cannot be read: {error}."
            self._post(lambda: done(found, "" if found is not None else trouble))

        self._pool.submit(work)

    def older_orders(self, after: tuple[int, str] | None, done: OlderHeard) -> None:
        """Read a page of orders, newest first, and hand it over on the engine's thread."""

        def page() -> OlderRows:
            query = OrderQuery(limit=OLDER_PAGE, with_count=False, after_key=after)
            found = self._reader.orders(query)
            last = (found.rows[-1].created_at, found.rows[-1].uid) if found.has_next else None
            return OlderRows(rows=found.rows, after=last)

        self._pool.submit(self._answer, page, "orders", done)

    def older_fills(self, after: tuple[int, str] | None, done: OlderHeard) -> None:
        """Read a page of executions, newest first, and hand it over on the engine's thread."""

        def page() -> OlderRows:
            query = ExecutionQuery(limit=OLDER_PAGE, with_count=False, after_key=after)
            found = self._reader.executions(query)
            last = (found.rows[-1].ts_event, found.rows[-1].uid) if found.has_next else None
            return OlderRows(rows=found.rows, after=last)

        self._pool.submit(self._answer, page, "fills", done)

    def changes(self, tenant: str, strategy_id: str, done: ChangesHeard) -> None:
        """Read the newest changes of a strategy and hand them over on the engine's thread."""

        def work() -> None:
            query = RunRowQuery(
                tenant=tenant, run_id=strategy_id, ordering=("-created_at",), limit=CHANGES_READ_MAX, with_count=False
            )
            found, trouble = None, ""
            try:
                found = self._reader.runs.changes(query).rows
            except StorageError as error:
                trouble = f"What was changed cannot be read: {error}."
            self._post(lambda: done(found, trouble))

        self._pool.submit(work)

    def _answer(self, page: Callable[[], OlderRows], what: str, done: OlderHeard) -> None:
        found, trouble = None, ""
        try:
            found = page()
        except StorageError as error:
            trouble = f"Older {what} cannot be read: {error}."
        self._post(lambda: done(found, trouble))

    def close(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def story_of(reader: Reader, cl_ord_id: str, *, lines_max: int = LINES_READ_MAX) -> OrderStory | None:
    """Return an order with its journal lines, None where the database does not know it.

    lines_max: lines looked through at most.

    Raises:
        StorageError: the database cannot be read.
    """
    order = reader.order_by_client_id(cl_ord_id)
    if order is None:
        return None
    lines: list[StoryLine] = []
    first, mark = _first_seq(reader, order.created_at - CLOCK_SLACK_NS), f'"{cl_ord_id}"'.encode()
    for number, line in enumerate(_lines_from(reader, first)):
        if not order.is_open and line.ts_wall > order.updated_at + CLOCK_SLACK_NS:
            break
        if number == lines_max:
            gap = f"Only the first {lines_max:,} journal lines since the order was created were looked through."
            return OrderStory(order=order, lines=tuple(lines), gap=gap)
        if mark in line.payload:
            event = decode_event(line.payload)
            if getattr(event, "cl_ord_id", "") == cl_ord_id:
                lines.append(_story_line(line))
    return OrderStory(order=order, lines=tuple(lines), gap=_gap(lines))


def _gap(lines: list[StoryLine]) -> str:
    if not lines:
        return "The journal no longer holds this order's lines."
    if type(lines[0].event).__name__ != "OrderCreated":
        return f"The journal begins with line {lines[0].seq:,} of this order; what came before is gone."
    return ""


def _lines_from(reader: Reader, seq: int) -> Iterator[JournalLine]:
    after = seq - 1
    while page := reader.events(after, PAGE_LINES):
        yield from page
        after = page[-1].seq


def _first_seq(reader: Reader, ts: int) -> int:
    """Return the sequence of the first line at or after a moment (UTC ns); one past the newest when there is none."""
    low, high = reader.oldest_seq(), reader.newest_seq() + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.events(middle - 1, 1)
        if found and found[0].ts_wall < ts:
            low = middle + 1
        else:
            high = middle
    return low


def _story_line(line: JournalLine) -> StoryLine:
    return StoryLine(
        seq=line.seq,
        epoch=line.epoch,
        ts_wall=line.ts_wall,
        ts_mono=line.ts_mono,
        actor=line.actor,
        event=decode_event(line.payload),
    )
