"""Marks of signals: side, price and words, with what their order traded at where it did."""

from __future__ import annotations

from tests.helpers.desktop_rig import START_NS, limit, order, stock
from workstation.domain.orders import OrdType
from workstation.strategies.messages import Signal
from workstation.strategies.run_signals import NamedSignal
from workstation.strategies.runs import RunSignal
from workstation.viewmodels.chart_marks import MarkSide
from workstation.viewmodels.chart_signals import signal_marks


def said(action: str = "BUY", cl_ord_id: str = "", reason: str = "fast over slow") -> NamedSignal:
    signal = Signal(symbol="AAPL", action=action, confidence=0.8, reason=reason, cl_ord_id=cl_ord_id)
    return NamedSignal("Cross", RunSignal("R1", signal, START_NS))


def test_a_mark_says_what_was_said_by_whom_and_when() -> None:
    (mark,) = signal_marks(stock(), [said()], {})
    assert (mark.time_ns, mark.price, mark.side) == (START_NS, None, MarkSide.BUY)
    assert mark.text == "BUY  80%  Cross  fast over slow  15:00:00"
    assert [mark.side for mark in signal_marks(stock(), [said("SELL"), said("HOLD")], {})] == [MarkSide.SELL, None]


def test_its_price_is_that_of_its_order_where_there_is_one() -> None:
    orders = {
        "L": order("L", limit(price=18_715)),
        "F": order("F", limit(price=18_715), cum_qty=100, cost=18_712 * 100),
        "M": order("M", limit(price=None, ord_type=OrdType.MARKET)),
    }
    marks = signal_marks(stock(), [said(cl_ord_id=name) for name in ("L", "F", "M", "gone")], orders)
    assert [mark.price for mark in marks] == [187.15, 187.12, None, None]
