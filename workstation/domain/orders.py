"""Orders: vocabulary, terms, commands and the state of one order as everyone outside the book sees it.

FIX vocabulary, snake_cased. Stage of the order walk: what travels from a hand, a key, a script or a strategy to the
desk, and what comes back. Values only; the lifecycle itself is `orders/lifecycle.py`.

Long because every noun of the order path stands here once, for all layers to share.
"""

from enum import StrEnum

import msgspec


class Side(StrEnum):
    """Side of an order. BUY and BUY_TO_COVER add to the position, SELL and SELL_SHORT reduce it.

    sign: +1 for buying sides, -1 for selling sides.
    """

    sign: int

    BUY = "BUY"
    SELL = "SELL"
    SELL_SHORT = "SELL_SHORT"
    BUY_TO_COVER = "BUY_TO_COVER"


for _side in Side:
    _side.sign = 1 if _side in (Side.BUY, Side.BUY_TO_COVER) else -1


class OrdType(StrEnum):
    """Order types that the engine knows."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    TRAILING_STOP = "TRAILING_STOP"
    TRAILING_STOP_LIMIT = "TRAILING_STOP_LIMIT"


class TimeInForce(StrEnum):
    """How long an order stands."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    OPG = "OPG"
    CLS = "CLS"


class TriggerSource(StrEnum):
    """Price that a stop or trailing order watches."""

    LAST = "LAST"
    BID_ASK = "BID_ASK"
    MID = "MID"


class TrailKind(StrEnum):
    """Unit of a trailing offset."""

    PRICE = "PRICE"
    TICKS = "TICKS"
    BPS = "BPS"


class Trail(msgspec.Struct, frozen=True, gc=False):
    """Distance that a trailing stop keeps: price units, ticks or basis points; above 0."""

    kind: TrailKind
    offset: int
    activation_px: int | None = None


class OrdStatus(StrEnum):
    """The fifteen stored states of an order.

    is_final: the state never changes again. is_working: the venue holds the order and no change of it is pending.
    """

    is_final: bool
    is_working: bool

    NEW = "NEW"
    PENDING_SUBMIT = "PENDING_SUBMIT"
    SUBMITTED = "SUBMITTED"
    ROUTED = "ROUTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    RISK_REJECTED = "RISK_REJECTED"
    COMPLIANCE_REJECTED = "COMPLIANCE_REJECTED"


WORKING_STATES = frozenset({OrdStatus.SUBMITTED, OrdStatus.ROUTED, OrdStatus.PARTIALLY_FILLED})
PENDING_STATES = frozenset({OrdStatus.PENDING_SUBMIT, OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE})
FINAL_STATES = frozenset(OrdStatus) - WORKING_STATES - PENDING_STATES - {OrdStatus.NEW}
for _status in OrdStatus:
    _status.is_final, _status.is_working = _status in FINAL_STATES, _status in WORKING_STATES
DENIED_STATES = frozenset({OrdStatus.INSUFFICIENT_FUNDS, OrdStatus.RISK_REJECTED, OrdStatus.COMPLIANCE_REJECTED})


class RequestKind(StrEnum):
    """Request to a venue whose outcome may be unknown; STATUS: what the order is doing there."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    REPLACE = "replace"
    STATUS = "status"


class RiskClass(StrEnum):
    """REDUCE cannot enlarge or reverse the position under any outcome of the live orders; all else is INCREASE."""

    INCREASE = "INCREASE"
    REDUCE = "REDUCE"


class OriginKind(StrEnum):
    """Door through which a request came.

    is_hand: a person works it in the desktop; its INCREASE orders need the armed state.
    """

    is_hand: bool

    TICKET = "TICKET"
    HOTKEY = "HOTKEY"
    LADDER = "LADDER"
    CHART = "CHART"
    BLOTTER = "BLOTTER"
    POSITIONS = "POSITIONS"
    PALETTE = "PALETTE"
    REST = "REST"
    STRATEGY = "STRATEGY"
    COMMAND_LINE = "COMMAND_LINE"
    SYSTEM = "SYSTEM"
    EXTERNAL = "EXTERNAL"


HAND_ORIGINS = frozenset(
    {
        OriginKind.TICKET,
        OriginKind.HOTKEY,
        OriginKind.LADDER,
        OriginKind.CHART,
        OriginKind.BLOTTER,
        OriginKind.POSITIONS,
        OriginKind.PALETTE,
    }
)
for _kind in OriginKind:
    _kind.is_hand = _kind in HAND_ORIGINS


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Who asked and how: `detail` is the key, row, token id or strategy id; `user` the person or credential owner.

    ts_gesture: monotonic ns of the key press or click, 0 where there was none; latency is measured from it.
    trace: trace id of a script's call; not written where there is none, so that such lines are as they always were.
    """

    kind: OriginKind
    detail: str = ""
    user: str = "local"
    ts_gesture: int = 0
    trace: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def actor(self) -> str:
        """Who asked, as the journal and an order's history write it."""
        return self.kind + ":" + self.user

    @property
    def trace_id(self) -> str:
        """Trace of the script's call, "" where there is none."""
        return self.trace or ""


