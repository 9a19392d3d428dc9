"""The ledger equals a naive replay of the whole list, exactly, in whatever order the venue speaks (P1 to P13)."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.ledger_oracle import (
    INSTRUMENTS,
    account_opened,
    cash_event,
    fill,
    ledger_of,
    replay,
    split_event,
    worth,
)
from workstation.domain.events import Event, OrderFilled, SplitApplied
from workstation.domain.executions import CostMethod, ExecKind
from workstation.portfolio.ledger import Ledger

_SYMBOLS = sorted(INSTRUMENTS)
_encoder = msgspec.json.Encoder(order="deterministic")


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Return events in time order with unique keys: fills, busts, corrections, splits, settlements, adjustments."""
    events: list[Event] = [account_opened()]
    keys: list[tuple[str, str]] = []
    for at in range(1, draw(st.integers(1, 14)) + 1):
        symbol = draw(st.sampled_from(_SYMBOLS))
        what = draw(st.sampled_from(["fill"] * 6 + ["bust", "correction", "split", "variation", "dividend"]))
        price = draw(st.integers(1, 400))
        if what in {"bust", "correction"} and keys:
            symbol, corrects = draw(st.sampled_from(keys))
        elif what == "split" and symbol in {"STK", "EUQ"}:
            ratio = draw(st.sampled_from([(2, 1), (3, 2), (1, 10), (7, 3)]))
            events.append(split_event(*ratio, draw(st.none() | st.just(price)), at=at * 10, symbol=symbol))
            continue
        elif what == "variation" and symbol in {"FUT", "INV"}:
            amount = draw(st.integers(-(10**20), 10**20))
            events.append(cash_event(what, amount, currency=INSTRUMENTS[symbol].currency, symbol=symbol, at=at * 10))
            continue
        elif what == "dividend":
            events.append(cash_event(what, draw(st.integers(-(10**20), 10**20)), at=at * 10))
            continue
        else:
            what, corrects = "fill", ""
        if symbol == "FUT" and draw(st.booleans()):
            price = -price
        key = f"k{at:03}"
        qty = draw(st.integers(-9, 9).filter(bool))
        fee = draw(st.sampled_from([0, 10**15, -3 * 10**14, 123_456_789_012_345_678]))
        unit = draw(st.sampled_from(["USD", "BTC", INSTRUMENTS[symbol].currency]))
        kind = {"fill": ExecKind.TRADE, "bust": ExecKind.BUST, "correction": ExecKind.CORRECTION}[what]
        strategy = draw(st.sampled_from(["", "s1", "EXTERNAL"]))
        time, seq = at * 10 + draw(st.integers(-12, 3)), draw(st.integers(0, 1))
        events.append(
            fill(
                qty, price, at=max(time, 1), key=key, symbol=symbol, fee=fee, fee_currency=unit,
                strategy=strategy, kind=kind, corrects=corrects, seq=seq,
            )
        )  # fmt: skip
        if what != "bust":
            keys.append((symbol, key))
    return events


methods = st.sampled_from(list(CostMethod))


def _assert_equals_replay(ledger: Ledger, events: list[Event], method: CostMethod) -> None:
    for symbol in _SYMBOLS:
        expected = replay(events, "A", symbol, method)
        names = {"*": expected.total} | expected.parts
        for name, naive in names.items():
            row = ledger.position("A", symbol, name)
            figures = (0, 0, 0, {}) if row is None else (row.qty, row.cost, row.realised, row.fees)
            assert figures == (naive.qty, naive.cost, naive.realised, naive.fees)
        holding = ledger.holding("A", symbol)
        if holding is not None:
            assert holding.now.settled == expected.settled
            assert {k: v for k, v in holding.now.cash.items() if v} == {k: v for k, v in expected.cash.items() if v}
            flat = {name for name, part in holding.now.parts.items() if name not in expected.parts}
            assert all(holding.now.parts[name].figures == (0, 0, 0, {}) for name in flat)


