"""The counts of orders in a window against a plain list of when they were sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workstation.risk.rates import SLOT_NS, OrderRates

SCOPES = (("TENANT", ""), ("ACCOUNT", "A"))
SECOND, MINUTE = 10, 600
"""Whole slots in each window."""
steps = st.lists(
    st.tuples(st.integers(0, 3 * SLOT_NS) | st.integers(0, 70 * 10 * SLOT_NS), st.sampled_from((1, 2)), st.booleans()),
    max_size=60,
)


@given(steps)
def test_what_left_the_window_is_gone_a_slot_late_at_most_and_all_else_is_counted(walk):
    rates, sent, now = OrderRates(), [], 0
    for wait, scopes, asks in walk:
        now += wait
        rates.hit(SCOPES[:scopes], now)
        sent.append((now // SLOT_NS, scopes))
        for number, scope in enumerate(SCOPES if asks else (), start=1):
            ages = [now // SLOT_NS - slot for slot, counted in sent if counted >= number]
            assert rates.second(scope, now) == sum(age <= SECOND for age in ages)
            assert rates.minute(scope, now) == sum(age <= MINUTE for age in ages)
