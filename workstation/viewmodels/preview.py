"""Orders in words: the one sentence that a ticket, the ladder's pointer and a key show before the order goes out.

The same function words the preview and the record that travels with the order, so that what was read is what was sent.
Qt-free; reads terms, decides nothing.
"""

from datetime import UTC, datetime, timedelta

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import format_scaled
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce, Trail, TrailKind
from workstation.domain.times import NS_PER_S

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PREVIEW_KEY = "preview"
VERSIONS_KEY = "versions"
"""Where an order's metadata says which program, settings and keys were in force as it went out."""
"""Key of the sentence in an order's metadata."""

_TYPE_WORDS = {
    OrdType.MARKET: "MARKET",
    OrdType.LIMIT: "LIMIT {price}",
    OrdType.STOP: "STOP {stop}",
    OrdType.STOP_LIMIT: "STOP {stop} LIMIT {price}",
    OrdType.TRAILING_STOP: "TRAIL {trail}",
    OrdType.TRAILING_STOP_LIMIT: "TRAIL {trail} FROM {stop} LIMIT {price}",
}

_SIDE_WORDS = {
    Side.BUY: "BUY",
    Side.SELL: "SELL",
    Side.SELL_SHORT: "SELL SHORT",
    Side.BUY_TO_COVER: "BUY TO COVER",
}


def order_words(
    terms: OrderTerms, instrument: Instrument, *, stop_loss_px: int | None = None, take_profit_px: int | None = None
) -> str:
    """Return the exact order as one line: side, quantity, contract, type and prices, time in force, flags, legs."""
    shape = _TYPE_WORDS[terms.ord_type].format(
        price=_price(terms.price, instrument),
        stop=_price(terms.stop_px, instrument),
        trail=trail_words(terms.trail, instrument),
    )
    parts = [
        _SIDE_WORDS[terms.side],
        instrument.qty_text(terms.order_qty),
        instrument.symbol,
        shape,
        _time_words(terms),
    ]
    if terms.post_only:
        parts.append("POST-ONLY")
    if terms.reduce_only:
        parts.append("REDUCE-ONLY")
    if terms.display_qty is not None:
        parts.append(f"SHOWING {instrument.qty_text(terms.display_qty)}")
    if stop_loss_px is not None:
        parts.append(f"· STOP-LOSS {instrument.price_text(stop_loss_px)}")
    if take_profit_px is not None:
        parts.append(f"· TAKE-PROFIT {instrument.price_text(take_profit_px)}")
    parts.append(f"· {terms.account}")
    return " ".join(parts)


def trail_words(trail: Trail | None, instrument: Instrument) -> str:
    """Return a trailing distance with its unit, price, ticks `t` or percent, and from which price on it trails."""
    if trail is None:
        return "—"
    begins = "" if trail.activation_px is None else f" ONCE AT {instrument.price_text(trail.activation_px)}"
    if trail.kind is TrailKind.TICKS:
        return f"{trail.offset}t{begins}"
    if trail.kind is TrailKind.BPS:
        return f"{format_scaled(trail.offset, 2)} %{begins}"
    return f"{instrument.price_text(trail.offset)}{begins}"


def _price(price: int | None, instrument: Instrument) -> str:
    return "—" if price is None else instrument.price_text(price)


def _time_words(terms: OrderTerms) -> str:
    if terms.time_in_force is TimeInForce.GTD and terms.expire_time is not None:
        return f"GTD {utc_minute(terms.expire_time)}"
    return terms.time_in_force.value


def utc_minute(ns: int) -> str:
    """Return UTC nanoseconds as `2026-01-31 16:00 UTC`."""
    return f"{EPOCH + timedelta(seconds=ns // NS_PER_S):%Y-%m-%d %H:%M} UTC"
