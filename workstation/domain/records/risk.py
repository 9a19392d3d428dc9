"""Risk limits and overrides as people keep them, with reason and history. What is in force is the engine's fold."""

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


class RiskOverride(Record, frozen=True, kw_only=True, tag="risk_override"):
    """Leave for one order of an account to pass one limit. symbol: "" for any; expires_at, used_at: UTC ns.

    account_id: the account's id; limit_type: what it limits, for lists. created_by: the person, as orders name him;
    order_id: the order that used it.
    """

    limit_id: str
    limit_type: str
    account: str
    account_id: str
    reason: str
    expires_at: int
    created_by: str
    symbol: str = ""
    used_at: int | None = None
    order_id: str | None = None
