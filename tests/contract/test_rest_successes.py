"""Every success that the description declares is one that the service gives: none is declared and never met.

One served core, walked through area by area; what each answer holds is tested with its resource. Whatever can be
changed is refused without its tag and under a stale one on the way, and whatever has a tag is not sent twice.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import standardwebhooks
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests.helpers import described
from tests.helpers.api_rig import ACCOUNT_UID, WAIT_S, served
from tests.helpers.core_rig import START_NS
from tests.helpers.hook_receiver import HookReceiver
from tests.helpers.rest_tour import Tour
from workstation.api.options import ApiOptions
from workstation.domain.events import TradingDayRolled
from workstation.domain.market import Aggressor, Bar, BarKind, BarType, Quote, SessionPhase, Trade

PASSWORD = "correct horse battery"
ANY = {"If-Match": "*"}
NOW_S = START_NS // 10**9
MINUTE_NS = 60 * 10**9


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as receiver:
        yield receiver


@pytest.fixture
def tour(tmp_path: Path, receiver: HookReceiver) -> Iterator[Tour]:
    options = ApiOptions(database_kind="postgresql", webhook_hosts=(receiver.host,), venue_wait=0.01, rate_limit=10_000)
    with served(tmp_path, options=options) as rig:
        tour = Tour(rig)
        yield tour
        tour.close()


def test_each_declared_success_is_met(tour: Tour, receiver: HookReceiver) -> None:
    the_program(tour)
    orders_that_go_their_way(tour)
    orders_that_wait_for_the_venue(tour)
    positions_and_profit(tour)
    risk_and_compliance(tour)
    orders_that_are_held(tour)
    brokers_and_what_is_below(tour)
    instruments_and_their_market(tour)
    subscriptions(tour)
    strategies_and_runs(tour)
    webhooks_out(tour, receiver)
    webhooks_in(tour)
    people_and_tenants(tour)
    logins(tour)
    events_audit_and_reports(tour)
    missing = described.successes() - tour.met
    assert not missing, "\n".join(f"{operation} never answered {status}" for operation, status in sorted(missing))


def the_program(tour: Tour) -> None:
    for path in ("/health", "/health/ready", "/version", "/commands"):
        tour.get(path)
    for path in ("/system/version", "/system/health", "/system/health/ready", "/system/info", "/system/config"):
        tour.get(path)
    for path in ("/metrics", "/system/metrics"):
        assert tour.http.get(f"/api/v1{path}").text
    tour.changed("/system/config/webhooks.retry_delay", {"value": 61})
    order = tour.rig.place()
    tour.post("/commands/order.cancel", {"parameters": {"cl_ord_id": order["client_order_id"], "reason": "enough"}})
    tour.post("/commands/account.reconcile", {"parameters": {"account": "SIM-1"}}, 202)


def orders_that_go_their_way(tour: Tour) -> None:
    order = tour.post("/oms/orders", tour.rig.order(), 201)
    path = f"/oms/orders/{order['id']}"
    tour.get(f"/oms/orders/by-client-id/{order['client_order_id']}")
    tour.changed(path, {"price": "99.00"})
    tour.post(f"{path}/modify", {"price": "98.00"})
    tour.post(f"{path}/cancel")
    tour.delete(path, 200)
    tour.post("/oms/orders/preview", tour.rig.order())
    for orders, status in (([tour.rig.order()], 201), ([tour.rig.order(), tour.rig.order(quantity="0")], 200)):
        tour.post("/oms/orders/bulk", {"orders": orders, "idempotency_key": f"k{status}"}, status)
    tour.post("/oms/orders/bulk/cancel", {"order_ids": [order["id"]], "idempotency_key": "c"})
    tour.get("/oms/orders")


def orders_that_wait_for_the_venue(tour: Tour) -> None:
    silent = [f"/oms/orders/{tour.rig.place()['id']}" for _ in range(5)]
    tour.rig.core.broker.auto = False
    for method, path in (("PUT", silent[0]), ("PATCH", silent[1])):
        asked = tour.http.request(method, f"/api/v1{path}", json={"price": "99.00"}, headers=ANY)
        assert asked.status_code == 202, asked.text
    tour.post(f"{silent[2]}/modify", {"price": "99.00"}, 202)
    tour.post(f"{silent[3]}/cancel", {"reason": "enough"}, 202)
    tour.delete(silent[4], 202)
    tour.rig.core.broker.auto = True


def positions_and_profit(tour: Tour) -> None:
    core = tour.rig.core
    tour.rig.engine.do(lambda: core.record(TradingDayRolled(account="SIM-1", day="2025-10-09", ts=core.now)))
    order = tour.rig.place()
    tour.rig.fill(order, 100)
    tour.get(f"/oms/executions/{tour.first('/oms/executions')['id']}")
    for tail in ("executions", "history"):
        tour.get(f"/oms/orders/{order['id']}/{tail}")
    tour.get(f"/oms/positions/{tour.first('/oms/positions')['id']}")
    taken = {tour.post("/oms/pnl/snapshot", {"broker_account_id": ACCOUNT_UID}, status)["id"] for status in (201, 200)}
    tour.get(f"/oms/pnl/{taken.pop()}")
    tour.get("/oms/pnl")
    tour.get("/oms/pnl/today", broker_account_id=ACCOUNT_UID)


def risk_and_compliance(tour: Tour) -> None:
    limit = {"limit_type": "ORDER_QUANTITY", "limit_value": "5", "scope": "INSTRUMENT", "instrument_symbol": "XYZ"}
    path = f"/risk/limits/{tour.post('/risk/limits', limit | {'reason': 'small'}, 201)['id']}"
    tour.changed(path, {"limit_value": "6", "reason": "less small"})
    allowed = {"limit_id": path.rpartition("/")[2], "broker_account_id": ACCOUNT_UID, "reason": "known client"}
    tour.post("/risk/override", allowed)
    tour.delete(path, reason="enough")
    for path in ("/risk/limits", "/risk/overrides", "/risk/status"):
        tour.get(path)
    switch = {"scope": "INSTRUMENT", "scope_id": tour.first("/instruments", symbol="XYZ")["id"], "reason": "enough"}
    tour.post("/risk/kill-switch", switch)
    tour.get("/risk/kill-switch")
    tour.post("/risk/kill-switch/release", switch)
    rule = {"name": "list", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["XYZ"]}}
    path = f"/compliance/rules/{tour.post('/compliance/rules', rule, 201)['id']}"
    tour.changed(path, {"description": "insiders"})
    tour.get("/compliance/rules")
    tour.delete(path)


def orders_that_are_held(tour: Tour) -> None:
    tour.rig.core.prices.phases["ABC"] = SessionPhase.CLOSED
    rule = {"name": "hours", "rule_type": "MARKET_HOURS", "config": {"action": "HOLD"}}
    kept = tour.post("/compliance/rules", rule, 201)
    held = [tour.rig.place()["id"] for _ in range(2)]
    tour.get("/compliance/holds")
    tour.post(f"/compliance/holds/{held[0]}/release", {"reason": "checked"})
    tour.post(f"/compliance/holds/{held[1]}/refuse", {"reason": "no"})
    tour.delete(f"/compliance/rules/{kept['id']}")
    tour.rig.core.prices.phases.clear()


def brokers_and_what_is_below(tour: Tour) -> None:
    built_in = f"/brokers/{tour.first('/brokers')['id']}"
    link = f"{built_in}/connections/{tour.first(f'{built_in}/connections')['id']}"
    for place in (built_in, link):
        for word, status in (("disconnect", 202), ("disconnect", 200), ("connect", 202), ("connect", 200)):
            tour.post(f"{place}/{word}", status=status)
    tour.get(f"{built_in}/status")
    tour.get(f"{link}/logs")
    tour.post(f"{built_in}/accounts/{ACCOUNT_UID}/reconcile", status=202)
    broker = f"/brokers/{tour.post('/brokers', {'name': 'House', 'broker_type': 'PAPER'}, 201)['id']}"
    tour.changed(broker, {"port": 5})
    made = tour.post(f"{broker}/connections", {"name": "day", "connection_type": "FIX"}, 201)
    connection = f"{broker}/connections/{made['id']}"
    tour.changed(connection, {"name": "night"})
    made = tour.post(f"{broker}/accounts", {"account_number": "A-1", "account_type": "JOINT"}, 201)
    account = f"{broker}/accounts/{made['id']}"
    tour.changed(account, {"account_name": "Ours"})
    tour.get(f"{broker}/accounts")
    for path in (account, connection, broker):
        tour.delete(path)


def instruments_and_their_market(tour: Tour) -> None:
    listing = {"symbol": "NEW", "name": "New", "instrument_type": "STOCK", "exchange": "NYSE", "lot_size": "1"}
    path = f"/instruments/{tour.post('/instruments', listing, 201)['id']}"
    tour.changed(path, {"name": "Newer"})
    tour.get("/instruments/by-symbol/NEW")
    tour.delete(path)
    tour.rig.feed(
        Quote("ABC", 9_999, 100, 10_001, 100, START_NS, START_NS),
        Trade("ABC", 10_000, 5, Aggressor.SELL, "", START_NS, START_NS),
    )
    minute = BarType(BarKind.MINUTE, 1)
    bar = Bar("ABC", minute, 10_000, 10_010, 9_990, 10_005, 100, 3, MINUTE_NS, 2 * MINUTE_NS)
    tour.rig.reader.market.venue.append(bar)
    for path in ("/marketdata", "/marketdata/quotes/ABC", "/marketdata/last/ABC", "/marketdata/ticks"):
        tour.get(path)
    tour.get("/marketdata/snapshots")
    tour.get("/marketdata/bars/ABC", interval="1m")
    span = {"start_date": "2025-10-01", "end_date": "2025-10-02"}
    tour.get("/marketdata/historical", instrument_symbol="ABC", interval="1m", **span)


def subscriptions(tour: Tour) -> None:
    def wish(symbol: str) -> dict[str, Any]:
        plain = {"data_types": ["LEVEL_1"], "update_frequency": "REALTIME", "delivery_method": "SSE"}
        return {"instrument_symbols": [symbol], **plain}

    path = f"/marketdata/subscriptions/{tour.post('/marketdata/subscriptions', wish('ABC'), 201)['id']}"
    tour.changed(path, {"notes": "n"})
    with tour.http.stream("GET", "/api/v1/marketdata/stream") as stream:
        assert next(stream.iter_lines())
    for symbols, status in ((["XYZ"], 201), (["XYZ"], 200)):
        body = {"subscriptions": [wish(symbol) for symbol in symbols], "idempotency_key": f"s{status}"}
        tour.post("/marketdata/subscriptions/bulk", body, status)
    tour.get("/marketdata/subscriptions")
    tour.delete(path)


def strategies_and_runs(tour: Tour) -> None:
    body = {"strategy_type": "CUSTOM", "instruments": ["ABC"], "rebalance_frequency": "NONE"}
    code = {"config": {"entry_point": "hand:Buyer"}}
    strategies = [tour.post("/strategies", {"name": name, **body, **code}, 201)["id"] for name in "abcd"]
    start = {"broker_account_id": ACCOUNT_UID, "initial_capital": "10000.00", "start_date": "2026-01-05"}
    runs = [tour.post(f"/strategies/{strategy}/runs", start, 201)["id"] for strategy in strategies[:2]]
    tour.get(f"/strategies/{strategies[0]}/changes")
    path = f"/strategies/runs/{runs[0]}"
    tour.post(f"{path}/pause")
    tour.post(f"{path}/resume")
    tour.changed(path, {"notes": "slow"})
    for tail in ("logs", "signals", "performance"):
        tour.get(f"{path}/{tail}")
    tour.post(f"{path}/stop")
    tour.delete(f"/strategies/runs/{runs[1]}", 200)
    started = [start | {"strategy_definition_id": strategy} for strategy in strategies[2:]]
    tour.post("/strategies/runs/bulk", {"runs": started[:1]}, 201, headers={"Idempotency-Key": "r1"})
    tour.post("/strategies/runs/bulk", {"runs": [*started, start]}, 200, headers={"Idempotency-Key": "r2"})
    tour.get("/strategies/runs")
    spare = f"/strategies/{tour.post('/strategies', {'name': 'e', **body, **code}, 201)['id']}"
    tour.post(f"{spare}/approve", {"reason": "seen"})
    tour.changed(spare, {"description": "spare"})
    tour.get("/strategies")
    tour.get(f"{spare}/runs")
    tour.delete(spare)


def webhooks_out(tour: Tour, receiver: HookReceiver) -> None:
    tour.rig.engine.do(lambda: tour.rig.core.clock.advance(1_000))
    receiver.answers.extend([503])
    hook = {"name": "books", "endpoint_url": receiver.url, "event_types": ["order.created"], "max_retries": 0}
    path = f"/webhooks/out/{tour.post('/webhooks/out', hook, 201)['id']}"
    tour.changed(path, {"timeout_s": 5})
    tour.get("/webhooks/out")
    tour.rig.place()
    delivery = f"{path}/deliveries/{given_up(tour, path)['id']}"
    tour.get(delivery)
    tour.post(f"{delivery}/redeliver", status=202)
    receiver.wait_for(2)
    tour.post(f"{path}/test", status=202)
    tour.post(f"{path}/rotate-secret", status=201)
    tour.delete(path)


def given_up(tour: Tour, path: str) -> dict[str, Any]:
    """Return a webhook's delivery once it has been given up; each look costs round trips, so that it never spins."""
    for _ in range(int(WAIT_S * 200)):
        if rows := tour.get(f"{path}/deliveries", status="DEAD")["deliveries"]:
            return dict(rows[0])
        tour.rig.reader.ping_write(0)
        tour.rig.engine.do(lambda: None)
    raise AssertionError("never")


