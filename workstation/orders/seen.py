"""Reads what stands on the screen at the instant of a decision, from the fold, the books and the P&L. Reading only.

Order walk, beside the gate. Built by whoever composes the core; a desk without it keeps no such picture.
"""

from collections.abc import Callable
from typing import Protocol

from workstation.domain.decisions import LEVELS_KEPT, Seen
from workstation.domain.market import Level, Quote
from workstation.domain.orders import GroupLink, OrderTerms
from workstation.risk.exposure import Exposure
from workstation.risk.view import RiskView

Sides = tuple[tuple[Level, ...], tuple[Level, ...]]


class Books(Protocol):
    """What is read of market data."""

    def quote(self, symbol: str) -> Quote | None:
        """Return the newest quote."""

    def depth(self, symbol: str, most: int) -> Sides | None:
        """Return up to `most` levels a side, best first, None while no depth can be trusted."""


See = Callable[[OrderTerms, str, GroupLink | None], Seen | None]
"""Returns what is seen by an order of some terms, with its id and link, which leave the order itself out."""


def nothing_seen(_terms: OrderTerms, _cl_ord_id: str, _link: GroupLink | None) -> Seen | None:
    """Keep no picture."""
    return None


def eyes(view: RiskView, exposure: Exposure, books: Books) -> See:
    """Return what sees through a core's own view."""

    def see(terms: OrderTerms, cl_ord_id: str, link: GroupLink | None) -> Seen:
        account, symbol, sign = terms.account, terms.symbol, terms.side.sign
        mine, _ = exposure.others(terms, cl_ord_id, link)
        opposite = exposure.working(account, symbol).side(-sign).qty
        depth = books.depth(symbol, LEVELS_KEPT)
        bids, asks = depth or _top(books.quote(symbol))
        return Seen(
            position=view.qty(account, symbol),
            buying=mine if sign > 0 else opposite,
            selling=opposite if sign > 0 else mine,
            day_net=view.day_net(account),
            phase=view.phase(symbol),
            bids=bids,
            asks=asks,
            has_depth=depth is not None,
        )

    return see


def _top(quote: Quote | None) -> Sides:
    """Return the quote as a book of one level."""
    if quote is None:
        return (), ()
    bids = () if quote.bid is None else (Level(quote.bid, quote.bid_size),)
    return bids, () if quote.ask is None else (Level(quote.ask, quote.ask_size),)
