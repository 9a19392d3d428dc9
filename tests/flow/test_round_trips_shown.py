"""A round trip through the real product: traded by a script, shown by the P&L panel, known again after a restart."""

from __future__ import annotations

from pathlib import Path

import httpx
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import ACCOUNT, CALM, Product, running
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.viewmodels.pnl_view import GroupBy, PnlRow

ORDERS = "/api/v1/oms/orders"


def trade(product: Product, http: httpx.Client, side: str, price: str) -> None:
    account = product.context.account(ACCOUNT)
    assert account is not None
    order = {
        "instrument_symbol": "SIM-FILL",
        "broker_account_id": account.uid,
        "order_type": "LIMIT",
        "side": side,
        "quantity": "1",
        "price": price,
    }
    answer = http.post(ORDERS, json=order)
    assert answer.status_code == 201, answer.text


def trips(product: Product) -> list[PnlRow]:
    """Return the rows of the P&L panel, summed by round trip."""
    panel = next(iter(product.window.findChildren(PnlPanel)), None) or product.window.add_panel("pnl")
    assert isinstance(panel, PnlPanel)
    panel.by.setCurrentIndex(panel.by.findData(GroupBy.TRADE.value))
    return [panel.columns.row_at(number) for number in range(panel.columns.rowCount())]


def closed(product: Product) -> PnlRow | None:
    found = trips(product)
    return found[0] if len(found) == 1 and not found[0].held and found[0].net is not None else None


def test_a_round_trip_is_shown_with_its_worst_and_known_after_a_restart(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product, product.http() as http:
        product.focus("SIM-FILL")
        trade(product, http, "BUY", "100.03")
        held = product.wait(lambda: next((row for row in trips(product) if row.held), None), "the trip under way")
        assert held.symbol.startswith("SIM-FILL long")
        trade(product, http, "SELL", "99.95")
        before = product.wait(lambda: closed(product), "the closed trip")
        assert before.realised is not None
        assert before.realised < 0
        assert before.excursion is not None
        assert before.excursion.worst <= before.realised
        account = product.state.accounts[ACCOUNT]
        assert before.net == product.wait(lambda: product.state.accounts[ACCOUNT].net, "the day's net") == account.net
    with running(qtbot, tmp_path, *CALM) as product:
        after = product.wait(lambda: closed(product), "the trip of before")
        assert (after.symbol, after.realised, after.fees, after.net) == (
            *(before.symbol, before.realised, before.fees, before.net),
        )
        assert after.excursion is None or not after.excursion.whole, "how far it ran is not known any more"
