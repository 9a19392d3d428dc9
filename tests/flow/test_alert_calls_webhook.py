"""An alert that calls a webhook, through the running product: chosen in the panel, told signed, its end in the list."""

from __future__ import annotations

import json
from pathlib import Path

import standardwebhooks
from pytestqt.qtbot import QtBot

from tests.flow.test_alerts_fire import SYMBOL, keep, told, wait_for_prices
from tests.helpers.hook_receiver import HookReceiver
from tests.helpers.product_rig import running
from workstation.desktop.panels.alerts_panel import AlertsPanel

HOOKS = "/api/v1/webhooks/out"
GOES_NOWHERE = {"name": "elsewhere", "event_types": ["alert.*"], "is_active": False}


def choose(panel: AlertsPanel, name: str) -> None:
    panel.form.webhook.setCurrentIndex(panel.form.webhook.findText(name))


def test_an_alert_calls_the_chosen_webhook_and_says_how_that_went(qtbot: QtBot, tmp_path: Path) -> None:
    with HookReceiver() as receiver:
        allowed = f"webhooks.allowed_hosts={json.dumps([receiver.host])}"
        with running(qtbot, tmp_path, "--api-port", "0", "--set", allowed) as product, product.http() as http:
            asked = {"name": "books", "endpoint_url": receiver.url, "event_types": ["order.*"], "max_retries": 0}
            books = http.post(HOOKS, json=asked).json()
            http.post(HOOKS, json=GOES_NOWHERE | {"endpoint_url": receiver.url})
            panel = AlertsPanel(product.context, "alerts-9")
            qtbot.addWidget(panel)
            panel.resize(900, 300)
            panel.show()
            choice = panel.form.webhook
            product.wait(lambda: choice.count() > 1, "the webhooks to choose from")
            offered = [choice.itemText(place) for place in range(choice.count())]
            assert offered == ["no webhook", "call books"], "one that is off is not offered"
            product.focus(SYMBOL)
            wait_for_prices(product)

            choose(panel, "call books")
            keep(panel, qtbot, "last > 0", "first", at_once=True)
            (message,) = receiver.wait_for(1)
            standardwebhooks.Webhook(books["secret"]).verify(message.body.decode(), message.headers)
            event = json.loads(message.body)
            assert (event["type"], event["data"]["name"], event["data"]["condition"]) == (
                "alert.fired", "first", "last > 0",
            )  # fmt: skip
            assert event["data"]["instrument_symbol"] == SYMBOL
            product.wait(lambda: panel.rows[0].remark == "webhook books called", "the call to be listed as taken")

            choose(panel, "no webhook")
            keep(panel, qtbot, "last > 0", "silent", at_once=True)
            told(product, "silent")
            receiver.answers.append(500)
            choose(panel, "call books")
            keep(panel, qtbot, "last > 0", "second", at_once=True)
            assert json.loads(receiver.wait_for(2)[1].body)["data"]["name"] == "second", "the silent one called nobody"
            product.wait(lambda: "webhook books FAILED" in panel.rows[2].remark, "the call to be listed as failed")
            told(product, "second")

            events = http.get("/api/v1/events", params={"types": "alert.fired"}).json()["events"]
            assert [row["data"]["name"] for row in events] == ["second", "silent", "first"]
            listed = http.post("/api/v1/commands/alert.list", json={}).json()["data"]["alerts"]
            assert [(row["name"], row["state"], row["webhook_id"]) for row in listed] == [
                ("first", "FIRED", books["id"]),
                ("silent", "FIRED", None),
                ("second", "FIRED", books["id"]),
            ]
            assert listed[0]["id"] == event["data"]["alert_id"]

            http.delete(f"{HOOKS}/{books['id']}")
            panel.table.selectRow(0)
            panel.toggle_chosen()
            product.wait(lambda: "is no webhook of this installation" in panel.note.text(), "the refusal in words")
            panel.release()