def webhooks_in(tour: Tour) -> None:
    own = {"symbol": "OWN", "name": "Own", "instrument_type": "STOCK", "exchange": "OTHER", "lot_size": "1"}
    tour.post("/instruments", own | {"min_tick_size": "0.01"}, 201)
    source = tour.post("/webhooks/in/sources", {"name": "prices", "instruments": ["OWN"]}, 201)
    path = f"/webhooks/in/sources/{source['id']}"
    tour.changed(path, {"is_active": True})
    tour.get("/webhooks/in/sources")
    time = datetime.fromtimestamp(NOW_S, UTC)
    quote = {"timestamp": time.isoformat(), "bid_price": "10.01", "bid_size": "300"}
    market = {"instrument_symbol": "OWN", "sequence": 1, "quotes": [quote]}
    for place, body in (("/webhooks/in", {"alert": "up"}), ("/webhooks/in/marketdata", market)):
        content = msgspec.json.encode(body)
        signature = standardwebhooks.Webhook(source["secret"]).sign(place, time, content.decode())
        signed = {"webhook-id": place, "webhook-timestamp": str(NOW_S), "webhook-signature": signature}
        headers = {"Content-Type": "application/json", **signed}
        tour.post(place, status=202, params={"source": "prices"}, content=content, headers=headers)
    tour.delete(path)


