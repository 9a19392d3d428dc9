"""The cost of holding: interest on cash, borrowed shares, rolled currencies, funding of perpetual contracts.

Asked by `cash_events` when each is due; exact money on what stands then, a year having 365 days.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from workstation.backtest.booking import ACCOUNT, Booking
from workstation.backtest.options import BPS, RATE_ONE, Financing
from workstation.backtest.rows import FundingRow
from workstation.domain.numbers import div_half_even

DAY_NS = 86_400 * 10**9
_YEAR = 365 * BPS
_ROLL_ZONE, _ROLL_TIME = ZoneInfo("America/New_York"), time(17)
_WEDNESDAY, _SATURDAY = 2, 5
_WEEKEND_NIGHTS = 3
"""Nights that a Wednesday's roll counts for: spot settles in two days, so that it carries the weekend."""


def is_charged(financing: Financing) -> bool:
    """Tell whether a day costs or earns anything."""
    return bool(financing.debit_bps or financing.credit_bps or financing.borrow_bps or financing.borrows)


def charge_day(booking: Booking, last: dict[str, int]) -> None:
    """Book a day's interest and borrow. last: newest price of each instrument that has one.

    What rolled positions cost bears no interest: their two currencies are what is rolled.
    """
    financing = booking.plan.options.financing
    ledger = booking.state.ledger
    rolled = {row.symbol for row in financing.rollovers}
    borrows = {row.symbol: row.bps for row in financing.borrows}
    holdings = ledger.holdings_of(ACCOUNT)
    cash = dict(ledger.cash(ACCOUNT))
    for holding in holdings:
        if holding.contract.symbol in rolled and holding.contract.principal:
            currency = holding.contract.currency
            cash[currency] = cash.get(currency, 0) + holding.now.total.cost
    for currency, amount in sorted(cash.items()):
        rate = financing.credit_bps if amount > 0 else financing.debit_bps
        booking.cash("interest", "", currency, div_half_even(amount * rate, _YEAR))
    for holding in holdings:
        symbol, qty = holding.contract.symbol, holding.now.total.qty
        if qty < 0 and holding.contract.principal and symbol in last and symbol not in rolled:
            worth = holding.contract.worth(last[symbol], qty)
            owed = div_half_even(worth * borrows.get(symbol, financing.borrow_bps), _YEAR)
            booking.cash("borrow", symbol, holding.contract.currency, owed)


def roll_over(booking: Booking, last: dict[str, int]) -> None:
    """Book what rolling positions in currencies to the next settlement earns or costs, three nights on a Wednesday."""
    weekday = datetime.fromtimestamp(booking.now // 10**9, _ROLL_ZONE).weekday()
    nights = _WEEKEND_NIGHTS if weekday == _WEDNESDAY else 1
    for row in booking.plan.options.financing.rollovers:
        holding = booking.state.ledger.holding(ACCOUNT, row.symbol)
        if holding is None or not holding.now.total.qty or row.symbol not in last:
            continue
        qty, contract = holding.now.total.qty, holding.contract
        bps = row.long_bps if qty > 0 else row.short_bps
        earned = div_half_even(abs(contract.worth(last[row.symbol], qty)) * bps * nights, _YEAR)
        booking.cash("rollover", row.symbol, contract.currency, earned)


def next_roll(ts: int) -> int:
    """Return the next 17:00 in New York of a Monday to Friday after `ts`, UTC ns."""
    day = datetime.fromtimestamp(ts // 10**9, _ROLL_ZONE).date()
    while True:
        found = int(datetime.combine(day, _ROLL_TIME, _ROLL_ZONE).timestamp()) * 10**9
        if found > ts and day.weekday() < _SATURDAY:
            return found
        day += timedelta(days=1)


def pay_funding(booking: Booking, row: FundingRow, last: dict[str, int]) -> None:
    """Book what a position in a perpetual contract pays or receives; at a rate above 0 the long pays the short."""
    holding = booking.state.ledger.holding(ACCOUNT, row.symbol)
    price = last.get(row.symbol) if row.mark_px is None else row.mark_px
    if holding is None or not holding.now.total.qty or price is None:
        return
    worth = holding.contract.worth(price, holding.now.total.qty)
    booking.cash("funding", row.symbol, holding.contract.currency, -div_half_even(worth * row.rate, RATE_ONE))
