"""The risk panel: limits edited in place, stops by two presses, refusals, and every state said in words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from tests.helpers.desktop_rig import START_NS, DesktopRig, order, quote, status
from workstation.commands.params import ExitAccount, ExitPosition, Kill, LiftKill, SetLimit
from workstation.commands.registry import CommandResult
from workstation.commands.risk_board import LockOut, SetCloseOnly
from workstation.config.settings import load_settings
from workstation.desktop.panels.risk_panel import RiskPanel
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.events import LimitChanged
from workstation.domain.market import StreamKind
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, RequestKind
from workstation.risk.board import LimitLine, RiskBoard
from workstation.risk.limits import LimitScope, LimitType
from workstation.viewmodels.asking import LATE_NS
from workstation.viewmodels.frames import StreamSnap
from workstation.viewmodels.risk_view import headroom, level_of

FIELD_SPARE_PX = 20
"""What a field has beside its text, both sides together."""

LOSS = LimitLine(
    limit=LimitType.DAILY_LOSS, scope=LimitScope.TENANT, key="", text="1000", value=1_000 * MONEY_ONE, used=0,
    unlimited=False,
)  # fmt: skip


def answer(*limits: LimitLine, restrictions: tuple[LimitChanged, ...] = ()) -> CommandResult:
    return CommandResult(ok=True, text="", data=RiskBoard(limits=limits or (LOSS,), restrictions=restrictions))


@pytest.fixture
def rig(qapp):
    made = DesktopRig()
    made.gateway.answers["risk.board"] = answer()
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = RiskPanel(rig.context, "risk-1")
    qtbot.addWidget(made)
    made.resize(1_000, 420)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    heard(rig)
    yield made
    made.release()


def heard(rig: DesktopRig) -> None:
    rig.bridge._on_answered()


def again(panel: RiskPanel, rig: DesktopRig) -> None:
    panel.ask()
    heard(rig)


def typed(qtbot, panel: RiskPanel, value: str, reason: str = "") -> None:
    panel.view.selectRow(0)
    panel.form.value.setFocus()
    qtbot.keyClick(panel.form.value, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(panel.form.value, Qt.Key.Key_Delete)
    qtbot.keyClicks(panel.form.value, value)
    qtbot.keyClicks(panel.form.reason, reason)
    qtbot.keyClick(panel.form.value, Qt.Key.Key_Return)


def test_the_model_keeps_the_rules_of_qt(panel: RiskPanel, qtmodeltester) -> None:
    qtmodeltester.check(panel.columns)


def test_a_tighter_limit_is_set_by_enter_without_a_reason(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    typed(qtbot, panel, "800")
    wish = SetLimit(limit="DAILY_LOSS", value="800", reason="tightened by hand", scope="TENANT")
    assert rig.gateway.of("risk.limit") == [wish]


def test_a_looser_limit_waits_for_a_reason(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    typed(qtbot, panel, "2k")
    assert rig.gateway.of("risk.limit") == []
    assert panel.form.hint.text() == "Loosens it: a reason is needed."
    typed(qtbot, panel, "2k", "bigger account")
    assert [(wish.value, wish.reason) for wish in rig.gateway.of("risk.limit")] == [("2000", "bigger account")]


def test_a_looser_limit_waits_for_the_disarmed_state(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    rig.arm()
    typed(qtbot, panel, "2k", "why not")
    assert rig.gateway.of("risk.limit") == []
    assert panel.form.hint.text() == "Loosens it: disarm first (F12)."


@pytest.mark.parametrize("value", ["", "0", "-1", "nan", "lots"])
def test_what_is_no_limit_stays_as_typed_with_the_rule(panel: RiskPanel, rig: DesktopRig, qtbot, value: str) -> None:
    typed(qtbot, panel, value, "x")
    assert (rig.gateway.of("risk.limit"), panel.form.value.text()) == ([], value)


def test_a_limit_of_an_account_needs_its_name(panel: RiskPanel, rig: DesktopRig) -> None:
    panel.form.scope.setCurrentIndex(panel.form.scope.findData(LimitScope.ACCOUNT))
    assert panel.form.key.currentText() == "SIM-1"
    panel.form.value.setText("5")
    panel.form.key.setCurrentText("")
    panel.form.send()
    assert rig.gateway.of("risk.limit") == []
    panel.form.key.setCurrentText("SIM-1")
    panel.form.send()
    assert [(wish.scope, wish.key) for wish in rig.gateway.of("risk.limit")] == [("ACCOUNT", "SIM-1")]


def test_a_refusal_stays_in_the_panel_until_the_next_gesture(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["risk.limit"] = CommandResult(ok=False, code="STATE_CONFLICT", text="Refused: lockout.")
    typed(qtbot, panel, "800")
    heard(rig)
    assert panel.note.text() == "Refused: lockout."
    rig.gateway.answers["risk.limit"] = CommandResult(ok=True, text="DAILY_LOSS is now 700.")
    typed(qtbot, panel, "700")
    heard(rig)
    assert panel.note.text() == ""
    assert rig.spoken[-1] == ("info", "DAILY_LOSS is now 700.")


def test_the_kill_switch_acts_on_the_second_press(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.mouseClick(panel.stops.kill, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("risk.kill") == []
    assert panel.stops.kill.text() == "Press again: kill switch"
    qtbot.mouseClick(panel.stops.kill, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("risk.kill") == [Kill(scope=KillScope.ALL, reason="risk panel")]


def test_a_kill_switch_is_lifted_with_typed_words_only(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    on = KillState(scope=KillScope.SYMBOL, key="AAPL", on=True, reason="news", actor="HOTKEY:local", ts=START_NS)
    rig.feed(status=status(kills=(on,)))
    assert "AAPL" in panel.stops.kills.text()
    assert not panel.stops.lift.isEnabled()
    qtbot.keyClicks(panel.stops.reason, "over")
    qtbot.mouseClick(panel.stops.lift, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("risk.unkill") == [LiftKill(reason="over", scope=KillScope.SYMBOL, key="AAPL")]


def test_a_lockout_needs_an_account_a_reason_and_two_presses(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.keyClicks(panel.stops.reason, "enough")
    assert not panel.stops.lock_out.isEnabled()
    panel.stops.scope.setCurrentIndex(1)
    for _ in range(2):
        qtbot.mouseClick(panel.stops.lock_out, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("risk.lock_out") == [LockOut(account="SIM-1", reason="enough")]


def test_a_lockout_for_a_time_is_chosen_beside_it(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    panel.stops.scope.setCurrentIndex(1)
    panel.stops.lock_for.setCurrentText("for an hour")
    qtbot.keyClicks(panel.stops.reason, "enough")
    for _ in range(2):
        qtbot.mouseClick(panel.stops.lock_out, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("risk.lock_out") == [LockOut(account="SIM-1", reason="enough", seconds=3_600)]


def test_flattening_is_a_step_of_its_own_that_works_with_the_kill_switch_on(
    panel: RiskPanel, rig: DesktopRig, qtbot
) -> None:
    on = KillState(scope=KillScope.ALL, key="", on=True, reason="x", actor="y", ts=START_NS)
    rig.feed(status=status(kills=(on,)))
    qtbot.mouseClick(panel.stops.flatten, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("position.flatten_account") == []
    qtbot.mouseClick(panel.stops.flatten, Qt.MouseButton.LeftButton)
    for place in (1, 2):
        panel.stops.scope.setCurrentIndex(place)
        for _ in range(2):
            qtbot.mouseClick(panel.stops.flatten, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("position.flatten_account") == [ExitAccount(account="SIM-1")] * 2
    assert rig.gateway.of("position.flatten") == [ExitPosition(account="SIM-1", symbol="AAPL")]


def test_with_the_kill_switch_on_cancels_that_the_venue_has_not_confirmed_are_listed_until_it_has(
    panel: RiskPanel, rig: DesktopRig
) -> None:
    on = KillState(scope=KillScope.ALL, key="", on=True, reason="news", actor="HOTKEY:local", ts=START_NS)
    rig.feed(order("OMS-000001", state=OrdStatus.PENDING_CANCEL), order("OMS-000002"))
    assert panel.stops.kills.text() == ""
    rig.feed(status=status(kills=(on,)))
    assert "NOT CONFIRMED by the venue: 1 cancel: BUY AAPL …000001." in panel.stops.kills.text()
    unknown = {"unknown": RequestKind.CANCEL, "unknown_since": START_NS, "version": 3}
    rig.feed(order("OMS-000002", **unknown))
    assert "2 cancels" in panel.stops.kills.text()
    rig.feed(order("OMS-000003", cancel_requested_at=START_NS), status=status(kills=(on,), venue_state="DOWN"))
    assert "3 cancels" in panel.stops.kills.text(), "one kept while the link is down is not confirmed"
    for name in ("OMS-000001", "OMS-000002", "OMS-000003"):
        rig.feed(order(name, state=OrdStatus.CANCELLED, version=9))
    assert "NOT CONFIRMED" not in panel.stops.kills.text()


@pytest.mark.parametrize(("flattens", "said"), [(True, "no price is sure"), (False, "positions stay")])
def test_what_a_lockout_does_with_positions_is_said_with_what_it_cannot_promise(
    rig: DesktopRig, qtbot, tmp_path: Path, flattens: bool, said: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[risk]\nflatten_at_lockout = {str(flattens).lower()}\n")
    context = dataclasses.replace(rig.context, settings=SettingsStore(file, load_settings(file)))
    made = RiskPanel(context, "risk-2")
    qtbot.addWidget(made)
    heard(rig)
    assert said in made.orders.text()
    made.release()


def test_close_only_is_set_and_ended_by_the_same_button(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    panel.stops.scope.setCurrentIndex(2)
    qtbot.keyClicks(panel.stops.reason, "news")
    qtbot.mouseClick(panel.stops.close_only, Qt.MouseButton.LeftButton)
    row = LimitChanged(
        limit="CLOSE_ONLY", scope="INSTRUMENT", key="AAPL", old="", new="ON", actor="x", reason="news", ts=START_NS
    )
    rig.gateway.answers["risk.board"] = answer(restrictions=(row,))
    again(panel, rig)
    assert panel.switches.text() == "CLOSE-ONLY AAPL since 15:00:00: news"
    assert panel.stops.close_only.text() == "End close-only"
    qtbot.keyClicks(panel.stops.reason, "over")
    qtbot.mouseClick(panel.stops.close_only, Qt.MouseButton.LeftButton)
    place = {"scope": LimitScope.INSTRUMENT, "key": "AAPL"}
    assert rig.gateway.of("risk.close_only") == [
        SetCloseOnly(on=True, reason="news", **place),
        SetCloseOnly(on=False, reason="over", **place),
    ]


def test_refusals_of_the_gate_are_listed(panel: RiskPanel, rig: DesktopRig) -> None:
    assert panel.refusals_title.text() == "No refusals: every order passed."
    rig.feed(order("A", state=OrdStatus.RISK_REJECTED, text="Refused: price collar."))
    assert panel.refused.item(0).text() == "15:00:00  AAPL BUY  Refused: price collar."


def test_a_breach_is_named(panel: RiskPanel, rig: DesktopRig) -> None:
    over = LimitLine(**{name: getattr(LOSS, name) for name in LOSS.__struct_fields__} | {"used": 2_000 * MONEY_ONE})
    rig.gateway.answers["risk.board"] = answer(over)
    again(panel, rig)
    assert panel.note.text().startswith("Breached: Day loss.")


def test_a_limit_below_what_is_held_is_taken_and_shown_as_breached(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    held = LimitLine(
        limit=LimitType.POSITION_QUANTITY, scope=LimitScope.TENANT, key="", text="100", value=100 * MONEY_ONE,
        used=50 * MONEY_ONE, unlimited=False,
    )  # fmt: skip
    rig.gateway.answers["risk.board"] = answer(held)
    again(panel, rig)
    assert panel.note.isHidden()
    typed(qtbot, panel, "20")
    (wish,) = rig.gateway.of("risk.limit")
    assert (wish.limit, wish.value) == ("POSITION_QUANTITY", "20")
    rig.gateway.answers["risk.board"] = answer(msgspec.structs.replace(held, text="20", value=20 * MONEY_ONE))
    rig.gateway.answer("risk.limit", CommandResult(ok=True, text="The limit is set."))
    heard(rig)
    again(panel, rig)
    row = panel.risk.table.row_at(0)
    assert (level_of(row), headroom(row)) == ("red", "━━━━━━━━━━ 250% used")
    assert panel.note.text().startswith("Breached: Position quantity.")


def test_old_prices_are_named(panel: RiskPanel, rig: DesktopRig) -> None:
    old = StreamSnap(stream=StreamKind.QUOTES, state="UP", worst_age_ms=9_000, worst_symbol="AAPL", updates_per_s=0.0)
    rig.feed(status=status(streams=(old,)), quotes=[quote()])
    assert panel.note.text() == "Exposure as of older prices: quotes of AAPL."


def test_a_link_that_is_down_is_said(panel: RiskPanel, rig: DesktopRig) -> None:
    rig.feed(status=status(venue_state="DOWN"))
    assert panel.note.text().startswith("Disconnected: as of 15:00:00.")


def test_an_engine_that_does_not_answer_is_named_with_a_way_on(rig: DesktopRig, qtbot) -> None:
    del rig.gateway.answers["risk.board"]
    panel = RiskPanel(rig.context, "risk-2")
    qtbot.addWidget(panel)
    panel.show()
    assert panel.note.text() == "Loading the limits…"
    rig.clock.advance(LATE_NS + 1)
    panel.show_state()
    assert panel.note.text() == "Still waiting for the engine to answer about the limits."
    asked = len(rig.gateway.of("risk.board"))
    qtbot.mouseClick(panel.retry, Qt.MouseButton.LeftButton)
    assert len(rig.gateway.of("risk.board")) == asked + 1
    rig.gateway.answer("risk.board", answer())
    heard(rig)
    assert panel.note.text() == ""
    panel.ask()
    rig.clock.advance(LATE_NS + 1)
    panel.show_state()
    assert panel.note.text().endswith("the engine has not answered about the limits since.")
    panel.release()


def test_an_error_is_shown_and_can_be_copied(panel: RiskPanel, rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["risk.board"] = CommandResult(ok=False, code="INTERNAL_ERROR", text="Internal error.")
    again(panel, rig)
    assert panel.note.text() == "Internal error."
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert "INTERNAL_ERROR" in QApplication.clipboard().text()


def test_everything_that_acts_has_a_name(panel: RiskPanel) -> None:
    for widget in (panel.form.limit, panel.form.value, panel.stops.kill, panel.stops.scope, panel.retry, panel.view):
        assert widget.objectName().startswith("risk-1_")
        assert widget.accessibleName()


def test_a_lockout_says_until_when(panel: RiskPanel, rig: DesktopRig) -> None:
    ends = START_NS + 1_800 * 10**9
    rows = [
        LimitChanged(limit="LOCKOUT", scope="ACCOUNT", key=key, old="", new=new, actor="t", reason="tired", ts=START_NS)
        for key, new in (("SIM-1", "DAY"), ("SIM-2", str(ends)))
    ]
    rig.gateway.answers["risk.board"] = answer(restrictions=tuple(rows))
    again(panel, rig)
    assert panel.switches.text().splitlines() == [
        "LOCKED OUT SIM-1 until the next trading day, 2024-01-03 00:00 UTC, since 15:00:00: tired",
        "LOCKED OUT SIM-2 until 2024-01-02 15:30 UTC, since 15:00:00: tired",
    ]


@pytest.mark.parametrize(
    ("limit", "text"),
    [(200, "Orders today: SIM-1 1,012 (limit 200 a day)"), (None, "Orders today: SIM-1 1,012 (no limit a day)")],
)
def test_orders_of_the_day_stand_with_their_limit(
    panel: RiskPanel, rig: DesktopRig, limit: int | None, text: str
) -> None:
    board = RiskBoard(limits=(LOSS,), restrictions=(), orders_today={"SIM-1": 1_012}, orders_per_day=limit)
    rig.gateway.answers["risk.board"] = CommandResult(ok=True, text="", data=board)
    again(panel, rig)
    assert panel.orders.text() == text


def test_caps_of_script_keys_stand_with_the_limits(panel: RiskPanel, rig: DesktopRig) -> None:
    board = RiskBoard(limits=(LOSS,), restrictions=(), key_caps={"scanner": "2500.5", "books": "10000"})
    rig.gateway.answers["risk.board"] = CommandResult(ok=True, text="", data=board)
    again(panel, rig)
    assert panel.orders.text() == (
        "Most that one order of a script's key may move: books 10,000, scanner 2,500.5 (set under Scripts)"
    )


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.7])
def test_no_button_is_cut_at_any_size_of_text(qapp, rig: DesktopRig, qtbot, scale: float) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=scale))
    try:
        made = RiskPanel(rig.context, "risk-3")
        qtbot.addWidget(made)
        made.resize(1_280, 560)
        made.show()
        heard(rig)
        QApplication.processEvents()
        cut = [
            button.objectName()
            for button in made.findChildren(QPushButton)
            if button.isVisible() and button.width() < button.sizeHint().width()
        ]
        assert cut == []
        fields = [field for field in made.findChildren(QLineEdit) if field.isVisible() and field.placeholderText()]
        for field in fields:
            room = field.width() - FIELD_SPARE_PX
            assert field.fontMetrics().horizontalAdvance(field.placeholderText()) <= room, field.objectName()
        if scale == 1.0:
            assert made.view.horizontalScrollBar().maximum() == 0
        made.release()
    finally:
        apply_theme(qapp, load_theme("dark"))
