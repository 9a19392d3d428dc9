"""Overrides of limits as records: what one needs before the gate may go by it. Its use is the gate's own save."""

from workstation.commands.context import EngineContext
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.records import Record, RiskOverride

EXPIRY_MAX_NS = 24 * 3_600 * 1_000_000_000
"""Longest that an override may wait for its order."""


def check_override(context: EngineContext, before: Record | None, after: Record) -> None:
    """Refuse an override without reason, term or account, and any change of one that was used."""
    if not isinstance(after, RiskOverride):
        return
    if isinstance(before, RiskOverride) and before.used_at is not None:
        raise StateConflict("The override is used up.", state="used", allowed=("unused",))
    if not after.reason.strip():
        raise ValidationError("reason", "is needed for an override", allowed="one or more words")
    if after.account not in context.state.accounts:
        raise NotFound("account", after.account)
    if after.symbol and after.symbol not in context.state.instruments:
        raise NotFound("instrument", after.symbol)
    now = context.clock.now_ns()
    if after.deleted_at is None and not now < after.expires_at <= now + EXPIRY_MAX_NS:
        raise ValidationError("expires_at", "is out of range", allowed="a time within the next 24 hours")
