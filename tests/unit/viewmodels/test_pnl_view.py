"""The profit-and-loss panel without a screen: what figures mean, the limit in words, the bounded curve."""

from __future__ import annotations

import msgspec

from tests.helpers.desktop_rig import ACCOUNT, position
from workstation.domain.accounts import Environment, LockState
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.frames import AccountSnap
from workstation.viewmodels.pnl_view import CURVE_POINTS_MAX, CURVE_STEP_NS, NetCurve, PnlView, limit_gauge, row_of


def account(net: int = 0, **changes) -> AccountSnap:
    fields = {
        "account": ACCOUNT,
        "environment": Environment.SIM,
        "venue": "SIM",
        "currency": "USD",
        "cash": 0,
        "equity": 0,
        "buying_power": None,
        "realised": 0,
        "unrealised": 0,
        "fees": 0,
        "net": net * MONEY_ONE,
        "drawdown": 0,
        "day_limit": 500 * MONEY_ONE,
        "unpriced": (),
        "lock": LockState.UNLOCKED,
        "lock_reason": "",
        "lockout": "",
    }
    return AccountSnap(**{**fields, **changes})


def test_net_is_realised_and_open_less_fees() -> None:
    held = position(100)
    snap = msgspec.structs.replace(
        held, position=msgspec.structs.replace(held.position, realised=5 * MONEY_ONE, fees={"USD": MONEY_ONE})
    )
    row = row_of(snap)
    assert (row.open, row.realised, row.fees, row.net) == (19 * MONEY_ONE, 5 * MONEY_ONE, MONEY_ONE, 23 * MONEY_ONE)


def test_net_is_absent_where_a_mark_is_or_fees_are_in_another_currency() -> None:
    held = position(100)
    foreign = msgspec.structs.replace(held.position, fees={"EUR": MONEY_ONE})
    assert row_of(msgspec.structs.replace(held, unrealised=None)).net is None
    assert row_of(msgspec.structs.replace(held, position=foreign)).net is None


def test_the_caption_names_method_mark_fees_and_currency() -> None:
    view = PnlView(ACCOUNT)
    view.take([position(100, mark_kind="mid")])
    assert view.caption("USD") == "average cost · marked at mid · net of fees · USD · today, own ledger"


def test_positions_of_other_accounts_are_left_out() -> None:
    view = PnlView("OTHER")
    view.take([position(100)])
    assert view.table.total == 0


def test_the_limit_is_said_in_words_and_share() -> None:
    gauge = limit_gauge(account(-410))
    assert (round(gauge.share, 2), gauge.level) == (0.82, "amber")
    assert gauge.text == "90 USD left of the 500 day loss limit, 82% used"
    assert limit_gauge(account(100)).share == 0
    assert limit_gauge(account(-700)).level == "red"
    assert limit_gauge(account(-10, lockout="Locked for the day.")).text == "Locked for the day."
    assert limit_gauge(account(day_limit=None)).text == "No day loss limit is set."


def test_the_curve_keeps_a_day_within_its_bound() -> None:
    curve = NetCurve()
    for second in range(5 * CURVE_POINTS_MAX):
        curve.add(second * CURVE_STEP_NS, second)
    assert len(curve.points) <= CURVE_POINTS_MAX
    assert curve.points[0] == (0, 0)
    assert curve.points[-1][1] == 5 * CURVE_POINTS_MAX - 1


def test_a_change_within_a_step_moves_the_last_point() -> None:
    curve = NetCurve()
    assert curve.add(0, 10)
    assert curve.add(1, 12)
    assert not curve.add(2, 12)
    assert curve.points == [(0, 12)]
    assert curve.extremes() == (12, 12)
