"""Faults switched by hand in the running product: what each does to the blotter, to prices and to P&L, and its end."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.flow.test_stale_and_disconnected import rest
from tests.helpers.product_rig import ACCOUNT, Product, running
from workstation.desktop.panels.faults_panel import STATE, SWITCH, FaultsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.domain.orders import OrdStatus

Key = Qt.Key
SYMBOL = "AAPL"
LASTS_S = "4"


def strike(product: Product, panel: FaultsPanel, kind: str, **typed: str) -> None:
    """Type the figures of a fault and press the space bar on its switch."""
    for name, text in typed.items():
        panel.fields[name].setFocus()
        panel.fields[name].selectAll()
        product.bot.keyClicks(panel.fields[name], text)
    panel.tree.setFocus()
    panel.tree.setCurrentItem(panel.switches[kind])
    product.bot.keyClick(panel.tree, Key.Key_Space)


def note(product: Product, panel_id: str) -> str:
    return product.find(QLabel, f"{panel_id}_note").text()


def test_switches_reject_an_order_stop_prices_and_cut_the_session(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        product.focus(SYMBOL)
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked")
        faults = product.window.add_panel("faults")
        assert isinstance(faults, FaultsPanel)
        blotter = product.window.panels["orders-1"]
        assert isinstance(blotter, OrdersPanel)

        strike(product, faults, "reject")
        product.wait(lambda: faults.switches["reject"].text(STATE) == "armed", "the fault armed")
        product.arm()
        product.press(Key.Key_F1)
        product.wait_for_order(lambda o: o.status is OrdStatus.REJECTED, "a rejected order")
        product.wait(lambda: any("REJECTED" in row for row in product.rows("orders-1")), "it in the blotter")
        product.wait(lambda: faults.switches["reject"].checkState(SWITCH) is Qt.CheckState.Unchecked, "it struck once")
        assert blotter.rejects.text() == "1 reject ✓"
        working = rest(product)

        strike(product, faults, "feed_down", lasts=LASTS_S)
        for panel_id in ("watchlist-1", "pnl-1"):
            product.wait(
                lambda panel_id=panel_id: "Feed SIM is DOWN: prices as of" in note(product, panel_id), panel_id
            )
        product.wait(lambda: not note(product, "watchlist-1"), "the feed again")

        product.quoting(SYMBOL)
        strike(product, faults, "disconnect", lasts=LASTS_S)
        product.wait(lambda: any(text.startswith("UNKNOWN") for text in product.rows("orders-1")), "the order unknown")
        product.wait(lambda: "Fills since then are not in these figures" in note(product, "pnl-1"), "P&L says so")
        product.wait(lambda: any(text.startswith("WORKING") for text in product.rows("orders-1")), "it works again")

        product.wait(lambda: product.state.status is not None and not product.state.status.armed, "disarmed by that")
        product.show_panel("orders-1")
        blotter.view.setFocus()
        blotter.view.select_key(working)
        product.bot.keyClick(blotter.view, Key.Key_Delete)
        product.wait_for_order(lambda o: o.cl_ord_id == working and o.status is OrdStatus.CANCELLED, "its end")
