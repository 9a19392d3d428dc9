"""Interest on cash and the cost of borrowed shares, charged once a UTC day on what stands when it begins.

Asked by the engine at midnight; exact money, a year having 365 days.
"""

from workstation.backtest.booking import ACCOUNT, Booking
from workstation.backtest.options import BPS, Financing
from workstation.domain.numbers import div_half_even

DAY_NS = 86_400 * 10**9
_YEAR = 365 * BPS


def is_charged(financing: Financing) -> bool:
    """Tell whether a day costs or earns anything."""
    return bool(financing.debit_bps or financing.credit_bps or financing.borrow_bps)


def charge_day(booking: Booking, last: dict[str, int]) -> None:
    """Book a day's interest and borrow. last: newest price of each instrument that has one."""
    financing = booking.plan.options.financing
    ledger = booking.state.ledger
    for currency, cash in sorted(ledger.cash(ACCOUNT).items()):
        rate = financing.credit_bps if cash > 0 else financing.debit_bps
        booking.cash("interest", "", currency, div_half_even(cash * rate, _YEAR))
    for holding in ledger.holdings_of(ACCOUNT):
        symbol, qty = holding.contract.symbol, holding.now.total.qty
        if qty < 0 and holding.contract.principal and symbol in last:
            worth = holding.contract.worth(last[symbol], qty)
            owed = div_half_even(worth * financing.borrow_bps, _YEAR)
            booking.cash("interest", symbol, holding.contract.currency, owed)
