"""What a save of a strategy changed, value by value, for its history: who made it what it is, and when.

A pure function of two versions; figures that its runs add up to are no change of it.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from workstation.domain.events import RecordSaved
from workstation.domain.records import LivePermit, StrategyDefinition
from workstation.domain.strategy_rows import FieldChange, StrategyChange

HISTORY_FIELDS = (
    "name", "description", "version", "status", "parameters", "config", "instruments", "trading_hours", "start_time",
    "end_time", "timezone", "max_position_size", "max_daily_loss", "max_drawdown", "stop_loss", "take_profit",
    "max_slippage", "auto_start", "paper_trading_only", "is_approved", "approved_code", "approval_reason",
    "live_permit", "deleted_at",
)  # fmt: skip
"""Fields whose values are kept when they change; the entries of dicts among them each by their own name."""

_BLANK = StrategyDefinition(name="", strategy_type="", user_id="", rebalance_frequency="")


def change_of(before: StrategyDefinition | None, saved: RecordSaved, row_id: str) -> StrategyChange | None:
    """Return what a save of a strategy changed, None for nothing that is kept. before: None for a new one."""
    after = saved.record
    if not isinstance(after, StrategyDefinition):
        return None
    old, new = _values(before or _BLANK), _values(after)
    pairs = ((name, old.get(name), new.get(name)) for name in {**new, **old})
    changes = tuple(FieldChange(field=name, old=was, new=now) for name, was, now in pairs if was != now)
    if not changes:
        return None
    return StrategyChange(
        id=row_id, tenant=after.tenant, run_id=after.id, version=after.row_version, actor=saved.actor,
        created_at=saved.ts, changes=changes,
    )  # fmt: skip


def _values(record: StrategyDefinition) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in HISTORY_FIELDS:
        value = getattr(record, name)
        if isinstance(value, LivePermit):
            value = {"expires_at": _time(value.expires_at), **value.caps}
        elif name == "deleted_at" and value is not None:
            value = _time(value)
        value = msgspec.to_builtins(value)
        if isinstance(value, dict):
            found.update((f"{name}.{key}", entry) for key, entry in value.items())
        else:
            found[name] = value
    return found


def _time(ts: int) -> str:
    """Return an instant to the second: nanoseconds since 1970 are more than every reader of JSON holds."""
    return datetime.fromtimestamp(ts // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
