"""Series of bars from outside and from here: seeded, composed, closed, and counted once."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.market import MINUTE, SECOND, T0, instrument, quote, trade
from workstation.domain.errors import ValidationError
from workstation.domain.market import BAR_CONDITION, Bar, BarKind, BarRevised, BarSource, BarType, StreamKind, Trade
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.calendar import always_open, us_equities
from workstation.marketdata.composites import BarAggregator
from workstation.marketdata.intervals import bar_type_of
from workstation.marketdata.quality import Defect, Quality
from workstation.marketdata.service import MarketData
from workstation.marketdata.subscriptions import Subscriptions

MINUTE_BARS = BarType(BarKind.MINUTE, 1)
FIVE = BarType(BarKind.MINUTE, 5)
OUTSIDE = BarType(BarKind.MINUTE, 1, external=True)
DAILY = BarType(BarKind.DAY, 1)


def market() -> MarketData:
    return MarketData(VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda *_: None, resync=lambda _: None)


def bar(
    minute: int, close: int = 100, *, kind: BarType = MINUTE_BARS, partial: bool = False, revised: bool = False
) -> Bar:
    open_ts = T0 + minute * MINUTE
    return Bar("ABC", kind, 100, 105, 95, close, 10, 2, open_ts, open_ts + MINUTE, partial=partial, revised=revised)


def test_a_series_seeded_with_an_unfinished_bar_goes_on_with_it() -> None:
    series = market().series
    history = series.seed("ABC", MINUTE_BARS, [bar(0), bar(1, partial=True)])
    assert len(history) == 1
    (closed,) = [event for event in series.apply([trade(110, 5, at=2 * MINUTE)]) if type(event) is Bar]
    assert (closed.ts_open, closed.high, closed.volume) == (T0 + MINUTE, 105, 10)
    assert series.seed("ABC", MINUTE_BARS, [bar(7)]) is history
    assert len(history) == 2, "an open series keeps what it has"


@pytest.mark.parametrize("unfinished", [True, False])
def test_what_comes_late_for_a_history_from_outside_leaves_its_bars_as_they_are(unfinished: bool) -> None:
    series = market().series
    history = series.seed("ABC", MINUTE_BARS, [bar(0), bar(1, partial=unfinished)])
    late = trade(999, at=MINUTE - SECOND if unfinished else 2 * MINUTE - SECOND)
    kept = len(history)
    series.apply([late, trade(100, at=9 * MINUTE)])
    assert history.values[kept - 1].tolist() == [100, 105, 95, 100, 10], "one print would stand for the whole bar"


def test_an_unfinished_bar_of_a_series_from_outside_is_left_to_its_source() -> None:
    series = market().series
    assert len(series.seed("ABC", OUTSIDE, [bar(0, kind=OUTSIDE), bar(1, kind=OUTSIDE, partial=True)])) == 1
    assert series.current("ABC", OUTSIDE) is None


def test_a_composed_series_is_one_however_often_it_is_asked_for() -> None:
    series = market().series
    history = series.compose("ABC", MINUTE_BARS, FIVE)
    assert series.compose("ABC", MINUTE_BARS, FIVE) is history
    series.apply([trade(100), trade(101, at=MINUTE)])
    forming = series.current("ABC", FIVE)
    assert forming is not None
    assert (forming.open, forming.ts_close) == (100, T0 + 5 * MINUTE)
    assert series.current("ABC", BarType(BarKind.MINUTE, 15)) is None


def test_a_closed_series_takes_no_more_ticks_and_the_others_go_on() -> None:
    series = market().series
    series.compose("ABC", MINUTE_BARS, FIVE)
    series.compose("ABC", MINUTE_BARS, BarType(BarKind.MINUTE, 15))
    series.close("ABC", FIVE)
    assert not series.is_open("ABC", FIVE)
    series.apply([trade(100 + minute, at=minute * MINUTE) for minute in range(7)])
    assert series.current("ABC", FIVE) is None
    assert series.current("ABC", BarType(BarKind.MINUTE, 15)) is not None
    series.close("ABC", MINUTE_BARS)
    assert series.current("ABC", BarType(BarKind.MINUTE, 15)) is not None, "it goes on for those it is part of"
    series.close("ABC", BarType(BarKind.MINUTE, 15))
    assert series.apply([trade(100, at=20 * MINUTE)]) == [trade(100, at=20 * MINUTE)]


def test_quotes_build_the_bars_of_their_side() -> None:
    series = market().series
    history = series.open("ABC", BarType(BarKind.MINUTE, 1, source=BarSource.BID))
    first, second = quote(99, 101), quote(98, 101, at=MINUTE)
    made = series.apply([first, second])
    assert [type(event).__name__ for event in made] == ["Quote", "Bar", "Quote"]
    assert history.values[0, 3] == 99


def test_a_builder_refuses_a_step_below_one_and_volume_bars_of_quotes() -> None:
    with pytest.raises(ValidationError, match="below 1"):
        BarBuilder("ABC", BarType(BarKind.MINUTE, 0), always_open(), since_ns=T0)
    with pytest.raises(ValidationError, match="need trades"):
        BarBuilder("ABC", BarType(BarKind.VOLUME, 10, source=BarSource.BID), always_open(), since_ns=T0)


def test_counted_bars_take_nothing_from_a_bar_without_trades() -> None:
    builder = BarBuilder("ABC", BarType(BarKind.TICK, 2), always_open(), since_ns=T0)
    assert builder.on_bar(bar(0)) == []
    assert builder.current is None


def test_trades_outside_the_session_close_the_bar_and_make_none() -> None:
    quality = Quality()
    builder = BarBuilder("ABC", DAILY, us_equities(), since_ns=T0, quality=quality)
    opens = (24 + 14) * 60 * MINUTE + 30 * MINUTE  # 2024-01-02 09:30 in New York
    builder.on_trade(trade(100, at=opens))
    closes = opens + 390 * MINUTE
    (closed,) = builder.on_trade(trade(101, at=closes + 3 * SECOND))
    assert closed.close == 100
    assert builder.on_trade(trade(102, at=closes + 9 * SECOND)) == []
    assert builder.on_trade(trade(103, at=opens - MINUTE)) == [], "late, and of no session"
    assert (builder.current, quality.of("ABC", Defect.OUTSIDE_SESSION)) == (None, 3)


def test_a_revised_bar_revises_the_larger_one_that_it_is_part_of() -> None:
    larger = BarAggregator("ABC", FIVE, always_open())
    for minute in (0, 2, 5):
        closed = larger.on_bar(bar(minute, close=101))
    assert [(made.volume, made.revised) for made in closed] == [(20, False)]
    assert larger.on_bar(bar(5, close=104, revised=True)) == []
    assert larger.current is not None
    assert (larger.current.close, larger.current.volume) == (104, 10)
    (revised,) = larger.on_bar(bar(1, close=104, revised=True))
    assert (revised.ts_open, revised.volume, revised.close, revised.revised) == (T0, 30, 101, True)
    assert larger.on_bar(bar(-30, close=104, revised=True)) == [], "older than what is kept"


def test_a_composed_series_whose_beginning_was_not_seen_is_partial() -> None:
    larger = BarAggregator("ABC", FIVE, always_open())
    made = [large for minute in (2, 5, 10) for large in larger.on_bar(bar(minute))]
    assert [large.partial for large in made] == [True, False]


def test_a_composed_type_opens_the_series_that_it_is_made_of_and_closes_it_with_itself() -> None:
    series = market().series
    composed = bar_type_of("5m:of-1m")
    history = series.open("ABC", composed)
    series.apply([trade(100 + minute, at=minute * MINUTE) for minute in range(7)])
    assert history.values[:, 3].tolist() == [104]
    series.close("ABC", composed)
    assert not series.is_open("ABC", MINUTE_BARS)
    series.open("ABC", MINUTE_BARS)
    series.open("ABC", composed)
    series.close("ABC", composed)
    assert series.is_open("ABC", MINUTE_BARS), "somebody asked for it"


def test_a_revised_bar_is_told_of_as_such_and_corrects_the_history() -> None:
    series = market().series
    history = series.open("ABC", MINUTE_BARS)
    series.apply([trade(100), trade(101, at=MINUTE)])
    late = trade(90, at=SECOND)
    told = series.apply([late])
    assert [type(event) for event in told] == [BarRevised, Trade]
    assert told[0].bar.low == history.values[0, 2] == 90


def test_a_bar_beyond_the_larger_one_closes_it_first() -> None:
    larger = BarAggregator("ABC", FIVE, always_open())
    larger.on_bar(bar(0, close=101))
    (closed,) = larger.on_bar(bar(7, close=99))
    assert (closed.ts_open, closed.close) == (T0, 101)
    assert larger.current is not None
    assert larger.current.ts_open == T0 + 5 * MINUTE


def test_a_bar_outside_the_session_opens_no_larger_bar() -> None:
    larger = BarAggregator("ABC", DAILY, us_equities())
    assert larger.on_bar(bar(0)) == [], "New Year"
    assert larger.current is None


@pytest.mark.parametrize(
    ("text", "kind", "step"),
    [
        ("5m", BarKind.MINUTE, 5),
        ("1mo", BarKind.MONTH, 1),
        ("10v", BarKind.VOLUME, 1_000),
        ("5kv", BarKind.VOLUME, 500_000),
        ("2mv", BarKind.VOLUME, 200_000_000),
        ("1kt", BarKind.TICK, 1_000),
    ],
)
def test_a_short_name_is_a_series_and_volume_counts_whole_units(text: str, kind: BarKind, step: int) -> None:
    assert bar_type_of(text, qty_decimals=2) == BarType(kind, step)


def test_a_name_of_no_interval_is_refused_with_those_there_are() -> None:
    for text in ("7x", "5k", "0t", "5km", "2000000kt"):
        with pytest.raises(ValidationError, match=f"'{text}' is no interval"):
            bar_type_of(text)


def test_after_a_reconnect_the_feed_is_asked_again_for_what_is_open() -> None:
    asked: list[tuple[str, StreamKind]] = []
    subscriptions = Subscriptions(lambda *key: asked.append(key), lambda *_: None)
    subscriptions.acquire("ABC", StreamKind.QUOTES)
    release = subscriptions.acquire("ABC", StreamKind.TRADES)
    release()
    subscriptions.renew()
    assert asked == [("ABC", StreamKind.QUOTES), ("ABC", StreamKind.TRADES), ("ABC", StreamKind.QUOTES)]


def test_a_late_part_leaves_a_larger_bar_alone_whose_parts_are_kept_no_more() -> None:
    larger = BarAggregator("ABC", FIVE, always_open())
    for minute in (0, 10, 15):
        larger.on_bar(bar(minute))
    assert larger.on_bar(bar(5, revised=True)) != [], "nothing had traded there"
    larger.on_bar(bar(20))
    assert larger.on_bar(bar(11, revised=True)) != []
    larger.on_bar(bar(25))
    assert larger.on_bar(bar(11, revised=True)) == [], "one part would stand for all"


def test_a_recorded_bar_of_a_listed_stock_closes_bars_at_its_own_close() -> None:
    listed = msgspec.structs.replace(instrument(), exchange="SMART")
    data = MarketData(VirtualClock(T0), {"ABC": listed}, on_fault=lambda *_: None, resync=lambda _: None)
    history = data.series.open("ABC", FIVE)
    for minute in (0, 5):
        recorded = bar(minute, 103, kind=OUTSIDE)
        print_ = trade(103, 10, at=minute * MINUTE + MINUTE - 1)
        data.series.apply([recorded, msgspec.structs.replace(print_, conditions=BAR_CONDITION)])
    assert history.values.tolist() == [[100, 105, 95, 103, 10]]


def test_a_type_that_is_none_leaves_no_series_behind() -> None:
    series = market().series
    with pytest.raises(ValidationError):
        series.open("ABC", bar_type_of("400d:of-1h"))
    assert list(series.histories()) == []


@pytest.mark.parametrize("is_open", [False, True])
def test_a_composed_series_goes_on_with_an_unfinished_bar_and_counts_nothing_twice(is_open: bool) -> None:
    series, composed = market().series, bar_type_of("5m:of-1m")
    volume = 1_000
    if is_open:  # somebody shows the minutes already: the one that forms is part of what the venue tells
        series.open("ABC", MINUTE_BARS)
        series.apply([trade(90, 7, at=4 * MINUTE)])
        volume += 7
    begun = Bar("ABC", composed, 100, 200, 50, 90, volume, 9, T0, T0 + 5 * MINUTE, partial=True)
    history = series.seed("ABC", composed, [begun])
    series.apply([trade(110, 1, at=4 * MINUTE + 30 * SECOND), trade(111, 5, at=5 * MINUTE)])
    assert history.values.tolist() == [[100, 200, 50, 110, volume + 1]]
    series.apply([trade(999, 1, at=2 * MINUTE)])
    assert history.values.tolist() == [[100, 200, 50, 110, volume + 1]], "late for a part that nobody has"
    series.apply([trade(300, 2, at=4 * MINUTE + 40 * SECOND)])
    assert history.values.tolist() == [[100, 300, 50, 300, volume + 3]]
