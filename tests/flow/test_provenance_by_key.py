"""Ctrl+I through the whole program: the page of an order sent by key, after its fill and again after a restart."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import CTRL, Product, running
from workstation.commands.params import ReadStory
from workstation.desktop.panels.provenance_panel import ProvenancePanel
from workstation.domain.orders import OrdStatus
from workstation.ports.stories import OrderStory
from workstation.viewmodels.provenance import Fact

SYMBOL = "SIM-FILL"


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
    with running(qtbot, tmp_path) as product:
        story = product.command("order.story", ReadStory(cl_ord_id=order.cl_ord_id)).data
        assert isinstance(story, OrderStory)
        assert (story.gap, story.order.status) == ("", OrdStatus.FILLED)
        assert len({line.epoch for line in story.lines}) == 1
