"""A webhook from the panel to the receiver: made by hand, judged, told under the secret that was shown, renewed."""

from __future__ import annotations

import json
from pathlib import Path

import standardwebhooks
from pytestqt.qtbot import QtBot

from tests.helpers.hook_receiver import HookReceiver, Message
from tests.helpers.product_rig import running
from workstation.desktop.panels.webhooks_panel import WebhooksPanel

HOOKS = "/api/v1/webhooks/out"


def signed(secret: str, message: Message) -> bool:
    standardwebhooks.Webhook(secret).verify(message.body.decode(), message.headers)
    return True


def test_a_webhook_made_in_the_panel_is_told_under_its_secret(qtbot: QtBot, tmp_path: Path) -> None:
    with HookReceiver() as receiver:
        allowed = f"webhooks.allowed_hosts={json.dumps([receiver.host])}"
        with running(qtbot, tmp_path, "--api-port", "0", "--set", allowed) as product, product.http() as http:
            panel = WebhooksPanel(product.context, "webhooks-9")
            qtbot.addWidget(panel)
            panel.resize(900, 480)
            panel.show()
            product.wait(lambda: panel.rows.has_board, "the board")
            product.click(panel.new)
            panel.form.fields["name"].setText("books")
            panel.form.fields["endpoint_url"].setText("http://127.0.0.1:1/x")
            product.click(panel.form.save)
            trouble = panel.form.troubles["endpoint_url"]
            product.wait(lambda: "webhooks.allowed_hosts" in trouble.text(), "the refusal beneath the field")
            panel.form.fields["event_types"].setText("order.*, order.fill")
            product.click(panel.form.save)
            unknown = panel.form.troubles["event_types"]
            product.wait(
                lambda: "'order.fill' is no type of event; there are " in unknown.text(), "what events there are"
            )
            assert http.get(HOOKS).json()["total_count"] == 0
            panel.form.fields["event_types"].setText("")
            panel.form.fields["endpoint_url"].setText(receiver.url)
            product.click(panel.form.save)
            secret = product.wait(panel.secret.text, "the secret")
            (hook,) = http.get(HOOKS).json()["webhooks"]
            assert (hook["name"], hook["endpoint_url"]) == ("books", receiver.url)
            assert http.post(f"{HOOKS}/{hook['id']}/test").status_code == 202
            assert signed(secret, receiver.wait_for(1)[0])
            product.wait(lambda: len(panel.rows.hooks), "the webhook in the table")
            panel.hooks.selectRow(0)
            product.click(panel.rotate)
            product.click(panel.rotate)
            renewed = product.wait(lambda: panel.secret.text() != secret and panel.secret.text(), "another secret")
            assert http.post(f"{HOOKS}/{hook['id']}/test").status_code == 202
            told = receiver.wait_for(2)[1]
            assert signed(str(renewed), told)
            assert signed(secret, told), "the one before is good for a day"
            panel.release()
