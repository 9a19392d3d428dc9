"""Live permits: what a person may write into one, and what its holder has used of it. Engine thread only.

The gate enforces the caps (`risk/rules/permit_cap.py`); here nothing is decided about an order.
"""

from collections.abc import Iterable, Iterator

from workstation.commands.context import EngineContext
from workstation.domain.accounts import Environment
from workstation.domain.errors import ValidationError
from workstation.domain.records import LOCAL_TENANT, ApiKey, LivePermit, Record, StrategyDefinition
from workstation.portfolio.day_figures import day_figures
from workstation.risk.permits import CAPS, PermitUse, cap_of


def check_permit(permit: LivePermit | None) -> None:
    """Refuse a permit with a cap that the gate could not apply.

    Raises:
        ValidationError: naming the cap.
    """
    for name, amount in ({} if permit is None else permit.caps).items():
        if cap_of(name, amount) is None:
            allowed = f"an amount above 0 for {', '.join(CAPS)}"
            raise ValidationError("live_permit", f"its cap {name} is {amount!r}", allowed=allowed)


def check_key(_context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse an API key whose permit the gate could not apply."""
    if isinstance(after, ApiKey):
        check_permit(after.live_permit)


def permit_uses(context: EngineContext) -> tuple[PermitUse, ...]:
    """Return what is used of each permit that is in force."""
    now = context.clock.now_ns()
    records = context.state.records
    holders: Iterable[ApiKey | StrategyDefinition] = (
        *records.all(ApiKey, LOCAL_TENANT), *records.all(StrategyDefinition, LOCAL_TENANT),
    )  # fmt: skip
    return tuple(
        _use(context, row) for row in holders if row.live_permit is not None and row.live_permit.expires_at > now
    )


def _use(context: EngineContext, holder: ApiKey | StrategyDefinition) -> PermitUse:
    live = [row for row in context.state.accounts.values() if row.environment is Environment.LIVE]
    if isinstance(holder, StrategyDefinition):
        used = {run.account for run in context.strategies.active() if run.strategy_id == holder.id}
        live = [row for row in live if row.account in used]
    currency = live[0].currency if live else ""
    day = _sum(context, context.state.controls.day_values.of(holder.id), currency) if live else 0
    positions = [_largest(context, row.account, row.currency, currency) for row in live]
    whole = [value for value in positions if value is not None]
    position = max(whole, default=0) if len(whole) == len(positions) else None
    return PermitUse(holder=holder.id, currency=currency, day=day, position=position)


def _sum(context: EngineContext, parts: Iterator[tuple[str, int]], to: str) -> int | None:
    total = 0
    for currency, amount in parts:
        value = _converted(context, amount, currency, to)
        if value is None:
            return None
        total += value
    return total


def _largest(context: EngineContext, account: str, currency: str, to: str) -> int | None:
    rows = [row for row in day_figures(context.state.ledger, context.pnl, account, "").positions if row.qty]
    if any(row.worth is None for row in rows):
        return None
    largest = max((abs(row.worth or 0) for row in rows), default=0)
    return _converted(context, largest, currency, to)


def _converted(context: EngineContext, amount: int, currency: str, to: str) -> int | None:
    rate = context.pnl.rates.get(currency, to)
    return None if rate is None else rate.convert(amount)
