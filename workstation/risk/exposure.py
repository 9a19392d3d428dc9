"""Exposure: what the live orders could still do, as totals that every order change moves in constant time.

Stage of the order walk: `orders/fold` calls `on_change` after each event; the gate reads. An order counts from its
intent (PENDING_SUBMIT) until it is final, at its worst case: a pending change counts the larger of both terms, and an
unknown outcome keeps all of it. NEW counts nothing, since no order leaves NEW without passing the gate again. Legs of
which only one can fill (OCO, OUO, bracket) count once, at the largest. Rebuilt after a restart from the open
orders, so that there is nothing to store.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import (
    FINAL_STATES,
    Contingency,
    GroupLink,
    LegRole,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    TimeInForce,
)
from workstation.risk.limits import LimitScope
from workstation.risk.valuation import worst_notional

_EXCLUSIVE = frozenset({Contingency.OCO, Contingency.OUO, Contingency.BRACKET})
_UNCOUNTED = FINAL_STATES | {OrdStatus.NEW}
_LIMIT = OrdType.LIMIT
_FLEETING = frozenset({TimeInForce.IOC, TimeInForce.FOK})

Scope = tuple[str, str]
"""(limit scope, key) of a counter."""


@lru_cache(maxsize=4_096)
def scopes_of(account: str, strategy_id: str, symbol: str) -> tuple[Scope, ...]:
    """Return the counters that an order belongs to."""
    scopes = ((LimitScope.TENANT, ""), (LimitScope.ACCOUNT, account), (LimitScope.INSTRUMENT, symbol))
    return (*scopes, (LimitScope.STRATEGY, strategy_id)) if strategy_id else scopes


def exclusive_group(link: GroupLink | None) -> str:
    """Return the id of the group within which only one leg can fill, "" when the order stands alone."""
    if link is None or link.role is LegRole.ENTRY or link.contingency not in _EXCLUSIVE:
        return ""
    return link.group_id


class _Line(msgspec.Struct, frozen=True, gc=False):
    """What one order contributes. place: account and symbol; prices: where it may stand in the book."""

    terms: OrderTerms
    pending: OrderTerms | None
    triggered: bool
    qty: int
    notional: int
    place: tuple[str, str]
    run_id: str
    sign: int
    group: str
    scopes: tuple[Scope, ...]
    prices: tuple[int, ...]


def _line(order: OrderState, qty: int, notional: int) -> _Line:
    terms, pending, triggered, run_id = order.terms, order.pending_terms, order.triggered, order.strategy_id
    account, symbol = terms.account, terms.symbol
    group = "" if order.link is None else exclusive_group(order.link)
    prices = _resting_prices(terms, triggered)
    if pending is not None:
        prices += _resting_prices(pending, triggered)
    scopes = scopes_of(account, run_id, symbol)
    return _Line(
        terms, pending, triggered, qty, notional, (account, symbol), run_id, terms.side.sign, group, scopes, prices
    )


def _resting_prices(terms: OrderTerms, triggered: bool) -> tuple[int, ...]:
    """Return the price at which an order of these terms may stand in the book, if there is one."""
    rests = terms.ord_type is _LIMIT or triggered
    return (terms.price,) if rests and terms.price is not None and terms.time_in_force not in _FLEETING else ()


class SideTotals:
    """Working orders of one side in one (account, symbol). notional: money of the instrument's currency."""

    __slots__ = ("_counts", "_groups", "_prices", "_sign", "notional", "qty")

    def __init__(self, sign: int) -> None:
        self.qty = 0
        self.notional = 0
        self._sign = sign
        self._prices: list[int] = []
        self._counts: dict[int, int] = {}
        self._groups: dict[str, dict[str, _Line]] = {}

    @property
    def best(self) -> int | None:
        """Best own resting price: the highest bid or the lowest ask."""
        if not self._prices:
            return None
        return self._prices[-1] if self._sign > 0 else self._prices[0]

    def group(self, group: str, *, without: str = "") -> tuple[int, int]:
        """Return quantity and notional of a group's largest legs, leaving out one order."""
        legs = [line for key, line in self._groups.get(group, {}).items() if key != without]
        return max((leg.qty for leg in legs), default=0), max((leg.notional for leg in legs), default=0)

    def add(self, cl_ord_id: str, line: _Line) -> None:
        """Count an order."""
        if line.group:
            before = self.group(line.group)
            self._groups.setdefault(line.group, {})[cl_ord_id] = line
            self._move(before, self.group(line.group))
        else:
            self.qty += line.qty
            self.notional += line.notional
        for price in line.prices:
            count = self._counts.get(price, 0)
            self._counts[price] = count + 1
            if not count:
                bisect.insort(self._prices, price)

    def remove(self, cl_ord_id: str, line: _Line) -> None:
        """Take an order out again."""
        if line.group:
            before = self.group(line.group)
            legs = self._groups[line.group]
            del legs[cl_ord_id]
            self._move(before, self.group(line.group))
            if not legs:
                del self._groups[line.group]
        else:
            self.qty -= line.qty
            self.notional -= line.notional
        for price in line.prices:
            self._counts[price] -= 1
            if not self._counts[price]:
                del self._counts[price]
                del self._prices[bisect.bisect_left(self._prices, price)]

    def _move(self, before: tuple[int, int], after: tuple[int, int]) -> None:
        self.qty += after[0] - before[0]
        self.notional += after[1] - before[1]


