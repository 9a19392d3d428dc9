"""Fills from bars: each choice is flipped and the difference seen."""

from __future__ import annotations

import pytest

from tests.helpers.backtests import MINUTE, START, Scripted, bars, options, plan, scripted
from tests.helpers.market import instrument
from workstation.backtest.options import GapFill, Latency, LimitFill, MarketFill, Path, Slippage, SlippageKind
from workstation.backtest.run import run_backtest
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrdStatus, TimeInForce

FLAT = (10_000, 10_000, 10_000, 10_000)


def run(script, *rows, volume=None, choices=None, wants=(("ABC", "1m"),), **parts):
    parts.setdefault("options", options(**(choices or {})))
    return run_backtest(plan(scripted(script, wants=wants), bars(*rows, volume=volume), **parts))


def fills(result):
    return [(fill.bar, fill.side.value, fill.qty, fill.price) for fill in result.fills]


def buy(**terms):
    return {0: lambda s: s.buy("ABC", 100, tif=TimeInForce.GTC, **terms)}


@pytest.mark.parametrize(
    ("fill", "expected"), [(MarketFill.NEXT_OPEN, (1, 10_050)), (MarketFill.THIS_CLOSE, (0, 10_000))]
)
def test_a_market_order_trades_at_the_next_open_or_at_this_close(fill, expected):
    result = run(buy(), FLAT, (10_050, 10_060, 10_040, 10_055), choices={"market_fill": fill})
    assert fills(result) == [(expected[0], "BUY", 100, expected[1])]


def test_the_close_of_the_signal_is_cautioned_against():
    assert any("close of the bar" in text for text in options(market_fill=MarketFill.THIS_CLOSE).cautions)
    assert not any("close of the bar" in text for text in options().cautions)


@pytest.mark.parametrize(("late_s", "minute"), [(0, 1), (1, 2), (60, 2), (61, 3)])
def test_an_order_that_is_late_trades_at_the_first_open_after_its_arrival(late_s: int, minute: int) -> None:
    rows = bars(*[(10_000 + at, 10_009 + at, 9_999 + at, 10_005 + at) for at in range(5)])
    late = options(latency=Latency(order=late_s * 10**9))
    result = run_backtest(plan(scripted({0: lambda s: s.buy("ABC", 100)}), rows, options=late))
    assert [(fill.ts - START, fill.price) for fill in result.fills] == [(minute * MINUTE, 10_000 + minute)]


@pytest.mark.parametrize(("low", "filled"), [(9_951, False), (9_950, False), (9_949, True)])
def test_a_resting_limit_fills_only_where_the_price_passes_through(low, filled):
    result = run(buy(limit=99.50), FLAT, FLAT, (10_000, 10_000, low, 9_990))
    assert fills(result) == ([(2, "BUY", 100, 9_950)] if filled else [])


def test_a_touch_fills_where_it_is_asked_for():
    result = run(buy(limit=99.50), FLAT, FLAT, (10_000, 10_000, 9_950, 9_990), choices={"limit_fill": LimitFill.TOUCH})
    assert fills(result) == [(2, "BUY", 100, 9_950)]


def test_a_touch_fills_by_chance_and_the_same_seed_has_the_same_luck():
    rows = [FLAT, FLAT] + [(10_000, 10_000, 9_950, 9_990)] * 40
    choices = {"limit_fill": LimitFill.PROBABILITY, "fill_probability": 0.2}
    found = [fills(run(buy(limit=99.50), *rows, choices=choices, seed=seed))[0][0] for seed in range(8)]
    again = [fills(run(buy(limit=99.50), *rows, choices=choices, seed=seed))[0][0] for seed in range(8)]
    assert found == again
    assert len(set(found)) > 1
    never = {**choices, "fill_probability": 0.0}
    assert fills(run(buy(limit=99.50), *rows, choices=never)) == []


@pytest.mark.parametrize(("gap", "price"), [(GapFill.LIMIT, 9_950), (GapFill.OPEN, 9_900)])
def test_a_limit_that_the_open_jumps_over_fills_at_its_price_or_at_the_open(gap, price):
    result = run(buy(limit=99.50), FLAT, FLAT, (9_900, 9_940, 9_890, 9_930), choices={"gap_fill": gap})
    assert fills(result) == [(2, "BUY", 100, price)]


def test_a_limit_that_arrives_marketable_takes_the_better_open():
    assert fills(run(buy(limit=101.00), FLAT, (10_020, 10_030, 10_010, 10_020))) == [(1, "BUY", 100, 10_020)]


