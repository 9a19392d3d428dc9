"""Where prices want to be: latent fair values that the synthetic traders see and the books discover.

Log prices follow common factors and a noise of their own, with volatility that clusters (an Ornstein-Uhlenbeck
process of log volatility), rare jumps, and a weak pull back to the opening price. Options are priced from their
underlying by Black and Scholes (1973, "The Pricing of Options and Corporate Liabilities") without interest. Floats
live here and in the flow only; every price that reaches a book is an integer on the instrument's grid.
"""

import math
import random
from functools import cache

import numpy as np
import numpy.typing as npt

from workstation.brokers.sim.universe import Listing
from workstation.domain.instruments import OptionRight, OptionTerms

SECONDS_PER_YEAR = 365 * 86_400.0
FACTOR_VOLATILITY = {"EQUITY": 0.15, "ENERGY": 0.34, "METAL": 0.15, "RATES": 0.14, "DOLLAR": 0.08, "COIN": 0.50}
"""Volatility per year of each common driver."""

PULL_S = 6 * 3_600.0
"""Time constant of the pull towards the opening price."""

CLUSTER_S = 150.0
"""Time constant of log volatility: how long a nervous market stays nervous."""

CLUSTER_STD = 0.55
"""Stationary deviation of log volatility."""

OWN_FLOOR = 0.10
"""Smallest share of a market's volatility that is its own."""

JUMP_EVERY_S = 900.0
JUMP_SIZE = 6.0
"""A jump comes every JUMP_EVERY_S on average and is JUMP_SIZE deviations of one second."""

DEVIATION_MIN = 1e-9
"""What an expired option's deviation counts as: its value is what exercise would bring."""

NORMAL_EDGE = 8.0
NORMAL_POINTS = 16_001

Floats = npt.NDArray[np.float64]


class FairValues:
    """Fair values of every market with a character, in price units.

    nerves: each market's volatility over its usual one.
    """

    def __init__(self, listings: tuple[Listing, ...], starts: dict[str, int], rng: random.Random) -> None:
        primary = [entry for entry in listings if entry.character is not None and entry.instrument.option is None]
        characters = [entry.character for entry in primary if entry.character is not None]
        self._index = {entry.instrument.symbol: position for position, entry in enumerate(primary)}
        self._rng = np.random.default_rng(rng.getrandbits(128))
        self._start = np.array([starts[entry.instrument.symbol] for entry in primary], dtype=np.float64)
        total = np.array([character.volatility for character in characters])
        names = list(FACTOR_VOLATILITY)
        self._loading = np.zeros((len(primary), len(names)))
        for row, character in enumerate(characters):
            if character.factor:
                self._loading[row, names.index(character.factor)] = character.beta * FACTOR_VOLATILITY[character.factor]
        own = np.sqrt(np.maximum(total**2 - (self._loading**2).sum(axis=1), (OWN_FLOOR * total) ** 2))
        self._own = own / math.sqrt(SECONDS_PER_YEAR)
        self._loading /= math.sqrt(SECONDS_PER_YEAR)
        self._total = total / math.sqrt(SECONDS_PER_YEAR)
        self._offset = np.zeros(len(primary))
        self._common_log_vol = 0.0
        self._own_log_vol = np.zeros(len(primary))
        self.prices: list[float] = self._start.tolist()
        self.nerves: list[float] = [1.0] * len(primary)

    def advance(self, dt_s: float) -> None:
        """Move every fair value `dt_s` seconds on."""
        count = len(self._own)
        draws = self._rng.standard_normal(2 * count + self._loading.shape[1] + 1)
        jumps = self._rng.random(count) < dt_s / JUMP_EVERY_S
        keep, kick = 1.0 - dt_s / CLUSTER_S, CLUSTER_STD * math.sqrt(2.0 * dt_s / CLUSTER_S)
        self._common_log_vol = self._common_log_vol * keep + kick * float(draws[-1])
        self._own_log_vol = self._own_log_vol * keep + kick * draws[:count]
        log_vol = 0.7 * self._common_log_vol + 0.7 * self._own_log_vol
        # Half the variance is taken off, so that the mean of the squared factor stays 1.
        nerves = np.exp(log_vol - CLUSTER_STD**2)
        root = math.sqrt(dt_s)
        shock = self._own * draws[count : 2 * count] + self._loading @ draws[2 * count : -1]
        move = nerves * shock * root
        if jumps.any():
            move = move + jumps * JUMP_SIZE * self._total * self._rng.standard_normal(count)
        self._offset = self._offset * (1.0 - dt_s / PULL_S) + move
        self.prices = (self._start * np.exp(self._offset)).tolist()
        self.nerves = nerves.tolist()

    def scale(self, symbol: str, factor: float) -> None:
        """Move a market's level by a factor, as a share split does; a symbol without a value of its own stays."""
        if symbol in self._index:
            self._start[self._index[symbol]] *= factor
            self.prices[self._index[symbol]] *= factor

    def index(self, symbol: str) -> int:
        """Return the position of a market in `prices` and `nerves`."""
        return self._index[symbol]


def black_scholes(spot: float, strike: float, years: float, volatility: float, right: OptionRight) -> float:
    """Return the value of a European option without interest or dividends, in the unit of `spot`."""
    if years <= 0.0 or volatility <= 0.0:
        return max(spot - strike, 0.0) if right is OptionRight.CALL else max(strike - spot, 0.0)
    deviation = volatility * math.sqrt(years)
    d1 = math.log(spot / strike) / deviation + deviation / 2.0
    call = spot * _normal_cdf(d1) - strike * _normal_cdf(d1 - deviation)
    return call if right is OptionRight.CALL else call - spot + strike


def smile(spot: float, strike: float, base: float) -> float:
    """Return the implied volatility at a strike: a skew towards low strikes and a gentle smile."""
    moneyness = math.log(strike / spot)
    return max(base * (1.0 - 0.45 * moneyness + 1.5 * moneyness * moneyness), 0.02)


def option_value(terms: OptionTerms, spot: float, years: float, base_volatility: float) -> float:
    """Return an option's fair value in the unit of its strike; `spot` is in that unit too."""
    return black_scholes(spot, terms.strike, years, smile(spot, terms.strike, base_volatility), terms.right)


def option_values(terms: OptionTerms, spots: Floats, years: Floats, base_volatility: float) -> Floats:
    """Return `option_value` of whole columns: spots (n, k) float64, years (n,) float64; within 1e-7 of the spot."""
    span = np.maximum(years, 0.0)[:, np.newaxis]
    moneyness = np.log(terms.strike / spots)
    volatility = np.maximum(base_volatility * (1.0 - 0.45 * moneyness + 1.5 * moneyness * moneyness), 0.02)
    deviation = np.maximum(volatility * np.sqrt(span), DEVIATION_MIN)
    d1 = deviation / 2.0 - moneyness / deviation
    call: Floats = spots * _normal_cdfs(d1) - terms.strike * _normal_cdfs(d1 - deviation)
    return call if terms.right is OptionRight.CALL else call - spots + terms.strike


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def _normal_cdfs(x: Floats) -> Floats:
    grid, values = _normal_table()
    return np.interp(x, grid, values)


@cache
def _normal_table() -> tuple[Floats, Floats]:
    """Return a table of the normal distribution; between its points a line is at most 3e-8 off."""
    grid = np.linspace(-NORMAL_EDGE, NORMAL_EDGE, NORMAL_POINTS)
    return grid, np.array([_normal_cdf(x) for x in grid.tolist()])
