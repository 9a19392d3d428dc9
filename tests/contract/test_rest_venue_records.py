"""Brokers, connections and accounts kept over REST: made, changed under their version, refused, ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.kernel.ids import stable_uid
from workstation.ports.broker import SessionState

BROKERS = "/api/v1/brokers"
UNKNOWN = stable_uid("nobody", "knows")
ANY = {"If-Match": "*"}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def broker(rig: ApiRig, **fields: Any) -> dict[str, Any]:
    return made(rig.http.post(BROKERS, json={"name": "House", "broker_type": "PAPER", **fields}))


def own(rig: ApiRig) -> str:
    """Return the path of the built-in broker."""
    return next(f"{BROKERS}/{row['id']}" for row in rig.http.get(BROKERS).json()["brokers"] if row["name"] == "FAKE")


class TestBrokers:
    def test_one_is_kept_changed_under_its_version_and_forgotten(self, rig: ApiRig) -> None:
        kept = broker(rig, host="fix.example.com", port=4001, config={"desk": "A"})
        path = f"{BROKERS}/{kept['id']}"
        read = rig.http.get(path)
        assert (read.json(), read.headers["etag"]) == (kept, '"v1"')
        assert code(rig.http.put(path, json={"port": 5}), 428) == "PRECONDITION_REQUIRED"
        changed = rig.http.patch(path, json={"port": 5}, headers={"If-Match": '"v1"'}).json()
        assert changed == {**kept, "port": 5, "updated_at": changed["updated_at"]}
        assert code(rig.http.put(path, json={"port": 6}, headers={"If-Match": '"v1"'}), 412) == "PRECONDITION_FAILED"
        assert rig.http.get(path, headers={"If-None-Match": '"v2"'}).status_code == 304
        assert rig.http.delete(path).status_code == 204
        assert code(rig.http.get(path), 404) == "NOT_FOUND"

    def test_names_are_told_apart_from_each_other_and_from_what_is_built_in(self, rig: ApiRig) -> None:
        first = broker(rig)
        again = rig.http.post(BROKERS, json={"name": "house", "broker_type": "ALPACA"})
        assert (code(again, 409), again.json()["details"]["id"]) == ("DUPLICATE", first["id"])
        assert code(rig.http.post(BROKERS, json={"name": "Fake", "broker_type": "PAPER"}), 409) == "DUPLICATE"

    @pytest.mark.parametrize(
        "fields",
        [
            {"broker_type": "NOBODY"},
            {"port": 0},
            {"timeout_seconds": 601},
            {"config": {"gate": [{"api_key": "k"}]}},
            {"password": "p"},
            {"name": "  "},
        ],
    )
    def test_what_a_broker_may_not_hold_is_refused(self, rig: ApiRig, fields: dict[str, Any]) -> None:
        answer = rig.http.post(BROKERS, json={"name": "House", "broker_type": "PAPER", **fields})
        assert code(answer, 422) == "VALIDATION_ERROR"
        assert rig.http.get(BROKERS).json()["total_count"] == 1

    def test_the_built_in_one_becomes_a_record_when_it_is_changed_and_stays(self, rig: ApiRig) -> None:
        path = own(rig)
        before = rig.http.get(path)
        assert (before.json()["created_at"], before.headers["etag"]) == (None, '"v1"')
        changed = rig.http.put(path, json={"display_name": "Mine"}, headers={"If-Match": '"v1"'}).json()
        assert (changed["name"], changed["display_name"]) == ("FAKE", "Mine")
        assert rig.http.get(path).json()["display_name"] == "Mine"
        refused = rig.http.delete(path)
        assert (code(refused, 409), "this program" in refused.json()["detail"]) == ("IN_USE", True)
        assert rig.http.get(BROKERS).json()["total_count"] == 1

    def test_one_that_nothing_here_reaches_says_so(self, rig: ApiRig) -> None:
        path = f"{BROKERS}/{broker(rig, broker_type='ALPACA')['id']}"
        assert rig.http.get(f"{path}/status").json()["status"] == "DISCONNECTED"
        answer = rig.http.post(f"{path}/connect")
        assert (code(answer, 409), "none is active" in answer.json()["detail"]) == ("STATE_CONFLICT", True)


class TestEmptyTexts:
    def test_what_nobody_gave_is_null_and_null_takes_it_away_again(self, rig: ApiRig) -> None:
        kept = broker(rig, host="fix.example.com", website=None)
        assert [kept[name] for name in ("display_name", "description", "website", "api_version")] == [None] * 4
        path = f"{BROKERS}/{kept['id']}"
        assert rig.http.put(path, json={"host": None}, headers=ANY).json()["host"] is None
        line = made(rig.http.post(f"{path}/connections", json={"name": "day", "connection_type": "FIX"}))
        assert [line[name] for name in ("description", "host", "username")] == [None] * 3
        at = f"{path}/connections/{line['id']}"
        assert rig.http.put(at, json={"username": "u"}, headers=ANY).json()["username"] == "u"
        assert rig.http.put(at, json={"username": None}, headers=ANY).json()["username"] is None
        body = {"account_number": "A-1", "account_type": "INDIVIDUAL", "account_name": "Ours"}
        account = made(rig.http.post(f"{path}/accounts", json=body))
        at = f"{path}/accounts/{account['id']}"
        assert rig.http.put(at, json={"account_name": None}, headers=ANY).json()["account_name"] is None
        assert code(rig.http.put(at, json={"account_type": None}, headers=ANY), 422) == "VALIDATION_ERROR"


class TestConnections:
    def test_credentials_are_written_and_never_read_back(self, rig: ApiRig) -> None:
        path = f"{BROKERS}/{broker(rig)['id']}/connections"
        asked = {"name": "day", "connection_type": "FIX", "credentials": {"password": "hush-hush"}}
        kept = made(rig.http.post(path, json=asked))
        assert (kept["has_credentials"], kept["status"]) == (True, "DISCONNECTED")
        changed = rig.http.put(f"{path}/{kept['id']}", json={"credentials": {}}, headers=ANY)
        assert changed.json()["has_credentials"] is False
        rows = str([line.payload for line in rig.core.journal.replay(0)])
        assert "hush" not in kept.__repr__() + rows

    def test_one_that_leads_to_this_venue_shares_its_session_and_its_log(self, rig: ApiRig) -> None:
        path = f"{BROKERS}/{broker(rig)['id']}/connections"
        kept = made(rig.http.post(path, json={"name": "day", "connection_type": "SIM"}))
        address = f"{path}/{kept['id']}"
        assert rig.http.get(address).json()["status"] == "CONNECTED"
        assert code(rig.http.delete(address), 409) == "IN_USE"
        rig.core.clock.advance(10**9)
        rig.engine.do(lambda: rig.core.broker.session(SessionState.DOWN, "line lost, token=hush"))
        rig.core.clock.advance(25 * 10**8)
        rig.engine.do(lambda: rig.core.broker.session(SessionState.UP))
        known = rig.http.get(address).json()
        link = rig.http.get(f"{path.removesuffix('/connections')}/status").json()["connections"][0]
        assert None not in (link["last_connected"], link["last_disconnected"])
        assert all(link[name] == known[name] for name in ("last_connected", "last_disconnected"))
        rows = rig.http.get(f"{address}/logs").json()
        assert [row["event_type"] for row in rows["logs"]][:2] == ["RECONNECT", "DISCONNECT"]
        known = [(row["metadata"], row["error_details"]) for row in rows["logs"]][:2]
        assert known == [
            ({"venue": "FAKE", "state": "UP", "lasted_ms": 2_500}, None),
            (
                {"venue": "FAKE", "state": "DOWN", "lasted_ms": 1_000},
                {"state": "DOWN", "reason": "line lost, token=[redacted]"},
            ),
        ]
        warned = rig.http.get(f"{address}/logs", params={"level": "WARNING", "fields": "event_type"}).json()
        assert warned["logs"] == [{"event_type": "DISCONNECT"}]
        read = rig.http.get(address).json()
        assert read["last_connected"] >= read["last_disconnected"]
        assert rig.http.post(f"{address}/disconnect").status_code == 202
        assert rig.http.delete(address).status_code == 204

    def test_a_log_is_walked_by_cursor(self, rig: ApiRig) -> None:
        path = f"{own(rig)}/connections"
        connection = rig.http.get(path).json()["connections"][0]["id"]
        for state in (SessionState.DOWN, SessionState.UP, SessionState.DOWN, SessionState.UP):
            rig.engine.do(lambda state=state: rig.core.broker.session(state))
        seen, cursor = [], None
        while True:
            params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = rig.http.get(f"{path}/{connection}/logs", params=params).json()
            seen += [row["id"] for row in page["logs"]]
            cursor = page["next_cursor"]
            if not page["has_next"]:
                break
        assert len(seen) == len(set(seen)) >= 5

    def test_a_name_is_free_again_only_at_another_broker(self, rig: ApiRig) -> None:
        path = f"{own(rig)}/connections"
        assert code(rig.http.post(path, json={"name": "fake", "connection_type": "FIX"}), 409) == "DUPLICATE"
        assert code(
            rig.http.post(f"{BROKERS}/{UNKNOWN}/connections", json={"name": "x", "connection_type": "FIX"}), 404
        )
        other = f"{BROKERS}/{broker(rig)['id']}/connections"
        made(rig.http.post(other, json={"name": "fake", "connection_type": "FIX"}))


class TestAccounts:
    def test_one_behind_no_adapter_is_kept_and_trades_nowhere(self, rig: ApiRig) -> None:
        path = f"{BROKERS}/{broker(rig, broker_type='ALPACA')['id']}"
        kept = made(rig.http.post(f"{path}/accounts", json={"account_number": "A-1", "account_type": "JOINT"}))
        assert [row["name"] for row in rig.http.get(f"{path}/connections").json()["connections"]] == ["default"]
        assert (kept["balance"], kept["trading_locked"], kept["status"]) == (None, None, "ACTIVE")
        order = rig.http.post("/api/v1/oms/orders", json=rig.order(broker_account_id=kept["id"]))
        assert code(order, 422) == "ACCOUNT_NOT_TRADABLE"
        unknown = rig.order(broker_account_id=kept["id"], instrument_symbol="NOPE")
        assert code(rig.http.post("/api/v1/oms/orders", json=unknown), 404) == "NOT_FOUND"
        assert code(rig.http.post(f"{path}/accounts/{kept['id']}/reconcile"), 409) == "STATE_CONFLICT"
        assert rig.http.get(f"{path}/accounts", params={"account_type": "IRA"}).json()["total_count"] == 0

    def test_a_suspended_one_takes_no_entries_until_it_is_active_again(self, rig: ApiRig) -> None:
        path = f"{own(rig)}/accounts/{ACCOUNT_UID}"
        changed = rig.http.put(path, json={"status": "SUSPENDED"}, headers={"If-Match": '"v1"'})
        assert changed.json()["status"] == "SUSPENDED"
        refused = rig.http.post("/api/v1/oms/orders", json=rig.order())
        assert (code(refused, 422), "SUSPENDED" in refused.json()["detail"]) == ("ACCOUNT_NOT_TRADABLE", True)
        rig.http.put(path, json={"status": "ACTIVE"}, headers=ANY)
        assert rig.http.post("/api/v1/oms/orders", json=rig.order()).status_code == 201

    def test_a_flag_and_a_leverage_are_the_gates_at_once(self, rig: ApiRig) -> None:
        path = f"{own(rig)}/accounts/{ACCOUNT_UID}"
        rig.http.put(path, json={"can_trade_stocks": False}, headers=ANY)
        refused = rig.http.post("/api/v1/oms/orders", json=rig.order())
        assert code(refused, 422) == "COMPLIANCE_BLOCKED"
        rig.http.put(path, json={"can_trade_stocks": True, "max_leverage": "2"}, headers=ANY)
        [account] = rig.engine.do(lambda: list(rig.core.state.accounts.values()))
        assert account.margin_rate_bps == 5_000
        assert code(rig.http.put(path, json={"max_leverage": "0.5"}, headers=ANY), 422) == "VALIDATION_ERROR"
        assert code(rig.http.put(path, json={"base_currency": "EUR"}, headers=ANY), 422) == "VALIDATION_ERROR"

    def test_one_is_chosen_among_several_connections_and_its_number_stays_its_own(self, rig: ApiRig) -> None:
        path = f"{BROKERS}/{broker(rig)['id']}"
        links = [
            made(rig.http.post(f"{path}/connections", json={"name": name, "connection_type": kind}))["id"]
            for name, kind in (("day", "SIM"), ("night", "FIX"))
        ]
        asked = {"account_number": "P-1", "account_type": "INDIVIDUAL"}
        unsaid = rig.http.post(f"{path}/accounts", json=asked)
        assert (code(unsaid, 422), "several" in unsaid.text) == ("VALIDATION_ERROR", True)
        kept = made(rig.http.post(f"{path}/accounts", json={**asked, "broker_connection_id": links[0]}))
        assert (kept["broker_connection_id"], kept["is_paper"]) == (links[0], True)
        foreign = rig.http.post(f"{own(rig)}/accounts", json=asked)
        assert (code(foreign, 409), foreign.json()["details"]["id"]) == ("DUPLICATE", kept["id"])
        wrong = rig.http.post(
            f"{path}/accounts",
            json={**asked, "account_number": "P-2", "base_currency": "XXX", "broker_connection_id": links[0]},
        )
        assert (code(wrong, 422), "USD" in wrong.text) == ("VALIDATION_ERROR", True)

    def test_a_closed_one_is_known_and_takes_no_orders(self, rig: ApiRig) -> None:
        path = f"{own(rig)}/accounts"
        kept = made(rig.http.post(path, json={"account_number": "P-1", "account_type": "INDIVIDUAL"}))
        assert rig.http.delete(f"{path}/{kept['id']}").status_code == 204
        assert code(rig.http.get(f"{path}/{kept['id']}"), 404) == "NOT_FOUND"
        refused = rig.http.post("/api/v1/oms/orders", json=rig.order(broker_account_id=kept["id"]))
        assert (code(refused, 422), "closed" in refused.json()["detail"]) == ("ACCOUNT_NOT_TRADABLE", True)
        again = rig.http.post(path, json={"account_number": "P-1", "account_type": "INDIVIDUAL"})
        assert code(again, 409) == "DUPLICATE"

    def test_one_that_trades_is_not_closed(self, rig: ApiRig) -> None:
        path = f"{own(rig)}/accounts/{ACCOUNT_UID}"
        rig.place()
        assert code(rig.http.delete(path), 409) == "IN_USE"


def test_a_repeated_key_makes_one_account(rig: ApiRig) -> None:
    headers = {"Idempotency-Key": "open-1"}
    asked = {"account_number": "P-1", "account_type": "INDIVIDUAL"}
    path = f"{own(rig)}/accounts"
    first, second = (rig.http.post(path, json=asked, headers=headers) for _ in range(2))
    assert made(first)["id"] == second.json()["id"]
    assert second.headers.get("idempotency-replayed") == "true"


@pytest.mark.parametrize("key", ["desk_viewer"])
def test_who_may_only_look_changes_nothing(rig: ApiRig, key: str) -> None:
    made_key = made(rig.http.post("/api/v1/auth/api-keys", json={"name": key, "scopes": ["brokers:view"]}))
    with rig.client(**{"X-API-Key": made_key["key"]}) as looking:
        assert looking.get(BROKERS).status_code == 200
        assert code(looking.post(BROKERS, json={"name": "n", "broker_type": "PAPER"}), 403) == "PERMISSION_DENIED"
