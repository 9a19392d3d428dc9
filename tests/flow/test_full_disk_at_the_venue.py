"""One full disk under program and simulated venue alike: cancels and an exit still come through, and both remember.

The venue's own part, without privileges, is in test_full_venue_disk.py.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import (
    ACCOUNT,
    QUIET,
    filled_order,
    on_engine,
    order,
    place,
    resting_bid,
    unlocked,
    wait_for,
)
from tests.helpers.venue_truth import VenueTruth
from workstation.app.core import Core
from workstation.commands.params import CancelMany, ExitPosition
from workstation.domain.orders import OrdStatus

pytestmark = pytest.mark.usefixtures("logged")
RESTING = 45
"""Their ends take more room than a disk's block that is in use already may have left."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 24 MB for one test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.name == "nt" or os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only the administrator may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def filled_up(folder: Path) -> Iterator[None]:
    """Use up every free byte of a disk for the length of a block."""
    filler = folder / "filler"
    for size in (1 << 16, 1 << 12, 1):
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(size)) == size:
                pass
    yield
    filler.unlink()


def test_cancels_and_an_exit_come_through_and_program_and_venue_remember_them(small_disk):
    home = small_disk / "home"
    with running_headless(home) as program:
        held, core = filled_order(program), program.engine.core
        lowest = resting_bid(program).terms.price
        for number in range(RESTING):
            place(program, order(QUIET, 1, price=lowest - 100 * number))
        wait_for(lambda: on_engine(program, lambda: working(core) == RESTING))
        with filled_up(small_disk):
            refused = wait_for(lambda: _refused(ask(program, "order.submit", resting_bid(program, 2))))
            assert refused.code == "STORAGE_FULL"
            assert ask(program, "order.cancel_scope", CancelMany(account=ACCOUNT)).ok
            wait_for(lambda: on_engine(program, lambda: not list(core.state.book.open_orders())))
            leave = ExitPosition(account=ACCOUNT, symbol=held.terms.symbol)
            assert ask(program, "position.flatten", leave).ok
            wait_for(lambda: on_engine(program, lambda: core.state.ledger.qty(ACCOUNT, held.terms.symbol) == 0))
            truth = VenueTruth.of_log(home / "sim-venue.log")
            assert truth.positions[ACCOUNT, held.terms.symbol] == 0
            assert not [order for order in truth.orders.values() if order.is_open]
        wait_for(lambda: on_engine(program, lambda: not program.store.journal.trouble))
        place(program, resting_bid(program, 3))
    with running_headless(home) as again:
        state = unlocked(again).engine.core.state
        differences = on_engine(again, lambda: VenueTruth.of_log(home / "sim-venue.log").differences(state))
        assert differences == []


def working(core: Core) -> int:
    return sum(row.status is OrdStatus.SUBMITTED for row in core.state.book.open_orders())


def _refused(result):
    """Return a refusal; an order that was still taken is asked for again."""
    return None if result.ok else result