@pytest.mark.parametrize(
    ("row", "price"), [((10_000, 10_080, 9_990, 10_070), 10_050), ((10_070, 10_080, 10_060, 10_070), 10_070)]
)
def test_a_stop_fills_at_its_trigger_or_at_the_open_that_gapped_over_it(row, price):
    assert fills(run(buy(stop=100.50), FLAT, FLAT, row)) == [(2, "BUY", 100, price)]


def test_a_stop_limit_beyond_its_limit_rests():
    result = run(buy(stop=100.50, limit=100.60), FLAT, FLAT, (10_070, 10_080, 10_065, 10_070), FLAT)
    assert fills(result) == [(3, "BUY", 100, 10_060)]
    assert result.orders[-1].status is OrdStatus.FILLED


def test_a_trailing_stop_follows_one_way_only():
    def act(s):
        s.buy("ABC", 100)
        s.sell("ABC", 100, trail_percent=1.0, tif=TimeInForce.GTC)

    rows = [FLAT, FLAT, (10_000, 10_400, 10_000, 10_400), (10_400, 10_400, 10_200, 10_200)]
    assert fills(run({0: act}, *rows))[-1] == (3, "SELL", 100, 10_296)


def test_a_trailing_stop_waits_for_its_activation_price_within_a_bar_too():
    def act(s):
        s.buy("ABC", 100)
        s.sell("ABC", 100, trail_ticks=100, activation=104.00, tif=TimeInForce.GTC)

    rows = [FLAT, FLAT, (10_000, 10_399, 9_700, 10_390), (10_390, 10_400, 10_250, 10_250)]
    assert fills(run({0: act}, *rows))[-1] == (3, "SELL", 100, 10_300)
    assert len(fills(run({0: act}, *rows[:3]))) == 1


@pytest.mark.parametrize(("distance", "sold"), [({"trail": 0.50}, 10_350), ({"trail_percent": 2}, 10_192)])
def test_a_new_distance_counts_from_the_best_price_that_a_trailing_stop_has_seen(distance, sold):
    def act(s):
        s.buy("ABC", 100)
        s.id = s.sell("ABC", 100, trail=1.00, tif=TimeInForce.GTC)

    rows = [FLAT, (10_000, 10_400, 10_000, 10_400), (10_390, 10_390, 10_380, 10_390), (10_390, 10_390, 10_100, 10_100)]
    result = run({0: act, 2: lambda s: s.replace(s.id, **distance)}, *rows)
    assert fills(result)[-1] == (3, "SELL", 100, sold)


def test_a_trailing_stop_that_has_begun_begins_nowhere_else_in_a_backtest():
    def act(s):
        s.buy("ABC", 100)
        s.id = s.sell("ABC", 100, trail=1.00, activation=102.00, tif=TimeInForce.GTC)

    rows = [FLAT, (10_000, 10_400, 10_000, 10_400), (10_390, 10_390, 10_380, 10_390), (10_390, 10_390, 10_200, 10_200)]
    told = []
    script = {0: act, 1: lambda s: s.replace(s.id, activation=110), 2: lambda s: told.extend(s.orders())}
    result = run(script, *rows)
    assert fills(result)[-1] == (3, "SELL", 100, 10_300)
    assert [order.reason for order in told] == ["it trails already"]
    later = run({0: act, 1: lambda s: s.replace(s.id, activation=110)}, FLAT, FLAT, *rows[2:])
    assert len(fills(later)) == 1


def test_a_smaller_size_leaves_a_trailing_stop_where_it_has_come_to():
    def act(s):
        s.buy("ABC", 100)
        s.id = s.sell("ABC", 100, trail=1.00, tif=TimeInForce.GTC)

    rows = [FLAT, (10_000, 10_400, 10_000, 10_400), (10_350, 10_350, 10_320, 10_350), (10_350, 10_350, 10_200, 10_200)]
    for size in (50, 120):
        result = run({0: act, 1: lambda s, size=size: s.replace(s.id, quantity=size)}, *rows)
        assert fills(result)[-1] == (3, "SELL", size, 10_300)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        (Path.OHLC, "target"),
        (Path.OLHC, "stop"),
        (Path.PESSIMISTIC, "stop"),
        (Path.ADAPTIVE, "target"),
    ],
)
def test_the_path_decides_which_leg_of_a_bracket_a_wide_bar_meets(path, label):
    script = {0: lambda s: s.buy("ABC", 100, stop_loss=99.00, take_profit=100.50)}
    result = run(script, FLAT, FLAT, (10_000, 10_060, 9_800, 10_000), choices={"path": path})
    expected = (2, "SELL", 100, 10_050) if label == "target" else (2, "SELL", 100, 9_900)
    assert fills(result) == [(1, "BUY", 100, 10_000), expected]
    assert result.path_sensitive_fills == 1
    assert sorted(order.status.value for order in result.orders) == ["CANCELLED", "FILLED", "FILLED"]


