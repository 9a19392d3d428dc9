"""Indicators: both readings of a formula agree, the last bar may change, the rest is worked out by hand."""

import itertools
import math

import numpy as np
import pytest

from tests.helpers.bars_random import random_bars
from workstation.domain.errors import NotFound, ValidationError
from workstation.marketdata.indicators.catalogue import INDICATORS, indicator
from workstation.marketdata.indicators.evaluation import Running, over_bars
from workstation.marketdata.indicators.graph import Column, Sum

BARS = random_bars(300, seed=5)
H, L, C, V = (BARS[name] for name in ("high", "low", "close", "volume"))
ROWS = [
    dict(zip(BARS, values, strict=True)) for values in zip(*(column.tolist() for column in BARS.values()), strict=True)
]
OTHER = {"open": 90.0, "high": 130.0, "low": 80.0, "close": 91.0, "volume": 7.0}


def _tr(i):
    return max(H[i], C[i - 1]) - min(L[i], C[i - 1])


@pytest.mark.parametrize("name", INDICATORS)
def test_bar_by_bar_gives_what_the_arrays_give(name):
    lines = INDICATORS[name].build()
    whole = np.array(over_bars(lines, BARS))
    live = Running(lines)
    single = np.array([live.close(row) for row in ROWS]).T
    np.testing.assert_allclose(single, whole, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(whole)))
    assert np.isfinite(whole[:, -1]).all()


@pytest.mark.parametrize("name", INDICATORS)
def test_a_look_at_a_forming_bar_leaves_no_trace(name):
    looked, plain = Running(INDICATORS[name].build()), Running(INDICATORS[name].build())
    for row in ROWS[:120]:
        looked.peek({**row, **OTHER})
        at_last = looked.peek(row)
        np.testing.assert_array_equal(at_last, plain.close(row))
        np.testing.assert_array_equal(looked.close(row), at_last)


@pytest.mark.parametrize("cuts", [(), (1,), (7, 8, 40), (19, 20, 21, 60, 150)])
@pytest.mark.parametrize("name", INDICATORS)
def test_many_bars_at_once_give_digit_by_digit_what_one_by_one_does(name, cuts):
    single, many = Running(INDICATORS[name].build()), Running(INDICATORS[name].build())
    expected = np.array([single.close(row) for row in ROWS]).T
    edges = [0, *cuts, len(ROWS)]
    columns = {key: column.tolist() for key, column in BARS.items()}
    parts = [
        np.array(many.close_all({key: column[a:b] for key, column in columns.items()}))
        for a, b in itertools.pairwise(edges)
    ]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), expected)
    np.testing.assert_array_equal(many.close(OTHER | ROWS[0]), single.close(OTHER | ROWS[0]))


def test_a_sum_over_what_has_holes_is_the_same_at_once_as_one_by_one():
    values = [math.nan, 1.1, 2.7, math.nan, 3.3, 4.9, 1e15, 0.1, -7.3, math.nan, 5.0, 6.0, 7.0]
    for size in (1, 2, 4, len(values)):
        one, _many = Sum(Column("close"), 3).run()
        _one, many = Sum(Column("close"), 3).run()
        expected = [one((value,), True) for value in values]
        found = [x for at in range(0, len(values), size) for x in many(values[at : at + size])]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", INDICATORS)
def test_fewer_bars_than_an_indicator_needs_give_no_value(name):
    lines = INDICATORS[name].build()
    one = {key: column[:1] for key, column in BARS.items()}
    for line, values in zip(lines, over_bars(lines, one), strict=True):
        assert values.shape == (1,)
        assert line is not None


def test_there_are_at_least_thirty_with_names_and_bounds():
    assert len(INDICATORS) >= 30
    for found in INDICATORS.values():
        assert len(found.build()) == len(found.lines)
        assert all(p.low <= p.default <= p.high for p in found.parameters)


# Worked by hand, from the definitions


def test_hull_is_a_weighted_average_of_weighted_averages():
    def wma(values, n):
        return sum((k + 1) * values[k] for k in range(n)) / (n * (n + 1) / 2)

    n, root = 16, 4
    raw = [2 * wma(C[i - 7 : i + 1], 8) - wma(C[i - 15 : i + 1], n) for i in range(100 - root + 1, 101)]
    assert over_bars(indicator("hma").build({"bars": n}), BARS)[0][100] == pytest.approx(wma(raw, root), rel=1e-12)


def test_channels_and_cloud_are_extremes():
    top, middle, bottom = over_bars(indicator("donchian").build({"bars": 20}), BARS)
    assert (top[50], bottom[50]) == (H[31:51].max(), L[31:51].min())
    assert middle[50] == (top[50] + bottom[50]) / 2
    conversion, base, span_a, span_b = over_bars(indicator("ichimoku").build(), BARS)
    assert conversion[80] == (H[72:81].max() + L[72:81].min()) / 2
    assert base[80] == (H[55:81].max() + L[55:81].min()) / 2
    assert span_a[80] == (conversion[80] + base[80]) / 2
    assert span_b[80] == (H[29:81].max() + L[29:81].min()) / 2


