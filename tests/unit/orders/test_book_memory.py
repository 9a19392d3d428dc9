"""Closed orders leave memory oldest first, groups as a whole, and what was used stays used."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, CoreRig
from workstation.domain.events import LimitChanged, OrderAccepted, OrderCreated, OrderDenied
from workstation.domain.orders import Contingency, GroupLink, LegRole, Side, SubmitGroup
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.orders.book import Booking, OrderBook
from workstation.orders.transitions import TransitionRefused


def bracket(rig: CoreRig) -> tuple[str, str, str]:
    """Submit a bracket; returns group, entry and target."""
    group, parent = rig.ids.group_id(), rig.ids.cl_ord_id()
    orders = (
        rig.command(cl_ord_id=parent, link=GroupLink(group, Contingency.BRACKET, LegRole.ENTRY)),
        rig.command(
            rig.terms(Side.SELL, 100, 10_500, reduce_only=True),
            link=GroupLink(group, Contingency.BRACKET, LegRole.TAKE_PROFIT, parent),
        ),
    )
    assert rig.desk.submit_group(SubmitGroup(orders=orders)).denial is None
    return group, parent, orders[1].cl_ord_id


def small_book(rig: CoreRig) -> OrderBook:
    """Return a book that keeps one closed order and has taken every event of the core."""
    book = OrderBook(closed_kept_max=1)
    for event in rig.journal.events:
        book.apply(event)
    return book


def closed(rig: CoreRig, count: int) -> list[str]:
    ids = [rig.submit().cl_ord_id for _ in range(count)]
    for cl_ord_id in ids:
        rig.broker.fill(cl_ord_id, 100, 10_000)
    return ids


def test_ids_and_executions_of_orders_that_left_memory_are_known_for_ever():
    rig = CoreRig()
    ids = closed(rig, 3)
    book = small_book(rig)
    assert [book.get(cl_ord_id) is None for cl_ord_id in ids] == [True, True, False]
    assert all(book.knows(cl_ord_id) for cl_ord_id in ids)
    assert [book.booking(execution) for execution in rig.broker.executions] == [Booking.REPLAY] * 3
    created = next(event for event in rig.journal.events if isinstance(event, OrderCreated))
    with pytest.raises(TransitionRefused):
        book.apply(created)


def test_a_group_stays_until_its_last_order_has_ended_and_then_leaves_whole():
    rig = CoreRig()
    group, entry, target = bracket(rig)
    rig.broker.fill(entry, 100, 10_000)
    others = closed(rig, 2)
    book = small_book(rig)
    assert [order.cl_ord_id for order in book.group(group)] == [entry, target]
    assert book.get(others[0]) is None
    rig.broker.fill(target, 100, 10_500)
    closed(rig, 3)
    assert small_book(rig).group(group) == []


def test_a_book_that_was_loaded_is_the_book_that_was_saved():
    rig = CoreRig()
    bracket(rig)
    closed(rig, 3)
    book, loaded = small_book(rig), OrderBook(closed_kept_max=1)
    loaded.load(book.state())
    assert loaded.state() == book.state()


def test_events_of_other_stages_and_refusals_without_an_order_change_nothing():
    book = OrderBook()
    rule = RuleResult(code="X", passed=False, kind=DenialKind.LOCK)
    denied = OrderDenied(cl_ord_id="a", ts=1, kind=DenialKind.LOCK, rule=rule)
    limit = LimitChanged(limit="X", scope="TENANT", key="", old="", new="1", actor="", reason="", ts=1)
    for event in (denied, limit):
        change = book.apply(event)
        assert (change.event, change.before, change.after, change.rows) == (event, None, None, ())
    with pytest.raises(TransitionRefused):
        book.apply(OrderAccepted(cl_ord_id="a", ts=1, order_id="V1", ts_event=1))
    assert book.by_order_id(ACCOUNT, "V1") is None
