"""Each kind of alert through the running product: typed in the panel, judged in the engine, told, kept over a restart.

Slow because one program lives a whole life and its alerts are read again in the next: one life serves all four kinds.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.mail_server import MailServer
from tests.helpers.product_rig import ACCOUNT, Product, ask, running, running_headless
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.alerts_panel import AlertsPanel
from workstation.desktop.shell import toasts as toasts_module
from workstation.desktop.shell.staging import find_ticket
from workstation.desktop.shell.toasts import ToastStack
from workstation.domain.alerts import AlertRow, AlertState, ListAlerts, SaveAlert
from workstation.domain.events import RecordSaved
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, OriginKind, Side
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.viewmodels.notes import NoteKind

SYMBOL = "AAPL"
FAILED_RUN = StrategyRun(
    id="r1", strategy_id="s1", account=ACCOUNT, user_id="local", run_name="trend", run_number=1,
    status=StrategyRunStatus.ERROR, initial_capital="1000", start_date="2026-01-02",
)  # fmt: skip


def keep(panel: AlertsPanel, bot: QtBot, condition: str, name: str, **choices: str | bool) -> None:
    """Type an alert and press Enter; waits until the engine has kept it."""
    panel.form.symbol.setText(SYMBOL)
    panel.form.event_choice.setCurrentIndex(panel.form.event_choice.findData(choices.get("event", "")))
    panel.form.repeats.setChecked(choices.get("repeats") is True)
    panel.form.mail.setChecked(choices.get("mail") is True)
    panel.form.name.setText(name)
    panel.form.line.setText(str(choices.get("line", "")))
    panel.form.condition.clear()
    bot.keyClicks(panel.form.condition, condition)
    before = len(panel.rows)
    bot.keyClick(panel.form.condition, Qt.Key.Key_Return)
    bot.waitUntil(lambda: len(panel.rows) > before or panel.form.question.isVisible(), timeout=20_000)
    if panel.form.question.isVisible():
        at_once = choices.get("at_once") is True
        bot.mouseClick(
            panel.form.question.fire_now if at_once else panel.form.question.next_cross, Qt.MouseButton.LeftButton
        )
        bot.waitUntil(lambda: len(panel.rows) > before, timeout=20_000)


def mailing_through(server: MailServer) -> list[str]:
    values = ('host="127.0.0.1"', f"port={server.port}", 'security="none"', 'sender="a@b.test"', 'to=["c@d.test"]')
    return [part for value in values for part in ("--set", f"mail.{value}")]


def wait_for_prices(product: Product) -> None:
    """Wait until conditions can be read: one that cannot asks nothing, and fires at its first reading if it holds."""
    product.quoting(SYMBOL)
    product.wait(lambda: product.state.quotes[SYMBOL].last is not None, "the first trade")


def told(product: Product, name: str) -> None:
    """Wait for the note of an alert."""
    toasts: ToastStack = product.desktop.workspace.toasts
    product.wait(
        lambda: any(note.kind is NoteKind.ALERT and name in note.text for note in toasts.board.history),
        f"the note of {name}",
    )


def show_desktop_notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for a desktop with a place for notices and another program in front; returns what it is told."""
    shown: list[str] = []

    class Tray(QObject):
        def __init__(self, _icon: object, parent: QObject) -> None:
            super().__init__(parent)

        @staticmethod
        def isSystemTrayAvailable() -> bool:  # noqa: N802 - the name that Qt gives it
            return True

        def show(self) -> None:
            """Have a place already."""

        def showMessage(self, _title: str, text: str, *_: object) -> None:  # noqa: N802 - the name that Qt gives it
            shown.append(text)

    monkeypatch.setattr(toasts_module, "QSystemTrayIcon", Tray)
    away = Qt.ApplicationState.ApplicationInactive
    monkeypatch.setattr(QApplication, "applicationState", staticmethod(lambda: away))
    return shown


def test_alerts_on_price_indicator_order_and_pnl_fire_are_told_and_outlive_the_program(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed = show_desktop_notes(monkeypatch)
    with MailServer() as server, running(qtbot, tmp_path, "--no-api", *mailing_through(server)) as product:
        product.focus(SYMBOL)
        wait_for_prices(product)
        toasts: ToastStack = product.desktop.workspace.toasts
        rung: list[str] = []
        toasts.bell.rung.connect(rung.append)
        panel = AlertsPanel(product.context, "alerts-9")
        qtbot.addWidget(panel)
        panel.resize(900, 300)
        panel.show()
        product.wait(lambda: not panel.note.isVisible(), "the first answer")
        quote = product.state.quotes[SYMBOL]
        last = product.context.instrument(SYMBOL).price_text(quote.last or quote.bid or 0)
        keep(panel, qtbot, f"last > {last} or last < {last}", "moved")
        keep(panel, qtbot, "sma_2 > 0", "trend", at_once=True, mail=True)
        keep(panel, qtbot, "day_pnl > 0 or day_pnl < 0", "profit", repeats=True)
        keep(panel, qtbot, "", "traded", event="FILLED")
        waiting = panel.rows[2:]
        assert [row.alert.name for row in waiting] == ["profit", "traded"]
        assert not any(row.alert.fired_count for row in waiting), "nothing is traded yet"
        told(product, "moved")
        told(product, "trend")
        terms = OrderTerms(symbol=SYMBOL, account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=1)
        assert product.command("order.submit", PlaceOrder(terms=terms), OriginKind.REST).ok
        product.wait_for_order(lambda order: order.status is OrdStatus.FILLED, "a fill")
        for name in ("traded", "profit"):
            told(product, name)
        keep(panel, qtbot, "margin > 0 and margin < equity and bp > 0", "funds", at_once=True)
        told(product, "funds")
        keep(panel, qtbot, "", "run", event="RUN_ERROR", line="b 7 aapl 1.00")
        core = product.program.engine.core
        ended = RecordSaved(record=FAILED_RUN, changed=("status",), actor="strategies", ts=1)
        product.on_engine(lambda: core.bus.publish(ended))
        told(product, "run")
        ticket = product.wait(find_ticket, "the ticket")
        product.wait(lambda: ticket.holds_staged, "the order of the alert in the ticket")
        assert len(product.state.orders) == 1, "it is staged and not sent"
        product.wait(lambda: NoteKind.ALERT in rung, "the bell")
        assert any(text.startswith("Alert moved") for text in noticed)
        product.wait(lambda: all(row.alert.fired_count for row in panel.rows), "the panel to count each firing")
        product.wait(lambda: "mailed" in panel.rows[1].remark, "the mail to be listed as sent")
        panel.release()
    assert [mail["Subject"] for mail in server.mails] == ["Workstation: trend"]
    assert "Alert trend" in str(server.mails[0].get_payload())
    with running_headless(tmp_path) as program:
        answer: CommandResult = ask(program, "alert.list", ListAlerts())
        rows: tuple[AlertRow, ...] = answer.data
        assert [(row.alert.name, row.alert.fired_count > 0) for row in rows] == [
            ("moved", True),
            ("trend", True),
            ("profit", True),
            ("traded", True),
            ("funds", True),
            ("run", True),
        ]
        assert [row.alert.mail for row in rows] == [False, True, False, False, False, False]
        unset = ask(program, "alert.save", SaveAlert(alert=rows[1].alert))
        assert not unset.ok
        assert "mail.host, mail.sender and mail.to" in unset.text
        states = {row.alert.name: row.state for row in rows}
        assert {states[name] for name in ("moved", "trend", "traded")} == {AlertState.FIRED}
        assert states["profit"] in (AlertState.ARMED, AlertState.SUSPENDED), "one that repeats waits on"