def test_keltner_is_as_wide_as_the_true_range():
    upper, middle, lower = over_bars(indicator("keltner").build({"bars": 20, "width": 2}), BARS)
    (atr,) = over_bars(indicator("atr").build({"bars": 20}), BARS)
    assert upper[60] - middle[60] == pytest.approx(2 * atr[60], rel=1e-12)
    assert middle[60] - lower[60] == pytest.approx(2 * atr[60], rel=1e-12)


def test_envelope_and_detrended_price_follow_the_average():
    upper, middle, lower = over_bars(indicator("envelope").build({"bars": 10, "percent": 5}), BARS)
    mean = C[31:41].mean()
    assert (upper[40], middle[40], lower[40]) == pytest.approx((mean * 1.05, mean, mean * 0.95))
    (dpo,) = over_bars(indicator("dpo").build({"bars": 10}), BARS)
    assert dpo[40] == pytest.approx(C[34] - mean)


def test_vwap_begins_anew_each_day():
    (line,) = over_bars(indicator("vwap").build(), BARS)
    price = (H + L + C) / 3
    day = 288
    assert line[day] == pytest.approx(price[day])
    assert line[day - 1] == pytest.approx((price[:day] * V[:day]).sum() / V[:day].sum())


def test_pivots_come_from_the_day_before_and_stand_all_day():
    lines = over_bars(indicator("pivots").build(), BARS)
    day = 288
    high, low, close = H[:day].max(), L[:day].min(), C[day - 1]
    middle = (high + low + close) / 3
    levels = (middle, 2 * middle - low, 2 * middle - high, middle + high - low, middle - high + low)
    assert all(np.isnan(line[:day]).all() for line in lines)
    assert [set(line[day:].round(9)) for line in lines] == [{round(level, 9)} for level in levels]


def test_an_opening_range_grows_for_its_minutes_and_then_stands():
    high, low = over_bars(indicator("opening").build({"minutes": 30}), BARS)
    for start, end in ((0, 288), (288, 300)):
        grown = [(H[start : at + 1].max(), L[start : at + 1].min()) for at in range(start, start + 6)]
        assert list(zip(high[start : start + 6], low[start : start + 6], strict=True)) == grown
        assert set(high[start + 5 : end]) == {H[start : start + 6].max()}
        assert set(low[start + 5 : end]) == {L[start : start + 6].min()}


def test_relative_volume_is_measured_by_the_bars_before():
    (line,) = over_bars(indicator("rvol").build({"bars": 10}), BARS)
    assert line[40] == pytest.approx(V[40] / V[30:40].mean())
    assert np.isnan(line[9])


def test_vortex_and_choppiness_measure_the_way():
    plus, minus = over_bars(indicator("vortex").build({"bars": 14}), BARS)
    span = range(60 - 13, 61)
    way = sum(_tr(i) for i in span)
    assert plus[60] == pytest.approx(sum(abs(H[i] - L[i - 1]) for i in span) / way)
    assert minus[60] == pytest.approx(sum(abs(L[i] - H[i - 1]) for i in span) / way)
    (chop,) = over_bars(indicator("choppiness").build({"bars": 14}), BARS)
    extent = H[47:61].max() - L[47:61].min()
    assert chop[60] == pytest.approx(100 * math.log10(way / extent) / math.log10(14))


def test_money_flow_and_force_weigh_by_volume():
    place = np.array([0 if h == low else (2 * c - h - low) / (h - low) for h, low, c in zip(H, L, C, strict=True)])
    (flow,) = over_bars(indicator("cmf").build({"bars": 20}), BARS)
    assert flow[60] == pytest.approx((place * V)[41:61].sum() / V[41:61].sum())
    (force,) = over_bars(indicator("force").build({"bars": 1}), BARS)
    assert force[60] == pytest.approx((C[60] - C[59]) * V[60])


def test_supertrend_stands_below_a_rise_and_above_a_fall():
    rise = np.concatenate([np.linspace(100, 120, 60), np.linspace(119, 90, 60)])
    bars = {"open": rise, "high": rise + 0.1, "low": rise - 0.1, "close": rise, "volume": rise, "time": rise}
    (stop,) = over_bars(indicator("supertrend").build({"bars": 10, "width": 3}), bars)
    assert (stop[20:60] < rise[20:60]).all()
    assert (np.diff(stop[20:60]) >= 0).all()
    assert (stop[75:] > rise[75:]).all()
    assert (np.diff(stop[75:]) <= 0).all()


def test_wilders_average_forgets_one_part_in_n():
    (line,) = over_bars(indicator("smma").build({"bars": 4}), BARS)
    assert line[3] == pytest.approx(C[:4].mean())
    assert line[4] == pytest.approx((3 * line[3] + C[4]) / 4)


# Parameters


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bars": 0}, "bars: 0 is out of range (allowed: 1 to 5000)"),
        ({"bars": 2.5}, "bars: 2.5 is no whole number"),
        ({"bars": math.nan}, "bars: nan is out of range"),
        ({"length": 3}, "length: is no parameter of SMA (allowed: bars)"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(settings, words):
    with pytest.raises(ValidationError) as refused:
        indicator("sma").build(settings)
    assert words in str(refused.value)


def test_an_unknown_indicator_is_not_found():
    with pytest.raises(NotFound):
        indicator("guess")


def test_a_label_names_the_parameters():
    assert indicator("bollinger").label({"width": 2.5}) == "Bollinger 20 2.5"
