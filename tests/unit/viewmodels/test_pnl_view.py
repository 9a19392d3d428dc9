"""The profit-and-loss panel without a screen: what figures mean, the limit in words, the bounded curve."""

from __future__ import annotations

import msgspec

from tests.helpers.desktop_rig import ACCOUNT, position
from workstation.domain.accounts import Environment, LockState
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.frames import AccountSnap
from workstation.viewmodels.loss_limits import limit_gauge
from workstation.viewmodels.pnl_curve import CURVE_POINTS_MAX, CURVE_STEP_NS, NetCurve
from workstation.viewmodels.pnl_view import GroupBy, PnlView, row_of


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


def test_the_curve_is_read_at_its_nearest_point_with_the_fall_from_the_high_before_it() -> None:
    curve = NetCurve()
    assert curve.reading(0.5) is None
    for second, net in enumerate((0, 100, 40, 70, 200)):
        curve.add(second * CURVE_STEP_NS, net)
    read = [curve.reading(share) for share in (-1.0, 0.2, 0.55, 0.8, 3.0)]
    assert read == [(0, 0, 0), (CURVE_STEP_NS, 100, 0), (2 * CURVE_STEP_NS, 40, 60), (3 * CURVE_STEP_NS, 70, 30),
                    (4 * CURVE_STEP_NS, 200, 0)]  # fmt: skip
    assert curve.highs() == [0, 100, 100, 100, 200]


def test_a_change_within_a_step_moves_the_last_point() -> None:
    curve = NetCurve()
    assert curve.add(0, 10)
    assert curve.add(1, 12)
    assert not curve.add(2, 12)
    assert curve.points == [(0, 12)]
    assert curve.extremes() == (12, 12)


def of(symbol: str, strategy: str, realised: int, *, currency: str = "USD", **changes):
    snap = position(100, symbol=symbol, **changes)
    held = msgspec.structs.replace(
        snap.position, strategy_id=strategy, realised=realised * MONEY_ONE, currency=currency
    )
    return msgspec.structs.replace(snap, position=held)


def sums(view: PnlView) -> dict[tuple[str, str], int]:
    rows = [view.table.row(number) for number in range(view.table.total)]
    return {(row.symbol, row.currency): row.realised // MONEY_ONE for row in rows}


def book() -> PnlView:
    view = PnlView(ACCOUNT)
    view.take(
        [
            of("AAPL", "*", 5), of("AAPL", "sma", 3), of("AAPL", "", 2),
            of("MSFT", "*", 10), of("MSFT", "sma", 10),
            of("SAP", "*", 7, currency="EUR"), of("SAP", "sma", 7, currency="EUR"),
        ]
    )  # fmt: skip
    return view


def test_the_day_is_summed_by_instrument_strategy_and_currency() -> None:
    view = book()
    assert sums(view) == {("AAPL", "USD"): 5, ("MSFT", "USD"): 10, ("SAP", "EUR"): 7}
    view.group_by(GroupBy.STRATEGY)
    assert sums(view) == {("sma", "USD"): 13, ("by hand", "USD"): 2, ("sma", "EUR"): 7}
    view.group_by(GroupBy.CURRENCY)
    assert sums(view) == {("USD", "USD"): 15, ("EUR", "EUR"): 7}


def test_a_run_stands_by_its_name_with_its_id_in_the_hover_and_two_of_one_name_stay_apart() -> None:
    names = {"run-7": "Reversion 3", "run-8": "Reversion 3"}
    view = PnlView(ACCOUNT, names=names)
    view.group_by(GroupBy.STRATEGY)
    view.take([of("AAPL", "run-7", 3), of("AAPL", "run-8", 4), of("AAPL", "", 2), of("MSFT", "old", 1)])
    name = next(column for column in view.table.columns if column.name == "symbol")
    said = {(name.text(row), (name.hover or name.text)(row)) for row in map(view.table.row, range(view.table.total))}
    assert said == {
        ("Reversion 3", "Reversion 3 (run-7)"),
        ("Reversion 3", "Reversion 3 (run-8)"),
        ("by hand", "by hand"),
        ("old", "old"),
    }


def test_a_changed_position_changes_its_sum_alone() -> None:
    view = book()
    view.group_by(GroupBy.STRATEGY)
    changes = view.take([of("AAPL", "sma", 4), of("AAPL", "*", 6)])
    assert sums(view)["sma", "USD"] == 14
    assert len(changes.changed) == 1


def test_a_sum_leaves_out_what_has_no_mark_and_counts_it() -> None:
    view = book()
    view.take([of("MSFT", "*", 10, unrealised=None)])
    view.group_by(GroupBy.CURRENCY)
    row = next(view.table.row(n) for n in range(view.table.total) if view.table.row(n).symbol == "USD")
    assert (row.open, row.net, row.unmarked) == (19 * MONEY_ONE, None, 1)
    assert next(c for c in view.table.columns if c.name == "open").text(row) == "+19.00 less 1"
