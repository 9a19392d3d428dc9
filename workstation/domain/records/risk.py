"""Risk limits as people keep them: a value with scope, reason and history. What is in force is the engine's fold."""

from workstation.domain.records.record import Record


class RiskLimit(Record, frozen=True, kw_only=True, tag="risk_limit"):
    """One limit. limit_type, scope: names of the core; key: account, strategy or symbol, "" for the tenant.

    limit_value: plain decimal text in the unit of its type. is_active: False takes it out of force. reason, changed_by:
    of the last change, the latter an actor. is_builtin: exists without anyone having made it; deleting it restores its
    default.
    """

    name: str
    limit_type: str
    scope: str
    key: str
    limit_value: str
    reason: str
    changed_by: str = ""
    is_active: bool = True
    is_builtin: bool = False
    previous_value: str | None = None
    expires_at: int | None = None
