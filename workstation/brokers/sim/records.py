"""What the venue writes down: its own truth, from which a restarted venue remembers every order and every fill.

Records are appended in the order in which things happened and never changed. New fields only with defaults.
"""

import msgspec

from workstation.brokers.sim.universe import VENUE
from workstation.domain.accounts import Account
from workstation.domain.executions import Execution
from workstation.domain.orders import OrderTerms, OrdStatus
from workstation.ports.broker import SplitReport


class VenueOpened(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """First record of a log. day: YYYY-MM-DD of the first start, which fixes the option chain."""

    seed: int
    day: str
    ts: int


class AccountListed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account was opened with its initial cash."""

    account: Account
    ts: int


class OrderTaken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The venue accepted an order."""

    order_id: str
    cl_ord_id: str
    terms: OrderTerms
    ts: int


class TermsChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """New terms came into force."""

    order_id: str
    terms: OrderTerms
    ts: int


class Trailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The trigger of a trailing order followed the market. activated: it trails, its activation price was reached."""

    order_id: str
    stop_px: int | None
    limit_px: int | None
    activated: bool
    ts: int


class TriggerFired(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A conditional order became an ordinary one."""

    order_id: str
    stop_px: int | None
    ts: int


class Executed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A fill, bust or correction."""

    execution: Execution


class SplitDone(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A share split: `denominator` shares became `numerator`, fractions paid at `price` (new shares)."""

    symbol: str
    numerator: int
    denominator: int
    price: int
    ts: int


class OrderClosed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An order reached a final state."""

    order_id: str
    status: OrdStatus
    text: str
    ts: int


VenueRecord = (
    VenueOpened
    | AccountListed
    | OrderTaken
    | TermsChanged
    | Trailed
    | TriggerFired
    | Executed
    | SplitDone
    | OrderClosed
)


def split_report(record: SplitDone) -> SplitReport:
    """Return the word on a split."""
    return SplitReport(
        venue=VENUE,
        symbol=record.symbol,
        numerator=record.numerator,
        denominator=record.denominator,
        ts_event=record.ts,
        cash_in_lieu_px=record.price,
    )
