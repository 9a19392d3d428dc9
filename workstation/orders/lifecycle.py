"""The life of an order: one table (state, trigger) -> state, with a remark on each row that reality forced.

Order walk, inside the book: every event of an order is looked up here before anything changes. What the table does not
hold is refused. The table knows no order, no clock and no venue.
"""

from enum import StrEnum
from typing import NamedTuple

from workstation.domain.orders import OrdStatus


class Trigger(StrEnum):
    """What may move an order. Fills and confirmed changes are told apart by whether they complete the quantity."""

    DENY_COMPLIANCE = "deny_compliance"
    DENY_RISK = "deny_risk"
    DENY_FUNDS = "deny_funds"
    CHANGE = "change"
    SEND = "send"
    ACCEPT = "accept"
    ROUTE = "route"
    REJECT = "reject"
    FILL_PART = "fill_part"
    FILL_ALL = "fill_all"
    REQUEST_CANCEL = "request_cancel"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    REFUSE_CANCEL = "refuse_cancel"
    REQUEST_REPLACE = "request_replace"
    REPLACE = "replace"
    REPLACE_TO_FILLED = "replace_to_filled"
    REPLACE_BY_NEW = "replace_by_new"
    REFUSE_REPLACE = "refuse_replace"
    EXPIRE = "expire"
    OUTCOME = "outcome"


class Prior(StrEnum):
    """Target of a row that gives back the working state held before PENDING_*."""

    PRIOR = "PRIOR"


class Row(NamedTuple):
    """One row of the table. `to` equal to `state` means that the order stays; `via` is a state entered on the way."""

    state: OrdStatus
    trigger: Trigger
    to: OrdStatus | Prior
    remark: str = ""
    via: OrdStatus | None = None


_S = OrdStatus
_T = Trigger
PRIOR = Prior.PRIOR