class Working:
    """Working orders of one (account, symbol), and the notional by which they could open more than stands.

    orders: how many there are, counted for a run's own alone.
    """

    __slots__ = ("buy", "opening", "orders", "sell")

    def __init__(self) -> None:
        self.buy = SideTotals(+1)
        self.sell = SideTotals(-1)
        self.opening = 0
        self.orders = 0

    def side(self, sign: int) -> SideTotals:
        """Return the totals of buying (+1) or selling (-1) orders."""
        return self.buy if sign > 0 else self.sell

    def opening_at(self, position: int) -> int:
        """Return the larger side's notional beyond what would close `position`, as money."""
        buying, selling = self.buy.notional, self.sell.notional
        if position < 0:
            buying = _beyond(self.buy, -position)
        elif position > 0:
            selling = _beyond(self.sell, position)
        return max(buying, selling)


def _beyond(side: SideTotals, closable: int) -> int:
    return 0 if side.qty <= closable else side.notional * (side.qty - closable) // side.qty


_NOTHING = Working()
_NONE: Mapping[str, Working] = {}


class Exposure:
    """Totals over all live orders."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._lines: dict[str, _Line] = {}
        self._working: dict[tuple[str, str], Working] = {}
        self._of_runs: dict[tuple[str, str], dict[str, Working]] = {}
        self._open: defaultdict[Scope, int] = defaultdict(int)
        self._opening: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._moved: defaultdict[str, set[str]] = defaultdict(set)

    def on_change(self, before: OrderState | None, after: OrderState | None) -> bool:
        """Replace what an order contributed by what it contributes now; False where that is the same. Idempotent."""
        order = after or before
        if order is None:
            return False
        line = self._lines.get(order.cl_ord_id)
        if after is None or order.status in _UNCOUNTED:
            if line is not None:
                self._drop(order.cl_ord_id, line)
            elif before is None:
                return False  # it counted nothing and counts nothing
            self._moved[order.terms.account].add(order.terms.symbol)
            return line is not None
        qty = order.leaves_qty if order.pending_terms is None else worst_qty(order)
        if line is not None:
            same = line.terms is order.terms and line.pending is order.pending_terms
            if same and line.qty == qty and line.triggered is order.triggered:
                return False
            self._drop(order.cl_ord_id, line)
        self._moved[order.terms.account].add(order.terms.symbol)
        self._add(order, qty)
        return True

    def rebuild(self, orders: Iterable[OrderState]) -> None:
        """Count these orders and no others; in place, so that whoever reads the totals keeps reading them."""
        for totals in (self._lines, self._working, self._of_runs, self._open, self._opening, self._moved):
            totals.clear()
        for order in orders:
            self.on_change(None, order)

    def _add(self, order: OrderState, qty: int) -> None:
        line = self._lines[order.cl_ord_id] = _line(order, qty, self._worst_notional(order))
        working = self._working.get(line.place)
        if working is None:
            working = self._working[line.place] = Working()
        working.side(line.sign).add(order.cl_ord_id, line)
        if line.run_id:
            account, symbol = line.place
            of_run = self._of_runs.setdefault((account, line.run_id), {}).setdefault(symbol, Working())
            of_run.side(line.sign).add(order.cl_ord_id, line)
            of_run.orders += 1
        for scope in line.scopes:
            self._open[scope] += 1

    def _drop(self, cl_ord_id: str, line: _Line) -> None:
        del self._lines[cl_ord_id]
        self._working[line.place].side(line.sign).remove(cl_ord_id, line)
        if line.run_id:
            self._leave_run(cl_ord_id, line)
        for scope in line.scopes:
            self._open[scope] -= 1
            if not self._open[scope]:
                del self._open[scope]

    def _leave_run(self, cl_ord_id: str, line: _Line) -> None:
        account, symbol = line.place
        of_run = self._of_runs[account, line.run_id]
        working = of_run[symbol]
        working.side(line.sign).remove(cl_ord_id, line)
        working.orders -= 1
        if not working.orders:
            del of_run[symbol]
        if not of_run:
            del self._of_runs[account, line.run_id]

    def _worst_notional(self, order: OrderState) -> int:
        """Return the larger money value of present and pending terms; an order without any price reserves none."""
        instrument = self._instruments.get(order.terms.symbol)
        if instrument is None:
            return 0
        value = worst_notional(order.terms, order.leaves_qty, order.reference, instrument) or 0
        if order.pending_terms is None:
            return value
        qty = max(order.pending_terms.order_qty - order.cum_qty, 0)
        return max(value, worst_notional(order.pending_terms, qty, order.reference, instrument) or 0)

    def working(self, account: str, symbol: str) -> Working:
        """Return the totals of one (account, symbol); read only."""
        return self._working.get((account, symbol), _NOTHING)

    def elsewhere(self, account: str, symbol: str) -> Iterator[tuple[str, Working]]:
        """Yield the other accounts that have orders in an instrument, with their totals; read only."""
        for (other, traded), working in self._working.items():
            if traded == symbol and other != account:
                yield other, working

    def others(self, terms: OrderTerms, cl_ord_id: str, link: GroupLink | None, run_id: str = "") -> tuple[int, int]:
        """Return (quantity of all other orders on the side of `terms`, quantity of its own group's other legs).

        The first leaves out the order itself and its whole group: together with the larger of its own quantity and the
        second it is the worst case of the side. run_id: count the orders of that run alone.
        """
        if run_id:
            working = self.of_run(terms.account, run_id).get(terms.symbol, _NOTHING)
        else:
            working = self._working.get((terms.account, terms.symbol), _NOTHING)
        side = working.buy if terms.side.sign > 0 else working.sell
        group = exclusive_group(link)
        if group:
            return side.qty - side.group(group)[0], side.group(group, without=cl_ord_id)[0]
        line = self._lines.get(cl_ord_id)
        own = line is not None and (not run_id or line.run_id == run_id)
        return side.qty - (line.qty if line is not None and own else 0), 0

    def of_run(self, account: str, run_id: str) -> Mapping[str, Working]:
        """Return the totals of a run's own live orders by symbol; read only."""
        return self._of_runs.get((account, run_id), _NONE)

    def others_worth(self, terms: OrderTerms, cl_ord_id: str, link: GroupLink | None, run_id: str) -> tuple[int, int]:
        """Return what `others` returns of a run, as money of the instrument's currency."""
        side = self.of_run(terms.account, run_id).get(terms.symbol, _NOTHING).side(terms.side.sign)
        group = exclusive_group(link)
        if group:
            return side.notional - side.group(group)[1], side.group(group, without=cl_ord_id)[1]
        line = self._lines.get(cl_ord_id)
        own = line is not None and line.run_id == run_id
        return side.notional - (line.notional if line is not None and own else 0), 0

    def exits(self, account: str, symbol: str, position: int) -> int:
        """Return the quantity that live orders could still close of `position`, exits in flight included."""
        return self.working(account, symbol).side(-1 if position > 0 else 1).qty

    def notional_of(self, cl_ord_id: str) -> int:
        """Return what one order reserves, as money."""
        line = self._lines.get(cl_ord_id)
        return 0 if line is None else line.notional

    def counts(self, cl_ord_id: str) -> bool:
        """Tell whether the order is counted already."""
        return cl_ord_id in self._lines

    def open_orders(self, scope: Scope) -> int:
        """Return how many live orders a scope has."""
        return self._open.get(scope, 0)

    def opening(self, account: str, qty_of: Callable[[str, str], int]) -> Mapping[str, int]:
        """Return per currency the notional by which the account's live orders could open more than stands.

        Only symbols whose orders moved since the last call are worked out anew.
        """
        totals, moved = self._opening[account], self._moved[account]
        while moved:
            symbol = moved.pop()
            instrument, working = self._instruments.get(symbol), self._working.get((account, symbol))
            if instrument is not None and working is not None:
                value = working.opening_at(qty_of(account, symbol))
                totals[instrument.currency] += value - working.opening
                working.opening = value
        return totals


def worst_qty(order: OrderState) -> int:
    """Return the largest quantity that an open order can still fill, under its present or its pending terms."""
    if order.pending_terms is None:
        return order.leaves_qty
    return max(order.leaves_qty, order.pending_terms.order_qty - order.cum_qty)
