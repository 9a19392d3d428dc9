"""The orders blotter without a screen: states in words, filter, sticky rejects, cancel counts and edits."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.desktop_rig import ACCOUNT, SECOND, START_NS, future, limit, order, stock
from workstation.domain.errors import ValidationError
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    ReplaceOrder,
    RequestKind,
    Side,
    TimeInForce,
)
from workstation.viewmodels.formats import Formats, csv_text
from workstation.viewmodels.order_edits import (
    LIFE,
    PRICE,
    QUANTITY,
    Amendment,
    Terms,
    amended,
    conflict_text,
    edit_text,
    parsed,
)
from workstation.viewmodels.order_states import UNKNOWN
from workstation.viewmodels.orders_table import OrderBlotter, OrderFilter
from workstation.viewmodels.rejects import RejectWatch

INSTRUMENTS = {"AAPL": stock(), "ESZ6": future()}


def blotter(*orders) -> OrderBlotter:
    made = OrderBlotter(Formats(INSTRUMENTS), RejectWatch())
    made.now_ns = START_NS + 60 * SECOND
    made.take(orders)
    return made


def shown(made: OrderBlotter) -> list[str]:
    return [str(made.table.key_at(position)) for position in range(len(made.table))]


def text(made: OrderBlotter, name: str, position: int = 0) -> str:
    column = next(column for column in made.table.columns if column.name == name)
    return column.text(made.table.row_at(position))


def bracket() -> list:
    def link(role: LegRole, parent: str = "") -> GroupLink:
        return GroupLink("G", Contingency.BRACKET, role, parent)

    return [
        order("OMS-P", state=OrdStatus.FILLED, link=link(LegRole.ENTRY)),
        order("OMS-T", limit(Side.SELL, 18_790), link=link(LegRole.TAKE_PROFIT, "OMS-P")),
        order(
            "OMS-S",
            limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_650),
            link=link(LegRole.STOP_LOSS, "OMS-P"),
        ),
    ]


def test_orders_from_elsewhere_can_be_shown_alone() -> None:
    foreign = order("X-1", origin=Origin(kind=OriginKind.EXTERNAL, detail="client 7", user=""))
    made = blotter(order("OMS-1"), foreign)
    made.table.filter_by(made.accepts(OrderFilter(foreign=True)))
    assert shown(made) == ["X-1"]


def test_every_stored_state_has_a_word_and_a_look() -> None:
    made = blotter()
    for status in OrdStatus:
        row = order(state=status)
        assert made.word(row)
        assert made.style(row).cells["state"].glyph


def test_an_order_of_unknown_outcome_is_never_drawn_as_working() -> None:
    made = blotter(order("OMS-1", unknown=RequestKind.CANCEL, unknown_cause="no answer"))
    assert text(made, "state") == UNKNOWN
    style = made.style(made.table.row_at(0))
    assert (style.ink, style.ground, style.cells["state"].glyph) == ("surface", "text", "question")
    assert text(made, "reason") == "outcome of cancel not known: no answer"
    assert style.cells["side"].glyph == "up", "the side is never told by colour alone"


def test_without_the_venue_live_orders_read_unknown_and_ended_ones_stand() -> None:
    made = blotter(order("OMS-1"), order("OMS-2", state=OrdStatus.FILLED))
    made.connect(connected=False)
    assert [text(made, "state", n) for n in (0, 1)] == ["FILLED", UNKNOWN]
    made.connect(connected=True)
    assert text(made, "state", 1) == "WORKING"


def test_newest_orders_stand_first() -> None:
    assert shown(blotter(order("OMS-1"), order("OMS-2"))) == ["OMS-2", "OMS-1"]


def test_an_older_version_changes_nothing() -> None:
    made = blotter(order("OMS-1", version=5, cum_qty=40, cost=40 * 18_715))
    made.take([order("OMS-1", version=4)])
    assert text(made, "filled") == "40"
    assert text(made, "average") == "187.15"


def test_a_reject_stays_unseen_until_acknowledged() -> None:
    made = blotter(order("OMS-1"))
    rejected = order("OMS-1", state=OrdStatus.REJECTED, version=2, text="collar")
    made.take([rejected])
    made.rejects.take(rejected, order("OMS-1"))
    assert made.style(made.table.row_at(0)).ground == "sell_tint"
    made.rejects.listen(made.calm)
    made.rejects.acknowledge()
    assert made.style(made.table.row_at(0)).ground == ""


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (OrderFilter(line="aapl buy"), {"OMS-00000001"}),
        (OrderFilter(line="ESZ"), {"OMS-00000002"}),
        (OrderFilter(line="token"), {"OMS-00000002"}),
        (OrderFilter(line="0003"), {"OMS-00000003"}),
        (OrderFilter(line="nothing such"), set()),
        (OrderFilter(working=True), {"OMS-00000001"}),
        (OrderFilter(foreign=True), set()),
        (OrderFilter(rejected=True), {"OMS-00000003"}),
        (OrderFilter(unknown=True, working=True), {"OMS-00000001", "OMS-00000002"}),
        (OrderFilter(symbol="ESZ6"), {"OMS-00000002"}),
        (OrderFilter(today=True), {"OMS-00000001", "OMS-00000002"}),
    ],
)
def test_filter_words_and_chips_narrow_the_view(wish: OrderFilter, expected: set[str]) -> None:
    made = blotter(
        order("OMS-00000003", limit(Side.SELL), OrdStatus.RISK_REJECTED, created_at=START_NS - 86_400 * SECOND),
        order("OMS-00000001"),
        order(
            "OMS-00000002",
            limit(Side.SELL, 601_225, symbol="ESZ6"),
            origin=Origin(kind=OriginKind.REST, detail="token-a"),
            unknown=RequestKind.SUBMIT,
        ),
    )
    made.table.filter_by(made.accepts(wish))
    assert set(shown(made)) == expected


def test_a_script_s_key_stands_by_its_name_is_searched_by_it_and_its_id_is_in_the_hover() -> None:
    keys = {"key-77": "night robot"}
    made = OrderBlotter(Formats(INSTRUMENTS), RejectWatch(), keys)
    made.take([order("OMS-1", origin=Origin(kind=OriginKind.REST, detail="key-77")), order("OMS-2")])
    (column,) = (column for column in made.table.columns if column.name == "origin")
    row = made.table.get("OMS-1")
    assert row is not None
    assert (column.text(row), column.exact(row)) == ("rest night robot", "rest key-77")
    made.table.filter_by(made.accepts(OrderFilter(line="night")))
    assert shown(made) == ["OMS-1"]


def test_a_run_stands_by_its_name_is_searched_by_it_and_its_id_is_in_the_hover() -> None:
    made = OrderBlotter(Formats(INSTRUMENTS), RejectWatch(), {"run-77": "Reversion 3"})
    run = Origin(kind=OriginKind.STRATEGY, detail="run-77")
    made.take([order("OMS-1", origin=run, strategy_id="run-77"), order("OMS-2")])
    columns = {column.name: column for column in made.table.columns}
    row = made.table.get("OMS-1")
    assert row is not None
    for name, shown_as, kept_as in (
        ("origin", "strategy Reversion 3", "strategy run-77"),
        ("strategy", "Reversion 3", "run-77"),
    ):
        assert columns[name].exact is not None
        assert (columns[name].text(row), columns[name].exact(row)) == (shown_as, kept_as)
    made.table.filter_by(made.accepts(OrderFilter(line="reversion")))
    assert shown(made) == ["OMS-1"]


def test_an_empty_filter_is_none() -> None:
    assert blotter().accepts(OrderFilter()) is None


def test_cancels_leave_protective_stops_and_count_them() -> None:
    made = blotter(*bracket(), order("OMS-B"))
    count = made.cancel_count(made.in_scope(ACCOUNT, "AAPL"))
    assert ({o.cl_ord_id for o in count.cancels}, count.protective) == ({"OMS-T", "OMS-B"}, 1)
    assert count.label == "2, keeps 1 stop"
    assert len(made.cancel_count(made.in_scope(), include_protective=True).cancels) == 3
    assert [o.cl_ord_id for o in made.cancel_count(made.in_scope(), side_sign=1).cancels] == ["OMS-B"]


def test_grouping_puts_legs_under_their_parent() -> None:
    made = blotter(order("OMS-A"), *bracket(), order("OMS-Z"))
    made.grouped = True
    made.table.sort_by([("group", True), ("leg", False)])
    listed = shown(made)
    assert (listed[0], listed[1], set(listed[2:4]), listed[4]) == ("OMS-Z", "OMS-P", {"OMS-T", "OMS-S"}, "OMS-A")
    assert made.style(made.table.row_at(2)).cells["state"].indent == 1


def test_an_export_is_exact_and_no_formula() -> None:
    made = blotter(order("OMS-1", limit(qty=12_500), state=OrdStatus.REJECTED, text="=HYPERLINK(1)"))
    columns = [(column.title, column.exact or column.text) for column in made.table.columns]
    lines = csv_text(columns, [made.table.row_at(0)]).splitlines()
    assert "2024-01-02T15:00:00.000000000Z" in lines[1]
    assert ",12500," in lines[1]
    assert "'=HYPERLINK(1)" in lines[1]


def test_a_price_is_edited_by_tick_and_a_quantity_above_what_is_filled() -> None:
    es, row = future(), order(terms=limit(price=601_225, symbol="ESZ6", qty=10), cum_qty=4)
    assert edit_text(es, row, "price") == "6012.25"
    assert edit_text(es, row, "stop") is None
    assert parsed(es, row, "price", "6,012.50") == 601_250
    assert parsed(es, row, QUANTITY, "2k") == 2_000
    with pytest.raises(ValidationError, match="off the tick"):
        parsed(es, row, "price", "6012.30")
    with pytest.raises(ValidationError, match="filled already"):
        parsed(es, row, QUANTITY, "4")
    for wrong in ("", "1e3", "nan", "12x"):
        with pytest.raises(ValidationError):
            parsed(es, row, "price", wrong)


def test_a_conflict_names_the_version_of_now() -> None:
    changed = msgspec.structs.replace(order("OMS-1"), version=3)
    assert "now version 3: re-apply or drop?" in conflict_text(changed, Amendment("OMS-1", 2, "price", "187.20"))


def test_only_a_working_order_can_be_amended() -> None:
    made = blotter()
    assert made.amend_refusal(order()) == ""
    assert "not known" in made.amend_refusal(order(unknown=RequestKind.REPLACE))
    assert "filled" in made.amend_refusal(order(state=OrdStatus.FILLED))


def test_an_order_that_waits_for_its_turn_says_so_in_its_reason_and_over_its_state() -> None:
    words = "Waits: FAKE takes 20 in 1 s, and it is next"
    made = blotter(order("OMS-1", state=OrdStatus.PENDING_SUBMIT, text=words))
    (state,) = [column for column in made.table.columns if column.name == "state"]
    assert (text(made, "state"), text(made, "reason")) == ("PENDING", words)
    assert state.hover is not None
    assert state.hover(made.table.row_at(0)) == f"PENDING: {words}"


def test_an_order_whose_change_is_not_settled_may_be_amended_from_where_it_is_on_its_way_to() -> None:
    asked = limit(Side.BUY, 18_700, time_in_force=TimeInForce.GTC)
    changing = order("OMS-1", limit(Side.BUY, 18_690), state=OrdStatus.PENDING_REPLACE, pending_terms=asked)
    assert blotter().amend_refusal(changing) == ""
    assert (edit_text(stock(), changing, PRICE), edit_text(stock(), changing, LIFE)) == ("187.00", "GTC")

    def wish(field: str, typed: str, of=changing) -> Terms | None:
        return amended(stock(), of, Amendment("OMS-1", 1, field, typed), START_NS)

    assert wish(PRICE, "187.00") is None, "it is asked for already"
    assert wish(PRICE, "186.90") == Terms(price=18_690), "back to where it stands is a change"
    assert wish(LIFE, "GTC") is None
    behind = ReplaceOrder(cl_ord_id="OMS-1", origin=changing.origin, price=18_710)
    assert edit_text(stock(), msgspec.structs.replace(changing, queued=behind), PRICE) == "187.10"
