"""Each shipped example does what its first line says, on the smallest market that shows it."""

import re

import pytest

from tests.helpers.market import MINUTE
from tests.helpers.strategy_rig import StrategyRig
from workstation.app.strategies import CodeFolder
from workstation.config.resources import resource_text
from workstation.domain.orders import OrdStatus, Side, TimeInForce
from workstation.strategies import messages as m
from workstation.strategies.examples.breakout import Breakout
from workstation.strategies.examples.execution import Iceberg, Pov, Twap, Vwap
from workstation.strategies.examples.market_maker import MarketMaker
from workstation.strategies.examples.mean_reversion import MeanReversion
from workstation.strategies.examples.pairs import Pairs
from workstation.strategies.examples.sma_cross import SmaCross
from workstation.strategies.views import Policy


def _sides(submits):
    return [(submit.terms.side, submit.terms.order_qty) for submit in submits]


def test_the_cross_buys_above_and_sells_below_and_ignores_ties():
    rig = StrategyRig(SmaCross, symbol="ABC", fast=1, slow=2, quantity=10).start()
    for close in (1000, 1000, 1000):
        rig.bar(close)
    assert rig.take(m.Submit) == []
    rig.bar(1100)
    (entry,) = rig.take(m.Submit)
    assert _sides([entry]) == [(Side.BUY, 10)]
    rig.fill(entry)
    rig.bar(1200)
    assert rig.take(m.Submit) == []
    rig.bar(1200)
    assert _sides(rig.take(m.Submit)) == [(Side.SELL, 10)]


def test_averages_of_the_cross_that_differ_by_the_noise_of_floats_are_equal():
    rig = StrategyRig(SmaCross, symbol="ABC", fast=1, slow=3, quantity=10).start()
    for close in (2000, 1003, 1003, 1003):
        rig.bar(close)
    assert 0 < rig.strategy.fast.value - rig.strategy.slow.value < 1e-9
    assert rig.take(m.Submit) == []


def test_mean_reversion_enters_beyond_a_band_and_leaves_at_the_middle():
    rig = StrategyRig(MeanReversion, symbol="ABC", bars=5, width=1.5, quantity=10).start()
    for close in (1000, 1001, 1000, 1001, 960):
        rig.bar(close)
    (entry,) = rig.take(m.Submit)
    assert (_sides([entry]), entry.terms.price) == ([(Side.BUY, 10)], 960)
    rig.fill(entry)
    rig.bar(970)
    assert rig.take(m.Flatten) == []
    rig.bar(1000)
    assert rig.take(m.Flatten) == [m.Flatten("ABC")]


def test_mean_reversion_sells_above_the_upper_band_and_leaves_at_the_middle_from_there():
    rig = StrategyRig(MeanReversion, symbol="ABC", bars=5, width=1.5, quantity=10).start()
    for close in (1000, 1001, 1000, 1001, 1041):
        rig.bar(close)
    (entry,) = rig.take(m.Submit)
    assert (_sides([entry]), entry.terms.price) == ([(Side.SELL, 10)], 1041)
    rig.fill(entry)
    rig.bar(1030)
    assert rig.take(m.Flatten) == []
    rig.bar(1000)
    assert rig.take(m.Flatten) == [m.Flatten("ABC")]


def test_the_breakout_waits_above_the_channel_with_a_bracket():
    rig = StrategyRig(Breakout, symbol="ABC", interval="1m", channel=3, range_bars=2, quantity=10).start()
    for close in (1000, 1010, 1005, 1008):
        rig.bar(close, high=close + 5, low=close - 5)
    first, second = rig.take(m.Submit)
    assert rig.take(m.Cancel) == [m.Cancel(first.cl_ord_id)]
    assert second.terms.stop_px == 1015
    assert second.stop_px < 1015 < second.target_px
    rig.fill(second, px=1015)
    rig.bar(1020)
    assert rig.take(m.Submit) == []


