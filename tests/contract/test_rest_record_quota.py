"""A tenant has so many records of a kind and no more: one more is refused with the limit and the number there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.commands.records import KINDS
from workstation.domain.records import PnlSnapshot, StrategyRun, User, UserSession, Webhook, bounds
from workstation.domain.records.bounds import RECORDS_MAX, WEBHOOKS_MAX, most_of

KEYS, RULES, USERS = "/api/v1/auth/api-keys", "/api/v1/compliance/rules", "/api/v1/users"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def key(number: int) -> dict[str, Any]:
    return {"name": f"bot {number}", "scopes": ["orders:view"]}


def test_one_more_record_than_there_may_be_is_refused_until_one_is_deleted(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = rig.http.get(KEYS).json()["total_count"]
    monkeypatch.setattr(bounds, "RECORDS_MAX", there + 2)
    made = [rig.http.post(KEYS, json=key(number)) for number in range(3)]
    assert [answer.status_code for answer in made] == [201, 201, 429]
    refusal = made[-1].json()
    assert refusal["code"] == "QUOTA_EXCEEDED"
    assert refusal["details"] == {"limit": there + 2, "current": there + 2}
    assert refusal["detail"] == f"There are {there + 2} of at most {there + 2} API keys."
    assert rig.http.get(KEYS).json()["total_count"] == there + 2
    rig.http.delete(f"{KEYS}/{made[0].json()['id']}", headers={"If-Match": "*"}).raise_for_status()
    assert rig.http.post(KEYS, json=key(4)).status_code == 201


def test_a_change_of_what_is_there_is_never_refused_for_its_number(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig.http.post(KEYS, json=key(1)).json()
    monkeypatch.setattr(bounds, "RECORDS_MAX", 0)
    changed = rig.http.patch(f"{KEYS}/{made['id']}", json={"is_active": False}, headers={"If-Match": "*"})
    assert changed.status_code == 200


def test_what_is_kept_beside_another_record_counts_too(rig: ApiRig, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = rig.http.get(USERS).json()["total_count"]
    monkeypatch.setattr(bounds, "_MOST", {**bounds._MOST, User: None})
    monkeypatch.setattr(bounds, "RECORDS_MAX", 1)
    person = {"email": "ann@desk.example", "password": "a long enough pass phrase"}
    answer = rig.http.post(USERS, json=person)
    assert (answer.status_code, answer.json()["code"]) == (429, "QUOTA_EXCEEDED"), "a person comes with a place"
    assert rig.http.get(USERS).json()["total_count"] == everyone


def test_every_kind_has_a_limit_but_what_the_program_itself_writes_down() -> None:
    limits = {kind.record: most_of(kind.record) for kind in KINDS}
    assert {kind for kind, most in limits.items() if most is None} == {PnlSnapshot, StrategyRun, UserSession}
    assert limits.pop(Webhook) == WEBHOOKS_MAX
    assert {most for most in limits.values() if most is not None} == {RECORDS_MAX}


def test_the_description_tells_the_limits(rig: ApiRig) -> None:
    described = json.loads(rig.http.get("/api/openapi.json").text)
    told = described["components"]["responses"]["Refusal429"]["description"]
    assert "`QUOTA_EXCEEDED` tells in `details` the `limit` and how many there are (`current`)" in told
    assert f"{RECORDS_MAX:,} at most ({WEBHOOKS_MAX} webhooks)" in told
    creating = described["paths"]["/api/v1/auth/api-keys"]["post"]["responses"]
    assert creating["429"] == {"$ref": "#/components/responses/Refusal429"}
