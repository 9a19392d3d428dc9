"""A strategy's order dragged in the ladder: the person has it, the run is told and leaves it alone, blotter says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.flow.test_ticket_and_ladder import LEFT, PLAIN, cell, centre, ladder, resting
from tests.helpers.product_rig import Product, running
from workstation.commands.records import CreateRecord
from workstation.commands.strategies import RunName
from workstation.domain.orders import OriginKind
from workstation.domain.records import StrategyDefinition
from workstation.strategies.run_terms import StartRun
from workstation.viewmodels.ladder_clicks import Column

ROWS_AWAY = 7
"""Rows below the bid: in view with the two that it is dragged by, and too far to fill meanwhile."""

CLINGER = f'''
from workstation.strategies.api import Order, Quote, Strategy


class Clinger(Strategy):
    """Keeps one bid below the market, and puts it back whenever somebody moves it."""

    def on_start(self) -> None:
        self.mine = ""
        self.quotes("AAPL")

    def on_quote(self, quote: Quote) -> None:
        if not self.mine:
            self.place = quote.bid - {ROWS_AWAY} * float(self.tick("AAPL"))
            self.mine = self.buy("AAPL", 3, limit=self.place)
        elif any(abs(float(order.price) - self.place) > 1e-9 for order in self.orders()):
            self.replace(self.mine, limit=self.place)
            self.show(wished="yes")

    def on_order(self, order: Order) -> None:
        self.show(owner=order.taken_by or "run")
'''


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    """Run the product, armed, the focus on a lively stock, a strategy of one's own in its folder."""
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "clinger.py").write_text(CLINGER)
    with running(qtbot, tmp_path) as product:
        product.focus("AAPL")
        product.arm()
        yield product


def test_a_strategy_s_order_that_is_dragged_is_the_person_s_from_then_on(product: Product) -> None:
    panel = ladder(product)
    draft = StrategyDefinition(
        name="Clinger", strategy_type="CUSTOM", user_id="local", rebalance_frequency="",
        config={"entry_point": "clinger:Clinger"},
    )  # fmt: skip
    made = product.command("strategy.create", CreateRecord(record=draft)).data
    wish = StartRun(
        strategy_id=made.id, account=product.context.focus.account, initial_capital="100000",
        start_date="2026-01-05",
    )  # fmt: skip
    run = product.command("strategy.start", wish).data
    order = product.wait_for_order(lambda o: o.strategy_id == run.id and o.is_open, "the run's order")
    order = resting(product, order.terms.price)
    centre(product, panel, order.terms.price)
    target = panel.view.ladder.instrument.step(order.terms.price, -2)
    QTest.mousePress(panel.view, LEFT, PLAIN, cell(panel, Column.OWN_BID, order.terms.price))
    QTest.mouseMove(panel.view, cell(panel, Column.OWN_BID, target))
    QApplication.processEvents()
    assert panel.view.drag is not None
    QTest.mouseRelease(panel.view, LEFT, PLAIN, cell(panel, Column.OWN_BID, target))
    moved = resting(product, target)
    assert (moved.taken_by, moved.origin.kind) == ("local", OriginKind.STRATEGY)

    def shown() -> dict[str, str]:
        return product.command("strategy.lines", RunName(run_id=run.id)).data.values

    product.wait(lambda: shown().get("wished") == "yes", "the run's wish to put it back")
    assert shown()["owner"] == "local"
    said = product.command("strategy.lines", RunName(run_id=run.id)).data.lines
    assert [line.event_type for line in said].count("TAKEN") == 2, "that it was taken, and that a wish is left undone"
    (at_venue,) = [row for row in product.at_venue() if row.is_open]
    assert at_venue.terms.price == target
    assert product.stored(moved).taken_by == "local"
    assert any("local from strategy" in row for row in product.rows("orders-1"))
