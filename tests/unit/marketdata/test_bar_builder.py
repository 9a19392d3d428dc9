"""Bars from ticks: boundaries, splits, late ticks, calendars."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.helpers.market import DAY, MINUTE, SECOND, T0, quote, trade
from workstation.domain.errors import ValidationError
from workstation.domain.market import Anchor, Bar, BarKind, BarSource, BarType, Trade
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.calendar import SessionCalendar, always_open, foreign_exchange, us_equities
from workstation.marketdata.composites import BarAggregator
from workstation.marketdata.grid import TimeGrid
from workstation.marketdata.history import BarHistory
from workstation.marketdata.intervals import bar_type_of
from workstation.marketdata.quality import Defect, Quality

ONE_MINUTE = BarType(BarKind.MINUTE, 1)


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def builder(bar_type: BarType = ONE_MINUTE, calendar: SessionCalendar | None = None, **options: object) -> BarBuilder:
    return BarBuilder("ABC", bar_type, calendar or always_open(), **{"since_ns": T0, **options})


def test_a_tick_on_the_boundary_belongs_to_the_next_bar() -> None:
    bars = builder()
    assert bars.on_trade(trade(100, at=0)) == []
    assert bars.on_trade(trade(105, at=MINUTE - 1)) == []
    (bar,) = bars.on_trade(trade(90, at=MINUTE))
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count) == (100, 105, 100, 105, 200, 2)
    assert (bar.ts_open, bar.ts_close) == (T0, T0 + MINUTE)
    assert bars.current is not None
    assert bars.current.open == 90


def test_empty_intervals_are_skipped() -> None:
    bars = builder()
    bars.on_trade(trade(100))
    (bar,) = bars.on_trade(trade(101, at=5 * MINUTE))
    assert bar.ts_close == T0 + MINUTE


def test_a_first_bar_that_began_before_listening_is_partial_and_the_next_is_not() -> None:
    bars = builder(since_ns=T0 + 10 * SECOND)
    bars.on_trade(trade(100, at=20 * SECOND))
    (first,) = bars.on_trade(trade(101, at=MINUTE))
    (second,) = bars.on_trade(trade(101, at=2 * MINUTE))
    assert (first.partial, second.partial) == (True, False)


def test_a_late_tick_within_the_tolerance_revises_its_closed_bar() -> None:
    quality = Quality()
    bars = builder(quality=quality, tolerance_ns=5 * SECOND)
    bars.on_trade(trade(100, at=30 * SECOND))
    bars.on_trade(trade(101, at=MINUTE))
    (revised,) = bars.on_trade(trade(120, 7, at=59 * SECOND))
    assert revised.revised
    assert (revised.high, revised.close, revised.volume) == (120, 120, 107)
    assert quality.of("ABC", Defect.LATE) == 1


def test_a_tick_later_than_the_tolerance_revises_too_and_is_counted_apart() -> None:
    quality = Quality()
    bars = builder(quality=quality, tolerance_ns=SECOND)
    bars.on_trade(trade(100, at=30 * SECOND))
    bars.on_trade(trade(101, at=MINUTE + 5 * SECOND))
    (revised,) = bars.on_trade(trade(120, at=59 * SECOND))
    assert (revised.revised, revised.high, revised.volume) == (True, 120, 200)
    assert (quality.of("ABC", Defect.TOO_LATE), quality.of("ABC", Defect.LATE)) == (1, 0)
    assert bars.on_trade(trade(120, at=-MINUTE)) == [], "of a bar that nobody has"
    assert quality.of("ABC", Defect.TOO_LATE) == 2


def test_a_late_tick_of_a_bar_that_is_kept_no_more_leaves_it_as_it_was_told() -> None:
    quality = Quality()
    bars = builder(BarType(BarKind.MILLISECOND, 100), quality=quality)
    for number in range(40):
        bars.on_trade(trade(100 + number, at=number * SECOND // 10))
    assert bars.on_trade(trade(999, at=SECOND // 2)) == [], "one tick would stand for the whole bar"
    (revised,) = bars.on_trade(trade(999, at=3 * SECOND))
    assert (revised.low, revised.high, revised.volume) == (130, 999, 200)
    assert quality.of("ABC", Defect.LATE) == 2


def test_a_late_bar_of_an_interval_without_one_displaces_no_newer_one() -> None:
    bars = builder()
    for minute in (0, *range(2, 17)):
        bars.on_trade(trade(100 + minute, at=minute * MINUTE))
    (between,) = bars.on_trade(trade(90, at=MINUTE))
    assert (between.open, between.volume) == (90, 100)
    for minute in (17, 18, 19):
        bars.on_trade(trade(100 + minute, at=minute * MINUTE))
    assert bars.on_trade(trade(999, at=2 * MINUTE)) == [], "it went with what is older than it"
    (revised,) = bars.on_trade(trade(999, at=4 * MINUTE))
    assert revised.volume == 200


def test_a_late_tick_of_the_bar_that_forms_tells_nobody() -> None:
    bars = builder()
    bars.on_trade(trade(100, at=30 * SECOND))
    assert bars.on_trade(trade(120, at=SECOND)) == []
    assert bars.current is not None
    assert (bars.current.open, bars.current.high, bars.current.close) == (120, 120, 100)


EVERY = BarType(BarKind.MINUTE, 1, every=True)


def test_an_interval_without_a_tick_gives_a_flagged_bar_where_the_type_says_so() -> None:
    bars = builder(EVERY)
    bars.on_trade(trade(100))
    made = bars.on_trade(trade(103, at=3 * MINUTE))
    assert [(bar.close, bar.volume, bar.count, bar.empty) for bar in made] == [
        (100, 100, 1, False),
        (100, 0, 0, True),
        (100, 0, 0, True),
    ]
    assert [(bar.ts_open - T0) // MINUTE for bar in made] == [0, 1, 2]
    assert [bar.empty for bar in bars.on_time(T0 + 6 * MINUTE)] == [False, True, True]
    (late,) = bars.on_trade(trade(90, at=4 * MINUTE))
    assert (late.open, late.low, late.volume, late.revised, late.empty) == (90, 90, 100, True, False)


def test_empty_bars_end_with_the_session_and_go_on_with_the_next() -> None:
    opens, closes = ns("2024-01-03T14:30"), ns("2024-01-03T21:00")
    bars = BarBuilder("ABC", EVERY, us_equities(), since_ns=opens)
    bars.put(100, 1, closes - 2 * MINUTE)
    assert [bar.empty for bar in bars.on_time(closes + 60 * MINUTE)] == [False, True]
    tomorrow = ns("2024-01-04T14:32")
    assert [bar.ts_open for bar in bars.put(101, 1, tomorrow)] == [tomorrow - 2 * MINUTE, tomorrow - MINUTE]


def test_a_silence_of_very_many_intervals_makes_no_bars() -> None:
    bars = builder(BarType(BarKind.MILLISECOND, 1, every=True))
    bars.on_trade(trade(100))
    assert len(bars.on_trade(trade(101, at=MINUTE))) == 1


def test_open_and_close_follow_the_venue_time_within_a_bar() -> None:
    bars = builder()
    bars.on_trade(trade(100, at=30 * SECOND))
    bars.on_trade(trade(110, at=10 * SECOND))
    bars.on_trade(trade(90, at=20 * SECOND))
    current = bars.current
    assert current is not None
    assert (current.open, current.close) == (110, 100)


def test_time_closes_a_quiet_bar_once() -> None:
    bars = builder()
    bars.on_trade(trade(100))
    assert bars.on_time(T0 + MINUTE - 1) == []
    assert [bar.close for bar in bars.on_time(T0 + MINUTE)] == [100]
    assert bars.on_time(T0 + 2 * MINUTE) == []


def test_bars_that_one_trade_fills_open_one_after_the_other_so_that_a_history_keeps_each() -> None:
    bars = builder(BarType(BarKind.VOLUME, 100)).on_trade(trade(10, 350))
    assert [bar.ts_open - T0 for bar in bars] == [0, 1, 2]
    kept = BarHistory("ABC", BarType(BarKind.VOLUME, 100), capacity=10)
    kept.extend(bars)
    assert kept.values[:, 4].tolist() == [100, 100, 100]


def test_a_volume_bar_splits_the_trade_that_crosses_its_step() -> None:
    bars = builder(BarType(BarKind.VOLUME, 100))
    assert bars.on_trade(trade(10, 60)) == []
    made = bars.on_trade(trade(11, 250, at=1))
    assert [bar.volume for bar in made] == [100, 100, 100]
    assert [(bar.open, bar.close) for bar in made] == [(10, 11), (11, 11), (11, 11)]
    assert bars.current is not None
    assert bars.current.volume == 10


def test_a_range_bar_closes_with_the_price_that_leaves_it() -> None:
    bars = builder(BarType(BarKind.RANGE, 4))
    made = [bar for at, price in enumerate((10, 12, 14, 15, 11, 10)) for bar in bars.on_trade(trade(price, at=at))]
    assert [(bar.open, bar.high, bar.low, bar.close, bar.count) for bar in made] == [
        (10, 14, 10, 14, 3),
        (15, 15, 11, 11, 2),
    ]
    assert [(bar.ts_open - T0, bar.ts_close - T0) for bar in made] == [(0, 2), (3, 4)]


def test_a_range_is_named_in_ticks_and_refused_where_there_is_no_tick() -> None:
    assert bar_type_of("20r", tick=5) == BarType(BarKind.RANGE, 100)
    for text, tick in (("20r", 0), ("10001r", 1)):
        with pytest.raises(ValidationError):
            bar_type_of(text, tick=tick)


def test_a_tick_bar_closes_with_its_last_tick() -> None:
    bars = builder(BarType(BarKind.TICK, 3))
    made = [bar for at, price in enumerate((1, 5, 2, 9)) for bar in bars.on_trade(trade(price, at=at))]
    assert [(bar.open, bar.high, bar.low, bar.close, bar.count) for bar in made] == [(1, 5, 1, 2, 3)]


@pytest.mark.parametrize(("source", "expected"), [(BarSource.BID, 10), (BarSource.ASK, 13), (BarSource.MID, 12)])
def test_quote_bars_take_the_side_they_name_and_mid_rounds_half_to_even(source: BarSource, expected: int) -> None:
    bars = builder(BarType(BarKind.MINUTE, 1, source))
    bars.on_quote(quote(10, 13))
    bars.on_quote(quote(None, None, at=1))
    assert bars.current is not None
    assert (bars.current.close, bars.current.volume, bars.current.count) == (expected, 0, 1)


def test_volume_bars_from_quotes_are_refused() -> None:
    with pytest.raises(ValidationError):
        builder(BarType(BarKind.VOLUME, 10, BarSource.BID))


def test_a_day_bar_runs_from_open_to_close_and_leaves_out_other_ticks() -> None:
    quality = Quality()
    bars = builder(BarType(BarKind.DAY, 1), us_equities(), quality=quality, since_ns=0)
    for moment, price in (("14:29:59", 1), ("14:30:00", 50), ("20:59:59", 60), ("21:00:00", 99)):
        ts = ns(f"2024-01-03T{moment}")
        made = bars.on_trade(Trade("ABC", price, 1, "UNKNOWN", "", ts, ts))
    (bar,) = made
    assert (bar.open, bar.close, bar.ts_open, bar.ts_close) == (50, 60, ns("2024-01-03T14:30"), ns("2024-01-03T21:00"))
    assert quality.of("ABC", Defect.OUTSIDE_SESSION) == 2


@pytest.mark.parametrize(
    ("kind", "calendar", "moment", "opens", "closes"),
    [
        (BarKind.WEEK, us_equities(), "2024-07-03T15:00", "2024-07-01T13:30", "2024-07-05T20:00"),
        (BarKind.MONTH, us_equities(), "2024-09-10T15:00", "2024-09-03T13:30", "2024-09-30T20:00"),
        (BarKind.WEEK, foreign_exchange(), "2024-01-10T15:00", "2024-01-07T22:00", "2024-01-12T22:00"),
        (BarKind.MONTH, always_open(), "2024-02-10T15:00", "2024-02-01T00:00", "2024-03-01T00:00"),
        (BarKind.YEAR, us_equities(), "2024-02-12T15:00", "2024-01-02T14:30", "2024-12-31T21:00"),
        (BarKind.DAY, foreign_exchange(), "2024-01-07T23:00", "2024-01-07T22:00", "2024-01-08T22:00"),
    ],
)
def test_long_bars_follow_the_exchange_calendar(
    kind: BarKind, calendar: SessionCalendar, moment: str, opens: str, closes: str
) -> None:
    found = TimeGrid(BarType(kind, 1), calendar).interval(ns(moment))
    assert found == (ns(opens), ns(closes), True)


def test_hours_are_counted_in_the_zone_and_end_where_its_offset_changes() -> None:
    grid = TimeGrid(BarType(BarKind.HOUR, 4), us_equities())
    before = grid.interval(ns("2024-03-10T06:30"))  # 01:30 standard time; clocks go forward at 07:00 UTC
    after = grid.interval(ns("2024-03-10T07:30"))  # 03:30 daylight time
    assert before[:2] == (ns("2024-03-10T05:00"), ns("2024-03-10T07:00"))
    assert after[:2] == (ns("2024-03-10T07:00"), ns("2024-03-10T08:00"))


def test_session_aligned_bars_begin_at_the_open_and_the_last_may_be_short() -> None:
    grid = TimeGrid(BarType(BarKind.HOUR, 1, anchor=Anchor.SESSION), us_equities())
    assert grid.interval(ns("2024-01-03T15:29"))[:2] == (ns("2024-01-03T14:30"), ns("2024-01-03T15:30"))
    assert grid.interval(ns("2024-01-03T20:45"))[:2] == (ns("2024-01-03T20:30"), ns("2024-01-03T21:00"))
    assert grid.interval(ns("2024-01-03T14:15"))[:2] == (ns("2024-01-03T14:00"), ns("2024-01-03T14:30"))


def test_session_aligned_bars_may_count_from_later_and_then_the_first_is_short_too() -> None:
    grid = TimeGrid(bar_type_of("1h@open+15m"), us_equities())
    spans = {grid.interval(ns(f"2024-01-03T{at}"))[:2] for at in ("14:31", "14:45", "15:44", "20:44", "20:50")}
    assert sorted((close - opened) // MINUTE for opened, close in spans) == [15, 15, 60, 60]
    assert (ns("2024-01-03T14:30"), ns("2024-01-03T14:45")) in spans
    assert (ns("2024-01-03T20:45"), ns("2024-01-03T21:00")) in spans
    from_midnight = TimeGrid(bar_type_of("1h@30m"), always_open())
    assert from_midnight.interval(ns("2024-01-03T10:15"))[:2] == (ns("2024-01-03T09:30"), ns("2024-01-03T10:30"))
    assert from_midnight.interval(ns("2024-01-03T00:15"))[:2] == (ns("2024-01-03T00:00"), ns("2024-01-03T00:30"))


def test_a_step_that_no_grid_has_is_refused() -> None:
    with pytest.raises(ValidationError):
        builder(BarType(BarKind.HOUR, 25))


def test_an_aggregated_bar_closes_with_the_small_bar_that_ends_it() -> None:
    small = builder()
    large = BarAggregator("ABC", BarType(BarKind.MINUTE, 2), always_open())
    made = []
    for minute, price in enumerate((10, 30, 20, 5, 40)):
        for bar in small.on_trade(trade(price, at=minute * MINUTE)):
            made += large.on_bar(bar)
    assert [(bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in made] == [
        (10, 30, 10, 30, 200),
        (20, 20, 5, 5, 200),
    ]
    assert large.flush() == []


def test_day_bars_may_be_composed_of_minutes() -> None:
    large = BarAggregator("ABC", BarType(BarKind.DAY, 1), always_open())
    small = builder()
    made = []
    for at in (0, DAY - MINUTE, DAY, DAY + MINUTE):
        for bar in small.on_trade(trade(10, at=at)):
            made += large.on_bar(bar)
    assert [(bar.ts_open, bar.ts_close, bar.volume) for bar in made] == [(T0, T0 + DAY, 200)]


def test_a_day_has_the_small_bar_that_its_session_opens_in() -> None:
    day, hour = BarAggregator("ABC", bar_type_of("1d"), us_equities()), bar_type_of("1h")
    made = []
    for number in range(9, 16):  # hours of the clock: the session opens at half past nine
        opens = ns("2024-01-02T05:00:00") + number * 3_600 * SECOND
        made += day.on_bar(
            Bar("ABC", hour, 100 + number, 100 + number, 90, 100 + number, 10, 1, opens, opens + 3_600 * SECOND)
        )
    (bar,) = made
    assert (bar.open, bar.close, bar.volume, bar.partial) == (109, 115, 70, False)
    assert (bar.ts_open, bar.ts_close) == (ns("2024-01-02T14:30:00"), ns("2024-01-02T21:00:00"))


def test_bars_from_a_sessions_open_have_no_parts_that_it_would_open_in() -> None:
    assert bar_type_of("30m@open:of-5m").parts == BarType(BarKind.MINUTE, 5)
    with pytest.raises(ValidationError, match="parts up to 5m"):
        bar_type_of("2h@open:of-1h")
