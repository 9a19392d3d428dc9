"""One order on its way from the ticket: dead button until the answer, the same id for a retry, refusals that stay.

An order is in the air from the press until the engine's answer or until the venue's word on it is UNKNOWN. A refusal,
ours or the venue's, stays in full text until the order is edited. Holds no fields.
"""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from workstation.commands.outcomes import Refusal
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.domain.orders import DENIED_STATES, OrderState, OrdStatus, OriginKind
from workstation.viewmodels.preview import PREVIEW_KEY
from workstation.viewmodels.ticket import Reading

_UNKNOWN_TEXT = "Sent, but the outcome is not known yet; look at the orders before sending again."


class TicketSending(QObject):
    """Sends readings and remembers what came of the last one. Emits: changed()."""

    changed = Signal()

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self.setObjectName("ticket_sending")
        self._context = context
        self._busy_with = ""
        self._last = ""
        self._retry: tuple[object, str] | None = None
        self.text = ""
        self.role = "danger"

    @property
    def is_busy(self) -> bool:
        """True from the press until the answer, or until the outcome is known to be unknown."""
        return bool(self._busy_with)

    def send(self, reading: Reading, typed: object = None) -> None:
        """Send a complete reading. The same order after a failed hand-over goes out under the same id.

        typed: what makes it the same order, where prices follow the market; without it the reading itself.
        """
        terms = reading.terms
        if terms is None or self._busy_with:
            return
        session = self._context.bridge.session
        what = reading if typed is None else typed
        same, kept = self._retry or (None, "")
        cl_ord_id = kept if same == what else session.new_cl_ord_id()
        self._busy_with = self._last = cl_ord_id
        self._retry = None
        self.text = ""
        order = PlaceOrder(
            terms=terms,
            cl_ord_id=cl_ord_id,
            stop_loss_px=reading.stop_loss_px,
            take_profit_px=reading.take_profit_px,
            oco=reading.oco,
            metadata={PREVIEW_KEY: reading.words},
        )
        self._context.announcer.say("info", f"Pending: {reading.words}", cl_ord_id)
        self.changed.emit()
        origin = self._context.origin(OriginKind.TICKET, "send")
        self._context.call("order.submit", order, origin, lambda result: self._answered(cl_ord_id, what, result))

    def refuse(self, text: str) -> None:
        """Show why nothing was sent."""
        self._keep(text, "danger")

    def edited(self) -> None:
        """Put the text away: the order is another one now."""
        if self.text:
            self.text = ""
            self.changed.emit()

    def forget(self) -> None:
        """Start afresh; an order in the air stays in the air, without this ticket."""
        self._busy_with = self._last = self.text = ""
        self._retry = None
        self.changed.emit()

    def on_rows(self, rows: Iterable[object]) -> None:
        """Hear the venue's word on the last order."""
        for row in rows:
            if isinstance(row, OrderState) and row.cl_ord_id == self._last:
                if row.unknown is not None and self._busy_with:
                    self._busy_with = ""
                    self._keep(_UNKNOWN_TEXT, "warning")
                elif row.status is OrdStatus.REJECTED or row.status in DENIED_STATES:
                    self._busy_with = ""
                    self._keep(row.text or f"{row.status}: {row.reject_code}", "danger")

    def _answered(self, cl_ord_id: str, what: object, result: CommandResult) -> None:
        if cl_ord_id != self._last:
            self._context.announcer.say("info" if result.ok else "warning", result.text, cl_ord_id)
            return
        self._busy_with = ""
        if result.ok:
            self._context.announcer.say("info", result.text, cl_ord_id)
            self.changed.emit()
            return
        stored = isinstance(result.data, Refusal) and result.data.order is not None
        self._retry = None if stored else (what, cl_ord_id)
        if result.code == "NOT_ARMED":
            pulse_arm_chip()
        self._context.announcer.say("warning", result.text, cl_ord_id)
        self._keep(result.text, "danger")

    def _keep(self, text: str, role: str) -> None:
        self.text, self.role = text, role
        self.changed.emit()
