"""Strategies and runs as records: what a save of one needs. Starting and ending a run is not a save but a command."""

from typing import Any

from workstation.commands.context import EngineContext
from workstation.commands.permits import check_permit
from workstation.domain.errors import InUse, NotFound, StateConflict, ValidationError
from workstation.domain.records import Record, StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyStatus
from workstation.strategies.loading import config_of

WITHDRAW = ("parameters", "version", "config")
"""What was approved: a change of any of these withdraws approval, and the permit for live accounts with it."""

_BY_HAND = {
    (StrategyStatus.ACTIVE, StrategyStatus.PAUSED),
    (StrategyStatus.PAUSED, StrategyStatus.ACTIVE),
    (StrategyStatus.STOPPED, StrategyStatus.ACTIVE),
}


def withdrawing(before: StrategyDefinition, changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes of a strategy with approval and permit taken back where they no longer hold."""
    if not before.is_approved:
        return changes
    if any(name in changes and changes[name] != getattr(before, name) for name in WITHDRAW):
        return changes | {"is_approved": False, "approved_at": None, "approved_by": None, "live_permit": None}
    return changes | {"live_permit": None} if changes.get("paper_trading_only") else changes


def check_strategy(context: EngineContext, before: Record | None, after: Record) -> None:
    """Refuse unknown instruments, a config that cannot be read, and a standing or approval not given by hand."""
    if not isinstance(after, StrategyDefinition):
        return
    if after.deleted_at is not None:
        if any(run.strategy_id == after.id for run in context.strategies.active()):
            raise InUse("The strategy has an active run; stop it first.")
        return
    config_of(after.config)
    for symbol in after.instruments:
        if symbol not in context.state.instruments:
            raise NotFound("instrument", symbol)
    earlier = before if isinstance(before, StrategyDefinition) else None
    was, status = (False, StrategyStatus.DRAFT) if earlier is None else (earlier.is_approved, earlier.status)
    if after.is_approved and (not was or any(getattr(earlier, name) != getattr(after, name) for name in WITHDRAW)):
        raise ValidationError("is_approved", "is given by strategy.approve, and goes with parameters and version")
    if after.approved_code != ("" if earlier is None else earlier.approved_code):
        raise ValidationError("approved_code", "is noted by strategy.approve")
    if after.live_permit is not None and (not after.is_approved or after.paper_trading_only):
        raise ValidationError("live_permit", "is for a strategy that is approved and not for paper accounts alone")
    check_permit(after.live_permit)
    if after.status is not status and (status, after.status) not in _BY_HAND:
        allowed = tuple(sorted(end for start, end in _BY_HAND if start is status))
        raise StateConflict(f"The strategy is {status}.", state=status, allowed=allowed)


def check_run(_context: EngineContext, before: Record | None, after: Record) -> None:
    """Refuse runs that were not started, and changes of what the run desk alone keeps."""
    if not isinstance(after, StrategyRun):
        return
    if not isinstance(before, StrategyRun) or after.deleted_at is not None:
        raise StateConflict("A run begins and ends by its own commands.", state="", allowed=("strategy.start",))
    kept = [name for name in before.__struct_fields__ if name not in _CHANGEABLE]
    for name in kept:
        if getattr(before, name) != getattr(after, name):
            raise ValidationError(name, "is kept by the run itself", allowed=", ".join(sorted(_CHANGEABLE)))
    if after.end_date is not None and after.end_date < after.start_date:
        raise ValidationError("end_date", "is before the start", allowed=f"{after.start_date} or later")


_CHANGEABLE = frozenset(
    {"end_date", "max_position_size", "max_drawdown", "notes", "metadata", "row_version", "updated_at"}
)
