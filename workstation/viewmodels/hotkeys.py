"""What keys act on and ask for: the trade focus as it stands at a press, and each request that can come of it.

Order walk, between the keyboard's filter and the command that goes to the engine; `hotkey_actions` turns a bind and a
snapshot into a request. The class of an order, arming, freshness and limits are the gate's business and are not guessed
here. Values only, Qt-free, no clock of its own.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from workstation.domain.accounts import Environment
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, Side
from workstation.viewmodels.frames import AccountSnap, PositionSnap, QuoteSnap

DOUBLE_PRESS_NS = 450_000_000
ALL_BPS = 10_000
THROUGH_TICKS = 2


class FocusSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The trade focus at the instant of a press. working: open orders, oldest first; size in whole units.

    cursor: the price that a ladder or chart of the instrument points at; armed: the environment that hand entry is
    armed for; environment: this session's; chosen: the order that is selected in the panel with the keyboard; held:
    the instruments with a position in the whole account.
    """

    account: str
    instrument: Instrument
    quote: QuoteSnap | None
    working: Sequence[OrderState]
    position: PositionSnap | None
    size: int
    cursor: int | None = None
    funds: AccountSnap | None = None
    armed: Environment | None = None
    environment: Environment = Environment.SIM
    chosen: str = ""
    held: tuple[str, ...] = ()

    @property
    def order_qty(self) -> int:
        """The chosen size in quantity units, rounded down to the lot."""
        units = self.size * 10**self.instrument.qty_decimals
        return int(units // self.instrument.lot * self.instrument.lot)


class Place(msgspec.Struct, frozen=True):
    """Place one order, with the legs of a bracket where they are given; `words` is the sentence shown and recorded."""

    terms: OrderTerms
    words: str
    stop_loss_px: int | None = None
    take_profit_px: int | None = None


class Nudge(msgspec.Struct, frozen=True):
    """Move an order's price, or its trigger, by signed ticks."""

    order: OrderState
    ticks: int


class CancelWorking(msgspec.Struct, frozen=True):
    """Cancel the working orders of the focus, or of the whole account."""

    whole_account: bool
    include_protective: bool
    words: str


class CancelNewest(msgspec.Struct, frozen=True):
    """Cancel the newest working order of the focus that is no protective stop."""

    words: str


class Exit(msgspec.Struct, frozen=True):
    """Exit a part of the focus position, priced so many ticks past the opposite side."""

    portion_bps: int
    words: str
    through_ticks: int = THROUGH_TICKS


class ExitAll(msgspec.Struct, frozen=True):
    """Flatten the account."""

    words: str


class Reverse(msgspec.Struct, frozen=True):
    """Exit the position whole, then enter the other way round: two orders, the second once the first is through.

    side, qty: of the second order, qty in quantity units.
    """

    side: Side
    qty: int
    words: str
    through_ticks: int = THROUGH_TICKS


class Protect(msgspec.Struct, frozen=True):
    """Move a protective stop to a price that loosens nothing."""

    order: OrderState
    stop_px: int
    words: str


class Stage(msgspec.Struct, frozen=True):
    """Fill in the ticket and send nothing. reason: why a key only stages, empty when it was meant to.

    oco: the other order of a pair.
    """

    terms: OrderTerms
    words: str
    stop_loss_px: int | None = None
    take_profit_px: int | None = None
    reason: str = ""
    oco: OrderTerms | None = None


class SetSize(msgspec.Struct, frozen=True):
    """Choose the order size: so many presets on, or `size` in whole units."""

    step: int = 0
    size: int | None = None


class Control(msgspec.Struct, frozen=True):
    """Arm, disarm or kill."""

    do: Literal["arm", "disarm", "kill"]


class Run(msgspec.Struct, frozen=True):
    """Run a command of the registry."""

    command: str


class Refused(msgspec.Struct, frozen=True):
    """Nothing is sent; one sentence says why."""

    text: str


Request = (
    Place | Nudge | CancelWorking | CancelNewest | Exit | ExitAll | Reverse | Protect | Stage | SetSize | Control | Run
    | Refused
)  # fmt: skip


def newest(working: Sequence[OrderState], wanted: Callable[[OrderState], bool]) -> OrderState | None:
    """Return the newest order that still can be acted on: no cancel of it is under way."""
    alive = [row for row in working if wanted(row) and row.status is not OrdStatus.PENDING_CANCEL]
    return max(alive, key=lambda row: row.created_at, default=None)


def not_armed(environment: str) -> str:
    """Return the gate's own sentence on entry by hand that is not armed."""
    return f"Refused: not armed. Entry by hand in {environment} needs arming; arm {environment} first (Ctrl+F12)."


class DoublePress:
    """Counts presses of keys that act on the second one. Any other key in between starts over."""

    def __init__(self) -> None:
        self._command = ""
        self._at = 0

    def press(self, command_id: str, mono_ns: int) -> Literal["first", "second"]:
        """Tell whether this press completes the pair within DOUBLE_PRESS_NS."""
        if self._command == command_id and mono_ns - self._at <= DOUBLE_PRESS_NS:
            self._command = ""
            return "second"
        self._command, self._at = command_id, mono_ns
        return "first"

    def clear(self) -> None:
        """Forget a first press."""
        self._command = ""
