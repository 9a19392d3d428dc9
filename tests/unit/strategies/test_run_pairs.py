"""A run's OCO pair at the desk: one group, a fill of one cancels the other, and it counts as two orders."""

import pytest

from tests.helpers.runner_rig import RunnerRig, RunStatus
from workstation.domain.orders import Contingency, OrdStatus, Side
from workstation.strategies.api import Leg, Strategy


@pytest.fixture
def rig():
    made = RunnerRig()
    yield made
    assert made.close() == []
    assert made.faults == []


class Paired(Strategy):
    def on_start(self):
        self.quotes("ABC")
        self.ids = ()

    def on_quote(self, quote):
        if not self.ids:
            self.ids = self.oco("ABC", Leg(Side.SELL, 10, limit=101), Leg(Side.BUY, 10, limit=99, notes="dip"))


@pytest.mark.parametrize(("filled", "other", "price"), [("R1-1", "R1-2", 10_100), ("R1-2", "R1-1", 9_900)])
def test_a_pair_goes_out_as_one_group_and_a_fill_of_one_cancels_the_other(rig, filled, other, price):
    run = rig.run(Paired)
    rig.quote(9_990, 10_000)
    rig.until(lambda: len(rig.working()) == 2)
    first, second = rig.working()
    assert first.link == second.link
    assert (first.link.contingency, second.notes, run.view.orders_sent) == (Contingency.OCO, "dip", 2)
    assert {row.metadata["strategy"] for row in (first, second)} == {"Paired"}
    rig.broker.fill(filled, 4, price)
    assert rig.state.book.get(other).cancel_requested_at is not None, "a part is enough"
    rig.broker.cancelled(other)
    rig.broker.fill(filled, 6, price)
    assert (rig.state.book.get(filled).status, rig.state.book.get(other).status) == (
        OrdStatus.FILLED,
        OrdStatus.CANCELLED,
    )


def test_a_pair_counts_as_two_orders_of_a_second(rig):
    run = rig.run(Paired, orders_per_s_max=1)
    rig.quote(9_990, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert "more than 1 orders in a second" in run.view.reason
    assert rig.working() == []
