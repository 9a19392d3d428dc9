"""Events: what happened, past tense. The journal is a list of these; every state in the core is a fold over them.

Each event is tagged by its class name on the wire (JSON), carries `ts` (engine time, UTC ns) and is applied by exactly
one handler per stage. New fields only with defaults; names and tags are never re-used for another meaning. Long because
it is one vocabulary, which whoever reads a journal needs as a whole.
"""

import msgspec

from workstation.domain.accounts import Account, KillState, LockState
from workstation.domain.decisions import Seen
from workstation.domain.executions import Execution
from workstation.domain.orders import (
    OrderTerms,
    Origin,
    ReferencePrice,
    ReplaceOrder,
    RequestKind,
    Residence,
    SubmitOrder,
)
from workstation.domain.records import AnyRecord
from workstation.domain.strategy_rows import StrategySignal
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Base of everything that happens to one order."""

    cl_ord_id: str
    ts: int


class OrderCreated(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The order exists (NEW): accepted for checking, or waiting for its parent. Carries the whole command."""

    command: SubmitOrder
    residence: Residence = Residence.EXCHANGE
    replaces: str = ""


class OrderDenied(OrderEvent, frozen=True, kw_only=True, tag=True):
    """Our refusal: no byte left. `rule` says which rule, value and limit."""

    kind: DenialKind
    rule: RuleResult
    seen: Seen | None = None


