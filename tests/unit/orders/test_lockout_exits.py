"""Auto-flatten: a breach's lockout exits the account's positions once, a trader's own lockout exits nothing."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.domain.events import LimitChanged
from workstation.orders.lockout_exits import LockoutExits
from workstation.risk.restrictions import BREACH_ACTOR, DAY, lockout_end, lockout_end_text, lockout_event

MIDNIGHT = 1_704_240_000_000_000_000
"""2024-01-03T00:00:00Z"""


def lock_out(rig: CoreRig, actor: str) -> None:
    event = lockout_event(ACCOUNT, "the day's loss", rig.now)
    rig.record(LimitChanged(**{name: getattr(event, name) for name in event.__struct_fields__} | {"actor": actor}))
    rig.clock.advance(0)


def exits(rig: CoreRig) -> list[int]:
    return [call.terms.order_qty for call in rig.broker.of("submit") if call.terms.reduce_only]


@pytest.mark.parametrize(
    ("listens", "actor", "sent"),
    [(True, BREACH_ACTOR, [100]), (True, "POSITIONS:local", []), (False, BREACH_ACTOR, [])],
)
def test_only_a_breach_flattens_and_only_where_it_is_set(listens: bool, actor: str, sent: list[int]) -> None:
    rig = CoreRig()
    if listens:
        LockoutExits(rig.desk, rig.bus, rig.clock)
    rig.position(100)
    lock_out(rig, actor)
    assert exits(rig) == sent
    assert rig.faults == []


def test_the_exit_of_a_lockout_passes_the_lockout_and_leaves_the_account_flat() -> None:
    rig = CoreRig()
    LockoutExits(rig.desk, rig.bus, rig.clock)
    rig.position(-40)
    lock_out(rig, BREACH_ACTOR)
    rig.broker.fill(rig.broker.of("submit")[-1].cl_ord_id, 40, 10_004)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 0


def test_a_lockout_ends_at_midnight_utc_or_at_its_instant() -> None:
    assert lockout_end(DAY, MIDNIGHT - 1) == MIDNIGHT
    assert lockout_end_text(DAY, MIDNIGHT - 1) == "until the next trading day, 2024-01-03 00:00 UTC"
    assert lockout_end_text(str(MIDNIGHT + 5_400 * 10**9), MIDNIGHT) == "until 2024-01-03 01:30 UTC"
