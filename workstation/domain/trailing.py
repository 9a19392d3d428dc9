"""How a trailing stop follows the price: one rule for the simulated venue, the orders watched here and backtests.

Pure functions on integers. sign: + for an order that buys, whose trigger lies above the price; prices in price units.
"""

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import div_half_even
from workstation.domain.orders import Trail, TrailKind

BPS = 10_000


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
