"""Parameters of the commands, one Struct each. Prices and quantities are integers on the instrument's scales.

Doors fill these in: a ticket, a key, the palette and a script alike.
"""

import msgspec

from workstation.domain.accounts import Environment, KillScope
from workstation.domain.market import BarType
from workstation.domain.orders import OrderTerms, TimeInForce, Trail


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Place one order, as a bracket when a stop-loss or take-profit price stands with it.

    cl_ord_id: made at the gesture, so that a retry is the same order; "" lets the engine draw one.
    oco: another order of the same account and instrument, placed with it; any fill of one cancels the other.
    parent, role: attach to a live parent order as TAKE_PROFIT, STOP_LOSS or OCO leg. full: the leg goes out once its
    parent has ended or filled whole, instead of growing with each of its fills.
    """

    terms: OrderTerms
    cl_ord_id: str = ""
    strategy_id: str = ""
    notes: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    allow_duplicate: bool = False
    stop_loss_px: int | None = None
    take_profit_px: int | None = None
    oco: OrderTerms | None = None
    parent: str = ""
    role: str = ""
    full: bool = False


class ChangeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Change a live order; None leaves a term as it is. version: the one on the screen, None to skip the check.

    trail: a new distance, from the best price that a trail has seen. activation_px: where one begins that has not yet.
    """

    cl_ord_id: str
    order_qty: int | None = None
    price: int | None = None
    stop_px: int | None = None
    trail: Trail | None = None
    activation_px: int | None = None
    time_in_force: TimeInForce | None = None
    expire_time: int | None = None
    version: int | None = None


class AnnotateOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Set an order's notes and metadata; None leaves one as it is."""

    cl_ord_id: str
    notes: str | None = None
    metadata: dict[str, str] | None = None


class CancelOne(msgspec.Struct, frozen=True, kw_only=True):
    """Cancel one order."""

    cl_ord_id: str
    reason: str = ""


class ReadStory(msgspec.Struct, frozen=True, kw_only=True):
    """Ask what the journal says about one order."""

    cl_ord_id: str


class ReadOlder(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for stored orders or fills, newest first. after: time (UTC ns) and id of the last one read, None to begin."""

    after: tuple[int, str] | None = None


class CancelMany(msgspec.Struct, frozen=True, kw_only=True):
    """Cancel every live order that matches each given field. side_sign: +1 bids, -1 asks.

    entries_only: those alone that open a position or add to one.
    """

    account: str | None = None
    symbol: str | None = None
    strategy_id: str | None = None
    side_sign: int | None = None
    include_protective: bool = False
    entries_only: bool = False


class Focus(msgspec.Struct, frozen=True, kw_only=True):
    """An (account, instrument) pair."""

    account: str
    symbol: str


class ExitPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Flatten, or exit a part: portion_bps 10,000 is all; priced through_ticks past the opposite side.

    override: the words that a person types to have another exit sent while the first one hangs.
    """

    account: str
    symbol: str
    portion_bps: int = 10_000
    through_ticks: int = 2
    override: str = ""


class ExitAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Flatten every position of an account."""

    account: str


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """Arm hand entry for one environment."""

    environment: Environment


class Disarm(msgspec.Struct, frozen=True, kw_only=True):
    """Disarm hand entry."""

    reason: str = "by hand"


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """Switch trading off for a scope; key names the account, strategy or symbol."""

    scope: KillScope = KillScope.ALL
    key: str = ""
    reason: str = ""
    cancel_orders: bool = True
    keep_protective: bool = True


class LiftKill(msgspec.Struct, frozen=True, kw_only=True):
    """Lift a kill switch; the reason is kept."""

    reason: str
    scope: KillScope = KillScope.ALL
    key: str = ""


class SetLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Set a risk limit: plain decimal text, or UNLIMITED by name.

    scope: TENANT (all accounts), ACCOUNT, STRATEGY or INSTRUMENT; key: whose, empty with TENANT.
    """

    limit: str
    value: str
    reason: str
    scope: str = "TENANT"
    key: str = ""


class OverrideLock(msgspec.Struct, frozen=True, kw_only=True):
    """Unlock an account although it differs from the venue; the reason is kept."""

    account: str
    reason: str


class ReconcileAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Compare an account with its venue now."""

    account: str


class WithdrawCancel(msgspec.Struct, frozen=True, kw_only=True):
    """Take back a cancel that is kept for the next session."""

    cl_ord_id: str


class WatchedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Names an order that is watched on this PC: a stop that its venue was not given."""

    cl_ord_id: str


class AdoptPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Make our position the venue's where they differ; the reason is kept."""

    account: str
    symbol: str
    reason: str


class BarsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the newest `count` bars of a series. goes_on: it is built on from now, for a screen that follows it."""

    symbol: str
    bar_type: BarType
    count: int = 1_000
    goes_on: bool = True


class OlderBars(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the newest `count` bars of a series that opened before a moment, UTC ns. interval: its short name."""

    symbol: str
    bar_type: BarType
    interval: str
    before: int
    count: int


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Say what one screen wants to see; each call replaces the consumer's earlier wish.

    bars: (symbol, type) pairs; tapes: instruments of which every print is wanted.
    """

    consumer: str
    quotes: frozenset[str] = frozenset()
    depths: frozenset[str] = frozenset()
    bars: tuple[tuple[str, BarType], ...] = ()
    tapes: frozenset[str] = frozenset()


class SwitchFault(msgspec.Struct, frozen=True, kw_only=True):
    """Arm a fault of the simulator, or disarm it. arguments: plain texts by name."""

    kind: str
    on: bool = True
    arguments: dict[str, str] = msgspec.field(default_factory=dict)


class ReplayControl(msgspec.Struct, frozen=True, kw_only=True):
    """Steer a replay: pause, resume, step, restart or speed (times real time; 0 as fast as possible)."""

    action: str
    speed: float | None = None
