"""A print that the venue takes back and that is only stored: live bars and the day lose it as those read again do."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from tests.helpers.market import DAY, MINUTE, SECOND, T0, instrument, quote
from tests.unit.marketdata.test_late_busts import bust_of, market, prints
from tests.unit.marketdata.test_print_bars import DELAY, FIVE_OF_ONE, ONE, columns, laid
from workstation.domain.conditions import WHOLE
from workstation.domain.market import Aggressor, Bar, BarKind, BarRevised, BarType, MarketEvent, Trade, TradeBust
from workstation.marketdata import kept_trades, print_bars
from workstation.marketdata.calendar import always_open
from workstation.marketdata.composites import builder_of
from workstation.marketdata.service import MarketData
from workstation.marketdata.stored_bars import of_prints
from workstation.ports.market_data import Scales, TakenBack, TradeChunk

GONE = 5 * 3 + 1
"""The second print of the sixth minute, its high."""

FIVE = BarType(BarKind.MINUTE, 5)


def restarted(stored: list[Trade], *bar_types: BarType) -> tuple[MarketData, list[TradeBust]]:
    """Return a market that goes on behind stored prints: their bars are its past; and the busts it looks for."""
    made, asked = market(), list[TradeBust]()
    made.on_unknown_bust(asked.append)
    for bar_type in bar_types:
        rows = laid([*stored], bar_type)
        length = bar_type.step * MINUTE
        past = [Bar("ABC", bar_type, *row[1:], 3, row[0], row[0] + length) for row in rows]
        made.series.seed("ABC", bar_type, past)
    return made, asked


def rows(made: MarketData, bar_type: BarType) -> list[list[int]]:
    history = made.series.open("ABC", bar_type)
    return [[int(ts), *row] for ts, row in zip(history.ts_open, history.values.tolist(), strict=True)]


def found(stored: list[Trade], gone: Trade) -> TakenBack:
    return TakenBack(gone, tuple(row for row in stored if row is not gone))


@pytest.mark.parametrize("bar_type", [ONE, FIVE], ids=["one", "five"])
def test_a_bust_of_a_print_from_before_a_restart_revises_the_bars_that_the_next_restart_reads(
    bar_type: BarType,
) -> None:
    stored, told = prints(), list[MarketEvent]()
    gone = stored[GONE]
    made, asked = restarted(stored, bar_type)
    made.listen(told.extend)
    bust = bust_of(gone, stored[-1].ts_event + DELAY)
    made.on_feed([bust])
    assert asked == [bust]
    made.take_back(found(stored, gone))
    assert rows(made, bar_type) == laid([*stored, bust], bar_type)
    [revised] = [event.bar for event in told if isinstance(event, BarRevised)]
    assert gone.price not in (revised.high, revised.close)
    made.on_feed([bust])
    made.take_back(found(stored, gone))
    assert asked == [bust], "it is looked for once"
    assert rows(made, bar_type) == laid([*stored, bust], bar_type), "and taken out once"


def test_where_the_stored_prints_are_not_all_of_a_bar_its_volume_alone_is_taken_out() -> None:
    stored = prints()
    gone = stored[GONE]
    made, _ = restarted(stored, ONE)
    before = rows(made, ONE)[5]
    made.take_back(found([row for row in stored if row is not stored[GONE - 1]], gone))
    assert rows(made, ONE)[5] == [*before[:5], before[5] - gone.size]


def test_a_print_that_memory_has_let_go_of_is_looked_for_and_gives_the_day_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_trades, "EVENTS_KEPT_MAX", 4)
    monkeypatch.setattr(kept_trades, "TRADES_KEPT_MAX", 4)
    stored, plain = prints(), market()
    gone = stored[-2]  # the high of the day
    stored = [*stored[:-2], gone, *(msgspec.structs.replace(stored[-1], trade_id=f"L{n}") for n in range(12))]
    made, asked = restarted([])
    for row in stored:
        made.on_feed([row])
    bust = bust_of(gone, stored[-1].ts_event)
    made.on_feed([bust])
    assert asked == [bust]
    made.take_back(found(stored, gone))
    plain.on_feed([row for row in stored if row is not gone])
    assert made.cache.stats("ABC") == plain.cache.stats("ABC")


def test_the_last_print_of_a_quiet_instrument_gives_the_last_price_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVENTS_KEPT_MAX", "TRADES_KEPT_MAX"):
        monkeypatch.setattr(kept_trades, name, 0)
    stored, made = prints(), market()
    made.on_feed([stored[-1]])
    made.on_feed([quote(1, 2)])
    made.take_back(found(stored, stored[-1]))
    assert made.cache.last_trade("ABC") == stored[-2]


def test_the_close_of_the_day_before_is_given_back_that_a_stored_print_was() -> None:
    stored, made = prints(), market()
    days = [
        Bar("ABC", BarType(BarKind.DAY, 1), 1, 999, 1, close, 10, 1, T0 + at * DAY, T0 + (at + 1) * DAY)
        for at, close in ((0, stored[-1].price), (1, 300))
    ]
    made.cache.begin_day(days)
    made.take_back(found(stored, stored[-1]))
    assert made.cache.stats("ABC").prev_close == stored[-2].price
    assert made.cache.stats("ABC").volume == 10


def test_a_day_that_began_with_this_run_does_not_lose_what_it_never_had() -> None:
    stored, made = prints(), market()
    made.on_feed([stored[-1]])
    before = made.cache.stats("ABC")
    made.take_back(found(stored, stored[GONE]))
    assert made.cache.stats("ABC") == before


def test_a_bar_that_began_before_we_listened_does_not_lose_what_it_never_had() -> None:
    made, stored = market(), prints()
    made.bars("ABC", FIVE)
    made.on_feed([stored[6]])
    made.take_back(found(stored, stored[1]))
    forming: Any = made.current_bar("ABC", FIVE)
    assert forming.volume == stored[6].size


def high_behind(behind: int) -> list[Trade]:
    """Return a print at 900 and so many at 100 behind it, all of one minute."""
    side = Aggressor.UNKNOWN
    return [
        Trade("ABC", 100 if number else 900, 1, side, f"T{number}", T0 + number, T0 + number)
        for number in range(behind + 1)
    ]


def high_live_and_laid(behind: int) -> tuple[int, int]:
    """Return the high of the minute whose print at 900 is taken back, of live bars and of columns of prints."""
    stream, made = high_behind(behind), market()
    history = made.bars("ABC", ONE, since_ns=T0)
    for at in range(0, len(stream), 500):
        made.on_feed(list(stream[at : at + 500]))
    made.on_feed([TradeBust("ABC", "T0", T0 + SECOND, T0 + SECOND)])
    made.close_bars(T0 + 10 * MINUTE)
    chunk = columns_at_once(stream)
    past = of_prints([chunk], builder_of("ABC", ONE, always_open()), instrument(), 10)
    return int(history.values[0][1]), int(past.values[0][1])


def columns_at_once(stream: list[Trade]) -> TradeChunk:
    """Return prints, a bust of the first of them, and a print of the next minute as one chunk."""
    rows = [(row.ts_init, row.price, row.size, 0, row.ts_event, WHOLE, 0) for row in stream]
    rows += [(T0 + SECOND, 0, 0, 0, T0 + SECOND, 0, len(stream)), (T0 + MINUTE, 100, 1, 0, T0 + MINUTE, WHOLE, 0)]
    ts, price, size, side, ts_event, effect, busts = np.array(rows, dtype=np.int64).T.copy()
    return TradeChunk(
        symbol="ABC", scales=Scales(2, 0), ts=ts, price=price, size=size, aggressor=side, ts_event=ts_event,
        effect=effect, busts=busts,
    )  # fmt: skip


def test_a_print_sixty_thousand_prints_ago_is_taken_back_live_and_among_columns_of_prints() -> None:
    assert high_live_and_laid(60_000) == (100, 100)


@pytest.mark.parametrize(("behind", "high"), [(18, 100), (19, 100), (20, 900)])
def test_a_bust_reaches_as_far_back_live_as_among_columns_of_prints(
    monkeypatch: pytest.MonkeyPatch, behind: int, high: int
) -> None:
    for module in (kept_trades, print_bars):
        monkeypatch.setattr(module, "BUST_REACH", 20)
    assert high_live_and_laid(behind) == (high, high)


def test_of_two_prints_of_one_name_the_newer_is_taken_back_as_among_stored_ones() -> None:
    first, second = (msgspec.structs.replace(row, trade_id="T") for row in prints()[:2])
    made = market()
    made.on_feed([first, second, bust_of(second, second.ts_event)])
    assert made.cache.last_trade("ABC") is first


def test_a_composed_bar_of_a_stored_past_is_revised_too() -> None:
    stored = prints()
    gone = stored[GONE]
    made, _ = restarted(stored, ONE)
    made.series.seed("ABC", FIVE_OF_ONE, [
        Bar("ABC", FIVE_OF_ONE, *row[1:], 15, row[0], row[0] + 5 * MINUTE) for row in laid([*stored], FIVE_OF_ONE)
    ])  # fmt: skip
    made.take_back(found(stored, gone))
    bust = bust_of(gone, stored[-1].ts_event + DELAY)
    assert rows(made, FIVE_OF_ONE) == laid([*stored, bust], FIVE_OF_ONE)


COUNTED = BarType(BarKind.VOLUME, 30)


def test_a_bust_of_a_print_in_a_bar_of_volume_that_only_the_store_knew_is_taken_out_of_it_once() -> None:
    stored, told = prints(), list[MarketEvent]()
    made, asked = market(), list[TradeBust]()
    made.on_unknown_bust(asked.append)
    made.listen(told.extend)
    history = made.series.open("ABC", COUNTED)
    past = of_prints(columns([*stored]), builder_of("ABC", COUNTED, always_open()), instrument(), None)
    history.prepend(past.times, past.values)
    before = [int(row[4]) for row in history.values]
    gone = stored[GONE]
    made.on_feed([bust_of(gone, stored[-1].ts_event + DELAY)])
    assert asked, "the run itself does not know the print"
    for _ in range(2):
        made.take_back(found(stored, gone))
    row = history.index_at(gone.ts_event)
    expected = [volume - gone.size * (place == row) for place, volume in enumerate(before)]
    assert [int(values[4]) for values in history.values] == expected
    (revised,) = [event for event in told if type(event) is BarRevised]
    assert revised.bar.ts_open == int(history.ts_open[row])


def test_a_bar_of_volume_that_is_built_here_loses_a_print_long_after_it_closed() -> None:
    stored = prints()
    made = market()
    history = made.series.open("ABC", COUNTED)
    made.on_feed(list(stored))
    assert len(history) > 20
    before = history.values[:, 4].tolist()
    gone = stored[4]
    made.on_feed([bust_of(gone, stored[-1].ts_event + DELAY)])
    row = history.index_at(gone.ts_event)
    assert history.values[:, 4].tolist() == [v - gone.size * (place == row) for place, v in enumerate(before)]
