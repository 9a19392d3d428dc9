"""LIVE over REST: a script adds risk with a person's permit alone, within its time and caps, and may always get out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.api_rig import ApiRig
from tests.helpers.live_venue import grant, live_venue
from workstation.api.options import ApiOptions
from workstation.domain.records import LivePermit

ORDERS = "/api/v1/oms/orders"
KEYS = "/api/v1/auth/api-keys"
FOREVER = 2**62


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with live_venue(tmp_path, options=ApiOptions(pin_token=True)) as made:
        yield made


@pytest.fixture
def key(rig: ApiRig) -> dict[str, Any]:
    wanted = {"name": "bot", "scopes": ["orders:place", "orders:view", "orders:cancel", "apikeys:manage"]}
    return dict(rig.http.post(KEYS, json=wanted).json())


@pytest.fixture
def script(rig: ApiRig, key: dict[str, Any]) -> Iterator[httpx.Client]:
    with rig.client(**{"X-API-Key": key["key"]}) as client:
        yield client


def answer_of(rig: ApiRig, client: httpx.Client, **fields: Any) -> tuple[int, str]:
    answer = client.post(ORDERS, json=rig.order(**fields))
    return answer.status_code, answer.json().get("code", "")


def test_without_a_permit_nothing_is_added_by_any_credential(
    rig: ApiRig, key: dict[str, Any], script: httpx.Client
) -> None:
    assert answer_of(rig, script) == (403, "LIVE_NOT_PERMITTED")
    assert answer_of(rig, rig.http) == (403, "LIVE_NOT_PERMITTED")
    assert rig.core.broker.calls == []
    grant(rig, key["id"], LivePermit(expires_at=FOREVER))
    assert answer_of(rig, script) == (201, "")
    assert answer_of(rig, rig.http) == (403, "LIVE_NOT_PERMITTED"), "a permit is its key's alone"


def test_a_permit_ends_at_its_time_and_when_it_is_taken_back(
    rig: ApiRig, key: dict[str, Any], script: httpx.Client
) -> None:
    grant(rig, key["id"], LivePermit(expires_at=rig.core.now + 60 * 10**9))
    assert answer_of(rig, script) == (201, "")
    rig.engine.do(lambda: rig.core.clock.advance(61 * 10**9))
    rig.engine.do(lambda: rig.core.prices.quote("ABC", 10_000, 10_002))
    assert answer_of(rig, script) == (403, "LIVE_NOT_PERMITTED")
    grant(rig, key["id"], LivePermit(expires_at=FOREVER))
    assert answer_of(rig, script) == (201, "")
    grant(rig, key["id"], None)
    assert answer_of(rig, script) == (403, "LIVE_NOT_PERMITTED")


def test_a_permits_caps_bind(rig: ApiRig, key: dict[str, Any], script: httpx.Client) -> None:
    grant(rig, key["id"], LivePermit(expires_at=FOREVER, caps={"order_notional": "10000"}))
    over = script.post(ORDERS, json=rig.order(quantity="101", price="100.00"))
    assert (over.status_code, over.json()["code"]) == (422, "RISK_LIMIT_BREACH")
    assert over.json()["details"]["limit_type"] == "PERMIT_CAP"
    assert answer_of(rig, script, quantity="100", price="100.00") == (201, "")


def test_no_script_gives_itself_a_permit(rig: ApiRig, key: dict[str, Any], script: httpx.Client) -> None:
    permit = {"expires_at": "2099-01-01T00:00:00Z", "caps": {}}
    changed = script.patch(f"{KEYS}/{key['id']}", json={"live_permit": permit}, headers={"If-Match": "*"})
    assert changed.status_code == 422, changed.text
    assert script.get(f"{KEYS}/{key['id']}").json()["live_permit"] is None
    assert answer_of(rig, script) == (403, "LIVE_NOT_PERMITTED")


def test_a_permit_shows_what_is_used_of_its_caps_and_what_is_left(
    rig: ApiRig, key: dict[str, Any], script: httpx.Client
) -> None:
    caps = {"order_notional": "9000", "position_notional": "20000", "day_notional": "15000"}
    grant(rig, key["id"], LivePermit(expires_at=FOREVER, caps=caps))
    order = script.post(ORDERS, json=rig.order(quantity="50", price="100.00"))
    assert order.status_code == 201
    rig.fill(order.json(), 50, 10_000)
    rig.engine.do(lambda: rig.engine.pnl.mark("ABC", 10_000, rig.core.now))
    assert answer_of(rig, script, quantity="60", price="100.00") == (201, "")
    (shown,) = rig.http.get("/api/v1/risk/status").json()["live_permits"]
    assert shown["caps"] == caps
    assert shown["used"] == {"position_notional": "5000.0000", "day_notional": "11000.0000"}
    assert shown["left"] == {"position_notional": "15000.0000", "day_notional": "4000.0000"}
    over = script.post(ORDERS, json=rig.order(quantity="41", price="100.00")).json()
    assert over["details"]["limit_type"] == "PERMIT_CAP"
    assert "15,100.00 USD; limit 15,000.00 USD" in over["detail"]


@pytest.mark.parametrize("caps", [{"day_loss": "1"}, {"order_notional": "a lot"}, {"day_notional": "0"}])
def test_a_permit_whose_caps_could_not_be_applied_is_not_given(
    rig: ApiRig, key: dict[str, Any], caps: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match=f"its cap {next(iter(caps))} is"):
        grant(rig, key["id"], LivePermit(expires_at=FOREVER, caps=caps))
    assert rig.http.get("/api/v1/risk/status").json()["live_permits"] == []
