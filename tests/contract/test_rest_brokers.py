"""Brokers over REST: what there is, how it stands, connect, disconnect and reconcile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from tests.helpers.desktop_rig import status
from workstation.kernel.ids import stable_uid
from workstation.ports.broker import SessionState
from workstation.viewmodels.frames import LatencySnap

BROKERS = "/api/v1/brokers"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def path_of(rig: ApiRig) -> str:
    return f"{BROKERS}/{rig.http.get(BROKERS).json()['brokers'][0]['id']}"


def test_a_broker_with_its_connection_and_account_is_listed_and_read(rig: ApiRig) -> None:
    brokers = rig.http.get(BROKERS).json()
    assert (brokers["total_count"], brokers["has_next"]) == (1, False)
    path = path_of(rig)
    assert rig.http.get(path).json() == brokers["brokers"][0]
    connection = rig.http.get(f"{path}/connections").json()["connections"][0]
    assert (connection["status"], connection["is_paper_trading"]) == ("CONNECTED", True)
    assert rig.http.get(f"{path}/connections/{connection['id']}").json() == connection
    account = rig.http.get(f"{path}/accounts").json()["accounts"][0]
    assert (account["id"], account["account_number"], account["is_paper"]) == (ACCOUNT_UID, "SIM-1", True)
    assert rig.http.get(f"{path}/accounts/{ACCOUNT_UID}").json() == account
    assert rig.http.get(f"{path}/accounts", params={"is_paper": "false"}).json()["accounts"] == []
    assert rig.http.get(BROKERS, params={"fields": "name"}).json()["brokers"] == [{"name": "FAKE"}]
    assert rig.http.get(BROKERS, params={"search": "nothing"}).json()["total_count"] == 0


def test_what_is_not_there_is_not_found(rig: ApiRig) -> None:
    path = path_of(rig)
    for tail in ("", "/status", "/connections", "/accounts"):
        assert code(rig.http.get(f"{BROKERS}/{UNKNOWN}{tail}"), 404) == "NOT_FOUND"
    assert code(rig.http.get(f"{path}/connections/{UNKNOWN}"), 404) == "NOT_FOUND"
    assert code(rig.http.get(f"{path}/accounts/{UNKNOWN}"), 404) == "NOT_FOUND"
    assert code(rig.http.post(f"{path}/accounts/{UNKNOWN}/reconcile"), 404) == "NOT_FOUND"
    assert code(rig.http.get(f"{BROKERS}/abc"), 422) == "VALIDATION_ERROR"


def test_the_status_names_link_agreement_and_what_the_venue_takes(rig: ApiRig) -> None:
    body = rig.http.get(f"{path_of(rig)}/status").json()
    assert (body["status"], body["connections"][0]["reconcile"]) == ("CONNECTED", "OK")
    assert "LIMIT" in body["capabilities"]["order_types"]
    rig.engine.do(rig.core.lock)
    locked = rig.http.get(f"{path_of(rig)}/status").json()["connections"][0]
    assert (locked["reconcile"], locked["last_error"]) != ("OK", None)
    rig.engine.do(lambda: rig.core.broker.session(SessionState.MAINTENANCE))
    assert rig.http.get(f"{path_of(rig)}/status").json()["status"] == "MAINTENANCE"


def test_the_status_tells_how_long_the_venue_takes_once_it_has_taken_an_order(rig: ApiRig) -> None:
    path = f"{path_of(rig)}/status"
    assert rig.http.get(path).json()["connections"][0]["latency_ms"] is None
    taken = LatencySnap(key_to_journal=None, journal_to_sent=None, sent_to_ack=(1_250, 9_000), count=3)
    for box in tuple(rig.rows.boxes):
        box.put_snapshots(status=status(latency=taken))
    assert rig.http.get(path).json()["connections"][0]["latency_ms"] == "1.250"


def test_a_link_is_ended_and_brought_back_once(rig: ApiRig) -> None:
    path = path_of(rig)
    assert rig.http.post(f"{path}/connect").status_code == 200
    assert rig.http.post(f"{path}/disconnect").status_code == 202
    assert rig.http.post(f"{path}/disconnect").status_code == 200
    assert rig.http.get(f"{path}/status").json()["status"] == "DISCONNECTED"
    connection = rig.http.get(f"{path}/connections").json()["connections"][0]["id"]
    assert rig.http.post(f"{path}/connections/{connection}/connect").status_code == 202
    assert rig.http.post(f"{path}/connections/{connection}/disconnect").status_code in (200, 202)


def test_an_account_is_compared_with_its_venue_on_demand(rig: ApiRig) -> None:
    answer = rig.http.post(f"{path_of(rig)}/accounts/{ACCOUNT_UID}/reconcile")
    assert (answer.status_code, answer.json()["success"]) == (202, True)
    assert rig.core.broker.asks
