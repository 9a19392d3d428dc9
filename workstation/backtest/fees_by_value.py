"""Fee models that ask what was traded before: a percentage with a minimum and a cap an order, and tiers by the month.

Beside `fees.py`, whose union names them. The models are values; `Turnover` is a run's memory, fed with each fill.
"""

from datetime import UTC, datetime

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.executions import Liquidity
from workstation.domain.numbers import div_half_even

_RATE_ONE = 1_000_000
"""Rates are hundredths of a basis point."""


class Traded(msgspec.Struct, frozen=True):
    """What was traded before a fill, money of its currency: by its order, and by the account in the month so far."""

    order: int
    month: int


class PercentFees(msgspec.Struct, frozen=True, tag="percent", kw_only=True):
    """A share of an order's traded value, hundredths of a basis point, with a minimum and a cap an order (0: none)."""

    rate: int
    minimum: int = 0
    cap: int = 0

    def due(self, value: int, traded: Traded, liquidity: Liquidity) -> int:  # noqa: ARG002  one signature for both
        """Return what the order owes after a fill of that value less what it owed before."""
        before = self._owed(traded.order) if traded.order else 0
        return self._owed(traded.order + value) - before

    def _owed(self, value: int) -> int:
        owed = max(div_half_even(value * self.rate, _RATE_ONE), self.minimum)
        return min(owed, self.cap) if self.cap else owed


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Rates, hundredths of a basis point, of an account that has traded at least `least` in the month, money."""

    least: int
    maker: int
    taker: int


class TieredFees(msgspec.Struct, frozen=True, tag="tiered", kw_only=True):
    """Shares of the traded value that fall as an account trades more. tiers: the first from 0 on, then rising.

    The tier of a fill is that of what was traded before it in the calendar month, UTC, in the fill's currency.
    """

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        found = [tier.least for tier in self.tiers]
        if not found or found[0] != 0 or sorted(set(found)) != found:
            raise ValidationError("fees", "the first tier is from 0 on, and each next one from more")

    def due(self, value: int, traded: Traded, liquidity: Liquidity) -> int:
        """Return the share of the fill's value."""
        tier = next(tier for tier in reversed(self.tiers) if traded.month >= tier.least)
        return div_half_even(value * (tier.maker if liquidity is Liquidity.MAKER else tier.taker), _RATE_ONE)


class Turnover:
    """What a run has traded, so far as such a model asks for it; values are money, never negative."""

    def __init__(self) -> None:
        self._orders: dict[str, int] = {}
        self._months: dict[str, tuple[int, int]] = {}

    def count(self, cl_ord_id: str, currency: str, value: int, *, ts: int) -> Traded:
        """Return what was traded before a fill, and count it."""
        day = datetime.fromtimestamp(ts // 10**9, UTC)
        month = day.year * 12 + day.month
        known, so_far = self._months.get(currency, (month, 0))
        if known != month:
            so_far = 0
        order = self._orders.get(cl_ord_id, 0)
        self._orders[cl_ord_id], self._months[currency] = order + value, (month, so_far + value)
        return Traded(order, so_far)

    def forget(self, cl_ord_id: str) -> None:
        """Let an order go that trades no more."""
        self._orders.pop(cl_ord_id, None)
