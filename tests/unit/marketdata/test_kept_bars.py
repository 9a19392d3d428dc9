"""Bars that are kept and told: revisions at the edge of memory, deliveries refused whole, calendars without a day."""

from __future__ import annotations

from datetime import date, timedelta

from tests.helpers.market import DAY, MINUTE, T0, instrument, trade
from workstation.domain.market import Bar, BarKind, BarType, MarketEvent
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.calendar import us_equities
from workstation.marketdata.history import BarHistory
from workstation.marketdata.service import MarketData

MINUTE_BARS = BarType(BarKind.MINUTE, 1)


def bar(minute: int, close: int = 100, *, revised: bool = False) -> Bar:
    opens = T0 + minute * MINUTE
    return Bar("ABC", MINUTE_BARS, 100, 105, 95, close, 10, 2, opens, opens + MINUTE, revised=revised)


def history(capacity: int = 3) -> BarHistory:
    return BarHistory("ABC", MINUTE_BARS, capacity=capacity, price_scale=0.01, qty_scale=1.0)


def test_an_empty_history_has_no_last_bar() -> None:
    assert history().last() is None


def test_a_revision_takes_the_place_of_its_bar_and_one_of_a_missing_bar_its_own() -> None:
    kept = history()
    kept.extend([bar(0), bar(2)])
    kept.append(bar(2, 104, revised=True))
    kept.append(bar(1, 101, revised=True))
    assert kept.values[:, 3].tolist() == [100, 101, 104]
    assert kept.ts_open.tolist() == [T0, T0 + MINUTE, T0 + 2 * MINUTE]


def test_a_revision_older_than_all_that_is_kept_changes_nothing() -> None:
    kept = history()
    kept.extend([bar(minute) for minute in range(1, 4)])
    kept.append(bar(0, 104, revised=True))
    assert kept.ts_open[0] == T0 + MINUTE
    assert 104 not in kept.values[:, 3]


def test_a_delivery_refused_whole_is_told_to_nobody_and_time_closes_what_is_open_once() -> None:
    told: list[list[MarketEvent]] = []
    market = MarketData(VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda *_: None, resync=lambda _: None)
    market.listen(told.append)
    market.on_feed([trade(100, symbol="NONE")])
    market.close_bars(T0 + MINUTE)
    assert told == []
    market.bars("ABC", MINUTE_BARS)
    market.on_feed([trade(100)])
    market.close_bars(T0 + MINUTE)
    market.close_bars(T0 + MINUTE)
    assert [type(event).__name__ for batch in told for event in batch] == ["Trade", "Bar"]


def test_a_calendar_without_a_session_within_its_search_has_none_after() -> None:
    first = date(2024, 1, 1)
    closed = us_equities(holidays=frozenset(first + timedelta(days=day) for day in range(2_000)))
    assert closed.session_after(T0) is None
    assert us_equities().session_after(T0 + DAY) is not None


def test_many_bars_laid_at_once_are_kept_as_one_by_one() -> None:
    for minutes in ([1, 2, 3, 4, 5], [1, 3, 2, 2, 5], [5, 4], [1, 1, 3], [2], []):
        for kept_before in ([], [0], [2], [4, 9]):
            at_once, one_by_one = history(4), history(4)
            for each in (at_once, one_by_one):
                for minute in kept_before:
                    each.append(bar(minute))
            at_once.extend(bar(minute, 101) for minute in minutes)
            for minute in minutes:
                one_by_one.append(bar(minute, 101))
            assert at_once.ts_open_close().tolist() == one_by_one.ts_open_close().tolist()
            assert at_once.values.tolist() == one_by_one.values.tolist()
            assert (at_once.version, at_once.dropped) == (one_by_one.version, one_by_one.dropped)
