"""Trades that the venue takes back: their bars are revised, laid anew where all their prints are known."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.market import MINUTE, SECOND, T0, instrument, trade
from workstation.domain.market import Bar, BarKind, BarRevised, BarType, MarketEvent, Trade, TradeBust
from workstation.kernel.clock import VirtualClock
from workstation.marketdata import kept_trades
from workstation.marketdata.history import BarHistory
from workstation.marketdata.quality import Defect
from workstation.marketdata.service import MarketData

ONE, FIVE = BarType(BarKind.MINUTE, 1), BarType(BarKind.MINUTE, 5)


def named(number: int, price: int, size: int = 100, at: int = 0) -> Trade:
    return msgspec.structs.replace(trade(price, size, at), trade_id=f"T{number}")


def bust(number: int) -> TradeBust:
    return TradeBust("ABC", f"T{number}", T0, T0)


class Market:
    def __init__(self, *bar_types: BarType) -> None:
        self.data = MarketData(VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda *_: None)
        self.told: list[MarketEvent] = []
        self.histories = [self.data.bars("ABC", bar_type, since_ns=T0) for bar_type in bar_types]
        self.data.listen(self.told.extend)

    def feed(self, *events: MarketEvent) -> None:
        self.data.on_feed([*events])

    @property
    def revised(self) -> list[Bar]:
        return [event.bar for event in self.told if isinstance(event, BarRevised)]


def rows(history: BarHistory) -> list[list[int]]:
    return history.values.tolist()


def test_a_bust_lays_its_bar_and_the_larger_one_anew() -> None:
    market = Market(ONE)
    market.data.series.compose("ABC", ONE, FIVE)
    market.feed(named(1, 100), named(2, 900, at=1), named(3, 101, at=2), named(4, 102, at=MINUTE))
    market.feed(named(5, 103, at=5 * MINUTE), named(6, 103, at=6 * MINUTE))
    assert rows(market.histories[0])[0] == [100, 900, 100, 101, 300]
    market.feed(bust(2))
    assert rows(market.histories[0])[0] == [100, 101, 100, 101, 200]
    assert [(bar.bar_type.step, bar.high, bar.volume, bar.count) for bar in market.revised] == [
        (1, 101, 200, 2),
        (5, 102, 300, 3),
    ]
    market.feed(bust(2))
    assert len(market.revised) == 2, "once"
    assert market.data.quality.of("ABC", Defect.BUST) == 2


def test_a_bust_of_the_bar_that_forms_tells_nobody_and_of_its_only_print_ends_it() -> None:
    market = Market(ONE)
    market.feed(named(1, 100), named(2, 900, at=1), bust(2))
    current = market.data.current_bar("ABC", ONE)
    assert current is not None
    assert (current.high, current.volume, market.revised) == (100, 100, [])
    market.feed(bust(1))
    assert market.data.current_bar("ABC", ONE) is None
    market.feed(named(3, 50, at=2), named(4, 51, at=MINUTE))
    assert rows(market.histories[0]) == [[50, 50, 50, 50, 100]]


def test_a_bar_all_of_whose_prints_were_taken_back_is_empty_at_its_old_open() -> None:
    market = Market(ONE)
    market.feed(named(1, 100), named(2, 101, at=MINUTE), bust(1))
    [bar] = market.revised
    assert (bar.open, bar.close, bar.volume, bar.count, bar.empty) == (100, 100, 0, 0, True)


def test_without_all_prints_of_a_bar_its_volume_alone_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_trades, "EVENTS_KEPT_MAX", 3)
    monkeypatch.setattr(kept_trades, "TRADES_KEPT_MAX", 0)
    market = Market(ONE)
    for number, price in enumerate((100, 900, 101)):
        market.feed(named(number, price, at=number))
    market.feed(named(3, 50, at=MINUTE))
    market.feed(bust(0))
    assert market.revised == [], "it is not known any more"
    market.feed(bust(2))
    [bar] = market.revised
    assert (bar.open, bar.high, bar.close, bar.volume, bar.count) == (100, 900, 101, 200, 2)


def test_volume_bars_lose_what_was_split_into_them_and_go_on_to_their_step() -> None:
    market = Market(BarType(BarKind.VOLUME, 100))
    market.feed(named(1, 10, 60), named(2, 11, 80, at=SECOND), named(3, 12, 20, at=2 * SECOND), bust(2))
    assert [row[4] for row in rows(market.histories[0])] == [60]
    current = market.data.current_bar("ABC", BarType(BarKind.VOLUME, 100))
    assert current is not None
    assert current.volume == 20
    market.feed(named(4, 12, 100, at=3 * SECOND))
    assert [row[4] for row in rows(market.histories[0])] == [60, 100]


@given(
    st.lists(st.tuples(st.integers(0, MINUTE), st.integers(1, 99), st.integers(1, 50)), min_size=1, max_size=30),
    st.data(),
)
def test_after_a_bust_the_bars_are_those_of_a_feed_without_the_print(
    drawn: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    at, stream = 0, []
    for number, (gap, price, size) in enumerate(drawn):
        at += gap
        stream.append(named(number, price, size, at))
    gone = data.draw(st.integers(0, len(stream) - 1))
    market, without = Market(ONE), Market(ONE)
    market.feed(*stream, bust(gone))
    without.feed(*stream[:gone], *stream[gone + 1 :])
    last = T0 + at + MINUTE
    market.data.close_bars(last)
    without.data.close_bars(last)
    [history], [expected] = market.histories, without.histories
    kept = [row for row in rows(history) if row[4]]
    assert kept == rows(expected)
