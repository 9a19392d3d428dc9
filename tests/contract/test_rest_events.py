"""Events over REST: a list that walks both ways, and a stream that resumes without a gap and ends when asked."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from tests.helpers.sse import Frames, opened
from workstation.api import envelopes, record_events
from workstation.api.event_types import EVENT_TYPES
from workstation.domain.orders import OrdStatus
from workstation.ports.broker import SessionState

EVENTS = "/api/v1/events"
STREAM = "/api/v1/events/stream"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def event_of(stream: Frames) -> dict[str, Any]:
    """Return the next event's envelope, passing over what is none; {} at the end."""
    while True:
        frame = stream.frame()
        if not frame or "data" in frame:
            return json.loads(frame["data"]) | {"event": frame["event"]} if frame else {}


def streaming(rig: ApiRig, query: str = "", **headers: str) -> AbstractContextManager[Frames]:
    """Open the stream of events."""
    return opened(rig, f"{STREAM}?{query}", **headers)


def listed(rig: ApiRig, **query: Any) -> list[dict[str, Any]]:
    """Return all events, oldest first unless asked otherwise."""
    return list(rig.http.get(EVENTS, params={"ordering": "sequence", "limit": 500, **query}).json()["events"])


def test_a_trace_goes_to_the_events_and_the_history_that_its_call_causes(rig: ApiRig) -> None:
    def sent(letter: str) -> dict[str, str]:
        return {"traceparent": f"00-{letter * 32}-{'0' * 15}1-01"}

    def shown() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        rows = rig.http.get(f"{path}/history").json()["transitions"]
        events = listed(rig, types=["order.*", "execution.created", "position.updated"])
        return [(row["trigger"], row["trace_id"]) for row in rows], [(row["type"], row["traceid"]) for row in events]

    order = rig.http.post("/api/v1/oms/orders", json=rig.order(), headers=sent("a")).json()
    path = f"/api/v1/oms/orders/{order['id']}"
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    rig.fill(order, 40)
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    assert rig.http.post(f"{path}/cancel", json={}, headers=sent("b")).is_success
    history, events = shown()
    assert {trace for trigger, trace in history if trigger not in ("request_cancel", "cancel")} == {"a" * 32}
    assert {trace for trigger, trace in history if trigger in ("request_cancel", "cancel")} == {"b" * 32}
    assert ("execution.created", "a" * 32) in events
    assert ("position.updated", "a" * 32) in events
    assert ("order.created", "a" * 32) in events
    assert ("order.pending_cancel", "b" * 32) in events


