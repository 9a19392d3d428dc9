"""A disk that fails to sync: trading stops at once, nothing is tried again, and cancels leave all the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec
import pytest

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.recording_vfs import IO_FSYNC, RecordingVfs
from tests.helpers.storage_flow import cancel, limit_order, on_engine, resting_bid, unlocked, wait_for
from workstation.app.bootstrap import Program
from workstation.commands.params import PlaceOrder
from workstation.domain.orders import OrdStatus

pytestmark = [
    pytest.mark.usefixtures("logged"),
    pytest.mark.skipif(importlib.util.find_spec("pysqlite3") is None, reason="needs the shipped SQLite library"),
]


def sized(wish: PlaceOrder, qty: int) -> PlaceOrder:
    return msgspec.structs.replace(wish, terms=msgspec.structs.replace(wish.terms, order_qty=qty))


def taken(program: Program) -> dict[str, bool]:
    """Return the orders that the venue ever took, and whether each still works there."""
    book = program.venue._venue.exchange.orders.by_client
    return on_engine(program, lambda: {cl_ord_id: state.is_open for cl_ord_id, state in book.items()})


def test_a_failed_sync_stops_new_risk_is_not_tried_again_and_lets_a_cancel_out(tmp_path: Path) -> None:
    home, syncs = tmp_path / "home", list[str]()
    home.mkdir()
    vfs = RecordingVfs(f"sync-{tmp_path.name}")

    def fail(kind: str, path: str) -> int:
        if kind != "sync":
            return 0
        syncs.append(path)
        return IO_FSYNC

    try:
        with running_headless(
            home, "--no-api", "--database", f"sqlite:///{home / 'workstation.db'}?vfs={vfs.name}"
        ) as program:
            resting, wish = limit_order(program), resting_bid(program, 2)
            vfs.fail = fail
            first = ask(program, "order.submit", wish)
            assert not first.ok, "its intent was never known to be durable"
            reason = wait_for(lambda: on_engine(program, lambda: program.store.journal.trouble))
            assert "nothing is retried" in reason
            vfs.fail = lambda _kind, _path: 0
            refused = ask(program, "order.submit", sized(wish, 3))
            assert (refused.ok, refused.code) == (False, "NOT_READY"), "not even once the disk is well again"
            assert "nothing is retried" in refused.text
            assert len(syncs) == 1
            assert list(taken(program)) == [resting.cl_ord_id], "neither order had a byte leave"
            cancel(program, resting.cl_ord_id)
            wait_for(lambda: taken(program) == {resting.cl_ord_id: False})
        with running_headless(home) as again:
            book = unlocked(again).engine.core.state.book
            assert on_engine(again, lambda: book.get(resting.cl_ord_id).status) is OrdStatus.CANCELLED
            assert taken(again) == {resting.cl_ord_id: False}, "what was refused is not sent by the next start either"
    finally:
        vfs.fail = lambda _kind, _path: 0
        vfs.unregister()
