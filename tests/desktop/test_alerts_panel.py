"""The alerts panel: made by typing and Enter, switched by Space, deleted by Del, and every state in words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, status
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.alerts_panel import AlertsPanel
from workstation.domain.alerts import HOLDS_ALREADY, Alert, AlertHook, AlertRow, AlertState, DeleteAlert

KEPT = Alert(id="a1", symbol="AAPL", condition="last > 187")


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    made.feed(status=status(now_ns=START_NS))
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[AlertsPanel]:
    made = AlertsPanel(rig.context, "alerts-1")
    qtbot.addWidget(made)
    made.resize(800, 300)
    made.show()
    yield made
    made.release()


def answer(rig: DesktopRig, *rows: AlertRow) -> None:
    rig.gateway.answer("alert.list", CommandResult(ok=True, text="", data=rows))
    QApplication.processEvents()


def cells(panel: AlertsPanel) -> list[str]:
    items = [panel.table.item(0, column) for column in range(panel.table.columnCount())]
    return ["" if item is None else item.text() for item in items]


def test_it_loads_then_says_how_to_make_the_first_one(panel: AlertsPanel, rig: DesktopRig) -> None:
    assert panel.note.text() == "Loading the alerts…"
    answer(rig)
    assert panel.empty.isVisible()
    assert "last > 187.50" in panel.empty.text()


def test_enter_keeps_what_was_typed(panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.form.condition, "last > 187.50 and rsi_14 < 30")
    qtbot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    sent = rig.gateway.of("alert.save")[0]
    assert (sent.alert.symbol, sent.alert.condition) == ("AAPL", "last > 187.50 and rsi_14 < 30")
    assert sent.fire_now is None, "whether it fires at once is asked where it holds already"
    rig.gateway.answer("alert.save", CommandResult(ok=True, text="The alert is kept."))
    QApplication.processEvents()
    assert panel.form.condition.text() == ""


def test_a_condition_that_cannot_be_read_is_marked_and_kept_as_typed(
    panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.form.condition, "last > volume")
    assert panel.form.condition.property("invalid") == "true"
    qtbot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    assert "column 6" in panel.note.text()
    assert panel.form.condition.text() == "last > volume"
    assert rig.gateway.of("alert.save") == []


def test_until_the_engine_answers_nothing_says_that_there_are_none(rig: DesktopRig, qtbot: QtBot) -> None:
    made = AlertsPanel(rig.context, "alerts-2")
    qtbot.addWidget(made)
    assert (made.note.text(), made.empty.text()) == ("Loading the alerts…", "")
    rig.gateway.answer("alert.list", CommandResult(ok=True, text="", data=()))
    rig.bridge._on_answered()
    assert (made.note.text(), made.empty.text()[:14]) == ("", "No alerts yet.")
    made.release()


def test_a_second_enter_while_an_alert_is_being_kept_keeps_no_other(
    panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.form.condition, "sma_20 > 1")
    for _ in range(3):
        qtbot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    assert (len(rig.gateway.of("alert.save")), panel.form.keep.isEnabled()) == (1, False)
    rig.gateway.answer("alert.save", CommandResult(ok=False, code="X", text="Refused: not so."))
    rig.bridge._on_answered()
    assert (panel.note.text(), panel.form.condition.text()) == ("Refused: not so.", "sma_20 > 1")
    qtbot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    assert len(rig.gateway.of("alert.save")) == 2


def test_a_row_shows_state_firing_and_why_it_is_suspended(panel: AlertsPanel, rig: DesktopRig) -> None:
    answer(rig, AlertRow(KEPT, AlertState.SUSPENDED, "prices are stale"))
    assert cells(panel) == ["SUSPENDED", "AAPL", "AAPL last > 187", "", "—", "0", "note · once", "prices are stale"]


def test_what_an_alert_waits_for_is_not_squeezed_away(panel: AlertsPanel, rig: DesktopRig) -> None:
    answer(rig, AlertRow(KEPT, AlertState.ARMED))
    text = panel.table.fontMetrics().horizontalAdvance("AAPL last > 187")
    for width in (400, 700, 1_400):
        panel.resize(width, 300)
        QApplication.processEvents()
        assert panel.table.columnWidth(2) > text
    assert panel.table.horizontalHeader().length() >= panel.table.viewport().width()
    assert panel.table.columnWidth(2) > 2 * text, "what a wide panel has to spare goes to the words"


def test_space_switches_off_and_del_deletes_the_chosen_one(panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    answer(rig, AlertRow(KEPT, AlertState.ARMED))
    panel.table.selectRow(0)
    panel.table.setFocus()
    QApplication.processEvents()
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert rig.gateway.of("alert.save")[0].alert.is_on is False
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert rig.gateway.of("alert.delete") == [DeleteAlert(id="a1")]


def test_a_double_click_puts_an_alert_into_the_form(panel: AlertsPanel, rig: DesktopRig) -> None:
    answer(rig, AlertRow(KEPT, AlertState.ARMED))
    item = panel.table.item(0, 2)
    assert item is not None
    panel.table.setCurrentItem(item)
    panel.table.itemDoubleClicked.emit(item)
    assert panel.form_alert().id == "a1"
    assert panel.form.condition.text() == "last > 187"


def test_a_webhook_is_chosen_by_name_and_one_that_is_gone_says_so(
    panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.gateway.answer("alert.hooks", CommandResult(ok=True, text="", data=(AlertHook("h1", "books"),)))
    QApplication.processEvents()
    panel.form.webhook.setFocus()
    qtbot.keyClick(panel.form.webhook, Qt.Key.Key_Down)
    qtbot.keyClicks(panel.form.condition, "last > 187")
    qtbot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    assert rig.gateway.of("alert.save")[0].alert.webhook == "h1"
    answer(rig, AlertRow(msgspec.structs.replace(KEPT, webhook="h2"), AlertState.ARMED))
    panel.table.selectRow(0)
    panel.edit_chosen()
    assert panel.form.webhook.currentText() == "a webhook that is off or gone"
    assert panel.form_alert().webhook == "h2"


@pytest.mark.parametrize(("name", "fire_now"), [("fire_now", True), ("next_cross", False)])
def test_a_condition_that_holds_already_asks_whether_it_fires_now(
    panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot, name: str, fire_now: bool
) -> None:
    qtbot.keyClicks(panel.form.condition, "last > 1")
    qtbot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    assert not panel.form.question.isVisible()
    rig.gateway.answer("alert.save", CommandResult(ok=False, code=HOLDS_ALREADY, text="last > 1 holds already."))
    QApplication.processEvents()
    assert panel.form.question.isVisible()
    assert "holds already" in panel.note.text()
    qtbot.mouseClick(getattr(panel.form.question, name), Qt.MouseButton.LeftButton)
    assert rig.gateway.of("alert.save")[-1].fire_now is fire_now
    assert rig.gateway.of("alert.save")[-1].alert.condition == "last > 1"
    assert not panel.form.question.isVisible()


def test_in_a_low_panel_the_list_gives_way_and_no_row_of_the_form_is_cut(panel: AlertsPanel) -> None:
    panel.resize(640, 190)
    panel.form.ask_when()
    QApplication.processEvents()
    bottom = panel.form.question.next_cross.mapTo(panel, panel.form.question.next_cross.rect().bottomRight())
    assert panel.rect().contains(bottom)
    assert panel.form.question.next_cross.height() >= panel.form.question.next_cross.sizeHint().height()
    assert panel.form.name.width() >= 72


def test_rest_and_end_are_typed_kept_and_shown_beside_what_a_firing_does(
    panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    form = panel.form
    assert not form.rest.isEnabled(), "only one that repeats rests"
    form.repeats.setChecked(True)
    qtbot.keyClicks(form.condition, "last > 187")
    form.rest.selectAll()
    qtbot.keyClicks(form.rest, "1e3")
    qtbot.keyClick(form.rest, Qt.Key.Key_Return)
    assert "'1e3' is no number of seconds" in panel.note.text()
    assert (form.rest.text(), rig.gateway.of("alert.save")) == ("1e3", [])
    form.rest.selectAll()
    qtbot.keyClicks(form.rest, "90")
    form.end.setCurrentIndex(form.end.findText("ends in an hour"))
    qtbot.keyClick(form.rest, Qt.Key.Key_Return)
    kept = rig.gateway.of("alert.save")[-1].alert
    assert (kept.repeats, kept.cooldown_s, kept.expires_at) == (True, 90.0, START_NS + 3_600 * SECOND)
    answer(rig, AlertRow(msgspec.structs.replace(kept, id="a1"), AlertState.ARMED))
    assert cells(panel)[6] == "note · each time, rest 90 s, until 01-02 16:00:00"
    panel.table.selectRow(0)
    panel.edit_chosen()
    assert form.end.currentText() == "ends 01-02 16:00:00"
    assert panel.form_alert().expires_at == kept.expires_at


def test_a_line_to_stage_is_kept_and_one_that_sends_is_refused_as_typed(
    panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.form.condition, "last > 187")
    qtbot.keyClicks(panel.form.line, "x aapl")
    qtbot.keyClick(panel.form.line, Qt.Key.Key_Return)
    assert "'x' is not for an alert" in panel.note.text()
    assert rig.gateway.of("alert.save") == []
    panel.form.line.clear()
    qtbot.keyClicks(panel.form.line, "b 100 aapl bid")
    qtbot.keyClick(panel.form.line, Qt.Key.Key_Return)
    kept = rig.gateway.of("alert.save")[0].alert
    assert kept.line == "b 100 aapl bid"
    answer(rig, AlertRow(msgspec.structs.replace(kept, id="a1"), AlertState.ARMED))
    assert cells(panel)[6] == "note, stage b 100 aapl bid · once"
    panel.table.selectRow(0)
    panel.edit_chosen()
    assert panel.form.line.text() == "b 100 aapl bid"


def test_an_event_of_a_strategy_is_chosen_in_words(panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    panel.form.event_choice.setCurrentIndex(panel.form.event_choice.findText("strategy error"))
    qtbot.keyClick(panel.form.symbol, Qt.Key.Key_Return)
    assert rig.gateway.of("alert.save")[-1].alert.event == "RUN_ERROR"


def trigger(panel: AlertsPanel, name: str) -> None:
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == f"alerts-1_{name}_action").trigger()
    menu.close()


def test_the_menu_snoozes_and_wakes_the_chosen_one(panel: AlertsPanel, rig: DesktopRig) -> None:
    answer(rig, AlertRow(KEPT, AlertState.ARMED))
    panel.table.selectRow(0)
    trigger(panel, "snooze_900")
    sent = rig.gateway.of("alert.save")[-1].alert
    assert (sent.id, sent.snoozed_until) == ("a1", START_NS + 900 * SECOND)
    panel.ask()
    answer(rig, AlertRow(sent, AlertState.SNOOZED, "", "last 187.19"))
    assert cells(panel)[0] == "SNOOZED"
    assert (cells(panel)[3], cells(panel)[7]) == ("last 187.19", "until 01-02 15:15:00")
    trigger(panel, "wake")
    assert rig.gateway.of("alert.save")[-1].alert.snoozed_until is None


def test_a_duplicate_is_a_new_alert_without_the_old_ones_past(panel: AlertsPanel, rig: DesktopRig) -> None:
    old = msgspec.structs.replace(KEPT, fired_count=3, fired_at=START_NS, history=(START_NS,))
    answer(rig, AlertRow(old, AlertState.FIRED))
    panel.table.selectRow(0)
    assert "01-02 15:00:00" in panel.table.item(0, 4).toolTip()
    trigger(panel, "duplicate")
    panel.form.condition.setText("last > 190")
    panel.keep_form()
    sent = rig.gateway.of("alert.save")[-1].alert
    assert (sent.id, sent.condition, sent.fired_count, sent.history) == ("", "last > 190", 0, ())


def test_a_refusal_stays_in_the_panel(panel: AlertsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    panel.form.condition.setText("last > 187")
    panel.form.keep.click()
    rig.gateway.answer("alert.save", CommandResult(ok=False, code="NOT_FOUND", text="There is no instrument ZZZ."))
    qtbot.waitUntil(lambda: "ZZZ" in panel.note.text())
    assert panel.form.condition.text() == "last > 187"


def test_an_engine_that_does_not_answer_is_named_after_five_seconds(panel: AlertsPanel, rig: DesktopRig) -> None:
    rig.clock.advance(6 * SECOND)
    panel.show_state()
    assert "Still waiting" in panel.note.text()
    assert panel.retry.isVisible()
