"""P&L snapshots: what one account had made and held by the end of one day of its calendar, or so far today.

Money is exact, in the account's base currency unless a field says otherwise. Kept as records: one an account and day.
"""

from typing import Any

import msgspec

from workstation.domain.numbers import MONEY_DECIMALS, rescale
from workstation.domain.records.record import Record

NET_DECIMALS = 4
"""Decimals of `net_order`, which must fit into 64 bits."""


class PnlPosition(msgspec.Struct, frozen=True, kw_only=True):
    """One position at the time of a snapshot, money in its own `currency`; worth and profit are None when unpriced.

    qty: signed, + long, on the instrument's scale. mark_ts: UTC ns of the price behind the worth.
    """

    symbol: str
    currency: str
    qty: int
    cost: int
    worth: int | None
    unrealised: int | None
    realised: int
    mark_ts: int | None


class PnlRate(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of `currency` was `numerator` / `denominator` units of the base currency at `ts`, UTC ns."""

    currency: str
    numerator: int
    denominator: int
    ts: int


class PnlSnapshot(Record, frozen=True, kw_only=True, tag="pnl_snapshot"):
    """The figures of one account's day. account: as the core names it; day: YYYY-MM-DD.

    realised: gross of fees, during the day. unrealised, worth, cost: of all open positions that were priced.
    """

    account: str
    day: str
    currency: str
    unrealised: int
    realised: int
    commission: int
    worth: int
    cost: int
    positions: tuple[PnlPosition, ...] = ()
    rates: tuple[PnlRate, ...] = ()
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def net(self) -> int:
        """Profit after fees."""
        return self.unrealised + self.realised - self.commission

    @property
    def net_order(self) -> int:
        """Profit after fees on NET_DECIMALS, for lists that sort by it."""
        return rescale(self.net, MONEY_DECIMALS, NET_DECIMALS)

    @property
    def open_positions(self) -> tuple[PnlPosition, ...]:
        """Positions that were not flat."""
        return tuple(row for row in self.positions if row.qty)
