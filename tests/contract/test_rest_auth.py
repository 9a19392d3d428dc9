"""Login over REST: sessions that end, codes that count once, and people who are locked out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import START_NS
from workstation.api.options import ApiOptions
from workstation.commands.logins import KEPT_NS, forget_logins
from workstation.domain.records import UserSession

AUTH = "/api/v1/auth"
USERS = "/api/v1/users"
PASSWORD = "correct horse battery"
MINUTE = 60 * 10**9


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as made:
        made.http.post(USERS, json={"email": "Ann@desk.example", "password": PASSWORD, "first_name": "Ann"})
        yield made


def login(rig: ApiRig, password: str = PASSWORD, email: str = "ann@desk.example", **more: Any) -> Any:
    with rig.client() as client:
        return client.post(f"{AUTH}/login", json={"email": email, "password": password, **more})


def call(rig: ApiRig, token: str, method: str, path: str, **more: Any) -> Any:
    with rig.client(Authorization=f"Bearer {token}") as client:
        return client.request(method, path, **more)


def refresh(rig: ApiRig, token: str) -> Any:
    with rig.client() as client:
        return client.post(f"{AUTH}/refresh", json={"refresh_token": token})


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def test_a_login_acts_with_the_persons_role_until_its_token_runs_out(rig: ApiRig) -> None:
    pair = login(rig).json()
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    me = call(rig, pair["access_token"], "GET", f"{AUTH}/me").json()
    assert (me["email"], me["first_name"], me["scopes"]) == ("ann@desk.example", "Ann", pair["scopes"])
    assert [place["role"] for place in me["tenants"]] == ["VIEWER"]
    assert me["credential"]["kind"] == "SESSION"
    assert code(call(rig, pair["access_token"], "POST", "/api/v1/oms/orders", json=rig.order()))[0] == 403
    rig.ahead[0] = 15 * MINUTE
    assert code(call(rig, pair["access_token"], "GET", f"{AUTH}/me")) == (401, "UNAUTHENTICATED")


def test_no_answer_event_or_entry_holds_a_password_or_token(rig: ApiRig) -> None:
    pair = login(rig).json()
    seen = rig.http.get("/api/v1/audit").text + rig.http.get("/api/v1/events").text + rig.http.get(USERS).text
    journal = b"".join(line.payload for line in rig.core.journal.replay(0)).decode()
    for secret in (PASSWORD, pair["access_token"], pair["refresh_token"]):
        assert secret not in seen + journal
    assert "$argon2id$" not in seen
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in journal


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(rig: ApiRig) -> None:
    first = login(rig).json()
    second = refresh(rig, first["refresh_token"]).json()
    assert call(rig, second["access_token"], "GET", f"{AUTH}/me").status_code == 200
    assert code(refresh(rig, first["refresh_token"])) == (401, "UNAUTHENTICATED")
    for token in (first["access_token"], second["access_token"]):
        assert call(rig, token, "GET", f"{AUTH}/me").status_code == 401
    assert refresh(rig, second["refresh_token"]).status_code == 401
    for forged in ("x", second["refresh_token"][:-2] + "AA", "a.b.c"):
        assert code(refresh(rig, forged)) == (401, "UNAUTHENTICATED")


def test_sessions_and_tokens_outlive_a_restart(rig: ApiRig) -> None:
    pair = login(rig).json()
    rig.restart_api()
    assert call(rig, pair["access_token"], "GET", f"{AUTH}/me").status_code == 200
    assert refresh(rig, pair["refresh_token"]).status_code == 200


@pytest.mark.parametrize("forge", ["none", "other key", "other person", "garbage"])
def test_a_forged_access_token_is_refused(rig: ApiRig, forge: str) -> None:
    head, body, signature = login(rig).json()["access_token"].split(".")
    token = {
        "none": f"eyJhbGciOiJub25lIn0.{body}.",
        "other key": f"{head}.{body}.{signature[:-4]}AAAA",
        "other person": f"{head}.{body[:-4]}AAAA.{signature}",
        "garbage": "a.b.c",
    }[forge]
    assert code(call(rig, token, "GET", f"{AUTH}/me")) == (401, "UNAUTHENTICATED")


def test_unknown_names_and_wrong_passwords_get_one_answer_and_five_lock_out(rig: ApiRig) -> None:
    unknown, wrong = login(rig, email="bob@desk.example"), login(rig, "wrong password!")
    assert code(unknown) == code(wrong) == (401, "INVALID_CREDENTIALS")
    assert unknown.json()["detail"] == wrong.json()["detail"]
    for _ in range(4):
        assert login(rig, "wrong password!").status_code == 401
    locked = login(rig)
    assert code(locked) == (423, "ACCOUNT_LOCKED")
    assert int(locked.headers["retry-after"]) > 0
    entries = rig.http.get("/api/v1/audit", params={"action": "LOGIN"}).json()["entries"]
    assert [entry["outcome"] for entry in entries] == ["REFUSED"] * 7
    rig.ahead[0] = 31 * MINUTE
    assert login(rig).status_code == 200


def test_a_person_who_was_locked_out_can_be_let_in_again(rig: ApiRig) -> None:
    for _ in range(5):
        login(rig, "wrong password!")
    ann = next(user for user in rig.http.get(USERS).json()["users"] if user["email"] == "ann@desk.example")
    assert ann["locked_until"] is not None
    assert rig.http.post(f"{USERS}/{ann['id']}/unlock").json()["data"]["locked_until"] is None
    assert login(rig).status_code == 200


def test_a_new_password_ends_other_sessions_and_the_old_one(rig: ApiRig) -> None:
    one, other = login(rig).json()["access_token"], login(rig).json()["access_token"]
    body = {"current_password": "wrong password!", "new_password": "another long password"}
    assert code(call(rig, one, "POST", f"{AUTH}/change-password", json=body)) == (401, "INVALID_CREDENTIALS")
    body["current_password"] = PASSWORD
    assert call(rig, one, "POST", f"{AUTH}/change-password", json=body).json()["success"] is True
    assert (call(rig, one, "GET", f"{AUTH}/me").status_code, call(rig, other, "GET", f"{AUTH}/me").status_code) == (
        200,
        401,
    )
    assert (login(rig).status_code, login(rig, "another long password").status_code) == (401, 200)


def test_one_time_codes_are_asked_for_and_count_once(rig: ApiRig) -> None:
    token = login(rig).json()["access_token"]
    assert code(call(rig, token, "POST", f"{AUTH}/mfa/verify", json={"totp": "000000"})) == (409, "STATE_CONFLICT")
    setup = call(rig, token, "POST", f"{AUTH}/mfa/setup").json()
    assert setup["otpauth_uri"].startswith("otpauth://totp/Workstation")

    def at(minutes: int) -> str:
        import base64

        rig.ahead[0] = minutes * MINUTE
        key = base64.b32decode(setup["secret"])
        return TOTP(key, 6, SHA1(), 30).generate((START_NS + rig.ahead[0]) // 10**9).decode()

    wrong = call(rig, token, "POST", f"{AUTH}/mfa/verify", json={"totp": f"{(int(at(1)) + 1) % 10**6:06d}"})
    assert code(wrong) == (401, "INVALID_CREDENTIALS")
    assert call(rig, token, "POST", f"{AUTH}/mfa/verify", json={"totp": at(1)}).json()["success"] is True
    assert code(login(rig)) == (401, "MFA_REQUIRED")
    assert code(login(rig, totp=at(1))) == (401, "INVALID_CREDENTIALS")
    used = at(3)
    assert login(rig, totp=used).status_code == 200
    assert code(login(rig, totp=used)) == (401, "INVALID_CREDENTIALS")
    assert code(call(rig, token, "POST", f"{AUTH}/mfa/setup")) == (409, "STATE_CONFLICT")
    assert call(rig, token, "DELETE", f"{AUTH}/mfa").status_code == 204
    assert login(rig).status_code == 200


def test_sessions_are_listed_and_ended_by_their_owner_alone(rig: ApiRig) -> None:
    one, other = login(rig).json()["access_token"], login(rig).json()["access_token"]
    listed = call(rig, one, "GET", f"{AUTH}/sessions", params={"is_active": "true"}).json()
    assert (listed["total_count"], sum(row["is_current"] for row in listed["sessions"])) == (2, 1)
    second = next(row["id"] for row in listed["sessions"] if not row["is_current"])
    assert code(rig.http.delete(f"{AUTH}/sessions/{second}")) == (404, "NOT_FOUND")
    assert call(rig, one, "DELETE", f"{AUTH}/sessions/{second}").status_code == 204
    assert call(rig, other, "GET", f"{AUTH}/me").status_code == 401
    assert call(rig, one, "POST", f"{AUTH}/logout").status_code == 204
    assert call(rig, one, "GET", f"{AUTH}/me").status_code == 401


def test_what_needs_a_login_session_refuses_other_credentials(rig: ApiRig) -> None:
    for method, path, body in (
        ("POST", "logout", None),
        ("POST", "mfa/setup", None),
        ("DELETE", "mfa", None),
        ("POST", "mfa/verify", {"totp": "000000"}),
        ("POST", "change-password", {"current_password": "x", "new_password": PASSWORD}),
    ):
        assert code(rig.http.request(method, f"{AUTH}/{path}", json=body)) == (403, "PERMISSION_DENIED")


def test_the_profile_is_changed_under_its_version(rig: ApiRig) -> None:
    token = login(rig).json()["access_token"]
    tag = call(rig, token, "GET", f"{AUTH}/me").headers["etag"]
    assert code(call(rig, token, "PUT", f"{AUTH}/me", json={"bio": "x"})) == (428, "PRECONDITION_REQUIRED")
    changed = call(rig, token, "PATCH", f"{AUTH}/me", json={"first_name": None, "bio": "x"}, headers={"If-Match": tag})
    assert (changed.json()["first_name"], changed.json()["bio"]) == (None, "x")
    assert code(call(rig, token, "PUT", f"{AUTH}/me", json={}, headers={"If-Match": tag})) == (
        412,
        "PRECONDITION_FAILED",
    )
    assert code(call(rig, token, "PUT", f"{AUTH}/me", json={"timezone": None}, headers={"If-Match": "*"}))[0] == 422


def test_the_local_token_is_the_built_in_owner(rig: ApiRig) -> None:
    me = rig.http.get(f"{AUTH}/me").json()
    assert me["credential"] | {"id": ""} == {"kind": "LOCAL", "id": "", "expires_at": None}
    assert [(place["name"], place["role"]) for place in me["tenants"]] == [("Local", "OWNER")]


def test_joining_without_an_invitation_is_closed(rig: ApiRig) -> None:
    body = {"email": "eve@desk.example", "password": PASSWORD, "invitation_token": "x"}
    with rig.client() as client:
        assert code(client.post(f"{AUTH}/register", json=body)) == (403, "REGISTRATION_CLOSED")
        assert code(client.post(f"{AUTH}/register", json=body | {"password": "short"})) == (422, "VALIDATION_ERROR")


def test_too_many_wrong_passwords_a_minute_are_held_back(rig: ApiRig) -> None:
    statuses = {login(rig, email=f"nobody{number}@desk.example").status_code for number in range(62)}
    assert statuses == {401, 429}


def test_logins_that_are_over_are_forgotten_after_a_month_and_no_other(rig: ApiRig) -> None:
    records = rig.core.state.records
    ended, _kept = (login(rig).json()["access_token"] for _ in range(2))
    call(rig, ended, "POST", f"{AUTH}/logout").raise_for_status()
    both = {record.id for record in records.every(UserSession)}
    [over] = [record.id for record in records.every(UserSession) if not record.is_active]

    def pass_by(time_ns: int) -> set[str]:
        rig.engine.do(lambda: rig.core.clock.advance(time_ns))
        rig.engine.do(lambda: forget_logins(rig.engine.context))
        return {record.id for record in records.every(UserSession)}

    assert len(both) == 2
    assert pass_by(KEPT_NS - MINUTE) == both
    assert pass_by(MINUTE) == both - {over}, "the other ran out later than this one was ended"
    assert pass_by(KEPT_NS) == set()
    assert rig.http.get(f"{USERS}").json()["total_count"] == 2, "people stay"
