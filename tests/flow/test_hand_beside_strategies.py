"""A hand's orders beside strategies that misbehave: within twice what they take alone, and another run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from workstation.app.bench_hand import HAND_EVERY_S
from workstation.app.bench_strategies import HAND_ORDERS, KINDS, ROUNDS, SETTLED_S, run
from workstation.app.strategies import BEHIND_FILL
from workstation.storage.journal import SqlJournal

TIMES_MAX = 2.0
SHARE_MIN = 0.8
ORDERS_THOROUGH, ROUNDS_THOROUGH = 50, 4
PAUSES_MAX_S = 45.0
"""What the command may wait in all, so that it ends in about a minute on a quiet machine."""

TRIES = 3
"""What else the machine does can only make the ratio worse: one good measurement is enough."""


@pytest.mark.nightly
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_order_takes_at_most_twice_as_long_beside(kind: str) -> None:
    name, found = kind.lower(), []
    for _ in range(TRIES):
        figures = run(ORDERS_THOROUGH, (kind,), rounds=ROUNDS_THOROUGH)
        found.append((figures[f"{name}_ratio_p50"], figures[f"{name}_healthy_share"]))
        if found[-1][0] <= TIMES_MAX and found[-1][1] >= SHARE_MIN:
            return
    pytest.fail(f"ratio and share of a healthy run: {found}")


def test_what_a_run_asks_for_waits_while_the_journal_has_enough_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_headless(tmp_path, "--no-api") as program:
        for fill, waits in ((0.0, False), (BEHIND_FILL, False), (2 * BEHIND_FILL, True)):
            monkeypatch.setattr(SqlJournal, "fill_ratio", fill)
            assert program._loop.holds_behind() is waits
        monkeypatch.undo()


def test_the_command_waits_for_less_than_a_minute_in_all_and_says_what_it_measures() -> None:
    assert len(KINDS) * ROUNDS * (2 * HAND_ORDERS * HAND_EVERY_S + SETTLED_S) <= PAUSES_MAX_S
    said: list[str] = []
    figures = run(2, ("Raise",), rounds=1, tell=said.append)
    assert said == ["the desk warms up", "beside Raise, 1 of 1"]
    assert figures["raise_started"] >= 1
