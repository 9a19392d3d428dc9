"""Health, versions, what runs and how busy it is, in JSON and in the Prometheus text form."""

import platform
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.meters import MEDIA_TYPE
from workstation.api.options import CONNECTIONS_MAX, RATE_WINDOW_S, STREAMS_MAX, STREAMS_PER_CREDENTIAL_MAX
from workstation.api.schemas.bulk import BULK_MAX
from workstation.api.schemas.system import Health, HealthCheck, SystemInfo, Version
from workstation.api.schemas.values import time_text
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.frames import StatusSnap

routes = Routes()

SERVICE = "workstation"
PING_WRITE_S = 0.5


@routes.add("GET", "/health", scope=None, answers={200: Health})
async def get_health(_: Call) -> Answer:
    """Say that the service runs; nothing more, to anyone."""
    return json_answer(200, {"status": "ok"})


@routes.add("GET", "/health/ready", scope=None, answers={200: HealthCheck})
async def get_ready(call: Call) -> Answer:
    """Say whether everything that a call needs works."""
    return await ready_answer(call)


@routes.add("GET", "/version", scope=None, answers={200: Version})
async def get_version(call: Call) -> Answer:
    """Return the versions."""
    return _version(call)


@routes.add("GET", "/system/version", scope="system:view", answers={200: Version})
async def get_system_version(call: Call) -> Answer:
    """Return the versions, as `/version` does."""
    return _version(call)


@routes.add("GET", "/system/health", scope="system:view", answers={200: HealthCheck})
async def get_system_health(call: Call) -> Answer:
    """Say whether everything works, part by part."""
    return await ready_answer(call, parts=True)


@routes.add("GET", "/system/health/ready", scope="system:view", answers={200: HealthCheck})
async def get_system_ready(call: Call) -> Answer:
    """Say whether everything works, part by part, as `/system/health` does."""
    return await ready_answer(call, parts=True)


@routes.add("GET", "/system/info", scope="system:view", answers={200: SystemInfo})
async def get_system_info(call: Call) -> Answer:
    """Return what runs, since when, how full its queues are, and the limits in force."""
    services = call.services
    started, status = services.meters.started_ns, _status(call)
    options = services.options
    body = {
        "database_kind": options.database_kind,
        "uptime_s": max(services.now_ns() - started, 0) // NS_PER_S,
        "started_at": time_text(started),
        "python_version": platform.python_version(),
        "queues": {
            "journal_percent": 0 if status is None else round(100 * status.journal_fill),
            "requests_waiting": len(services.turnstile),
            "engine_calls": services.engine.unanswered,
            "search_index": await services.read(services.reader.search_backlog),
            "webhook_deliveries": services.webhooks.under_way,
        },
        "streams_open": services.feed.count(),
        "limits": {
            "requests_per_window": options.rate_limit,
            "window_s": RATE_WINDOW_S,
            "body_bytes": options.max_body,
            "bulk_items": BULK_MAX,
            "connections": CONNECTIONS_MAX,
            "streams": STREAMS_MAX,
            "streams_per_credential": STREAMS_PER_CREDENTIAL_MAX,
        },
    }
    return json_answer(200, body)


@routes.add("GET", "/metrics", scope="system:view", answers={}, text_types=(MEDIA_TYPE,))
async def get_metrics(call: Call) -> Answer:
    """Return the metrics in the Prometheus text form."""
    return _metrics(call)


@routes.add("GET", "/system/metrics", scope="system:view", answers={}, text_types=(MEDIA_TYPE,))
async def get_system_metrics(call: Call) -> Answer:
    """Return the metrics, as `/metrics` does."""
    return _metrics(call)


def _metrics(call: Call) -> Answer:
    services = call.services
    uptime_s = (services.now_ns() - services.meters.started_ns) / NS_PER_S
    text = services.meters.text(_status(call), uptime_s=uptime_s, streams=services.feed.count())
    return Answer(200, text.encode(), media_type=MEDIA_TYPE)


def _version(call: Call) -> Answer:
    return json_answer(200, {"version": call.services.version, "api_version": "v1", "build": None})


def _status(call: Call) -> StatusSnap | None:
    call.services.marks.latest()
    return call.services.marks.status


async def ready_answer(call: Call, *, parts: bool = False) -> Answer:
    """Return the state of database, engine and event log; 503 names the failing ones. parts: tell of each part too."""
    services = call.services
    checks = {"database": await services.read(services.reader.ping_write, PING_WRITE_S)}
    checks["event_log"] = await services.read(services.reader.newest_seq) > 0
    checks["engine"] = True
    checks |= await services.read(services.readiness)
    body: dict[str, Any] = {
        "status": "ready",
        "service": SERVICE,
        "version": services.version,
        "timestamp": time_text(services.now_ns()),
        "checks": checks,
    }
    if parts:
        body["components"] = _components(checks, _status(call))
    if all(checks.values()):
        return json_answer(200, body)
    failing = ", ".join(name for name, works in checks.items() if not works)
    code = "NOT_READY" if checks["database"] else "DATABASE_UNAVAILABLE"
    raise ApiError(code, f"Not ready: {failing}.", {"checks": checks}, {"Retry-After": "1"}, extra={"checks": checks})


def _components(checks: dict[str, bool], status: StatusSnap | None) -> list[dict[str, Any]]:
    """Return one line for each part; a venue's link that is down warns and never makes the service unready."""
    lines = [(name.upper(), "SUCCESS" if works else "ERROR", "") for name, works in checks.items()]
    if status is not None:
        feed, venue = status.feed_state, status.venue_state
        lines.append(("MARKET_DATA", "SUCCESS" if feed in ("", "UP", "LIVE") else "WARNING", feed))
        lines.append(("BROKER_CONNECTOR", "SUCCESS" if venue == "UP" else "WARNING", venue))
    return [
        {"component": name, "status": state, "message": text or None, "response_time_ms": None}
        for name, state, text in lines
    ]
