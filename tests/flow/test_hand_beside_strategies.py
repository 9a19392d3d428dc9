"""A hand's orders beside strategies that misbehave: within twice what they take alone, and another run goes on."""

from __future__ import annotations

import pytest

from workstation.app.bench_strategies import KINDS, run

TIMES_MAX = 2.0
SHARE_MIN = 0.8


@pytest.mark.nightly
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_order_takes_at_most_twice_as_long_beside(kind: str) -> None:
    figures = run(kinds=(kind,))
    name = kind.lower()
    assert figures[f"{name}_ratio_p50"] <= TIMES_MAX, figures
    assert figures[f"{name}_healthy_share"] >= SHARE_MIN, figures
