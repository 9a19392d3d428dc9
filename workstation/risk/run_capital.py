"""A run's capital: what it holds of it in positions and working orders, and what an order would add.

Read by the gate on the order path, and by whoever shows a run. The capital of now is what the run was given and what it
has made since, net of fees, open profit included: what it has lost it cannot commit again.

Per instrument the worse of both sides counts: the position at its mark (the mid, the last trade where nothing is
quoted) and those of the run's live orders that would enlarge it, at their worst prices. All is in the account's
currency, at the rates by which the desk values. Futures and inverse contracts count with their initial margin, at the
account's rate; whatever else is held with its whole worth.
"""

from typing import NamedTuple

from workstation.domain.accounts import Account
from workstation.domain.instruments import Instrument
from workstation.risk.exposure import Exposure, Working
from workstation.risk.view import RiskView

_WHOLE_BPS = 10_000
_IDLE = Working()


class RunCapital(NamedTuple):
    """Money of the account's currency. capital: given and made; used: held of it; None where one is not known."""

    used: int | None
    capital: int | None

    @property
    def headroom(self) -> int | None:
        """What may still be committed, never below 0; None where it is not known."""
        return None if self.used is None or self.capital is None else max(self.capital - self.used, 0)


class Added(NamedTuple):
    """Live orders of one side in one instrument as an order would leave them. worth: of the instrument's currency."""

    symbol: str
    sign: int
    qty: int
    worth: int | None


def capital_used(
    view: RiskView, exposure: Exposure, account: Account, run_id: str, added: Added | None = None
) -> int | None:
    """Return what a run holds of its capital, None where a mark, a price or a rate is not known.

    added: one side of an instrument as it would be, in place of what its live orders are.
    """
    held = {row.symbol: row for row in view.run_holdings(account.account, run_id)}
    working = exposure.of_run(account.account, run_id)
    total = 0
    for symbol in {*held, *working, *(() if added is None else (added.symbol,))}:
        instrument, row = view.instrument(symbol), held.get(symbol)
        if instrument is None or (row is not None and row.worth is None):
            return None
        qty, worth = (0, 0) if row is None or row.worth is None else (row.qty, row.worth)
        orders = working.get(symbol, _IDLE)
        sides = []
        for sign in (+1, -1):
            side_qty, side_worth = orders.side(sign).qty, orders.side(sign).notional
            if added is not None and (symbol, sign) == (added.symbol, added.sign):
                if added.worth is None:
                    return None
                side_qty, side_worth = added.qty, added.worth
            opening = _in_account(view, account, instrument, enlarging(qty, sign, side_qty, side_worth))
            if opening is None:
                return None
            sides.append(opening + (worth if sign * qty > 0 else 0))
        total += _bound(instrument, account, max(sides))
    return total


def enlarging(position: int, sign: int, qty: int, worth: int) -> int:
    """Return the part of the worth of orders that would enlarge or reverse a position, rounded up."""
    closable = max(-sign * position, 0)
    return 0 if qty <= closable else -(-worth * (qty - closable) // qty)


def _bound(instrument: Instrument, account: Account, worth: int) -> int:
    return worth if instrument.moves_principal else -(-worth * account.margin_rate_bps // _WHOLE_BPS)


def _in_account(view: RiskView, account: Account, instrument: Instrument, amount: int) -> int | None:
    if not amount or instrument.currency == account.currency:
        return amount
    return view.convert(amount, instrument.currency, account.currency)
