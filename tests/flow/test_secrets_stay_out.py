"""Secrets used once each on a running program, which then ends or is killed: none is in any file or word it leaves."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.first_order import first_order
from tests.helpers.product_rig import CALM

ROOT = Path(__file__).parents[2]
V1 = "/api/v1"
PASSWORD, CHANGED = "canary password one", "canary password two"
WRONG = {
    "bearer": "canary-wrong-bearer", "key": "canary-wrong-key", "query": "canary-in-the-query",
    "login": "canary wrong password", "shape": "canary-of-a-wrong-shape",
}  # fmt: skip
OWN_FILE = "api-token.json"
"""The one file that holds the token of a run: readable by its user alone, gone with an orderly end."""


def use_every_secret(url: str, token: str, account: str) -> dict[str, str]:
    """Meet each place that takes or shows a secret; returns the secrets by name."""
    secrets = {"password": PASSWORD, "changed": CHANGED, **WRONG}
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url + V1, headers=headers, timeout=30, trust_env=False) as http:

        def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = http.post(path, json=body, headers={"Idempotency-Key": path.replace("/", "-")})
            assert answer.is_success, answer.text
            return dict(answer.json())

        made("/users", {"email": "ann@desk.example", "password": PASSWORD})
        secrets["api key"] = made("/auth/api-keys", {"name": "bot", "scopes": ["orders:view"]})["key"]
        secrets["source"] = made("/webhooks/in/sources", {"name": "alerts"})["secret"].removeprefix("whsec_")
        login = http.post("/auth/login", json={"email": "ann@desk.example", "password": PASSWORD}).json()
        secrets |= {"access": login["access_token"], "refresh": login["refresh_token"]}
        session = {"Authorization": f"Bearer {login['access_token']}"}
        setup = http.post("/auth/mfa/setup", headers=session)
        assert setup.is_success, setup.text
        secrets["one-time codes"] = setup.json()["secret"]
        change = {"current_password": PASSWORD, "new_password": CHANGED}
        assert http.post("/auth/change-password", json=change, headers=session).is_success
        order = {
            "instrument_symbol": "SIM-FILL", "broker_account_id": account, "order_type": "MARKET", "side": "BUY",
            "quantity": "1",
        }  # fmt: skip
        assert first_order(lambda: http.post("/oms/orders", json=order)).status_code == 201
        refused = [
            httpx.get(f"{url}{V1}/oms/orders", headers={"Authorization": f"Bearer {WRONG['bearer']}"}),
            httpx.get(f"{url}{V1}/oms/orders", headers={"X-API-Key": WRONG["key"]}),
            http.get("/oms/orders", params={"token": WRONG["query"]}),
            http.post("/auth/login", json={"email": "ann@desk.example", "password": WRONG["login"]}),
            http.post("/users", json={"email": "no address", "password": WRONG["shape"], "token": WRONG["shape"]}),
        ]
        assert [answer.status_code for answer in refused] == [401, 401, 422, 401, 422]
        assert not [name for name, secret in secrets.items() for answer in refused if secret in answer.text]
    return secrets


def forms(secret: str) -> set[bytes]:
    """Return the bytes by which a secret would be found: as it is, in base64, and what it stands for."""
    plain = secret.encode()
    found = {plain, base64.b64encode(plain).rstrip(b"=")[:-1], json.dumps(secret).strip('"').encode()}
    if "." not in secret and " " not in secret and "-" not in secret and len(secret) % 4 == 0:
        found.add(base64.b64decode(secret + "=="))
    return {form for form in found if len(form) >= 12}


def command_line(pid: int) -> bytes:
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_bytes() if file.exists() else b""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_no_secret_is_in_a_file_of_the_home_in_what_was_said_or_in_the_process_list(
    tmp_path: Path, end: signal.Signals
) -> None:
    home, said = tmp_path / "home", tmp_path / "said.txt"
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(home), "--api-port", "0", *CALM]
    with (
        said.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT) as process,
    ):
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            known = json.loads(Path(json.loads(ready)["token_file"]).read_text())
            secrets = use_every_secret(known["url"], known["token"], known["accounts"][0]["id"])
            listed = command_line(process.pid)
            process.send_signal(end)
            rest = process.stdout.read()
            process.wait(60)
        finally:
            process.kill()
    secrets["token"] = known["token"]
    places = {file.name: file.read_bytes() for file in home.rglob("*") if file.is_file() and file.name != OWN_FILE}
    assert any(b"SIM-FILL" in content for content in places.values()), "what was traded is found where it is kept"
    places |= {"standard output": ready + rest, "standard error": said.read_bytes(), "process list": listed}
    hits = [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for form in forms(secret)
        for place, content in places.items()
        if form in content
    ]
    assert hits == []
