"""Adjusted bars of a chart: factors of a backtest's, 1 at the newest bar, volume by splits alone, words that say so."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from workstation.domain.numbers import MONEY_ONE
from workstation.marketdata.calendar import us_equities
from workstation.marketdata.coverage import adjustment_factors
from workstation.ports.market_data import ActionKind, CorporateAction
from workstation.viewmodels.chart_adjustment import AdjustedSeries, PriceKind

DAYS = ("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08")
CLOSES = (400.0, 404.0, 100.0, 99.0, 99.5)


def opened(day: str) -> int:
    """Return when New York opens on a winter's day."""
    return int(datetime.fromisoformat(f"{day}T14:30").replace(tzinfo=UTC).timestamp()) * 10**9


def split(day: str, numerator: int = 4) -> CorporateAction:
    return CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_date=day, numerator=numerator)


def dividend(day: str, amount: float, reference: float) -> CorporateAction:
    terms = round(amount * MONEY_ONE), round(reference * MONEY_ONE)
    return CorporateAction(symbol="AAPL", kind=ActionKind.DIVIDEND, ex_date=day, amount=terms[0], reference=terms[1])


FOUR_FOR_ONE = split("2024-01-04")
ONE_IN_A_HUNDRED = dividend("2024-01-05", 1, 100)


def series(*actions: CorporateAction, kind: PriceKind = PriceKind.TOTAL) -> AdjustedSeries:
    close = np.array(CLOSES)
    made = AdjustedSeries()
    made.choose(kind)
    made.begin(
        np.array([opened(day) for day in DAYS], np.int64),
        np.column_stack((close, close + 1, close - 1, close, np.full(5, 1_000.0))),
    )
    made.know(actions, us_equities())
    return made


def closes(made: AdjustedSeries) -> list[float]:
    return made.shown()[1][3].round(6).tolist()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (PriceKind.RAW, [400, 404, 100, 99, 99.5]),
        (PriceKind.SPLITS, [100, 101, 100, 99, 99.5]),
        (PriceKind.TOTAL, [99, 99.99, 99, 99, 99.5]),
    ],
)
def test_prices_before_an_action_are_comparable_with_those_after_it(kind: PriceKind, expected: list[float]) -> None:
    assert closes(series(FOUR_FOR_ONE, ONE_IN_A_HUNDRED, kind=kind)) == expected


def test_factors_are_those_that_a_backtest_reads() -> None:
    made, actions = series(FOUR_FOR_ONE, ONE_IN_A_HUNDRED), (FOUR_FOR_ONE, ONE_IN_A_HUNDRED)
    times, _ = made.shown()
    assert made.factors(times).tolist() == adjustment_factors(times, actions, us_equities()).tolist()


@pytest.mark.parametrize("kind", [PriceKind.SPLITS, PriceKind.TOTAL])
def test_volume_is_adjusted_by_splits_alone(kind: PriceKind) -> None:
    volumes = series(FOUR_FOR_ONE, ONE_IN_A_HUNDRED, kind=kind).shown()[1][4]
    assert volumes.tolist() == [4_000, 4_000, 1_000, 1_000, 1_000]


def test_what_is_announced_for_later_changes_nothing_yet() -> None:
    made = series(split("2024-01-09"), dividend("2024-02-01", 1, 100))
    assert closes(made) == list(CLOSES)
    assert made.words == ""


def test_the_newest_bar_is_never_changed_whatever_is_announced() -> None:
    made = series(FOUR_FOR_ONE, split("2024-01-09", 10))
    assert closes(made) == [100, 101, 100, 99, 99.5]
    later = np.array([opened("2024-01-08") + 1, opened("2024-03-01")], np.int64)
    assert made.factors(later).tolist() == [1, 1], "a fill of today stands at its price"


def test_a_split_that_takes_force_while_the_chart_is_open_asks_for_all_bars_anew() -> None:
    made = series(split("2024-01-09"))
    forming = (99.5, 99.7, 99.0, 99.6, 10.0)
    assert not made.put(opened("2024-01-08"), forming)
    assert made.put(opened("2024-01-09"), (24.9, 25.0, 24.8, 24.95, 40.0))
    assert closes(made) == [100, 101, 25, 24.75, 24.9, 24.95]
    assert not made.put(opened("2024-01-09"), (24.9, 25.0, 24.8, 24.9, 50.0)), "once"
    assert made.words == "Adjusted for 1 split."


def test_a_choice_tells_whether_it_changes_a_bar() -> None:
    made = series(ONE_IN_A_HUNDRED, kind=PriceKind.SPLITS)
    assert not made.choose(PriceKind.RAW)
    assert made.choose(PriceKind.TOTAL)
    assert made.choose(PriceKind.RAW)
    assert closes(made) == list(CLOSES), "raw prices come back to the last digit"


