"""What the books do not keep beside their own method: the same fills first in, first out, and as round trips.

Beside the order walk, after the ledger, for screens. Each holding is followed entry by entry, so a look costs the fills
since the last one; a history that was changed behind it (a late fill, a bust) is folded again. It stores nothing.

- A round trip runs from flat to flat, or to where the position turned. Its best and worst are the highest and lowest
  profit on its way, what it realised so far and what is open at the mark together, and 0 is among them.
- First in, first out needs every fill since the holding was first traded; where older ones are sealed it is None.
"""

import bisect
from collections import deque
from collections.abc import Callable

import msgspec

from workstation.domain.numbers import div_half_even
from workstation.portfolio.entries import SortKey
from workstation.portfolio.excursions import Excursion
from workstation.portfolio.figures import Figures
from workstation.portfolio.holding import Holding
from workstation.portfolio.ledger import ACCOUNT_TOTAL, Ledger
from workstation.portfolio.positions import Position

TRIPS_MAX = 500
"""Closed round trips kept of a holding's day."""


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """One round trip. qty: its largest size, + long. closed_at: UTC ns, 0 while it is open.

    realised: money, before fees. excursion: None where nothing was seen of it.
    """

    account: str
    symbol: str
    currency: str
    qty: int
    opened_at: int
    closed_at: int
    realised: int
    fees: dict[str, int]
    excursion: Excursion | None = None


class MethodFigures(msgspec.Struct, frozen=True, gc=False):
    """Cost of what is open and what closing earned since the day began, by one method; money."""

    cost: int
    realised: int


ExcursionOf = Callable[[str, str, SortKey | None], Excursion | None]
"""The excursion of the trip that an entry opened; None as the entry asks for the trip that is open now."""


class _Open:
    """The trip under way: where it began, and what had been realised and paid by then."""

    __slots__ = ("fees", "key", "qty", "realised")

    def __init__(self, key: SortKey, qty: int, realised: int, fees: dict[str, int]) -> None:
        self.key, self.qty, self.realised, self.fees = key, qty, realised, fees


