"""Checks of a backtest: does it look ahead, does it hang on where its data begins, on its costs, on the path in a bar.

Each runs the plan again, changed in one thing, and says what became of it. Long work: it asks whether it is still
wanted. Data that a strategy has by itself is beyond them, and named.
"""

from collections.abc import Callable, Sequence

import msgspec

from workstation.backtest.fees import CoinFees, FeeModel, MakerTakerFees, PerUnitFees
from workstation.backtest.fees_by_value import PercentFees, Tier, TieredFees
from workstation.backtest.metrics import metrics_of
from workstation.backtest.options import BacktestOptions, Path, Slippage, SlippageKind
from workstation.backtest.own_data import own_data
from workstation.backtest.plan import Cancelled
from workstation.backtest.reruns import Decision, Difference, MakePlan, Rerun, differences, from_on, rerun, up_to
from workstation.backtest.run import run_backtest

SAMPLES = 12
"""Decisions after which the data is cut."""

STARTS = (0.1, 0.25, 0.5)
"""Parts of the span of data after which a start-up begins."""

CHANGED_MAX = 50
"""Differences that are kept."""


class LookAhead(msgspec.Struct, frozen=True, kw_only=True):
    """decisions: of the whole run; cuts: times at which the data was cut, UTC ns; changed: by what came later.

    own_data: what the code holds or reads by itself, which no cut reaches; see `own_data.py`.
    """

    decisions: int
    cuts: tuple[int, ...]
    changed: tuple[Difference, ...]
    own_data: tuple[str, ...] = ()


class StartUp(msgspec.Struct, frozen=True, kw_only=True):
    """A run that began later. compared: instants with a decision since; differ: those that are not alike.

    settled: from here on both decided alike, UTC ns; None where they did not.
    """

    begun: int
    compared: int
    differ: int
    settled: int | None


class Outcome(msgspec.Struct, frozen=True):
    """A run with other costs or another path. net_profit: money; sharpe: None where there is too little."""

    name: str
    fills: int
    net_profit: int
    sharpe: float | None


def look_ahead(make: MakePlan, *, samples: int = SAMPLES, cancelled: Cancelled | None = None) -> LookAhead:
    """Run again on data that ends with a decision, for some of them: what was decided until then must be the same."""
    plan = make()
    whole = rerun(plan, cancelled=cancelled)
    times = sorted({decision.ts for decision in whole.decisions})
    cuts = tuple(times[place] for place in _spread(len(times), samples))
    changed: dict[int, Difference] = {}
    for ts in cuts:
        part = rerun(up_to(make(), ts), until=ts, cancelled=cancelled)
        for found in differences(_until(whole, ts), _until(part, ts)):
            changed.setdefault(found.ts, found)
    rows = [changed[ts] for ts in sorted(changed)]
    kinds = (plan.strategy, *(found.kind for found in plan.own.values() if found.kind is not None))
    return LookAhead(
        decisions=len(whole.decisions), cuts=cuts, changed=tuple(rows[:CHANGED_MAX]), own_data=own_data(*kinds)
    )


def start_up(make: MakePlan, *, cancelled: Cancelled | None = None) -> list[StartUp]:
    """Run again on data that begins later: after a while the same must be decided."""
    whole = rerun(make(), cancelled=cancelled)
    span, found = whole.last_ts - whole.first_ts, []
    for share in STARTS:
        ts = whole.first_ts + int(span * share)
        part = rerun(from_on(make(), ts), cancelled=cancelled)
        later = [decision for decision in whole.decisions if decision.ts >= ts]
        unlike = differences(later, part.decisions)
        times = sorted({decision.ts for decision in (*later, *part.decisions)})
        settled: int | None = ts
        if unlike:
            settled = next((time for time in times if time > unlike[-1].ts), None)
        found.append(StartUp(begun=ts, compared=len(times), differ=len(unlike), settled=settled))
    return found


def costs(make: MakePlan, *, cancelled: Cancelled | None = None) -> list[Outcome]:
    """Run again with fees twice as high, with slippage twice as large, and with both; the first row is as planned."""
    twice: Sequence[tuple[str, Callable[[BacktestOptions], BacktestOptions]]] = (
        ("as planned", lambda options: options),
        ("fees twice", lambda options: msgspec.structs.replace(options, fees=_fees_twice(options.fees))),
        ("slippage twice", lambda options: msgspec.structs.replace(options, slippage=_slips_twice(options.slippage))),
        (
            "both twice",
            lambda options: msgspec.structs.replace(
                options, fees=_fees_twice(options.fees), slippage=_slips_twice(options.slippage)
            ),
        ),
    )
    return [_outcome(make, name, change, cancelled) for name, change in twice]


def paths(make: MakePlan, *, cancelled: Cancelled | None = None) -> list[Outcome]:
    """Run again with each path inside a bar."""

    def along(path: Path) -> Callable[[BacktestOptions], BacktestOptions]:
        return lambda options: msgspec.structs.replace(options, path=path)

    return [_outcome(make, path.value, along(path), cancelled) for path in Path]


def _outcome(
    make: MakePlan, name: str, change: Callable[[BacktestOptions], BacktestOptions], cancelled: Cancelled | None
) -> Outcome:
    plan = make()
    result = run_backtest(msgspec.structs.replace(plan, options=change(plan.options)), None, cancelled)
    return Outcome(name, len(result.fills), result.net_profit, metrics_of(result).sharpe)


def _until(run: Rerun, ts: int) -> list[Decision]:
    return [decision for decision in run.decisions if decision.ts <= ts]


def _spread(size: int, count: int) -> list[int]:
    """Return up to so many places of a row, evenly apart, the last among them."""
    number = min(count, size)
    return [size - 1 - place * size // number for place in reversed(range(number))]


def _fees_twice(fees: FeeModel) -> FeeModel:
    if isinstance(fees, PerUnitFees):
        return PerUnitFees(per_unit=2 * fees.per_unit, minimum=2 * fees.minimum, cap=2 * fees.cap)
    if isinstance(fees, MakerTakerFees | CoinFees):
        return type(fees)(maker=max(2 * fees.maker, fees.maker), taker=max(2 * fees.taker, fees.taker))
    if isinstance(fees, PercentFees):
        return PercentFees(rate=2 * fees.rate, minimum=2 * fees.minimum, cap=2 * fees.cap)
    if isinstance(fees, TieredFees):
        return TieredFees(tiers=tuple(_tier_twice(tier) for tier in fees.tiers))
    return fees


def _tier_twice(tier: Tier) -> Tier:
    return Tier(least=tier.least, maker=max(2 * tier.maker, tier.maker), taker=max(2 * tier.taker, tier.taker))


def _slips_twice(slippage: Slippage) -> Slippage:
    if slippage.kind is SlippageKind.HALF_TICK:
        return Slippage(SlippageKind.TICKS, 1.0)
    return Slippage(slippage.kind, 2 * slippage.amount)
