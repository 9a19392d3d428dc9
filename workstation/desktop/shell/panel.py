"""Base of every panel: a title, a link group, a wish list of streams, and the designed empty and error states.

A panel shows one view model. It hears each frame, the instrument of its link group and theme changes; its settings go
to the layout file as plain values. A failure inside one panel is shown in that panel and closes no other.
"""

from collections.abc import Callable
from types import TracebackType
from typing import ClassVar
from weakref import WeakMethod

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from workstation.commands.params import Watch
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.domain.market import BarType
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.market_view import NoRoom
from workstation.viewmodels.outbox import Outbox

HELD_ROWS_MAX = 20_000
"""Orders and fills that wait for a held panel; beyond, it goes on by itself."""
PanelSettings = dict[str, str | int | float | bool | list[str | int]]


class Panel(QWidget):
    """One docked panel. `kind` names it in layout files, `panel_id` is unique in a workspace.

    `link_down_words` is what a lost link to the venue means here, said above the panel; "" for one that says it itself.

    Emits: title_changed(str) when what it shows changes; provenance_asked(client order id);
    command_asked(id) for a command of the key map on the trade focus; fault_met() when an error came out of it;
    retry_asked() to be opened anew; held_changed() when it is held still, or goes on.

    aims: a click in it aims the trade focus at its instrument. holdable: it can be held still for reading. Frames wait
    meanwhile and come as one, but in a panel that `holds_itself`: it takes each, and keeps still what it must.
    scrolls: in a dock lower than its rows it scrolls as a whole; one without does with any height.
    """

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    icon: ClassVar[str] = "list"
    linked: ClassVar[bool] = False
    aims: ClassVar[bool] = False
    link_down_words: ClassVar[str] = ""
    holdable: ClassVar[bool] = False
    holds_itself: ClassVar[bool] = False
    scrolls: ClassVar[bool] = False

    title_changed = Signal(str)
    link_changed = Signal(str)
    provenance_asked = Signal(str)
    command_asked = Signal(str)
    fault_met = Signal()
    retry_asked = Signal()
    held_changed = Signal()

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__()
        self.context = context
        self.panel_id = panel_id
        self.link_group = self.interval_group = ""
        self.symbol = ""
        self.fault = ""
        self.fault_details = ""
        self._stands = False
        self._wish: Watch | None = None
        self._waiting: Outbox | None = None
        self._rows_waiting = 0
        self.setObjectName(panel_id)
        self.setAccessibleName(self.title)
        self._endings: list[Callable[[], None]] = []
        self.until_released(context.links.listen(self._on_link))
        self.until_released(context.intervals.listen(self._on_interval_link))
        context.bridge.frame_taken.connect(self._on_frame)

    def on_frame(self, frame: Frame) -> None:
        """Show what is new; called at the frame rate on the GUI thread."""

    def on_symbol(self, symbol: str) -> None:
        """Show another instrument; called when `self.symbol` has changed."""

    def chosen_order(self) -> str:
        """Return the client order id that the selection stands for, "" for none; what Ctrl+I shows the origin of."""
        return ""

    def show_order(self, cl_ord_id: str) -> None:
        """Show one order, in a panel that is about one."""

    def header_widget(self) -> QWidget | None:
        """Return what stands beside the link chip, made once; None for nothing."""
        return None

    def save_settings(self) -> PanelSettings:
        """Return what the layout file keeps of this panel."""
        return {}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take settings back; unknown entries are ignored, bad values refused by falling back on defaults."""

    @property
    def is_held(self) -> bool:
        """True while what is shown stands still for reading."""
        return self._waiting is not None

    @property
    def rows_waiting(self) -> int:
        """How many orders and fills came in since the panel was held."""
        return self._rows_waiting

    def hold_still(self) -> None:
        """Hold what is shown; the state that orders act on goes on."""
        if self.holdable and self._waiting is None:
            self._waiting = Outbox(_nobody_waits)
            self._rows_waiting = 0
            self.on_held(held=True)
            self.held_changed.emit()

    def let_go(self) -> None:
        """Show the present again, with all that came meanwhile."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.on_held(held=False)
            if not self.holds_itself:
                self._on_frame(waiting.take())
            self.held_changed.emit()

    def on_held(self, *, held: bool) -> None:
        """Keep still what is shown, or go on; for a panel that holds itself."""

    def set_link_group(self, group: str) -> None:
        """Join a link group ("" leaves it) and take over its instrument."""
        self.link_group = group
        self.link_changed.emit(group)
        symbol = self.context.links.chosen(group) if group else None
        if symbol:
            self.show_symbol(symbol)

    @property
    def interval(self) -> str:
        """The interval shown, "" for a panel that has none and so joins no interval link."""
        return ""

    def show_interval(self, interval: str) -> None:
        """Show another interval, in a panel that has one."""

    def set_interval_group(self, group: str) -> None:
        """Join an interval link ("" leaves it) and take over its interval; the first one to join gives it its own."""
        self.interval_group = group
        self.link_changed.emit(self.link_group)
        interval = self.context.intervals.chosen(group) if group else None
        if interval:
            self.show_interval(interval)
        else:
            self.move_interval_group()

    def move_interval_group(self) -> None:
        """Move the whole interval link to what this panel shows."""
        if self.interval_group and self.interval:
            self.context.intervals.choose(self.interval_group, self.interval)

    def show_symbol(self, symbol: str) -> None:
        """Show an instrument, without moving the link group."""
        if symbol != self.symbol and symbol in self.context.bridge.session.instruments:
            self.let_go()
            self.symbol = symbol
            self.on_symbol(symbol)
            self.title_changed.emit(f"{self.title} · {symbol}" if self.linked else self.title)

    def choose_symbol(self, symbol: str) -> None:
        """Show an instrument and move the link group with it: a deliberate choice in this panel."""
        self.show_symbol(symbol)
        if self.link_group:
            self.context.links.choose(self.link_group, symbol)

    def watch(
        self,
        *,
        quotes: frozenset[str] = frozenset(),
        depths: frozenset[str] = frozenset(),
        bars: tuple[tuple[str, BarType], ...] = (),
        tapes: frozenset[str] = frozenset(),
    ) -> None:
        """Say which streams this panel needs; repeated equal wishes cost nothing."""
        wish = Watch(consumer=self.panel_id, quotes=quotes, depths=depths, bars=bars, tapes=tapes)
        if wish != self._wish:
            self._wish = wish
            self.watch_again()

    def watch_again(self) -> None:
        """Ask for the streams once more, where there was no room for all."""
        wish, heard = self._wish, WeakMethod(self._on_watched)

        def answered(result: CommandResult) -> None:
            method = heard()
            if method is not None and wish is not None:
                method(wish, result)

        if wish is not None:
            self.context.bridge.watch(wish, answered)

    def on_watched(self, result: CommandResult) -> None:
        """Hear whether all streams are there; `result.data` is what there was no room for."""
        left = result.data
        if isinstance(left, NoRoom) and left.symbols:
            self.context.announcer.say("warning", left.words)

    def _on_watched(self, wish: Watch, result: CommandResult) -> None:
        """Tell the panel about its wish, unless it has another one by now, or has ended."""
        if wish is self._wish and isValid(self):
            self.on_watched(result)

    def show_fault(self, cause: str, details: str, *, stands: bool) -> None:
        """Show that an error came out of this panel. stands: it came while a frame was shown, so no more are taken."""
        self._stands = self._stands or stands
        what = "This panel stopped at a fault" if self._stands else "A step in this panel failed"
        self.fault = f"{what}: {cause}. Retry opens it anew; other panels and all orders go on."
        self.fault_details = details
        self.fault_met.emit()

    @staticmethod
    def behind(trace: TracebackType | None) -> "tuple[Panel | None, bool]":
        """Return the panel that an error came out of, None where none is found, and whether it was showing a frame."""
        found: Panel | None = None
        in_frame = False
        while trace is not None:
            owner = trace.tb_frame.f_locals.get("self")
            while isinstance(owner, QWidget) and not isinstance(owner, Panel):
                owner = owner.parentWidget() if isValid(owner) else None
            if isinstance(owner, Panel) and isValid(owner):
                found = owner
            in_frame = in_frame or trace.tb_frame.f_code is Panel._on_frame.__code__
            trace = trace.tb_next
        return found, in_frame

    def until_released(self, end: Callable[[], None]) -> None:
        """Keep the call that ends a subscription to something that outlives the panel, for its release."""
        self._endings.append(end)

    def release(self) -> None:
        """End: give up streams and listeners. Called once, before the panel is deleted."""
        for end in self._endings:
            end()
        self.context.bridge.frame_taken.disconnect(self._on_frame)
        if self._wish is not None:
            self._wish = None
            self.context.bridge.watch(Watch(consumer=self.panel_id))

    def _on_link(self, group: str, symbol: str) -> None:
        if group == self.link_group:
            self.show_symbol(symbol)

    def _on_interval_link(self, group: str, interval: str) -> None:
        if group == self.interval_group and interval != self.interval:
            self.show_interval(interval)

    def _on_frame(self, frame: Frame) -> None:
        if self._stands:
            return
        if self._waiting is None or self.holds_itself:
            self.on_frame(frame)
            return
        self._rows_waiting += len(frame.rows)
        self._waiting.put_rows(frame.rows)
        self._waiting.put_snapshots(
            quotes=frame.quotes.values(),
            depths=frame.depths.values(),
            bars=frame.bars,
            positions=frame.positions.values(),
            accounts=frame.accounts.values(),
            status=frame.status,
            prints=frame.prints,
        )
        if frame.overflowed or self._rows_waiting > HELD_ROWS_MAX:
            self.let_go()


def _nobody_waits() -> None:
    """Take a wake-up that nobody needs: a held panel is let go by hand."""