def test_a_bracket_lives_after_a_gap_entry_and_grows_with_partial_fills():
    script = {0: lambda s: s.buy("ABC", 100, stop_loss=99.00, take_profit=101.00, tif=TimeInForce.GTC)}
    rows = [FLAT, (10_020, 10_020, 10_020, 10_020), (10_020, 10_020, 10_020, 10_020), (9_800, 9_800, 9_800, 9_800)]
    result = run(script, *rows, volume=[1_000, 240, 400, 4_000], choices={"bar_share_bps": 2_500})
    assert fills(result) == [(1, "BUY", 60, 10_020), (2, "BUY", 40, 10_020), (3, "SELL", 100, 9_800)]
    assert not result.positions


def test_no_more_than_the_share_of_the_volume_trades():
    result = run(buy(), *[FLAT] * 4, volume=[400, 160, 160, 160], choices={"bar_share_bps": 2_500})
    assert fills(result) == [(1, "BUY", 40, 10_000), (2, "BUY", 40, 10_000), (3, "BUY", 20, 10_000)]
    assert fills(run(buy(), *[FLAT] * 4, volume=[400, 160, 160, 160])) == [(1, "BUY", 100, 10_000)]


def test_data_without_volume_takes_any_size_and_says_so():
    result = run(buy(), FLAT, FLAT, choices={"bar_share_bps": 2_500})
    assert fills(result) == [(1, "BUY", 100, 10_000)]
    assert any("no volume" in text for text in result.warnings)


def test_the_rest_of_an_immediate_order_ends_and_fill_or_kill_takes_all_or_nothing():
    for tif, filled in ((TimeInForce.IOC, 40), (TimeInForce.FOK, 0)):
        script = {0: lambda s, tif=tif: s.buy("ABC", 100, tif=tif)}
        result = run(script, *[FLAT] * 3, volume=[400, 160, 160], choices={"bar_share_bps": 2_500})
        assert sum(fill.qty for fill in result.fills) == filled
        assert result.orders[0].status is OrdStatus.CANCELLED


@pytest.mark.parametrize(
    ("slippage", "price"),
    [
        (Slippage(SlippageKind.NONE), 10_000),
        (Slippage(SlippageKind.HALF_TICK), 10_001),
        (Slippage(SlippageKind.TICKS, 3), 10_006),
        (Slippage(SlippageKind.BPS, 10), 10_010),
        (Slippage(SlippageKind.VOLUME, 100), 10_010),
    ],
)
def test_slippage_makes_a_market_order_dearer(slippage, price):
    result = run(
        buy(),
        FLAT,
        FLAT,
        volume=[1_000, 1_000],
        choices={"slippage": slippage},
        instruments=[instrument(tick=2 if slippage.kind is not SlippageKind.BPS else 1)],
    )
    assert abs(fills(result)[0][3] - price) <= (1 if slippage.kind is SlippageKind.HALF_TICK else 0)


def test_slippage_between_two_prices_is_right_on_average():
    script = {n: lambda s: s.buy("ABC", 1) for n in range(400)}
    result = run(script, *[FLAT] * 401, choices={"slippage": Slippage(SlippageKind.HALF_TICK)})
    dear = sum(fill.price - 10_000 for fill in result.fills)
    assert {fill.price for fill in result.fills} == {10_000, 10_001}
    assert 160 < dear < 240


def test_only_the_finest_bars_from_outside_match():
    five = bars((10_000, 11_000, 9_000, 10_000), (10_000, 11_000, 9_000, 10_000), interval="5m", step=5 * MINUTE)
    one = bars(*[FLAT] * 10)
    strategy = scripted(buy(limit=95.00))
    assert fills(run_backtest(plan(strategy, five, one))) == []
    coarse = scripted(buy(limit=95.00), wants=(("ABC", "5m"),))
    assert fills(run_backtest(plan(coarse, five))) == [(1, "BUY", 100, 9_500)]
    inside = bars(*[(10_000, 11_000, 9_000, 10_000)] * 10, internal=True)
    assert fills(run_backtest(plan(strategy, inside, five))) == [(1, "BUY", 100, 9_500)]


def test_smaller_bars_are_told_before_larger_ones_that_close_with_them():
    five = bars(*[FLAT] * 2, interval="5m", step=5 * MINUTE)
    for sources in ((five, bars(*[FLAT] * 10)), (bars(*[FLAT] * 10), five)):
        run_backtest(plan(scripted({}, wants=(("ABC", "1m"), ("ABC", "5m"))), *sources))
        told = [bar.interval for bar in Scripted.last.seen]
        assert told == (["1m"] * 5 + ["5m"]) * 2


