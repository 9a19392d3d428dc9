"""What an alert's firing does in the desktop: an order stands in the ticket of its instrument, or a line runs.

Beside the tick walk, behind the notices of the engine. It sends nothing: an order is staged only in a ticket that shows
its instrument already, holds nothing staged and has not the keyboard, so that no field and no focus changes under a
person's hands. Where there is none, the line is said, to be typed.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.alerts_when import keep_for_later
from workstation.desktop.shell.palette_choices import Choices
from workstation.desktop.shell.staging import Stager, draft_of, panels
from workstation.domain.errors import ValidationError
from workstation.viewmodels.alert_lines import alert_line
from workstation.viewmodels.frames import Frame, Notice
from workstation.viewmodels.hotkeys import Refused, Stage
from workstation.viewmodels.order_line_words import Alert, OrderLine


class AlertLines(QObject):
    """Runs the lines of alerts that fire while the desktop is open."""

    def __init__(self, context: DesktopContext, choices: Choices) -> None:
        super().__init__()
        self._context, self._choices = context, choices
        context.bridge.frame_taken.connect(self._on_frame)

    def run(self, text: str) -> None:
        """Stage or run one line."""
        say: Callable[[str, str], None] = self._context.announcer.say
        try:
            line = alert_line(text)
        except ValidationError as error:
            say("warning", f"The alert's line is not run: {error}")
            return
        if isinstance(line, Alert):
            self._choices.verbs.run_alert(line, keep_for_later)
            return
        if not isinstance(line, OrderLine):
            self._choices.verbs.run(line)
            return
        request = self._choices.staging(line)
        if isinstance(request, Refused):
            say("warning", f"Not staged by the alert: {request.text}")
        elif (ticket := free_ticket(request.terms.symbol)) is None:
            say("warning", f"Not staged by the alert: no free ticket shows {request.terms.symbol}. Type: {text}")
        else:
            self._stage(ticket, request)

    def _stage(self, ticket: Stager, request: Stage) -> None:
        terms = request.terms
        draft = draft_of(
            terms,
            self._context.instrument(terms.symbol),
            request.stop_loss_px,
            request.take_profit_px,
            oco=request.oco,
        )
        ticket.stage(terms.symbol, draft)
        self._context.announcer.say("info", f"Staged by an alert, not sent: {request.words}")

    def _on_frame(self, frame: Frame) -> None:
        for row in frame.rows:
            if isinstance(row, Notice) and row.line:
                self.run(row.line)


def free_ticket(symbol: str) -> Stager | None:
    """Return a ticket that shows an instrument, holds nothing staged, and has not the keyboard."""
    used = QApplication.focusWidget()
    for panel in panels(lambda kind: hasattr(kind, "stage")):
        if isinstance(panel, Stager) and panel.symbol == symbol:
            has_keys = used is not None and panel.isAncestorOf(used)
            if not panel.holds_staged and not has_keys:
                return panel
    return None
