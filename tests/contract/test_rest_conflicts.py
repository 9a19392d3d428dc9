"""What cannot be as things stand is refused with 409 and the code of its reason, on each operation that may meet it.

One served core, walked through area by area. What a refusal leaves as it was is tested with its resource.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import standardwebhooks
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests.helpers.api_rig import ACCOUNT_UID, WAIT_S, served
from tests.helpers.core_rig import START_NS
from tests.helpers.rest_tour import Tour
from workstation.api.application import ENDPOINTS
from workstation.api.credentials import LOCAL_USER_ID, TENANT_ID
from workstation.api.endpoint import Endpoint
from workstation.api.guard import API_ROOT, PUBLIC
from workstation.api.idempotency import fingerprint_of
from workstation.api.options import ApiOptions
from workstation.commands.keymap import declare_keys
from workstation.domain.events import TradingDayRolled
from workstation.kernel.ids import stable_uid

PASSWORD = "correct horse battery"
HOOK_HOST = "127.0.0.1:9"
WEEK_AND_DAY_NS = 8 * 86_400 * 10**9
NOW_S = START_NS // 10**9

MEETS = {
    "STATE_CONFLICT": """put_order patch_order modify_order delete_order cancel_order release_hold refuse_hold
        take_pnl_snapshot create_run pause_run resume_run stop_run delete_run put_run patch_run put_strategy
        patch_strategy release_kill_switch connect_broker disconnect_broker connect_connection disconnect_connection
        reconcile_account redeliver receive_market_data run_command put_member patch_member delete_member
        register_user accept_invitation verify_mfa set_up_mfa""",
    "DUPLICATE": """create_order create_broker put_broker patch_broker create_connection create_account
        create_instrument create_risk_limit create_compliance_rule create_strategy create_subscription create_source
        create_tenant create_member create_user create_api_key rotate_api_key create_webhook rotate_secret""",
    "IN_USE": """delete_broker delete_connection delete_account delete_instrument delete_strategy delete_user
        delete_tenant create_source put_source patch_source""",
    "KILL_SWITCH_ACTIVE": "create_order",
    "TRADING_LOCKED": "create_order",
    "CONFIRMATION_REQUIRED": "create_order",
}
"""Operations by the code that each may meet; IDEMPOTENT_REPLAY is met by every call with a key."""


@pytest.fixture
def tour(tmp_path: Path) -> Iterator[Tour]:
    options = ApiOptions(database_kind="postgresql", webhook_hosts=(HOOK_HOST,), venue_wait=0.01, rate_limit=10_000)
    with served(tmp_path, options=options) as rig:
        tour = Tour(rig)
        yield tour
        tour.close()


def test_each_operation_says_what_stands_in_its_way(tour: Tour) -> None:
    names_that_are_taken(tour)
    what_is_in_use(tour)
    brokers_that_nothing_reaches(tour)
    orders_that_have_ended(tour)
    runs_that_have_ended(tour)
    hooks(tour)
    secrets_shown_once(tour)
    places_in_a_tenant(tour)
    one_time_codes(tour)
    trading_that_is_stopped(tour)
    missing = {(name, code) for code, names in MEETS.items() for name in names.split()} - tour.conflicts
    assert not missing, "\n".join(f"{operation} never met {code}" for operation, code in sorted(missing))


def test_a_call_with_a_key_waits_for_the_first_one_with_it(tour: Tour) -> None:
    def is_keyed(endpoint: Endpoint) -> bool:
        return endpoint.method == "POST" and API_ROOT + endpoint.path not in PUBLIC

    services = tour.rig.server._services
    assert services is not None
    credential = services.credentials.authenticate([(b"authorization", f"Bearer {tour.rig.token}".encode())])
    for endpoint in filter(is_keyed, ENDPOINTS):
        path = endpoint.path
        for name in endpoint.path_types:
            path = path.replace(f"{{{name}}}", stable_uid("nobody", "knows"))
        place = (credential.id, "POST", endpoint.path, "first")
        services.idempotency.begin(place, fingerprint_of("POST", API_ROOT + path, {}))
        tour.refused("IDEMPOTENT_REPLAY", "POST", path, {}, headers={"Idempotency-Key": "first"})


def names_that_are_taken(tour: Tour) -> None:
    listing = {"symbol": "OWN", "name": "Own", "instrument_type": "STOCK", "exchange": "OTHER", "lot_size": "1"}
    strategy = {"strategy_type": "CUSTOM", "instruments": ["ABC"], "rebalance_frequency": "NONE"}
    limit = {"limit_type": "ORDER_QUANTITY", "limit_value": "5", "scope": "INSTRUMENT", "instrument_symbol": "XYZ"}
    wish = {"instrument_symbols": ["ABC"], "data_types": ["LEVEL_1"], "update_frequency": "REALTIME"}
    rule = {"name": "list", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["XYZ"]}}
    for path, body in (
        ("/instruments", listing | {"min_tick_size": "0.01"}),
        ("/strategies", {"name": "first", "config": {"entry_point": "hand:Buyer"}, **strategy}),
        ("/risk/limits", limit | {"reason": "small"}),
        ("/marketdata/subscriptions", wish | {"delivery_method": "SSE"}),
        ("/compliance/rules", rule),
        ("/webhooks/in/sources", {"name": "alerts"}),
        ("/users", {"email": "ann@desk.example", "password": PASSWORD}),
        ("/tenants", {"name": "Acme", "slug": "acme", "contact_email": "desk@acme.example"}),
        ("/oms/orders", tour.rig.order(client_order_id="mine")),
        ("/brokers", {"name": "House", "broker_type": "PAPER"}),
    ):
        tour.post(path, body, 201)
        tour.refused("DUPLICATE", "POST", path, body)
    broker = f"/brokers/{tour.first('/brokers', search='House')['id']}"
    for method in ("PUT", "PATCH"):
        tour.refused("DUPLICATE", method, broker, {"name": "Fake"})
    for path, body in (
        (f"{broker}/connections", {"name": "day", "connection_type": "FIX"}),
        (f"{broker}/accounts", {"account_number": "A-1", "account_type": "JOINT"}),
    ):
        tour.post(path, body, 201)
        tour.refused("DUPLICATE", "POST", path, body)


def what_is_in_use(tour: Tour) -> None:
    built_in = built_in_broker(tour)
    tour.rig.place()
    for path in (
        built_in,
        f"{built_in}/connections/{tour.first(f'{built_in}/connections')['id']}",
        f"{built_in}/accounts/{ACCOUNT_UID}",
        f"/instruments/{tour.first('/instruments', symbol='ABC')['id']}",
        f"/users/{LOCAL_USER_ID}",
        f"/tenants/{TENANT_ID}",
    ):
        tour.refused("IN_USE", "DELETE", path)
    priced = {"name": "prices", "instruments": ["ABC"]}
    tour.refused("IN_USE", "POST", "/webhooks/in/sources", priced)
    source = f"/webhooks/in/sources/{tour.first('/webhooks/in/sources')['id']}"
    for method in ("PUT", "PATCH"):
        tour.refused("IN_USE", method, source, {"instruments": ["ABC"]})


def built_in_broker(tour: Tour) -> str:
    return f"/brokers/{tour.first('/brokers', search='FAKE')['id']}"


def brokers_that_nothing_reaches(tour: Tour) -> None:
    broker = f"/brokers/{tour.first('/brokers', search='House')['id']}"
    connection = f"{broker}/connections/{tour.first(f'{broker}/connections')['id']}"
    account = f"{broker}/accounts/{tour.first(f'{broker}/accounts')['id']}"
    for place in (broker, connection):
        for word in ("connect", "disconnect"):
            tour.refused("STATE_CONFLICT", "POST", f"{place}/{word}")
    tour.refused("STATE_CONFLICT", "POST", f"{account}/reconcile")


def orders_that_have_ended(tour: Tour) -> None:
    core = tour.rig.core
    tour.rig.engine.do(lambda: core.record(TradingDayRolled(account="SIM-1", day="2025-10-09", ts=core.now)))
    order = tour.rig.place()
    tour.rig.fill(order, 100)
    path = f"/oms/orders/{order['id']}"
    for method in ("PUT", "PATCH"):
        tour.refused("STATE_CONFLICT", method, path, {"notes": "late"})
    tour.refused("STATE_CONFLICT", "POST", f"{path}/modify", {"price": "98.00"})
    tour.refused("STATE_CONFLICT", "POST", f"{path}/cancel")
    tour.refused("STATE_CONFLICT", "DELETE", path)
    for word in ("release", "refuse"):
        tour.refused("STATE_CONFLICT", "POST", f"/compliance/holds/{order['id']}/{word}", {"reason": "why"})
    past = {"broker_account_id": ACCOUNT_UID, "snapshot_date": "2025-10-01"}
    tour.post("/oms/pnl/snapshot", past, 201)
    tour.refused("STATE_CONFLICT", "POST", "/oms/pnl/snapshot", past)


def runs_that_have_ended(tour: Tour) -> None:
    strategy = f"/strategies/{tour.first('/strategies')['id']}"
    for method in ("PUT", "PATCH"):
        tour.refused("STATE_CONFLICT", method, strategy, {"is_active": True})
    start = {"broker_account_id": ACCOUNT_UID, "initial_capital": "10000.00", "start_date": "2026-01-05"}
    run = f"/strategies/runs/{tour.post(f'{strategy}/runs', start, 201)['id']}"
    tour.refused("STATE_CONFLICT", "POST", f"{strategy}/runs", start)
    tour.refused("IN_USE", "DELETE", strategy)
    tour.refused("STATE_CONFLICT", "POST", f"{run}/resume")
    tour.post(f"{run}/pause")
    tour.refused("STATE_CONFLICT", "POST", f"{run}/pause")
    tour.post(f"{run}/stop")
    tour.refused("STATE_CONFLICT", "POST", f"{run}/stop")
    tour.refused("STATE_CONFLICT", "DELETE", run)
    for method in ("PUT", "PATCH"):
        tour.refused("STATE_CONFLICT", method, run, {"is_active": True})


def hooks(tour: Tour) -> None:
    source = tour.post("/webhooks/in/sources", {"name": "prices", "instruments": ["OWN"]}, 201)
    time = datetime.fromtimestamp(NOW_S, UTC)
    quote = {"timestamp": time.isoformat(), "bid_price": "10.01", "bid_size": "300"}
    content = msgspec.json.encode({"instrument_symbol": "OWN", "sequence": 1, "quotes": [quote]})

    def signed(message_id: str) -> dict[str, Any]:
        signature = standardwebhooks.Webhook(source["secret"]).sign(message_id, time, content.decode())
        known = {"webhook-id": message_id, "webhook-timestamp": str(NOW_S), "webhook-signature": signature}
        headers = {"Content-Type": "application/json", **known}
        return {"params": {"source": "prices"}, "content": content, "headers": headers}

    tour.post("/webhooks/in/marketdata", status=202, **signed("m1"))
    tour.refused("STATE_CONFLICT", "POST", "/webhooks/in/marketdata", **signed("m2"))
    declare_keys(tour.rig.engine.commands)
    tour.refused("STATE_CONFLICT", "POST", "/commands/trade.buy_join", {"parameters": {}})
    tour.rig.engine.do(lambda: tour.rig.core.clock.advance(1_000))
    hook = {"name": "deaf", "endpoint_url": f"http://{HOOK_HOST}/", "event_types": ["order.created"]}
    path = f"/webhooks/out/{tour.post('/webhooks/out', hook, 201)['id']}/deliveries"
    tour.rig.place()
    tour.refused("STATE_CONFLICT", "POST", f"{path}/{told(tour, path)['id']}/redeliver")


def told(tour: Tour, path: str) -> dict[str, Any]:
    """Return a webhook's delivery once there is one; each look costs round trips, so that it never spins."""
    for _ in range(int(WAIT_S * 200)):
        if rows := tour.get(path)["deliveries"]:
            return dict(rows[0])
        tour.rig.reader.ping_write(0)
        tour.rig.engine.do(lambda: None)
    raise AssertionError("never")


