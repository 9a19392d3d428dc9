"""The running program is stopped and goes on, or gets no more memory, under load: nothing is lost or doubled.

The exchange is a process of its own, and its log is the truth, as in `test_kill_nine`. A stop of the process is what a
suspended machine is to the program: time that passed without it. It counts as a reconnect. A program whose memory is
refused may do less, or die; what it has told stands.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.flow.test_kill_nine import Clients, Exchange, Product, compare_after, raise_limits
from tests.helpers.order_history import OrderHistory
from workstation.domain.accounts import LockState
from workstation.domain.events import Event, LockChanged, OrderIntended, decode_event
from workstation.domain.orders import RiskClass
from workstation.kernel.ids import IdSource
from workstation.storage import sqlite

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stops and starves a process as Linux does")

STOPPED_S, NOTICED_S = 4.0, 2
SHORTER = (
    "import sys; from workstation.app import awake; "
    f"awake.STOOD_STILL_NS = {NOTICED_S} * 10**9; from workstation.__main__ import main; sys.exit(main())"
)
"""The product, that takes a shorter pause than half a minute for having stood still."""

WAIT_S, LOOK_S = 60.0, 0.05
BEFORE = 20


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    opened = Exchange(tmp_path)
    yield opened
    opened.close()


def journal(home: Path) -> list[Event]:
    """Read the journal beside the running program."""
    library = sqlite.load_library()
    with closing(library.connect(f"file:{home / 'workstation.db'}?mode=ro", uri=True)) as connection:
        return [decode_event(row[0]) for row in connection.execute("SELECT payload FROM journal ORDER BY seq")]


def stood_still(events: list[Event]) -> tuple[int, int] | None:
    """Return where an account was locked because the program stood still, and where it was unlocked after that."""
    locks = [(at, event) for at, event in enumerate(events) if isinstance(event, LockChanged)]
    locked = next((at for at, event in locks if event.reason.startswith("stood still for")), None)
    if locked is None:
        return None
    account = events[locked].account
    unlocked = (
        at for at, event in locks if at > locked and (event.account, event.state) == (account, LockState.UNLOCKED)
    )
    return next(((locked, at) for at in unlocked), None)


@contextmanager
def traded_in(
    tmp_path: Path, exchange: Exchange, program: tuple[str, str], seed: int
) -> Iterator[tuple[Product, Clients]]:
    """Give a program under load; killed with the end of the block, and compared with the exchange in another life."""
    history, home = OrderHistory(), tmp_path / "home"
    raise_limits(home)
    product = Product(home, exchange, program)
    try:
        clients = Clients(product, history, random.Random(seed), IdSource())
        clients.await_answers(BEFORE)
        yield product, clients
    finally:
        product.kill()
    clients.join()
    product.close()
    compare_after(home, exchange, history)


def test_a_program_that_was_stopped_compares_before_it_adds_risk_and_has_lost_nothing(
    tmp_path: Path, exchange: Exchange
) -> None:
    home = tmp_path / "home"
    with traded_in(tmp_path, exchange, ("-c", SHORTER), 91) as (product, clients):
        product.signal(signal.SIGSTOP)
        threading.Event().wait(STOPPED_S)  # the time that passes without the program is what is tested
        product.signal(signal.SIGCONT)
        deadline = time.monotonic() + WAIT_S
        while (span := stood_still(journal(home))) is None:
            assert time.monotonic() < deadline, "it never noticed"
            threading.Event().wait(LOOK_S)
        clients.await_answers(clients.answers + BEFORE)
    locked, unlocked = span
    risky = [
        event
        for event in journal(home)[locked:unlocked]
        if isinstance(event, OrderIntended) and event.verdict.risk_class is RiskClass.INCREASE
    ]
    assert risky == []


def test_a_program_that_gets_no_more_memory_says_so_and_has_lost_nothing(tmp_path: Path, exchange: Exchange) -> None:
    resource = pytest.importorskip("resource")
    with traded_in(tmp_path, exchange, ("-m", "workstation"), 92) as (product, clients):
        resource.prlimit(product.pid, resource.RLIMIT_AS, (1, 1))
        deadline = time.monotonic() + WAIT_S
        while product.lives and "the journal cannot store it" not in clients.refused:
            assert time.monotonic() < deadline, "it goes on as if it had memory"
            threading.Event().wait(LOOK_S)
