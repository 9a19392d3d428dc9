"""Staging: an order from a key, the palette or an undo stands in a ticket's fields and is not sent.

Finds windows, the ticket, and the panel with the keyboard; nothing else. A ticket is any open panel that can `stage`;
sending is the ticket's own business.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import msgspec
from PySide6.QtWidgets import QApplication, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.panel import Panel
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, OrdType, TimeInForce
from workstation.viewmodels.hotkeys import Stage
from workstation.viewmodels.preview import trail_words, utc_minute
from workstation.viewmodels.ticket import Draft


@runtime_checkable
class Stager(Protocol):
    """A panel whose fields can hold an order that is not sent yet."""

    def stage(self, symbol: str, draft: Draft) -> None:
        """Show an order's fields."""

    def press_send(self) -> None:
        """Send what the fields say, once."""

    @property
    def holds_staged(self) -> bool:
        """True while an order that was staged stands in the fields, not sent."""

    @property
    def content(self) -> tuple[str, Draft]:
        """The instrument and the fields as they stand."""

    def clear(self) -> None:
        """Put the order away."""


@runtime_checkable
class Completing(Protocol):
    """A window whose panels are made one after another."""

    def complete(self, wanted: Callable[[type[Panel]], bool]) -> None:
        """Make the panels of the wanted kinds that still wait."""


def stage(context: DesktopContext, request: Stage) -> bool:
    """Put a request into the ticket and say so; False where no ticket is open."""
    terms = request.terms
    draft = draft_of(
        terms, context.instrument(terms.symbol), request.stop_loss_px, request.take_profit_px, oco=request.oco
    )
    ticket = find_ticket()
    if ticket is None:
        context.announcer.say("warning", "Not staged: open an order ticket first (View, Panels).")
        return False
    ticket.stage(terms.symbol, draft)
    context.announcer.say("info", request.reason or f"Staged, not sent: {request.words}")
    return True


def put_staged_away(context: DesktopContext) -> bool:
    """Clear the staged order, and say so; False where none is staged."""
    tickets = _made(_is_ticket)
    if not any(isinstance(ticket, Stager) and ticket.holds_staged for ticket in tickets):
        return False  # and one that still waits to be made holds nothing: an Esc that cancels need not wait for it
    ticket = find_ticket()
    if ticket is None or not ticket.holds_staged:
        return False
    ticket.clear()
    context.announcer.say("info", "Staged order cleared; nothing was sent.")
    return True


def find_ticket() -> Stager | None:
    """Return the ticket to fill in: one that can be seen, in the active window first; else any."""
    tickets = panels(_is_ticket)
    seen = [ticket for ticket in tickets if ticket.isVisible()]
    return next((ticket for ticket in (*seen, *tickets) if isinstance(ticket, Stager)), None)


def draft_of(
    terms: OrderTerms,
    instrument: Instrument,
    stop_loss_px: int | None,
    take_profit_px: int | None,
    *,
    oco: OrderTerms | None = None,
) -> Draft:
    """Return terms as the texts of a ticket; what is not known stays open."""

    def price(units: int | None) -> str:
        return "" if units is None else instrument.price_text(units)

    trail = terms.trail
    return Draft(
        side=terms.side,
        ord_type=terms.ord_type,
        qty=instrument.qty_text(terms.order_qty) if terms.order_qty else "",
        price=price(terms.price) if terms.ord_type is not OrdType.MARKET else "",
        stop=price(terms.stop_px),
        trail="" if trail is None else trail_words(msgspec.structs.replace(trail, activation_px=None), instrument),
        activation=price(None if trail is None else trail.activation_px),
        tif=terms.time_in_force,
        expire=utc_minute(terms.expire_time)
        if terms.time_in_force is TimeInForce.GTD and terms.expire_time is not None
        else "",
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        stop_loss=price(stop_loss_px),
        take_profit=price(take_profit_px),
        oco=oco,
    )


def _is_ticket(kind: type[Panel]) -> bool:
    return hasattr(kind, "stage")


def panels(wanted: Callable[[type[Panel]], bool] = lambda _kind: True) -> list[Panel]:
    """Return the panels of the wanted kinds in every window, the active one first; one that waits is made now."""
    complete(wanted)
    return _made(wanted)


def _made(wanted: Callable[[type[Panel]], bool]) -> list[Panel]:
    found = (panel for top in windows() for panel in (top, *top.findChildren(Panel)))
    return [panel for panel in found if isinstance(panel, Panel) and wanted(type(panel))]


def complete(wanted: Callable[[type[Panel]], bool] = lambda _kind: True) -> None:
    """Make the panels of the wanted kinds that still wait, in every window."""
    for top in windows():
        if isinstance(top, Completing):
            top.complete(wanted)


def windows() -> list[QWidget]:
    """Return the top-level windows, the active one first."""
    active = QApplication.activeWindow()
    others = [window for window in QApplication.topLevelWidgets() if window is not active]
    return others if active is None else [active, *others]


def panel_with_keyboard() -> Panel | None:
    """Return the panel that the focused widget is in."""
    return panel_around(QApplication.focusWidget())


def panel_around(widget: QWidget | None) -> Panel | None:
    """Return the panel that a widget is in, its popups included."""
    while widget is not None and not isinstance(widget, Panel):
        widget = widget.parentWidget()
    return widget
