"""A hand's orders beside strategies that misbehave: within twice what they take alone, and another run goes on."""

from __future__ import annotations

import pytest

from workstation.app.bench_strategies import KINDS, run

TIMES_MAX = 2.0
SHARE_MIN = 0.8
TRIES = 3
"""What else the machine does can only make the ratio worse: one good measurement is enough."""


@pytest.mark.nightly
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_order_takes_at_most_twice_as_long_beside(kind: str) -> None:
    name, found = kind.lower(), []
    for _ in range(TRIES):
        figures = run(kinds=(kind,))
        found.append((figures[f"{name}_ratio_p50"], figures[f"{name}_healthy_share"]))
        if found[-1][0] <= TIMES_MAX and found[-1][1] >= SHARE_MIN:
            return
    pytest.fail(f"ratio and share of a healthy run: {found}")
