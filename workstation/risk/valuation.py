"""Worst price: what an order may cost when it trades, for limits on money.

Pure arithmetic on the instrument's price units, shared by the exposure totals and the rules, so that an order reserves
exactly what it was judged by.
"""

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, ReferencePrice

MARKET_SLIPPAGE_BPS = 50
"""A market order is valued this far past the side that it takes."""


def opposite_side(terms: OrderTerms, reference: ReferencePrice) -> int | None:
    """Return the price that the order would take: ask for a buy, bid for a sell, the last trade without one."""
    side = reference.ask if terms.side.sign > 0 else reference.bid
    return reference.last if side is None else side


def worst_price(terms: OrderTerms, reference: ReferencePrice | None, instrument: Instrument) -> int | None:
    """Return the price at which the order's money value is largest, within what it allows itself; None is unknown.

    A limit buy costs its limit at most. A limit sell may trade at a better bid, which counts. A stop or market order
    is valued MARKET_SLIPPAGE_BPS, or one tick if that is more, past its trigger or the opposite side. A price of 0
    that the instrument does not permit values nothing and is unknown.
    """
    buying = terms.side.sign > 0
    if buying and terms.price is not None:
        return terms.price
    side = None if reference is None else opposite_side(terms, reference)
    if terms.price is not None:
        return terms.price if side is None else max(terms.price, side)
    start = side if terms.stop_px is None else terms.stop_px
    if start is None or (start <= 0 and not instrument.price_may_be_negative):
        return None
    if not buying:
        return start if side is None else max(start, side)
    return start + max(abs(start) * MARKET_SLIPPAGE_BPS // 10_000, instrument.tick_at(start))


def worst_notional(terms: OrderTerms, qty: int, reference: ReferencePrice | None, instrument: Instrument) -> int | None:
    """Return the absolute money value of `qty` at the worst price, in the instrument's currency."""
    price = worst_price(terms, reference, instrument)
    return None if price is None else abs(instrument.notional(price, qty))
