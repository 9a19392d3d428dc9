"""A strategy changes its live trailing stop: in the terms in which one is placed, through the desk."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.helpers.runner_rig import RunnerRig
from tests.helpers.strategy_rig import StrategyRig
from workstation.domain.errors import ValidationError
from workstation.domain.orders import Trail, TrailKind
from workstation.strategies import messages as m
from workstation.strategies.api import Strategy
from workstation.strategies.wire import encoded, frames


class Quiet(Strategy):
    pass


@pytest.fixture
def rig():
    made = RunnerRig()
    yield made
    assert made.close() == []
    assert made.faults == []


def test_a_trailing_stop_is_changed_in_the_terms_it_is_placed_in():
    rig = StrategyRig(Quiet).start()
    order_id = rig.strategy.sell("ABC", 5, trail=0.3, activation=11)
    (sent,) = rig.take(m.Submit)
    rig.accept(sent)
    rig.strategy.replace(order_id, trail_ticks=7)
    rig.strategy.replace(order_id, activation=11.501)
    rig.strategy.replace(order_id, quantity=4, trail_percent=0.5, activation=Decimal("12.00"))
    changes = rig.take(m.Replace)
    assert [(change.order_qty, change.trail, change.activation_px) for change in changes] == [
        (None, Trail(TrailKind.TICKS, 7), None),
        (None, None, 1_151),
        (4, Trail(TrailKind.BPS, 50), 1_200),
    ]
    assert [frames(encoded(change)) for change in changes] == [[change] for change in changes]
    plain = rig.strategy.sell("ABC", 5, limit=11)
    rig.accept(rig.take(m.Submit)[0])
    for asked, words in (
        ({"trail": 0.2}, "trail: is a trailing stop's"),
        ({"price": 3}, "price: is no term of a change"),
    ):
        with pytest.raises(ValidationError, match=words):
            rig.strategy.replace(plain, **asked)


class Trailer(Strategy):
    """Sells with a trail at the first quote, and trails closer at the next."""

    def on_start(self):
        self.quotes("ABC")
        self.trailing = ""

    def on_quote(self, quote):
        if not self.trailing:
            self.trailing = self.sell("ABC", 10, trail=0.5, activation=110)
        elif self.orders():
            self.replace(self.trailing, trail_ticks=20, activation=105)


def test_a_run_trails_closer_through_the_desk(rig):
    rig.run(Trailer)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    rig.quote(9_991, 10_000)
    rig.until(lambda: rig.broker.of("replace"))
    (order,) = rig.working()
    assert order.terms.trail == Trail(TrailKind.TICKS, 20, 10_500)