class Contingency(StrEnum):
    """Link between orders of a group."""

    NONE = "NONE"
    OTO = "OTO"
    OCO = "OCO"
    OUO = "OUO"
    BRACKET = "BRACKET"


class LegRole(StrEnum):
    """Part that an order plays in its group."""

    ENTRY = "ENTRY"
    TAKE_PROFIT = "TAKE_PROFIT"
    STOP_LOSS = "STOP_LOSS"
    OCO = "OCO"


class GroupLink(msgspec.Struct, frozen=True, gc=False):
    """Membership of an order in a group. `parent` is the cl_ord_id whose fills release this order, "" for none.

    full: released once, when the parent has ended or filled whole, instead of growing with each of its fills.
    """

    group_id: str
    contingency: Contingency
    role: LegRole
    parent: str = ""
    full: bool = False


class Residence(StrEnum):
    """Where an order lives: at the exchange, at the broker, or in this program (dies with it)."""

    EXCHANGE = "EX"
    BROKER = "BR"
    PROGRAM = "PC"


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is asked of the market. Prices and quantities are integers on the instrument's scales.

    expire_time: UTC ns, with GTD only. display_qty: visible part of an iceberg order.
    """

    symbol: str
    account: str
    side: Side
    ord_type: OrdType
    order_qty: int
    price: int | None = None
    stop_px: int | None = None
    trail: Trail | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    expire_time: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    display_qty: int | None = None
    trigger: TriggerSource = TriggerSource.LAST


class ReferencePrice(msgspec.Struct, frozen=True, gc=False):
    """The quote that a decision used, with its age and stream state, stored with the intent."""

    bid: int | None
    ask: int | None
    last: int | None
    age_ms: int
    fresh: bool
    reason: str = ""


class SubmitOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Command: place one order. `cl_ord_id` and `uid` are made at the gesture, so that a retry is the same order."""

    cl_ord_id: str
    uid: str
    terms: OrderTerms
    origin: Origin
    link: GroupLink | None = None
    strategy_id: str = ""
    notes: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    allow_duplicate: bool = False


class SubmitGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Command: place a bracket, OCO or OTO group; every order carries its GroupLink. The parent stands first."""

    orders: tuple[SubmitOrder, ...]


class ReplaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Command: change a live order; None leaves a term as it is. `version` guards against a stale screen.

    trail: a new distance; where an order trails already its activation price stays, unless activation_px names another.
    """

    cl_ord_id: str
    origin: Origin
    order_qty: int | None = None
    price: int | None = None
    stop_px: int | None = None
    trail: Trail | None = None
    activation_px: int | None = None
    time_in_force: TimeInForce | None = None
    expire_time: int | None = None
    version: int | None = None


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Command: cancel one order. Cancelling a cancelled order changes nothing."""

    cl_ord_id: str
    origin: Origin
    reason: str = ""


class CancelScope(msgspec.Struct, frozen=True, kw_only=True):
    """Command: cancel all live orders that match every given field; protective stops stay unless asked for.

    entries_only: those that open or add; legs, reduce-only orders and what works against the position stay.
    but_taken: what a person took over from a run stays too.
    """

    origin: Origin
    account: str | None = None
    symbol: str | None = None
    strategy_id: str | None = None
    side_sign: int | None = None
    include_protective: bool = False
    entries_only: bool = False
    but_taken: bool = False
    reason: str = ""


class FlattenPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Command: cancel the instrument's orders, then exit the position with one capped order.

    portion_bps: part of the position to exit, 10,000 = all. through_ticks: how far past the opposite side to price it.
    override: OVERRIDE_TEXT, typed by a person who wants another exit sent although one may still be live.
    metadata: kept with the exit order.
    """

    account: str
    symbol: str
    origin: Origin
    portion_bps: int = 10_000
    through_ticks: int = 2
    override: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ReversePosition(msgspec.Struct, frozen=True, kw_only=True):
    """Command: exit the whole position and, once it is flat by the venue's word, enter as much the other way.

    through_ticks: how far past the opposite side to price both orders.
    """

    account: str
    symbol: str
    origin: Origin
    through_ticks: int = 2


