"""What is read aloud on a key: the position, the inside market and the last refusal, each as sentences.

Read walk, last stage before a voice. Live values announce nothing by themselves; these texts are made when a person
asks, from one snapshot, and say their age. Nothing is guessed: what is not known is said to be so. Sends nothing.
"""

from collections.abc import Iterable

from workstation.domain.orders import OrderState
from workstation.viewmodels.formats import Formats, age, money
from workstation.viewmodels.frames import PositionSnap, QuoteSnap
from workstation.viewmodels.hotkeys import FocusSnapshot
from workstation.viewmodels.positions_table import is_stale
from workstation.viewmodels.preview import order_words
from workstation.viewmodels.rejects import REFUSED_STATES

_MILLISECOND_NS = 1_000_000
_PROTECTION = {
    "full": "Stops cover all of it.",
    "partial": "Stops cover a part of it.",
    "none": "No stop protects it.",
    "program": "Its stops live in this program only.",
}


def position_words(focus: FocusSnapshot, link: str) -> str:
    """Return position, average, open P&L with the age of its mark, protection, working orders and market.

    link: what is wrong with the link to the venue, "" where nothing is.
    """
    symbol = focus.instrument.symbol
    held = focus.position
    parts = [f"{symbol} in {focus.account}: flat." if held is None or not held.position.qty else _held(focus, held)]
    if held is not None and held.theirs is not None:
        theirs = Formats({symbol: focus.instrument}).quantity(symbol, held.theirs)
        parts.append(f"Not reconciled: the venue holds {theirs}.")
    parts.append(_working(focus))
    parts.append(_freshness(focus.quote))
    if link:
        parts.append(link)
    return " ".join(parts)


def market_words(focus: FocusSnapshot) -> str:
    """Return bid and ask with their sizes, the last price, and how fresh they are."""
    quote, symbol = focus.quote, focus.instrument.symbol
    if quote is None or quote.freshness == "ABSENT":
        return f"{symbol}: there is no quote."
    formats = Formats({symbol: focus.instrument})
    sides = (("bid", quote.bid, quote.bid_size), ("ask", quote.ask, quote.ask_size))
    said = [
        f"{name} {formats.price(symbol, price)} for {formats.quantity(symbol, size)}"
        if price is not None
        else f"no {name}"
        for name, price, size in sides
    ]
    return f"{symbol}: {', '.join(said)}, last {formats.price(symbol, quote.last)}. {_freshness(quote)}"


def refusal_words(orders: Iterable[OrderState], formats: Formats) -> str:
    """Return the newest order that was refused or rejected, with the reason in full."""
    refused = [order for order in orders if order.status in REFUSED_STATES]
    if not refused:
        return "No order was refused or rejected."
    last = max(refused, key=lambda order: (order.updated_at, order.cl_ord_id))
    instrument = formats.instrument(last.terms.symbol)
    what = last.terms.symbol if instrument is None else order_words(last.terms, instrument)
    return (
        f"{what}: {last.status.value.replace('_', ' ').lower()}. {last.text or last.reject_code or 'No reason given.'}"
    )


def _held(focus: FocusSnapshot, held: PositionSnap) -> str:
    symbol, qty = focus.instrument.symbol, held.position.qty
    formats = Formats({symbol: focus.instrument})
    average = formats.average(symbol, held.position.cost, qty * focus.instrument.notional(1, 1))
    side = "long" if qty > 0 else "short"
    head = f"{symbol} in {focus.account}: {side} {formats.quantity(symbol, abs(qty))} at {average}."
    if held.unrealised is None or held.mark is None:
        gain = "Open P&L is not known: nothing usable marks it."
    else:
        stale = ", stale" if is_stale(held) else ""
        mark = f"{held.mark_kind} {formats.price(symbol, held.mark)}, {age(held.mark_age_ms * _MILLISECOND_NS)} old"
        gain = f"Open P&L {money(held.unrealised, signed=True)} {held.position.currency} by {mark}{stale}."
    exiting = f" Exit: {held.exit_phase.lower()}." if held.exit_phase else ""
    return f"{head} {gain} {_PROTECTION.get(held.protection, '')}{exiting}".rstrip()


def _working(focus: FocusSnapshot) -> str:
    symbol = focus.instrument.symbol
    formats = Formats({symbol: focus.instrument})
    said = []
    for sign, one, many in ((1, "buy", "buys"), (-1, "sell", "sells")):
        orders = [order for order in focus.working if order.terms.side.sign == sign]
        if orders:
            left = formats.quantity(symbol, sum(order.leaves_qty for order in orders))
            said.append(f"{len(orders)} {one if len(orders) == 1 else many} for {left}")
    unknown = sum(order.unknown is not None for order in focus.working)
    if unknown:
        said.append(f"{unknown} of them UNKNOWN")
    return f"Working: {', '.join(said)}." if said else "No working orders."


def _freshness(quote: QuoteSnap | None) -> str:
    if quote is None or quote.freshness == "ABSENT":
        return "There is no quote."
    flags = f", {' '.join(quote.flags).lower()}" if quote.flags else ""
    return f"Quote {quote.freshness.lower()}, {age(quote.age_ms * _MILLISECOND_NS)} old{flags}."
