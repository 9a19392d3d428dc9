"""The fault switch: what may go wrong at this venue on purpose, each kind naming its fault of the fault catalogue.

Faults are armed by a plan or at run time, strike a bounded number of times, and are counted when they strike. With
nothing armed the switch costs one comparison. It decides only; `session`, `feed` and `venue` do the damage.
"""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from functools import partial

import msgspec

from workstation.domain.errors import ValidationError
from workstation.kernel.clock import Scheduler

FaultArg = str | int | float | bool


class FaultKind(StrEnum):
    """Kinds of fault."""

    DROP_ACK = "drop_ack"
    DELAY_ACK = "delay_ack"
    DUPLICATE_ACK = "duplicate_ack"
    DROP_FILL = "drop_fill"
    DELAY_FILL = "delay_fill"
    DUPLICATE_FILL = "duplicate_fill"
    DROP_CANCEL_ACK = "drop_cancel_ack"
    DELAY_CANCEL_ACK = "delay_cancel_ack"
    DUPLICATE_CANCEL_ACK = "duplicate_cancel_ack"
    REORDER = "reorder"
    FILL_AFTER_CANCEL = "fill_after_cancel"
    PARTIAL_THEN_SILENCE = "partial_then_silence"
    OVERFILL = "overfill"
    BUST = "bust"
    CORRECT = "correct"
    BUST_UNKNOWN = "bust_unknown"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_STATUS = "unknown_status"
    REJECT = "reject"
    REJECT_CANCEL = "reject_cancel"
    REJECT_REPLACE = "reject_replace"
    REJECT_STORM = "reject_storm"
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    LOST_REQUEST = "lost_request"
    DISCONNECT = "disconnect"
    HALF_OPEN = "half_open"
    FREEZE = "freeze"
    FEED_GAP = "feed_gap"
    FEED_DOWN = "feed_down"
    RATE_LIMIT = "rate_limit"
    REQUEST_LIMIT = "request_limit"
    AUTH_EXPIRED = "auth_expired"
    MAINTENANCE = "maintenance"
    WRONG_POSITION = "wrong_position"
    WRONG_CASH = "wrong_cash"
    SPLIT = "split"
    SECOND_CHANNEL = "second_channel"
    CLOCK_SKEW = "clock_skew"
    EXPIRE_ORDERS = "expire_orders"
    VENUE_RESTART = "venue_restart"


FAULT_NUMBERS: dict[FaultKind, int] = {
    FaultKind.DROP_ACK: 27,
    FaultKind.DELAY_ACK: 28,
    FaultKind.DUPLICATE_ACK: 28,
    FaultKind.DROP_FILL: 31,
    FaultKind.DELAY_FILL: 28,
    FaultKind.DUPLICATE_FILL: 29,
    FaultKind.DROP_CANCEL_ACK: 27,
    FaultKind.DELAY_CANCEL_ACK: 28,
    FaultKind.DUPLICATE_CANCEL_ACK: 28,
    FaultKind.REORDER: 28,
    FaultKind.FILL_AFTER_CANCEL: 33,
    FaultKind.PARTIAL_THEN_SILENCE: 31,
    FaultKind.OVERFILL: 34,
    FaultKind.BUST: 35,
    FaultKind.CORRECT: 36,
    FaultKind.BUST_UNKNOWN: 37,
    FaultKind.UNKNOWN_ORDER: 32,
    FaultKind.UNKNOWN_STATUS: 47,
    FaultKind.REJECT: 45,
    FaultKind.REJECT_CANCEL: 40,
    FaultKind.REJECT_REPLACE: 39,
    FaultKind.REJECT_STORM: 45,
    FaultKind.TIMEOUT_AFTER_ACCEPT: 27,
    FaultKind.LOST_REQUEST: 25,
    FaultKind.DISCONNECT: 25,
    FaultKind.HALF_OPEN: 26,
    FaultKind.FREEZE: 55,
    FaultKind.FEED_GAP: 31,
    FaultKind.FEED_DOWN: 25,
    FaultKind.RATE_LIMIT: 45,
    FaultKind.REQUEST_LIMIT: 45,
    FaultKind.AUTH_EXPIRED: 46,
    FaultKind.MAINTENANCE: 48,
    FaultKind.WRONG_POSITION: 43,
    FaultKind.WRONG_CASH: 43,
    FaultKind.SPLIT: 44,
    FaultKind.SECOND_CHANNEL: 30,
    FaultKind.CLOCK_SKEW: 50,
    FaultKind.EXPIRE_ORDERS: 42,
    FaultKind.VENUE_RESTART: 25,
}
"""Number of each kind in the fault catalogue of the reliability document."""

IMMEDIATE_FAULTS = frozenset(
    {
        FaultKind.DISCONNECT,
        FaultKind.HALF_OPEN,
        FaultKind.MAINTENANCE,
        FaultKind.FREEZE,
        FaultKind.FEED_DOWN,
        FaultKind.FEED_GAP,
        FaultKind.CLOCK_SKEW,
        FaultKind.VENUE_RESTART,
        FaultKind.UNKNOWN_ORDER,
        FaultKind.BUST,
        FaultKind.CORRECT,
        FaultKind.BUST_UNKNOWN,
        FaultKind.WRONG_POSITION,
        FaultKind.WRONG_CASH,
        FaultKind.SPLIT,
        FaultKind.AUTH_EXPIRED,
        FaultKind.EXPIRE_ORDERS,
    }
)
"""Kinds that strike when armed; all others wait for the message that they are about."""

