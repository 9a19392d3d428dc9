"""How a trailing stop follows the price: one rule for the simulated venue, the orders watched here and backtests.

A change of its distance is measured from the best price that the trail has seen, not from the price of now: a nearer
distance moves the trigger at once, a wider one moves it back by as much, and no change restarts a trail. The best price
is what the present trigger was measured from; where a person has set the trigger, what it would be measured from.
Pure functions on integers. sign: + for an order that buys, whose trigger lies above the price; prices in price units.
"""

from msgspec.structs import replace

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import div_half_even
from workstation.domain.orders import OrderTerms, Trail, TrailKind

BPS = 10_000
_NEAR_TICKS = 2
"""Ticks around its estimate within which the best price is looked for."""


def trailed_stop(price: int, sign: int, trail: Trail, instrument: Instrument) -> int:
    """Return the trigger that belongs to `price`, on the grid, a tick away at least, rounded away from the price."""
    if trail.kind is TrailKind.TICKS:
        return instrument.step(price, sign * max(trail.offset, 1))
    distance = trail.offset if trail.kind is TrailKind.PRICE else div_half_even(abs(price) * trail.offset, BPS)
    at = price + sign * max(distance, instrument.tick_at(price))
    return instrument.round_to_tick(at, "up" if sign > 0 else "down")


def is_reached(activation_px: int | None, price: int, sign: int) -> bool:
    """Tell whether a price lets a trailing stop begin: as low as its activation price for a buy, as high for a sale."""
    return activation_px is None or (activation_px - price) * sign >= 0


def follows(stop_px: int | None, wanted: int, sign: int) -> bool:
    """Tell whether a trigger moves to the wanted one: one way only, towards the price."""
    return stop_px is None or (stop_px - wanted) * sign > 0


def best_seen(stop_px: int, sign: int, trail: Trail, instrument: Instrument) -> int:
    """Return the best price that a trigger was measured from; of two that come to it, the one that keeps it nearer."""
    guess = _measured_from(stop_px, sign, trail, instrument)
    for ticks in range(_NEAR_TICKS, -_NEAR_TICKS - 1, -1):
        price = instrument.step(guess, -sign * ticks)
        if trailed_stop(price, sign, trail, instrument) == stop_px:
            return price
    return guess


def retrailed(stop_px: int, sign: int, old: Trail, new: Trail, instrument: Instrument) -> int:
    """Return where a trigger stands once its distance changes: as far as the new one from the best price seen."""
    if same_distance(old, new):
        return stop_px
    return trailed_stop(best_seen(stop_px, sign, old, instrument), sign, new, instrument)


def retrailed_terms(old: OrderTerms, new: OrderTerms, instrument: Instrument) -> OrderTerms:
    """Return changed terms with the trigger that their distance comes to; a limit keeps its distance from it.

    A trigger or a limit that the change names stands as named, and what has no trigger yet gets none.
    """
    if old.trail is None or new.trail is None or old.stop_px is None or new.stop_px != old.stop_px:
        return new
    stop_px = retrailed(old.stop_px, old.side.sign, old.trail, new.trail, instrument)
    price = new.price
    if price is not None and price == old.price:
        price += stop_px - old.stop_px
    return replace(new, stop_px=stop_px, price=price)


def same_distance(old: Trail | None, new: Trail | None) -> bool:
    """Tell whether two trails keep the same distance, wherever they begin."""
    return old is new or (old is not None and new is not None and (old.kind, old.offset) == (new.kind, new.offset))


def begins_elsewhere(old: OrderTerms, new: OrderTerms) -> bool:
    """Tell whether a change names another activation price, which only what has not begun to trail can have."""
    if old.trail is None or new.trail is None:
        return False
    return new.trail.activation_px not in (None, old.trail.activation_px)


def _measured_from(stop_px: int, sign: int, trail: Trail, instrument: Instrument) -> int:
    """Estimate the price of a trigger, on the grid."""
    if trail.kind is TrailKind.TICKS:
        return instrument.step(stop_px, -sign * max(trail.offset, 1))
    if trail.kind is TrailKind.PRICE:
        price = stop_px - sign * trail.offset
    else:
        share = BPS + (sign if stop_px >= 0 else -sign) * trail.offset
        price = div_half_even(stop_px * BPS, max(share, 1))
    return instrument.round_to_tick(price, "down" if sign > 0 else "up")