def people_and_tenants(tour: Tour) -> None:
    made = tour.post("/tenants", {"name": "Acme", "slug": "acme", "contact_email": "desk@acme.example"}, 201)
    acme = f"/tenants/{made['id']}"
    tour.changed(acme, {"name": "Acme & Sons"})
    tour.get("/tenants")
    ann = tour.post("/users", {"email": "ann@desk.example", "password": PASSWORD}, 201)["id"]
    tour.changed(f"/users/{ann}", {"first_name": "Ann"})
    tour.get("/users")
    tour.post(f"/users/{ann}/unlock")
    tour.post(f"{acme}/users", {"user_id": ann, "role": "VIEWER"}, 201)
    tour.changed(f"{acme}/members/{ann}", {"role": "TRADER"})
    tour.get(f"{acme}/users")
    tour.delete(f"{acme}/members/{ann}")
    gone = tour.post("/users", {"email": "gone@desk.example", "password": PASSWORD}, 201)["id"]
    tour.delete(f"/users/{gone}")
    offers = [
        tour.post(f"{acme}/invitations", {"email": email, "role": "VIEWER"}, 201)
        for email in ("ann@desk.example", "eve@desk.example", "nobody@desk.example")
    ]
    tour.get(f"{acme}/invitations")
    tour.get(f"{acme}/invitations/{offers[2]['id']}")
    tour.delete(f"{acme}/invitations/{offers[2]['id']}")
    eve = {"email": "eve@desk.example", "password": PASSWORD, "invitation_token": offers[1]["token"]}
    tour.post("/auth/register", eve, 201)
    with tour.acting_as(Authorization=f"Bearer {token_of(tour)}"):
        tour.post("/invitations/accept", {"token": offers[0]["token"]})
    tour.delete(acme)


