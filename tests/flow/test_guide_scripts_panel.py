"""The page on scripts and webhooks in the desktop, in the running product: keys that open its door, real deliveries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.flow.test_rest_and_desktop import body
from tests.helpers.guide_hand import open_by_menu, type_over
from tests.helpers.guide_pages import GuidePage, coded
from tests.helpers.hook_receiver import HookReceiver
from tests.helpers.product_rig import Product, running
from workstation.api.options import SHARE
from workstation.config.settings import Settings
from workstation.config.settings_file import setting_rows
from workstation.desktop.panels.api_access_panel import ApiAccessPanel
from workstation.desktop.panels.webhooks_panel import WebhooksPanel
from workstation.domain.scopes import PRESETS

PAGE = GuidePage("scripts-panel")
ORDERS = "/api/v1/oms/orders"
HOOKS = "/api/v1/webhooks/out"
NAMED = PAGE.one("in the blotter's column Origin, such as `rest {}`")


def press_as_said(product: Product, button: QPushButton, words: str) -> None:
    """Press a button, twice where the page says so behind its name."""
    PAGE.says(words)
    assert button.text() in words
    for _ in range(2 if "press twice" in words else 1):
        product.click(button)


class Door:
    """The scripts panel of a running product and what a script hears at its door."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.panel = open_by_menu(product, PAGE.one("**{}** turns the REST interface on and off"), ApiAccessPanel)
        product.wait(lambda: self.panel.scripts.board is not None, "the door")

    def get(self, key: str, path: str = ORDERS) -> int:
        return httpx.get(f"{self.product.program.engine.api_url}{path}", headers={"X-API-Key": key}).status_code

    def create(self, name: str, preset: str, cap: str = "", days: str = "") -> str:
        panel, product = self.panel, self.product
        for field, text in ((panel.name, name), (panel.cap, cap), (panel.days, days)):
            type_over(product, field, text)
        panel.preset.setCurrentText(preset)
        product.click(panel.create_button)
        return product.wait(panel.secret.text, "the key, shown once")


@pytest.fixture
def door(qtbot: QtBot, tmp_path: Path) -> Iterator[Door]:
    with running(qtbot, tmp_path, "--api-port", "0") as product:
        yield Door(product)


def test_the_interface_is_switched_and_each_request_is_shown_with_who_sent_it(door: Door) -> None:
    product, panel = door.product, door.panel
    PAGE.says(
        "turns the REST interface on and off and shows its address; the file with the local token is named on hover."
    )
    url = product.program.engine.api_url
    product.wait(lambda: url in panel.address.text(), "its address")
    assert str(product.options.home.token_file) in panel.address.toolTip()
    with product.http() as http:
        assert http.get(ORDERS).status_code == 200
        assert http.get(HOOKS).status_code == 200
    PAGE.says("Below are the keys of scripts and each request with who sent it, the newest first.")
    product.wait(lambda: len(panel.scripts.requests) == 2, "both requests")
    shown = [panel.scripts.requests.row_at(row) for row in (0, 1)]
    columns = {column.name: column for column in panel.scripts.requests.columns}
    assert [columns["path"].text(row) for row in shown] == [HOOKS, ORDERS]
    assert "local token" in columns["who"].text(shown[0])
    product.click(panel.switch)
    product.wait(lambda: panel.address.text().startswith("OFF"), "the door closed")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/api/v1/health")


def test_a_key_is_made_shown_once_permitted_and_revoked_as_its_lines_say(door: Door) -> None:
    product, panel = door.product, door.panel
    PAGE.says(
        "a name, what it may do (`read-only` or `trade`), if wanted the largest notional of one of its orders and the"
    )
    assert set(PRESETS) == {"read-only", "trade"}
    key = door.create(NAMED, "trade", cap="500", days="3")
    PAGE.says("The key is shown once: copy it, then hide it. Only its hash is kept.")
    product.click(panel.copy_key)
    assert QApplication.clipboard().text() == key
    product.click(panel.hide_key)
    assert (panel.secret.text(), panel.made.isVisible()) == ("", False)
    assert door.get(key) == 200
    product.wait(lambda: len(panel.scripts.keys), "the key in its list")
    kept = b"".join(file.read_bytes() for file in product.options.home.root.rglob("*") if file.is_file())
    assert key.encode() not in kept
    product.focus("SIM-FILL")
    with httpx.Client(base_url=product.program.engine.api_url, headers={"X-API-Key": key}) as script:
        assert script.post(ORDERS, json=body(product, quantity="9")).status_code == 422, "over its largest notional"
        assert script.post(ORDERS, json=body(product)).status_code == 201

    PAGE.says(
        "**Live permit** (press twice) lets the selected keys add risk on live accounts for the time that is chosen"
    )
    panel.keys.selectRow(0)
    form = panel.permits
    product.wait(form.permit.isEnabled, "a key chosen")
    PAGE.says("on the value of an order, of a day and of a position, an empty one for none.")
    assert list(form.caps) == ["order_notional", "day_notional", "position_notional"]
    type_over(product, form.caps["day_notional"], "lots")
    PAGE.says("a wrong amount stays marked at its field, and no permit is given")
    press_as_said(product, form.permit, "**Live permit** (press twice)")
    assert form.caps["day_notional"].property("invalid") == "true"
    assert "No permit was given" in panel.note.text()
    type_over(product, form.caps["day_notional"], "1000")
    press_as_said(product, form.permit, "**Live permit** (press twice)")
    PAGE.says("What is used and left of each stands below")
    product.wait(lambda: re.search(r"A day ≤ 1,000.00.* used, .* left", form.left.text()), "what is left")
    PAGE.says("**End permit** takes it back at once.")
    product.wait(form.end.isEnabled, "a permit to end")
    product.click(form.end)
    product.wait(lambda: not form.end.isEnabled(), "its end")

    PAGE.says("**Revoke** ends the selected keys with one click, at once.")
    product.click(panel.revoke)
    product.wait(lambda: door.get(key) == 401, "no answer for it")
    PAGE.says("also once the key is revoked; its id is in the hover. Those of the local token read `rest local token`.")
    with product.http() as http:
        assert http.post(ORDERS, json=body(product, quantity="2")).status_code == 201
    blotter = product.table("orders-1")
    column = blotter.columns.column_named("origin")

    def said() -> set[str]:
        return {blotter.columns.index(row, column).data() for row in range(blotter.columns.rowCount())}

    product.wait(lambda: {f"rest {NAMED}", "rest local token"} <= said(), "both names in the blotter")


