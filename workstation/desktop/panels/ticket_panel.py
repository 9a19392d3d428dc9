"""The order ticket: one order in fields, in words, and what it would do to the account."""

from workstation.desktop.shell.panel import Panel


class TicketPanel(Panel):
    """Order ticket of one instrument."""

    kind = "ticket"
    title = "Order ticket"
    icon = "edit"
    linked = True
