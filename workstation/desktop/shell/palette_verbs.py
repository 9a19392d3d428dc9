"""The verbs of the order line: what each will do, in words, and doing it.

Between the palette and the doors that exist already: one command to the engine, or one call of the screen. A verb never
sends an entry, but for the reversal, which the engine's gate judges like one by key.
"""

from collections.abc import Callable

from workstation.commands.params import CancelMany, ExitPosition
from workstation.commands.positions import ReverseFocus
from workstation.commands.registry import CommandResult
from workstation.commands.risk_board import LockOut
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.alerts_when import KeepAlert, keep_alert
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.desktop.shell.staging import panels
from workstation.domain.alerts import Alert
from workstation.domain.errors import ValidationError
from workstation.domain.orders import Origin, OriginKind
from workstation.viewmodels import order_line_words as words
from workstation.viewmodels.chart_feed import INTERVALS_ALLOWED, read_interval

LOCK_REASON = "typed in the palette"
_PLAIN: dict[type[words.Verb], str] = {words.Size: "Choose the order size", words.Undo: "Undo the last order action"}
OpenWorkspace = Callable[[str], bool]


class Verbs:
    """Runs what a line says. open_workspace: shows a workspace by name and says itself why not."""

    def __init__(self, context: DesktopContext, keys: HotkeyFilter, open_workspace: OpenWorkspace) -> None:
        self._context = context
        self._keys = keys
        self._open_workspace = open_workspace

    def describe(self, verb: words.Verb) -> str:
        """Return what a verb will do, in words."""
        focus = self._context.focus
        match verb:
            case words.Exit(percent, symbol):
                return f"Exit {percent.normalize():f} % of {symbol or focus.symbol}, capped at the position"
            case words.Reverse(symbol):
                return f"Reverse {symbol or focus.symbol}: exit, and once flat the opposite entry"
            case words.Cancel(scope, symbol):
                return f"Cancel {f'the {scope}' if scope else 'orders'} of {symbol or focus.symbol}"
            case words.BreakEven(symbol):
                return f"Stop of {symbol or focus.symbol} to breakeven"
            case words.Go(symbol):
                return f"Trade {symbol}"
            case words.Chart(interval):
                return f"Show {interval} bars in the chart"
            case words.Workspace(name):
                return f"Open the workspace {name}; disarms"
            case words.Alert(symbol, condition):
                return f"Watch {symbol}: {condition}; where it holds now you are asked when it fires"
            case words.Lock(seconds):
                return f"Lock {focus.account} out of new risk for {_duration(seconds)}; it cannot be undone"
        return _PLAIN.get(type(verb), "Search")

    def run_alert(self, verb: words.Alert, keep: KeepAlert) -> None:
        """Keep the alert of a line; `keep` says who is asked where its condition holds already."""
        symbol = verb.symbol or self._context.focus.symbol
        if not self._knows(symbol):
            return
        alert = Alert(
            name=f"{symbol} {verb.condition}",
            symbol=symbol,
            account=self._context.focus.account,
            condition=verb.condition,
        )
        self._context.announcer.say("info", f"Pending: {self.describe(verb)}")
        keep(self._context, alert, self._context.origin(OriginKind.PALETTE, "line"), self._answered)

    def run(self, verb: words.Verb) -> None:
        """Do what a verb says. Exits and cancels go out at once: they only take risk away."""
        origin = self._context.origin(OriginKind.PALETTE, "line")
        match verb:
            case words.Exit() | words.Cancel() | words.Reverse() | words.Alert():
                self._ask_for(verb, verb.symbol or self._context.focus.symbol, origin)
            case words.Lock(seconds):
                wish = LockOut(account=self._context.focus.account, reason=LOCK_REASON, seconds=seconds)
                self._ask("risk.lock_out", wish, verb, origin)
            case words.BreakEven(symbol):
                self._break_even(symbol)
            case words.Go(symbol):
                if self._knows(symbol):
                    self._context.focus.move(symbol=symbol)
            case words.Chart(interval):
                self._chart(interval)
            case words.Workspace(name):
                self._open_workspace(name)
            case words.Size(words.Preset(number)):
                self._context.sizes.choose(number - 1)
            case words.Size(words.Units(number)):
                self._size(int(number))
            case words.Undo():
                self._keys.run_command("trade.undo")
            case words.Find(text):
                self._context.announcer.say("info", f"Nothing was chosen for {text!r}.")

    def _ask_for(
        self, verb: words.Exit | words.Cancel | words.Reverse | words.Alert, symbol: str, origin: Origin
    ) -> None:
        """Send one command on an instrument in the account of the focus."""
        if not self._knows(symbol):
            return
        account = self._context.focus.account
        match verb:
            case words.Exit(percent):
                share = ExitPosition(account=account, symbol=symbol, portion_bps=round(percent * 100))
                self._ask("position.flatten", share, verb, origin)
            case words.Cancel(scope):
                many = CancelMany(
                    account=account,
                    symbol=symbol,
                    side_sign={"bids": 1, "asks": -1}.get(scope or ""),
                    include_protective=scope == "all",
                    entries_only=scope == "entries",
                )
                self._ask("order.cancel_scope", many, verb, origin)
            case words.Reverse():
                self._ask("position.reverse", ReverseFocus(account=account, symbol=symbol), verb, origin)
            case words.Alert():
                self.run_alert(verb, keep_alert)

    def _ask(
        self,
        command: str,
        params: ExitPosition | CancelMany | ReverseFocus | LockOut,
        verb: words.Verb,
        origin: Origin,
    ) -> None:
        self._context.announcer.say("info", f"Pending: {self.describe(verb)}")
        self._context.call(command, params, origin, self._answered)

    def _answered(self, result: CommandResult) -> None:
        if result.code == "NOT_ARMED":
            pulse_arm_chip()
        self._context.announcer.say("info" if result.ok else "warning", result.text)

    def _break_even(self, symbol: str | None) -> None:
        focus = self._context.focus
        if symbol not in (None, focus.symbol):
            text = f"That acts on the trade focus, {focus.symbol}: type go {symbol} first."
            self._context.announcer.say("warning", text)
        else:
            self._keys.run_command("trade.breakeven")

    def _knows(self, symbol: str) -> bool:
        known = symbol in self._context.bridge.session.instruments
        if not known:
            self._context.announcer.say("warning", f"There is no instrument {symbol}.")
        return known

    def _chart(self, interval: str) -> None:
        """Change the chart that can be seen in the nearest window."""
        try:
            read_interval(interval)
        except ValidationError:
            self._context.announcer.say("warning", f"There are no {interval} bars; there are {INTERVALS_ALLOWED}.")
            return
        shown = [panel for panel in panels() if panel.interval and panel.isVisible()]
        if shown:
            shown[0].show_interval(interval)
        else:
            self._context.announcer.say("warning", "No chart is open (View, Panels).")

    def _size(self, size: int) -> None:
        if size > 0:
            self._context.sizes.take(size)
        else:
            self._context.announcer.say("warning", "Refused: a size is one whole unit or more.")


def _duration(seconds: int) -> str:
    for size, unit in ((3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
