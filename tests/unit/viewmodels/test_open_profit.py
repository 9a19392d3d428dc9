"""Open profit in money, ticks and R: ladder and positions panel say one figure, and what is unknown is a dash."""

from __future__ import annotations

from tests.helpers.desktop_rig import ACCOUNT, depth, limit, order, position, stock
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdType, Side
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame, PositionSnap
from workstation.viewmodels.ladder import Ladder, LadderPicture
from workstation.viewmodels.ladder_settings import LadderSettings, PnlUnit
from workstation.viewmodels.open_profit import open_risk, risk_text
from workstation.viewmodels.pnl_view import PnlView
from workstation.viewmodels.positions_table import PositionsView
from workstation.viewmodels.screen_state import ScreenState

STOP = limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_690, reduce_only=True)
TARGET = GroupLink("G1", Contingency.BRACKET, LegRole.TAKE_PROFIT, "OMS-0")


def picture(held: PositionSnap, unit: PnlUnit, *rows: object, column: PnlUnit = PnlUnit.BOTH) -> LadderPicture:
    ladder, state = Ladder(stock(), ACCOUNT, 60), ScreenState()
    ladder.show_as(LadderSettings(pnl=column, pnl_label=unit))
    ladder.show_columns(pnl=True, pnl_wide=True, pulled=False)
    state.apply(
        Frame(
            rows=list(rows),
            quotes={},
            depths={"AAPL": depth(bid=18_710, ask=18_712)},
            bars=[],
            positions={(ACCOUNT, "AAPL", "*"): held},
            accounts={},
            status=None,
            overflowed=False,
        )
    )
    ladder.place(state)
    return ladder.view(state, 0)


def panel_says(held: PositionSnap) -> dict[str, str]:
    view = PositionsView(Formats({"AAPL": stock()}))
    view.take([held])
    return {column.name: column.text(held) for column in view.table.columns}


def test_the_label_says_the_figure_of_the_positions_panel_in_each_unit() -> None:
    for held in (position(100), position(-70, price=18_733), position(3, price=18_719)):
        said = panel_says(held)
        money, ticks = picture(held, PnlUnit.MONEY), picture(held, PnlUnit.TICKS)
        assert money.pnl == f"{said['open']} USD"
        assert ticks.pnl == f"{said['ticks']}t"
        assert money.pnl_sign == (held.unrealised > 0) - (held.unrealised < 0)


def test_the_profit_panel_says_the_figure_of_the_ladder_in_ticks_and_r() -> None:
    for held in (position(100, risk=10 * MONEY_ONE), position(-70, price=18_733, risk=7 * MONEY_ONE)):
        view = PnlView(ACCOUNT, {"AAPL": stock()})
        view.take([held])
        view.show_in(PnlUnit.TICKS)
        assert view.open_text(view.open_profit()) == picture(held, PnlUnit.TICKS).pnl
        view.show_in(PnlUnit.RISK)
        assert view.open_text(view.open_profit()) == risk_text(held.unrealised, held.risk)


def test_in_r_it_is_the_profit_over_what_the_stops_would_lose() -> None:
    held = position(100)
    assert open_risk(held, [order("OMS-1", STOP)], stock()) == 10 * MONEY_ONE
    assert picture(held, PnlUnit.RISK, order("OMS-1", STOP)).pnl == "+1.9R"
    assert picture(held, PnlUnit.RISK).pnl == "—"
    assert risk_text(-15 * MONEY_ONE, 10 * MONEY_ONE) == "−1.5R"


def test_an_unmarked_position_has_a_dash_and_a_flat_or_hidden_one_no_label() -> None:
    unmarked = position(100, mark=None, unrealised=None)
    assert (picture(unmarked, PnlUnit.MONEY).pnl, picture(unmarked, PnlUnit.TICKS).pnl) == ("— USD", "—t")
    assert picture(position(0), PnlUnit.MONEY).pnl == ""
    assert picture(position(100), PnlUnit.HIDDEN).pnl == ""


def test_the_column_shows_ticks_and_money_of_an_exit_at_each_row() -> None:
    rows = {row.price: row for row in picture(position(100), PnlUnit.MONEY).rows}
    assert (rows[18_715].pnl, rows[18_715].pnl_ticks, rows[18_715].pnl_sign) == ("+15", "+15t", 1)
    assert (rows[18_690].pnl, rows[18_690].pnl_ticks, rows[18_690].pnl_sign) == ("−10", "−10t", -1)
    in_risk = picture(position(100), PnlUnit.MONEY, order("OMS-1", STOP), column=PnlUnit.RISK)
    assert next(row.pnl for row in in_risk.rows if row.price == 18_720) == "+2.0R"


def test_rows_of_average_entry_stop_and_target_are_marked() -> None:
    marked = picture(
        position(100),
        PnlUnit.MONEY,
        order("OMS-1", STOP),
        order("OMS-2", limit(Side.SELL, 18_730), link=TARGET),
        order("OMS-3", limit(Side.BUY, 18_705)),
        order("OMS-4", limit(Side.SELL, 18_728)),
        order("OMS-5", limit(Side.BUY, 18_690)),
    )
    marks = {row.price: row.marks for row in marked.rows if row.marks}
    assert marks == {18_690: "ES", 18_730: "T", 18_705: "E", 18_728: "T"}
    assert [row.price for row in marked.rows if row.average] == [18_700]
