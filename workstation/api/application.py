"""The application: every endpoint on one router, its description, and problems for what no route answers."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
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
from workstation.api.routes import events, executions, orders, positions, risk, system
from workstation.api.services import Services

ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint for group in (system, orders, executions, positions, risk, events) for endpoint in group.routes.endpoints
)


def build(services: Services) -> FastAPI:
    """Return the application. Literal path segments come before parameters, whatever the order of declaration."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, **_telemetry_off())
    methods: dict[str, set[str]] = defaultdict(set)
    for endpoint in sorted(ENDPOINTS, key=lambda endpoint: endpoint.path.count("{")):
        path = API_ROOT + endpoint.path
        names = {endpoint.method} | ({"HEAD"} if endpoint.method == "GET" and not endpoint.is_stream else set())
        methods[path] |= names
        app.router.add_route(path, _handler(services, endpoint), methods=sorted(names), include_in_schema=False)
    described = document(ENDPOINTS, services.version)
    _add_description(app, described, methods)
    app.add_exception_handler(HTTPException, _unrouted(app, methods))
    return app


def _handler(services: Services, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return await serve(services, endpoint, request)

    return handle


def _add_description(app: FastAPI, described: dict[str, Any], methods: dict[str, set[str]]) -> None:
    document_bytes, page = msgspec.json.encode(described), docs_page.page(described)

    async def openapi(_: Request) -> Response:
        return Response(document_bytes, media_type="application/json")

    async def docs(_: Request) -> Response:
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": docs_page.POLICY})

    for path, handler in (("/api/openapi.json", openapi), ("/api/docs", docs)):
        methods[path] = {"GET", "HEAD"}
        app.router.add_route(path, handler, methods=["GET", "HEAD"], include_in_schema=False)


def _unrouted(app: FastAPI, methods: dict[str, set[str]]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return the handler of what no route answers: 404, or 405 with the methods of all routes of the path."""
    patterns = [(route.path_regex, route.path) for route in app.router.routes if isinstance(route, Route)]

    async def handle(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        passport = request.scope["state"]["passport"]
        path = request.scope["path"]
        refused = ApiError("NOT_FOUND", "There is nothing at this path.")
        if status == 405:
            served = next(known for pattern, known in patterns if pattern.match(path))
            allow = ", ".join(sorted(methods[served]))
            refused = ApiError("METHOD_NOT_ALLOWED", "The path does not take this method.", headers={"Allow": allow})
        answer = problem(refused, instance=path, trace_id=passport.trace_id)
        return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)

    return handle


def _telemetry_off() -> dict[str, Any]:
    """Return the argument that keeps the framework from exporting telemetry, where it knows such a thing."""
    known = FastAPI.__init__.__annotations__
    return {"telemetry": {"auto_configure": False}} if "telemetry" in known else {}
