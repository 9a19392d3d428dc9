"""Tenants, people and places over REST: nobody reaches across, and nobody grows beyond his role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from tests.helpers.core_rig import START_NS
from tests.helpers.hook_receiver import HookReceiver
from workstation.api import callers
from workstation.api.application import ENDPOINTS
from workstation.api.credentials import LOCAL_USER_ID, TENANT_ID
from workstation.api.options import ApiOptions
from workstation.domain.market import Aggressor, Trade
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import SubscriptionStatus

ROOT = "/api/v1"
TENANTS = f"{ROOT}/tenants"
USERS = f"{ROOT}/users"
PASSWORD = "correct horse battery"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
DAY = 86_400 * 10**9
ACME = {"name": "Acme", "slug": "acme", "contact_email": "desk@acme.example"}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


@pytest.fixture
def team(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(database_kind="postgresql", pin_token=True)) as made:
        yield made


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def add_user(rig: ApiRig, email: str = "ann@desk.example") -> dict[str, Any]:
    answer = rig.http.post(USERS, json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def invited(rig: ApiRig, tenant: str, email: str, role: str = "OWNER") -> str:
    """Let somebody join a tenant by invitation; return his access token."""
    invitation = rig.http.post(f"{TENANTS}/{tenant}/invitations", json={"email": email, "role": role})
    assert invitation.status_code == 201, invitation.text
    with rig.client() as client:
        body = {"email": email, "password": PASSWORD, "invitation_token": invitation.json()["token"]}
        joined = client.post(f"{ROOT}/auth/register", json=body)
        assert joined.status_code == 201, joined.text
        return str(
            client.post(f"{ROOT}/auth/login", json={"email": email, "password": PASSWORD}).json()["access_token"]
        )


def test_an_embedded_database_has_its_one_tenant(alone: ApiRig) -> None:
    listed = alone.http.get(TENANTS).json()
    assert [(row["id"], row["slug"]) for row in listed["tenants"]] == [(TENANT_ID, "local")]
    for method, path, body in (
        ("POST", TENANTS, ACME),
        ("DELETE", f"{TENANTS}/{TENANT_ID}", None),
        ("POST", f"{TENANTS}/{TENANT_ID}/invitations", {"email": "a@b.c", "role": "VIEWER"}),
        ("POST", f"{ROOT}/invitations/accept", {"token": "x"}),
    ):
        assert code(alone.http.request(method, path, json=body)) == (403, "TENANCY_DISABLED"), path


def test_the_built_in_tenant_can_be_changed_and_is_read_back(alone: ApiRig) -> None:
    path = f"{TENANTS}/{TENANT_ID}"
    tag = alone.http.get(path).headers["etag"]
    changed = alone.http.put(path, json={"name": "Desk", "business_type": "prop"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Desk")
    assert code(alone.http.put(path, json={"name": "x"}, headers={"If-Match": tag})) == (412, "PRECONDITION_FAILED")
    assert code(alone.http.put(path, json={"slug": "x"}, headers={"If-Match": "*"})) == (422, "VALIDATION_ERROR")
    assert alone.http.get(f"{ROOT}/auth/me").json()["tenants"][0]["name"] == "Desk"
    assert code(alone.http.get(f"{TENANTS}/{UNKNOWN}")) == (404, "NOT_FOUND")


def test_people_are_added_changed_and_deleted_with_all_their_credentials(alone: ApiRig) -> None:
    ann = add_user(alone)
    assert code(alone.http.post(USERS, json={"email": "ANN@desk.example", "password": PASSWORD})) == (409, "DUPLICATE")
    assert code(alone.http.post(USERS, json={"email": "b@desk.example", "password": "short"})) == (
        422,
        "VALIDATION_ERROR",
    )
    path = f"{USERS}/{ann['id']}"
    changed = alone.http.put(path, json={"first_name": "Ann"}, headers={"If-Match": "*"})
    assert changed.json()["first_name"] == "Ann"
    assert [user["email"] for user in alone.http.get(USERS, params={"search": "ann"}).json()["users"]] == [ann["email"]]
    body = {"email": ann["email"], "password": PASSWORD}
    token = alone.http.post(f"{ROOT}/auth/login", json=body, headers={}).json()["access_token"]
    assert alone.http.delete(path).status_code == 204
    with alone.client(Authorization=f"Bearer {token}") as client:
        assert client.get(f"{ROOT}/auth/me").status_code == 401
    assert code(alone.http.post(f"{ROOT}/auth/login", json=body)) == (401, "INVALID_CREDENTIALS")
    assert code(alone.http.get(path)) == (404, "NOT_FOUND")
    assert add_user(alone)["id"] != ann["id"]
    assert code(alone.http.delete(f"{USERS}/{LOCAL_USER_ID}"))[0] == 409


def test_a_person_without_scopes_is_refused_and_an_inactive_one_is_out(alone: ApiRig) -> None:
    ann = add_user(alone)
    body = {"email": ann["email"], "password": PASSWORD}
    token = alone.http.post(f"{ROOT}/auth/login", json=body).json()["access_token"]
    with alone.client(Authorization=f"Bearer {token}") as client:
        assert code(client.get(USERS)) == (403, "PERMISSION_DENIED")
        assert code(client.post(USERS, json=body)) == (403, "PERMISSION_DENIED")
        assert client.get(f"{ROOT}/oms/orders").status_code == 200
        off = alone.http.put(f"{USERS}/{ann['id']}", json={"is_active": False}, headers={"If-Match": "*"})
        assert off.status_code == 200
        assert client.get(f"{ROOT}/oms/orders").status_code == 401


def test_a_role_is_granted_within_ones_own_and_an_owner_stays(alone: ApiRig) -> None:
    ann = add_user(alone)
    members = f"{TENANTS}/{TENANT_ID}/users"
    assert {row["role"] for row in alone.http.get(members).json()["members"]} == {"OWNER", "VIEWER"}
    mine, hers = (f"{TENANTS}/{TENANT_ID}/members/{uid}" for uid in (LOCAL_USER_ID, ann["id"]))
    raised = alone.http.put(hers, json={"role": "ADMIN"}, headers={"If-Match": "*"})
    assert (raised.json()["role"], "tenants:admin" in raised.json()["scopes"]) == ("ADMIN", False)
    body = {"email": ann["email"], "password": PASSWORD}
    token = alone.http.post(f"{ROOT}/auth/login", json=body).json()["access_token"]
    with alone.client(Authorization=f"Bearer {token}") as client:
        for path in (hers, mine):
            grown = client.put(path, json={"role": "OWNER"}, headers={"If-Match": "*"})
            assert code(grown) == (403, "PERMISSION_DENIED")
        assert code(client.delete(mine)) == (403, "PERMISSION_DENIED")
    assert code(alone.http.put(mine, json={"role": "VIEWER"}, headers={"If-Match": "*"})) == (409, "STATE_CONFLICT")
    assert code(alone.http.delete(mine)) == (409, "STATE_CONFLICT")
    assert code(alone.http.post(members, json={"user_id": ann["id"], "role": "VIEWER"})) == (409, "DUPLICATE")
    assert alone.http.delete(hers).status_code == 204
    assert code(alone.http.delete(hers)) == (404, "NOT_FOUND")


def test_a_key_shrinks_with_its_owners_role(alone: ApiRig) -> None:
    ann = add_user(alone)
    member = f"{TENANTS}/{TENANT_ID}/members/{ann['id']}"
    alone.http.put(member, json={"role": "TRADER"}, headers={"If-Match": "*"})
    body = {"email": ann["email"], "password": PASSWORD}
    token = alone.http.post(f"{ROOT}/auth/login", json=body).json()["access_token"]
    with alone.client(Authorization=f"Bearer {token}") as client:
        made = client.post(f"{ROOT}/auth/api-keys", json={"name": "bot", "scopes": ["orders:place", "orders:view"]})
    assert alone.http.get(f"{ROOT}/auth/api-keys").json()["api_keys"] == []
    with alone.client(**{"X-API-Key": made.json()["key"]}) as client:
        assert client.post(f"{ROOT}/oms/orders", json=alone.order()).status_code == 201
        alone.http.put(member, json={"role": "VIEWER"}, headers={"If-Match": "*"})
        assert code(client.post(f"{ROOT}/oms/orders", json=alone.order())) == (403, "PERMISSION_DENIED")
        assert client.get(f"{ROOT}/oms/orders").status_code == 200


def test_an_invitation_is_good_once_for_its_address_and_a_week(team: ApiRig) -> None:
    path = f"{TENANTS}/{TENANT_ID}/invitations"
    first = team.http.post(path, json={"email": "eve@desk.example", "role": "TRADER"}).json()
    register = {"email": "eve@desk.example", "password": PASSWORD, "invitation_token": first["token"]}
    other = register | {"email": "mallory@desk.example"}
    assert code(team.http.post(f"{ROOT}/auth/register", json=other)) == (403, "REGISTRATION_CLOSED")
    assert team.http.post(f"{ROOT}/auth/register", json=register).status_code == 201
    assert code(team.http.post(f"{ROOT}/auth/register", json=register)) == (403, "REGISTRATION_CLOSED")
    assert [row["status"] for row in team.http.get(path).json()["invitations"]] == ["ACCEPTED"]
    late = team.http.post(path, json={"email": "late@desk.example", "role": "VIEWER"}).json()
    taken = team.http.post(path, json={"email": "gone@desk.example", "role": "VIEWER"}).json()
    assert team.http.delete(f"{path}/{taken['id']}").status_code == 204
    assert code(team.http.delete(f"{path}/{taken['id']}")) == (404, "NOT_FOUND")
    for invitation, wanted in ((taken, (403, "REGISTRATION_CLOSED")), (late, (409, "STATE_CONFLICT"))):
        team.ahead[0] = 8 * DAY if invitation is late else 0
        body = register | {"email": invitation["email"], "invitation_token": invitation["token"]}
        assert code(team.http.post(f"{ROOT}/auth/register", json=body)) == wanted


def test_a_full_tenant_takes_nobody_and_keeps_no_half_of_it(team: ApiRig) -> None:
    path = f"{TENANTS}/{TENANT_ID}"
    invitation = team.http.post(f"{path}/invitations", json={"email": "eve@desk.example", "role": "TRADER"}).json()
    limit = {"max_users": 1}
    assert team.http.patch(path, json=limit, headers={"If-Match": "*"}).status_code == 200
    bob = {"email": "bob@desk.example", "password": PASSWORD}
    register = {"email": "eve@desk.example", "password": PASSWORD, "invitation_token": invitation["token"]}
    before = team.core.journal.last_seq
    assert code(team.http.post(USERS, json=bob)) == (409, "STATE_CONFLICT")
    assert code(team.http.post(f"{ROOT}/auth/register", json=register)) == (409, "STATE_CONFLICT")
    kinds = {line.kind for line in team.core.journal.replay(before)}
    assert kinds <= {"AuditNoted"}, "neither person, place nor used invitation"
    assert team.http.patch(path, json={"max_users": 2}, headers={"If-Match": "*"}).status_code == 200
    assert team.http.post(f"{ROOT}/auth/register", json=register).status_code == 201
    assert code(team.http.post(USERS, json=bob)) == (409, "STATE_CONFLICT")


def test_a_person_and_his_place_are_kept_in_one_transaction(team: ApiRig) -> None:
    appends: list[list[str]] = []
    append = team.core.journal.append
    team.core.journal.append = lambda entries: (  # type: ignore[method-assign]  # the journal in memory looks on
        appends.append([type(entry.event.record).__name__ for entry in entries if hasattr(entry.event, "record")])
        or append(entries)
    )
    add_user(team)
    team.http.post(TENANTS, json=ACME)
    invited(team, TENANT_ID, "eve@desk.example", "VIEWER")
    assert [made for made in appends if "Member" in made] == [
        ["Member", "User"],
        ["Member", "Tenant"],
        ["User", "Member", "Invitation"],
    ]


def test_a_person_of_one_tenant_accepts_a_place_in_another(team: ApiRig) -> None:
    acme = team.http.post(TENANTS, json=ACME).json()
    eve = invited(team, TENANT_ID, "eve@desk.example", "VIEWER")
    offer = team.http.post(f"{TENANTS}/{acme['id']}/invitations", json={"email": "eve@desk.example", "role": "TRADER"})
    assert code(team.http.post(f"{ROOT}/invitations/accept", json={"token": offer.json()["token"]})) == (
        404,
        "NOT_FOUND",
    )
    with team.client(Authorization=f"Bearer {eve}") as client:
        member = client.post(f"{ROOT}/invitations/accept", json={"token": offer.json()["token"]})
        assert (member.status_code, member.json()["role"], member.json()["tenant_id"]) == (200, "TRADER", acme["id"])
        assert {place["name"] for place in client.get(f"{ROOT}/auth/me").json()["tenants"]} == {"Local", "Acme"}


def test_a_person_of_another_tenant_than_the_installations_accepts_a_place_in_a_third(team: ApiRig) -> None:
    acme = team.http.post(TENANTS, json=ACME).json()
    beta = team.http.post(TENANTS, json={**ACME, "name": "Beta", "slug": "beta"}).json()
    eve = invited(team, acme["id"], "eve@acme.example", "VIEWER")
    offer = team.http.post(f"{TENANTS}/{beta['id']}/invitations", json={"email": "eve@acme.example", "role": "TRADER"})
    with team.client(Authorization=f"Bearer {eve}") as client:
        member = client.post(f"{ROOT}/invitations/accept", json={"token": offer.json()["token"]})
        assert (member.status_code, member.json()["tenant_id"]) == (200, beta["id"])
        assert {place["name"] for place in client.get(f"{ROOT}/auth/me").json()["tenants"]} == {"Acme", "Beta"}
        assert client.get(f"{ROOT}/brokers").json()["brokers"] == []


def test_tenants_are_made_unique_and_deleted(team: ApiRig) -> None:
    acme = team.http.post(TENANTS, json=ACME)
    assert acme.headers["location"] == f"{TENANTS}/{acme.json()['id']}"
    assert code(team.http.post(TENANTS, json=ACME)) == (409, "DUPLICATE")
    assert {row["slug"] for row in team.http.get(TENANTS).json()["tenants"]} == {"local", "acme"}
    assert code(team.http.delete(f"{TENANTS}/{TENANT_ID}")) == (409, "IN_USE")
    eve = invited(team, acme.json()["id"], "eve@acme.example")
    assert team.http.delete(f"{TENANTS}/{acme.json()['id']}").status_code == 204
    with team.client(Authorization=f"Bearer {eve}") as client:
        assert client.get(f"{ROOT}/auth/me").status_code == 401


def test_no_tenant_reaches_into_another(team: ApiRig) -> None:
    order = team.place()
    key = team.http.post(f"{ROOT}/auth/api-keys", json={"name": "bot", "scopes": ["orders:view"]}).json()
    acme = team.http.post(TENANTS, json=ACME).json()
    eve = invited(team, acme["id"], "eve@acme.example")
    with team.client(Authorization=f"Bearer {eve}") as client:
        assert client.get(f"{ROOT}/oms/orders/{order['id']}").status_code == 404
        assert client.delete(f"{ROOT}/oms/orders/{order['id']}").status_code == 404
        assert code(client.post(f"{ROOT}/oms/orders", json=team.order())) == (404, "NOT_FOUND")
        for path in ("oms/orders", "oms/executions", "oms/positions", "events", "audit", "auth/api-keys"):
            page = client.get(f"{ROOT}/{path}", params={"ordering": "sequence"} if path == "audit" else {}).json()
            rows = next(value for value in page.values() if isinstance(value, list))
            assert path == "audit" or order["id"] not in str(page), path  # her own attempts stand in her audit
            assert all(row.get("tenant_id", acme["id"]) == acme["id"] for row in rows), path
        assert client.delete(f"{ROOT}/auth/api-keys/{key['id']}").status_code == 404
        for path in ("", "/users", "/invitations"):
            assert client.get(f"{TENANTS}/{TENANT_ID}{path}").status_code == 404
        assert client.get(f"{USERS}/{LOCAL_USER_ID}").status_code in (200, 404)
        assert client.post(f"{ROOT}/risk/kill-switch").status_code in (403, 404)
        assert client.get(f"{ROOT}/oms/pnl/today", params={"broker_account_id": ACCOUNT_UID}).status_code == 404
    assert team.http.get(f"{ROOT}/risk/kill-switch").json()["kill_switches"] == []


def test_a_callback_of_another_tenant_is_called_as_its_own_and_nobody_else_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "CALL_GAP_S", 0.0)
    with HookReceiver() as receiver:
        options = ApiOptions(database_kind="postgresql", pin_token=True, webhook_hosts=(receiver.host,))
        with served(tmp_path, options=options) as rig:
            acme = rig.http.post(TENANTS, json=ACME).json()["id"]
            token = invited(rig, acme, "eve@acme.example")
            asked = {
                "instrument_symbols": ["ABC"], "data_types": ["LEVEL_1"], "update_frequency": "REALTIME",
                "delivery_method": "WEBHOOK", "callback_url": receiver.url,
            }  # fmt: skip
            path = f"{ROOT}/marketdata/subscriptions"
            with rig.client(Authorization=f"Bearer {token}") as eve:
                hers = eve.post(path, json=asked).json()
            assert code(rig.http.get(f"{path}/{hers['id']}")) == (404, "NOT_FOUND")
            assert rig.http.get(path).json()["subscriptions"] == []
            rig.feed(Trade("ABC", 10_000, 5, Aggressor.SELL, "", START_NS, START_NS))
            [envelope] = msgspec.json.decode(receiver.wait_for(1)[0].body)
            assert (envelope["tenantid"], envelope["data"]["last_price"]) == (acme, "100.00")
            rig.restart_api()
            rig.feed(Trade("ABC", 10_001, 5, Aggressor.SELL, "", START_NS + 1, START_NS + 1))
            receiver.wait(lambda found: b'"100.01"' in found[-1].body, "a call after the restart")
            suspended = rig.http.patch(f"{TENANTS}/{acme}", json={"is_suspended": True}, headers={"If-Match": "*"})
            assert suspended.status_code == 200, suspended.text
            calls = len(receiver.messages)
            rig.feed(Trade("ABC", 10_002, 5, Aggressor.SELL, "", START_NS + 2, START_NS + 2))
            kept = lambda: rig.reader.record(MarketSubscription, acme, hers["id"])  # noqa: E731 -- a word for a look
            for _ in range(2_000):
                if kept().status is SubscriptionStatus.ERROR:
                    break
                rig.engine.do(lambda: None)
            assert (kept().trouble, len(receiver.messages)) == (callers.NO_RIGHT, calls)


def test_another_tenant_reads_every_list_and_the_market_and_nothing_fails(team: ApiRig) -> None:
    acme = team.http.post(TENANTS, json=ACME).json()["id"]
    team.feed(Trade("ABC", 10_000, 5, Aggressor.BUY, "", START_NS, START_NS))
    team.place()
    with team.client(Authorization=f"Bearer {invited(team, acme, 'eve@acme.example')}") as eve:
        for endpoint in ENDPOINTS:
            if endpoint.method != "GET" or "{" in endpoint.path or endpoint.is_stream:
                continue
            answer = eve.get(ROOT + endpoint.path)
            assert answer.status_code in (200, 422), (endpoint.path, answer.text)
        listed = eve.get(f"{ROOT}/instruments", params={"symbol": "ABC"}).json()["instruments"]
        assert [row["last_price"] for row in listed] == ["100.00"]
        assert eve.get(f"{ROOT}/marketdata/last/ABC").json()["last_price"] == "100.00"
        assert eve.get(f"{ROOT}/oms/orders").json()["total_count"] == 0
        broker = eve.post(f"{ROOT}/brokers", json={"name": "paper", "broker_type": "PAPER"}).json()["id"]
        account = {"account_number": "ACME-1", "account_type": "INDIVIDUAL"}
        made = eve.post(f"{ROOT}/brokers/{broker}/accounts", json=account)
        assert (made.status_code, made.json().get("account_number")) == (201, "ACME-1")
        own, ours = ({"broker_account_id": uid} for uid in (made.json()["id"], ACCOUNT_UID))
        for account, wanted in ((own, (422, "ACCOUNT_NOT_TRADABLE")), (ours, (404, "NOT_FOUND"))):
            assert code(eve.post(f"{ROOT}/oms/orders", json=team.order(**account))) == wanted
