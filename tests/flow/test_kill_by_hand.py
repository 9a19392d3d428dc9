"""The kill switch by hand in the running product: two presses, what stays, and the typed reason that lifts it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.flow.test_stale_and_disconnected import rest
from tests.helpers.product_rig import ACCOUNT, CTRL, SHIFT, Product, running
from workstation.commands.params import PlaceOrder
from workstation.desktop.panels.risk_panel import RiskPanel
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, Side

Key = Qt.Key
HELD = "SIM-FILL"


def protect(product: Product) -> str:
    """Rest a stop that protects the position; returns its id."""
    instrument, bid = product.context.instrument(HELD), product.state.quotes[HELD].bid
    terms = OrderTerms(
        symbol=HELD, account=ACCOUNT, side=Side.SELL, ord_type=OrdType.STOP, order_qty=1, reduce_only=True,
        stop_px=instrument.step(bid or 0, -50),
    )  # fmt: skip
    answer = product.command("order.submit", PlaceOrder(terms=terms))
    assert answer.ok, answer.text
    return str(answer.data.cl_ord_id)


def test_two_presses_stop_new_risk_keep_what_protects_and_a_typed_reason_lifts_it(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        product.focus(HELD)
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked")
        product.arm()
        product.quoting(HELD)
        product.press(Key.Key_F2)
        product.wait(lambda: product.position(HELD) == 1, "a position")
        stop, entry = protect(product), rest(product)
        risk = product.window.add_panel("risk")
        assert isinstance(risk, RiskPanel)

        product.press(Key.Key_F12, CTRL | SHIFT)
        assert not product.state.status.kills
        product.press(Key.Key_F12, CTRL | SHIFT)
        product.wait(lambda: product.state.status.kills, "the kill switch on")
        product.wait(lambda: product.state.orders[entry].status is OrdStatus.CANCELLED, "the entry cancelled")
        assert product.state.orders[stop].is_open, "what protects stays"
        assert product.position(HELD) == 1, "flattening is a step of its own"
        product.wait(lambda: not product.context.focus.guarded, "the guard to pass")
        before = len(product.at_venue())
        product.press(Key.Key_F2)
        product.wait_for_words("Refused", "kill switch")
        assert len(product.at_venue()) == before

        product.wait(risk.stops.kills.text, "it in the panel")
        assert not risk.stops.lift.isEnabled()
        risk.stops.reason.setFocus()
        qtbot.keyClicks(risk.stops.reason, "drill is over")
        product.click(risk.stops.lift)
        product.wait(lambda: not product.state.status.kills, "the kill switch off")
        risk.stops.kill.setFocus()
        product.arm()
        product.quoting(HELD)
        product.press(Key.Key_F2)
        product.wait(lambda: len(product.at_venue()) == before + 1, "entry works again")
