"""Heikin-Ashi by the published formulas, over a series and tick by tick."""

import numpy as np

from workstation.viewmodels.chart_heikin_ashi import averaged, heikin_ashi, keep_up
from workstation.viewmodels.level_of_detail import BarPyramid

COLUMNS = np.array(
    [[10.0, 11.0, 12.5], [12.0, 13.0, 13.0], [9.0, 10.5, 11.0], [11.0, 12.5, 11.5], [100.0, 200.0, 300.0]]
)


def test_bodies_are_averaged_with_the_bar_before() -> None:
    open_, high, low, close, volume = heikin_ashi(COLUMNS)
    assert close.tolist() == [10.5, 11.75, 12.0]
    assert open_.tolist() == [10.5, 10.5, 11.125]
    assert high.tolist() == [12.0, 13.0, 13.0]
    assert low.tolist() == [9.0, 10.5, 11.0]
    assert volume.tolist() == [100.0, 200.0, 300.0]


def test_ticks_lead_to_the_same_bars() -> None:
    bars = BarPyramid()
    names = ("open", "high", "low", "close", "volume")
    bars.replace([0], **dict(zip(names, COLUMNS[:, :1], strict=True)))
    made = averaged(bars)
    for number in (1, 2):
        row = COLUMNS[:, number]
        bars.put(number, (row[0], row[0], row[0], row[0], 1.0))
        keep_up(made, bars)
        bars.put(number, tuple(row.tolist()))
        keep_up(made, bars)
    np.testing.assert_allclose(made.columns, heikin_ashi(COLUMNS))
