"""The harness is worth its name: each known way to lose, double or invent, put back, turns it red within a few runs.

`synchronous=NORMAL` under power loss is put back in test_power_loss.py. Here: reconciling only what was not
acknowledged, no check of execution keys, a time-out taken for a refusal, and a request sent again.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.helpers.crash_rig import AGREE_S, CrashRig, Plan
from tests.helpers.simulation import Simulation
from workstation.app.core import Core, CoreParts
from workstation.domain.events import Event, OrderRejected, OutcomeUnknown
from workstation.domain.executions import Execution
from workstation.domain.orders import OrdStatus, RequestKind
from workstation.orders.fills import Fills
from workstation.orders.reconciliation import Reconciliation, Run
from workstation.orders.recorder import Recorder
from workstation.ports.broker import QueryAnswer

SEEDS_MAX = 40
FORKS_MAX, FORKS_CONTROL = 80, 20
POINTS = (
    "orders.inbound.before_record",
    "orders.record.after_append",
    "storage.before_commit",
    "sim.submit.after_send",
)
"""Where the children of the crash harness die here."""


class UnacknowledgedOnly(Reconciliation):
    """Bug: only orders without an acknowledgement are reconciled."""

    def _merge(self, run: Run, answer: QueryAnswer) -> None:
        book = self._c.book
        doubtful = {order.cl_ord_id for order in book.open_orders() if order.status is OrdStatus.PENDING_SUBMIT}
        run.asked = {key: version for key, version in run.asked.items() if key in doubtful}
        kept = {
            name: tuple(row for row in getattr(answer, name) if row.cl_ord_id in doubtful)
            for name in ("open_orders", "closed_orders", "executions")
        }
        super()._merge(run, replace(answer, **kept))


class KeysIgnored(Fills):
    """Bug: an execution is booked whenever it is reported."""

    def events(self, execution: Execution) -> list[Event]:
        for again in range(1, 1_000):
            events = super().events(execution)
            if events:
                return events
            execution = replace(execution, exec_key=f"{execution.exec_key}#{again}", uid=f"{execution.uid}#{again}")
        return []


class TimeoutIsRefusal(Recorder):
    """Bug: a submit without an answer is taken for refused."""

    def record(self, events: Sequence[Event], **fields: Any) -> int:
        return super().record([_refused(event) for event in events], **fields)


def _refused(event: Event) -> Event:
    if isinstance(event, OutcomeUnknown) and event.request is RequestKind.SUBMIT and event.cause != "restart":
        return OrderRejected(cl_ord_id=event.cl_ord_id, ts=event.ts, code="TIMEOUT", text=event.cause)
    return event


class ReconcilesUnacknowledgedOnly(Core):
    def __init__(self, parts: CoreParts) -> None:
        super().__init__(parts)
        self.desk._reconciliation.__class__ = UnacknowledgedOnly


class BooksWithoutKeys(Core):
    def __init__(self, parts: CoreParts) -> None:
        super().__init__(parts)
        self.desk._inbound.fills.__class__ = KeysIgnored


class RejectsOnTimeout(Core):
    def __init__(self, parts: CoreParts) -> None:
        super().__init__(parts)
        self.desk.recorder.__class__ = TimeoutIsRefusal


class SendsAgain(Core):
    """Bug: a submit whose outcome is not known is sent once more."""

    def __init__(self, parts: CoreParts) -> None:
        super().__init__(parts)
        self.bus.subscribe(OutcomeUnknown, self._send_again)

    def _send_again(self, event: OutcomeUnknown) -> None:
        order = self.state.book.get(event.cl_ord_id)
        if event.request is RequestKind.SUBMIT and order is not None:
            self.broker.submit(order.cl_ord_id, order.terms)


BUGS = {
    ReconcilesUnacknowledgedOnly: ("not settled", "after the last restart"),
    BooksWithoutKeys: ("not settled", "invented", "position", "cannot", "not flagged", "ledger", "violated"),
    RejectsOnTimeout: ("disowned",),
    SendsAgain: ("sent twice",),
}
"""Each bug with words by which the harness tells of it."""


def seen_in_simulation(bug: type[Core], words: tuple[str, ...]) -> int:
    """Return how many seeds it took until the harness turned red in these words; 0 when it never did."""
    world = type("World", (Simulation,), {"core_type": bug})
    for seed in range(SEEDS_MAX):
        simulation = world(seed)
        simulation.checks.fail_fast = True
        violations = simulation.run()
        if any(word in line for line in violations for word in words):
            return seed + 1
    return 0


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_simulation_turns_red_when_a_known_bug_is_put_back(bug):
    assert seen_in_simulation(bug, BUGS[bug]), f"{bug.__name__} was not seen in {SEEDS_MAX} seeds"


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("bug", [ReconcilesUnacknowledgedOnly, BooksWithoutKeys, SendsAgain], ids=lambda b: b.__name__)
def test_the_crash_harness_turns_red_when_a_known_bug_is_put_back(bug):
    assert any(crash_failures(bug, FORKS_MAX, agree_s=2.0)), f"{bug.__name__} was not seen in {FORKS_MAX} forks"


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_the_crash_harness_stays_green_on_the_same_plans_without_a_bug():
    assert not any(crash_failures(Core, FORKS_CONTROL))


def crash_failures(core_type: type[Core], forks: int, *, agree_s: float = AGREE_S) -> Iterator[str]:
    """Yield what each of the same children found wrong, "" for nothing."""
    rng, rig = random.Random(1), CrashRig(remote=True, core_type=core_type, agree_s=agree_s)
    try:
        for _ in range(forks):
            yield rig.run(Plan(rng.getrandbits(32), rng.choice(POINTS), rng.randint(4, 30))).failure
    finally:
        rig.close()