class _Followed:
    """One holding, followed up to `last`."""

    def __init__(self, holding: Holding, day_ts: int) -> None:
        self.holding, self.day_ts, self.refolds = holding, day_ts, holding.refolds
        self.is_whole = holding.sealed_to is None
        self.figures = Figures(fifo=True) if self.is_whole else holding.checkpoint.copy()
        self.before_day: dict[str, int] | None = None
        self.closed: deque[tuple[SortKey, Trip]] = deque(maxlen=TRIPS_MAX)
        self.last: SortKey | None = None
        total = self.figures.total
        self.open = _Open((0, 0, ""), total.qty, total.realised, dict(total.fees)) if total.qty else None

    @property
    def is_true(self) -> bool:
        """Tell whether no entry was changed, or sealed before it was seen, since the last look."""
        holding = self.holding
        if holding.refolds != self.refolds:
            return False
        return self.last is None or holding.sealed_to is None or holding.sealed_to <= self.last

    def begin_day(self, day_ts: int) -> None:
        """Count from here: what was closed before is not of this day."""
        self.day_ts, self.before_day = day_ts, None
        self.closed.clear()

    def catch_up(self) -> None:
        """Fold what came since the last look."""
        holding = self.holding
        start = 0 if self.last is None else bisect.bisect_right(holding.keys, self.last)
        for key, entry in zip(holding.keys[start:], holding.entries[start:], strict=True):
            if self.before_day is None and key[0] >= self.day_ts:
                self.before_day = self._realised()
            total = self.figures.total
            held, fees = total.qty, dict(total.fees)
            self.figures.apply(entry, holding.contract)
            self._follow(key, held, fees)
            self.last = key

    def realised_before(self, name: str) -> int:
        """Return what a part had realised when the day began."""
        return (self._realised() if self.before_day is None else self.before_day).get(name, 0)

    def part(self, name: str) -> Position | None:
        """Return the account's position, or that of one strategy."""
        return self.figures.total if name == ACCOUNT_TOTAL else self.figures.parts.get(name)

    def _realised(self) -> dict[str, int]:
        parts = {name: part.realised for name, part in self.figures.parts.items()}
        return parts | {ACCOUNT_TOTAL: self.figures.total.realised}

    def _follow(self, key: SortKey, held: int, fees: dict[str, int]) -> None:
        total = self.figures.total
        turned = bool(held and total.qty) and (held > 0) is not (total.qty > 0)
        if self.open is not None and (turned or not total.qty):
            paid = dict(total.fees)
            if turned:  # the fee of a fill that turns the position is divided by quantity
                whole = abs(held) + abs(total.qty)
                for currency, amount in total.fees.items():
                    before = fees.get(currency, 0)
                    paid[currency] = before + div_half_even((amount - before) * abs(held), whole)
            self.closed.append((self.open.key, self._trip(self.open, key[0], total.realised, paid)))
            self.open, fees = None, paid
        if total.qty and self.open is None:
            self.open = _Open(key, total.qty, total.realised, fees)
        elif self.open is not None and abs(total.qty) > abs(self.open.qty):
            self.open.qty = total.qty

    def open_trip(self) -> Trip | None:
        """Return the trip under way, realised as the books have it."""
        total = self.holding.now.total
        return None if self.open is None else self._trip(self.open, 0, total.realised, total.fees)

    def _trip(self, begun: _Open, closed_at: int, realised: int, fees: dict[str, int]) -> Trip:
        paid = {currency: amount - begun.fees.get(currency, 0) for currency, amount in fees.items()}
        return Trip(
            account=self.holding.account,
            symbol=self.holding.contract.symbol,
            currency=self.holding.contract.currency,
            qty=begun.qty,
            opened_at=begun.key[0],
            closed_at=closed_at,
            realised=realised - begun.realised,
            fees={currency: amount for currency, amount in paid.items() if amount},
        )


class DayViews:
    """First in, first out, and the day's round trips, of every holding of a ledger. excursion: see `ExcursionOf`."""

    def __init__(self, ledger: Ledger, excursion: ExcursionOf) -> None:
        self._ledger, self._excursion = ledger, excursion
        self._followed: dict[tuple[str, str], _Followed] = {}

    def fifo(self, account: str, symbol: str, strategy_id: str = ACCOUNT_TOTAL) -> MethodFigures | None:
        """Return a position first in, first out; None where older history is sealed, or it never traded."""
        followed = self._follow(account, symbol)
        part = None if followed is None or not followed.is_whole else followed.part(strategy_id)
        if followed is None or part is None:
            return None
        return MethodFigures(part.cost, part.realised - followed.realised_before(strategy_id))

    def trips(self, account: str) -> tuple[Trip, ...]:
        """Return the round trips of an account that were open today, oldest first."""
        found: list[Trip] = []
        for holding in self._ledger.holdings_of(account):
            symbol = holding.contract.symbol
            followed = self._follow(account, symbol)
            if followed is None:
                continue
            for key, trip in followed.closed:
                if trip.closed_at >= followed.day_ts:
                    found.append(msgspec.structs.replace(trip, excursion=self._excursion(account, symbol, key)))
            open_trip = followed.open_trip()
            if open_trip is not None:
                found.append(msgspec.structs.replace(open_trip, excursion=self._excursion(account, symbol, None)))
        return tuple(sorted(found, key=lambda trip: (trip.opened_at, trip.symbol)))

    def _follow(self, account: str, symbol: str) -> _Followed | None:
        holding = self._ledger.holding(account, symbol)
        if holding is None:
            return None
        day_ts = self._ledger.purse(account).day.ts
        followed = self._followed.get((account, symbol))
        if followed is None or followed.holding is not holding or not followed.is_true:
            followed = self._followed[account, symbol] = _Followed(holding, day_ts)
        elif followed.day_ts != day_ts:
            followed.begin_day(day_ts)
        followed.catch_up()
        return followed
