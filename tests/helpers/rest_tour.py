"""A walk through the REST interface that keeps what each operation has answered, its successes and its conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.helpers import described
from tests.helpers.api_rig import ApiRig
from workstation.api.guard import API_ROOT


class Tour:
    """A served core and what its answers have been so far.

    met: operation and status of each answer. conflicts: operation and code of each that was refused with 409.
    """

    def __init__(self, rig: ApiRig) -> None:
        self.rig = rig
        self.met: set[tuple[str, int]] = set()
        self.conflicts: set[tuple[str, str]] = set()
        self._clients: list[httpx.Client] = []
        self.http = self.client(Authorization=f"Bearer {rig.token}")

    def client(self, **headers: str) -> httpx.Client:
        """Return a client with these headers whose answers count."""
        client = self.rig.client(**headers)
        client.event_hooks = {"response": [described.check, self._note]}
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close every client."""
        for client in self._clients:
            client.close()

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Read something, and again with its tag where it has one."""
        answer = self._ask("GET", path, 200, params=params)
        tag = answer.headers.get("etag")
        if tag is not None:
            self._ask("GET", path, 304, params=params, headers={"If-None-Match": tag})
        return dict(answer.json())

    def first(self, path: str, **params: Any) -> dict[str, Any]:
        """Return the first row of a list."""
        rows = next(value for value in self.get(path, **params).values() if isinstance(value, list))
        return dict(rows[0])

    def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> dict[str, Any]:
        """Do something and return what came of it."""
        answer = self._ask("POST", path, status, json=body, **more)
        return {} if status == 204 else dict(answer.json())

    @contextmanager
    def acting_as(self, **headers: str) -> Iterator[None]:
        """Ask with another credential for the length of a block."""
        before, self.http = self.http, self.client(**headers)
        yield
        self.http = before

    def changed(self, path: str, body: Any) -> None:
        """Change something by PUT and by PATCH: refused without a tag and with a stale one, done with what was read."""
        for method in ("PUT", "PATCH"):
            self._ask(method, path, 428, json=body)
            self._ask(method, path, 412, json=body, headers={"If-Match": '"v999"'})
            tag = self._ask("GET", path, 200).headers["etag"]
            self._ask("GET", path, 304, headers={"If-None-Match": tag})
            self._ask(method, path, 200, json=body, headers={"If-Match": tag})

    def delete(self, path: str, status: int = 204, **params: Any) -> None:
        """Delete something."""
        self._ask("DELETE", path, status, params=params)

    def refused(self, code: str, method: str, *path_and_body: Any, **more: Any) -> None:
        """Ask for what cannot be as things stand: refused with 409 and this code."""
        path, *body = path_and_body
        given = {"json": body[0]} if body else {}
        answer = self._ask(
            method, path, 409, **given, **{"headers": {"If-Match": "*"} if method[0] == "P" else {}} | more
        )
        assert answer.json()["code"] == code, answer.text
        operation = described.operation_of(answer.request)
        assert operation is not None
        self.conflicts.add((operation, code))

    def _ask(self, method: str, path: str, status: int, **more: Any) -> httpx.Response:
        answer = self.http.request(method, API_ROOT + path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _note(self, answer: httpx.Response) -> None:
        operation = described.operation_of(answer.request)
        if operation is not None:
            self.met.add((operation, answer.status_code))
