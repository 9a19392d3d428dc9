"""The digest of a run knows every part of it, the points of its curve included, and nothing else."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import START, parity_bars, plan, scripted, sma_cross, trades
from tests.helpers.sweeps import probe_code
from workstation.backtest.digest import digest_of
from workstation.backtest.sweep_job import encoded, job_of, loaded
from workstation.domain.conditions import NO_PRICE, WHOLE

PARTS = {"strategy": "a:A", "fills": ()}


@pytest.mark.parametrize("column", ["ts", "equity", "exposure", "cash"])
def test_a_point_of_the_curve_that_is_another_is_another_digest(column: str) -> None:
    curve = sma_cross([parity_bars(400)]).curve
    changed = getattr(curve, column).copy()
    changed[-1] += 1
    assert digest_of(PARTS, curve) != digest_of(PARTS, msgspec.structs.replace(curve, **{column: changed}))


def test_the_order_in_which_parts_are_named_and_how_a_curve_lies_in_memory_are_none() -> None:
    curve = sma_cross([parity_bars(400)]).curve
    doubled = np.repeat(curve.equity, 2)[::2]
    assert not doubled.flags["C_CONTIGUOUS"]
    again = msgspec.structs.replace(curve, equity=doubled)
    assert digest_of(dict(reversed(PARTS.items())), again) == digest_of(PARTS, curve)


def test_what_a_print_counts_for_is_part_of_the_digest_of_its_data_and_comes_to_a_sweep() -> None:
    digests = []
    for effect in (WHOLE, NO_PRICE):
        prints = msgspec.structs.replace(trades((0, 10_000, 5, 1), (1, 9_000, 5, 1)), effect=np.array([WHOLE, effect]))
        job = job_of(plan(scripted({}, wants=()), prints), probe_code())
        [found] = loaded(encoded(job)).plan({}, (START, START + 10**10), warm=False).sources[0]
        assert found.last.tolist() == [True, effect == WHOLE]
        digests.append(job.data)
    assert digests[0] != digests[1]
