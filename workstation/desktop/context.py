"""What every panel is given: the bridge, the trade focus, link groups, sizes and formats. Built once by the shell."""

from dataclasses import dataclass, field
from hashlib import sha256

import msgspec
from PySide6.QtCore import QObject, Signal

from workstation.commands.params import CancelOne, ChangeOrder, Focus, PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.bridge import Bridge, ResultHandler
from workstation.desktop.chart_links import ChartLinks
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.panels.ticket_presets_store import PresetStore
from workstation.desktop.secrets_watch import SecretsWatch
from workstation.desktop.shell.hotkeys_store import KeyStore
from workstation.desktop.theme_shelf import ThemeShelf
from workstation.domain.accounts import Account
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, Origin, OriginKind
from workstation.viewmodels.focus import LinkGroups, PriceCursor, SizePresets, TradeFocus
from workstation.viewmodels.hotkeys import newest
from workstation.viewmodels.hotkeys_undo import ActionHistory
from workstation.viewmodels.preview import VERSIONS_KEY
from workstation.viewmodels.screen_state import ScreenState

VERSION_DIGITS = 12


class Announcer(QObject):
    """Where refusals and answers are shown at once: `spoken(level, text, cl_ord_id)`; level info, warning, critical."""

    spoken = Signal(str, str, str)

    def say(self, level: str, text: str, cl_ord_id: str = "") -> None:
        """Show one sentence."""
        self.spoken.emit(level, text, cl_ord_id)


class ShownLayout:
    """The layout that was loaded last. version: the first digits of the SHA-256 of its content, "" before any."""

    def __init__(self) -> None:
        self.version = ""

    def take(self, layout: msgspec.Struct) -> None:
        """Note which layout is loaded."""
        self.version = sha256(msgspec.json.encode(layout, order="sorted")).hexdigest()[:VERSION_DIGITS]


@dataclass(frozen=True)
class DesktopContext:
    """Shared by all panels of all windows."""

    bridge: Bridge
    focus: TradeFocus
    links: LinkGroups
    sizes: SizePresets
    intervals: LinkGroups = field(default_factory=LinkGroups)
    announcer: Announcer = field(default_factory=Announcer)
    cursor: PriceCursor = field(default_factory=PriceCursor)
    actions: ActionHistory = field(default_factory=ActionHistory)
    keys: KeyStore = field(default_factory=KeyStore)
    charts: ChartLinks = field(default_factory=ChartLinks)
    settings: SettingsStore | None = None
    presets: PresetStore = field(default_factory=PresetStore)
    themes: ThemeShelf = field(default_factory=ThemeShelf)
    layout: ShownLayout = field(default_factory=ShownLayout)
    secrets: SecretsWatch | None = None

    @property
    def state(self) -> ScreenState:
        """Everything folded from frames so far."""
        return self.bridge.state

    def instrument(self, symbol: str) -> Instrument:
        """Return an instrument by symbol."""
        return self.bridge.session.instruments[symbol]

    def account(self, account: str) -> Account | None:
        """Return an account by name."""
        return next((a for a in self.bridge.session.accounts if a.account == account), None)

    @property
    def versions(self) -> str:
        """The program, settings, layout and keys that are in force now, for the record of an order."""
        settings = "" if self.settings is None else f", settings {self.settings.version}"
        layout = f", layout {self.layout.version}" if self.layout.version else ""
        return f"program {self.bridge.session.version}{settings}, keys {self.keys.version}{layout}"

    @property
    def is_armed(self) -> bool:
        """Whether entries by hand go out: armed for the environment that the desktop is in."""
        status = self.state.status
        return status is not None and status.armed is self.bridge.session.environment

    def origin(self, kind: OriginKind, detail: str = "") -> Origin:
        """Return the origin of a gesture made now."""
        return Origin(kind=kind, detail=detail, user="local", ts_gesture=self.bridge.session.mono_ns())

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, on_result: ResultHandler | None = None
    ) -> None:
        """Run an engine command; a refusal without `on_result` is announced."""
        if isinstance(params, PlaceOrder):
            params = msgspec.structs.replace(params, metadata=params.metadata | {VERSIONS_KEY: self.versions})
        self._remember(params)
        self.bridge.call(command_id, params, origin, on_result or self._announce)

    def _remember(self, params: msgspec.Struct) -> None:
        """Keep what Ctrl+Z takes back: each order placed, changed or cancelled from this desktop."""
        match params:
            case PlaceOrder(cl_ord_id=cl_ord_id) if cl_ord_id:
                self.actions.placed(cl_ord_id)
            case ChangeOrder(cl_ord_id=cl_ord_id):
                self.actions.changed(self.state.orders.get(cl_ord_id))
            case CancelOne(cl_ord_id=cl_ord_id):
                self.actions.cancelled(self.state.orders.get(cl_ord_id))
            case Focus(account=account, symbol=symbol):
                self.actions.cancelled(newest(self.state.working(account, symbol), _is_entry))

    def _announce(self, result: CommandResult) -> None:
        if not result.ok:
            self.announcer.say("warning", result.text)


def _is_entry(order: OrderState) -> bool:
    return not order.is_protective
