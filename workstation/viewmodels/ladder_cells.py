"""Own orders on the ladder: one cell a row and side, with quantity, type letter, state and place in the queue.

The state is said by word and shape as well as colour. Rejects of the instrument are kept as marks until they are
acknowledged; marks of entries fade after REJECT_FADE_NS, those of protective stops never. Qt-free.
"""

from collections.abc import Iterable, Mapping

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import DENIED_STATES, LegRole, OrderState, OrdStatus, OrdType, OriginKind, Residence
from workstation.viewmodels.ladder_amend import line_price

REJECT_FADE_NS = 30_000_000_000
REJECT_MARKS_MAX = 100

STATES = ("working", "held here", "held at broker", "pending", "pending cancel", "unknown")
"""Weakest word first: a cell of several orders says the last of these that one of them is in."""

_LETTERS = {
    OrdType.MARKET: "M",
    OrdType.LIMIT: "L",
    OrdType.STOP: "S",
    OrdType.STOP_LIMIT: "SL",
    OrdType.TRAILING_STOP: "T",
    OrdType.TRAILING_STOP_LIMIT: "TL",
}


class OwnCell(msgspec.Struct, frozen=True):
    """Own orders of one side at one row. ids: newest first; queue: `ahead/total`, with ~ in front where estimated.

    by: "script" where one of them came over REST.
    """

    qty: str
    letters: str
    state: str
    count: int
    ids: tuple[str, ...]
    queue: str = ""
    by: str = ""


class RejectMark(msgspec.Struct, frozen=True):
    """A refused or rejected order at its price; stays until acknowledged, or fades when it was an entry."""

    cl_ord_id: str
    price: int
    sign: int
    text: str
    protective: bool
    mono_ns: int


def row_mark(order: OrderState, position_qty: int) -> str:
    """Return E, S or T: what an order is to the position, by its part in a bracket, else by side and type."""
    if order.is_protective:
        return "S"
    if order.link is not None and order.link.role is LegRole.TAKE_PROFIT:
        return "T"
    if order.terms.side.sign * position_qty >= 0:
        return "E"
    return "S" if order.terms.ord_type not in (OrdType.MARKET, OrdType.LIMIT) else "T"


def state_word(order: OrderState, *, connected: bool) -> str:
    """Return the order's state as one of STATES; without a venue link nothing is known to be working."""
    if order.unknown is not None or (not connected and order.residence is not Residence.PROGRAM):
        return "unknown"
    if order.status is OrdStatus.PENDING_CANCEL:
        return "pending cancel"
    if order.status in (OrdStatus.PENDING_SUBMIT, OrdStatus.PENDING_REPLACE):
        return "pending"
    if order.residence is Residence.PROGRAM:
        return "held here"
    if order.status is OrdStatus.NEW:
        return "held here" if order.link is not None and order.link.parent else "pending"
    return "held at broker" if order.residence is Residence.BROKER else "working"


class OwnOrders:
    """Orders of one (account, instrument) by row price and side, made anew when one of them changes."""

    def __init__(self, instrument: Instrument, *, connected: bool) -> None:
        self._instrument = instrument
        self._connected = connected
        self._rows: dict[tuple[int, int], list[OrderState]] = {}
        self._cells: dict[tuple[int, int], OwnCell] = {}

    def add(self, order: OrderState, row_price: int) -> None:
        """Put an order on its row."""
        self._rows.setdefault((row_price, order.terms.side.sign), []).append(order)

    def cells(
        self, queues: Mapping[str, tuple[int, bool]], level_sizes: Mapping[int, int]
    ) -> dict[tuple[int, int], OwnCell]:
        """Return the cells by (row price, side sign). queues: cl_ord_id to (size ahead, exact)."""
        if not self._cells:
            self._cells = {key: self._cell(orders) for key, orders in self._rows.items()}
        found = dict(self._cells)
        for key, cell in self._cells.items() if queues else ():
            ahead = queues.get(cell.ids[-1])
            if ahead is not None:
                oldest = next(order for order in self._rows[key] if order.cl_ord_id == cell.ids[-1])
                total = level_sizes.get(oldest.terms.price or 0, 0)
                found[key] = msgspec.structs.replace(cell, queue=self._queue(ahead, total))
        return found

    def _cell(self, orders: list[OrderState]) -> OwnCell:
        words = {state_word(order, connected=self._connected) for order in orders}
        newest_first = sorted(orders, key=lambda order: order.created_at, reverse=True)
        return OwnCell(
            qty=self._instrument.qty_text(sum(order.leaves_qty for order in orders)),
            letters="/".join(sorted({_LETTERS[order.terms.ord_type] for order in orders})),
            state=max(words, key=STATES.index),
            count=len(orders),
            ids=tuple(order.cl_ord_id for order in newest_first),
            by="script" if any(order.origin.kind is OriginKind.REST for order in orders) else "",
        )

    def _queue(self, place: tuple[int, bool], total: int) -> str:
        ahead, exact = place
        words = self._instrument.qty_text
        return f"{'' if exact else '~'}{words(ahead)}/{words(max(total, ahead))}"


class RejectMarks:
    """Marks of rejected orders of one (account, instrument)."""

    def __init__(self, account: str, symbol: str) -> None:
        self._account, self._symbol = account, symbol
        self._marks: dict[str, RejectMark] = {}

    def take(self, rows: Iterable[object], mono_ns: int) -> None:
        """Mark each order of the rows that was refused or rejected."""
        for row in rows:
            if isinstance(row, OrderState) and (row.status is OrdStatus.REJECTED or row.status in DENIED_STATES):
                self._mark(row, mono_ns)

    def _mark(self, order: OrderState, mono_ns: int) -> None:
        terms = order.terms
        price = line_price(terms)
        if (terms.account, terms.symbol) != (self._account, self._symbol) or price is None:
            return
        if len(self._marks) >= REJECT_MARKS_MAX:
            del self._marks[next(iter(self._marks))]
        text = order.text or order.reject_code or order.status.value
        stop = order.is_protective or terms.ord_type not in (OrdType.MARKET, OrdType.LIMIT)
        self._marks[order.cl_ord_id] = RejectMark(order.cl_ord_id, price, terms.side.sign, text, stop, mono_ns)

    def showing(self, mono_ns: int) -> list[RejectMark]:
        """Return the marks that stand now, dropping those that have faded."""
        for mark in tuple(self._marks.values()):
            if not mark.protective and mono_ns - mark.mono_ns >= REJECT_FADE_NS:
                del self._marks[mark.cl_ord_id]
        return list(self._marks.values())

    def acknowledge(self, ids: Iterable[str]) -> None:
        """Take marks away."""
        for cl_ord_id in ids:
            self._marks.pop(cl_ord_id, None)
