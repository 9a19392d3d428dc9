"""The digest of a run knows every part of it, the points of its curve included, and nothing else."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.helpers.backtests import parity_bars, sma_cross
from workstation.backtest.digest import digest_of

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