TABLE: tuple[Row, ...] = (
    # Before sending: nothing here has reached a venue.
    Row(_S.NEW, _T.DENY_COMPLIANCE, _S.COMPLIANCE_REJECTED),
    Row(_S.NEW, _T.DENY_RISK, _S.RISK_REJECTED),
    Row(_S.NEW, _T.DENY_FUNDS, _S.INSUFFICIENT_FUNDS),
    Row(_S.NEW, _T.CHANGE, _S.NEW, "changed here, in place; the checks run again"),
    Row(_S.NEW, _T.CANCEL, _S.CANCELLED, "waiting or unsent: ends at once, no venue is asked"),
    Row(_S.NEW, _T.SEND, _S.PENDING_SUBMIT, "durable before the first byte leaves"),
    # Perhaps at the venue.
    Row(_S.PENDING_SUBMIT, _T.ACCEPT, _S.SUBMITTED),
    Row(_S.PENDING_SUBMIT, _T.REJECT, _S.REJECTED, "the venue's refusal, or NOT_SENT: provably no byte left"),
    Row(_S.PENDING_SUBMIT, _T.WITHDRAW, _S.CANCELLED, "cancelled before a byte left: no refusal, and never SUBMITTED"),
    Row(_S.PENDING_SUBMIT, _T.ROUTE, _S.ROUTED, "the acknowledgement was overtaken", _S.SUBMITTED),
    Row(_S.PENDING_SUBMIT, _T.FILL_PART, _S.PARTIALLY_FILLED, "a fill implies the acknowledgement", _S.SUBMITTED),
    Row(_S.PENDING_SUBMIT, _T.FILL_ALL, _S.FILLED, "a fill implies the acknowledgement", _S.SUBMITTED),
    Row(_S.PENDING_SUBMIT, _T.EXPIRE, _S.EXPIRED, "IOC and FOK may end unacknowledged", _S.SUBMITTED),
    Row(_S.PENDING_SUBMIT, _T.CANCEL, _S.CANCELLED, "IOC and FOK may end unacknowledged", _S.SUBMITTED),
    Row(_S.PENDING_SUBMIT, _T.REQUEST_CANCEL, _S.PENDING_SUBMIT, "the wish is kept until the acknowledgement"),
    Row(_S.PENDING_SUBMIT, _T.REFUSE_CANCEL, _S.PENDING_SUBMIT, "the venue may not know it yet; the wish is kept"),
    Row(_S.PENDING_SUBMIT, _T.OUTCOME, _S.PENDING_SUBMIT, "unknown or settled stands beside the state"),
    # Acknowledged by the broker.
    Row(_S.SUBMITTED, _T.ACCEPT, _S.SUBMITTED, "said twice"),
    Row(_S.SUBMITTED, _T.ROUTE, _S.ROUTED),
    Row(_S.SUBMITTED, _T.REJECT, _S.REJECTED, "late refusal"),
    Row(_S.SUBMITTED, _T.FILL_PART, _S.PARTIALLY_FILLED),
    Row(_S.SUBMITTED, _T.FILL_ALL, _S.FILLED),
    Row(_S.SUBMITTED, _T.REQUEST_CANCEL, _S.PENDING_CANCEL, "never CANCELLED without the venue's word"),
    Row(_S.SUBMITTED, _T.REQUEST_REPLACE, _S.PENDING_REPLACE, "old terms stay in force"),
    Row(_S.SUBMITTED, _T.EXPIRE, _S.EXPIRED),
    Row(_S.SUBMITTED, _T.CANCEL, _S.CANCELLED, "unasked, or the rest of an IOC"),
    Row(_S.SUBMITTED, _T.OUTCOME, _S.SUBMITTED),
    # Worked by the exchange.
    Row(_S.ROUTED, _T.ACCEPT, _S.ROUTED, "a late acknowledgement moves nothing backwards"),
    Row(_S.ROUTED, _T.ROUTE, _S.ROUTED, "said twice"),
    Row(_S.ROUTED, _T.REJECT, _S.REJECTED, "late refusal, for example when a stop-limit triggers"),
    Row(_S.ROUTED, _T.FILL_PART, _S.PARTIALLY_FILLED),
    Row(_S.ROUTED, _T.FILL_ALL, _S.FILLED),
    Row(_S.ROUTED, _T.REQUEST_CANCEL, _S.PENDING_CANCEL),
    Row(_S.ROUTED, _T.REQUEST_REPLACE, _S.PENDING_REPLACE),
    Row(_S.ROUTED, _T.EXPIRE, _S.EXPIRED),
    Row(_S.ROUTED, _T.CANCEL, _S.CANCELLED),
    Row(_S.ROUTED, _T.OUTCOME, _S.ROUTED),
    # Filled in part. There is no REJECT row: a refused rest is a CANCEL that keeps its fills.
    Row(_S.PARTIALLY_FILLED, _T.ACCEPT, _S.PARTIALLY_FILLED, "a late acknowledgement moves nothing backwards"),
    Row(_S.PARTIALLY_FILLED, _T.ROUTE, _S.PARTIALLY_FILLED, "a late report moves nothing backwards"),
    Row(_S.PARTIALLY_FILLED, _T.FILL_PART, _S.PARTIALLY_FILLED),
    Row(_S.PARTIALLY_FILLED, _T.FILL_ALL, _S.FILLED),
    Row(_S.PARTIALLY_FILLED, _T.REQUEST_CANCEL, _S.PENDING_CANCEL),
    Row(_S.PARTIALLY_FILLED, _T.REQUEST_REPLACE, _S.PENDING_REPLACE),
    Row(_S.PARTIALLY_FILLED, _T.EXPIRE, _S.EXPIRED, "fills kept"),
    Row(_S.PARTIALLY_FILLED, _T.CANCEL, _S.CANCELLED, "fills kept"),
    Row(_S.PARTIALLY_FILLED, _T.OUTCOME, _S.PARTIALLY_FILLED),
    # A cancel is on its way.
    Row(_S.PENDING_CANCEL, _T.CANCEL, _S.CANCELLED),
    Row(_S.PENDING_CANCEL, _T.REFUSE_CANCEL, PRIOR),
    Row(_S.PENDING_CANCEL, _T.FILL_PART, _S.PENDING_CANCEL, "fills are always legal"),
    Row(_S.PENDING_CANCEL, _T.FILL_ALL, _S.FILLED, "the cancel came too late"),
    Row(_S.PENDING_CANCEL, _T.EXPIRE, _S.EXPIRED),
    Row(_S.PENDING_CANCEL, _T.REJECT, _S.REJECTED, "only with nothing filled"),
    Row(_S.PENDING_CANCEL, _T.REQUEST_CANCEL, _S.PENDING_CANCEL, "asked again after an unknown outcome"),
    Row(_S.PENDING_CANCEL, _T.ACCEPT, _S.PENDING_CANCEL, "a late acknowledgement moves nothing backwards"),
    Row(_S.PENDING_CANCEL, _T.ROUTE, _S.PENDING_CANCEL, "a late report moves nothing backwards"),
    Row(_S.PENDING_CANCEL, _T.REPLACE, _S.PENDING_CANCEL, "a change confirmed while the cancel is on its way"),
    Row(_S.PENDING_CANCEL, _T.REPLACE_TO_FILLED, _S.FILLED, "the change left nothing to cancel"),
    Row(_S.PENDING_CANCEL, _T.REFUSE_REPLACE, _S.PENDING_CANCEL, "the cancel overtook the change"),
    Row(_S.PENDING_CANCEL, _T.OUTCOME, _S.PENDING_CANCEL),
    # A change is on its way.
    Row(_S.PENDING_REPLACE, _T.REPLACE, PRIOR),
    Row(_S.PENDING_REPLACE, _T.REPLACE_TO_FILLED, _S.FILLED, "the new quantity was filled already"),
    Row(_S.PENDING_REPLACE, _T.REPLACE_BY_NEW, _S.REPLACED, "the venue made a new order of it"),
    Row(_S.PENDING_REPLACE, _T.REFUSE_REPLACE, PRIOR),
    Row(_S.PENDING_REPLACE, _T.FILL_PART, _S.PENDING_REPLACE, "by the old terms"),
    Row(_S.PENDING_REPLACE, _T.FILL_ALL, _S.FILLED, "by the old terms"),
    Row(_S.PENDING_REPLACE, _T.REQUEST_CANCEL, _S.PENDING_CANCEL, "cancel has priority"),
    Row(_S.PENDING_REPLACE, _T.EXPIRE, _S.EXPIRED),
    Row(_S.PENDING_REPLACE, _T.CANCEL, _S.CANCELLED),
    Row(_S.PENDING_REPLACE, _T.REJECT, _S.REJECTED, "only with nothing filled"),
    Row(_S.PENDING_REPLACE, _T.ACCEPT, _S.PENDING_REPLACE, "a late acknowledgement moves nothing backwards"),
    Row(_S.PENDING_REPLACE, _T.ROUTE, _S.PENDING_REPLACE, "a late report moves nothing backwards"),
    Row(_S.PENDING_REPLACE, _T.OUTCOME, _S.PENDING_REPLACE),
)  # fmt: skip

