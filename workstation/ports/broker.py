"""The broker port: how an order leaves and how a venue's word comes back.

Turning point of the order walk. Calls go down, reports come up in lists through the sink; no call returns "done".
Every request ends in exactly one SendReport (sent, not sent, rejected, unknown); an adapter never retries by itself.
All calls and the sink run on the engine's thread and never block.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from workstation.domain.executions import Execution
from workstation.domain.fees import FeeTerms
from workstation.domain.instruments import AssetClass
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, RequestKind, TimeInForce


class ReplaceKind(StrEnum):
    """How a venue changes a live order."""

    IN_PLACE = "IN_PLACE"
    NEW_ID = "NEW_ID"
    NONE = "NONE"


class RequestLimit(msgspec.Struct, frozen=True):
    """Most requests that a venue takes of one session: `requests` within any span of `per_ns`."""

    requests: int
    per_ns: int


class CapabilityCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue can do, dated. `query_complete`: a negative answer to a query proves absence.

    fees: what it charges by kind of instrument, None where that is not known. phone: its desk that takes orders by
    voice, shown where an exit cannot be sent; "" where there is none. request_limit: what the desk paces its requests
    by, None where the venue states none.
    """

    venue: str
    dated: str
    ord_types: frozenset[OrdType]
    times_in_force: frozenset[TimeInForce]
    post_only: bool
    reduce_only: bool
    display_qty: bool
    native_groups: bool
    replace: ReplaceKind
    cl_ord_id_length_max: int
    query_complete: bool
    exec_key_scope: str
    lookback_ns: int
    cancel_on_disconnect: bool
    busts_reported: bool
    fees: Mapping[AssetClass, FeeTerms] | None = None
    phone: str = ""
    request_limit: RequestLimit | None = None


class AccountRights(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue lets an account do. classes: kinds of contract it may trade; may_short: sell what it has not.

    margin_rate_bps: share of a position's value that it binds, 10,000 for one that is paid in full.
    """

    classes: frozenset[AssetClass]
    may_short: bool
    margin_rate_bps: int


class VenueStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says of itself just now; None for what it does not say. Times are UTC ns.

    limits_requests: whether it limits how many requests it takes; requests_left: how many it would take at once.
    requests_kept: those of `requests_left` that only cancels and exits may use; requests_waiting: those that wait here
    for their turn; request_limit: the limit itself.
    next_reset: when it next resets, reset: what happens then; back_at: when a link that is down comes back by itself.
    rights: by account.
    """

    limits_requests: bool | None = None
    requests_left: int | None = None
    requests_kept: int = 0
    requests_waiting: int = 0
    request_limit: RequestLimit | None = None
    next_reset: int | None = None
    reset: str = ""
    back_at: int | None = None
    rights: Mapping[str, AccountRights] = {}


RATE_LIMITED = "RATE_LIMITED"
"""Code of a request that the venue refused unprocessed because there were too many (HTTP 429)."""


class SendOutcome(StrEnum):
    """What became of a request's bytes."""

    SENT = "SENT"
    NOT_SENT = "NOT_SENT"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class SendReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Outcome of one request. NOT_SENT: provably no byte left. UNKNOWN: perhaps at the venue; never re-sent."""

    cl_ord_id: str
    request: RequestKind
    outcome: SendOutcome
    code: str = ""
    text: str = ""


class ExecType(StrEnum):
    """Why an order report came (FIX 150, fills apart)."""

    ACCEPTED = "ACCEPTED"
    ROUTED = "ROUTED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    CANCEL_REJECTED = "CANCEL_REJECTED"
    REPLACED = "REPLACED"
    REPLACE_REJECTED = "REPLACE_REJECTED"
    EXPIRED = "EXPIRED"
    TRIGGERED = "TRIGGERED"
    STATUS = "STATUS"


class OrderReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The venue's word on one order. `terms` are those in force there, None where it does not say.

    status: the venue's idea of the state, with STATUS reports. stop_px: a trailing stop's present trigger.
    """

    exec_type: ExecType
    cl_ord_id: str
    order_id: str
    account: str
    ts_event: int
    venue_seq: int
    status: OrdStatus | None = None
    terms: OrderTerms | None = None
    cum_qty: int | None = None
    new_cl_ord_id: str = ""
    code: str = ""
    text: str = ""


class FillReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fill, bust or correction. `order_status` is the venue's state after it, where given."""

    execution: Execution


class SessionState(StrEnum):
    """State of the link to a venue."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    MAINTENANCE = "MAINTENANCE"


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """The link changed; `ts_venue` is the venue's time where known, for the clock offset."""

    venue: str
    state: SessionState
    reason: str = ""
    ts_venue: int | None = None


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order as a query found it at the venue. cost: exact sum of last_px * last_qty, None where it does not say."""

    cl_ord_id: str
    order_id: str
    account: str
    terms: OrderTerms
    status: OrdStatus
    cum_qty: int
    ts_event: int
    text: str = ""
    cost: int | None = None


class VenuePosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position as the venue holds it: signed quantity units, + long."""

    account: str
    symbol: str
    qty: int


class VenueBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Cash as the venue holds it, money."""

    account: str
    currency: str
    cash: int


class SplitReport(msgspec.Struct, frozen=True, kw_only=True):
    """A share split in force from `ts_event` (UTC ns): `denominator` shares became `numerator`.

    cash_in_lieu_px: price of a new share at which a fraction is paid, None where the venue does not say.
    """

    venue: str
    symbol: str
    numerator: int
    denominator: int
    ts_event: int
    cash_in_lieu_px: int | None = None


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `ask`: everything the venue holds for one account. Complete, or `error` says why it is not.

    open_orders: all that are live. closed_orders: those closed since the question's watermark, and each order asked for
    by id. absent: ids asked for that the venue does not know. splits: those since the watermark.
    """

    request_id: int
    account: str
    ts_event: int
    open_orders: tuple[VenueOrder, ...] = ()
    closed_orders: tuple[VenueOrder, ...] = ()
    absent: tuple[str, ...] = ()
    executions: tuple[Execution, ...] = ()
    positions: tuple[VenuePosition, ...] = ()
    balances: tuple[VenueBalance, ...] = ()
    splits: tuple[SplitReport, ...] = ()
    error: str = ""


class UnreadableReport(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be read: nothing is guessed; the order, where known, becomes UNKNOWN of status."""

    venue: str
    raw: str
    reason: str
    cl_ord_id: str = ""


BrokerReport = SendReport | OrderReport | FillReport | SessionReport | QueryAnswer | UnreadableReport | SplitReport
BrokerSink = Callable[[list[BrokerReport]], None]


class Broker(Protocol):
    """One venue session. Implemented by `brokers/<name>`; every adapter passes `tests/contract`."""

    @property
    def venue(self) -> str:
        """Name of the venue, unique in this program."""

    @property
    def capabilities(self) -> CapabilityCard:
        """What the venue can do."""

    def standing(self) -> VenueStanding:
        """Return what the venue says of itself just now, from what is known here; asks nothing and never blocks."""

    def connect(self, sink: BrokerSink) -> None:
        """Bring the session up; state and all reports arrive through `sink`, on the engine's thread."""

    def disconnect(self) -> None:
        """Leave; never cancels anything by itself. No thread, task or socket stays behind."""

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        """Send a new order. Called only after its intent is durable."""

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        """Ask for new terms."""

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        """Ask for the end of an order; order_id "" when it was never acknowledged."""

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        """Ask for everything: open orders, these orders by id, closed orders and executions since, positions, cash."""
