"""The scripts panel: the door, keys shown once and revoked at once, permits, requests with who sent them."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.helpers.desktop_rig import START_NS, DesktopRig, order, status
from workstation.commands.limits import RiskStanding
from workstation.commands.records import ChangeRecord, DeleteRecord
from workstation.commands.registry import CommandResult
from workstation.commands.scripts import SwitchDoor
from workstation.desktop.panels.api_access_panel import ApiAccessPanel
from workstation.desktop.panels.permit_form import HOUR_NS
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import ApiKey, LivePermit
from workstation.domain.scopes import PRESETS
from workstation.ports.scripts import DoorStanding, RequestLine, ScriptBoard
from workstation.risk.permits import PermitUse
from workstation.viewmodels.formats import DAY_NS

KEY = ApiKey(
    id="k1", user_id="local", name="bot", key_prefix="12345678", key_hash="", scopes=tuple(sorted(PRESETS["trade"])),
    rate_limit=600, max_order_notional="25000", expires_at=START_NS + 2 * DAY_NS,
)  # fmt: skip


def line(ts: int, status_code: int = 200, credential: str = "k1", kind: str = "API_KEY") -> RequestLine:
    return RequestLine(
        ts=START_NS + ts, method="POST", path="/api/v1/oms/orders", status=status_code, ms=1.25, credential=credential,
        kind=kind,
    )  # fmt: skip


def board(*keys: ApiKey, url: str = "http://127.0.0.1:8000", requests: tuple[RequestLine, ...] = (), trouble: str = ""):
    door = DoorStanding(url=url, token_file="api-token.json", trouble=trouble, requests=requests)
    return CommandResult(ok=True, text="", data=ScriptBoard(door=door, keys=keys, now_ns=START_NS))


@pytest.fixture
def rig(qapp):
    made = DesktopRig()
    made.gateway.answers["script.board"] = board(KEY)
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = ApiAccessPanel(rig.context, "api-1")
    qtbot.addWidget(made)
    made.resize(1_100, 420)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    rig.bridge._on_answered()
    yield made
    made.release()


def show(panel: ApiAccessPanel, rig: DesktopRig, answer: CommandResult) -> None:
    rig.gateway.answers["script.board"] = answer
    panel.ask()
    rig.bridge._on_answered()


def press(qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_models_keep_the_rules_of_qt(panel: ApiAccessPanel, rig: DesktopRig, qtmodeltester) -> None:
    show(panel, rig, board(KEY, requests=(line(1), line(2))))
    for view in (panel.keys, panel.requests):
        qtmodeltester.check(view.columns)


def test_a_key_says_what_it_may_and_what_it_did(panel: ApiAccessPanel, rig: DesktopRig) -> None:
    rig.feed(order("A", origin=Origin(kind=OriginKind.REST, detail="k1")))
    show(panel, rig, board(KEY, requests=(line(0),)))
    row = panel.scripts.keys.row_at(0)
    texts = {column.name: column.text(row) for column in panel.scripts.keys.columns}
    assert texts == {
        "name": "bot", "prefix": "oms_12345678…", "scopes": "trade", "cap": "25,000", "expires": "in 2 d",
        "permit": "none", "used": "15:00:00", "orders": "1",
    }  # fmt: skip


def test_the_door_is_switched_by_one_button(panel: ApiAccessPanel, rig: DesktopRig, qtbot) -> None:
    assert panel.address.text() == "ON  http://127.0.0.1:8000"
    press(qtbot, panel.switch)
    show(panel, rig, board(KEY, url=""))
    assert (panel.switch.text(), panel.copy_address.isEnabled()) == ("Turn on", False)
    press(qtbot, panel.switch)
    assert rig.gateway.of("script.switch") == [SwitchDoor(on=False), SwitchDoor(on=True)]


def test_a_port_that_is_taken_is_named_with_a_way_on(panel: ApiAccessPanel, rig: DesktopRig) -> None:
    show(panel, rig, board(url="", trouble="API port 8000 is taken"))
    assert "API port 8000 is taken" in panel.note.text()
    assert "--api-port 0" in panel.note.text()


def test_a_new_key_is_shown_once_and_only_its_hash_goes_out(panel: ApiAccessPanel, rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["api_key.create"] = CommandResult(ok=True, text="API key is created.")
    qtbot.keyClicks(panel.name, "night bot")
    qtbot.keyClicks(panel.cap, "1,000")
    qtbot.keyClicks(panel.days, "7")
    qtbot.keyClick(panel.days, Qt.Key.Key_Return)
    rig.bridge._on_answered()
    secret = panel.secret.text()
    assert secret.startswith("oms_")
    assert len(secret) == 68
    (wish,) = rig.gateway.of("api_key.create")
    made = wish.record
    assert (made.name, made.max_order_notional, made.expires_at) == ("night bot", "1000", START_NS + 7 * DAY_NS)
    assert made.key_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(msgspec.to_builtins(made))
    press(qtbot, panel.copy_key)
    assert QApplication.clipboard().text() == secret
    press(qtbot, panel.hide_key)
    assert (panel.secret.text(), panel.made.isVisible()) == ("", False)


@pytest.mark.parametrize(("name", "typed"), [("cap", "-5"), ("cap", "lots"), ("days", "0"), ("days", "soon")])
def test_a_wrong_entry_stays_marked(panel: ApiAccessPanel, rig: DesktopRig, qtbot, name: str, typed: str) -> None:
    field = getattr(panel, name)
    panel.name.setText("bot")
    qtbot.keyClicks(field, typed)
    press(qtbot, panel.create_button)
    assert rig.gateway.of("api_key.create") == []
    assert (field.text(), field.property("invalid")) == (typed, "true")
    assert panel.note.text()


def test_a_refused_key_is_not_shown(panel: ApiAccessPanel, rig: DesktopRig, qtbot) -> None:
    refused = CommandResult(ok=False, code="DUPLICATE", text="There is an API key with that name already.")
    rig.gateway.answers["api_key.create"] = refused
    panel.name.setText("bot")
    press(qtbot, panel.create_button)
    rig.bridge._on_answered()
    assert (panel.secret.text(), panel.note.text()) == ("", refused.text)


def test_one_click_revokes(panel: ApiAccessPanel, rig: DesktopRig, qtbot) -> None:
    assert not panel.revoke.isEnabled()
    panel.keys.selectRow(0)
    press(qtbot, panel.revoke)
    assert rig.gateway.of("api_key.delete") == [DeleteRecord(id="k1")]
    show(panel, rig, board())
    assert len(panel.scripts.keys) == 0
    assert panel.keys._empty[0] == "No keys"


def twice(qtbot, button) -> None:
    press(qtbot, button)
    press(qtbot, button)


def test_a_live_permit_is_given_for_a_time_with_its_caps_and_taken_back(panel, rig: DesktopRig, qtbot) -> None:
    form = panel.permits
    parts = (form.permit, form.end, *form.caps.values())
    assert not any(part.isEnabled() for part in parts), "no key is chosen"
    panel.keys.selectRow(0)
    form.hours.setCurrentText("8 h")
    for name, typed in (("order_notional", "10,000"), ("day_notional", "50000"), ("position_notional", "20000.5")):
        qtbot.keyClicks(form.caps[name], typed)
    twice(qtbot, form.permit)
    caps = {"order_notional": "10000", "day_notional": "50000", "position_notional": "20000.5"}
    permit = LivePermit(expires_at=START_NS + 8 * HOUR_NS, caps=caps)
    use = PermitUse(holder="k1", currency="USD", day=4_000 * MONEY_ONE, position=None)
    standing = RiskStanding(limits=(), locked=(), armed=False, permits=(use,))
    rig.gateway.answers["risk.standing"] = CommandResult(ok=True, text="", data=standing)
    show(panel, rig, board(msgspec.structs.replace(KEY, live_permit=permit)))
    (standing_word,) = [column.text for column in panel.scripts.keys.columns if column.name == "permit"]
    assert standing_word(panel.scripts.keys.row_at(0)) == "LIVE 8 h", "it is live for so long, not in so long"
    assert form.left.text().splitlines() == [
        "Adds risk on live accounts for 8 h more",
        "An order ≤ 10,000.00 USD",
        "A day ≤ 50,000.00 USD, 4,000.00 used, 46,000.00 left",
        "A position ≤ 20,000.50 USD, — used, — left",
    ]
    press(qtbot, form.end)
    wishes = rig.gateway.of("api_key.update")
    assert wishes == [ChangeRecord(id="k1", changes={"live_permit": given}) for given in (permit, None)]


def test_a_cap_that_is_no_amount_stays_marked_at_its_field_and_no_permit_is_given(panel, rig, qtbot) -> None:
    panel.keys.selectRow(0)
    field = panel.permits.caps["position_notional"]
    qtbot.keyClicks(field, "lots")
    twice(qtbot, panel.permits.permit)
    assert rig.gateway.of("api_key.update") == []
    assert (field.property("invalid"), field.text(), field.hasFocus()) == ("true", "lots", True)
    assert "A position: lots is no amount" in panel.note.text()


def test_several_keys_get_the_same_permit_and_each_says_what_it_has(panel, rig: DesktopRig, qtbot) -> None:
    permit = LivePermit(expires_at=START_NS + HOUR_NS)
    other = msgspec.structs.replace(KEY, id="k2", name="night", live_permit=permit)
    show(panel, rig, board(KEY, other))
    panel.keys.selectAll()
    assert panel.permits.left.text().startswith("night: Adds risk on live accounts for 60 min more; No caps")
    twice(qtbot, panel.permits.permit)
    assert {wish.id for wish in rig.gateway.of("api_key.update")} == {"k1", "k2"}


def test_requests_name_who_sent_them_newest_first(panel: ApiAccessPanel, rig: DesktopRig) -> None:
    requests = (line(1), line(2, 401, "", ""), line(3, credential="x", kind="LOCAL"))
    show(panel, rig, board(KEY, requests=requests))
    show(panel, rig, board(KEY, requests=(*requests, line(4))))
    rows = [panel.scripts.requests.row_at(position) for position in range(len(panel.scripts.requests))]
    assert [row.who for row in rows] == ["bot", "local token", "nobody", "bot"]
