"""A book equals a naive dictionary for any sequence of changes, and no missing change goes unnoticed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.market import change, levels, snapshot
from workstation.domain.market import BookChange, Level, StreamState
from workstation.marketdata.books import Applied, Book

side = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9)), max_size=6)
changes = st.lists(st.tuples(side, side), min_size=1, max_size=40)


def stream(drawn: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]) -> list[BookChange]:
    return [change(levels(*bids), levels(*asks), seq) for seq, (bids, asks) in enumerate(drawn, 2)]


def update(oracle: dict[int, int], found: tuple[Level, ...]) -> None:
    for level in found:
        oracle[level.price] = level.size


def live(oracle: dict[int, int]) -> list[tuple[int, int]]:
    return sorted((price, size) for price, size in oracle.items() if size)


@given(changes)
def test_a_book_equals_a_naive_dictionary(drawn: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]) -> None:
    book = Book("ABC")
    book.on_snapshot(snapshot((), (), 1))
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    for message in stream(drawn):
        assert book.on_change(message) is Applied.CHANGED
        update(bids, message.bids)
        update(asks, message.asks)
        shown_bids, shown_asks = book.levels(100)
        assert [(level.price, level.size) for level in reversed(shown_bids)] == live(bids)
        assert [(level.price, level.size) for level in shown_asks] == live(asks)


@given(changes, st.data())
def test_a_missing_change_is_always_noticed(
    drawn: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]], data: st.DataObject
) -> None:
    messages = stream([*drawn, ([], [])])
    lost = data.draw(st.integers(0, len(messages) - 2))
    book = Book("ABC")
    book.on_snapshot(snapshot((), (), 1))
    outcomes = [book.on_change(message) for index, message in enumerate(messages) if index != lost]
    assert outcomes[lost] is Applied.GAP
    assert book.state is StreamState.UNSYNCED


@given(changes, st.data())
def test_a_snapshot_anywhere_gives_the_same_book(
    drawn: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]], data: st.DataObject
) -> None:
    """Changes may arrive before the snapshot that they follow, as they do from venues with two channels."""
    messages = stream(drawn)
    straight = Book("ABC")
    straight.on_snapshot(snapshot((), (), 1))
    at = data.draw(st.integers(0, len(messages)))
    for message in messages[:at]:
        straight.on_change(message)
    bids, asks = straight.levels(100)
    shot = snapshot(bids, asks, at + 1)
    for message in messages[at:]:
        straight.on_change(message)
    joined = Book("ABC")
    arrives = data.draw(st.integers(0, len(messages)))
    for message in messages[:arrives]:
        joined.on_change(message)
    joined.on_snapshot(shot)
    for message in messages[arrives:]:
        joined.on_change(message)
    if arrives <= at:
        assert joined.levels(100) == straight.levels(100)
    assert joined.state is StreamState.UP
    assert joined.levels(100) == straight.levels(100)