@given(histories(), methods)
def test_the_ledger_equals_the_replay_of_any_prefix(events: list[Event], method: CostMethod) -> None:
    ledger = ledger_of([], method)
    for count, event in enumerate(events, 1):
        ledger.apply(event)
        ledger.check()
        if count in {len(events) // 2, len(events)}:
            _assert_equals_replay(ledger, events[:count], method)


@given(histories(), methods, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_figures_of_one_order(
    events: list[Event], method: CostMethod, random: object
) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # the strategy gives a seeded generator
    ledger, other = ledger_of(events, method), ledger_of(shuffled, method)
    for symbol in _SYMBOLS:
        left, right = ledger.holding("A", symbol), other.holding("A", symbol)
        assert (left is None) == (right is None)
        if left is not None and right is not None:
            assert left.now.total.figures == right.now.total.figures
            assert (left.now.settled, left.now.traded, left.now.issued) == (
                right.now.settled,
                right.now.traded,
                right.now.issued,
            )
    assert {k: v for k, v in ledger.cash("A").items() if v} == {k: v for k, v in other.cash("A").items() if v}


@given(histories(), methods)
def test_the_legs_of_every_event_sum_to_zero_per_unit(events: list[Event], method: CostMethod) -> None:
    ledger = ledger_of([], method)
    for event in events:
        before = dict(ledger.cash("A"))
        ledger.apply(event)
        sums: dict[str, int] = defaultdict(int)
        cash: dict[str, int] = defaultdict(int)
        for leg in ledger.legs():
            sums[leg.unit] += leg.amount
            if leg.book == "cash":
                cash[leg.unit] += leg.amount
        assert not any(sums.values())
        after = ledger.cash("A")
        assert all(after[unit] - before.get(unit, 0) == cash.get(unit, 0) for unit in after)


@given(histories(), methods)
def test_fills_and_splits_applied_twice_change_nothing(events: list[Event], method: CostMethod) -> None:
    ledger = ledger_of(events, method)
    positions, cash = list(ledger.positions()), dict(ledger.cash("A"))
    for event in events:
        if isinstance(event, OrderFilled | SplitApplied):
            assert ledger.apply(event) == ()
    assert (list(ledger.positions()), dict(ledger.cash("A"))) == (positions, cash)


@given(histories(), methods, st.integers(0, 14))
def test_snapshot_and_tail_give_the_state_in_memory(events: list[Event], method: CostMethod, cut: int) -> None:
    whole, head = ledger_of(events, method, history_max=4), ledger_of(events[:cut], method, history_max=4)
    resumed = ledger_of([], method, history_max=4)
    resumed.load(msgspec.json.decode(_encoder.encode(head.state())))
    for event in events[cut:]:
        resumed.apply(event)
    assert _encoder.encode(resumed.state()) == _encoder.encode(whole.state())


@given(histories(), methods, st.integers(1, 500))
def test_realised_plus_open_is_what_trading_moved_at_every_mark(
    events: list[Event], method: CostMethod, mark: int
) -> None:
    fills = [event for event in events if isinstance(event, OrderFilled) and event.execution.kind is ExecKind.TRADE]
    fills = [event for event in fills if event.execution.symbol != "BTC/USD"]
    ledger = ledger_of(list(fills), method)
    for symbol in _SYMBOLS:
        row, sense = ledger.position("A", symbol), -1 if INSTRUMENTS[symbol].inverse else 1
        if row is None:
            continue
        trades = [event.execution for event in fills if event.execution.symbol == symbol]
        spent = sum(round(worth(symbol, trade.last_px, trade.signed_qty)) for trade in trades)
        at_mark = round(worth(symbol, mark, row.qty))
        assert row.realised + sense * (at_mark - row.cost) == sense * (at_mark - spent)
        assert row.qty == sum(trade.signed_qty for trade in trades)


@given(histories(), methods)
def test_beyond_the_horizon_quantity_and_cash_stay_exact_and_the_case_is_reported(
    events: list[Event], method: CostMethod
) -> None:
    events = [event for event in events if not getattr(event, "numerator", 0)]
    ledger = ledger_of(events, method, history_max=2)
    ledger.check()
    doubtful = {symbol for _, symbol, _ in ledger.doubtful()}
    for symbol in _SYMBOLS:
        expected, holding = replay(events, "A", symbol, method), ledger.holding("A", symbol)
        if holding is None:
            continue
        assert holding.now.total.qty == expected.total.qty
        if symbol not in doubtful:
            assert holding.now.total.figures == (
                expected.total.qty, expected.total.cost, expected.total.realised, expected.total.fees
            )  # fmt: skip
        if INSTRUMENTS[symbol].asset_class.value != "FUTURE":
            assert {k: v for k, v in holding.now.cash.items() if v} == {k: v for k, v in expected.cash.items() if v}
