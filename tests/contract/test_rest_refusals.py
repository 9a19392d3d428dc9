"""What any call may be refused with, asked of every operation that the description names: none is left out.

A refusal that depends on what is there (404, 409, 412 and the like) is asked for where unknown ids and missing headers
bring it about; the rest stands with its resource.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import pytest

from tests.helpers import described
from tests.helpers.api_rig import ApiRig, served
from tests.helpers.least_calls import UNKNOWN, WITH_BODY, least_of
from workstation.api.application import ENDPOINTS
from workstation.api.endpoint import Endpoint
from workstation.api.guard import API_ROOT, PUBLIC
from workstation.api.options import HEAD_BYTES_MAX, ApiOptions

BODY_MAX = 2_000
NAMES = {"symbol": "NOBODYS", "event_id": "99999999", "sequence": "99999999", "command_id": "nobody.knows"}
"""What stands for a path's parameters, else UNKNOWN."""

KNOWN_WITHOUT = {
    ("DELETE", "/tenants/{tenant_id}"),  # nobody deletes tenants, or invites to one, where there is one
    ("POST", "/tenants/{tenant_id}/invitations"),
}
STRANGERS: WeakKeyDictionary[ApiRig, dict[str, httpx.Client]] = WeakKeyDictionary()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    options = ApiOptions(max_body=BODY_MAX, rate_limit=1_000_000, protect_limit=1_000_000, share=1)
    with served(tmp_path, options=options) as made:
        yield made
        for client in STRANGERS.get(made, {}).values():
            client.close()


def is_public(endpoint: Endpoint) -> bool:
    return API_ROOT + endpoint.path in PUBLIC


def path_of(endpoint: Endpoint) -> str:
    path = endpoint.path
    for name in described.placeholders(path):
        path = path.replace(f"{{{name}}}", NAMES.get(name, NAMES.get(endpoint.path_types.get(name, ""), UNKNOWN)))
    return API_ROOT + path


Ask = Callable[[ApiRig, Endpoint], httpx.Response]


def asks(**given: Any) -> Ask:
    """Return what asks an operation, with its own method unless told otherwise."""

    def ask(rig: ApiRig, endpoint: Endpoint) -> httpx.Response:
        return rig.http.request(given.get("method", endpoint.method), path_of(endpoint), **{"params": {}, **given_only})

    given_only = {name: value for name, value in given.items() if name != "method"}
    return ask


def without_credential(rig: ApiRig, endpoint: Endpoint) -> httpx.Response:
    return stranger(rig, "").request(endpoint.method, path_of(endpoint))


def with_a_key_for_something_else(rig: ApiRig, endpoint: Endpoint) -> httpx.Response:
    scope = "risk:view" if endpoint.scope == "events:view" else "events:view"
    answer = stranger(rig, scope).request(endpoint.method, path_of(endpoint))
    assert answer.json()["details"] == {"required": [endpoint.scope]}
    return answer


def stranger(rig: ApiRig, scope: str) -> httpx.Client:
    """Return a client without a credential, or with a key for one scope; made once."""
    known = STRANGERS.setdefault(rig, {})
    if scope not in known and not scope:
        known[scope] = rig.client()
    elif scope not in known:
        made = rig.http.post(f"{API_ROOT}/auth/api-keys", json={"name": scope, "scopes": [scope], "rate_limit": 5_000})
        known[scope] = rig.client(**{"X-API-Key": made.json()["key"]})
    return known[scope]


def over_its_rate(rig: ApiRig, endpoint: Endpoint) -> httpx.Response:
    services = rig.server._services
    assert services is not None
    credential = services.credentials.authenticate([(b"authorization", f"Bearer {rig.token}".encode())])
    windows = credential.default, credential.protect
    for window in windows:
        window.most = 0
    answer = asks()(rig, endpoint)
    for window in windows:
        window.most = 1_000_000
    return answer


def at_the_stop(rig: ApiRig, endpoint: Endpoint) -> httpx.Response:
    services = rig.server._services
    assert services is not None
    services.feed.stopping = True
    answer = asks()(rig, endpoint)
    services.feed.stopping = False
    return answer


LARGE = {"content": b" " * (BODY_MAX + 1), "headers": {"Content-Type": "application/json"}}
REFUSALS: dict[str, tuple[int, str, Callable[[Endpoint], bool], Ask]] = {
    "no host": (400, "BAD_REQUEST", lambda _: True, asks(headers={"Host": ""})),
    "no credential": (401, "UNAUTHENTICATED", lambda endpoint: not is_public(endpoint), without_credential),
    "another site": (403, "ORIGIN_FORBIDDEN", lambda _: True, asks(headers={"Origin": "http://elsewhere.example"})),
    "no scope": (403, "PERMISSION_DENIED", lambda endpoint: endpoint.scope is not None, with_a_key_for_something_else),
    "another method": (405, "METHOD_NOT_ALLOWED", lambda _: True, asks(method="OPTIONS")),
    "a large body": (413, "PAYLOAD_TOO_LARGE", lambda _: True, asks(**LARGE)),
    "a long line": (414, "URI_TOO_LONG", lambda _: True, asks(params={"a": "x" * HEAD_BYTES_MAX})),
    "another medium": (
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        lambda endpoint: endpoint.method in WITH_BODY,
        asks(content=b"{}", headers={"Content-Type": "text/plain"}),
    ),
    "another host": (421, "MISDIRECTED_HOST", lambda _: True, asks(headers={"Host": "127.0.0.1:1"})),
    "an unknown parameter": (
        422,
        "VALIDATION_ERROR",
        lambda _: True,
        asks(params={"nothing": "1"}, headers={"Idempotency-Key": "k"}),
    ),
    "over the rate": (429, "RATE_LIMITED", lambda endpoint: not is_public(endpoint), over_its_rate),
    "large headers": (431, "HEADERS_TOO_LARGE", lambda _: True, asks(headers={"X-Large": "x" * HEAD_BYTES_MAX})),
    "stopping": (503, "SHUTTING_DOWN", lambda _: True, at_the_stop),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_operation_refuses(rig: ApiRig, name: str) -> None:
    status, code, may_meet, ask = REFUSALS[name]
    wrong = {}
    for endpoint in filter(may_meet, ENDPOINTS):
        answer = ask(rig, endpoint)
        if (answer.status_code, answer.json().get("code")) != (status, code):
            wrong[endpoint.method, endpoint.path] = (answer.status_code, answer.text[:200])
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def test_every_operation_on_something_unknown_says_so(rig: ApiRig) -> None:
    wrong = {}
    for endpoint in ENDPOINTS:
        place = endpoint.method.replace("PATCH", "PUT"), endpoint.path
        if "{" not in endpoint.path or place in KNOWN_WITHOUT:
            continue
        headers = {"If-Match": '"v1"', "Idempotency-Key": uuid.uuid4().hex}
        least = least_of(endpoint.method, endpoint.path)
        answer = rig.http.request(endpoint.method, path_of(endpoint), headers=headers, **least)
        if answer.status_code != 404:
            wrong[endpoint.method, endpoint.path] = (answer.status_code, answer.text[:300])
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
