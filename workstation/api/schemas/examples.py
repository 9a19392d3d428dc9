"""One body for each call that takes one: what a stranger may send as it stands, ids aside."""

from collections.abc import Mapping
from typing import Any

_ID = "00000000-0000-4000-8000-000000000000"
_BUY = {
    "instrument_symbol": "SIM-FILL", "broker_account_id": _ID, "order_type": "LIMIT", "side": "BUY", "quantity": "100",
    "price": "100.00",
}  # fmt: skip
_SUBSCRIPTION = {
    "instrument_symbols": ["SIM-FILL"], "data_types": ["LEVEL_1"], "update_frequency": "1S", "delivery_method": "SSE"
}  # fmt: skip
_RUN = {
    "strategy_definition_id": _ID, "broker_account_id": _ID, "initial_capital": "100000.00", "start_date": "2026-01-05"
}  # fmt: skip
_LOGIN = {"email": "ann@desk.example", "password": "correct horse battery"}

EXAMPLES: Mapping[str, dict[str, Any]] = {
    "AccountCreate": {"account_number": "DESK-7", "account_type": "INDIVIDUAL", "initial_cash": "250000"},
    "AccountUpdate": {"status": "SUSPENDED"},
    "ApiKeyCreate": {"name": "reader", "scopes": ["orders:view", "positions:view"], "max_order_notional": "5000.00"},
    "ApiKeyUpdate": {"name": "reader of orders", "scopes": ["orders:view"]},
    "ApproveRequest": {"reason": "checked against the backtest"},
    "BrokerCreate": {"name": "HOUSE", "broker_type": "CUSTOM"},
    "BrokerUpdate": {"display_name": "The house"},
    "BulkCancel": {"order_ids": [_ID], "idempotency_key": "cancel-1"},
    "BulkOrderCreate": {"orders": [_BUY], "idempotency_key": "basket-1"},
    "BulkStrategyRunCreate": {"runs": [_RUN], "idempotency_key": "runs-1"},
    "BulkSubscriptionCreate": {"subscriptions": [_SUBSCRIPTION], "idempotency_key": "follow-1"},
    "CancelRequest": {"reason": "the idea is gone"},
    "CommandCall": {"parameters": {}},
    "ComplianceRuleCreate": {
        "name": "No trades in XOM", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["XOM"]}
    },
    "ComplianceRuleUpdate": {"is_active": False},
    "ConfigUpdate": {"value": 61},
    "ConnectionCreate": {"name": "second", "connection_type": "PAPER"},
    "ConnectionUpdate": {"auto_reconnect": False},
    "HookBody": {"alert": "crossed", "level": "101.50"},
    "HoldRefusal": {"reason": "not before the open"},
    "HoldRelease": {"reason": "the calendar was wrong"},
    "InstrumentCreate": {"symbol": "MY-INDEX", "name": "My index", "instrument_type": "OTHER", "exchange": "OTHER"},
    "InstrumentUpdate": {"description": "An index of my own"},
    "InvitationAccept": {"token": "the-token-of-the-invitation"},
    "InvitationCreate": {"email": "ann@desk.example", "role": "TRADER"},
    "KillSwitchOff": {"reason": "the script is mended"},
    "KillSwitchOn": {"reason": "the script is out of its mind"},
    "Login": _LOGIN,
    "MarketHook": {
        "instrument_symbol": "MY-INDEX", "sequence": 1,
        "trades": [{"timestamp": "2026-01-05T14:30:00Z", "price": "101.50", "size": "3"}],
    },
    "MemberCreate": {"user_id": _ID, "role": "TRADER"},
    "MemberUpdate": {"role": "VIEWER"},
    "MfaVerify": {"totp": "123456"},
    "OrderCreate": _BUY | {"client_order_id": "first-steps-1"},
    "OrderUpdate": {"price": "99.50"},
    "PasswordChange": {"current_password": "correct horse battery", "new_password": "battery horse correct"},
    "PnlSnapshotCreate": {"broker_account_id": _ID},
    "ProfileUpdate": {"first_name": "Ann", "timezone": "Europe/Berlin"},
    "Refresh": {"refresh_token": "the-refresh-token-of-the-pair"},
    "Register": _LOGIN | {"invitation_token": "the-token-of-the-invitation"},
    "RiskLimitCreate": {"limit_type": "ORDER_QUANTITY", "limit_value": "500", "reason": "a careful start"},
    "RiskLimitRemoval": {"reason": "no longer needed"},
    "RiskLimitUpdate": {"limit_value": "400", "reason": "a quiet week"},
    "RiskOverrideCreate": {"limit_id": _ID, "broker_account_id": _ID, "reason": "one block, agreed with risk"},
    "StrategyCreate": {
        "name": "Crossing averages", "strategy_type": "MOMENTUM", "instruments": ["SIM-FILL"],
        "rebalance_frequency": "DAILY", "config": {"entry_point": "sma_cross:SmaCross"},
    },
    "StrategyRunCreate": _RUN,
    "StrategyRunUpdate": {"is_active": False},
    "StrategyUpdate": {"max_daily_loss": "500.00"},
    "SubscriptionCreate": _SUBSCRIPTION,
    "SubscriptionUpdate": {"is_active": False},
    "TenantCreate": {"name": "Second desk", "slug": "second-desk", "contact_email": "desk@desk.example"},
    "TenantUpdate": {"name": "Second desk, London"},
    "UserCreate": _LOGIN,
    "UserUpdate": {"first_name": "Ann"},
    "WebhookCreate": {
        "name": "my-books", "endpoint_url": "https://hooks.example.com/fills", "event_types": ["order.*"]
    },
    "WebhookSourceCreate": {"name": "alerts"},
    "WebhookSourceUpdate": {"is_active": False},
    "WebhookUpdate": {"is_active": False},
}  # fmt: skip
