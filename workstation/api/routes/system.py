"""Health and version."""

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.schemas.system import Health, HealthCheck, Version
from workstation.api.schemas.values import time_text

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
    return json_answer(200, {"version": call.services.version, "api_version": "v1", "build": None})


async def ready_answer(call: Call) -> Answer:
    """Return the state of database, engine and event log; 503 names the failing ones."""
    services = call.services
    checks = {"database": await services.read(services.reader.ping_write, PING_WRITE_S)}
    checks["event_log"] = await services.read(services.reader.newest_seq) > 0
    checks["engine"] = True
    checks |= await services.read(services.readiness)
    body = {
        "status": "ready",
        "service": SERVICE,
        "version": services.version,
        "timestamp": time_text(services.now_ns()),
        "checks": checks,
    }
    if all(checks.values()):
        return json_answer(200, body)
    failing = ", ".join(name for name, works in checks.items() if not works)
    code = "NOT_READY" if checks["database"] else "DATABASE_UNAVAILABLE"
    raise ApiError(code, f"Not ready: {failing}.", {"checks": checks}, {"Retry-After": "1"}, extra={"checks": checks})
