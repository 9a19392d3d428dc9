"""A user's own indicator as a row of the catalogue: figures with bounds, values bar by bar, a forming bar of a copy."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import pytest

from workstation.domain.errors import ValidationError
from workstation.marketdata.indicators.catalogue import Pane, indicator
from workstation.marketdata.indicators.evaluation import over_bars
from workstation.marketdata.indicators.own import IndicatorBar, OwnIndicator, catalogued, figure

NAMES = ("open", "high", "low", "close", "volume", "time")


class Mean(OwnIndicator):
    """The mean of so many closes."""

    title = "My mean"
    lines = ("mean", "twice")
    over_prices = True
    bars: int = figure(20, low=1, high=500)
    factor: float = figure(2.0, low=0.5, high=3)

    def begin(self) -> None:
        self.closes: deque[float] = deque(maxlen=self.bars)

    def on_bar(self, bar: IndicatorBar) -> tuple[float, ...] | None:
        self.closes.append(bar.close)
        if len(self.closes) < self.bars:
            return None
        mean = sum(self.closes) / self.bars
        return mean, self.factor * mean


def bar(close: float) -> dict[str, float]:
    return dict.fromkeys(NAMES, close)


def test_what_a_class_declares_is_its_row_in_the_catalogue() -> None:
    found = catalogued("mine", Mean)
    assert (found.id, found.title, found.group, found.pane) == ("own.mine.Mean", "My mean", "Own", Pane.PRICE)
    assert found.lines == ("mean", "twice")
    assert [(p.name, p.default, p.low, p.high, p.whole) for p in found.parameters] == [
        ("bars", 20, 1, 500, True),
        ("factor", 2.0, 0.5, 3, False),
    ]
    assert found.label({"bars": 5}) == "My mean 5 2"
    with pytest.raises(ValidationError, match="501 is out of range"):
        found.values({"bars": 501})


def test_it_gives_what_the_catalogue_gives() -> None:
    found = catalogued("mine", Mean)
    assert found.steps is not None
    steps = found.steps(*found.values({"bars": 3}))
    closes = np.random.default_rng(1).uniform(90, 110, 50)
    (expected,) = over_bars(indicator("sma").build({"bars": 3}), {"close": closes})
    values = [steps.close(bar(close))[0] for close in closes.tolist()]
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_a_forming_bar_is_asked_as_often_as_it_changes_and_counts_once() -> None:
    found = catalogued("mine", Mean)
    assert found.steps is not None
    steps = found.steps(2, 2.0)
    assert math.isnan(steps.close(bar(10.0))[0])
    assert [steps.peek(bar(close))[0] for close in (20.0, 30.0, 20.0)] == [15.0, 20.0, 15.0]
    assert steps.close(bar(40.0)) == (25.0, 50.0)


class WrongCount(OwnIndicator):
    def on_bar(self, bar: IndicatorBar) -> tuple[float, ...]:
        return bar.close, bar.close


class Crooked(OwnIndicator):
    bars: int = figure(5, low=10, high=20)


class ManyLines(OwnIndicator):
    lines = ("a", "b", "c", "d", "e")


def test_values_that_are_not_one_a_line_are_refused() -> None:
    found = catalogued("mine", WrongCount)
    assert found.steps is not None
    with pytest.raises(ValueError, match="2 values for 1 lines"):
        found.steps().close(bar(1.0))


@pytest.mark.parametrize(("kind", "words"), [(Crooked, "out of its own range"), (ManyLines, "1 to 4 names")])
def test_a_class_that_cannot_be_shown_is_refused_in_words(kind: type[OwnIndicator], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        catalogued("mine", kind)
