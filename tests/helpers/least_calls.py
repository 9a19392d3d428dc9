"""The least that a call of an operation may bring, so that what it names is what decides about it."""

from __future__ import annotations

from typing import Any

from tests.helpers.api_rig import ACCOUNT_UID
from workstation.kernel.ids import stable_uid

UNKNOWN = stable_uid("nobody", "knows")
WITH_BODY = ("POST", "PUT", "PATCH")

BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/risk/limits/{limit_id}"): {"reason": "why"},
    ("POST", "/brokers/{broker_id}/connections"): {"name": "n", "connection_type": "PAPER"},
    ("POST", "/brokers/{broker_id}/accounts"): {
        "account_number": "1",
        "account_name": "n",
        "account_type": "INDIVIDUAL",
    },
    ("POST", "/compliance/holds/{order_id}/refuse"): {"reason": "why"},
    ("PUT", "/system/config/{key}"): {"value": 1},
    ("POST", "/tenants/{tenant_id}/users"): {"user_id": UNKNOWN, "role": "VIEWER"},
    ("POST", "/tenants/{tenant_id}/invitations"): {"email": "a@b.example", "role": "VIEWER"},
    ("POST", "/strategies/{strategy_id}/runs"): {
        "broker_account_id": ACCOUNT_UID,
        "initial_capital": "1000",
        "start_date": "2026-01-05",
    },
}
"""Bodies, where nothing is too little; an alias takes what PUT does."""

PARAMETERS = {
    ("DELETE", "/risk/limits/{limit_id}"): {"reason": "why"},
    ("GET", "/marketdata/bars/{symbol}"): {"interval": "1m"},
}


def least_of(method: str, path: str) -> dict[str, Any]:
    """Return what the least call of an operation brings, as `httpx` takes it."""
    place = method.replace("PATCH", "PUT"), path
    body = BODIES.get(place, {}) if method in WITH_BODY else None
    return {"json": body, "params": PARAMETERS.get(place, {})}