def token_of(tour: Tour) -> str:
    return str(tour.post("/auth/login", {"email": "ann@desk.example", "password": PASSWORD})["access_token"])


def logins(tour: Tour) -> None:
    key = f"/auth/api-keys/{tour.post('/auth/api-keys', {'name': 'k', 'scopes': ['events:view']}, 201)['id']}"
    tour.changed(key, {"name": "l"})
    tour.get("/auth/api-keys")
    made = tour.post(f"{key}/rotate", status=201)
    tour.delete(f"/auth/api-keys/{made['id']}")
    pair = tour.post("/auth/login", {"email": "ann@desk.example", "password": PASSWORD})
    pair = tour.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})
    token_of(tour)
    with tour.acting_as(Authorization=f"Bearer {pair['access_token']}"):
        tour.changed("/auth/me", {"bio": "x"})
        setup = tour.post("/auth/mfa/setup")
        code = TOTP(base64.b32decode(setup["secret"]), 6, SHA1(), 30).generate(NOW_S).decode()
        tour.post("/auth/mfa/verify", {"totp": code})
        tour.delete("/auth/mfa")
        rows = tour.get("/auth/sessions", is_active="true")["sessions"]
        tour.delete(f"/auth/sessions/{next(row['id'] for row in rows if not row['is_current'])}")
        tour.post("/auth/change-password", {"current_password": PASSWORD, "new_password": "another long password"})
        tour.post("/auth/logout", status=204)


def events_audit_and_reports(tour: Tour) -> None:
    event = tour.first("/events")
    tour.get(f"/events/{event['id']}")
    stream = "/api/v1/events/stream"
    assert tour.http.get(stream, params={"since_id": "0", "until_id": "1"}).text.startswith("retry")
    assert tour.http.get(stream, params={"since_id": "1", "until_id": "1"}).status_code == 204
    tour.get(f"/audit/{tour.first('/audit')['sequence']}")
    tour.get("/audit/verify")
    tour.get("/reports")
    for name in ("blotter", "fills", "positions", "pnl", "commissions", "risk"):
        tour.get(f"/reports/{name}")
