"""The REST interface is switched off and on while the program runs, and every request is seen."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.flow.test_rest_and_desktop import body
from tests.helpers.product_rig import CTRL, Product, product_options, running
from workstation.commands.registry import NoParams
from workstation.commands.scripts import SwitchDoor
from workstation.desktop.panels.provenance_panel import ProvenancePanel
from workstation.ports.scripts import ScriptBoard


def test_the_door_closes_opens_again_and_lists_its_requests(qtbot: QtBot, tmp_path: Path) -> None:
    product = Product(qtbot, product_options(tmp_path, "--api-port", "0"))
    try:
        url = product.program.engine.api_url
        assert httpx.get(f"{url}/api/v1/health").status_code == 200
        assert httpx.get(f"{url}/api/v1/oms/orders").status_code == 401
        assert product.command("script.switch", SwitchDoor(on=False)).ok
        assert not product.options.home.token_file.exists()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/api/v1/health")
        assert product.command("script.switch", SwitchDoor(on=True)).ok
        board = product.command("script.board", NoParams()).data
        assert isinstance(board, ScriptBoard)
        assert httpx.get(f"{board.door.url}/api/v1/health").status_code == 200
        seen = [(line.method, line.path, line.status) for line in board.door.requests]
        assert seen == [("GET", "/api/v1/health", 200), ("GET", "/api/v1/oms/orders", 401)]
    finally:
        product.stop()


def test_a_key_made_in_the_panel_opens_the_door_until_it_is_revoked(qtbot: QtBot, tmp_path: Path) -> None:
    product = Product(qtbot, product_options(tmp_path, "--api-port", "0"))
    try:
        panel = product.window.add_panel("api_access")
        product.wait(lambda: panel.scripts.board is not None, "the door in the panel")
        qtbot.keyClicks(panel.name, "bot")
        product.click(panel.create_button)
        product.wait(panel.secret.text, "the new key")
        url, headers = product.program.engine.api_url, {"X-API-Key": panel.secret.text()}
        assert httpx.get(f"{url}/api/v1/oms/orders", headers=headers).status_code == 200
        product.wait(lambda: len(panel.scripts.keys) == 1, "the key in its list")
        panel.keys.selectRow(0)
        product.click(panel.revoke)
        product.wait(lambda: len(panel.scripts.keys) == 0, "the key gone")
        product.wait(lambda: httpx.get(f"{url}/api/v1/oms/orders", headers=headers).status_code == 401, "no answer")
    finally:
        product.stop()


def test_an_order_by_a_key_stands_by_the_keys_name_in_the_blotter_and_on_its_page_also_after_a_restart(
    qtbot: QtBot, tmp_path: Path
) -> None:
    with running(qtbot, tmp_path, "--api-port", "0") as product:
        product.focus("SIM-FILL")
        panel = product.window.add_panel("api_access")
        product.wait(lambda: panel.scripts.board is not None, "the door in the panel")
        qtbot.keyClicks(panel.name, "night robot")
        qtbot.keyClicks(panel.preset, "t")
        product.click(panel.create_button)
        product.wait(panel.secret.text, "the new key")
        headers = {"X-API-Key": panel.secret.text()}
        orders = f"{product.program.engine.api_url}/api/v1/oms/orders"
        placed = httpx.post(orders, headers=headers, json=body(product), timeout=30)
        assert placed.status_code == 201, placed.text
        product.wait(lambda: product.rows("orders-1"), "its row")
    with running(qtbot, tmp_path) as product:
        product.wait(lambda: product.rows("orders-1"), "its row")
        blotter = product.table("orders-1")
        cell = blotter.columns.index(0, blotter.columns.column_named("origin"))
        assert cell.data() == "rest night robot"
        blotter.setFocus()
        blotter.selectRow(0)
        product.press(Qt.Key.Key_I, CTRL)
        page = product.wait(
            lambda: next(
                (p.page for p in product.window.panels.values() if isinstance(p, ProvenancePanel) and p.page), None
            ),
            "its page",
        )
        token = next(fact for section in page.sections for fact in section.facts if fact.name == "Token")
        assert (token.value, cell.data(Qt.ItemDataRole.ToolTipRole)) == ("night robot", f"rest {token.note}")
