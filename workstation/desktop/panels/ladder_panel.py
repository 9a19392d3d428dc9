"""The ladder: a static price ladder that trades by click, drag and key."""

from workstation.desktop.shell.panel import Panel


class LadderPanel(Panel):
    """Static ladder of one instrument."""

    kind = "ladder"
    title = "Ladder"
    icon = "ladder"
    linked = True