def secrets_shown_once(tour: Tour) -> None:
    hook = {"name": "books", "endpoint_url": f"http://{HOOK_HOST}/", "event_types": ["risk.*"]}
    once = {"headers": {"Idempotency-Key": "once"}}
    key = {"name": "k", "scopes": ["events:view"]}
    for path, body in (("/webhooks/out", hook), ("/auth/api-keys", key)):
        made = tour.post(path, body, 201, **once)
        tour.refused("DUPLICATE", "POST", path, body, **once)
        rotate = f"{path}/{made['id']}/{'rotate' if 'scopes' in body else 'rotate-secret'}"
        tour.post(rotate, status=201, **once)
        tour.refused("DUPLICATE", "POST", rotate, **once)


def places_in_a_tenant(tour: Tour) -> None:
    ann = tour.first("/users", search="ann")["id"]
    tour.refused("DUPLICATE", "POST", f"/tenants/{TENANT_ID}/users", {"user_id": ann, "role": "VIEWER"})
    mine = f"/tenants/{TENANT_ID}/members/{LOCAL_USER_ID}"
    for method in ("PUT", "PATCH"):
        tour.refused("STATE_CONFLICT", method, mine, {"role": "VIEWER"})
    tour.refused("STATE_CONFLICT", "DELETE", mine)
    acme = f"/tenants/{tour.first('/tenants', search='Acme')['id']}"
    late = [
        tour.post(f"{acme}/invitations", {"email": email, "role": "VIEWER"}, 201)["token"]
        for email in ("ann@desk.example", "eve@desk.example")
    ]
    tour.rig.ahead[0] = WEEK_AND_DAY_NS
    eve = {"email": "eve@desk.example", "password": PASSWORD, "invitation_token": late[1]}
    tour.refused("STATE_CONFLICT", "POST", "/auth/register", eve)
    with tour.acting_as(Authorization=f"Bearer {token_of(tour)}"):
        tour.refused("STATE_CONFLICT", "POST", "/invitations/accept", {"token": late[0]})


