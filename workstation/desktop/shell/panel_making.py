"""Panels made from the entries of a layout; one that fails while it is made is replaced by a panel that says so.

A layout of ten panels shows nine when one of them cannot be made. The error goes where an error of a slot goes, and the
entry is kept as it came, so that Retry, the next start and another version find it whole. Nothing here docks a panel.
"""

import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from PySide6.QtWidgets import QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.layouts import PanelEntry
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_header import PanelHeader, PanelHolder
from workstation.desktop.shell.workspace_placeholder import PlaceholderPanel


class Survived:
    """A step of one panel that must not end the step of the window around it: an error is reported and ends here.

    trace: where the error came from, None while all is well.
    """

    def __init__(self) -> None:
        self.cause = ""
        self.details = ""
        self.trace: TracebackType | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Hand an error to where Qt hands those of slots; what ends the program passes."""
        if kind is None or error is None or not issubclass(kind, Exception):
            return False
        sys.excepthook(kind, error, trace)
        self.cause = f"{kind.__name__}: {error}"
        self.details = "".join(traceback.format_exception(kind, error, trace))
        self.trace = trace
        return True


class FailedPanel(PlaceholderPanel):
    """Stands where a panel could not be made. Its strip says why, and offers Retry and Copy details."""

    title = "Failed panel"

    def __init__(self, context: DesktopContext, entry: PanelEntry, title: str, step: Survived) -> None:
        super().__init__(context, entry.id)
        self.text.setText(f"{title} could not be opened.\nIts settings are kept in the layout.")
        self.setAccessibleName(f"{title}, could not be opened")
        self.restore_settings(dict(entry.settings))
        self.fault = f"{title} failed while it was opened: {step.cause}. Other panels and all orders go on."
        self.fault_details = f"{entry.id}\n{step.details}"

    def show_symbol(self, symbol: str) -> None:
        """Show no instrument: the title stays that of the panel that failed."""


def make_panel(
    kinds: Mapping[str, type[Panel]], context: DesktopContext, entry: PanelEntry, holder: PanelHolder
) -> tuple[Panel, QWidget]:
    """Return the panel of an entry, with its settings, and what holds it; a placeholder for an unknown kind.

    holder: empty and hidden, where the panel is to stand; where the panel fails another one holds what says so.
    """
    kind = kinds.get(entry.kind, PlaceholderPanel)
    step = Survived()
    with step:
        panel = kind(context, entry.id)
        panel.restore_settings(dict(entry.settings))
        return panel, PanelHeader.wrap(panel, holder)
    _discard(step)
    failed = FailedPanel(context, entry, kind.title, step)
    return failed, PanelHeader.wrap(failed)


def release_panel(panel: Panel) -> None:
    """End a panel; an error of its own ending stops nothing else."""
    with Survived():
        panel.release()


def _discard(step: Survived) -> None:
    """Let a half-made panel go: it hears no frame and holds no stream."""
    half, _ = Panel.behind(step.trace)
    if half is not None:
        Panel.release(half)
        half.deleteLater()
