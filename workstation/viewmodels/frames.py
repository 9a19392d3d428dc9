"""Frames: what crosses from the engine's thread to a screen's, as immutable messages.

Lossless: rows, in the order in which they happened. Lossy: snapshots, newest wins per key. Ages are in milliseconds at
the time of the frame; prices and sizes integers on the instrument's scales; money on MONEY_DECIMALS.
"""

import msgspec

from workstation.domain.accounts import Environment, KillState, LockState
from workstation.domain.executions import BalanceState, Execution, PositionState
from workstation.domain.market import Bar, BarType, Level, SessionPhase, StreamKind, Trade
from workstation.domain.orders import OrderState
from workstation.domain.records import AnyRecord
from workstation.domain.verdicts import RuleResult
from workstation.portfolio.day_views import MethodFigures, Trip
from workstation.portfolio.rates import Rate

BY_HAND = "by hand"
"""What stands where a strategy would, for what no strategy did."""


class QuoteSnap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Top of the market of one instrument, with the freshness that goes with every price.

    freshness: FRESH, STALE or ABSENT; flags: any of DELAYED UNSYNCED HALTED CROSSED CLOSED.
    """

    symbol: str
    bid: int | None
    bid_size: int
    ask: int | None
    ask_size: int
    last: int | None
    last_size: int
    open: int | None
    high: int | None
    low: int | None
    prev_close: int | None
    volume: int
    vwap: int | None
    freshness: str
    age_ms: int
    phase: SessionPhase
    flags: tuple[str, ...] = ()
    reason: str = ""


class DepthSnap(msgspec.Struct, frozen=True, kw_only=True):
    """Book levels of one instrument from one consistent moment: bids descending, asks ascending.

    traded: volume by price since the day's start, for the rows near the touch, (price, bid-traded, ask-traded).
    queue_ahead: estimated size ahead of each own order, by cl_ord_id, with whether it is exact.
    """

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    synced: bool
    age_ms: int
    freshness: str
    seq: int
    last: int | None
    last_size: int
    traded: tuple[tuple[int, int, int], ...] = ()
    queue_ahead: tuple[tuple[str, int, bool], ...] = ()


class BarUpdate(msgspec.Struct, frozen=True):
    """The live bar of a series, or one that has just closed. anew: the bars before it are others too; ask for them.

    split: a share split took force; ask which there are.
    """

    symbol: str
    bar_type: BarType
    bar: Bar
    closed: bool
    anew: bool = False
    split: bool = False


class PartSnap(msgspec.Struct, frozen=True, gc=False):
    """What one strategy, or the hand, holds of a position: signed quantity, and money.

    unrealised: None without a usable mark. realised: of the day, before fees.
    """

    strategy_id: str
    qty: int
    unrealised: int | None
    realised: int

    @property
    def name(self) -> str:
        """The strategy's id, or that it is the hand's."""
        return self.strategy_id or BY_HAND


class PositionSnap(msgspec.Struct, frozen=True, kw_only=True):
    """A position with its mark. unrealised is None when nothing usable marks it ("unpriced", never 0).

    mark_kind: last, mid or exit side. protection: full, partial, none or program (stops that die with this program).
    exit_phase: CANCELLING, SETTLED, EXITING, FLAT or "". theirs: the venue's signed quantity where it differs from
    ours, None while both agree as far as is known. risk: what its protective stops would lose from the average, money;
    None without a stop that loses. realised_before, fees_before: what stood when the day began. last, exit_px: the
    last trade, and the side that closes it. fifo: the same fills first in, first out, None where not all are known.
    margin: what it binds, money of its currency. parts: of the whole position, the hand's first.
    """

    position: PositionState
    mark: int | None
    mark_kind: str
    mark_age_ms: int
    unrealised: int | None
    protection: str
    exit_phase: str = ""
    exit_text: str = ""
    theirs: int | None = None
    risk: int | None = None
    realised_before: int = 0
    fees_before: dict[str, int] = {}
    last: int | None = None
    exit_px: int | None = None
    fifo: MethodFigures | None = None
    margin: int | None = None
    parts: tuple[PartSnap, ...] = ()

    @property
    def day_realised(self) -> int:
        """What closing earned since the day began, before fees."""
        return self.position.realised - self.realised_before

    @property
    def day_fees(self) -> dict[str, int]:
        """What was paid in fees since the day began, by currency."""
        before = self.fees_before
        return {currency: fee - before.get(currency, 0) for currency, fee in self.position.fees.items()}


class CashSeen(msgspec.Struct, frozen=True):
    """Cash of one currency as its venue named it when it was asked last, beside ours then. Money; as_of: UTC ns."""

    currency: str
    ours: int
    theirs: int
    as_of: int


class AccountSnap(msgspec.Struct, frozen=True, kw_only=True):
    """An account's day: money in its base currency. day_limit: loss at which the day locks, None when unlimited.

    margin_used: what open positions bind, None where one of them has no price. trips: the day's round trips, oldest
    first. rates: of foreign currencies into the account's own; missing_rates: currencies without one, where figures
    are not whole. drawdown_limit: fall from the day's peak at which entries stop, None when unlimited.
    """

    account: str
    environment: Environment
    venue: str
    currency: str
    cash: int
    equity: int
    buying_power: int | None
    realised: int
    unrealised: int
    fees: int
    net: int
    drawdown: int
    day_limit: int | None
    unpriced: tuple[str, ...]
    lock: LockState
    lock_reason: str
    lockout: str
    venue_cash: tuple[CashSeen, ...] = ()
    margin_used: int | None = None
    trips: tuple[Trip, ...] = ()
    rates: dict[str, Rate] = {}
    missing_rates: tuple[str, ...] = ()
    drawdown_limit: int | None = None


class StreamSnap(msgspec.Struct, frozen=True, kw_only=True):
    """Health of one stream: the age of its stalest subscribed instrument, and which that is.

    usual_ms: how far apart its updates usually are at this hour, 0 where that is not known.
    """

    stream: StreamKind
    state: str
    worst_age_ms: int
    worst_symbol: str
    updates_per_s: float
    usual_ms: int = 0


class LatencySnap(msgspec.Struct, frozen=True, kw_only=True):
    """Order latency in microseconds, (p50, p99) per stage over the recent orders; empty stages are None.

    last: the newest order's stages in the order of the fields; acks: the newest acknowledgements, oldest first.
    """

    key_to_journal: tuple[int, int] | None
    journal_to_sent: tuple[int, int] | None
    sent_to_ack: tuple[int, int] | None
    count: int
    ack_to_fill: tuple[int, int] | None = None
    last: tuple[int | None, ...] = ()
    acks: tuple[int, ...] = ()


class StatusSnap(msgspec.Struct, frozen=True, kw_only=True):
    """What the status bar and the top bar show.

    active_runs: strategy runs under way; live_keys, live_strategies: whose permit for live accounts is in force.
    mono_ns: when this was made, on the monotonic clock of this process. venue: the gateway that orders go to.
    clock_offset_ns: the feed's clock less ours on arrival, None before the first tick and in a replay. largest: the
    series of bars that take most memory, (name, bytes), the largest first.
    """

    environment: Environment
    feed: str
    feed_state: str
    venue_state: str
    streams: tuple[StreamSnap, ...]
    latency: LatencySnap
    engine_lag_ms: float
    updates_per_s: float
    journal_seq: int
    journal_fill: float
    storage_trouble: str
    armed: Environment | None
    kills: tuple[KillState, ...]
    open_orders: int
    unknown_orders: int
    replay_progress: float | None = None
    replay_paused: bool = False
    replay_speed: float | None = None
    faults: tuple[str, ...] = ()
    api_url: str = ""
    active_runs: int = 0
    live_keys: int = 0
    live_strategies: int = 0
    now_ns: int = 0
    mono_ns: int = 0
    venue: str = ""
    clock_offset_ns: int | None = None
    largest: tuple[tuple[str, int], ...] = ()


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should see: level info, warning or critical; critical stays until acknowledged.

    line: of an alert, which the desktop stages or runs.
    """

    level: str
    text: str
    ts: int
    cl_ord_id: str = ""
    rule: RuleResult | None = None
    line: str = ""


class LogRow(msgspec.Struct, frozen=True):
    """One log line for the log panel."""

    at: str
    level: str
    event: str
    fields: str


ScreenRow = OrderState | Execution | PositionState | BalanceState | AnyRecord | Notice | LogRow


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Everything new since the consumer's last frame. `overflowed`: rows were lost, ask for a fresh start."""

    rows: list[ScreenRow]
    quotes: dict[str, QuoteSnap]
    depths: dict[str, DepthSnap]
    bars: list[BarUpdate]
    positions: dict[tuple[str, str, str], PositionSnap]
    accounts: dict[str, AccountSnap]
    status: StatusSnap | None
    overflowed: bool
    prints: list[Trade] = []
