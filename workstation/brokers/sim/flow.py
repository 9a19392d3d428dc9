"""The synthetic market: seeded traders who keep every book alive, spread and deep.

Source of the tick walk at the simulated venue. Each event of one market is a limit order placed around its fair
value, a cancel of an old one, or a market order; stale quotes are picked off or pulled, so that the book follows
fair value. Signs of market orders persist and lean on the makers' quotes, which recover (mean-reverting inventory).
Placement behind the touch follows a gamma law, which makes depth grow away from it. Events come faster in nervous
markets.

Above FULL_FLOW_MAX events a second the surplus is not full order flow but size refreshes at the touch: still
changes of the real book, at a fraction of the cost. That is the stress path.
"""

import datetime as dt
import random
from bisect import bisect_right
from itertools import accumulate

import numpy as np

from workstation.brokers.sim.book import RestingOrder
from workstation.brokers.sim.fair_values import SECONDS_PER_YEAR, FairValues, option_value
from workstation.brokers.sim.matching import MarketOrder, Matcher
from workstation.brokers.sim.universe import Listing, MarketCharacter
from workstation.domain.market import SessionPhase
from workstation.kernel.ids import sub_stream

FULL_FLOW_MAX = 6_000
"""Events a second that are complete order flow; what is asked beyond that are size refreshes."""

LIVE_ORDERS_AIM = 160
"""Orders that a book settles around."""

TABLE_SIZE = 2_048
"""Drawn depths and sizes kept for each market; drawing from a table is cheaper than from a law."""

HALF_SPREAD_SHARE = 0.4
"""Of the usual half spread, what the placement rule adds itself; rounding to the grid and thin touches add the rest."""

TAKE_SHARE = 0.07
PICK_OFF_SHARE = 0.65
SAME_SIGN_SHARE = 0.62
LEAN_PER_TAKE = 0.12
LEAN_DECAY = 0.985
LEAN_MAX_TICKS = 4.0
WEIGHTS_EVERY_S = 1.0
"""How often the shares of events follow the nerves of the markets."""


