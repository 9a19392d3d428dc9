"""What an attacker on the same machine, or a web page in the user's browser, may try: nothing of it does anything."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.options import CONNECTIONS_MAX, ApiOptions
from workstation.api.server import ApiServer, _has_ipv6
from workstation.domain.errors import UserError

ORDERS = "/api/v1/oms/orders"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(max_body=64 * 1024)) as made:
        yield made


def code(answer: Any) -> tuple[int, str]:
    """Return status and machine code of a problem, whose form is checked."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.status_code, answer.json()["code"]


def raw(rig: ApiRig, data: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes as they are; return the status and the problem."""
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as connection:
        if data:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65_536):
                answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if body else {}


def test_the_token_file_is_private_complete_and_gone_after_the_stop(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        content = json.loads(rig.token_file.read_text())
        assert set(content) == {"schema", "url", "port", "token", "pid", "started_at", "accounts"}
        assert (content["url"], content["port"], content["pid"]) == (rig.url, rig.port, os.getpid())
        assert content["accounts"] == [{"account": "SIM-1", "id": ACCOUNT_UID, "environment": "SIM"}]
        assert len(bytes.fromhex(content["token"])) == 32
        assert stat.S_IMODE(rig.token_file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert not rig.token_file.exists()


def test_a_token_is_new_at_every_start_unless_it_is_pinned(tmp_path: Path) -> None:
    for pinned, same in ((False, False), (True, True)):
        with served(tmp_path, options=ApiOptions(pin_token=pinned)) as rig:
            first = rig.token
            rig.restart_api()
            assert (rig.token == first) is same


def test_another_instances_token_file_is_left_alone_at_the_stop(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        content = json.loads(rig.token_file.read_text()) | {"token": "0" * 64}
        rig.token_file.write_text(json.dumps(content))
    assert rig.token_file.exists()


def test_a_taken_port_is_a_readable_error_and_ends_nothing(rig: ApiRig, tmp_path: Path) -> None:
    second = ApiServer(
        session=rig.session,
        gateway=rig.engine,
        reader=rig.reader,
        token_file=tmp_path / "other.json",
        options=ApiOptions(port=rig.port),
        readiness=dict,
        version="1",
    )
    with pytest.raises(UserError, match=f"port {rig.port} is taken"):
        second.start()
    second.stop()
    assert rig.http.get("/api/v1/version").status_code == 200


def test_without_a_valid_token_every_path_answers_the_same_401(rig: ApiRig) -> None:
    bodies = set()
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {rig.token}"},
        {"Authorization": f"Bearer {rig.token[:-1]}"},
        {"X-API-Key": "oms_" + "0" * 64},
        {"X-API-Key": ""},
    ):
        with rig.client(**headers) as client:
            for method, path in (
                ("GET", ORDERS),
                ("POST", ORDERS),
                ("GET", "/api/v1/nothing"),
                ("POST", "/api/v1/health/ready"),
            ):
                answer = client.request(method, path)
                assert code(answer) == (401, "UNAUTHENTICATED")
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert "ratelimit" not in answer.headers
                shown = answer.json()
                bodies.add(json.dumps({key: shown[key] for key in shown if key not in ("trace_id", "instance")}))
    assert len(bodies) == 1


def test_two_credentials_at_once_are_a_bad_request(rig: ApiRig) -> None:
    assert code(rig.http.get(ORDERS, headers={"X-API-Key": rig.token})) == (400, "BAD_REQUEST")
    assert code(rig.http.get(f"{ORDERS}?token={rig.token}"))[0] == 422


def test_public_paths_need_no_token_and_tell_nothing(rig: ApiRig) -> None:
    with rig.client() as client:
        assert client.get("/api/v1/health").json() == {"status": "ok"}
        assert client.head("/api/v1/health").content == b""
        assert client.get("/api/openapi.json").json()["openapi"].startswith("3.1")
        page = client.get("/api/docs")
        assert page.status_code == 200
        assert "http" not in page.text.replace("<html", "").replace("application/", "")[:200]
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_failed_authentications_share_a_bucket_that_never_blocks_valid_ones(rig: ApiRig) -> None:
    with rig.client(Authorization="Bearer wrong") as client:
        statuses = [client.get(ORDERS).status_code for _ in range(62)]
    assert statuses == [401] * 60 + [429] * 2
    assert rig.http.get(ORDERS).status_code == 200
    with rig.client() as client:
        assert client.get(ORDERS).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.:{port}", "[::1]", "0.0.0.0:{port}"]
)
def test_a_foreign_host_is_misdirected_even_with_a_token(rig: ApiRig, host: str) -> None:
    answer = rig.http.get("/api/v1/health", headers={"Host": host.format(port=rig.port)})
    assert code(answer) == (421, "MISDIRECTED_HOST")


def test_the_loopback_names_are_served(rig: ApiRig) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "LOCALHOST"):
        assert rig.http.get("/api/v1/version", headers={"Host": f"{host}:{rig.port}"}).status_code == 200


def test_both_loopback_addresses_are_served_on_one_port(rig: ApiRig) -> None:
    addresses = ["127.0.0.1"] + (["::1"] if _has_ipv6() else [])
    for address in addresses:
        with socket.create_connection((address, rig.port), timeout=10) as connection:
            connection.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % rig.port)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_an_absent_or_repeated_host_is_a_bad_request(rig: ApiRig) -> None:
    for head in (b"", b"Host: 127.0.0.1:%d\r\nHost: 127.0.0.1:%d\r\n" % (rig.port, rig.port)):
        status, problem = raw(rig, b"GET /api/v1/health HTTP/1.1\r\n" + head + b"\r\n")
        assert (status, problem["code"]) == (400, "BAD_REQUEST")
    status, problem = raw(rig, b"GET /api/v1/health HTTP/1.0\r\n\r\n")
    assert (status, problem["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_requests_of_other_sites_are_forbidden_even_with_a_token(rig: ApiRig, headers: dict[str, str]) -> None:
    answer = rig.http.post(ORDERS, json=rig.order(), headers=headers)
    assert code(answer) == (403, "ORIGIN_FORBIDDEN")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert rig.engine.calls == []


def test_the_services_own_origin_and_listed_ones_are_served(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(allowed_origins=("http://tool.local",))) as rig:
        for origin in (rig.url, "http://tool.local"):
            answer = rig.http.get("/api/v1/version", headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"})
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "media", ["text/plain", "", "application/json; charset=latin-1", "application/x-www-form-urlencoded"]
)
def test_a_body_that_is_not_declared_as_json_does_nothing(rig: ApiRig, media: str) -> None:
    answer = rig.http.post(ORDERS, content=json.dumps(rig.order()), headers={"Content-Type": media})
    assert code(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert rig.engine.calls == []


def test_a_compressed_body_is_not_unpacked(rig: ApiRig) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert code(rig.http.post(ORDERS, content=b"\x1f\x8b", headers=headers)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_over_the_limit_is_refused_before_it_is_read(rig: ApiRig) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
    head %= (ORDERS.encode(), rig.port, rig.token.encode())
    status, problem = raw(rig, head + b"Content-Length: 1000000000\r\n\r\n{")
    assert (status, problem["code"]) == (413, "PAYLOAD_TOO_LARGE")
    chunk = b"8000\r\n" + b"[" * 0x8000 + b"\r\n"
    status, problem = raw(rig, head + b"Transfer-Encoding: chunked\r\n\r\n" + 3 * chunk)
    assert (status, problem["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"\xff\xfe{}", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"quantity": NaN}', 422),
        (b'{"quantity": -Infinity}', 422),
        (b'{"quantity": 1e999}', 422),
        (b'{"quantity": ' + b"9" * 5_000 + b"}", 422),
        (b'{"side": "BUY", "side": "SELL"}', 422),
        (b'{"notes": "\\ud800"}', 422),
        (b'{"notes": "a\\u0000b"}', 422),
        (b"[" * 33 + b"]" * 33, 422),
        (b"[" * 30_000, 422),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 422),
        (b"{" + b",".join(b'"k%d":1' % number for number in range(1_001)) + b"}", 422),
    ],
)
def test_json_that_is_not_exact_and_bounded_is_refused(rig: ApiRig, body: bytes, status: int) -> None:
    answer = rig.http.post(ORDERS, content=body, headers={"Content-Type": "application/json"})
    assert code(answer) == (status, "BAD_REQUEST" if status == 400 else "VALIDATION_ERROR")
    assert rig.engine.calls == []


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "../../etc/passwd", "=cmd|' /C calc'!A0", "a\nb\u001b[31m", "${jndi:x}", "<b>"]
)
def test_hostile_text_is_refused_or_kept_as_it_is(rig: ApiRig, text: str) -> None:
    assert rig.place(notes=text)["notes"] == text
    listed = rig.http.get(ORDERS, params={"search": text})
    assert listed.status_code in (200, 422)
    assert rig.http.post(ORDERS, json=rig.order(client_order_id=text)).status_code == 422
    assert rig.http.get(ORDERS).json()["total_count"] == 1


def test_heads_that_are_too_large_are_problems_too(rig: ApiRig) -> None:
    line = b"GET /api/v1/health?%s HTTP/1.1\r\n" % (b"a" * 70_000)
    status, problem = raw(rig, line)
    assert (status, problem["code"]) == (414, "URI_TOO_LONG")
    host = b"Host: 127.0.0.1:%d\r\n" % rig.port
    status, problem = raw(
        rig, b"GET /api/v1/health HTTP/1.1\r\n" + host + b"X-Bomb: %s\r\n" % (b"a" * 70_000) + b"\r\n"
    )
    assert (status, problem["code"]) == (431, "HEADERS_TOO_LARGE")
    status, problem = raw(rig, b"GET /api/v1/health HTTP/1.1\r\n" + host + b"X-Bomb: 1\r\n" * 4_000 + b"\r\n")
    assert (status, problem["code"]) == (431, "HEADERS_TOO_LARGE")
    status, problem = raw(rig, b"\x16\x03\x01\x00\xa5 not http\r\n\r\n")
    assert (status, problem["code"]) == (400, "BAD_REQUEST")


def test_connections_over_the_cap_are_turned_away(rig: ApiRig) -> None:
    rig.http.close()
    with contextlib.ExitStack() as open_connections:
        for _ in range(CONNECTIONS_MAX):
            opened = socket.create_connection(("127.0.0.1", rig.port), timeout=10)
            open_connections.callback(opened.close)
        status, problem = raw(rig, b"")
        assert (status, problem["code"]) == (503, "NOT_READY")
    rig.http = rig.client(Authorization=f"Bearer {rig.token}")


def test_rates_are_limited_and_cancels_have_a_bucket_of_their_own(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(rate_limit=1, protect_limit=3)) as rig:
        order = rig.place()
        answer = rig.http.get(ORDERS)
        assert answer.headers["ratelimit-policy"] == '"default";q=10;w=60'
        assert answer.headers["ratelimit"].startswith('"default";r=8;t=')
        statuses = [rig.http.get(ORDERS).status_code for _ in range(9)]
        assert statuses == [200] * 8 + [429]
        refused = rig.http.get(ORDERS)
        assert code(refused) == (429, "RATE_LIMITED")
        assert int(refused.headers["retry-after"]) >= 1
        cancelled = rig.http.delete(f"{ORDERS}/{order['id']}")
        assert (cancelled.status_code, cancelled.headers["ratelimit-policy"]) == (200, '"protect";q=3;w=60')
        assert rig.http.post("/api/v1/risk/kill-switch", json={}).status_code == 200
        assert rig.http.get("/api/v1/health").status_code == 200


def test_paths_and_methods_that_do_not_exist_say_so(rig: ApiRig) -> None:
    for path in ("/api/v1/nothing", f"{ORDERS}/", "/api/v1//oms/orders"):
        assert code(rig.http.get(path)) == (404, "NOT_FOUND")
    answer = rig.http.get("/api/v1/oms/pnl/snapshot")
    assert (code(answer), answer.headers["allow"]) == ((405, "METHOD_NOT_ALLOWED"), "POST")
    answer = rig.http.patch(ORDERS)
    assert code(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    answer = rig.http.options(f"{ORDERS}/00000000-0000-4000-8000-000000000000")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"
    answer = rig.http.head("/api/v1/events/stream")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_every_answer_names_its_request_and_takes_over_a_trace(rig: ApiRig) -> None:
    answer = rig.http.get(
        "/api/v1/nothing", headers={"X-Request-ID": "my-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    )
    assert answer.headers["x-request-id"] == "my-1"
    assert answer.json()["trace_id"] == "a" * 32
    answer = rig.http.get("/api/v1/version", headers={"X-Request-ID": "no spaces allowed"})
    assert answer.headers["x-request-id"] != "no spaces allowed"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


def test_an_error_inside_shows_its_trace_id_and_nothing_of_its_cause(rig: ApiRig, logged: list[dict[str, Any]]) -> None:
    def broken(_query: object) -> None:
        raise RuntimeError("the secret cause")

    rig.reader.orders = broken  # type: ignore[assignment, method-assign]  # a reader that fails as nobody foresaw
    answer = rig.http.get(ORDERS)
    assert code(answer) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    assert [line["event"] for line in logged] == ["api.request.failed"]
    assert logged[0]["trace_id"] == answer.json()["trace_id"]


def test_readiness_names_what_fails(rig: ApiRig) -> None:
    assert rig.http.get("/api/v1/health/ready").json()["status"] == "ready"
    rig.ready = {"engine": False}
    answer = rig.http.get("/api/v1/health/ready")
    assert code(answer) == (503, "NOT_READY")
    assert (
        answer.json()["checks"]
        == answer.json()["details"]["checks"]
        == {"database": True, "event_log": True, "engine": False}
    )
    rig.reader.writable = False
    assert code(rig.http.get("/api/v1/health/ready")) == (503, "DATABASE_UNAVAILABLE")
    assert rig.http.get("/api/v1/version").json() == {"version": "1.2.3", "api_version": "v1", "build": None}
