"""Ladder cells in words: what a screen reader says of each, with its price and what stands there. Qt-free."""

from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_rows import LadderRow

_TOUCH = {"bid": "best bid", "ask": "best ask", "crossed": "crossed"}
_MARKS = {"E": "entry", "S": "stop", "T": "target"}
_TYPES = {
    "M": "market",
    "L": "limit",
    "S": "stop",
    "SL": "stop limit",
    "T": "trailing stop",
    "TL": "trailing stop limit",
}


def cell_words(row: LadderRow, column: Column) -> str:
    """Return a cell's name, such as `bid 187.19: 300` or `my asks 187.32: 100 limit, working`; never empty."""
    said = _said(row, column) or "nothing"
    return f"{column.value} {row.text}: {said}"


def _said(row: LadderRow, column: Column) -> str:
    match column:
        case Column.OWN_BID:
            return _own(row.own_bid, row.bid_reject)
        case Column.OWN_ASK:
            return _own(row.own_ask, row.ask_reject)
        case Column.BID:
            return _size(row.bid, large=row.bid_large)
        case Column.ASK:
            return _size(row.ask, large=row.ask_large)
        case Column.PRICE:
            return _price(row)
        case Column.TRADED:
            return f"{row.traded}, last trade {row.last}" if row.last else row.traded
        case Column.FLOW:
            sold, _, bought = row.flow.partition("×")
            return f"{sold} sold, {bought} bought" if row.flow else ""
        case Column.PULLED:
            return f"{row.pulled} on the {'bid' if row.pulled_side > 0 else 'ask'}" if row.pulled else ""
        case _:
            return ", ".join(part for part in (row.pnl_ticks, row.pnl) if part)


def _price(row: LadderRow) -> str:
    parts = [_TOUCH.get(row.touch, ""), "last price" if row.last else "", "average price" if row.average else ""]
    parts += [_MARKS[mark] for mark in row.marks]
    return ", ".join(part for part in parts if part)


def _size(size: str, *, large: bool) -> str:
    return f"{size}, large" if size and large else size


def _own(own: OwnCell | None, reject: str) -> str:
    parts = []
    if own is not None:
        kinds = " and ".join(_TYPES[letter] for letter in own.letters.split("/"))
        parts.append(f"{own.qty} {kinds}, {own.state}")
        if own.count > 1:
            parts.append(f"{own.count} orders")
        if own.by:
            parts.append(f"by a {own.by}")
        if own.queue:
            parts.append(f"queue {own.queue.removeprefix('~')}{' estimated' if own.queue.startswith('~') else ''}")
    if reject:
        parts.append(f"rejected: {reject}")
    return ", ".join(parts)
