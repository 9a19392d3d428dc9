"""What a screen reader says of each cell of a ladder."""

from __future__ import annotations

import pytest

from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_rows import LadderRow
from workstation.viewmodels.ladder_words import cell_words

ROW = LadderRow(
    price=18_719,
    text="187.19",
    bid="1,300",
    bid_large=True,
    traded="5,000",
    last="140",
    flow="40×20",
    pulled="−60",
    pulled_side=1,
    own_bid=OwnCell("200", "L/SL", "working", 2, ("B", "A"), "~300/900"),
    ask_reject="no funds",
    touch="bid",
    average=True,
    marks="ES",
    pnl="+19",
    pnl_ticks="+19t",
)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column.OWN_BID, "my bids 187.19: 200 limit and stop limit, working, 2 orders, queue 300/900 estimated"),
        (Column.OWN_ASK, "my asks 187.19: rejected: no funds"),
        (Column.BID, "bid 187.19: 1,300, large"),
        (Column.ASK, "ask 187.19: nothing"),
        (Column.PRICE, "price 187.19: best bid, last price, average price, entry, stop"),
        (Column.TRADED, "volume 187.19: 5,000, last trade 140"),
        (Column.FLOW, "sold × bought 187.19: 40 sold, 20 bought"),
        (Column.PULLED, "pulled or stacked 187.19: −60 on the bid"),
        (Column.PNL, "P&L 187.19: +19t, +19"),
    ],
)
def test_a_cell_says_column_price_and_what_stands_there(column: Column, said: str) -> None:
    assert cell_words(ROW, column) == said


@pytest.mark.parametrize("column", list(Column))
def test_an_empty_cell_has_a_name_as_well(column: Column) -> None:
    assert cell_words(LadderRow(price=1, text="0.01"), column) == f"{column.value} 0.01: nothing"


def test_an_order_of_a_script_says_so() -> None:
    row = LadderRow(price=1, text="0.01", own_ask=OwnCell("5", "L", "working", 1, ("A",), by="script"))
    assert cell_words(row, Column.OWN_ASK) == "my asks 0.01: 5 limit, working, by a script"