class OrderHeld(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A compliance rule keeps the order here, in NEW, until a person releases or refuses it. `rule` says why."""

    rule: RuleResult


class OrderIntended(OrderEvent, frozen=True, kw_only=True, tag=True):
    """INTENT: durable before the first byte goes to the venue. `qty` may be capped below the asked one."""

    verdict: Verdict
    qty: int
    epoch: int
    reference: ReferencePrice | None = None
    seen: Seen | None = None


class OrderSent(OrderEvent, frozen=True, kw_only=True, tag=True):
    """Hint: the transport took the bytes. ts_durable: when the intent was known to be durable, 0 if not awaited."""

    request: RequestKind
    ts_durable: int = 0


class OrderWaits(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A request about the order is kept here until its venue takes more; `reason` says what it waits for."""

    reason: str


class OrderAccepted(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The venue acknowledged the order under its own `order_id`."""

    order_id: str
    ts_event: int


class OrderRouted(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The exchange reports it working."""

    order_id: str
    ts_event: int


class OrderRejected(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The venue's refusal, or NOT_SENT: provably never at the venue."""

    code: str
    text: str
    ts_event: int = 0


class OrderTriggered(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A stop or trailing order fired; stop_px is where it stood."""

    stop_px: int | None
    ts_event: int


class StopTrailed(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A trailing stop moved its trigger. ts_event: when the venue said so, 0 where the program holds it.

    price: the limit that moved along, of a stop that has one.
    """

    stop_px: int
    ts_event: int = 0
    price: int | msgspec.UnsetType = msgspec.UNSET


class OrderFilled(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A fill, a bust or a correction was booked. Legal in every state that may have reached the venue."""

    execution: Execution


class ExecutionSetAside(OrderEvent, frozen=True, kw_only=True, tag=True):
    """An execution key came again with other numbers, or a bust named an unknown fill: kept, not booked, alert."""

    execution: Execution
    reason: str


class CancelRequested(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A cancel was asked for. Before the acknowledgement the state stays and the wish is kept.

    kept: without a session the state stays too, and the cancel goes out once book and venue agree again.
    """

    origin: Origin
    reason: str = ""
    kept: bool = False


class CancelWithdrawn(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A cancel that was kept for the next session was taken back before it was sent."""

    origin: Origin


class OrderCancelled(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The order ended without filling (further): by request, by the venue, or here before it was sent.

    trace: of the script's call that ended an order here; not written where there is none.
    unsent: True where its intent was stored and provably no byte of it left; not written else.
    """

    reason: str
    ts_event: int = 0
    trace: str | msgspec.UnsetType = msgspec.UNSET
    unsent: bool | msgspec.UnsetType = msgspec.UNSET


class CancelRejected(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The venue refused the cancel: the prior state stands."""

    code: str
    text: str


class ReplaceRequested(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A change was asked for; old terms stay in force until the venue's word."""

    terms: OrderTerms
    origin: Origin
    verdict: Verdict | None = None
    seen: Seen | None = None


class OrderChanged(OrderEvent, frozen=True, kw_only=True, tag=True):
    """Terms changed in place: before sending (NEW to NEW), or a leg resized by its parent's fills."""

    terms: OrderTerms
    reason: str = ""


class OrderReplaced(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The venue confirmed new terms; with `new_cl_ord_id` it did so by a new order."""

    terms: OrderTerms
    order_id: str
    ts_event: int
    new_cl_ord_id: str = ""


class ReplaceRejected(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The venue refused the change: old terms stand."""

    code: str
    text: str


class ReplaceDenied(OrderEvent, frozen=True, kw_only=True, tag=True):
    """Our refusal of a change: no byte left and the order is as it was. `rule` says which rule, value and limit."""

    terms: OrderTerms
    origin: Origin
    rule: RuleResult


class ReplaceQueued(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A change was asked for while another is not settled: it waits here, in place of one that waited before."""

    wish: ReplaceOrder
    reason: str


class ReplaceDropped(OrderEvent, frozen=True, kw_only=True, tag=True):
    """A change that waited is given up; `reason` says why, "" where it was in force already."""

    reason: str


class OrderExpired(OrderEvent, frozen=True, kw_only=True, tag=True):
    """Its time in force ended."""

    reason: str
    ts_event: int


class OutcomeUnknown(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The outcome of a request is not known; it is never guessed and nothing is re-sent."""

    request: RequestKind
    cause: str


class OutcomeResolved(OrderEvent, frozen=True, kw_only=True, tag=True):
    """The venue's answer settled an unknown outcome."""

    how: str


class OrderNoted(OrderEvent, frozen=True, kw_only=True, tag=True):
    """Notes or metadata of an order changed."""

    notes: str
    metadata: dict[str, str]


class OrderHandedOver(OrderEvent, frozen=True, kw_only=True, tag=True):
    """An order of a strategy's run became a person's, or its run's again. owner: the person, "" for the run."""

    owner: str
    origin: Origin


class LockChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account was locked, is reconciling, or was unlocked; `breaks` lists differences with the venue.

    override: a person unlocked it, with `reason`, in spite of differences or of a violated invariant.
    """

    account: str
    state: LockState
    reason: str
    ts: int
    breaks: tuple[str, ...] = ()
    override: bool = False


class KillChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A kill switch went on or off."""

    state: KillState
    ts: int


class LimitChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A risk limit was set; texts are plain decimals, "" for none. Who, old, new and why are kept."""

    limit: str
    scope: str
    key: str
    old: str
    new: str
    actor: str
    reason: str
    ts: int


class ArmChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Hand entry was armed or disarmed for an environment."""

    armed: bool
    environment: str
    actor: str
    reason: str
    ts: int


class AccountOpened(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account became known, or its terms changed; only the first brings its cash."""

    account: Account
    ts: int


class CashAdjusted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Cash moved without a trade: dividend, interest, funding, transfer, variation or adjustment; signed money.

    symbol: the instrument it is paid on; a variation settlement of futures needs it.
    """

    account: str
    currency: str
    amount: int
    kind: str
    reason: str
    ts: int
    symbol: str = ""


class SplitApplied(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A share split `numerator`:`denominator` (4:1 is 4, 1); a fractional rest is paid as cash, at a price a unit."""

    symbol: str
    numerator: int
    denominator: int
    cash_in_lieu_px: int | None
    ts: int


class TradingDayRolled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A new trading day of an account began: day figures restart. day is YYYY-MM-DD in the account's calendar."""

    account: str
    day: str
    ts: int


class SessionChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The link to a venue changed: UP, DEGRADED, DOWN or MAINTENANCE.

    again: it is up once more in this run; not written where it is not.
    """

    venue: str
    state: str
    reason: str
    ts: int
    again: bool | msgspec.UnsetType = msgspec.UNSET


class BreakFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Reconciliation found a difference with the venue, or one ended: ours against theirs.

    A position differs in signed quantity units of `symbol`; cash in money of `currency`. resolution: "open" while it
    stands. since: when it was found first, UTC ns. owner: the person who signed for it, "" for nobody.
    """

    account: str
    symbol: str
    ours: int
    theirs: int
    resolution: str
    ts: int
    currency: str = ""
    since: int = 0
    owner: str = ""


class RecordSaved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A record was made, changed or, with its `deleted_at`, deleted. changed: names of its fields; actor: who asked."""

    record: AnyRecord
    changed: tuple[str, ...]
    actor: str
    ts: int


class AuditNoted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A write was refused or changed nothing; its audit entry, of `tenant`, travels beside this line."""

    action: str
    actor: str
    ts: int
    tenant: str = ""


class AnswerKept(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A script's call that had several effects was answered; its answer travels beside this line, for its repeats."""

    route: str
    actor: str
    ts: int


SIGNALS_PER_LINE = 8
"""Signals that one journal line tells of, which is as many events as a line may become."""


class RunNoted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Runs of strategies said something: their lines and periods travel beside this line, `rows` in all.

    signals: the new ones, at most SIGNALS_PER_LINE; what became of older ones travels among the rows.
    """

    signals: tuple[StrategySignal, ...]
    rows: int
    ts: int


class AlertFired(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What an alert waits for came to be. text: what was shown; webhook: id of the one to call, "" for none.

    condition and event: what it waits for, one of them empty. count: how often it has fired since it was armed.
    """

    alert: str
    name: str
    symbol: str
    account: str
    condition: str
    event: str
    text: str
    count: int
    ts: int
    webhook: str = ""


class EngineStarted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """First event of a run: the writer epoch and the program version."""

    epoch: int
    version: str
    ts: int


class InvariantViolated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something that must always hold did not; trading stops until a person looks."""

    where: str
    text: str
    ts: int


Event = (
    OrderCreated
    | OrderDenied
    | OrderHeld
    | OrderIntended
    | OrderSent
    | OrderWaits
    | OrderAccepted
    | OrderRouted
    | OrderRejected
    | OrderTriggered
    | StopTrailed
    | OrderFilled
    | ExecutionSetAside
    | CancelRequested
    | CancelWithdrawn
    | OrderCancelled
    | CancelRejected
    | ReplaceRequested
    | OrderChanged
    | OrderReplaced
    | ReplaceRejected
    | ReplaceDenied
    | ReplaceQueued
    | ReplaceDropped
    | OrderExpired
    | OutcomeUnknown
    | OutcomeResolved
    | OrderNoted
    | OrderHandedOver
    | LockChanged
    | KillChanged
    | LimitChanged
    | ArmChanged
    | AccountOpened
    | CashAdjusted
    | SplitApplied
    | TradingDayRolled
    | SessionChanged
    | BreakFound
    | RecordSaved
    | AuditNoted
    | AnswerKept
    | RunNoted
    | AlertFired
    | EngineStarted
    | InvariantViolated
)
"""Everything that the journal may hold."""

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """Return the event's canonical JSON, byte-identical for equal events."""
    return _encoder.encode(event)


def decode_event(payload: bytes) -> Event:
    """Return the event of canonical JSON.

    Raises:
        msgspec.ValidationError: unknown tag or a field of the wrong type.
    """
    event: Event = _decoder.decode(payload)
    return event


def trace_of(event: Event) -> str | None:
    """Return the trace of the call that an event is the request of, "" for no call, None for what is no request."""
    origin = event.command.origin if isinstance(event, OrderCreated) else getattr(event, "origin", None)
    if origin is None:
        return getattr(event, "trace", None) or None
    return origin.trace or ""
