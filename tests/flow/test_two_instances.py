"""One writer: a second program on the same home looks on, says by whom it is held, and changes nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.first_order import comes_too_early
from tests.helpers.product_rig import ask, product_options, running_headless
from tests.helpers.storage_contender import Contender
from tests.helpers.storage_flow import ACCOUNT, filled_order, limit_order, on_engine, wait_for
from workstation.app.view_only import runtime_folder
from workstation.commands.params import CancelOne, Kill, PlaceOrder
from workstation.domain.accounts import KillScope
from workstation.domain.orders import OrderTerms, OrdType, Side
from workstation.ports.store import OrderQuery
from workstation.storage import open_view

ROOT = Path(__file__).parents[2]
INTERLEAVINGS = 200
INTERLEAVINGS_NIGHTLY = 1_000
CHILDREN = 4
SEED = 20_261


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class TestASecondInstance:
    def test_it_is_view_only_and_says_who_holds_the_home(self, home):
        with running_headless(home) as first, running_headless(home) as second:
            assert first.view_only is None
            assert second.view_only is not None
            assert second.view_only.code == "NOT_READY"
            assert f"process {os.getpid()}" in second.view_only.reason

    def test_it_shows_what_the_first_has_made_durable(self, home):
        with running_headless(home) as first:
            done = filled_order(first)
            with running_headless(home) as second:
                assert second.store.reader.order(done.uid) == first.store.reader.order(done.uid)
                assert second.engine.core.state.ledger.qty(ACCOUNT, done.terms.symbol) == done.cum_qty

    def test_it_refuses_whatever_would_write_and_names_the_reason(self, home):
        with running_headless(home) as first:
            resting = limit_order(first)
            seq = first.store.journal.last_seq
            with running_headless(home) as second:
                for command_id, params in (
                    ("order.submit", PlaceOrder(terms=terms())),
                    ("order.cancel", CancelOne(cl_ord_id=resting.cl_ord_id, reason="x")),
                    ("risk.kill", Kill(scope=KillScope.ALL, key="", reason="x")),
                ):
                    result = ask(second, command_id, params)
                    assert (result.ok, result.code) == (False, "NOT_READY")
                    assert "in use by process" in result.text
                assert ask(second, "order.preview", PlaceOrder(terms=terms())).ok
            assert first.store.reader.order(resting.uid) == resting
            assert first.store.journal.last_seq == seq

    def test_its_market_lives_and_its_status_says_why_it_only_looks(self, home):
        with running_headless(home), running_headless(home) as second:
            cache = second.engine.core.market.cache
            wait_for(lambda: on_engine(second, lambda: cache.last_trade("SIM-FILL") or cache.quote("SIM-FILL")))
            status = on_engine(second, lambda: second.engine._status(second.engine._publisher))
            assert "in use by process" in status.storage_trouble
            first_rows = on_engine(second, lambda: list(second.engine._first_rows()))
            assert any("VIEW ONLY" in getattr(row, "text", "") for row in first_rows)

    def test_it_leaves_the_home_as_it_is(self, home):
        with running_headless(home):
            before = {path.name for path in home.rglob("*")}
            lock = (home / "workstation.lock").read_bytes()
            venue_log = (home / "sim-venue.log").read_bytes()
            with running_headless(home) as second:
                kept = second.own_home.root
                assert kept != home
            assert {path.name for path in home.rglob("*")} == before
            assert (home / "workstation.lock").read_bytes() == lock
            assert (home / "sim-venue.log").read_bytes() == venue_log
            assert not kept.exists()

    def test_it_becomes_the_writer_once_the_first_has_ended_and_it_starts_again(self, home):
        with running_headless(home) as first:
            epoch = first.store.journal.epoch
        with running_headless(home) as again:
            assert again.view_only is None
            assert again.store.journal.epoch == epoch + 1


class TestOverREST:
    def test_ready_line_token_health_reads_and_refusals_fit_together(self, home):
        with headless(home) as (_, first), headless(home) as (_, second):
            assert "view_only" not in first
            assert "in use by process" in second["view_only"]
            assert Path(first["token_file"]).parent == home
            assert home not in Path(second["token_file"]).parents
            with client(first) as call:
                account = first["accounts"][0]["id"]
                made = wait_for(lambda: placed(call, order_body(account)))
                assert made.status_code == 201, made.text
            with client(second) as call:
                listed = call.get("/oms/orders").json()["orders"]
                assert [order["id"] for order in listed] == [made.json()["id"]]
                refused = call.post("/oms/orders", json=order_body(account))
                assert (refused.status_code, refused.json()["code"]) == (503, "NOT_READY")
                assert "in use by process" in json.dumps(refused.json()["details"])
                health = call.get("/health/ready")
                assert (health.status_code, health.json()["code"]) == (503, "NOT_READY")
                assert "in use by process" in health.json()["details"]["problem"]

    def test_the_end_of_a_run_is_orderly(self, home):
        with headless(home) as (process, _):
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def test_a_view_keeps_its_token_where_only_its_user_can_read():
    folder = runtime_folder()
    assert folder.stat().st_mode & 0o077 == 0
    folder.rmdir()


def interleave(home: Path, steps: int) -> tuple[int, int]:
    """Start, close and kill contenders at random; returns how often one opened and how often one was killed open."""
    rng = random.Random(SEED)
    contenders = [Contender(home) for _ in range(CHILDREN)]
    highest = opened = killed = newest = 0
    try:
        for _ in range(steps):
            one = rng.choice(contenders)
            holder = next((other for other in contenders if other.epoch), None)
            if one is not holder:
                seq = one.try_to_open()
                assert (seq == 0) == (holder is not None)
                if seq:
                    assert one.epoch == highest + 1
                    assert seq == newest + 2
                    highest, newest, opened = one.epoch, seq, opened + 1
            elif rng.random() < 0.5:
                one.close()
            else:
                one.kill()
                killed += 1
    finally:
        for contender in contenders:
            contender.end()
    return opened, killed


def assert_one_writer(home: Path, steps: int) -> None:
    opened, killed = interleave(home, steps)
    assert opened > steps // 10
    assert killed > steps // 40
    view = open_view("", home)
    epochs = [line.epoch for line in view.recovery.replay(0)]
    view.close()
    assert epochs == [epoch for number in range(1, opened + 1) for epoch in (number, number)]


def test_random_starts_and_kills_never_give_two_writers(home):
    assert_one_writer(home, INTERLEAVINGS)


@pytest.mark.nightly
def test_random_starts_and_kills_never_give_two_writers_in_a_long_run(home):
    assert_one_writer(home, INTERLEAVINGS_NIGHTLY)


def terms() -> OrderTerms:
    return OrderTerms(
        symbol="SIM-FILL", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=1, price=9_000
    )


def order_body(account: str) -> dict[str, Any]:
    return {
        "instrument_symbol": "SIM-FILL",
        "broker_account_id": account,
        "side": "BUY",
        "order_type": "LIMIT",
        "price": "90",
        "quantity": "1",
    }


@contextmanager
def headless(home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run the program in a process of its own; yields it with its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workstation", "--headless", "--home", str(home), "--api-port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield process, ready
    finally:
        process.terminate()
        process.communicate(timeout=60)


def placed(call: httpx.Client, body: dict[str, Any]) -> httpx.Response | None:
    """Place an order; None while it comes too early after a start."""
    answer = call.post("/oms/orders", json=body)
    return None if comes_too_early(answer.status_code, answer.text) else answer


def client(ready: dict[str, Any]) -> httpx.Client:
    token = json.loads(Path(ready["token_file"]).read_bytes())["token"]
    return httpx.Client(
        base_url=f"{ready['api']}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30.0,
        trust_env=False,
    )


def test_the_options_of_both_name_one_home(home):
    assert product_options(home).store_folder == product_options(home).home.root


def test_orders_of_a_view_are_those_of_the_database(home):
    with running_headless(home) as first:
        limit_order(first)
        with running_headless(home) as second:
            assert second.store.reader.orders(OrderQuery()).total == first.store.reader.orders(OrderQuery()).total == 1
