"""The indicators of one chart: those chosen, the dialog that chooses, and a user's own, anew when their file changes.

Part of the chart panel. Files are read and imported elsewhere, on the engine's side; an error in one is shown where its
values would be, and in the list that offers it.
"""

from collections.abc import Callable, Iterable

from workstation.commands.registry import CommandResult, NoParams
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_panel_indicators import IndicatorsDialog
from workstation.desktop.shell.panel import Panel
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OriginKind
from workstation.marketdata.indicators.catalogue import Indicator
from workstation.marketdata.indicators.own import OwnFile, absent
from workstation.viewmodels.chart_indicators import ChosenIndicator, chosen_of, read_chosen

LOOK_EVERY_NS = 2_000_000_000
"""How often a file that is shown or offered is looked at."""


class ChartOwn:
    """What the folder holds, as one chart knows it. changed: is called when that differs from before."""

    def __init__(self, context: DesktopContext, panel_id: str, changed: Callable[[], None]) -> None:
        self._context, self._panel_id, self._changed = context, panel_id, changed
        self._asked_ns: int | None = None
        self._waiting = False
        self._released = False
        self.files: tuple[OwnFile, ...] | None = None

    def release(self) -> None:
        """End; answers find nobody."""
        self._released = True

    def look(self, *, wanted: bool) -> None:
        """Ask again where that is wanted and due; call it with each frame."""
        now = self._context.bridge.session.mono_ns()
        due = self._asked_ns is None or now - self._asked_ns >= LOOK_EVERY_NS
        if wanted and due and not self._waiting:
            self._asked_ns, self._waiting = now, True
            origin = self._context.origin(OriginKind.SYSTEM, self._panel_id)
            self._context.call("market.indicators", NoParams(), origin, self._on_files)

    def known(self) -> list[Indicator]:
        """Return every own indicator, by file."""
        return [found for file in self.files or () for found in file.indicators]

    def taken(self, chosen: Iterable[ChosenIndicator]) -> list[ChosenIndicator]:
        """Return indicators with the own ones as their files stand now; why one cannot be had stands in for it."""
        return [self._as_it_stands(each) if each.is_own and self.files is not None else each for each in chosen]

    def _as_it_stands(self, chosen: ChosenIndicator) -> ChosenIndicator:
        settings, wanted = dict(chosen.settings), chosen.indicator.id
        file = next((file for file in self.files or () if file.module == wanted.split(".")[1]), None)
        found = next((one for one in self.known() if one.id == wanted), None)
        why = f"it is not in the folder indicators, file {wanted.split('.')[1]}.py" if file is None else file.error
        if found is not None:
            try:
                names = {parameter.name for parameter in found.parameters}
                kept = {name: value for name, value in settings.items() if name in names}
                return chosen_of(found, kept, chosen.color, minutes=chosen.minutes)
            except ValidationError as error:
                why = str(error)
        why = why or f"its file has no {wanted.rpartition('.')[2]} any more"
        return chosen_of(absent(wanted, settings, why), settings, chosen.color, minutes=chosen.minutes)

    def _on_files(self, result: CommandResult) -> None:
        self._waiting = False
        if self._released or not result.ok or result.data == self.files:
            return
        self.files = result.data
        self._changed()


class ChartStudies:
    """The indicators of one chart, whose panel is `parent`."""

    def __init__(self, context: DesktopContext, parent: Panel, chart: ChartView) -> None:
        self._parent, self._chart = parent, chart
        self._own = ChartOwn(context, parent.panel_id, self._take_own)
        self.chosen: list[ChosenIndicator] = []

    def show(self, chosen: list[ChosenIndicator]) -> None:
        """Show these indicators."""
        self.chosen = chosen
        self._chart.set_indicators(chosen)

    def restore(self, texts: Iterable[object]) -> None:
        """Show the indicators of a layout."""
        self.show(self._own.taken(read_chosen(texts)))

    def edit(self) -> None:
        """Open the dialog that adds, edits and removes indicators."""
        dialog = IndicatorsDialog(self.chosen, self._parent, self._own.files)
        dialog.changed.connect(self.show)
        dialog.show()
        self._own.look(wanted=True)

    def look(self) -> None:
        """Ask for a user's own while they are shown or offered; call it with each frame."""
        shown = any(each.is_own for each in self.chosen)
        self._own.look(wanted=shown or self._parent.findChild(IndicatorsDialog) is not None)

    def release(self) -> None:
        """End; answers find nobody."""
        self._own.release()

    def _take_own(self) -> None:
        """Take a user's own as their files stand now."""
        chosen = self._own.taken(self.chosen)
        if chosen != self.chosen:
            self.show(chosen)
        for dialog in self._parent.findChildren(IndicatorsDialog):
            dialog.show_own(self._own.files or (), chosen)