def test_webhooks_are_made_told_held_back_and_tried_again_as_the_page_says(qtbot: QtBot, tmp_path: Path) -> None:
    with HookReceiver() as receiver:
        allowed = f"webhooks.allowed_hosts={json.dumps([receiver.host])}"
        with running(qtbot, tmp_path, "--api-port", "0", "--set", allowed) as product, product.http() as http:
            panel = open_by_menu(product, PAGE.one("**{}** lists the endpoints that are told of events"), WebhooksPanel)
            product.wait(lambda: panel.rows.has_board, "the board")
            PAGE.says(
                "**New** and **Edit**: name, address, event types (none for all; `order.*` for all of a kind), how"
            )
            product.click(panel.new)
            fields = panel.form.fields
            type_over(product, fields["name"], "books")
            type_over(product, fields["endpoint_url"], "http://127.0.0.1:1/x")
            type_over(product, fields["event_types"], "order.*")
            type_over(product, fields["max_retries"], "0")
            product.click(panel.form.save)
            PAGE.says(
                "What is wrong stands beneath its field; where an address may lead is judged before anything is kept."
            )
            product.wait(panel.form.troubles["endpoint_url"].text, "the refusal beneath its field")
            assert http.get(HOOKS).json()["total_count"] == 0
            type_over(product, fields["endpoint_url"], receiver.url)
            product.click(panel.form.save)
            PAGE.says("The secret that signs is shown once, when the webhook is made: **Copy** it, then **Hide** it.")
            secret = product.wait(panel.secret.text, "the secret")
            product.click(panel.copy_secret)
            assert QApplication.clipboard().text() == secret
            product.click(panel.hide_secret)
            assert panel.secret.text() == ""
            product.wait(lambda: len(panel.rows.hooks), "the webhook in its table")
            panel.hooks.selectRow(0)

            PAGE.says("A delivery that was given up is DEAD; select it and **Try again** sends it under the same id.")
            receiver.answers.append(500)
            (hook,) = http.get(HOOKS).json()["webhooks"]
            assert http.post(f"{HOOKS}/{hook['id']}/test").status_code == 202
            first = receiver.wait_for(1)[0]
            panel.ask()
            product.wait(lambda: panel.rows.dead() == 1, "a dead delivery")
            PAGE.says("**Dead only** shows nothing else.")
            product.click(panel.only_dead)
            assert len(panel.rows.deliveries) == 1
            panel.deliveries.selectRow(0)
            press_as_said(product, panel.redeliver, "**Try again**")
            again = receiver.wait_for(2)[1]
            assert again.headers["webhook-id"] == first.headers["webhook-id"]

            panel.hooks.selectRow(0)
            press_as_said(product, panel.rotate, "**New secret** (press twice)")
            product.wait(lambda: panel.secret.text() not in ("", secret), "another secret")
            PAGE.says("**Pause** holds a webhook back, **Resume** lets it go on, **Delete** (press twice) ends it.")
            for word, other in (("Pause", "Resume"), ("Resume", "Pause")):
                press_as_said(product, panel.toggle, f"**{word}**")
                panel.ask()
                product.wait(lambda other=other: panel.toggle.text() == other, f"{other} after {word}")
            press_as_said(product, panel.delete, "**Delete** (press twice)")
            product.wait(lambda: http.get(HOOKS).json()["total_count"] == 0, "its end")


def test_the_share_of_the_processor_is_the_setting_that_the_page_names() -> None:
    (name,) = [word for word in coded(PAGE.text) if word.startswith("api.")]
    first = PAGE.figure(f"`{name}` of one processor, {{}} at first.")
    (row,) = [row for row in setting_rows(Settings(), None, {}) if row.name == name]
    assert (row.default, SHARE) == (first, first)
    PAGE.says("1 sets no bound. It applies at the next start.")