def token_of(tour: Tour) -> str:
    return str(tour.post("/auth/login", {"email": "ann@desk.example", "password": PASSWORD})["access_token"])


def one_time_codes(tour: Tour) -> None:
    with tour.acting_as(Authorization=f"Bearer {token_of(tour)}"):
        tour.refused("STATE_CONFLICT", "POST", "/auth/mfa/verify", {"totp": "000000"})
        secret = base64.b32decode(tour.post("/auth/mfa/setup")["secret"])
        now_s = (START_NS + tour.rig.ahead[0]) // 10**9
        tour.post("/auth/mfa/verify", {"totp": TOTP(secret, 6, SHA1(), 30).generate(now_s).decode()})
        tour.refused("STATE_CONFLICT", "POST", "/auth/mfa/setup")


def trading_that_is_stopped(tour: Tour) -> None:
    tour.refused("STATE_CONFLICT", "POST", "/risk/kill-switch/release", {"scope": "GLOBAL", "reason": "calm"})
    tour.rig.engine.do(tour.rig.core.lock)
    tour.refused("TRADING_LOCKED", "POST", "/oms/orders", tour.rig.order())
    tour.post("/risk/kill-switch", {"scope": "GLOBAL", "reason": "enough"})
    tour.rig.engine.do(tour.rig.core.unlock)
    tour.refused("KILL_SWITCH_ACTIVE", "POST", "/oms/orders", tour.rig.order())
    tour.rig.options = dataclasses.replace(tour.rig.options, confirm_warnings=True)
    tour.rig.restart_api()
    with tour.acting_as(Authorization=f"Bearer {tour.rig.token}"):
        tour.refused("CONFIRMATION_REQUIRED", "POST", "/oms/orders", tour.rig.order())
