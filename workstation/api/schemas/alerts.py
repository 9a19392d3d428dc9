"""Alerts on the wire: what each waits for, how it stands, what its firing does. Scripts read, a person makes them."""

from typing import Any

from workstation.api.names import Names
from workstation.api.schemas.values import time_text
from workstation.domain.alerts import AlertRow


def alert_body(row: AlertRow, names: Names) -> dict[str, Any]:
    """Return an alert with its state."""
    alert = row.alert
    return {
        "id": alert.id,
        "name": alert.name,
        "instrument_symbol": alert.symbol,
        "broker_account_id": names.account_uid(alert.account) if alert.account else None,
        "condition": alert.condition or None,
        "order_event": alert.event or None,
        "interval": alert.interval,
        "state": row.state.value,
        "remark": row.remark,
        "reading": row.reading,
        "repeats": alert.repeats,
        "cooldown_s": alert.cooldown_s,
        "mail": alert.mail,
        "webhook_id": alert.webhook or None,
        "line": alert.line or None,
        "fired_count": alert.fired_count,
        "fired_at": [time_text(ts) for ts in alert.history],
        "expires_at": None if alert.expires_at is None else time_text(alert.expires_at),
        "snoozed_until": None if alert.snoozed_until is None else time_text(alert.snoozed_until),
    }
