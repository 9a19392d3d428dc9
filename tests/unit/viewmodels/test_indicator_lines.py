"""Indicators of a chart: written in a layout, read back, computed over a series and kept up with each tick."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.domain.errors import NotFound, ValidationError
from workstation.marketdata.indicators.catalogue import INDICATORS
from workstation.marketdata.indicators.evaluation import over_bars
from workstation.viewmodels.chart_axes import level_text
from workstation.viewmodels.chart_indicators import (
    COLUMN_NAMES,
    INDICATORS_MAX,
    ChosenIndicator,
    IndicatorLines,
    calculate,
    choose,
    closed_bars,
    read_chosen,
    read_figure,
)
from workstation.viewmodels.level_of_detail import BarPyramid

MINUTE_NS = 60_000_000_000


def pyramid(count: int) -> BarPyramid:
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.normal(0, 0.5, count))
    open_ = np.concatenate((close[:1], close[:-1]))
    bars = BarPyramid()
    bars.replace(
        np.arange(count) * MINUTE_NS,
        open=open_,
        high=np.maximum(open_, close) + rng.random(count),
        low=np.minimum(open_, close) - rng.random(count),
        close=close,
        volume=rng.random(count) * 100 + 1,
    )
    return bars


def computed(chosen: ChosenIndicator, bars: BarPyramid) -> IndicatorLines:
    lines = IndicatorLines(chosen)
    made = calculate(chosen, closed_bars(bars), lambda: True)
    assert made is not None
    lines.take(made, bars)
    return lines


def grow(bars: BarPyramid, by: int) -> None:
    for _ in range(by):
        row = bars.columns[:, -1].tolist()
        bars.put(int(bars.times_ns[-1]) + MINUTE_NS, (row[3], row[3] + 1, row[3] - 1, row[3] + 0.25, 50.0))


@pytest.mark.parametrize("name", ["sma", "macd", "psar", "obv", "bollinger"])
def test_lines_kept_up_by_ticks_are_those_computed_anew(name: str) -> None:
    bars = pyramid(300)
    lines = computed(choose(name), bars)
    grow(bars, 1)
    lines.update_last(bars)
    grow(bars, 40)
    lines.update_last(bars)
    anew = computed(choose(name), bars)
    for number in range(len(lines.chosen.indicator.lines)):
        np.testing.assert_allclose(lines.line(number)[:341], anew.line(number)[:341], rtol=1e-9)


def larger(bars: BarPyramid, minutes: int, upto: int) -> dict[str, np.ndarray]:
    """Return bars of so many minutes of the first `upto`, the last as far as it got."""
    cells = [range(at, min(at + minutes, upto)) for at in range(0, upto, minutes)]
    open_, high, low, close, volume = bars.columns
    columns = {
        "open": [open_[c[0]] for c in cells], "high": [high[list(c)].max() for c in cells],
        "low": [low[list(c)].min() for c in cells], "close": [close[c[-1]] for c in cells],
        "volume": [volume[list(c)].sum() for c in cells], "time": [float(bars.times_ns[c[0]]) for c in cells],
    }  # fmt: skip
    return {name: np.array(values) for name, values in columns.items()}


@pytest.mark.parametrize("name", ["sma", "rsi", "atr", "obv", "macd", "vwap"])
def test_an_indicator_of_larger_bars_says_at_each_bar_what_those_so_far_give(name: str) -> None:
    bars = pyramid(260)
    lines = computed(choose(name, minutes=5), bars)
    for at in (3, 99, 137, 201, 259):
        wanted = over_bars(choose(name).indicator.build(), larger(bars, 5, at + 1))
        found = [lines.value(line, at) for line in range(len(wanted))]
        np.testing.assert_allclose(found, [line[-1] for line in wanted], rtol=1e-9, atol=1e-12)


def test_larger_bars_keep_up_with_ticks_as_if_computed_anew() -> None:
    bars = pyramid(63)
    lines = computed(choose("ema", {"bars": 3}, minutes=15), bars)
    for _ in range(40):
        for close in (99.0, 101.0):
            bars.put(int(bars.times_ns[-1]), (*bars.columns[:3, -1].tolist(), close, 60.0))
            lines.update_last(bars)
        grow(bars, 1)
        lines.update_last(bars)
    anew = computed(choose("ema", {"bars": 3}, minutes=15), bars)
    np.testing.assert_array_equal(lines.line(0)[: len(bars)], anew.line(0)[: len(bars)])


def test_bars_longer_than_asked_for_stand_for_themselves() -> None:
    bars = pyramid(50)
    bars.replace(
        np.arange(50) * 60 * MINUTE_NS,
        **dict(zip(("open", "high", "low", "close", "volume"), bars.columns.copy(), strict=True)),
    )
    own, asked = computed(choose("sma"), bars), computed(choose("sma", minutes=5), bars)
    np.testing.assert_allclose(asked.line(0)[:50], own.line(0)[:50], rtol=1e-12)


def test_the_length_of_bars_is_in_the_label_and_in_the_layout() -> None:
    chosen = choose("ema", {"bars": 20}, 1, minutes=15)
    assert (chosen.label, chosen.text()) == ("EMA 20 · 15m", "ema bars=20 over=15 color=1")
    assert read_chosen([chosen.text(), "ema bars=20 over=7 color=1"]) == [chosen]


def test_room_grows_with_the_series() -> None:
    bars = pyramid(10)
    lines = computed(choose("sma", {"bars": 2}), bars)
    grow(bars, 3_000)
    lines.update_last(bars)
    assert lines.value(0, 3_009) == pytest.approx(bars.columns[3, -2:].mean())


def test_a_calculation_that_is_not_wanted_any_more_gives_up() -> None:
    assert calculate(choose("sma"), closed_bars(pyramid(50)), lambda: False) is None


def test_no_value_is_said_before_there_is_one() -> None:
    bars = pyramid(30)
    lines = IndicatorLines(choose("sma"))
    assert not lines.ready
    assert np.isnan(lines.value(0, 29))
    lines.update_last(bars)
    assert not lines.ready
    lines = computed(choose("sma"), bars)
    assert np.isnan(lines.value(0, 18))
    assert np.isfinite(lines.value(0, 19))
    lines.forget()
    assert np.isnan(lines.value(0, 19))


def test_an_empty_series_has_lines_without_values() -> None:
    bars = BarPyramid()
    lines = computed(choose("macd"), bars)
    bars.put(0, (1.0, 2.0, 0.5, 1.5, 10.0))
    lines.update_last(bars)
    assert np.isnan(lines.value(0, 0))


def test_every_indicator_goes_to_a_layout_and_back() -> None:
    chosen = [choose(name, color=number) for number, name in enumerate(INDICATORS)]
    for start in range(0, len(chosen), INDICATORS_MAX):
        part = chosen[start : start + INDICATORS_MAX]
        assert read_chosen([each.text() for each in part]) == part


def test_what_a_layout_cannot_mean_is_left_out() -> None:
    kept = read_chosen(["sma bars=5", "nonsense", "ema bars=0", "ema bars=x", "ema days=3", "", 7, "rsi color=9"])
    assert [each.text() for each in kept] == ["sma bars=5 color=0", "rsi bars=14 color=1"]


def test_a_layout_holds_no_more_than_a_chart_shows() -> None:
    assert len(read_chosen(["sma"] * 50)) == INDICATORS_MAX


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "0", "5001", "2.5"])
def test_an_impossible_figure_is_refused_with_its_bounds(text: str) -> None:
    with pytest.raises(ValidationError):
        read_figure(INDICATORS["sma"], "bars", text)
    assert read_figure(INDICATORS["sma"], "bars", " 21 ") == 21


def test_an_unknown_indicator_is_refused() -> None:
    with pytest.raises(NotFound):
        choose("crystal_ball")


def test_bands_share_a_colour_and_other_lines_differ() -> None:
    assert [choose("bollinger", color=1).line_color(line) for line in range(3)] == [1, 1, 1]
    assert [choose("macd", color=3).line_color(line) for line in range(2)] == [3, 0]


def test_names_of_columns_are_those_that_formulas_read() -> None:
    read = {name for found in INDICATORS.values() for name in _columns(found.build())}
    assert read <= {*COLUMN_NAMES, "time"}


def _columns(nodes: tuple[object, ...]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        names |= {node.name} if hasattr(node, "name") else _columns(node.sources)  # type: ignore[attr-defined]  # a node
    return names


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(70.0, 10.0, "70"), (0.25, 0.05, "0.25"), (-1_250_000.0, 1.0, "-1.25M"), (-0.0001, 0.01, "0.00")],
)  # fmt: skip
def test_a_level_has_the_decimals_that_tell_steps_apart(value: float, step: float, text: str) -> None:
    assert level_text(value, step) == text
