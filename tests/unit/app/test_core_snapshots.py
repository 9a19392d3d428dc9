"""When the state is stored: after enough events at a look that finds nothing new, after many at any."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from workstation.app.core import SNAPSHOT_EVENTS, SNAPSHOT_EVENTS_MAX, Core


def stored_at(*looks: int) -> list[int]:
    """Return the sequences at which a core stored its state, looking when the journal was at each of `looks`."""
    stored: list[int] = []
    journal = SimpleNamespace(last_seq=0, save_snapshot=lambda *_: stored.append(journal.last_seq))
    core: Any = SimpleNamespace(journal=journal, state=SimpleNamespace(state=bytes), _snapshot_seq=0, _looked_seq=0)
    for seq in looks:
        journal.last_seq = seq
        Core.save_snapshot(core)
    return stored


def test_while_orders_come_the_state_waits_for_a_quiet_look() -> None:
    enough = SNAPSHOT_EVENTS
    assert stored_at(enough - 1, enough - 1, enough, enough + 5, enough + 5, enough + 5) == [enough + 5]


def test_it_does_not_wait_for_ever_and_counts_from_the_last_time() -> None:
    most = SNAPSHOT_EVENTS_MAX
    assert stored_at(most - 1, most, most, 2 * most - 1, 2 * most) == [most, 2 * most]
