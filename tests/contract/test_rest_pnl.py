"""P&L over REST: today's figures, snapshots that are kept, past days from executions, and exact sums."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.options import ApiOptions
from workstation.domain.events import TradingDayRolled
from workstation.kernel.ids import stable_uid

PNL = "/api/v1/oms/pnl"
UNKNOWN = stable_uid("nobody", "knows")
DAY_NS = 86_400 * 1_000_000_000
TODAY = "2025-10-09"
TOMORROW = "2025-10-10"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as made:
        made.engine.do(lambda: roll(made, TODAY))
        yield made


def roll(rig: ApiRig, day: str) -> None:
    rig.core.record(TradingDayRolled(account="SIM-1", day=day, ts=rig.core.now))


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def take(rig: ApiRig, **body: Any) -> Any:
    return rig.http.post(f"{PNL}/snapshot", json={"broker_account_id": ACCOUNT_UID, **body})


def trade(rig: ApiRig) -> None:
    """Buy 100 at 100.00, sell 40 at 101.50: 60 stay, 60.00 are made."""
    rig.fill(rig.place(quantity="100"), 100, 10_000)
    rig.fill(rig.place(side="SELL", quantity="40", price="101.50"), 40, 10_150)


def test_today_is_figured_from_the_live_books_and_kept_by_nobody(rig: ApiRig) -> None:
    trade(rig)
    rig.engine.do(lambda: rig.engine.pnl.mark("ABC", 10_200, rig.core.now))
    body = rig.http.get(f"{PNL}/today", params={"broker_account_id": ACCOUNT_UID}).json()
    assert (body["id"], body["snapshot_date"]) == (None, TODAY)
    assert (body["total_realized_pnl"], body["total_unrealized_pnl"]) == ("60.00", "120.00")
    fees = float(body["total_commission"])
    assert float(body["net_pnl"]) == pytest.approx(180 - fees)
    assert (body["total_market_value"], body["total_cost_basis"]) == ("6120.00", "6000.00")
    assert (body["total_positions"], body["long_positions"], body["short_positions"]) == (1, 1, 0)
    position = body["positions_snapshot"]["positions"][0]
    assert (position["instrument_symbol"], position["quantity"], position["market_value"]) == ("ABC", "60", "6120.00")
    assert rig.http.get(PNL).json()["total_count"] == 0


def test_a_position_without_a_price_is_left_out_and_named(rig: ApiRig) -> None:
    rig.fill(rig.place(), 100)
    body = rig.http.get(f"{PNL}/today", params={"broker_account_id": ACCOUNT_UID}).json()
    assert body["positions_snapshot"]["positions"][0]["market_value"] is None
    assert (body["total_market_value"], body["total_unrealized_pnl"]) == ("0.00", "0.00")


def test_the_first_snapshot_of_a_day_is_created_and_a_later_one_renews_it(rig: ApiRig) -> None:
    first = take(rig, metadata={"why": ["close"]})
    assert first.status_code == 201
    assert first.headers["etag"] == '"v1"'
    assert first.json()["metadata"] == {"why": ["close"]}
    trade(rig)
    again = take(rig)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert (again.json()["total_realized_pnl"], again.json()["metadata"]) == ("60.00", {"why": ["close"]})
    read = rig.http.get(f"{PNL}/{first.json()['id']}")
    assert (read.json(), read.headers["etag"]) == (again.json(), again.headers["etag"])
    assert rig.http.get(PNL).json()["snapshots"] == [again.json()]


def test_a_past_day_is_made_from_its_executions_once(rig: ApiRig) -> None:
    trade(rig)
    rig.ahead[0] = DAY_NS
    rig.engine.do(lambda: roll(rig, TOMORROW))
    rig.engine.do(lambda: rig.core.clock.advance(DAY_NS))
    rig.fill(rig.place(side="SELL", quantity="60", price="99.00"), 60, 9_900)
    past = take(rig, snapshot_date=TODAY)
    assert past.status_code == 201
    body = past.json()
    assert (body["total_realized_pnl"], body["total_unrealized_pnl"]) == ("60.00", "90.00")
    assert (body["total_positions"], body["total_market_value"]) == (1, "6090.00")
    assert code(take(rig, snapshot_date=TODAY), 409) == "STATE_CONFLICT"
    before = take(rig, snapshot_date="2025-10-01").json()
    assert (before["total_positions"], before["net_pnl"]) == (0, "0.00")
    now = take(rig).json()
    assert (now["snapshot_date"], now["total_realized_pnl"], now["total_positions"]) == (TOMORROW, "-60.00", 0)
    listed = rig.http.get(PNL).json()["snapshots"]
    assert [row["snapshot_date"] for row in listed] == [TOMORROW, TODAY, "2025-10-01"]
    by_net = rig.http.get(PNL, params={"ordering": "net_pnl"}).json()["snapshots"]
    assert [row["id"] for row in by_net] == [now["id"], before["id"], body["id"]]
    within = rig.http.get(PNL, params={"start_date": TODAY, "end_date": TODAY}).json()
    assert [row["id"] for row in within["snapshots"]] == [body["id"]]


def test_a_day_that_cannot_be_is_refused(rig: ApiRig) -> None:
    assert code(take(rig, snapshot_date=TOMORROW), 422) == "VALIDATION_ERROR"
    assert code(take(rig, snapshot_date="2025-02-30"), 422) == "VALIDATION_ERROR"
    assert code(take(rig, broker_account_id=UNKNOWN), 404) == "NOT_FOUND"
    assert code(rig.http.get(f"{PNL}/today"), 422) == "VALIDATION_ERROR"
    assert code(rig.http.get(f"{PNL}/{UNKNOWN}"), 404) == "NOT_FOUND"
    assert code(rig.http.get(f"{PNL}/abc"), 422) == "VALIDATION_ERROR"
    reversed_days = {"start_date": TOMORROW, "end_date": TODAY}
    assert code(rig.http.get(PNL, params=reversed_days), 422) == "VALIDATION_ERROR"
    assert rig.http.get(PNL, params={"broker_account_id": UNKNOWN}).json()["snapshots"] == []


def test_a_keyed_snapshot_is_repeated_as_answered(rig: ApiRig) -> None:
    headers = {"Idempotency-Key": "k"}
    body = {"broker_account_id": ACCOUNT_UID}
    first = rig.http.post(f"{PNL}/snapshot", json=body, headers=headers)
    rig.restart_api()
    again = rig.http.post(f"{PNL}/snapshot", json=body, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"


def test_a_snapshot_is_told_of(rig: ApiRig) -> None:
    taken = take(rig).json()
    events = rig.http.get("/api/v1/events", params={"types": "pnl.*"}).json()["events"]
    assert [(event["type"], event["data"]["id"]) for event in events] == [("pnl.snapshot.created", taken["id"])]
