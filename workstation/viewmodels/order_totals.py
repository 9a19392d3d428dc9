"""Subtotals of the orders blotter: what the orders of each group come to. Computed over the rows that are shown.

Last stage of the order walk, read by the panel at most once a second. Quantities and averages of different instruments
are never summed: a group of several shows none. Whole columns at once, so that a million rows cost little.
"""

from math import isnan

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.viewmodels.columns import Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, grouped
from workstation.viewmodels.order_states import OPEN_WORDS
from workstation.viewmodels.orders_table import OrderBlotter

GROUPINGS = {"group": "Linked orders", "symbol": "Instrument", "strategy": "Strategy", "account": "Account"}
"""What orders may be grouped by: column of the blotter, and the word for it."""

TOTALS_MAX = 200
SORTS = {
    "group": (("group", True), ("leg", False)),
    **{name: ((name, False), ("time", True)) for name in GROUPINGS if name != "group"},
}
NAME_SHOWN = 14


class OrderTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One group. symbol: its one instrument, "" for several; quantities in whole units, averages in whole prices."""

    group: str
    symbol: str
    orders: int
    working: int
    bought: float
    buy_average: float
    sold: float
    sell_average: float
    left: float


def order_totals(blotter: OrderBlotter, by: str) -> list[OrderTotal]:
    """Return the subtotals of what is shown, largest group first, at most TOTALS_MAX.

    by: a name of GROUPINGS; orders that are linked to none have no subtotal of their own.
    """
    table = blotter.table
    rows = table.view
    if not len(rows):
        return []
    groups, names = _groups(blotter, by)
    symbols = table.coded("symbol", rows)
    counts = np.bincount(groups, minlength=len(names))
    firsts = np.full(len(names), -1, np.int64)
    firsts[groups[::-1]] = symbols.codes[::-1]
    mixed = np.zeros(len(names), np.bool_)
    mixed[groups[symbols.codes != firsts[groups]]] = True
    open_ = table.matching("state", rows, OPEN_WORDS.__contains__)
    buys = table.matching("side", rows, {"BUY", "COVER"}.__contains__)
    filled, left = (np.nan_to_num(table.numbers(name, rows)) for name in ("filled", "left"))
    value = filled * np.nan_to_num(table.numbers("average", rows))

    def summed(figures: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(groups, figures, len(names)).astype(np.float64)

    bought, sold = summed(filled * buys), summed(filled * ~buys)
    with np.errstate(invalid="ignore", divide="ignore"):
        averages = summed(value * buys) / bought, summed(value * ~buys) / sold
    working, waiting = summed(open_.astype(np.float64)), summed(left * open_)
    kept = np.flatnonzero(counts > (1 if by == "group" else 0))
    kept = kept[np.argsort(-counts[kept], kind="stable")][:TOTALS_MAX]
    return [
        OrderTotal(
            group=names[place] or "none",
            symbol="" if mixed[place] else symbols.texts[firsts[place]],
            orders=int(counts[place]),
            working=int(working[place]),
            bought=float(bought[place]),
            buy_average=float(averages[0][place]),
            sold=float(sold[place]),
            sell_average=float(averages[1][place]),
            left=float(waiting[place]),
        )
        for place in map(int, kept)
    ]


def totals_table(blotter: OrderBlotter) -> ColumnTable[OrderTotal]:
    """Return an empty table of subtotals."""
    code, number = ColumnKind.CODE, ColumnKind.NUMBER

    def quantity(total: OrderTotal, figure: float) -> str:
        return MISSING if not total.symbol else grouped(f"{figure:.10f}".rstrip("0").rstrip("."))

    def average(total: OrderTotal, figure: float) -> str:
        instrument = blotter.formats.instrument(total.symbol)
        if instrument is None or isnan(figure):
            return MISSING
        return blotter.formats.price(total.symbol, round(figure * 10**instrument.price_decimals))

    columns: tuple[Column[OrderTotal], ...] = (
        Column("group", "Subtotal", code, lambda t: t.group, _name, width=16, fixed=True,
               exact=lambda t: t.group),
        Column("symbol", "Symbol", code, lambda t: t.symbol, lambda t: t.symbol or "several", width=12),
        Column("orders", "Orders", number, lambda t: t.orders, lambda t: f"{t.orders:,}", right=True, width=8),
        Column("working", "Open", number, lambda t: t.working, lambda t: f"{t.working:,}", right=True, width=7),
        Column("bought", "Bought", number, lambda t: t.bought, lambda t: quantity(t, t.bought), right=True, width=9,
               hint="Filled of the buys; none where the group has several instruments"),
        Column("buy_average", "at", number, lambda t: t.buy_average, lambda t: average(t, t.buy_average), right=True,
               width=9, hint="Average price of what was bought"),
        Column("sold", "Sold", number, lambda t: t.sold, lambda t: quantity(t, t.sold), right=True, width=9,
               hint="Filled of the sells; none where the group has several instruments"),
        Column("sell_average", "at", number, lambda t: t.sell_average, lambda t: average(t, t.sell_average), right=True,
               width=9, hint="Average price of what was sold"),
        Column("left", "Left", number, lambda t: t.left, lambda t: quantity(t, t.left), right=True, width=9,
               hint="Quantity still working"),
    )  # fmt: skip
    return ColumnTable(columns, lambda total: total.group)


def _name(total: OrderTotal) -> str:
    return total.group if len(total.group) <= NAME_SHOWN else f"…{total.group[-6:]}"


def total_style(total: OrderTotal) -> RowStyle:
    """Return how a subtotal looks: muted where nothing of it is open."""
    return RowStyle(ink="text" if total.working else "text_muted")


def _groups(blotter: OrderBlotter, by: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return each shown row's group as a small number, and the names of the groups."""
    table, rows = blotter.table, blotter.table.view
    if by != "group":
        coded = table.coded(by, rows)
        return coded.codes.astype(np.int64), list(coded.texts)
    numbers, places = np.unique(table.numbers("group", rows).astype(np.int64), return_inverse=True)
    return places.astype(np.int64), [blotter.group_name(int(number)) for number in numbers]
