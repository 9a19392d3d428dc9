"""What must hold of every verdict, whatever is asked and whatever is live."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.risk import HAND, REST, RiskDesk, changed, intent, live, terms
from workstation.domain.accounts import KillScope
from workstation.domain.events import RecordSaved
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrdType, Origin, OriginKind, ReferencePrice, RiskClass, Side, TimeInForce
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus

sides = st.sampled_from((Side.BUY, Side.SELL))
prices = st.one_of(st.none(), st.integers(9_000, 11_000))
orders = st.builds(
    lambda side, qty, price, reduce_only, tif: terms(
        side, qty=qty, price=price, reduce_only=reduce_only, time_in_force=tif
    ),
    sides,
    st.integers(1, 300),
    prices,
    st.booleans(),
    st.sampled_from((TimeInForce.DAY, TimeInForce.IOC)),
)
working = st.lists(st.tuples(orders, st.integers(0, 5)), max_size=4)
positions = st.integers(-300, 300)
limits = st.lists(
    st.tuples(
        st.sampled_from(
            ("ORDER_QUANTITY", "ORDER_NOTIONAL", "POSITION_QUANTITY", "OPEN_ORDERS", "PRICE_COLLAR", "GROSS_EXPOSURE")
        ),
        st.sampled_from(("", "1", "100", "20000", "UNLIMITED")),
    ),
    max_size=3,
)
references = st.sampled_from(
    (
        ReferencePrice(9_999, 10_000, 10_000, 5, True),
        ReferencePrice(None, None, None, 0, False, "down"),
        ReferencePrice(9_999, 10_000, 10_000, 9_000, False),
        ReferencePrice(None, 10_000, None, 5, True),
    )
)
RUNS = Origin(OriginKind.STRATEGY, "R1")
runs = st.builds(
    lambda status, capital, size: StrategyRun(
        id="R1", strategy_id="S1", account="SIM-1", user_id="local", run_name="s 1", run_number=1,
        initial_capital=capital, start_date="2026-11-01", status=status, max_position_size=size,
    ),
    st.sampled_from((StrategyRunStatus.RUNNING, StrategyRunStatus.STOPPED)),
    st.sampled_from(("5000", "10000000")),
    st.sampled_from((None, "5000", "10000000")),
)  # fmt: skip


def prepared(position, live_orders):
    desk = RiskDesk()
    desk.hold(position)
    states = [
        desk.work(live(str(number), order, cum=min(cum, order.order_qty - 1)))
        for number, (order, cum) in enumerate(live_orders)
    ]
    return desk, states


def outcomes(position, live_orders):
    """Return every position that fills of the live orders, each in full or not at all, could lead to."""
    reached = {position}
    for side, leaves in live_orders:
        reached |= {value + side.sign * leaves for value in reached}
    return reached


@given(positions, working, orders, st.booleans())
def test_a_reduce_never_enlarges_or_reverses_the_position_under_any_outcome(position, live_orders, asked, changes):
    desk, states = prepared(position, live_orders)
    replaced = states[0] if changes and states else None
    if replaced is not None:
        asked = changed(
            replaced.terms, order_qty=replaced.cum_qty + asked.order_qty, price=replaced.terms.price and asked.price
        )
    verdict = desk.gate.explain(intent(asked, replaces=replaced))
    if verdict.risk_class is not RiskClass.REDUCE or not verdict.passed:
        return
    if replaced is not None and verdict.qty <= replaced.terms.order_qty:
        return  # no larger than what stands already
    leaves = verdict.qty - (0 if replaced is None else replaced.cum_qty)
    others = [(state.terms.side, state.leaves_qty) for state in states if state is not replaced]
    for before in outcomes(position, others):
        after = before + asked.side.sign * leaves
        assert abs(after) <= abs(before)
        assert before * after >= 0


@given(positions, working, orders)
def test_the_quantity_never_exceeds_the_asked_one_nor_an_exit_what_is_left_to_close(position, live_orders, asked):
    desk, _ = prepared(position, live_orders)
    verdict = desk.gate.check(intent(asked))
    assert 0 <= verdict.qty <= asked.order_qty
    if verdict.risk_class is RiskClass.REDUCE:
        left = abs(position) - desk.exposure.exits("SIM-1", "AAPL", position)
        assert verdict.qty <= max(left, 0)
        assert position * asked.side.sign <= 0 or verdict.qty == 0


@given(positions, working, orders, limits, st.data())
def test_explain_says_what_check_says(position, live_orders, asked, settings, data):
    desk, _ = prepared(position, live_orders)
    for name, value in settings:
        desk.limit(name, value)
    desk.view.references["AAPL"] = data.draw(references)
    desk.view.phases["AAPL"] = data.draw(st.sampled_from(SessionPhase))
    desk.view.is_armed = data.draw(st.booleans())
    if data.draw(st.booleans()):
        desk.kill(KillScope.SYMBOL, "AAPL")
    for origin, run_id in ((HAND, ""), (RUNS, "R1"), (REST, ""), (RUNS, "R1")):
        wish = intent(asked, origin=origin, strategy_id=run_id)
        full, short = desk.gate.explain(wish), desk.gate.check(wish)
        assert (full.passed, full.qty, full.risk_class) == (short.passed, short.qty, short.risk_class)
        assert full.denial == short.denial
        assert desk.gate.explain(wish) == full
        if short.denial is not None:
            assert short.denial.text.startswith("Refused: ")
            assert short.denial.text.endswith(".")
        if origin is REST:
            desk.controls.apply(RecordSaved(record=data.draw(runs), changed=("status",), actor="pat", ts=1))


@given(positions.filter(bool), limits, references, st.sampled_from(SessionPhase), st.integers(1, 300))
def test_an_exit_within_the_position_always_passes(position, settings, reference, phase, qty):
    desk, _ = prepared(position, [])
    for name, value in settings:
        desk.limit(name, value)
    desk.limit("LOCKOUT", "DAY", "ACCOUNT", "SIM-1")
    desk.view.references["AAPL"] = reference
    desk.view.phases["AAPL"] = phase
    desk.view.is_armed = False
    desk.view.net = desk.view.equities = None
    desk.kill(KillScope.ALL)
    desk.controls.locks.lock_all()
    side = Side.SELL if position > 0 else Side.BUY
    asked = terms(side, qty=qty, price=None, ord_type=OrdType.MARKET, reduce_only=True)
    verdict = desk.gate.check(intent(asked, origin=HAND))
    assert (verdict.passed, verdict.qty) == (True, min(qty, abs(position)))
