"""The fills blotter without a screen: one row an execution, busts and corrections."""

from __future__ import annotations

import msgspec

from tests.helpers.desktop_rig import ACCOUNT, START_NS, stock
from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side
from workstation.viewmodels.fills_table import FillBlotter
from workstation.viewmodels.formats import Formats


def fill(exec_key: str = "X-1", **changes) -> Execution:
    fields = {
        "exec_key": exec_key,
        "exec_id": exec_key,
        "uid": exec_key,
        "cl_ord_id": "OMS-000001",
        "order_id": "V-1",
        "account": ACCOUNT,
        "symbol": "AAPL",
        "side": Side.BUY,
        "last_qty": 100,
        "last_px": 18_720,
        "fee": MONEY_ONE // 2,
        "fee_currency": "USD",
        "ts_event": START_NS,
        "ts_init": START_NS,
        "venue_seq": 1,
        "liquidity": Liquidity.MAKER,
        "venue": "XSIM",
    }
    return Execution(**{**fields, **changes})


def blotter(*fills: Execution) -> FillBlotter:
    made = FillBlotter(Formats({"AAPL": stock()}))
    made.take(fills)
    return made


def texts(made: FillBlotter, position: int = 0) -> dict[str, str]:
    return {column.name: column.text(made.table.row_at(position)) for column in made.table.columns}


def test_a_fill_reads_exactly() -> None:
    row = texts(blotter(fill()))
    assert (row["time"], row["side"], row["qty"], row["price"]) == ("15:00:00.000", "BUY", "100", "187.20")
    assert (row["fee"], row["currency"], row["liquidity"], row["venue"]) == ("0.5000", "USD", "maker", "XSIM")


def test_a_repeated_execution_makes_no_second_row() -> None:
    made = blotter(fill(), fill())
    made.take([fill()])
    assert made.table.total == 1
    assert made.totals().fees == {"USD": MONEY_ONE // 2}


def test_a_bust_strikes_its_fill_and_takes_its_fee_back() -> None:
    made = blotter(fill("X-1"), fill("X-2"))
    made.take([fill("B-1", kind=ExecKind.BUST, corrects="X-1", fee=0)])
    struck = {key for key in ("X-1", "X-2", "B-1") if made.style(made.table.get(key)).struck}
    assert struck == {"X-1", "B-1"}
    assert texts(made, 0)["note"] == "busts …X-1"
    assert texts(made, 2)["note"] == "taken back by …B-1"
    totals = made.totals()
    assert (totals.count, totals.struck, totals.fees) == (1, 1, {"USD": MONEY_ONE // 2})


def test_a_correction_stands_in_place_of_its_fill() -> None:
    made = blotter(fill("X-1"), fill("C-1", kind=ExecKind.CORRECTION, corrects="X-1", last_px=18_700))
    assert made.style(made.table.get("X-1")).struck
    assert not made.style(made.table.get("C-1")).struck
    assert made.totals().count == 1


def test_words_find_symbol_side_venue_and_order_id() -> None:
    made = blotter(fill("X-1"), msgspec.structs.replace(fill("X-2"), side=Side.SELL, cl_ord_id="OMS-00abc9"))
    for words, count in (
        ("sell", 1),
        ("-sell", 1),
        ("side:sell", 1),
        ("xsim", 2),
        ("abc9", 1),
        ("maker buy", 1),
        ("msft", 0),
    ):
        made.table.filter_by(made.accepts(words))
        assert len(made.table) == count, words