def test_words_say_what_is_adjusted_for_and_what_not() -> None:
    both = series(FOUR_FOR_ONE, ONE_IN_A_HUNDRED, dividend("2024-01-08", 1, 0))
    rest = "1 dividend without a close before it cannot be adjusted for."
    assert both.words == f"Adjusted for 1 split and 1 dividend; {rest}"
    both.choose(PriceKind.SPLITS)
    assert both.words == f"Adjusted for 1 split, not adjusted for 1 dividend; {rest}"
    both.choose(PriceKind.RAW)
    assert both.words == f"Raw prices, not adjusted for 1 split and 1 dividend; {rest}"


def test_a_dividend_as_large_as_the_price_is_passed_over() -> None:
    assert closes(series(dividend("2024-01-05", 100, 100))) == list(CLOSES)


def test_no_bars_have_no_words() -> None:
    made = AdjustedSeries()
    made.know((FOUR_FOR_ONE,), us_equities())
    assert (made.words, made.shown()[1].shape) == ("", (5, 0))
    assert not made.put(opened("2024-01-05"), (1.0, 1.0, 1.0, 1.0, 1.0))


def test_a_revised_bar_is_shown_in_the_prices_chosen_and_no_other_is_changed() -> None:
    made = series(FOUR_FOR_ONE, kind=PriceKind.SPLITS)
    assert made.revise(opened(DAYS[0]), (360.0, 480.0, 320.0, 440.0, 500.0)) == (90, 120, 80, 110, 2_000)
    assert closes(made) == [110, 101, 100, 99, 99.5]
    assert made.revise(opened(DAYS[0]) + 1, (1.0, 1.0, 1.0, 1.0, 1.0)) is None


WEEKS = tuple(opened(day) for day in ("2024-01-08", "2024-01-16", "2024-01-22"))
FORCE = opened("2024-01-24")


def weeks(kind: PriceKind = PriceKind.SPLITS, *, now: int, ex_date: str = "2024-01-24") -> AdjustedSeries:
    """Return weeks of 400 whose last one forms; those after a split come in prices of its end."""
    close = np.full(3, 400.0)
    made = AdjustedSeries()
    made.choose(kind)
    rows = np.column_stack((close, close, close, close, np.full(3, 10.0)))
    made.begin(np.array(WEEKS, np.int64), rows, of_end=True, now_ns=now)
    made.know((split(ex_date),), us_equities())
    return made


def test_a_week_within_which_a_split_takes_force_is_in_prices_of_its_end_and_those_before_are_adjusted() -> None:
    made = weeks(now=FORCE - 1)
    assert closes(made) == [400, 400, 400]
    assert made.put(WEEKS[-1], (100.0, 100.0, 100.0, 100.0, 40.0), FORCE), "as it takes force, not a week later"
    assert closes(made) == [100, 100, 100]
    assert made.shown()[1][4].tolist() == [40, 40, 40]
    assert not made.put(WEEKS[-1], (100.0, 101.0, 100.0, 101.0, 41.0), FORCE + 1), "once"
    assert made.words == "Adjusted for 1 split."
    assert not made.put(opened("2024-01-29"), (102.0, 102.0, 102.0, 102.0, 1.0), opened("2024-01-29"))
    assert closes(made) == [100, 100, 101, 102], "and so it stays once it is closed"


def test_a_chart_that_is_opened_after_a_split_within_the_week_knows_it() -> None:
    made = weeks(now=FORCE + 1)
    assert closes(made) == [100, 100, 400], "the newest is never changed"
    assert made.factors(np.array([FORCE - 1, FORCE], np.int64)).tolist() == [0.25, 1], "a fill of that week"


def test_a_closed_week_with_a_split_within_is_not_adjusted_for_it() -> None:
    made = weeks(now=FORCE, ex_date="2024-01-18")
    assert closes(made) == [100, 400, 400]
    times, columns = made.prepend(np.array([opened("2024-01-02")], np.int64), np.array([[400.0] * 4 + [10.0]]))
    assert (columns[3].tolist(), columns[4].tolist(), len(times)) == ([100], [40], 1)
    early = weeks(now=FORCE, ex_date="2024-01-04")
    page = np.array([opened("2023-12-26"), opened("2024-01-02")], np.int64)
    _, columns = early.prepend(page, np.array([[400.0] * 4 + [10.0]] * 2))
    assert columns[3].tolist() == [100, 400], "in prices of its end too"
    assert made.revise(WEEKS[0], (440.0, 440.0, 440.0, 440.0, 10.0)) == (110, 110, 110, 110, 40)
    assert made.revise(WEEKS[1], (99.0, 99.0, 99.0, 99.0, 10.0)) == (99, 99, 99, 99, 10)
