"""Run bounds: what the gate knows of runs that are under way, and the bounds that come with them.

Folded from records, in recovery as in live. A run belongs to a strategy: limits, restrictions and kill switches of the
strategy bind each of its runs. What strategy and run were given of their own (capital, largest position, worst price)
binds beside the limits that people set. The tenant's order rates are those of hands and scripts: a run has a budget of
its own instead, so that neither uses up the other's.
"""

import msgspec

from workstation.domain.errors import PrecisionLoss, ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.records import Record, StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import ORDERS_PER_SECOND
from workstation.risk.exposure import Scope
from workstation.risk.limits import MISSING_VALUE, Bound, Bounds, Limits, LimitScope, LimitType

SECONDS = 60
RATES = (LimitType.ORDERS_PER_SECOND, LimitType.ORDERS_PER_MINUTE)


class SizeBound(msgspec.Struct, frozen=True):
    """Largest worth of a run's own position in one instrument. value: money, MISSING_VALUE where it cannot be read."""

    value: int
    where: str


class _Run(msgspec.Struct, frozen=True):
    strategy_id: str
    size: str | None
    orders_per_s: int
    capital: str


class _Strategy(msgspec.Struct, frozen=True):
    size: str | None
    slippage: str | None


class RunBounds:
    """Every run under way, by id."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._strategies: dict[str, _Strategy] = {}

    def learn(self, record: Record) -> bool:
        """Take in what a record says; tells whether anything changed for the gate."""
        if isinstance(record, StrategyRun):
            if not record.status.is_active:
                return self._runs.pop(record.id, None) is not None
            told = record.config_snapshot.get("orders_per_second", ORDERS_PER_SECOND)
            most = told if isinstance(told, int) else 1
            run = _Run(record.strategy_id, record.max_position_size, most, record.initial_capital)
            before, self._runs[record.id] = self._runs.get(record.id), run
            return run != before
        if isinstance(record, StrategyDefinition):
            kept = _Strategy(record.max_position_size, record.max_slippage)
            earlier, self._strategies[record.id] = self._strategies.get(record.id), kept
            return kept != earlier
        return False

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
        self._strategies.clear()

    def owner(self, run_id: str) -> str:
        """Return the id of the strategy that a run belongs to, "" for none that is under way."""
        run = self._runs.get(run_id)
        return "" if run is None else run.strategy_id

    def counters(self, scope: str, key: str) -> list[Scope]:
        """Return the counters of orders that a scope sums up: its own, and those of a strategy's runs."""
        runs = self._runs.items() if scope == LimitScope.STRATEGY else ()
        return [(scope, key), *((scope, run_id) for run_id, run in runs if run.strategy_id == key)]

    def size(self, run_id: str) -> SizeBound | None:
        """Return the tighter of the largest positions that run and strategy were given, None for none."""
        run = self._runs.get(run_id)
        if run is None:
            return None
        strategy = self._strategies.get(run.strategy_id)
        given = [(run.size, "run"), (None if strategy is None else strategy.size, "strategy")]
        found = [SizeBound(_value(text), where) for text, where in given if text is not None]
        return min(found, key=lambda bound: bound.value, default=None)

    def capital(self, run_id: str) -> int | None:
        """Return the capital that a run was given, None for none under way, MISSING_VALUE where it cannot be read."""
        run = self._runs.get(run_id)
        return None if run is None else _value(run.capital)

    def bounds(self, limits: Limits, account: str, run_id: str, symbol: str) -> Bounds:
        """Return what an order falls under, by type, tightest first; run_id: "" or the id of any run."""
        found = limits.bounds(account, run_id, symbol)
        run = self._runs.get(run_id)
        if run is None:
            return found
        made = {limit: list(rows) for limit, rows in found.items()}
        for limit, value in zip(RATES, (run.orders_per_s, run.orders_per_s * SECONDS), strict=True):
            others = [row for row in made[limit] if row.scope is not LimitScope.TENANT]
            made[limit] = [Bound(limit, value, str(value), LimitScope.STRATEGY, run_id), *others]
        for row in limits.of_strategy(run.strategy_id):
            made[row.type].append(row)
        strategy = self._strategies.get(run.strategy_id)
        if strategy is not None and strategy.slippage is not None:
            value, text = _value(strategy.slippage), strategy.slippage
            collar = Bound(LimitType.PRICE_COLLAR, value, text, LimitScope.STRATEGY, run.strategy_id)
            made[LimitType.PRICE_COLLAR].append(collar)
        return {limit: tuple(sorted(rows, key=lambda bound: bound.value)) for limit, rows in made.items()}


def _value(text: str) -> int:
    try:
        return parse_scaled(text, MONEY_DECIMALS)
    except (PrecisionLoss, ValidationError):
        return MISSING_VALUE
