"""Ctrl+I through the whole program: the page of an order sent by key, after its fill and again after a restart."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import ACCOUNT, CTRL, Product, ask, running, running_headless
from tests.helpers.storage_flow import on_engine, quoted, unlocked, wait_for
from workstation.commands.params import ChangeOrder, PlaceOrder, ReadStory
from workstation.desktop.panels.provenance_panel import ProvenancePanel
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Side
from workstation.ports.stories import OrderStory
from workstation.viewmodels.provenance import Fact
from workstation.viewmodels.screen_then import screens_then

SYMBOL, MOVING = "SIM-FILL", "AAPL"


def shown(product: Product) -> ProvenancePanel | None:
    panels = product.window.panels.values()
    return next((panel for panel in panels if isinstance(panel, ProvenancePanel) and panel.page is not None), None)


def facts(panel: ProvenancePanel) -> list[Fact]:
    assert panel.page is not None
    return [fact for section in panel.page.sections for fact in section.facts]


def test_the_page_runs_from_the_key_to_the_fill_and_survives_a_restart(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        product.focus(SYMBOL)
        product.arm()
        product.press(Qt.Key.Key_F2)
        order = product.wait_for_order(lambda o: o.terms.symbol == SYMBOL and o.status is OrdStatus.FILLED, "a fill")
        product.stored(order)
        product.press(Qt.Key.Key_I, CTRL)
        panel = product.wait(lambda: shown(product), "the page of the newest own order, as nothing is selected")
        assert panel.cl_ord_id == order.cl_ord_id
        panel.show_order("")
        product.show_panel("fills-1")
        fills = product.table("fills-1")
        product.wait(lambda: fills.model().rowCount(), "the fill's row")
        fills.setFocus()
        fills.selectRow(0)
        product.press(Qt.Key.Key_I, CTRL)
        panel = product.wait(lambda: shown(product), "the page")
        assert panel.cl_ord_id == order.cl_ord_id
        found = {fact.name: fact for fact in facts(panel)}
        assert (found["Came"].value, found["Key"].value) == ("by hand, with a key", "F2")
        assert all(name in found for name in ("Pressed", "Journal durable", "Sent to the venue", "First fill"))
        assert found["ORDER_NOTIONAL"].value.startswith("passed")
        assert any(fact.value == "→ venue" for fact in facts(panel))
        assert not panel.screen_then.isVisible()
        qtbot.mouseClick(panel.then, Qt.MouseButton.LeftButton)
        assert panel.screen_then.isVisible()
        (placed,) = panel.page.then
        assert placed.title.endswith("UTC, as it was placed")
        seen = {fact.name: fact.value for fact in placed.facts}
        assert (seen["Market"], seen["Position"], seen["Other orders"]) == ("open", "0", "buys 0, sells 0")
        assert {"Bid / ask", "Bid", "Ask", "Day", "ORDER_NOTIONAL"} <= seen.keys()
        shown_then = panel.screen_then.topLevelItem(0)
        assert shown_then is not None
        assert shown_then.childCount() == len(placed.facts)
        panel.tree.setFocus()
        product.press(Qt.Key.Key_C, CTRL)
        copied = QApplication.clipboard().text()
        assert f"Screen then, {placed.title}\n  Bid / ask  {seen['Bid / ask']}" in copied
    with running(qtbot, tmp_path) as product:
        story = product.command("order.story", ReadStory(cl_ord_id=order.cl_ord_id)).data
        assert isinstance(story, OrderStory)
        assert (story.gap, story.order.status) == ("", OrdStatus.FILLED)
        assert len({line.epoch for line in story.lines}) == 1


def test_each_decision_keeps_what_stood_on_the_screen(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        unlocked(program)
        quote, core = quoted(program, MOVING), program.engine.core
        far = [core.instruments[MOVING].round_to_tick(quote.bid * share // 100, "down") for share in (97, 98, 103)]

        def place(side: Side, qty: int, price: int | None) -> str:
            kind = OrdType.MARKET if price is None else OrdType.LIMIT
            terms = OrderTerms(symbol=MOVING, account=ACCOUNT, side=side, ord_type=kind, order_qty=qty, price=price)
            answer = ask(program, "order.submit", PlaceOrder(terms=terms))
            placed = answer.data if isinstance(answer.data, OrderState) else None
            return newest() if placed is None else placed.cl_ord_id

        def newest() -> str:
            return on_engine(program, lambda: max(core.state.book.recent(), key=lambda row: row.created_at).cl_ord_id)

        def screens(cl_ord_id: str, count: int) -> list[dict[str, str]]:
            def read() -> list[dict[str, str]]:
                story = ask(program, "order.story", ReadStory(cl_ord_id=cl_ord_id)).data
                found = screens_then(story, core.instruments[MOVING]) if isinstance(story, OrderStory) else ()
                rows = [{"title": each.title, **{fact.name: fact.value for fact in each.facts}} for each in found]
                return rows if len(rows) == count else []

            return wait_for(read)

        place(Side.BUY, 5, None)
        wait_for(lambda: on_engine(program, lambda: core.state.ledger.qty(ACCOUNT, MOVING) == 5))
        first = place(Side.BUY, 3, far[0])
        wait_for(lambda: on_engine(program, lambda: core.state.book.get(first).status.is_working))
        assert ask(program, "order.replace", ChangeOrder(cl_ord_id=first, price=far[1])).ok
        (placed, changed) = screens(first, 2)
        assert (placed["Position"], placed["Other orders"]) == ("5", "buys 0, sells 0"), "itself is left out"
        assert changed["title"].endswith("as it was changed")
        second = place(Side.SELL, 2, far[2])
        assert screens(second, 1)[0]["Other orders"] == "buys 3, sells 0"
        refused = place(Side.BUY, 900_000, far[0])
        (page,) = screens(refused, 1)
        assert page["title"].endswith("as it was refused")
        assert (page["Position"], page["Other orders"]) == ("5", "buys 3, sells 2")
        assert any(name in page for name in ("ORDER_QUANTITY", "ORDER_NOTIONAL"))
