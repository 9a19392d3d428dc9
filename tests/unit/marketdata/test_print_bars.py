"""Bars that are laid of stored prints are those that were built live, busts, corrections and late prints included."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.market import MINUTE, SECOND, T0, instrument, trade
from workstation.domain.conditions import WHOLE
from workstation.domain.market import BarKind, BarType, Trade, TradeBust
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.bars import BAR_DELAY_NS
from workstation.marketdata.calendar import always_open
from workstation.marketdata.composites import builder_of
from workstation.marketdata.service import MarketData
from workstation.marketdata.stored_bars import of_prints
from workstation.ports.market_data import Scales, TradeChunk

ONE = BarType(BarKind.MINUTE, 1)
FIVE_OF_ONE = BarType(BarKind.MINUTE, 5, parts=ONE)
KINDS = (ONE, FIVE_OF_ONE, BarType(BarKind.TICK, 3), BarType(BarKind.VOLUME, 20), BarType(BarKind.RANGE, 5))
DELAY = SECOND // 10
"""From the venue to us."""


def columns(events: list[Trade | TradeBust]) -> list[TradeChunk]:
    """Return what a reader makes of recorded events, in chunks of four rows."""
    numbers: dict[str, int] = {}
    rows = []
    for event in events:
        if isinstance(event, Trade):
            numbers[event.trade_id] = len(numbers) + 1
            rows.append((event.ts_init, event.price, event.size, 0, event.ts_event, WHOLE, 0))
        else:
            rows.append((event.ts_init, 0, 0, 0, event.ts_event, 0, len(numbers) - numbers[event.trade_id] + 1))
    return [
        TradeChunk(
            symbol="ABC",
            scales=Scales(2, 0),
            ts=part[0],
            price=part[1],
            size=part[2],
            aggressor=part[3],
            ts_event=part[4],
            effect=part[5],
            busts=part[6] if part[6].any() else None,
        )
        for place in range(0, len(rows), 4)
        for part in [np.array(rows[place : place + 4], dtype=np.int64).T.copy()]
    ]


def live(events: list[Trade | TradeBust], bar_type: BarType, *, until: int) -> list[list[int]]:
    """Return the bars of a run that hears the events as they come and looks at the clock between them."""
    clock = VirtualClock(T0)
    market = MarketData(clock, {"ABC": instrument()}, on_fault=lambda *_: None)
    if bar_type.parts is not None:
        market.bars("ABC", bar_type.parts, since_ns=T0)
    history = market.bars("ABC", bar_type, since_ns=T0)
    for event in events:
        market.close_bars(event.ts_init - BAR_DELAY_NS)
        market.on_feed([event])
    market.close_bars(until)
    return [[int(ts), *row] for ts, row in zip(history.ts_open, history.values.tolist(), strict=True)]


def laid(events: list[Trade | TradeBust], bar_type: BarType) -> list[list[int]]:
    past = of_prints(columns(events), builder_of("ABC", bar_type, always_open()), instrument(), 1_000)
    return [[int(ts), *row] for ts, row in zip(past.times[:, 0], past.values.tolist(), strict=True)]


@pytest.mark.parametrize("bar_type", KINDS, ids=lambda kind: f"{kind.step}{kind.kind}")
@given(
    st.lists(
        st.tuples(
            st.integers(-2 * SECOND, MINUTE), st.integers(95, 105), st.integers(1, 9),
            st.sampled_from(["print", "print", "print", "bust", "correct"]),
        ),
        min_size=1,
        max_size=20,
    ),
    st.data(),
)  # fmt: skip
def test_stored_prints_make_the_bars_that_were_built_live(
    bar_type: BarType, drawn: list[tuple[int, int, int, str]], data: st.DataObject
) -> None:
    events: list[Trade | TradeBust] = []
    standing: list[Trade] = []
    at = now = 0
    for number, (gap, price, size, what) in enumerate(drawn):
        at = max(at + gap, 0)
        now = max(now, at + DELAY)
        made = msgspec.structs.replace(trade(price, size, at), trade_id=f"T{number}", ts_init=T0 + now)
        if what != "print" and standing:
            gone = standing.pop(data.draw(st.integers(0, len(standing) - 1)))
            events.append(TradeBust("ABC", gone.trade_id, T0 + now, T0 + now))
            if what == "bust":
                continue
            made = msgspec.structs.replace(made, ts_event=gone.ts_event)
        events.append(made)
        standing.append(made)
    closing = msgspec.structs.replace(trade(100, 1, at + 20 * MINUTE), trade_id="END", ts_init=T0 + now + 20 * MINUTE)
    events.append(closing)
    assert laid(events, bar_type) == live(events, bar_type, until=closing.ts_event - 1)


def test_a_bar_that_had_closed_when_its_only_print_was_taken_back_stands_empty() -> None:
    first = msgspec.structs.replace(trade(100, 5), trade_id="T0", ts_init=T0 + DELAY)
    last = msgspec.structs.replace(trade(101, 1, 9 * MINUTE), trade_id="T1", ts_init=T0 + 9 * MINUTE + DELAY)
    for late, found in ((90 * SECOND, [[T0, 100, 100, 100, 100, 0]]), (30 * SECOND, [])):
        events = [first, TradeBust("ABC", "T0", T0 + late, T0 + late), last]
        assert laid(events, ONE) == live(events, ONE, until=last.ts_event - 1) == found


def test_a_bust_of_a_print_that_is_not_known_changes_nothing() -> None:
    events = [trade(100, 5), trade(101, 6, MINUTE)]
    chunks = columns([msgspec.structs.replace(row, trade_id=str(at)) for at, row in enumerate(events)])
    assert chunks[0].busts is None
    far = msgspec.structs.replace(
        chunks[0],
        busts=np.array([0, 9]),
    )
    bars = of_prints([far, chunks[0]], builder_of("ABC", ONE, always_open()), instrument(), 10)
    assert bars.values.tolist() == [[100, 100, 100, 100, 10]]