def test_orders_of_the_last_bar_stay_open_and_positions_are_marked_at_the_last_close():
    script = {0: lambda s: s.buy("ABC", 100), 2: lambda s: s.buy("ABC", 100)}
    result = run(script, FLAT, FLAT, (10_000, 10_100, 10_000, 10_100))
    assert len(result.fills) == 1
    assert result.orders[-1].status.is_working
    assert result.net_profit == 100 * 10**18
    assert result.positions == {"ABC": 100}


def test_closing_at_the_end_is_asked_for_and_labelled():
    result = run({0: lambda s: s.buy("ABC", 100)}, FLAT, FLAT, FLAT, choices={"close_at_end": True})
    assert [fill.label for fill in result.fills] == ["", "close_at_end"]
    assert not result.positions
    assert len(result.trades) == 1


def test_a_day_order_ends_with_its_session_and_nothing_matches_outside_of_it():
    stock = instrument(calendar="XNYS")
    opens = START + 86_400 * 10**9 * 1 + (14 * 60 + 30) * MINUTE  # 2020-01-02 09:30 in New York
    deep = (9_900, 9_900, 9_800, 9_900)
    rows = bars(FLAT, FLAT, deep, deep, start=opens + 388 * MINUTE)
    for tif, status in ((TimeInForce.DAY, OrdStatus.EXPIRED), (TimeInForce.GTC, OrdStatus.SUBMITTED)):
        strategy = scripted({0: lambda s, tif=tif: s.buy("ABC", 100, limit=99.00, tif=tif)})
        inside = run_backtest(plan(strategy, rows, instruments=[stock]))
        assert fills(inside) == []
        assert inside.orders[0].status is status
    outside = run_backtest(plan(strategy, rows, instruments=[stock], options=options(sessions=False)))
    assert fills(outside) == [(2, "BUY", 100, 9_900)]


def test_a_run_without_a_fee_model_does_not_start():
    with pytest.raises(TypeError, match="fees"):
        type(options())()


def test_choices_that_cannot_be_are_refused():
    for wrong in ({"bar_share_bps": 0}, {"fill_probability": 2.0}, {"margin_bps": 0}):
        with pytest.raises(ValidationError):
            options(**wrong)


def test_post_only_never_takes():
    result = run(buy(limit=101.00, post_only=True), FLAT, FLAT)
    assert fills(result) == []
    assert result.orders[0].status is OrdStatus.CANCELLED


def test_reduce_only_ends_where_there_is_nothing_to_reduce():
    result = run({0: lambda s: s.sell("ABC", 100, reduce_only=True)}, FLAT, FLAT)
    assert fills(result) == []
    assert result.orders[0].status is OrdStatus.CANCELLED


def test_a_cancel_and_a_change_reach_the_venue():
    def place(s):
        s.kept = s.buy("ABC", 100, limit=99.00, tif=TimeInForce.GTC)

    cancelled = run({0: place, 1: lambda s: s.cancel(s.kept)}, FLAT, FLAT, FLAT, (9_800, 9_800, 9_800, 9_800))
    assert fills(cancelled) == []
    assert cancelled.orders[0].status is OrdStatus.CANCELLED
    changed = run(
        {0: place, 1: lambda s: s.replace(s.kept, quantity=50, limit=98.50)},
        FLAT,
        FLAT,
        FLAT,
        (9_900, 9_900, 9_800, 9_800),
    )
    assert fills(changed) == [(3, "BUY", 50, 9_850)]


def test_auction_orders_trade_at_the_open_and_the_close_of_the_session():
    rows = [FLAT] * 3
    day = {"step": 86_400 * 10**9, "interval": "1d"}
    for tif, price in ((TimeInForce.OPG, 10_100), (TimeInForce.CLS, 10_200)):
        strategy = scripted({0: lambda s, tif=tif: s.buy("ABC", 100, tif=tif)}, wants=(("ABC", "1d"),))
        result = run_backtest(plan(strategy, bars(rows[0], (10_100, 10_300, 10_000, 10_200), **day)))
        assert fills(result) == [(1, "BUY", 100, price)]


@pytest.mark.parametrize("fast", [True, False])
def test_what_the_open_of_a_bar_gave_its_close_does_not_give_again(fast):
    data = bars(*[(10_000, 10_010, 9_990, 10_000)] * 5, volume=[100, 40, 100, 100, 100])
    script = {1: lambda s: s.buy("ABC", 19), 2: lambda s: s.buy("ABC", 60)}
    choices = options(market_fill=MarketFill.THIS_CLOSE, bar_share_bps=2_500, fast=fast)
    result = run_backtest(plan(scripted(script), data, options=choices))
    # ten at the close of bar 1, nine at the open of bar 2, and what bar 2 has left at its close
    assert [(fill.bar, fill.qty) for fill in result.fills[:3]] == [(1, 10), (2, 9), (2, 16)]
