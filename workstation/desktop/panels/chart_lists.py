"""What a chart asks of the engine again and again while it is seen: lists that no frame carries.

Beside the tick walk. Paced by frames, once a second; answers are held weakly, so that a closed chart is let go while
the engine still thinks.
"""

from collections.abc import Callable
from weakref import WeakMethod, ref

import msgspec

from workstation.commands.registry import CommandResult
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.domain.orders import OriginKind

ASK_EVERY_NS = 1_000_000_000


class ChartList:
    """One list about the instrument of one chart. A subclass asks in `ask`, and shows in `show` what it has."""

    def __init__(self, context: DesktopContext, panel_id: str, chart: ChartView) -> None:
        self.context = context
        self.panel_id = panel_id
        self.chart = chart
        self.symbol = ""
        self.released = False
        self._asked_at: int | None = None

    def ask(self) -> None:
        """Ask now."""
        raise NotImplementedError

    def show(self) -> None:
        """Show what is known of the instrument."""
        raise NotImplementedError

    def show_symbol(self, symbol: str) -> None:
        """Show another instrument."""
        self.symbol = symbol
        self.show()
        self.ask()

    def look(self) -> None:
        """Ask again where the last question is a second old; call it with each frame while the chart is seen."""
        now = self.context.bridge.session.mono_ns()
        if self.symbol and (self._asked_at is None or now - self._asked_at >= ASK_EVERY_NS):
            self.ask()

    def release(self) -> None:
        """End; answers that come later find nobody."""
        self.released = True

    def read(self, command_id: str, params: msgspec.Struct, heard: Callable[[CommandResult], None]) -> None:
        """Ask a question; it counts for the pace."""
        self._asked_at = self.context.bridge.session.mono_ns()
        self.call(command_id, params, OriginKind.SYSTEM, heard)

    def call(
        self, command_id: str, params: msgspec.Struct, kind: OriginKind, heard: Callable[[CommandResult], None]
    ) -> None:
        """Run a command; `heard` is a bound method, not called once its object is gone or released."""
        hold, asking = WeakMethod(heard), ref(self)

        def answered(result: CommandResult) -> None:
            hears, asks = hold(), asking()
            if hears is not None and asks is not None and not asks.released:
                hears(result)

        self.context.call(command_id, params, self.context.origin(kind, self.panel_id), answered)