RE_ENTRIES = frozenset({(_S.NEW, _T.CHANGE), (_S.PARTIALLY_FILLED, _T.FILL_PART)})
"""Rows that enter the state again: the history gets a line although the state's name stays."""


def _entered(row: Row, to: OrdStatus) -> tuple[OrdStatus, ...]:
    """Return the states that a row enters, in order."""
    if row.via is not None:
        return row.via, to
    return () if to is row.state and (row.state, row.trigger) not in RE_ENTRIES else (to,)


ENTERED = {(row.state, row.trigger): _entered(row, row.to) for row in TABLE if isinstance(row.to, OrdStatus)}
"""States that a live order enters, in order, by the rows that give no earlier state back; `advance` knows all rows."""

_RESTORES = frozenset((row.state, row.trigger) for row in TABLE if isinstance(row.to, Prior))


def advance(status: OrdStatus, trigger: Trigger, prior: OrdStatus) -> tuple[OrdStatus, ...] | None:
    """Return the states that the order enters, in order: () when it stays, None when the table refuses.

    prior: the working state that PRIOR stands for. A final state stays whatever comes.
    """
    entered = ENTERED.get((status, trigger))
    if entered is not None:
        return entered
    if (status, trigger) in _RESTORES:
        return (prior,)
    return () if status.is_final else None