_PLAN_KEYS = "seed, ticks_per_s, latency_ms, clock_offset_s, request_limit, request_span_s and [[fault]] tables"
SIM_DEFAULT_TICKS_PER_S = 2_500
TICKS_PER_S_MAX = 50_000
STORM_REJECTS = 100


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault of a plan: armed at `at_s` seconds, or striking the `nth` message it is about; `count` strikes.

    for_s: how long a state lasts. delay_ms, code, qty, price, amount, account, stream: what the kind needs.
    SPLIT: `qty` new shares for each old one, or the ratio in `code`, "3:2". REQUEST_LIMIT: until it is disarmed the
    venue takes `count` requests within any `for_s` seconds, and says so.
    """

    kind: FaultKind
    at_s: float | None = None
    nth: int = 1
    count: int = 1
    symbol: str = ""
    for_s: float = 2.0
    delay_ms: float = 500.0
    code: str = ""
    qty: int = 0
    price: str = ""
    amount: str = ""
    account: str = ""
    stream: str = ""


class SimPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Script of a simulated venue. latency_ms: each way on average. clock_offset_s: venue time less ours.

    request_limit: most requests that it takes within any request_span_s seconds, 0 for no limit.
    """

    seed: int = 1
    ticks_per_s: int = SIM_DEFAULT_TICKS_PER_S
    latency_ms: float = 2.0
    clock_offset_s: float = 0.0
    request_limit: int = 0
    request_span_s: float = 1.0
    fault: tuple[PlannedFault, ...] = ()


def read_plan(text: str) -> SimPlan:
    """Parse the TOML of a plan.

    Raises:
        ValidationError: not TOML, an unknown name, or a value of the wrong kind or out of range.
    """
    try:
        plan = msgspec.toml.decode(text, type=SimPlan)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ValidationError("sim-plan", str(error), allowed=_PLAN_KEYS) from error
    if not 0 <= plan.ticks_per_s <= TICKS_PER_S_MAX:
        raise ValidationError("sim-plan.ticks_per_s", "out of range", allowed=f"0 to {TICKS_PER_S_MAX}")
    if plan.request_limit < 0 or plan.request_span_s <= 0:
        raise ValidationError(
            "sim-plan.request_limit", "out of range", allowed="a number from 0, and a span above 0 seconds"
        )
    return plan


class Armed:
    """A fault that waits: `skip` messages pass first, then `left` are struck."""

    __slots__ = ("fault", "left", "skip")

    def __init__(self, fault: PlannedFault) -> None:
        self.fault = fault
        self.left = fault.count
        self.skip = fault.nth - 1


class FaultSwitch:
    """Arms, strikes and counts. `strike` is called for the kinds that strike at once."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.fired: Counter[FaultKind] = Counter()
        self.strike: Callable[[PlannedFault], None] = lambda _fault: None
        self._scheduler = scheduler
        self._armed: list[Armed] = []

    def follow(self, plan: SimPlan) -> None:
        """Arm what a plan says, now or when its time comes."""
        for fault in plan.fault:
            if fault.at_s is None:
                self.arm_fault(fault)
            else:
                self._scheduler.call_later(int(fault.at_s * 1e9), partial(self.arm_fault, fault))

    def arm(self, kind: FaultKind | str, **args: FaultArg) -> None:
        """Arm one fault by its name and the fields of `PlannedFault`, figures as numbers or as text.

        Raises:
            ValidationError: an unknown kind or argument.
        """
        try:
            fault = msgspec.convert({"kind": str(kind), **args}, PlannedFault, strict=False)
        except msgspec.ValidationError as error:
            raise ValidationError("fault", str(error), allowed=", ".join(FaultKind)) from error
        self.arm_fault(fault)

    def arm_fault(self, fault: PlannedFault) -> None:
        """Arm one fault; kinds that need no message strike now."""
        if fault.kind in IMMEDIATE_FAULTS:
            self.fired[fault.kind] += 1
            self.strike(fault)
        else:
            self.fired[fault.kind] += fault.kind is FaultKind.REQUEST_LIMIT
            self._armed.append(Armed(fault))

    def disarm(self, kind: str = "") -> None:
        """Forget what is armed of a kind, of every kind when none is named."""
        self._armed = [armed for armed in self._armed if kind not in ("", armed.fault.kind)]

    def active(self) -> tuple[PlannedFault, ...]:
        """Return the faults that still wait, for the banner."""
        return tuple(armed.fault for armed in self._armed)

    def standing(self, kind: FaultKind) -> PlannedFault | None:
        """Return the armed fault of a kind that lasts until it is disarmed, the newest one; None where none is."""
        return next((armed.fault for armed in reversed(self._armed) if armed.fault.kind is kind), None)

    def passing(self, kind: FaultKind) -> int | None:
        """Return how many messages still pass before an armed fault of a kind strikes, None where none is armed."""
        return min((armed.skip for armed in self._armed if armed.fault.kind is kind), default=None)

    def take(self, kinds: frozenset[FaultKind], symbol: str) -> PlannedFault | None:
        """Return the first armed fault of these kinds that strikes a message of this symbol, and count it."""
        if not self._armed:
            return None
        for armed in self._armed:
            fault = armed.fault
            if fault.kind not in kinds or (fault.symbol and fault.symbol != symbol):
                continue
            if armed.skip:
                armed.skip -= 1
                continue
            armed.left -= 1
            if armed.left <= 0:
                self._armed.remove(armed)
            self.fired[fault.kind] += 1
            return fault
        return None
