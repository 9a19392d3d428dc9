"""The REST interface is switched off and on while the program runs, and every request is seen."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Product, product_options
from workstation.commands.registry import NoParams
from workstation.commands.scripts import SwitchDoor
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
