"""Scopes, and which of them a role or preset holds. The one table of what a credential may do."""

_VIEWS = (
    "users:view", "brokers:view", "instruments:view", "orders:view", "positions:view", "pnl:view", "marketdata:view",
    "strategies:view", "risk:view", "compliance:view", "webhooks:view", "events:view", "reports:view", "audit:view",
    "system:view",
)  # fmt: skip
_ACTIONS = (
    "auth:login", "tenants:admin", "tenants:manage", "users:manage", "apikeys:manage", "brokers:connect",
    "brokers:manage", "instruments:manage", "orders:place", "orders:modify", "orders:cancel", "pnl:snapshot",
    "marketdata:subscribe", "strategies:manage", "strategies:run", "risk:manage", "risk:kill", "risk:override",
    "compliance:manage", "webhooks:manage", "webhooks:receive", "system:admin",
)  # fmt: skip

ALL = frozenset(_VIEWS + _ACTIONS)
READ_ONLY = frozenset(_VIEWS) - {"audit:view", "users:view"}
TRADE = READ_ONLY | {
    "orders:place",
    "orders:modify",
    "orders:cancel",
    "pnl:snapshot",
    "marketdata:subscribe",
    "risk:kill",
}
_VIEWER = READ_ONLY | {"auth:login"}

PRESETS = {"read-only": READ_ONLY, "trade": TRADE}

ROLES = {
    "OWNER": ALL,
    "ADMIN": ALL - {"tenants:admin"},
    "TRADER": TRADE | {"strategies:run", "brokers:connect", "apikeys:manage", "auth:login"},
    "VIEWER": _VIEWER,
    "ANALYST": _VIEWER | {"strategies:manage", "marketdata:subscribe"},
    "RISK_MANAGER": _VIEWER | {"audit:view", "risk:manage", "risk:kill", "orders:cancel"},
    "COMPLIANCE": _VIEWER | {"audit:view", "users:view", "compliance:manage"},
}
