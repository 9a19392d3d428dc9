"""The contract's tables: codes of refusals, what a role may do, which scope a route needs, settings, order of checks.

Long because the tables are whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.api.application import ENDPOINTS
from workstation.api.errors import KINDS
from workstation.api.scopes import ALL, PRESETS, ROLES
from workstation.config.settings import Settings

ORDERS = "/api/v1/oms/orders"
JSON = {"Content-Type": "application/json"}

CODES = """
400 value_error BAD_REQUEST INVALID_CURSOR INVALID_EVENT_ID IDEMPOTENCY_KEY_REQUIRED
401 permission_error UNAUTHENTICATED INVALID_CREDENTIALS MFA_REQUIRED
403 permission_error PERMISSION_DENIED ORIGIN_FORBIDDEN NOT_APPROVED LIVE_NOT_PERMITTED DESKTOP_ONLY
403 permission_error REGISTRATION_CLOSED TENANCY_DISABLED NOT_ARMED
404 not_found_error NOT_FOUND
405 http_error METHOD_NOT_ALLOWED
413 http_error PAYLOAD_TOO_LARGE
414 http_error URI_TOO_LONG
415 http_error UNSUPPORTED_MEDIA_TYPE
421 http_error MISDIRECTED_HOST
431 http_error HEADERS_TOO_LARGE
409 conflict_error STATE_CONFLICT DUPLICATE IN_USE IDEMPOTENT_REPLAY KILL_SWITCH_ACTIVE TRADING_LOCKED
409 conflict_error CONFIRMATION_REQUIRED
412 conflict_error PRECONDITION_FAILED
428 conflict_error PRECONDITION_REQUIRED
422 validation_error VALIDATION_ERROR UNSUPPORTED_ORDER INSTRUMENT_NOT_TRADABLE ACCOUNT_NOT_TRADABLE RISK_LIMIT_BREACH
422 validation_error COMPLIANCE_BLOCKED INSUFFICIENT_FUNDS IDEMPOTENCY_MISMATCH TARGET_FORBIDDEN
423 permission_error ACCOUNT_LOCKED
429 rate_limit_error RATE_LIMITED QUOTA_EXCEEDED
500 internal_error INTERNAL_ERROR
503 api_error NOT_READY DATABASE_UNAVAILABLE BROKER_UNAVAILABLE ENGINE_TIMEOUT SHUTTING_DOWN STORAGE_FULL
503 api_error DATABASE_DAMAGED
"""

VIEWS = {
    f"{name}:view"
    for name in [
        "brokers",
        "instruments",
        "orders",
        "positions",
        "pnl",
        "marketdata",
        "strategies",
        "risk",
        "compliance",
        "webhooks",
        "events",
        "reports",
        "system",
    ]
}
TRADING = "orders:place orders:modify orders:cancel pnl:snapshot marketdata:subscribe risk:kill"
GIVEN = {
    "TRADER": f"{TRADING} strategies:run brokers:connect apikeys:manage auth:login",
    "VIEWER": "auth:login",
    "ANALYST": "auth:login strategies:manage marketdata:subscribe",
    "RISK_MANAGER": "auth:login audit:view risk:manage risk:kill orders:cancel",
    "COMPLIANCE": "auth:login audit:view users:view compliance:manage",
}
"""What a role may do beyond looking at trading."""

SCOPES = """
- GET /health /health/ready /version /commands /auth/me /auth/sessions /tenants
- POST /commands/{} /auth/login /auth/refresh /auth/register /auth/logout /auth/change-password /auth/mfa/setup
- POST /auth/mfa/verify /invitations/accept
- PUT /auth/me
- DELETE /auth/mfa /auth/sessions/{}
system:view GET /system/version /system/health /system/health/ready /system/info /system/metrics /metrics /system/config
system:view GET /system/config/{}
system:admin PUT /system/config/{}
apikeys:manage GET /auth/api-keys /auth/api-keys/{}
apikeys:manage POST /auth/api-keys /auth/api-keys/{}/rotate
apikeys:manage PUT /auth/api-keys/{}
apikeys:manage DELETE /auth/api-keys/{}
tenants:admin POST /tenants
tenants:admin DELETE /tenants/{}
tenants:manage GET /tenants/{} /tenants/{}/invitations /tenants/{}/invitations/{}
tenants:manage PUT /tenants/{} /tenants/{}/members/{}
tenants:manage POST /tenants/{}/users /tenants/{}/invitations
tenants:manage DELETE /tenants/{}/members/{} /tenants/{}/invitations/{}
users:view GET /tenants/{}/users /tenants/{}/members/{} /users /users/{}
users:manage POST /users /users/{}/unlock
users:manage PUT /users/{}
users:manage DELETE /users/{}
brokers:view GET /brokers /brokers/{} /brokers/{}/status /brokers/{}/connections /brokers/{}/connections/{}
brokers:view GET /brokers/{}/connections/{}/logs /brokers/{}/accounts /brokers/{}/accounts/{}
brokers:manage POST /brokers /brokers/{}/connections /brokers/{}/accounts
brokers:manage PUT /brokers/{} /brokers/{}/connections/{} /brokers/{}/accounts/{}
brokers:manage DELETE /brokers/{} /brokers/{}/connections/{} /brokers/{}/accounts/{}
brokers:connect POST /brokers/{}/connect /brokers/{}/disconnect /brokers/{}/connections/{}/connect
brokers:connect POST /brokers/{}/connections/{}/disconnect /brokers/{}/accounts/{}/reconcile
instruments:view GET /instruments /instruments/{} /instruments/by-symbol/{}
instruments:manage POST /instruments
instruments:manage PUT /instruments/{}
instruments:manage DELETE /instruments/{}
orders:view GET /oms/orders /oms/orders/{} /oms/orders/by-client-id/{} /oms/orders/{}/executions /oms/orders/{}/history
orders:view GET /oms/executions /oms/executions/{}
orders:place POST /oms/orders /oms/orders/preview /oms/orders/bulk
orders:modify PUT /oms/orders/{}
orders:modify POST /oms/orders/{}/modify
orders:cancel POST /oms/orders/{}/cancel /oms/orders/bulk/cancel
orders:cancel DELETE /oms/orders/{}
positions:view GET /oms/positions /oms/positions/{}
pnl:view GET /oms/pnl /oms/pnl/{} /oms/pnl/today
pnl:snapshot POST /oms/pnl/snapshot
marketdata:view GET /marketdata /marketdata/historical /marketdata/ticks /marketdata/snapshots /marketdata/subscriptions
marketdata:view GET /marketdata/subscriptions/{} /marketdata/quotes/{} /marketdata/last/{} /marketdata/bars/{}
marketdata:view GET /marketdata/stream
marketdata:subscribe POST /marketdata/subscriptions /marketdata/subscriptions/bulk
marketdata:subscribe PUT /marketdata/subscriptions/{}
marketdata:subscribe DELETE /marketdata/subscriptions/{}
strategies:view GET /strategies /strategies/{} /strategies/{}/runs /strategies/runs /strategies/runs/{}
strategies:view GET /strategies/{}/changes
strategies:view GET /strategies/runs/{}/performance /strategies/runs/{}/signals /strategies/runs/{}/logs
strategies:manage POST /strategies
strategies:manage PUT /strategies/{}
strategies:manage DELETE /strategies/{}
strategies:run POST /strategies/{}/runs /strategies/runs/bulk /strategies/runs/{}/pause /strategies/runs/{}/resume
strategies:run POST /strategies/runs/{}/stop
strategies:run PUT /strategies/runs/{}
strategies:run DELETE /strategies/runs/{}
risk:view GET /risk/limits /risk/limits/{} /risk/status /risk/overrides /risk/kill-switch
risk:manage POST /risk/limits /risk/kill-switch/release /strategies/{}/approve
risk:manage PUT /risk/limits/{}
risk:manage DELETE /risk/limits/{}
risk:override POST /risk/override
risk:kill POST /risk/kill-switch
compliance:view GET /compliance/rules /compliance/rules/{} /compliance/holds
compliance:manage POST /compliance/rules /compliance/holds/{}/release /compliance/holds/{}/refuse
compliance:manage PUT /compliance/rules/{}
compliance:manage DELETE /compliance/rules/{}
webhooks:view GET /webhooks/out /webhooks/out/{} /webhooks/out/{}/deliveries /webhooks/out/{}/deliveries/{}
webhooks:manage GET /webhooks/in/sources /webhooks/in/sources/{}
webhooks:manage POST /webhooks/out /webhooks/out/{}/rotate-secret /webhooks/out/{}/test /webhooks/in/sources
webhooks:manage POST /webhooks/out/{}/deliveries/{}/redeliver
webhooks:manage PUT /webhooks/out/{} /webhooks/in/sources/{}
webhooks:manage DELETE /webhooks/out/{} /webhooks/in/sources/{}
webhooks:receive POST /webhooks/in /webhooks/in/marketdata
events:view GET /events /events/{} /events/stream
reports:view GET /reports /reports/blotter /reports/fills /reports/positions /reports/pnl /reports/commissions
reports:view GET /reports/risk
audit:view GET /audit /audit/{} /audit/verify
"""

SETTINGS: dict[str, Any] = {
    "api.enabled": True, "api.port": 8710, "api.pin_token": False, "api.allowed_origins": [], "api.rate_limit": 600,
    "api.max_body": 10 * 1024 * 1024, "api.engine_timeout": 5, "api.venue_wait": 0.3, "oms.confirm_warnings": False,
    "marketdata.max_subscriptions": 100, "marketdata.store_ticks": False, "marketdata.snapshot_interval": 300,
    "strategies.max_concurrent_runs": 5, "strategies.run_timeout": 3_600, "strategies.paper_only": True,
    "webhooks.allowed_hosts": [], "webhooks.max_retries": 3, "webhooks.retry_delay": 60, "webhooks.timeout": 30,
    "events.retention": 7, "idempotency.retention": 24, "audit.retention": 2_555,
}  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def test_each_code_has_its_status_and_family_and_there_is_no_other() -> None:
    wanted = {}
    for line in CODES.strip().splitlines():
        status, family, *codes = line.split()
        wanted.update({code: (int(status), family) for code in codes})
    assert {code: (kind.status, kind.family) for code, kind in KINDS.items()} == wanted


def test_each_role_and_preset_holds_its_scopes_and_no_other() -> None:
    assert {"read-only": VIEWS, "trade": VIEWS | set(TRADING.split())} == PRESETS
    assert ROLES.keys() == {"OWNER", "ADMIN", *GIVEN}
    assert (ROLES["OWNER"], ROLES["ADMIN"]) == (ALL, ALL - {"tenants:admin"})
    assert {role: ROLES[role] - VIEWS for role in GIVEN} == {role: set(more.split()) for role, more in GIVEN.items()}
    assert all(ROLES[role] >= VIEWS for role in GIVEN)


def test_each_route_needs_its_scope() -> None:
    wanted = {}
    for line in SCOPES.strip().splitlines():
        scope, method, *paths = line.split()
        wanted.update({(method, path): None if scope == "-" else scope for path in paths})
    found = {}
    for endpoint in ENDPOINTS:
        shape = "/".join("{}" if part.startswith("{") else part for part in endpoint.path.split("/"))
        if endpoint.method == "PATCH":
            assert endpoint.scope == wanted["PUT", shape], shape
        else:
            found[endpoint.method, shape] = endpoint.scope
    assert found == wanted


def test_settings_begin_as_the_contract_says() -> None:
    settings = Settings()
    for name, value in SETTINGS.items():
        section, _, field = name.partition(".")
        assert getattr(getattr(settings, section), field) == value, name


def test_of_several_faults_the_check_that_comes_first_answers(rig: ApiRig) -> None:
    """Host, origin, authentication, route, method, media, scope, stored key, schema, precondition, state."""
    order = rig.place()
    path, other = f"{ORDERS}/{order['id']}", {"Origin": "https://evil.example"}
    reader = rig.http.post("/api/v1/auth/api-keys", json={"name": "r", "scopes": ["orders:view"]}).json()["key"]
    assert rig.http.delete(path).status_code in (200, 202)
    with rig.client() as nobody, rig.client(Authorization=f"Bearer {reader}") as limited:
        for client, method, place, wrong, code in (
            (nobody, "POST", ORDERS, {"headers": other | {"Host": "evil.example"}}, "MISDIRECTED_HOST"),
            (nobody, "POST", ORDERS, {"headers": other}, "ORIGIN_FORBIDDEN"),
            (nobody, "POST", "/api/v1/nothing", {"content": "x"}, "UNAUTHENTICATED"),
            (limited, "POST", "/api/v1/nothing", {"content": "x"}, "NOT_FOUND"),
            (limited, "PUT", ORDERS, {"content": "x"}, "METHOD_NOT_ALLOWED"),
            (limited, "POST", ORDERS, {"content": "x"}, "UNSUPPORTED_MEDIA_TYPE"),
            (limited, "POST", ORDERS, {"content": "{}", "headers": JSON}, "PERMISSION_DENIED"),
            (rig.http, "PUT", path, {"json": {"bogus": 1}}, "VALIDATION_ERROR"),
            (rig.http, "PUT", path, {"json": {"notes": "x"}}, "PRECONDITION_REQUIRED"),
            (rig.http, "PUT", path, {"json": {"notes": "x"}, "headers": {"If-Match": '"v0"'}}, "PRECONDITION_FAILED"),
            (rig.http, "PUT", path, {"json": {"notes": "x"}, "headers": {"If-Match": "*"}}, "STATE_CONFLICT"),
        ):
            answer = client.request(method, place, **wrong)
            assert answer.json()["code"] == code, (method, place, wrong, answer.text)
    keyed = {"Idempotency-Key": "k"}
    assert rig.http.post(ORDERS, json=rig.order(), headers=keyed).status_code == 201
    assert rig.http.post(ORDERS, json={"bogus": 1}, headers=keyed).json()["code"] == "IDEMPOTENCY_MISMATCH"