def test_pairs_sell_the_rich_leg_and_buy_the_cheap_one():
    rig = StrategyRig(Pairs, symbols=("AA", "BB"), first="AA", second="BB", bars=10, enter=2, money=1_000).start()
    for turn in range(10):
        rig.bar(1000 + turn % 2, "AA", last=False)
        rig.bar(1000, "BB")
    rig.bar(1050, "AA", last=False)
    assert rig.take(m.Submit) == []
    rig.bar(1000, "BB")
    rich, cheap = rig.take(m.Submit)
    assert (rich.terms.symbol, rich.terms.side, cheap.terms.symbol, cheap.terms.side) == (
        "AA",
        Side.SELL,
        "BB",
        Side.BUY,
    )
    assert (rich.terms.order_qty, cheap.terms.order_qty) == (95, 100)
    assert [signal.symbol for signal in rig.take(m.Signal)] == ["BB"]
    rig.fill(rich)
    rig.fill(cheap)
    for price, left in ((1040, []), (1009, [m.Flatten("AA"), m.Flatten("BB")])):  # far from the average, and at it
        rig.bar(price, "AA", last=False)
        rig.bar(1000, "BB")
        assert rig.take(m.Flatten) == left
    assert rig.take(m.Submit) == []


def test_twap_sends_equal_pieces_takes_along_what_was_missed_and_ends_itself():
    rig = StrategyRig(Twap, symbol="ABC", quantity=90, minutes=3, pieces=3).start()
    assert rig.take(m.SetTimer)[0].every_ns == MINUTE
    rig.host.deliver(m.TimerNews("piece", rig.host.now_ns))
    assert rig.take(m.Submit) == []
    rig.quote(999, 1001)
    rig.host.deliver(m.TimerNews("piece", rig.host.now_ns))
    (first,) = rig.take(m.Submit)
    assert (first.terms.order_qty, first.terms.price, first.terms.time_in_force) == (60, 1001, TimeInForce.IOC)
    rig.fill(first, 50)
    rig.end(first, OrdStatus.CANCELLED)
    rig.host.deliver(m.TimerNews("piece", rig.host.now_ns))
    (second,) = rig.take(m.Submit)
    assert second.terms.order_qty == 40
    rig.fill(second)
    assert len(rig.take(m.Done)) == 1


def test_vwap_follows_the_profile_of_the_past():
    rig = StrategyRig(Vwap, symbol="ABC", quantity=100, minutes=3).start()
    past = []
    for volume in (300, 100, 100):
        past.append(rig.market_bar(1000, volume=volume))
        rig.minute += 1
    rig.minute = 0
    rig.host.deliver(m.PastBars("1m", tuple(past)))
    rig.quote(999, 1001)
    sent = []
    for _ in range(2):
        rig.bar(1000, volume=1)  # what trades now is no part of the profile
        (piece,) = rig.take(m.Submit)
        sent.append((piece.terms.order_qty, piece.terms.price, piece.terms.time_in_force))
        rig.fill(piece)
    assert sent == [(80, 1001, TimeInForce.IOC), (20, 1001, TimeInForce.IOC)]
    assert len(rig.take(m.Done)) == 1


def test_participation_follows_the_others_volume_alone():
    rig = StrategyRig(Pov, symbol="ABC", side="SELL", quantity=100, percent=10, piece_min=10).start()
    rig.quote(999, 1001)
    rig.trade(1000, 90)
    assert rig.take(m.Submit) == []
    rig.trade(1000, 30)
    (piece,) = rig.take(m.Submit)
    assert (_sides([piece]), piece.terms.price) == ([(Side.SELL, 12)], 999)
    rig.fill(piece)
    rig.trade(999, 12)
    assert rig.take(m.Submit) == []


def test_participation_counts_no_print_of_its_own():
    rig = StrategyRig(Pov, symbol="ABC", side="SELL", quantity=100, percent=50, piece_min=1).start()
    rig.quote(999, 1001)
    rig.trade(1000, 20)
    (piece,) = rig.take(m.Submit)
    rig.fill(piece)
    rig.trade(999, 10)
    assert rig.take(m.Submit) == []
    rig.trade(1000, 4)
    assert _sides(rig.take(m.Submit)) == [(Side.SELL, 2)]


