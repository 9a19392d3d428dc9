"""Reports over REST: rows that are the resources', totals that are their exact sums, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.domain.numbers import MONEY_ONE
from workstation.kernel.ids import stable_uid

REPORTS = "/api/v1/reports"
NAMES = ("blotter", "fills", "positions", "pnl", "commissions", "risk")
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def trade(rig: ApiRig) -> None:
    for number, symbol in enumerate(("ABC", "XYZ", "ABC")):
        order = rig.place(instrument_symbol=symbol, notes="=1+1" if number == 0 else "plain")
        fee = MONEY_ONE * (number + 1) // 3
        rig.engine.do(lambda order=order, fee=fee: rig.core.broker.fill(order["client_order_id"], 100, 10_000, fee=fee))


def report(rig: ApiRig, name: str, **query: Any) -> dict[str, Any]:
    answer = rig.http.get(f"{REPORTS}/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def column(body: dict[str, Any], name: str) -> list[Any]:
    place = [entry["name"] for entry in body["columns"]].index(name)
    return [row[place] for row in body["rows"]]


def test_every_report_is_listed_with_the_columns_that_it_has(rig: ApiRig) -> None:
    listed = rig.http.get(REPORTS).json()
    assert [entry["name"] for entry in listed["reports"]] == sorted(NAMES)
    for entry in listed["reports"]:
        assert report(rig, entry["name"])["columns"] == entry["columns"]


@pytest.mark.parametrize("name", NAMES)
def test_totals_are_the_sums_of_the_rows_as_shown(rig: ApiRig, name: str) -> None:
    trade(rig)
    rig.http.post("/api/v1/oms/pnl/snapshot", json={"broker_account_id": ACCOUNT_UID})
    body = report(rig, name)
    assert body["rows"]
    for total, text in body["totals"].items():
        assert Decimal(text) == sum(Decimal(str(cell)) for cell in column(body, total) if cell is not None)


def test_rows_are_those_of_the_resources(rig: ApiRig) -> None:
    trade(rig)
    fills = rig.http.get("/api/v1/oms/executions", params={"ordering": "executed_at"}).json()["executions"]
    body = report(rig, "fills")
    assert column(body, "id") == [fill["id"] for fill in fills]
    assert Decimal(body["totals"]["commission"]) == sum(Decimal(fill["commission"]) for fill in fills)
    commissions = report(rig, "commissions")
    assert column(commissions, "instrument_symbol") == ["ABC", "XYZ"]
    assert commissions["totals"] == {"executions": "3", "commission": body["totals"]["commission"]}
    orders = rig.http.get("/api/v1/oms/orders", params={"ordering": "created_at"}).json()["orders"]
    assert column(report(rig, "blotter"), "id") == [order["id"] for order in orders]


def test_a_report_covers_a_day_of_its_zone_or_a_span(rig: ApiRig) -> None:
    trade(rig)
    assert len(report(rig, "fills", date="2025-10-09")["rows"]) == 3
    assert report(rig, "fills", date="2025-10-09", timezone="Asia/Tokyo")["parameters"]["start"].startswith(
        "2025-10-08T15"
    )
    assert report(rig, "fills", date="2025-10-08")["rows"] == []
    assert report(rig, "fills", start_date="2025-10-09T08:00:00Z", end_date="2025-10-09")["rows"]
    assert report(rig, "fills", broker_account_id=UNKNOWN)["rows"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"format": "xml"},
        {"date": "2025-02-30"},
        {"timezone": "Mars/Base"},
        {"date": "2025-10-09", "start_date": "2025-10-09"},
        {"start_date": "2025-10-10", "end_date": "2025-10-01"},
        {"colour": "red"},
    ],
)
def test_a_wrong_parameter_is_refused(rig: ApiRig, query: dict[str, str]) -> None:
    assert rig.http.get(f"{REPORTS}/fills", params=query).status_code == 422
    assert rig.http.get(f"{REPORTS}/nothing").status_code == 404


def test_a_file_has_the_same_rows_and_no_formulas(rig: ApiRig) -> None:
    trade(rig)
    answer = rig.http.get(f"{REPORTS}/blotter", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="blotter.csv"'
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    body = report(rig, "blotter")
    assert rows[0] == [entry["name"] for entry in body["columns"]]
    assert [row[1] for row in rows[1:]] == column(body, "id")
    assert [row[-1] for row in rows[1:]] == ["'=1+1", "plain", "plain"]
    assert answer.text.endswith("\r\n")


def test_refusals_limits_and_switches_stand_in_the_risk_report(rig: ApiRig) -> None:
    change = {"parameters": {"limit": "ORDER_NOTIONAL", "value": "5000", "reason": "few", "scope": "TENANT"}}
    rig.http.post("/api/v1/commands/risk.limit", json=change)
    refused = rig.http.post("/api/v1/oms/orders", json=rig.order()).json()["details"]["order_id"]
    rig.http.post("/api/v1/risk/kill-switch", json={"reason": "stop"})
    body = report(rig, "risk")
    kinds = column(body, "kind")
    assert (kinds.count("LIMIT"), kinds.count("KILL_SWITCH"), kinds.count("BREACH")) == (9, 1, 1)
    assert refused in column(body, "id")
    assert "few" in column(body, "reason")
