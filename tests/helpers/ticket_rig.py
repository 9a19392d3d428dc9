"""A ticket on a desktop rig: opened armed on AAPL with a quote, and its fields and buttons by name."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.helpers.desktop_rig import DesktopRig, quote
from workstation.commands.outlook import OrderOutlook
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import RiskClass
from workstation.domain.verdicts import Verdict


def previewed(risk: RiskClass) -> CommandResult:
    """Return the engine's outlook of an order that passes, in a risk class."""
    verdict = Verdict(risk_class=risk, passed=True, qty=100, results=())
    found = OrderOutlook(
        verdict=verdict, bounds={}, value=None, margin=9_360 * MONEY_ONE, commission=MONEY_ONE, warnings=()
    )
    return CommandResult(ok=True, text="", data=found)


def open_ticket(qtbot: Any, rig: DesktopRig) -> TicketPanel:
    """Return a ticket that is shown, armed, on AAPL with a quote."""
    panel = TicketPanel(rig.context, "ticket-1")
    holder = PanelHeader.wrap(panel)
    panel.holder = holder  # type: ignore[attr-defined]  # kept alive with the panel
    qtbot.addWidget(holder)
    holder.resize(320, 600)
    holder.show()
    panel.show_symbol("AAPL")
    rig.arm()
    rig.feed(quotes=[quote()])
    return panel


def ticket_fixtures() -> tuple[Any, Any]:
    """Return the fixtures `rig` and `panel` of a module of tests: an armed ticket whose orders add risk, size 100."""

    @pytest.fixture
    def rig(qapp: object) -> Iterator[DesktopRig]:
        made = DesktopRig()
        made.context.sizes.choose(3)
        made.gateway.answers["order.outlook"] = previewed(RiskClass.INCREASE)
        yield made
        made.stop()

    @pytest.fixture
    def panel(qtbot: Any, rig: DesktopRig) -> Iterator[TicketPanel]:
        made = open_ticket(qtbot, rig)
        yield made
        made.release()

    return rig, panel


def field(panel: TicketPanel, name: str) -> QLineEdit:
    """Return a field by name."""
    found: QLineEdit = panel.findChild(QLineEdit, f"ticket-1_{name}")
    return found


def button(panel: TicketPanel, name: str) -> QPushButton:
    """Return a button by name."""
    found: QPushButton = panel.findChild(QPushButton, f"ticket-1_{name}")
    return found


def type_into(qtbot: Any, panel: TicketPanel, name: str, text: str) -> QLineEdit:
    """Replace a field's text by real keys."""
    line = field(panel, name)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    return line