def test_an_iceberg_shows_one_piece_after_the_other():
    rig = StrategyRig(Iceberg, symbol="ABC", quantity=250, limit=10, shown=100).start()
    sizes = []
    for _ in range(3):
        (piece,) = rig.take(m.Submit)
        sizes.append(piece.terms.order_qty)
        rig.fill(piece)
    assert sizes == [100, 100, 50]
    assert len(rig.take(m.Done)) == 1


def test_an_iceberg_whose_piece_is_refused_ends_and_says_why():
    rig = StrategyRig(Iceberg, symbol="ABC", quantity=250, limit=10, shown=100).start()
    rig.end(rig.take(m.Submit)[0], OrdStatus.REJECTED, "the market is closed")
    (line,) = rig.take(m.Log)
    assert (line.text, line.level) == ("piece ended REJECTED: the market is closed", "WARNING")
    assert (rig.take(m.Submit), len(rig.take(m.Done))) == ([], 1)


def test_the_market_maker_quotes_both_sides_leans_and_stands_aside():
    rig = StrategyRig(
        MarketMaker, symbol="ABC", quantity=10, half_spread_ticks=2, position_max=10, lean_ticks=1
    ).start()
    rig.trade(1000, 1)
    rig.quote(990, 1010)
    bid, ask = rig.take(m.Submit)
    assert (bid.terms.price, ask.terms.price) == (998, 1002)
    assert bid.terms.post_only
    rig.accept(bid)
    rig.accept(ask)
    rig.fill(bid)
    rig.quote(990, 1010)
    assert rig.take(m.Submit) == []
    rig.quote(994, 1014)
    assert [(change.cl_ord_id, change.price) for change in rig.take(m.Replace)] == [(ask.cl_ord_id, 1005)]
    for thin, wide in ((None, 1010), (950, 1010)):  # sixty ticks apart, of at most fifty
        rig.quote(thin, wide)
        assert rig.take(m.CancelAll) == [m.CancelAll("ABC")]


def test_a_side_of_the_market_maker_that_was_hit_or_refused_rests_before_it_quotes_again():
    rig = StrategyRig(MarketMaker, symbol="ABC", quantity=10, lean_ticks=0, rest_s=30).start()
    rig.trade(1000, 1)
    rig.quote(990, 1010)
    bid, ask = rig.take(m.Submit)
    rig.fill(bid)
    rig.end(ask, OrdStatus.RISK_REJECTED, "no")
    rig.quote(990, 1010)
    assert rig.take(m.Submit) == []
    rig.minute += 1
    rig.quote(990, 1010)
    assert [order.terms.side for order in rig.take(m.Submit)] == [Side.BUY, Side.SELL]


@pytest.mark.parametrize("kind", [SmaCross, MeanReversion, Breakout, Pairs, Twap, Vwap, Pov, Iceberg, MarketMaker])
def test_every_example_has_defaults_and_words(kind):
    assert kind.Parameters()
    assert kind.__doc__


def test_the_guide_lists_every_example_with_the_figures_that_are_its_own():
    guide = resource_text("docs/guide/strategies.md")
    rows = re.findall(r"^\| `(\w+:\w+)` \|[^|]+\| (.+) \|$", guide, re.MULTILINE)
    listed = {entry: re.findall(r"`(\w+)`", figures) for entry, figures in rows}
    folder = CodeFolder(None, lambda call: call(), lambda _hash: None)
    kinds = {entry: folder.read(entry, "").strategy for entry in folder.entries()}
    folder.close()
    shared = {"symbol", "interval", "quantity"}
    assert listed == {
        entry: [name for name in kind.Parameters.model_fields if name not in shared] for entry, kind in kinds.items()
    }
    assert {kind.policy for kind in kinds.values()} == {Policy.CANCEL}
