"""What leaving at a chart's lines brings: money and R from the average, or from an entry that has not filled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.helpers.desktop_rig import limit, order, position, stock
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrderState,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    Side,
)
from workstation.viewmodels.chart_exits import Exits, position_words
from workstation.viewmodels.chart_feed import KnownLines, order_lines
from workstation.viewmodels.chart_marks import BracketZone
from workstation.viewmodels.frames import PositionSnap

HELD = position(100, risk=100 * MONEY_ONE)
STOP = order("OMS-S", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600, reduce_only=True))
TARGET = order("OMS-T", limit(Side.SELL, 18_850))


def notes(held: PositionSnap | None, *orders: OrderState) -> dict[str, str]:
    exits = Exits(stock(), orders, held)
    return {line.cl_ord_id: line.note for line in order_lines(stock(), orders, exits, connected=True)}


def leg(role: LegRole, cl_ord_id: str, terms: object) -> OrderState:
    return order(cl_ord_id, terms, link=GroupLink("G1", Contingency.BRACKET, role, "OMS-1"))


def test_ways_out_of_a_position_say_money_and_r() -> None:
    assert notes(HELD, STOP, TARGET) == {"OMS-S": "−100 −1.0R", "OMS-T": "+150 +1.5R"}
    assert notes(position(100), STOP)["OMS-S"] == "−100"
    assert notes(position(-100), STOP)["OMS-S"] == ""  # a sale adds to a short position


def test_no_more_than_what_is_held_is_counted() -> None:
    assert notes(position(10), TARGET) == {"OMS-T": "+15.00"}


def test_legs_of_an_entry_that_waits_are_measured_from_its_price() -> None:
    entry = order("OMS-1", limit(Side.BUY, 18_700))
    stop = leg(LegRole.STOP_LOSS, "OMS-2", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_680))
    target = leg(LegRole.TAKE_PROFIT, "OMS-3", limit(Side.SELL, 18_740))
    assert notes(None, entry, stop, target) == {
        "OMS-1": "",
        "OMS-2": "stop loss −20.00 −1.0R",
        "OMS-3": "take profit +40.00 +2.0R",
    }
    assert Exits(stock(), [entry, stop, target], None).zones() == [
        BracketZone(187.0, 187.4, gains=True),
        BracketZone(187.0, 186.8, gains=False),
    ]


def test_one_zone_reaches_to_the_furthest_way_out_on_each_side() -> None:
    near = order("OMS-N", limit(Side.SELL, 18_750))
    assert Exits(stock(), [near, TARGET, STOP], HELD).zones() == [
        BracketZone(187.0, 188.5, gains=True),
        BracketZone(187.0, 186.0, gains=False),
    ]
    assert Exits(stock(), [near], position(0)).zones() == []


def test_the_position_says_its_profit_in_r_where_a_stop_says_how_much_that_is() -> None:
    assert position_words(stock(), HELD) == "Long 100  +19.00  +0.2R"
    assert position_words(stock(), position(-100)) == "Short 100  −19.00"
    assert position_words(stock(), position(100, mark=None, unrealised=None, risk=MONEY_ONE)) == "Long 100  —"


def test_an_order_of_a_script_says_so() -> None:
    sent = replace(TARGET, origin=Origin(kind=OriginKind.REST, detail="key"))
    assert notes(HELD, sent)["OMS-T"] == "+150 +1.5R script"
    assert notes(None, sent)["OMS-T"] == "script"


def test_entries_at_one_price_share_their_zones() -> None:
    entries = [order(f"E{number}", limit(Side.BUY, 18_700)) for number in (1, 2)]
    targets = [
        order(
            f"T{number}",
            limit(Side.SELL, 18_740 + number),
            link=GroupLink(f"G{number}", Contingency.BRACKET, LegRole.TAKE_PROFIT, f"E{number}"),
        )
        for number in (1, 2)
    ]
    assert Exits(stock(), [*entries, *targets], None).zones() == [BracketZone(187.0, 187.42, gains=True)]


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "D"]),
        st.sampled_from(["", "A", "B"]),
        st.sampled_from(list(LegRole)),
        st.sampled_from(list(Side)),
        st.integers(18_650, 18_750),
        st.sampled_from([OrdStatus.SUBMITTED, OrdStatus.CANCELLED, OrdStatus.PARTIALLY_FILLED]),
    ),
    min_size=1,
    max_size=20,
)


@given(told=ORDERS, held=st.sampled_from([None, position(100), position(-30), position(0)]))
def test_lines_that_are_kept_are_those_that_would_be_worded_anew(told, held) -> None:
    orders: dict[str, OrderState] = {}
    known: KnownLines = {}
    for version, (name, parent, role, side, price, state) in enumerate(told, 1):
        terms = (
            limit(side, None, ord_type=OrdType.STOP, stop_px=price) if role is LegRole.STOP_LOSS else limit(side, price)
        )
        link = GroupLink("G", Contingency.BRACKET, role, parent) if parent and parent != name else None
        orders[name] = order(name, terms, state, link=link, version=version)
        now = tuple(one for one in orders.values() if one.is_open)
        exits = Exits(stock(), now, held)
        kept = order_lines(stock(), now, exits, connected=True, known=known)
        assert kept == order_lines(stock(), now, exits, connected=True)
