"""The system's own figures over REST: health part by part, versions, what runs, and metrics without names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served

SYSTEM = "/api/v1/system"
SAMPLE = re.compile(r'workstation_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+')


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        made.place()
        yield made


def get(rig: ApiRig, path: str) -> Any:
    return rig.http.get(f"{SYSTEM}{path}")


def test_versions_are_the_same_on_both_paths(rig: ApiRig) -> None:
    assert get(rig, "/version").json() == rig.http.get("/api/v1/version").json()


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_health_names_each_part_and_what_fails(rig: ApiRig, path: str) -> None:
    body = get(rig, path).json()
    assert (body["status"], body["checks"]["database"]) == ("ready", True)
    parts = {part["component"]: part["status"] for part in body["components"]}
    assert (parts["DATABASE"], parts["ENGINE"], parts["EVENT_LOG"]) == ("SUCCESS",) * 3
    rig.reader.writable = False
    answer = get(rig, path)
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert answer.json()["details"]["checks"]["database"] is False


def test_the_description_of_what_runs_holds_limits_and_no_secrets(rig: ApiRig) -> None:
    rig.ahead[0] = 90 * 1_000_000_000
    body = get(rig, "/info").json()
    assert (body["database_kind"], body["uptime_s"], body["streams_open"]) == ("sqlite", 90, 0)
    assert (body["limits"]["bulk_items"], body["limits"]["connections"]) == (100, 256)
    assert rig.token not in get(rig, "/info").text


def test_what_waits_is_counted_while_it_waits(rig: ApiRig) -> None:
    def reaches(calls: int) -> bool:
        return any(get(rig, "/info").json()["queues"]["engine_calls"] == calls for _ in range(1_000))

    assert reaches(0)
    assert get(rig, "/info").json()["queues"].keys() == {
        "journal_percent",
        "requests_waiting",
        "engine_calls",
        "search_index",
        "webhook_deliveries",
    }
    rig.engine.held.clear()
    with ThreadPoolExecutor(1) as pool:
        placed = pool.submit(rig.place)
        try:
            assert reaches(1)
        finally:
            rig.engine.held.set()
        assert placed.result()["id"]
    assert reaches(0)


@pytest.mark.parametrize("path", ["/system/metrics", "/metrics"])
def test_metrics_count_answers_by_route_and_name_nobody(rig: ApiRig, path: str) -> None:
    rig.http.get("/api/v1/oms/orders/by-client-id/SECRET-1")
    answer = rig.http.get(f"/api/v1{path}")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert samples
    assert all(SAMPLE.fullmatch(line) for line in samples), samples
    assert 'workstation_requests_total{method="POST",route="/oms/orders",status="201"} 1' in samples
    missed = (
        'workstation_requests_total{method="GET",route="/oms/orders/by-client-id/{client_order_id}",status="404"} 1'
    )
    assert missed in samples
    for name in ("SECRET", "SIM-1", "ABC", "local"):
        assert name not in answer.text
