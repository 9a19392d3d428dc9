"""Bars that trades close: value, imbalance, runs, renko; and how all kinds are named."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from tests.helpers.market import MINUTE, T0, instrument
from workstation.domain.errors import ValidationError
from workstation.domain.market import Aggressor, Anchor, Bar, BarKind, BarSource, BarType, Trade
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.bricks import BRICKS_AT_ONCE_MAX
from workstation.marketdata.calendar import always_open
from workstation.marketdata.intervals import bar_type_of, interval_of, series_of, shortest_ns

BUY, SELL, UNKNOWN = Aggressor.BUY, Aggressor.SELL, Aggressor.UNKNOWN


def built(kind: BarKind, step: int, *prints: tuple[int, int, Aggressor]) -> list[Bar]:
    builder = BarBuilder("ABC", BarType(kind, step), always_open())
    stream = [Trade("ABC", price, size, side, "", T0 + at, T0 + at) for at, (price, size, side) in enumerate(prints)]
    made = [bar for tick in stream for bar in builder.on_trade(tick)]
    return [*made, *([builder.current] if builder.current else [])]


def test_a_value_bar_splits_the_trade_that_crosses_its_step_into_whole_units() -> None:
    bars = built(BarKind.VALUE, 1_000, (100, 4, BUY), (100, 14, BUY), (300, 3, BUY))
    assert [(bar.volume, bar.count) for bar in bars] == [(10, 2), (9, 2), (2, 1)]
    assert [(bar.open, bar.close) for bar in bars] == [(100, 100), (100, 300), (300, 300)]


def test_a_price_of_nothing_adds_no_value_and_loses_no_volume() -> None:
    bars = built(BarKind.VALUE, 100, (0, 7, BUY), (-50, 3, BUY))
    assert [bar.volume for bar in bars] == [9, 1]


@pytest.mark.parametrize(
    ("kind", "step"), [(BarKind.TICK_IMBALANCE, 2), (BarKind.VOLUME_IMBALANCE, 7), (BarKind.VALUE_IMBALANCE, 700)]
)
def test_an_imbalance_bar_closes_when_one_side_took_so_much_more(kind: BarKind, step: int) -> None:
    prints = (100, 5, BUY), (100, 4, SELL), (100, 2, SELL), (100, 6, SELL), (100, 3, BUY)
    assert [bar.volume for bar in built(kind, step, *prints)] == [17, 3]
    assert [bar.volume for bar in built(kind, step * 2, *prints)] == [20]


@pytest.mark.parametrize("kind", [BarKind.TICK_RUNS, BarKind.VOLUME_RUNS, BarKind.VALUE_RUNS])
def test_a_run_begins_anew_with_the_other_side(kind: BarKind) -> None:
    step = {BarKind.TICK_RUNS: 3, BarKind.VOLUME_RUNS: 30, BarKind.VALUE_RUNS: 3_000}[kind]
    sides = (BUY, BUY, SELL, BUY, BUY, BUY, SELL)
    assert [bar.count for bar in built(kind, step, *((100, 10, side) for side in sides))] == [6, 1]


def test_an_unknown_side_is_that_of_the_last_price_change() -> None:
    prints = [(price, 1, UNKNOWN) for price in (100, 101, 101, 102)]
    assert [bar.count for bar in built(BarKind.TICK_IMBALANCE, 3, *prints)] == [4]
    assert [bar.count for bar in built(BarKind.TICK_RUNS, 2, *prints)] == [3, 1]


def test_renko_bars_are_bricks_and_one_trade_may_lay_several() -> None:
    bars = built(BarKind.RENKO, 10, *((price, 7, BUY) for price in (101, 104, 111, 135, 125, 109, 108)))
    assert [(bar.open, bar.close) for bar in bars] == [(100, 110), (110, 120), (120, 130), (120, 110), (110, 108)]
    assert sum(bar.volume for bar in bars) == 49
    assert all(bar.ts_open < after.ts_open for bar, after in pairwise(bars))
    assert not any(bar.empty for bar in bars)


def test_a_wild_price_lays_no_more_bricks_than_the_most() -> None:
    bars = built(BarKind.RENKO, 1, (100, 1, BUY), (10**9, 1, BUY))
    assert len(bars) == BRICKS_AT_ONCE_MAX
    assert bars[-1].close == 10**9


def test_bars_of_value_count_money_with_the_contracts_multiplier() -> None:
    future = msgspec.structs.replace(instrument(), price_decimals=2, qty_decimals=1, multiplier=50)
    assert series_of("1kn", future) == BarType(BarKind.VALUE, 20_000)
    assert future.notional(20_000, 1) == future.notional(2_000, 10), "one contract at 200.00, and 50 for a point"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250ms", BarType(BarKind.MILLISECOND, 250)),
        ("1y", BarType(BarKind.YEAR, 1)),
        ("1kn", BarType(BarKind.VALUE, 100_000)),
        ("100ti", BarType(BarKind.TICK_IMBALANCE, 100)),
        ("2kvi", BarType(BarKind.VOLUME_IMBALANCE, 2_000)),
        ("5ni", BarType(BarKind.VALUE_IMBALANCE, 500)),
        ("20tr", BarType(BarKind.TICK_RUNS, 20)),
        ("3vr", BarType(BarKind.VOLUME_RUNS, 3)),
        ("1mnr", BarType(BarKind.VALUE_RUNS, 100_000_000)),
        ("10b", BarType(BarKind.RENKO, 50)),
        ("30m@open", BarType(BarKind.MINUTE, 30, anchor=Anchor.SESSION)),
        ("1h@open+15m", BarType(BarKind.HOUR, 1, anchor=Anchor.SESSION, offset_ns=15 * MINUTE)),
        ("4h@30m", BarType(BarKind.HOUR, 4, offset_ns=30 * MINUTE)),
        ("1m:bid", BarType(BarKind.MINUTE, 1, BarSource.BID)),
        ("1s:every", BarType(BarKind.SECOND, 1, every=True)),
        ("5m:of-1m", BarType(BarKind.MINUTE, 5, parts=BarType(BarKind.MINUTE, 1))),
        (
            "1d:of-1h:mid:every",
            BarType(
                BarKind.DAY, 1, BarSource.MID, every=True, parts=BarType(BarKind.HOUR, 1, BarSource.MID, every=True)
            ),
        ),
    ],
)
def test_a_short_name_says_what_closes_a_bar_and_what_it_is_made_of(text: str, expected: BarType) -> None:
    assert bar_type_of(text, tick=5, value=(100, 1)) == expected


@pytest.mark.parametrize(
    "text",
    ["5ti5", "1m@", "1m@open15m", "1d@open", "500t@open", "5m@open+7m", "10kv:bid", "500t:every", "1m:bid:ask",
     "5m:of-2m", "1m:of-1m", "1m:of-5m", "500t:of-1m", "5m:of-500t", "5m:of-1m:of-1m", "1m:", "1m:soon", "1mn", "10b"],
)  # fmt: skip
def test_a_name_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="interval"):
        bar_type_of(text)


def test_only_plain_bars_of_last_prices_have_a_stored_interval() -> None:
    assert interval_of(bar_type_of("1h")) == "1_HOUR"
    assert all(interval_of(bar_type_of(f"1h{word}")) is None for word in ("@open", "@5m", ":bid", ":every", ":of-1m"))


def test_trades_close_counted_bars_at_any_time() -> None:
    assert shortest_ns(bar_type_of("500t")) == 0
    assert shortest_ns(bar_type_of("250ms")) == 250_000_000
