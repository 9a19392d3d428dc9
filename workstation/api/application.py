"""The application: every endpoint on one router, its description, and problems for what no route answers."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from workstation.api import docs_page
from workstation.api.endpoint import Endpoint, serve
from workstation.api.errors import ApiError, problem
from workstation.api.guard import API_ROOT
from workstation.api.openapi import document
from workstation.api.routes import (
    api_keys,
    audit,
    auth,
    broker_accounts,
    brokers,
    bulk_orders,
    commands,
    compliance,
    config,
    connections,
    events,
    executions,
    holds,
    instruments,
    limits,
    market_history,
    market_hooks,
    market_stream,
    marketdata,
    orders,
    overrides,
    pnl,
    positions,
    reports,
    risk,
    strategies,
    strategy_runs,
    subscriptions,
    system,
    tenants,
    users,
    webhook_sources,
    webhooks,
)
from workstation.api.services import Services
from workstation.api.tenant_view import seen_from

Handle = Callable[[Request], Awaitable[Response]]

ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint
    for group in (
        system,
        orders,
        bulk_orders,
        executions,
        positions,
        pnl,
        risk,
        limits,
        overrides,
        brokers,
        connections,
        broker_accounts,
        reports,
        compliance,
        holds,
        events,
        commands,
        config,
        api_keys,
        audit,
        auth,
        users,
        tenants,
        marketdata,
        market_history,
        market_stream,
        subscriptions,
        instruments,
        webhooks,
        market_hooks,
        webhook_sources,
        strategies,
        strategy_runs,
    )
    for endpoint in group.routes.endpoints
)


def build(services: Services) -> FastAPI:
    """Return the application. Literal path segments come before parameters, whatever the order of declaration."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, **_telemetry_off())
    by_path: dict[str, dict[str, Handle]] = defaultdict(dict)
    for endpoint in ENDPOINTS:
        methods = by_path[API_ROOT + endpoint.path]
        methods[endpoint.method] = _handle(services, endpoint)
        if endpoint.method == "GET" and not endpoint.is_stream:
            methods["HEAD"] = methods["GET"]
    described, page = _described(services.version)
    page_headers = {"Content-Security-Policy": docs_page.POLICY}
    by_path["/api/openapi.json"] = _constant(described, "application/json", {})
    by_path["/api/docs"] = _constant(page, "text/html", page_headers)
    for path in sorted(by_path, key=lambda path: path.count("{")):
        route = Route(path.replace("{symbol}", "{symbol:path}"), _dispatch(by_path[path]), include_in_schema=False)
        route.methods = set()  # every method, so that what a path refuses is never taken for another path's parameter
        app.router.routes.append(route)
    app.add_exception_handler(HTTPException, _unrouted)
    return app


@lru_cache(maxsize=1)
def _described(version: str) -> tuple[bytes, bytes]:
    """Return the description and its page, made once for all starts: it takes most of the time of one."""
    described = document(ENDPOINTS, version)
    return msgspec.json.encode(described), docs_page.page(described)


def _handle(services: Services, endpoint: Endpoint) -> Handle:
    async def handle(request: Request) -> Response:
        credential = request.scope["state"]["passport"].credential
        seen = services if credential is None else seen_from(services, credential.tenant)
        return await serve(seen, endpoint, request)

    return handle


def _constant(content: bytes, media_type: str, headers: dict[str, str]) -> dict[str, Handle]:
    async def handle(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=headers)

    return {"GET": handle, "HEAD": handle}


def _dispatch(methods: dict[str, Handle]) -> Handle:
    """Return what serves a path; other methods learn all that it takes."""
    allow = ", ".join(sorted(methods))

    async def handle(request: Request) -> Response:
        found = methods.get(request.method)
        if found is not None:
            return await found(request)
        error = ApiError("METHOD_NOT_ALLOWED", "The path does not take this method.", headers={"Allow": allow})
        return _problem(request, error)

    return handle


async def _unrouted(request: Request, _: Exception) -> Response:
    return _problem(request, ApiError("NOT_FOUND", "There is nothing at this path."))


def _problem(request: Request, error: ApiError) -> Response:
    trace_id = request.scope["state"]["passport"].trace_id
    answer = problem(error, instance=request.scope["path"], trace_id=trace_id)
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)


def _telemetry_off() -> dict[str, Any]:
    """Return the argument that keeps the framework from exporting telemetry, where it knows such a thing."""
    known = FastAPI.__init__.__annotations__
    return {"telemetry": {"auto_configure": False}} if "telemetry" in known else {}
