"""What a choice of the palette does, and what there is to choose from.

Between the palette's list and the doors that exist already: commands run through the hotkey filter, verbs by
themselves, orders stage in the ticket. Nothing is sent from here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from workstation.commands.keymap import KEY_CATEGORIES
from workstation.commands.registry import Command, RunsOn
from workstation.config.settings import Settings
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys import HotkeyFilter, bind_name
from workstation.desktop.shell.palette_verbs import OpenWorkspace, Verbs
from workstation.desktop.shell.staging import stage
from workstation.domain.orders import OrderTerms
from workstation.viewmodels import order_line_words as words
from workstation.viewmodels.hotkeys import Refused, Stage
from workstation.viewmodels.order_line_staging import short_hint, staged
from workstation.viewmodels.palette import Entry, Sort
from workstation.viewmodels.preview import order_words

ORDERS_MAX = 200
"""Open orders that are offered, newest first."""


class Choices:
    """Everything that the palette can do. verbs: what a line that is no order says; show_setting: by its name."""

    def __init__(
        self,
        context: DesktopContext,
        keys: HotkeyFilter,
        open_workspace: OpenWorkspace,
        show_setting: Callable[[str], None],
    ) -> None:
        self._context = context
        self._keys = keys
        self._show_setting = show_setting
        self.verbs = Verbs(context, keys, open_workspace)

    def entries(self) -> Iterator[Entry]:
        """Return commands, instruments, accounts, orders and settings as they stand now."""
        context = self._context
        for command in context.bridge.commands.all():
            acts = command.runs_on is RunsOn.DESKTOP
            key = self._key_of(command) if acts else "REST"
            yield Entry(sort=Sort.COMMAND, name=command.id, title=command.title, key=key, told=not acts)
        for symbol in self.symbols():
            instrument = context.instrument(symbol)
            title = f"{symbol} · {instrument.name}"
            yield Entry(sort=Sort.INSTRUMENT, name=symbol, title=title, key=instrument.isin)
        for account in context.bridge.session.accounts:
            title = f"Account {account.account} · {account.name or account.venue} {account.currency}"
            yield Entry(sort=Sort.ACCOUNT, name=account.account, title=title, key=account.environment.value)
        for order in list(context.state.open_orders.values())[: -ORDERS_MAX - 1 : -1]:
            title = order_words(order.terms, context.instrument(order.terms.symbol))
            yield Entry(sort=Sort.ORDER, name=order.cl_ord_id, title=title, key=order.status.value)
        for section in msgspec.structs.fields(Settings):
            if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
                for setting in msgspec.structs.fields(section.type):
                    name = f"{section.name}.{setting.name}"
                    yield Entry(sort=Sort.SETTING, name=name, title=name, key=f"default {setting.default}")

    def _key_of(self, command: Command[Any]) -> str:
        """Return the keys that a command of the desktop has now: those of the key file, else the menu's."""
        store = self._keys.store
        bound = store.keys_that_run(command.id)
        if command.category in KEY_CATEGORIES:
            return bound or store.keys_of(bind_name(command.id))
        return bound or " ".join(key for key in command.keys if not store.takes(key))

    def symbols(self) -> list[str]:
        """Return every instrument: those of positions and orders first, then watched ones, then the rest."""
        state, known = self._context.state, self._context.bridge.session.instruments
        held = [symbol for (_, symbol, _), snap in state.positions.items() if snap.position.qty]
        ordered = [order.terms.symbol for order in state.open_orders.values()]
        first = [self._context.focus.symbol, *held, *ordered, *state.quotes, *known]
        return [symbol for symbol in dict.fromkeys(first) if symbol in known]

    def choose(self, entry: Entry) -> None:
        """Do what an entry stands for."""
        context, say = self._context, self._context.announcer.say
        match entry.sort:
            case Sort.COMMAND:
                command = context.bridge.commands.get(entry.name)
                if command.runs_on is RunsOn.DESKTOP:
                    self._keys.run_command(entry.name)
                else:
                    say("info", f"{command.title} takes values; it is {command.id} over REST.")
            case Sort.INSTRUMENT:
                context.focus.move(symbol=entry.name)
            case Sort.ACCOUNT:
                context.focus.move(account=entry.name)
            case Sort.ORDER:
                order = context.state.orders.get(entry.name)
                if order is not None:
                    context.focus.move(symbol=order.terms.symbol)
                    say("info", f"{entry.title}: {order.status.value.lower()}", entry.name)
            case Sort.SETTING:
                self._show_setting(entry.name)

    def staging(self, line: words.OrderLine) -> Stage | Refused:
        """Return what an order line stages; nothing is shown or sent."""
        if line.symbol not in self._context.bridge.session.instruments:
            return Refused(f"There is no instrument {line.symbol}; near it: {', '.join(self._near(line.symbol))}.")
        return staged(line, self._keys.requests.snapshot(line.symbol), self._context.sizes.sizes)

    def short_hint(self, terms: OrderTerms) -> str:
        """Return what to type where a sell would leave the account short, "" where it would not."""
        return short_hint(terms, self._keys.requests.snapshot(terms.symbol))

    def _near(self, symbol: str) -> list[str]:
        known = self.symbols()
        return [name for name in known if name.startswith(symbol[:1])][:5] or known[:5]

    def put_into_ticket(self, request: Stage) -> bool:
        """Stage a request; False where no ticket is open."""
        return stage(self._context, request)