def test_a_trace_goes_to_records_limits_kill_switches_and_what_these_end(rig: ApiRig) -> None:
    def called(letter: str, method: str, path: str, body: dict[str, Any]) -> None:
        headers = {"traceparent": f"00-{letter * 32}-{'0' * 15}1-01", "If-Match": "*"}
        answer = rig.http.request(method, f"/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text

    order, waiting = rig.place(), rig.place(instrument_symbol="XYZ")
    leg = rig.order(instrument_symbol="XYZ", side="SELL", price="120.00", parent_order_id=waiting["id"])
    resting = rig.http.post("/api/v1/oms/orders", json=leg | {"leg_role": "TAKE_PROFIT"}).json()
    assert resting["state"] == "NEW", resting
    limit = rig.http.get("/api/v1/risk/limits", params={"limit_type": "OPEN_ORDERS"}).json()["limits"][0]["id"]
    called("1", "POST", "/auth/api-keys", {"name": "k", "scopes": ["orders:view"]})
    called("2", "PUT", f"/risk/limits/{limit}", {"limit_value": "50", "reason": "few"})
    by_name = {"limit": "ORDER_NOTIONAL", "value": "70000", "reason": "by name", "scope": "TENANT"}
    called("3", "POST", "/commands/risk.limit", {"parameters": by_name})
    called("4", "POST", "/risk/kill-switch", {"reason": "enough"})
    called("5", "POST", "/risk/kill-switch/release", {"reason": "calm"})
    told = {(event["type"], event["traceid"]) for event in listed(rig)}
    wanted = {"auth.api_key.created": "1", "risk.limit.changed": "2"}
    wanted |= {
        "risk.kill_switch.on": "4",
        "order.pending_cancel": "4",
        "order.cancelled": "4",
        "risk.kill_switch.off": "5",
    }
    assert {(kind, letter * 32) for kind, letter in wanted.items()} <= told, sorted(told, key=str)
    assert ("risk.limit.changed", "3" * 32) in told
    for ended, trigger in ((order, "request_cancel"), (resting, "cancel")):
        rows = rig.http.get(f"/api/v1/oms/orders/{ended['id']}/history").json()["transitions"]
        assert [row["trace_id"] for row in rows if row["trigger"] == trigger] == ["4" * 32]
    entries = rig.http.get("/api/v1/audit", params={"limit": 500}).json()["entries"]
    assert {letter * 32 for letter in "12345"} <= {entry["trace_id"] for entry in entries}


def test_a_fill_shows_as_execution_then_order_then_position(rig: ApiRig) -> None:
    order = rig.place()
    rig.fill(order, 40)
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    rig.fill(order, 60)
    events = listed(rig, types=["order.*", "execution.created", "position.updated"])
    assert [event["type"] for event in events] == [
        "order.created",
        "order.pending_submit",
        "order.submitted",
        "execution.created",
        "order.partially_filled",
        "position.updated",
        "execution.created",
        "order.filled",
        "position.updated",
    ]
    ids = [event["sequence"] for event in events]
    assert ids == sorted(set(ids))
    assert all(event["id"] == str(event["sequence"]) for event in events)
    assert events[7]["data"]["id"] == order["id"]
    assert "filled_quantity" in events[7]["data"]["changed"]
    assert rig.http.get(f"{EVENTS}/{events[7]['id']}").json() == events[7]


def test_the_event_list_filters_counts_and_walks(rig: ApiRig) -> None:
    order = rig.place()
    rig.place(instrument_symbol="XYZ")
    everything = listed(rig)
    newest_first = rig.http.get(EVENTS, params={"limit": 500}).json()
    assert newest_first["events"] == everything[::-1]
    assert newest_first["total_count"] == len(everything)
    of_order = listed(rig, resource_type="order", resource_id=order["id"])
    assert {event["subject"] for event in of_order} == {f"order/{order['id']}"}
    middle = everything[len(everything) // 2]["id"]
    assert listed(rig, since_id=middle) + listed(rig, until_id=middle) == [
        event for event in everything if int(event["id"]) > int(middle)
    ] + [event for event in everything if int(event["id"]) <= int(middle)]
    for ordering, wanted in (("sequence", everything), ("-sequence", everything[::-1])):
        seen: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = rig.http.get(EVENTS, params={"limit": 3, "ordering": ordering, **cursor}).json()
            seen += page["events"]
            if not page["has_next"]:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == wanted


def test_event_ids_that_are_none_are_refused(rig: ApiRig) -> None:
    for path in (f"{EVENTS}/abc", f"{EVENTS}?since_id=-1", f"{STREAM}?since_id=x", f"{STREAM}?since_id=1.5"):
        answer = rig.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_EVENT_ID")
    assert rig.http.get(f"{EVENTS}/99999999").status_code == 404
    assert rig.http.get(f"{STREAM}?types=Order").status_code == 422


def test_a_stream_shows_what_happens_from_now_on(rig: ApiRig) -> None:
    rig.place()
    with streaming(rig) as stream:
        order = rig.place()
        event = event_of(stream)
        assert (event["type"], event["event"], event["data"]["id"]) == ("order.created", "order.created", order["id"])
        assert event["specversion"] == "1.0"


def test_a_stream_resumes_after_an_id_without_gap_or_repeat(rig: ApiRig) -> None:
    rig.place()
    before = listed(rig)
    middle = before[3]["id"]
    for query, headers in ((f"since_id={middle}", {}), ("since_id=0", {"Last-Event-ID": middle})):
        with streaming(rig, query, **headers) as stream:
            seen = [event_of(stream) for _ in before[4:]]
            assert [event["id"] for event in seen] == [event["id"] for event in before[4:]]
            order = rig.place()
            assert event_of(stream)["data"]["id"] == order["id"]
            before = listed(rig)


def test_a_stream_ends_at_the_id_that_was_asked_for(rig: ApiRig) -> None:
    rig.place()
    events = listed(rig)
    last = events[-1]["id"]
    with streaming(rig, f"since_id=0&until_id={last}") as stream:
        assert [event_of(stream)["id"] for _ in events] == [event["id"] for event in events]
        assert stream.frame() == {}
    assert rig.http.get(f"{STREAM}?since_id={last}&until_id={last}").status_code == 204


def test_filters_of_a_stream_leave_everything_else_out(rig: ApiRig) -> None:
    query = f"types=order.created&types=execution.*&instrument_symbol=xyz&broker_account_id={ACCOUNT_UID}"
    with streaming(rig, query) as stream:
        rig.place()
        order = rig.place(instrument_symbol="XYZ")
        assert event_of(stream)["data"]["id"] == order["id"]


def test_an_id_out_of_range_gives_one_reset_and_then_what_happens(rig: ApiRig) -> None:
    rig.place()
    with streaming(rig, "since_id=999999999") as stream:
        frame = stream.frame()
        assert frame["event"] == "reset"
        about = json.loads(frame["data"])
        assert about["reason"] == "out_of_range"
        order = rig.place()
        assert event_of(stream)["data"]["id"] == order["id"]
    rig.reader.oldest = 5
    with streaming(rig, "since_id=8") as stream:
        assert stream.frame()["event"] == "reset"


def test_streams_over_the_quota_are_refused_and_count_no_more_when_closed(rig: ApiRig) -> None:
    services = rig.server._services
    assert services is not None
    credential = ""
    with streaming(rig):
        credential = next(iter(services.feed._streams))
        services.feed._streams[credential] = 50
        answer = rig.http.get(STREAM)
        assert (answer.status_code, answer.json()["code"]) == (429, "QUOTA_EXCEEDED")
        assert answer.json()["details"] == {"limit": 50, "current": 50}
        services.feed._streams[credential] = 1


def test_a_stop_ends_open_streams(rig: ApiRig) -> None:
    with streaming(rig) as stream:
        rig.server.stop()
        assert stream.frame() == {}


def test_each_kind_of_happening_has_the_type_of_the_contract(rig: ApiRig) -> None:
    def types(**query: Any) -> list[str]:
        return [event["type"] for event in listed(rig, **query)]

    broker, session = rig.core.broker, rig.core.broker.session
    for state in (SessionState.DOWN, SessionState.UP, SessionState.DEGRADED):
        rig.engine.do(lambda state=state: session(state, "cable"))
    links = [name for name in types(resource_type="broker") if name.startswith("broker.")]
    assert links[-3:] == ["broker.disconnected", "broker.reconnected", "broker.error"]
    assert "broker.connected" in links[:-3]
    rig.engine.do(lambda: session(SessionState.UP))
    rig.engine.do(rig.core.unlock)

    rule = {"name": "no", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["XYZ"]}}
    assert rig.http.post("/api/v1/compliance/rules", json=rule).status_code == 201
    blocked = rig.http.post("/api/v1/oms/orders", json=rig.order(instrument_symbol="XYZ")).json()
    tight = rig.http.get("/api/v1/risk/limits", params={"limit_type": "ORDER_NOTIONAL"}).json()["limits"][0]["id"]
    body, headers = {"limit_value": "5000", "reason": "few"}, {"If-Match": "*"}
    assert rig.http.put(f"/api/v1/risk/limits/{tight}", json=body, headers=headers).is_success
    breached = rig.http.post("/api/v1/oms/orders", json=rig.order()).json()
    for refused, kind, state in (
        (blocked, "compliance.blocked", "order.compliance_rejected"),
        (breached, "risk.breached", "order.risk_rejected"),
    ):
        order = refused["details"]["order_id"]
        assert types(resource_id=order) == ["order.created", state]
        (told,) = (event for event in listed(rig, types=[kind]) if event["data"]["order_id"] == order)
        assert told["data"]["message"] == refused["detail"]

    order = rig.place(quantity="10")
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    rig.http.put(f"/api/v1/oms/orders/{order['id']}", json={"notes": "mine"}, headers=headers)
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    rig.fill(order, 10)
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    rig.engine.do(lambda: broker.fill(order["client_order_id"], 1, 10_000))
    assert types(resource_id=order["id"])[-3:] == ["order.updated", "order.filled", "order.late_fill"]
    assert {"account.updated", "execution.created", "position.updated", "risk.limit.changed"} <= set(types())


@pytest.mark.parametrize("path", [EVENTS, STREAM])
def test_a_type_that_no_event_can_have_is_refused_with_those_that_there_are(rig: ApiRig, path: str) -> None:
    for wrong in ("nonsense", "order.nonsense", "orders.*", "order.filledx"):
        answer = rig.http.get(path, params={"types": ["order.*", wrong], "since_id": "0", "until_id": "1"})
        assert answer.status_code == 422, wrong
        (field,) = answer.json()["details"]["fields"]
        assert (field["field"], field["location"]) == ("types", "query")
        assert repr(wrong) in field["message"]
        assert field["allowed"] == list(EVENT_TYPES)


def test_every_type_that_the_program_can_tell_of_may_be_asked_for() -> None:
    said = set()
    for module in (envelopes, record_events):
        tree = ast.parse(inspect.getsource(module))
        said |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    named = {text for text in said if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", text)}
    prefixes = {"marketdata.subscription", "auth.api_key", "risk.override", "strategy.run"}
    assert prefixes < named
    assert named - prefixes <= set(EVENT_TYPES)
    statuses = {f"order.{status.lower()}" for status in OrdStatus if status is not OrdStatus.NEW}
    runs = {f"strategy.run.{word}" for word in ("started", "resumed", "paused", "stopped", "completed", "error")}
    subscriptions = {f"marketdata.subscription.{word}" for word in ("created", "changed", "paused", "cancelled")}
    assert statuses | runs | subscriptions <= set(EVENT_TYPES)
    assert {"strategy.created", "auth.api_key.deleted", "risk.override.used", "alert.fired"} <= set(EVENT_TYPES)
