"""The webhooks panel: endpoints, deliveries with state, answer and next attempt; one more try for dead ones."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.helpers.desktop_rig import START_NS, DesktopRig, status
from workstation.commands.outcomes import Refusal
from workstation.commands.records import ChangeRecord, DeleteRecord
from workstation.commands.registry import CommandResult
from workstation.commands.scripts import Redeliver
from workstation.commands.webhooks import HookSecret, RotateHook, SaveHook
from workstation.desktop.panels.webhooks_panel import WebhooksPanel
from workstation.domain.records import Webhook
from workstation.ports.deliveries import Delivery, DeliveryStatus
from workstation.ports.scripts import HookBoard

SECOND = 1_000_000_000
HOOK = Webhook(id="h1", user_id="local", name="desk chat", endpoint_url="https://chat.example/hook", secret="")
OFF = msgspec.structs.replace(HOOK, id="h2", name="old", is_active=False, disabled_reason="the endpoint answered 410")


def delivery(key: str, state: DeliveryStatus, **changes) -> Delivery:
    fields = {
        "id": key,
        "webhook_id": "h1",
        "event_id": 7,
        "message_id": f"msg_{key}",
        "event_type": "order.filled",
        "payload": b"{}",
        "status": state,
        "next_attempt_at": None,
        "created_at": START_NS,
        "updated_at": START_NS,
    }
    return Delivery(**{**fields, **changes})


TAKEN = delivery("d1", DeliveryStatus.DELIVERED, response_status=204, attempt_count=1)
LATER = delivery(
    "d2", DeliveryStatus.RETRYING, response_status=500, attempt_count=2, next_attempt_at=START_NS + 90 * SECOND,
    created_at=START_NS + 1 * SECOND,
)  # fmt: skip
LOST = delivery(
    "d3", DeliveryStatus.DEAD, error="connection refused", attempt_count=4, created_at=START_NS + 2 * SECOND
)


def board(*deliveries: Delivery, hooks: tuple[Webhook, ...] = (HOOK, OFF)) -> CommandResult:
    return CommandResult(ok=True, text="", data=HookBoard(hooks=hooks, deliveries=deliveries, now_ns=START_NS))


@pytest.fixture
def rig(qapp):
    made = DesktopRig()
    made.gateway.answers["script.hooks"] = board(TAKEN, LATER, LOST)
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = WebhooksPanel(rig.context, "webhooks-1")
    qtbot.addWidget(made)
    made.resize(1_100, 420)
    made.show()
    rig.feed(status=status(now_ns=START_NS, api_url="http://127.0.0.1:1"))
    rig.bridge._on_answered()
    yield made
    made.release()


def press(qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(view, row: int) -> list[str]:
    return [column.text(view.columns.row_at(row)) for column in view.columns.table.columns]


def test_the_models_keep_the_rules_of_qt(panel: WebhooksPanel, qtmodeltester) -> None:
    for view in (panel.hooks, panel.deliveries):
        qtmodeltester.check(view.columns)


def test_endpoints_say_how_they_do(panel: WebhooksPanel) -> None:
    assert texts(panel.hooks, 0) == ["desk chat", "on", "1", "1", "1", "https://chat.example/hook", "all events"]
    assert texts(panel.hooks, 1)[1] == "off: the endpoint answered 410"


def test_deliveries_say_state_answer_and_next_try_newest_first(panel: WebhooksPanel) -> None:
    shown = [
        [text for place, text in enumerate(texts(panel.deliveries, row)) if place in (1, 2, 3, 6)] for row in (0, 1, 2)
    ]
    assert shown == [
        ["DEAD", "4", "—", "connection refused"],
        ["RETRYING", "2", "in 90 s", "500"],
        ["DELIVERED", "1", "—", "204"],
    ]
    assert panel.note.text() == "1 deliveries were given up. Select them and try again."


def test_a_dead_delivery_alone_is_tried_again(panel: WebhooksPanel, rig: DesktopRig, qtbot) -> None:
    panel.deliveries.selectRow(1)
    assert not panel.redeliver.isEnabled()
    panel.deliveries.selectAll()
    press(qtbot, panel.redeliver)
    assert rig.gateway.of("script.redeliver") == [Redeliver(webhook_id="h1", delivery_id="d3")]


def test_dead_letters_can_be_seen_alone(panel: WebhooksPanel, rig: DesktopRig, qtbot) -> None:
    press(qtbot, panel.only_dead)
    assert [panel.deliveries.columns.row_at(0).delivery.id] == ["d3"]
    assert len(panel.rows.deliveries) == 1
    rig.gateway.answers["script.hooks"] = board(TAKEN)
    panel.ask()
    rig.bridge._on_answered()
    assert len(panel.rows.deliveries) == 0
    assert panel.deliveries._empty[0] == "No dead deliveries"


def test_a_webhook_is_switched_and_deleted_by_two_presses(panel: WebhooksPanel, rig: DesktopRig, qtbot) -> None:
    panel.hooks.selectRow(1)
    assert panel.toggle.text() == "Resume"
    press(qtbot, panel.toggle)
    changes = {"is_active": True, "disabled_reason": ""}
    assert rig.gateway.of("webhook.update") == [ChangeRecord(id="h2", changes=changes)]
    press(qtbot, panel.delete)
    assert rig.gateway.of("webhook.delete") == []
    press(qtbot, panel.delete)
    assert rig.gateway.of("webhook.delete") == [DeleteRecord(id="h2")]


def test_what_a_delivery_was_answered_stands_in_full(panel: WebhooksPanel) -> None:
    panel.deliveries.selectRow(0)
    assert panel.detail.text() == "order.filled, msg_d3\nAnswer: connection refused"


def test_a_closed_door_delivers_nothing_and_says_so(panel: WebhooksPanel, rig: DesktopRig) -> None:
    rig.feed(status=status(api_url=""))
    assert panel.note.text().startswith("The REST interface is off")


def test_trouble_with_the_database_is_shown_with_a_way_on(panel: WebhooksPanel, rig: DesktopRig) -> None:
    rig.gateway.answers["script.hooks"] = CommandResult(ok=False, code="NOT_READY", text="Deliveries cannot be read.")
    panel.ask()
    rig.bridge._on_answered()
    assert panel.note.text() == "Deliveries cannot be read."
    assert panel.retry.isVisible()


def test_nobody_to_tell_says_how_one_is_made(rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["script.hooks"] = board(hooks=())
    panel = WebhooksPanel(rig.context, "webhooks-2")
    qtbot.addWidget(panel)
    assert panel.hooks._empty[0] == "Loading webhooks…"
    rig.bridge._on_answered()
    assert panel.hooks._empty[0] == "No webhooks"
    panel.release()


def type_into(panel: WebhooksPanel, **texts: str) -> None:
    for name, text in texts.items():
        panel.form.fields[name].setText(text)


def answered(rig: DesktopRig, command: str, result: CommandResult) -> None:
    rig.gateway.answer(command, result)
    rig.bridge._on_answered()


def test_a_webhook_is_made_and_its_secret_shown_once_with_a_button_to_copy(panel, rig: DesktopRig, qtbot) -> None:
    press(qtbot, panel.new)
    type_into(panel, name="books", endpoint_url="https://books.example/x", event_types="order.*", max_retries="5")
    press(qtbot, panel.form.save)
    wish = SaveHook(name="books", endpoint_url="https://books.example/x", event_types=("order.*",), max_retries=5)
    assert rig.gateway.of("script.save_hook") == [wish]
    made = HookSecret(id="h3", secret="whsec_abc")
    answered(rig, "script.save_hook", CommandResult(ok=True, text="Webhook is created.", data=made))
    assert not panel.form.isVisible()
    assert (panel.secret.text(), panel.secret.isVisible()) == ("whsec_abc", True)
    press(qtbot, panel.copy_secret)
    assert QGuiApplication.clipboard().text() == "whsec_abc"
    press(qtbot, panel.hide_secret)
    assert (panel.secret.text(), panel.made.isVisible()) == ("", False)


def test_what_is_wrong_stands_beneath_its_field_and_nothing_is_sent(panel, rig: DesktopRig, qtbot) -> None:
    press(qtbot, panel.new)
    type_into(panel, name="", endpoint_url="ftp://x", timeout_s="31")
    press(qtbot, panel.form.save)
    assert rig.gateway.of("script.save_hook") == []
    shown = {name: label.text() for name, label in panel.form.troubles.items() if label.isVisible()}
    assert list(shown) == ["name", "endpoint_url", "timeout_s"]
    assert panel.form.fields["name"].hasFocus()
    type_into(panel, name="books", endpoint_url="https://10.0.0.1/x", timeout_s="30")
    press(qtbot, panel.form.save)
    text = "The endpoint leads to a private address that webhooks.allowed_hosts does not name."
    refusal = CommandResult(ok=False, code="VALIDATION_ERROR", text=text, data=Refusal(field="endpoint_url"))
    answered(rig, "script.save_hook", refusal)
    assert panel.form.isVisible()
    assert {name: label.text() for name, label in panel.form.troubles.items() if label.isVisible()} == {
        "endpoint_url": text
    }
    press(qtbot, panel.form.cancel)
    assert not panel.form.isVisible()


def test_the_selected_webhook_is_changed_with_what_it_was_in_the_form(panel, rig: DesktopRig, qtbot) -> None:
    assert not panel.edit.isEnabled()
    panel.hooks.selectRow(0)
    press(qtbot, panel.edit)
    assert panel.form.fields["endpoint_url"].text() == HOOK.endpoint_url
    type_into(panel, event_types="execution.created")
    press(qtbot, panel.form.save)
    wish = SaveHook(id="h1", name=HOOK.name, endpoint_url=HOOK.endpoint_url, event_types=("execution.created",))
    assert rig.gateway.of("script.save_hook") == [wish]
    answered(rig, "script.save_hook", CommandResult(ok=True, text="Webhook is changed.", data=HOOK))
    assert not panel.form.isVisible()
    assert not panel.made.isVisible()


def test_a_new_secret_takes_two_presses(panel, rig: DesktopRig, qtbot) -> None:
    panel.hooks.selectRow(0)
    press(qtbot, panel.rotate)
    assert rig.gateway.of("script.rotate_hook") == []
    press(qtbot, panel.rotate)
    assert rig.gateway.of("script.rotate_hook") == [RotateHook(id="h1")]
    rotated = CommandResult(ok=True, text="Webhook is changed.", data=HookSecret(id="h1", secret="whsec_new"))
    answered(rig, "script.rotate_hook", rotated)
    assert panel.secret.text() == "whsec_new"


def test_at_760_pixels_no_table_is_scrolled_sideways_and_none_leaves_room_empty(panel, qtbot) -> None:
    panel.resize(760, 420)
    qtbot.waitUntil(lambda: panel.hooks.viewport().width() > 700)
    for view in (panel.hooks, panel.deliveries):
        header = view.horizontalHeader()
        assert sum(map(header.sectionSize, range(header.count()))) == view.viewport().width()
