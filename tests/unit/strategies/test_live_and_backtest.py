"""The same strategy on the same bars sends the same orders live, bar by bar, as in a backtest."""

from __future__ import annotations

import pytest

from tests.helpers.backtests import options, parity_bars, plan
from tests.helpers.strategy_rig import TYPE, StrategyRig
from workstation.backtest.options import MarketFill
from workstation.backtest.run import run_backtest
from workstation.domain.market import Bar
from workstation.strategies import messages as m
from workstation.strategies.examples.sma_cross import SmaCross

FIGURES = {"symbol": "ABC", "fast": 10, "slow": 30, "quantity": 100}


@pytest.mark.parametrize("fast", [True, False])
def test_orders_live_are_those_of_a_backtest(fast: bool) -> None:
    data = parity_bars(3_000)
    tested = run_backtest(
        plan(SmaCross, data, parameters=FIGURES, options=options(market_fill=MarketFill.THIS_CLOSE, fast=fast))
    )
    rig = StrategyRig(SmaCross, **FIGURES).start()
    live = []
    for number, row in enumerate(zip(*(column.tolist() for column in data.columns), strict=True)):
        bar = Bar("ABC", TYPE, *row[2:], 0, *row[:2])
        rig.host.deliver(m.BarClosed("1m", bar))
        for sent in rig.take(m.Submit):
            live.append((number, sent.terms.side.value[0], sent.terms.order_qty, bar.close))
            rig.fill(sent, px=bar.close)
    assert live == [(fill.bar, fill.side[0], fill.qty, fill.price) for fill in tested.fills]
    assert len(live) > 50
