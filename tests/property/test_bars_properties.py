"""Bars for any stream of ticks: shape, conservation, aggregation, and independence of how the feed was cut."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.market import MINUTE, T0, instrument, trade
from workstation.backtest.built_bars import tick_bars
from workstation.backtest.columns import TradeColumns
from workstation.domain.conditions import counts_for
from workstation.domain.market import Aggressor, Anchor, Bar, BarKind, BarType, MarketEvent, Trade
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.calendar import always_open
from workstation.marketdata.composites import BarAggregator
from workstation.marketdata.intervals import series_of
from workstation.marketdata.service import MarketData

ONE, FIVE = BarType(BarKind.MINUTE, 1), BarType(BarKind.MINUTE, 5)

ticks = st.lists(
    st.tuples(st.integers(0, 3 * MINUTE), st.integers(1, 1_000), st.integers(1, 500)), min_size=1, max_size=60
)


def trades(drawn: list[tuple[int, int, int]]) -> list[Trade]:
    at, made = 0, []
    for gap, price, size in drawn:
        at += gap
        made.append(trade(price, size, at))
    return made


def build(bar_type: BarType, stream: list[Trade]) -> list[Bar]:
    builder = BarBuilder("ABC", bar_type, always_open(), since_ns=T0)
    made = [bar for tick in stream for bar in builder.on_trade(tick)]
    return made + ([builder.current] if builder.current else [])


every_kind = (
    ONE,
    FIVE,
    BarType(BarKind.SECOND, 7),
    BarType(BarKind.HOUR, 1),
    BarType(BarKind.TICK, 3),
    BarType(BarKind.VOLUME, 333),
    BarType(BarKind.RANGE, 40),
    BarType(BarKind.MILLISECOND, 250),
    BarType(BarKind.YEAR, 1),
    BarType(BarKind.MINUTE, 1, every=True),
    BarType(BarKind.HOUR, 1, anchor=Anchor.SESSION, offset_ns=7 * MINUTE),
    BarType(BarKind.VALUE, 9_999),
    BarType(BarKind.TICK_IMBALANCE, 3),
    BarType(BarKind.VOLUME_IMBALANCE, 600),
    BarType(BarKind.VALUE_IMBALANCE, 50_000),
    BarType(BarKind.TICK_RUNS, 2),
    BarType(BarKind.VOLUME_RUNS, 600),
    BarType(BarKind.VALUE_RUNS, 50_000),
    BarType(BarKind.RENKO, 40),
)
kinds = st.sampled_from(every_kind)


@given(kinds, ticks)
def test_open_and_close_lie_between_low_and_high(bar_type: BarType, drawn: list[tuple[int, int, int]]) -> None:
    for bar in build(bar_type, trades(drawn)):
        assert bar.low <= bar.open <= bar.high
        assert bar.low <= bar.close <= bar.high


@given(kinds, ticks)
def test_the_volume_of_the_bars_is_the_volume_of_the_ticks(
    bar_type: BarType, drawn: list[tuple[int, int, int]]
) -> None:
    stream = trades(drawn)
    assert sum(bar.volume for bar in build(bar_type, stream)) == sum(tick.size for tick in stream)


@given(kinds, ticks, st.integers(0, 2 * MINUTE))
def test_no_bar_is_told_of_before_it_has_closed(
    bar_type: BarType, drawn: list[tuple[int, int, int]], later: int
) -> None:
    builder = BarBuilder("ABC", bar_type, always_open(), since_ns=T0)
    many = bar_type.kind in (BarKind.VOLUME, BarKind.VALUE, BarKind.RENKO)  # a trade fills several, ns after each other
    for tick in trades(drawn):
        told = builder.on_trade(tick)
        assert all(bar.ts_close <= tick.ts_event + (tick.size + 1_000 if many else 0) for bar in told)
        now = tick.ts_event + later
        assert all(bar.ts_close <= now for bar in builder.on_time(now))


@given(ticks)
def test_volume_bars_are_all_of_one_step_but_the_last(drawn: list[tuple[int, int, int]]) -> None:
    bars = build(BarType(BarKind.VOLUME, 100), trades(drawn))
    assert all(bar.volume == 100 for bar in bars[:-1])
    assert 0 < bars[-1].volume <= 100


@given(ticks)
def test_bars_of_a_range_reach_no_further_and_the_next_price_would_have(drawn: list[tuple[int, int, int]]) -> None:
    bars = build(BarType(BarKind.RANGE, 40), trades(drawn))
    assert all(bar.high - bar.low <= 40 for bar in bars)
    for bar, after in pairwise(bars):
        assert max(bar.high, after.open) - min(bar.low, after.open) > 40
        assert bar.ts_open < after.ts_open


@given(ticks)
def test_value_bars_pass_their_step_by_less_than_one_unit(drawn: list[tuple[int, int, int]]) -> None:
    stream, step = trades(drawn), 9_999
    for bar in build(BarType(BarKind.VALUE, step), stream)[:-1]:
        assert bar.volume * bar.low < step + bar.high
        assert bar.volume * bar.high >= step


@given(ticks)
def test_bricks_are_of_one_height_and_follow_each_other(drawn: list[tuple[int, int, int]]) -> None:
    laid = build(BarType(BarKind.RENKO, 40), trades(drawn))[:-1]
    assert all(abs(bar.close - bar.open) == 40 for bar in laid)
    for bar, after in pairwise(laid):
        assert after.open in (bar.close, bar.open)
        assert bar.ts_open < after.ts_open


@given(ticks)
def test_five_one_minute_bars_give_the_five_minute_bar(drawn: list[tuple[int, int, int]]) -> None:
    stream = trades(drawn)
    aggregator = BarAggregator("ABC", FIVE, always_open(), since_ns=T0)
    composed = [large for small in build(ONE, stream) for large in aggregator.on_bar(small)] + aggregator.flush()
    assert composed == build(FIVE, stream)


@given(ticks, st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_any_cut_of_the_feed_gives_the_same_bars(drawn: list[tuple[int, int, int]], cuts: list[int]) -> None:
    stream: list[MarketEvent] = [*trades(drawn)]

    def bars(slices: list[list[MarketEvent]]) -> list[MarketEvent]:
        heard: list[MarketEvent] = []
        market = MarketData(
            VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda _message, error: heard.append(error)
        )
        market.series.compose("ABC", ONE, FIVE)
        for bar_type in every_kind:
            market.series.open("ABC", bar_type)
        market.listen(heard.extend)
        for events in slices:
            market.on_feed(events)
        return heard

    pieces, at = [], 0
    while at < len(stream):
        step = cuts[len(pieces) % len(cuts)]
        pieces.append(stream[at : at + step])
        at += step
    assert bars(pieces) == bars([stream])


@given(st.lists(st.tuples(st.integers(0, 4 * MINUTE), st.integers(1, 99), st.integers(1, 9)), min_size=1, max_size=40))
def test_late_ticks_within_the_tolerance_lose_no_volume(drawn: list[tuple[int, int, int]]) -> None:
    builder = BarBuilder("ABC", ONE, always_open(), since_ns=T0, tolerance_ns=10 * MINUTE)
    final: dict[int, Bar] = {}
    for at, price, size in drawn:
        for bar in builder.on_trade(trade(price, size, at)):
            final[bar.ts_open] = bar
    current = builder.current
    total = sum(bar.volume for bar in final.values()) + (current.volume if current else 0)
    assert total == sum(size for _, _, size in drawn)


def exact(bars: list[Bar]) -> bytes:
    return msgspec.msgpack.encode([msgspec.structs.replace(bar, bar_type=ONE, count=0) for bar in bars])


NAMES = ("250ms", "7s", "1m", "5m", "1h@7m", "1m:every", "5m:of-1m", "3t", "333v", "99n", "3ti", "600vi", "50ni", "2tr",
         "600vr", "50nr", "40r", "40b")  # fmt: skip


@settings(max_examples=30)
@given(ticks, st.lists(st.integers(1, 7), min_size=1, max_size=20), st.sampled_from(NAMES))
def test_bars_of_a_live_feed_are_those_of_its_record_byte_for_byte(
    drawn: list[tuple[int, int, int]], cuts: list[int], name: str
) -> None:
    sides = (Aggressor.BUY, Aggressor.SELL, Aggressor.UNKNOWN)
    stream = [
        msgspec.structs.replace(tick, aggressor=sides[tick.size % 3], conditions=("", "@", "@ I", "4")[tick.price % 4])
        for tick in trades(drawn)
    ]
    listed = msgspec.structs.replace(instrument(), exchange="XNYS")
    bar_type = series_of(name, listed)
    market, live = MarketData(VirtualClock(T0), {"ABC": listed}, on_fault=lambda *_: None), []
    market.series.listen(lambda bar: live.append(bar) if bar.bar_type == bar_type and not bar.partial else None)
    market.bars("ABC", bar_type)
    chunks, at = [], 0
    while at < len(stream):
        part = stream[at : at + cuts[len(chunks) % len(cuts)]]
        market.on_feed([*part])
        columns = zip(
            *((t.ts_event, t.price, t.size, (1, -1, 0)[t.size % 3], counts_for(t.conditions, "XNYS")) for t in part),
            strict=True,
        )
        ts, price, size, side, effect = (np.array(column, dtype=np.int64) for column in columns)
        chunks.append(TradeColumns(symbol="ABC", ts=ts, price=price, size=size, aggressor=side, effect=effect))
        at += len(part)
    replayed = []
    for chunk in tick_bars(chunks, name, listed):
        empty = [0] * len(chunk.close) if chunk.empty is None else chunk.empty.tolist()
        rows = zip(*(column.tolist() for column in (*chunk.columns[2:7], *chunk.columns[:2])), empty, strict=True)
        replayed += [
            Bar("ABC", ONE, o, h, low, c, v, 0, opened, closed, empty=bool(flag))
            for o, h, low, c, v, opened, closed, flag in rows
        ]
    assert exact(replayed) == exact(live)
