"""What a venue sends, damaged in every way that JSON allows: nothing fails, nothing is guessed, no order ends by it.

Each example takes one report of a working order, changes its text, and lets it in by the real wire and the real desk.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.brokers.sim.wire import Reported, frame, read_message, unwrap, wrap
from workstation.domain.errors import VenueProtocolError
from workstation.domain.events import InvariantViolated
from workstation.domain.executions import Execution
from workstation.domain.orders import OrdStatus, RequestKind
from workstation.ports.broker import (
    BrokerReport,
    ExecType,
    FillReport,
    OrderReport,
    QueryAnswer,
    SendOutcome,
    SendReport,
    SessionReport,
    SplitReport,
)
from workstation.ports.store import OrderTransition

JUNK = st.sampled_from(
    [None, True, -1, 0, 1.5, 1e308, 10**30, "", "no such word", "\u202e", "0", [], {}, [1, 2], {"a": None}, "9" * 400]
)
KINDS = sorted(kind.__name__ for kind in (OrderReport, FillReport, SendReport, QueryAnswer, SessionReport, SplitReport))


def reports(rig: CoreRig, cl_ord_id: str) -> list[BrokerReport]:
    """Return what a venue says of an order that lives, none of which ends it."""
    held = rig.broker.orders[cl_ord_id]
    told = {
        "cl_ord_id": cl_ord_id, "order_id": held.order_id, "account": ACCOUNT, "ts_event": rig.now, "venue_seq": 900,
    }  # fmt: skip
    return [
        OrderReport(exec_type=ExecType.ACCEPTED, status=OrdStatus.SUBMITTED, terms=held.terms, cum_qty=0, **told),
        OrderReport(exec_type=ExecType.REPLACED, status=OrdStatus.SUBMITTED, terms=held.terms, cum_qty=0, **told),
        OrderReport(exec_type=ExecType.CANCEL_REJECTED, code="TOO_LATE", text="no", **told),
        SendReport(cl_ord_id=cl_ord_id, request=RequestKind.SUBMIT, outcome=SendOutcome.SENT),
        FillReport(execution=rig.broker.trade(cl_ord_id, 10, 10_000)),
    ]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each field, however deep."""
    if not isinstance(value, dict):
        return [path]
    return [path, *(place for key, inner in value.items() for place in places(inner, (*path, key)))][bool(not path) :]


def changed(value: Any, path: tuple[Any, ...], how: str, junk: Any) -> Any:
    if not path:
        return junk
    key, *rest = path
    copy = dict(value)
    if rest:
        copy[key] = changed(copy[key], tuple(rest), how, junk)
    elif how == "drop":
        del copy[key]
    elif how == "rename":
        copy[f"{key}_"] = copy.pop(key)
    else:
        copy[key] = junk
    return copy


@st.composite
def damages(draw: st.DrawFn) -> tuple[int, Any]:
    """Return which report is damaged, and a call that damages its text."""
    which, how = draw(st.integers(0, 4)), draw(st.sampled_from(["drop", "rename", "junk", "bit", "cut", "kind"]))
    at, junk, bit = draw(st.integers(0, 10_000)), draw(JUNK), draw(st.integers(0, 7))

    def damage(message: Reported) -> bytes:
        body = bytes(message.body)
        if how == "kind":
            return msgspec.json.encode({"type": "Reported", "kind": KINDS[at % len(KINDS)], "body": message.body})
        if how in ("bit", "cut"):
            whole = bytearray(frame(message)[4:])
            place = at % len(whole)
            if how == "cut":
                return bytes(whole[:place])
            whole[place] ^= 1 << bit
            return bytes(whole)
        decoded = msgspec.json.decode(body)
        ways = places(decoded)
        damaged = changed(decoded, ways[at % len(ways)], how, junk)
        return msgspec.json.encode({"type": "Reported", "kind": message.kind, "body": damaged})

    return which, damage


def received(payload: bytes) -> list[BrokerReport]:
    """Return what the adapter's own reading makes of a frame; nothing where it ends the link over it."""

    async def read() -> Any:
        reader = asyncio.StreamReader()
        reader.feed_data(struct.pack(">I", len(payload)) + payload)
        reader.feed_eof()
        return await read_message(reader)

    try:
        message = asyncio.run(read())
    except VenueProtocolError:
        return []
    return [unwrap(message)] if isinstance(message, Reported) else []


@settings(max_examples=600)
@given(damages())
def test_a_damaged_report_fails_nothing_breaks_no_rule_and_ends_no_order(
    drawn: tuple[int, Any],
) -> None:
    which, damage = drawn
    rig = CoreRig()
    rig.broker.answering = False
    order = rig.submit(qty=100)
    report = reports(rig, order.cl_ord_id)[which]
    for heard in received(damage(wrap(report))):
        rig.desk.on_reports([heard])
    assert not rig.faults
    assert not [event for event in rig.journal.events if isinstance(event, InvariantViolated)]
    after = rig.order(order.cl_ord_id)
    told_full = after.status is OrdStatus.FILLED and after.cum_qty >= 100
    assert told_full or not after.status.is_final, "no word of an end was sent"
    rig.state.ledger.check()
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) >= 0
    assert {row.account for row in rig.state.ledger.positions()} <= {ACCOUNT}
    rows = [row for row in rig.journal.rows if isinstance(row, OrderTransition | Execution)]
    assert all(0 <= (row.ts_event or 0) < 1 << 63 for row in rows), "what no column of the database could hold"