OVERRIDE_TEXT = "SEND ANOTHER"
"""What a person types to have a second exit sent while the outcome of the first is not known."""


WAITS = "Waits: "
"""How the text of an order begins while a request about it waits here for its turn at the venue."""

ADOPTED_BY = "adopted_by"
"""Name in an order's metadata of the person who watches it: one of elsewhere, or of a strategy run that has ended."""


class OrderState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order as it stands: the row that screens, the database and scripts see.

    cost: exact money-free sum of last_px * last_qty over fills that stand (price units times quantity units);
    the average price is cost / cum_qty. leaves_qty is 0 in final states. version rises with every change.
    cancel_requested_at: in a working state, a cancel that is kept for the next session and can be withdrawn.
    held_for: code of the compliance rule that kept the order here for a person, kept after its release.
    queued: a change that goes out once the one in `pending_terms` is settled.
    taken_by: the person who took an order of a strategy's run over, "" while it is whose it was.
    """

    cl_ord_id: str
    uid: str
    order_id: str
    terms: OrderTerms
    status: OrdStatus
    origin: Origin
    link: GroupLink | None
    strategy_id: str
    cum_qty: int
    leaves_qty: int
    cost: int
    fees: dict[str, int]
    residence: Residence
    created_at: int
    updated_at: int
    version: int
    submitted_at: int | None = None
    filled_at: int | None = None
    cancelled_at: int | None = None
    cancel_requested_at: int | None = None
    triggered: bool = False
    overfill_qty: int = 0
    late_fill: bool = False
    prior_status: OrdStatus | None = None
    pending_terms: OrderTerms | None = None
    queued: ReplaceOrder | None = None
    unknown: RequestKind | None = None
    unknown_since: int | None = None
    unknown_cause: str = ""
    replaces: str = ""
    replaced_by: str = ""
    reject_code: str = ""
    text: str = ""
    notes: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    reference: ReferencePrice | None = None
    ts_intent: int = 0
    ts_durable: int = 0
    ts_sent: int = 0
    ts_acked: int = 0
    held_for: str = ""
    taken_by: str = ""

    @property
    def is_held(self) -> bool:
        """True while the order waits for a person to release or refuse it; `text` says why."""
        return self.held_for != "" and self.status is OrdStatus.NEW

    @property
    def waits_for(self) -> str:
        """What keeps the order or a request about it here: a person, its turn, a change before it; "" for nothing."""
        waits = self.queued is not None or (self.unknown is None and self.status in PENDING_STATES)
        return self.text if self.is_held or (waits and self.text.startswith(WAITS)) else ""

    @property
    def is_open(self) -> bool:
        """True until a final state is reached."""
        return not self.status.is_final

    @property
    def is_foreign(self) -> bool:
        """True for an order that was placed elsewhere and that nobody here has adopted."""
        return self.origin.kind is OriginKind.EXTERNAL and ADOPTED_BY not in self.metadata

    @property
    def is_protective(self) -> bool:
        """True for stop legs and reduce-only stops, which cancels of entries leave alone."""
        stop_type = self.terms.ord_type not in (OrdType.MARKET, OrdType.LIMIT)
        return (self.link is not None and self.link.role is LegRole.STOP_LOSS) or (self.terms.reduce_only and stop_type)