class MarketFlow:
    """The traders of one market. `fair` returns fair value in price units."""

    def __init__(self, matcher: Matcher, character: MarketCharacter, sigma_ticks: float, rng: random.Random) -> None:
        self.matcher = matcher
        self._book = matcher.book
        self._instrument = matcher.instrument
        self._half = HALF_SPREAD_SHARE * character.half_spread
        self._rng = rng
        self._random = rng.random
        self._live: list[RestingOrder[MarketOrder]] = []
        self._sweep_at = 4 * LIVE_ORDERS_AIM
        self._lean = 0.0
        self._sign = 1
        scale = 1.9 + 1.3 * min(sigma_ticks, 12.0)
        lot, usual = self._instrument.lot, character.size
        laws = np.random.default_rng(rng.getrandbits(128))
        self._depths: list[int] = laws.gamma(1.9, scale, TABLE_SIZE).astype(np.int64).tolist()
        lots = np.maximum(np.rint(usual * laws.lognormal(0.0, 0.9, TABLE_SIZE)), 1.0).astype(np.int64)
        self._sizes: list[int] = (lots * lot).tolist()
        self._usual = max(usual, 1) * lot

    def fill_book(self, fair: float) -> None:
        """Place the orders that a market opens with."""
        for _ in range(LIVE_ORDERS_AIM):
            self._place(fair)

    def lean(self, sign: int, qty: int) -> None:
        """Let the makers feel a trade of `qty` against them; their quotes move away and recover."""
        pushed = self._lean + sign * LEAN_PER_TAKE * min(qty / self._usual, 10.0)
        self._lean = max(-LEAN_MAX_TICKS, min(LEAN_MAX_TICKS, pushed))

    def step(self, fair: float) -> None:
        """Do one event of this market."""
        tick = self._instrument.tick_at(int(fair))
        self._lean *= LEAN_DECAY
        fair += self._lean * tick
        bid, ask = self._book.bids.best, self._book.asks.best
        if ask is not None and ask < fair:
            self._meet_stale(1, fair)
        elif bid is not None and bid > fair:
            self._meet_stale(-1, fair)
        else:
            draw = self._random()
            if draw < TAKE_SHARE:
                self._take()
            elif draw < TAKE_SHARE + 0.46 * len(self._live) / LIVE_ORDERS_AIM:
                self._cancel_any()
            else:
                self._place(fair)
        if self.matcher.has_conditionals:
            self.matcher.settle()

    def refresh(self) -> None:
        """Change the size at the touch: the oldest order there shrinks, or the newest grows."""
        side = self._book.bids if self._random() < 0.5 else self._book.asks
        if not side.keys:
            return
        lot, level = self._instrument.lot, side.levels[side.keys[-1]]
        oldest = level.queue[0]
        if level.shown > 2 * self._usual and oldest.owner is None and oldest.leaves > lot:
            side.reduce(oldest, max(int(oldest.leaves // lot * (0.4 + 0.6 * self._random())), 1) * lot)
        else:
            side.grow_newest(self._sizes[int(self._random() * TABLE_SIZE)])

    def _meet_stale(self, sign: int, fair: float) -> None:
        """Let someone take a quote on the wrong side of fair value, or its maker pull it."""
        side = self._book.opposite(sign)
        limit = self._instrument.round_to_tick(int(fair), "down" if sign > 0 else "up")
        if self._random() < PICK_OFF_SHARE:
            self.matcher.trade(sign, self._size(2) * 2, limit)
            return
        order = side.levels[side.keys[-1]].queue[0]
        if order.owner is None and order.leaves:
            side.remove(order)
        else:
            self.matcher.trade(sign, self._size(2), limit)

    def _take(self) -> None:
        if self._random() > SAME_SIGN_SHARE:
            self._sign = -self._sign
        best = self._book.opposite(self._sign).best
        if best is None:
            return
        limit = self._instrument.step(best, self._sign)
        qty = self.matcher.trade(self._sign, self._size(0), limit)
        self.lean(self._sign, qty)

    def _place(self, fair: float) -> None:
        sign = 1 if self._random() < 0.5 else -1
        depth = self._depths[int(self._random() * TABLE_SIZE)]
        tick = self._instrument.tick_at(int(fair))
        price = self._instrument.round_to_tick(
            int(fair - sign * (self._half + depth) * tick), "down" if sign > 0 else "up"
        )
        if price <= 0 and not self._instrument.price_may_be_negative:
            return
        qty = self._size(depth)
        if self._book.crosses(sign, price):
            qty -= self.matcher.trade(sign, qty, price)
        if qty > 0:
            self._rest(sign, price, qty)

    def _rest(self, sign: int, price: int, qty: int) -> None:
        order: RestingOrder[MarketOrder] = RestingOrder(sign, price, qty)
        self._book.side(sign).add(order)
        self._live.append(order)
        # Orders that were traded away are dropped by later cancels; a market that hardly cancels is swept here.
        if len(self._live) > self._sweep_at:
            self._live = [alive for alive in self._live if alive.leaves]
            self._sweep_at = max(4 * LIVE_ORDERS_AIM, 2 * len(self._live))

    def _cancel_any(self) -> None:
        live = self._live
        while live:
            position = int(self._random() * len(live))
            order, live[position] = live[position], live[-1]
            live.pop()
            if order.leaves:
                self._book.side(order.sign).remove(order)
                return

    def _size(self, depth: int) -> int:
        lots = self._sizes[int(self._random() * TABLE_SIZE)]
        if depth < 2:
            return lots
        return lots + lots * min(depth, 30) // (12 * self._instrument.lot) * self._instrument.lot


class Flow:
    """Every market's traders on one clock: `advance` does the events of a stretch of time."""

    def __init__(
        self, listings: tuple[Listing, ...], matchers: dict[str, Matcher], starts: dict[str, int], seed: int
    ) -> None:
        self.fair_values = FairValues(listings, starts, sub_stream(seed, "sim.fair"))
        self._rng = sub_stream(seed, "sim.events")
        self._symbols: list[str] = []
        self._flows: list[MarketFlow] = []
        self._activity: list[float] = []
        self._valued: list[tuple[int, Listing | None]] = []
        self._weights: list[float] = []
        self._weights_age_s = WEIGHTS_EVERY_S
        self._owed = 0.0
        self.events = 0
        for entry in listings:
            if entry.character is not None:
                self._open(
                    entry,
                    entry.character,
                    matchers[entry.instrument.symbol],
                    starts,
                    sub_stream(seed, f"sim.flow.{entry.instrument.symbol}"),
                )

    def _open(
        self, entry: Listing, character: MarketCharacter, matcher: Matcher, starts: dict[str, int], rng: random.Random
    ) -> None:
        option = entry.instrument.option
        symbol = entry.instrument.symbol
        driver = symbol if option is None else option.underlying
        start = starts[driver]
        tick = entry.instrument.tick_at(starts.get(symbol, 100))
        sigma = start * character.volatility / SECONDS_PER_YEAR**0.5 / tick if option is None else 1.0
        self._symbols.append(symbol)
        self._flows.append(MarketFlow(matcher, character, sigma, rng))
        self._activity.append(character.activity)
        self._valued.append((self.fair_values.index(driver), entry if option is not None else None))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Markets with traders, in the order of `step`'s positions."""
        return tuple(self._symbols)

    def fill_books(self, now_ns: int) -> None:
        """Open every market."""
        for position, flow in enumerate(self._flows):
            flow.fill_book(self.fair(position, now_ns))

    def market(self, symbol: str) -> MarketFlow | None:
        """Return the traders of one market, None for a symbol without any."""
        return self._flows[self._symbols.index(symbol)] if symbol in self._symbols else None

    def fair(self, position: int, now_ns: int) -> float:
        """Return a market's fair value in price units."""
        index, entry = self._valued[position]
        price = self.fair_values.prices[index]
        if entry is None or entry.instrument.option is None or entry.character is None:
            return price
        terms = entry.instrument.option
        # The underlying has four decimals, the option two.
        spot = price / 10 ** (4 - entry.instrument.price_decimals)
        return max(option_value(terms, spot, years_to(terms.expiry, now_ns), entry.character.volatility), 2.0)

    def plan(self, dt_s: float, rate: float) -> list[tuple[int, bool]]:
        """Return the events of the next `dt_s` seconds at `rate` a second, as (position, is full event), in order."""
        self.fair_values.advance(dt_s)
        self._weights_age_s += dt_s
        if self._weights_age_s >= WEIGHTS_EVERY_S:
            self._weights_age_s = 0.0
            nerves = self.fair_values.nerves
            self._weights = list(
                accumulate(
                    weight * nerves[index] ** 0.7
                    for weight, (index, _) in zip(self._activity, self._valued, strict=True)
                )
            )
        self._owed += rate * dt_s
        count = int(self._owed)
        self._owed -= count
        full_share = min(1.0, FULL_FLOW_MAX / rate) if rate else 1.0
        total, weights, draw = self._weights[-1], self._weights, self._rng.random
        last = len(weights) - 1
        events = [min(bisect_right(weights, draw() * total), last) for _ in range(count)]
        if full_share >= 1.0:
            return [(position, True) for position in events]
        return [(position, draw() < full_share) for position in events]

    def step(self, position: int, now_ns: int, *, full: bool) -> None:
        """Do one event of one market, unless its session is not open."""
        flow = self._flows[position]
        if flow.matcher.phase is not SessionPhase.OPEN:
            return
        self.events += 1
        if full:
            flow.step(self.fair(position, now_ns))
        else:
            flow.refresh()


def years_to(expiry: str, now_ns: int) -> float:
    """Return the years from `now_ns` to 21:00 UTC on the day of expiry, 0 when it has passed."""
    end = dt.datetime.fromisoformat(expiry).replace(hour=21, tzinfo=dt.UTC).timestamp()
    return max(end - now_ns / 1e9, 0.0) / SECONDS_PER_YEAR
