"""A trade that the venue takes back long after its bar closed: live bars and the day are those that a restart reads."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from tests.helpers.market import MINUTE, SECOND, T0, instrument, quote, trade
from tests.unit.marketdata.test_print_bars import DELAY, FIVE_OF_ONE, ONE, laid, live
from workstation.domain.market import Bar, BarRevised, MarketEvent, Trade, TradeBust
from workstation.kernel.clock import VirtualClock
from workstation.marketdata import kept_trades
from workstation.marketdata.service import MarketData

MINUTES = 60
PER_MINUTE = 3
DAY = 24 * 60 * MINUTE


def prints() -> list[Trade]:
    """Return three prints a minute for an hour, each minute's second one its high, each minute a unit higher."""
    found = []
    for number in range(MINUTES * PER_MINUTE):
        minute, place = divmod(number, PER_MINUTE)
        price, at = 100 + minute + (5 if place == 1 else 0), minute * MINUTE + place * SECOND
        made = trade(price, 10 + place, at)
        found.append(msgspec.structs.replace(made, trade_id=f"T{number}", ts_init=made.ts_event + DELAY))
    return found


def bust_of(gone: Trade, at: int) -> TradeBust:
    return TradeBust("ABC", gone.trade_id, at, at)


def market() -> MarketData:
    return MarketData(VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda *_: None)


@pytest.mark.parametrize("bar_type", [ONE, FIVE_OF_ONE], ids=["one", "five"])
@pytest.mark.parametrize("gone", [5 * PER_MINUTE + 1, 8 * PER_MINUTE, 40 * PER_MINUTE + 2])
@pytest.mark.parametrize("kept", [50_000, 4], ids=["delivered", "put away"])
def test_bars_are_those_that_are_laid_of_what_is_stored_and_those_of_a_feed_without_the_print(
    monkeypatch: pytest.MonkeyPatch, bar_type: type, gone: int, kept: int
) -> None:
    monkeypatch.setattr(kept_trades, "EVENTS_KEPT_MAX", kept)
    stream = prints()
    end = stream[-1].ts_event
    events = [*stream, bust_of(stream[gone], end + DELAY)]
    without = [row for row in stream if row is not stream[gone]]
    until = end - end % MINUTE
    assert live(events, bar_type, until=until) == laid(events, bar_type) == live(without, bar_type, until=until)


def test_the_revised_bars_are_told_once_each_the_larger_ones_too() -> None:
    made, stream, told = market(), prints(), []
    made.bars("ABC", ONE, since_ns=T0)
    made.series.compose("ABC", ONE, msgspec.structs.replace(FIVE_OF_ONE, parts=None))
    made.on_feed(list(stream))
    kept: list[Bar] = []
    made.series.listen(kept.append)
    made.listen(told.extend)
    made.on_feed([bust_of(stream[PER_MINUTE * 5 + 1], stream[-1].ts_event)])
    revised = [event.bar for event in told if isinstance(event, BarRevised)]
    assert [(bar.bar_type.step, bar.high, bar.volume) for bar in revised] == [(1, 105, 22), (5, 114, 154)]
    assert kept == revised, "what keeps bars is told too"


def test_of_a_bar_whose_prints_are_not_all_known_the_volume_alone_is_taken_out() -> None:
    made, stream = market(), prints()
    history = made.bars("ABC", ONE, since_ns=T0)
    made.on_feed(stream[1:])
    made.on_feed([bust_of(stream[1], stream[-1].ts_event)])
    assert history.values[0].tolist() == [105, 105, 100, 100, 12]


def fed(events: Sequence[MarketEvent], kept: int, monkeypatch: pytest.MonkeyPatch) -> MarketData:
    monkeypatch.setattr(kept_trades, "EVENTS_KEPT_MAX", kept)
    made = market()
    for event in events:
        made.on_feed([event, quote(1, 2)])
    return made


@pytest.mark.parametrize("gone", [0, 1, 100, MINUTES * PER_MINUTE - 2, MINUTES * PER_MINUTE - 1])
def test_the_day_is_that_of_the_prints_that_stand_however_many_quotes_came_since(
    monkeypatch: pytest.MonkeyPatch, gone: int
) -> None:
    stream = prints()
    events = [*stream, bust_of(stream[gone], stream[-1].ts_event)]
    without = [row for row in stream if row is not stream[gone]]
    late = fed(events, 4, monkeypatch).cache
    plain = fed(without, 50_000, monkeypatch).cache
    assert late.stats("ABC") == plain.stats("ABC")
    assert late.last_trade("ABC") == plain.last_trade("ABC")


def test_the_last_print_of_the_day_before_gives_its_close_back() -> None:
    stream = prints()
    next_day = msgspec.structs.replace(trade(300, 1, DAY), trade_id="N")
    made = market()
    made.on_feed([*stream, next_day, bust_of(stream[-1], next_day.ts_event)])
    assert made.cache.stats("ABC").prev_close == stream[-2].price
    assert made.cache.stats("ABC").volume == 1


def test_the_trades_that_are_kept_are_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_trades, "EVENTS_KEPT_MAX", 0)
    monkeypatch.setattr(kept_trades, "TRADES_KEPT_MAX", 3)
    kept = kept_trades.KeptTrades()
    for row in prints()[:7]:
        kept.add([row, quote(1, 2)])
    assert [row.trade_id for row in kept.standing("ABC")] == ["T3", "T4", "T5", "T6"]
    assert kept.known_from == prints()[2].ts_event + 1
    assert kept.take_back("ABC", "T2") is None
    assert kept.take_back("ABC", "T3") == prints()[3]
