"""One order on its way from the ticket: dead button until the answer, the same id for a retry, refusals that stay.

An order is in the air from the press until the engine refuses it, the venue acknowledges it or its outcome is UNKNOWN,
as the screen shows it; clearing the ticket or turning to another instrument does not shorten that. A refusal, ours or
the venue's, stays in full text until the order is edited. Holds no fields.
"""

from PySide6.QtCore import QObject, Signal

from workstation.commands.outcomes import Refusal
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.domain.orders import DENIED_STATES, OrderState, OrdStatus, OriginKind, Residence
from workstation.viewmodels.preview import PREVIEW_KEY
from workstation.viewmodels.ticket import Reading

_UNTOLD = frozenset({OrdStatus.NEW, OrdStatus.PENDING_SUBMIT})
"""Where an order stands before the venue has said a word about it."""

NO_WORD_NS = 10_000_000_000
"""After the engine took an order and the screen hears nothing of it, its outcome counts as UNKNOWN here too."""

_UNKNOWN_TEXT = "Sent, but the outcome is not known yet; look at the orders before sending again."


class TicketSending(QObject):
    """Sends readings and remembers what came of the last one. Emits: changed()."""

    changed = Signal()

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self.setObjectName("ticket_sending")
        self._context = context
        self._in_air = ""
        self._last = self._shown = ""
        self._taken_at = 0
        self._retry: tuple[object, str] | None = None
        self.text = ""
        self.role = "danger"

    @property
    def is_busy(self) -> bool:
        """True from the press until the order is refused, acknowledged or UNKNOWN."""
        return bool(self._in_air)

    def send(self, reading: Reading, typed: object = None) -> None:
        """Send a complete reading. The same order after a failed hand-over goes out under the same id.

        typed: what makes it the same order, where prices follow the market; without it the reading itself.
        """
        terms = reading.terms
        if terms is None or self._in_air:
            return
        what = reading if typed is None else typed
        same, kept = self._retry or (None, "")
        cl_ord_id = kept if same == what else self._context.bridge.session.new_cl_ord_id()
        self._in_air = self._last = cl_ord_id
        self._taken_at = 0
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
        """Start afresh; an order in the air stays in the air, and what comes of it is announced elsewhere."""
        self._last = self.text = ""
        self._retry = None
        self.changed.emit()

    def follow(self) -> None:
        """Look at what the screen knows of the last order; called with each frame."""
        name = self._in_air or self._last
        order = self._context.state.orders.get(name)
        if order is None or not _is_told(order):
            if self._in_air and self._taken_at and self._mono_ns() - self._taken_at > NO_WORD_NS:
                self._land(_UNKNOWN_TEXT)
            return
        rejected = order.status is OrdStatus.REJECTED or order.status in DENIED_STATES
        if rejected and name == self._last and name != self._shown:
            self._shown, self._in_air = name, ""
            self._keep(order.text or f"{order.status}: {order.reject_code}", "danger")
        elif self._in_air:
            self._land("" if order.unknown is None else _UNKNOWN_TEXT)

    def _land(self, words: str) -> None:
        """Let the next order go; words: what is left to say of this one, where the ticket still shows it."""
        shown, self._in_air = self._in_air == self._last, ""
        if words and shown:
            self._keep(words, "warning")
        else:
            self.changed.emit()

    def _answered(self, cl_ord_id: str, what: object, result: CommandResult) -> None:
        if cl_ord_id == self._in_air:
            self._taken_at = self._mono_ns()
            self._in_air = cl_ord_id if result.ok else ""
        if cl_ord_id != self._last or result.ok:
            self._context.announcer.say("info" if result.ok else "warning", result.text, cl_ord_id)
            self.changed.emit()
            return
        stored = isinstance(result.data, Refusal) and result.data.order is not None
        self._retry = None if stored else (what, cl_ord_id)
        if result.code == "NOT_ARMED":
            pulse_arm_chip()
        self._context.announcer.say("warning", result.text, cl_ord_id)
        self._keep(result.text, "danger")

    def _mono_ns(self) -> int:
        return self._context.bridge.session.mono_ns()

    def _keep(self, text: str, role: str) -> None:
        self.text, self.role = text, role
        self.changed.emit()


def _is_told(order: OrderState) -> bool:
    """Tell whether a fate is known: the venue's word, none to be had, or an order that lives here and needs none."""
    waits_here = order.is_held or order.residence is Residence.PROGRAM
    return order.unknown is not None or order.status not in _UNTOLD or waits_here
