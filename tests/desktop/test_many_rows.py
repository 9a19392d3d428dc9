"""A panel beside a thousand working orders and as many fills: a frame costs what it costs beside ten."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from PySide6.QtWidgets import QApplication

from tests.helpers.desktop_rig import ACCOUNT, START_NS, DesktopRig, depth, limit, order, position, quote, status
from tests.helpers.effort import calls_of
from tests.helpers.panel_scenes import shown_panel
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.domain.executions import Execution
from workstation.domain.orders import Side

FEW, MANY = 10, 1_000


def fill(number: int) -> Execution:
    side = Side.BUY if number % 2 else Side.SELL
    return Execution(
        exec_key=f"x{number}", exec_id=f"x{number}", uid=f"u{number}", cl_ord_id=f"M{number}", order_id=f"V{number}",
        account=ACCOUNT, symbol="AAPL", side=side, last_qty=1, last_px=18_700 + number % 30, fee=0, fee_currency="USD",
        ts_event=START_NS + number, ts_init=START_NS + number, venue_seq=number,
    )  # fmt: skip


def rows(count: int) -> list[object]:
    sides = (Side.SELL, Side.BUY)
    orders = [
        order(f"M{number}", limit(sides[number % 2], 18_000 + number % 1_400), created_at=START_NS + number)
        for number in range(count)
    ]
    return [*orders, *(fill(number) for number in range(count))]


def cost_of_a_frame(rig: DesktopRig, round_: int, *news: object) -> int:
    """Return what folding and painting one frame of a moving market costs."""
    bid = 18_719 + round_ % 2

    def frame() -> None:
        rig.clock.advance(200_000_000)
        rig.feed(
            *news,
            status=status(now_ns=START_NS + rig.clock.mono_ns()),
            quotes=[quote(bid=bid, ask=bid + 2)],
            depths=[depth(bid=bid, ask=bid + 2)],
            positions=[position(100, unrealised=round_)],
        )
        QApplication.processEvents()

    return calls_of(frame)


class Costs(NamedTuple):
    """Calls of a frame without news of orders, and of one that tells of a single order."""

    quiet: int
    news: int


def frames_beside(kind: str, rig: DesktopRig, folder: Path, count: int) -> Costs:
    """Return the least cost of frames beside so many working orders and fills."""
    shown = shown_panel(kind, rig, folder)
    rig.feed(*rows(count))
    for round_ in range(3):
        cost_of_a_frame(rig, round_)
    quiet = min(cost_of_a_frame(rig, round_) for round_ in range(6))
    one = [order("M1", limit(Side.BUY, 18_001 + round_), version=count + round_) for round_ in range(6)]
    news = min(cost_of_a_frame(rig, round_, one[round_]) for round_ in range(6))
    shown.panel.release()
    shown.holder.deleteLater()
    return Costs(quiet, news)


CALLS_AN_ORDER = {"chart": 11}
CALLS_AN_ORDER = {"chart": 11}
"""What a chart that paints a line and an arrow for each may add; any other panel adds a look at each, at most two."""
CALLS_AN_ORDER_OF_NEWS = {"chart": 36, "ladder": 6}
"""The same for a frame in which one order has changed: only that one is worded and placed anew."""


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_a_frame_of_the_market_costs_hardly_more_beside_a_thousand_orders_and_fills(kind, rig, tmp_path):
    few = frames_beside(kind, rig, tmp_path, FEW)
    many = frames_beside(kind, rig, tmp_path, MANY)
    assert many.quiet - few.quiet <= CALLS_AN_ORDER.get(kind, 2) * (MANY - FEW)
    assert many.news - few.news <= CALLS_AN_ORDER_OF_NEWS.get(kind, 2) * (MANY - FEW)
