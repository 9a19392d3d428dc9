"""What an account gets and pays without a trade: splits, dividends, funding, interest, borrowing, rolled currencies.

Beside the engine: it puts each on the agenda, ahead of what trades at that instant, and books it by `financing.py` and
`booking.py`. Funding and rolling repeat by the calendar; what is recorded of splits, dividends and funding comes once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from workstation.backtest.agenda import Agenda, Rank
from workstation.backtest.booking import ACCOUNT, Booking
from workstation.backtest.checks import OrderChecks
from workstation.backtest.financing import (
    DAY_NS,
    charge_day,
    is_charged,
    next_roll,
    pay_funding,
    roll_over,
)
from workstation.backtest.market import Market
from workstation.backtest.options import Funding
from workstation.backtest.rows import CorporateRow, FundingRow, SplitRow
from workstation.backtest.venue import last_prices
from workstation.domain.errors import ValidationError
from workstation.domain.events import TradingDayRolled


class CashEvents:
    """Those of one run."""

    def __init__(self, booking: Booking, agenda: Agenda, markets: Mapping[str, Market], checks: OrderChecks) -> None:
        self._booking, self._agenda, self._markets, self._checks = booking, agenda, markets, checks
        financing = booking.plan.options.financing
        named = {row.symbol for row in financing.borrows} | {row.symbol for row in financing.rollovers}
        named |= {row.symbol for row in financing.fundings} | {row.symbol for row in booking.plan.funding}
        unknown = sorted(named - set(booking.instruments))
        if unknown:
            raise ValidationError("financing", f"{unknown[0]} is no instrument of the plan")

    def start(self, first_ts: int) -> None:
        """Put on the agenda what comes from `first_ts` on."""
        plan, add = self._booking.plan, self._agenda.add
        financing = plan.options.financing
        for row in plan.corporate:
            if row.ts >= first_ts:
                add(row.ts, Rank.CORPORATE, self._on_corporate, row)
        for paid in plan.funding:
            if paid.ts >= first_ts:
                add(paid.ts, Rank.CORPORATE, self._on_funding, paid)
        for rate in financing.fundings:
            add((first_ts // rate.every + 1) * rate.every, Rank.CORPORATE, self._on_rate, rate)
        if financing.rollovers:
            add(next_roll(first_ts), Rank.CORPORATE, self._on_roll)
        if is_charged(financing) or plan.limits:
            add((first_ts // DAY_NS + 1) * DAY_NS, Rank.CORPORATE, self._on_day)

    def _on_day(self, _argument: object) -> None:
        now = self._booking.now = self._agenda.ts
        charge_day(self._booking, last_prices(self._markets))
        if self._booking.plan.limits:
            day = datetime.fromtimestamp(now // 10**9, UTC).date().isoformat()
            self._booking.fold(TradingDayRolled(account=ACCOUNT, day=day, ts=now))
            self._checks.begin_day()
        self._agenda.add(now + DAY_NS, Rank.CORPORATE, self._on_day)

    def _on_roll(self, _argument: object) -> None:
        now = self._booking.now = self._agenda.ts
        roll_over(self._booking, last_prices(self._markets))
        self._agenda.add(next_roll(now), Rank.CORPORATE, self._on_roll)

    def _on_rate(self, rate: Funding) -> None:
        now = self._agenda.ts
        self._on_funding(FundingRow(ts=now, symbol=rate.symbol, rate=rate.rate))
        self._agenda.add(now + rate.every, Rank.CORPORATE, self._on_rate, rate)

    def _on_funding(self, row: FundingRow) -> None:
        self._booking.now = self._agenda.ts
        pay_funding(self._booking, row, last_prices(self._markets))

    def _on_corporate(self, row: CorporateRow) -> None:
        booking = self._booking
        booking.now = self._agenda.ts
        market, instrument = self._markets.get(row.symbol), booking.instruments[row.symbol]
        held = booking.qty(row.symbol)
        if not isinstance(row, SplitRow):
            amount = row.amount * held // 10**instrument.qty_decimals
            booking.cash("dividend", row.symbol, instrument.currency, amount)
        elif market is not None:
            for order in tuple(market.orders.values()):
                market.cancel(order.cl_ord_id, "the instrument was split")
            if market.last is not None:
                booking.split(row, market.last)
                market.last = market.last * row.denominator // row.numerator
