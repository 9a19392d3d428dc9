"""The orders blotter without a screen: columns, states as words and glyphs, filter, sticky rejects, cancel scopes.

Last stage of the order walk. An order whose outcome is not known is UNKNOWN, never drawn as working; nor is a live
order while the venue is out of reach. Reads frames' rows; sends nothing.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from types import MappingProxyType

import msgspec
import numpy as np

from workstation.domain.orders import (
    LegRole,
    OrderState,
    OrderTerms,
    OrdStatus,
    OriginKind,
)
from workstation.orders.book import group_of
from workstation.orders.reversals import REVERSES_MARK
from workstation.viewmodels.column_arrays import Mask
from workstation.viewmodels.columns import (
    Accepts,
    CellStyle,
    Changes,
    Column,
    ColumnKind,
    ColumnTable,
    RowStyle,
    Selection,
)
from workstation.viewmodels.formats import DAY_NS, MISSING, Formats, age, exact_time, moment
from workstation.viewmodels.order_states import (
    LOOKS,
    OPEN_WORDS,
    REFUSED,
    REJECTED,
    TYPE_WORDS,
    UNKNOWN,
    is_watched_here,
    order_word,
)
from workstation.viewmodels.origins import Sender, is_foreign, origin_id, origin_words, sender_of
from workstation.viewmodels.rejects import RejectWatch
from workstation.viewmodels.table_query import TableQuery, runs_on

_SEARCHED = ("symbol", "state", "side", "origin", "type", "account", "tif", "strategy")
_NAMES = {"sym": "symbol", "acct": "account", "status": "state", "quantity": "qty", "px": "price", "avg": "average"}
_UNASKED = ("group", "leg")
_SIDE_WORDS = {"BUY": "BUY", "SELL": "SELL", "SELL_SHORT": "SHORT", "BUY_TO_COVER": "COVER"}
_LEG_WORDS = {LegRole.TAKE_PROFIT: "target", LegRole.STOP_LOSS: "stop", LegRole.OCO: "OCO", LegRole.ENTRY: ""}
_AMENDABLE = frozenset({OrdStatus.SUBMITTED, OrdStatus.ROUTED, OrdStatus.PARTIALLY_FILLED, OrdStatus.PENDING_REPLACE})


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What the blotter shows: what the line asks for; state chips add up, as senders do; foreign, today, symbol narrow.

    foreign: placed elsewhere than here, and not adopted.
    """

    line: str = ""
    working: bool = False
    rejected: bool = False
    unknown: bool = False
    foreign: bool = False
    today: bool = False
    hand: bool = False
    script: bool = False
    strategy: bool = False
    symbol: str = ""


class CancelCount(msgspec.Struct, frozen=True):
    """What a cancel would reach: orders it cancels, and protective stops it leaves alone."""

    cancels: tuple[OrderState, ...]
    protective: int

    @property
    def label(self) -> str:
        """Return the count as it stands on a menu entry or button."""
        kept = f", keeps {self.protective} stop{'s' if self.protective != 1 else ''}" if self.protective else ""
        return f"{len(self.cancels)}{kept}"


class OrderBlotter:
    """All orders of one screen: the table, and whether live states can be believed.

    rejects: what nobody has seen; the screen's own, so that every panel counts the same. names: of scripts'
    keys, strategies and runs by id.
    """

    def __init__(self, formats: Formats, rejects: RejectWatch, names: Mapping[str, str] = MappingProxyType({})) -> None:
        self.formats, self.rejects, self.names = formats, rejects, names
        self._groups: dict[str, int] = {}
        self._chains: dict[str, str] = {}
        self._group_names: list[str] = []
        self.now_ns = 0
        self.connected = True
        self.grouped = False
        self._runs_on, self._asked_day = False, 0
        self.open: dict[str, OrderState] = {}
        self.table: ColumnTable[OrderState] = ColumnTable(self._columns(), _key, newest_first=True, steady_part=_steady)
        self.query = TableQuery(self.table, _SEARCHED, "id", _NAMES, _UNASKED)

    def take(self, orders: Iterable[OrderState]) -> Changes:
        """Fold orders in; older versions than known are dropped."""
        fresh: dict[str, OrderState] = {}
        for order in orders:
            known = fresh.get(order.cl_ord_id) or self.open.get(order.cl_ord_id) or self.table.get(order.cl_ord_id)
            if known is not None and known.version > order.version:
                continue
            fresh[order.cl_ord_id] = order
            if order.is_open:
                self.open[order.cl_ord_id] = order
            else:
                self.open.pop(order.cl_ord_id, None)
        return self.table.upsert(fresh.values())

    def calm(self, seen: Iterable[OrderState]) -> Changes:
        """Draw rejects anew that have been seen: their rows lose the red ground."""
        return self.table.upsert([row for order in seen if (row := self.table.get(order.cl_ord_id)) is not None])

    def connect(self, connected: bool) -> Changes | None:
        """Say whether the venue can be reached; None when nothing changed. Live orders read UNKNOWN without it."""
        if connected == self.connected:
            return None
        self.connected = connected
        return self.table.upsert(list(self.open.values()))

    def word(self, order: OrderState) -> str:
        """Return the state in one word; not known goes before everything else."""
        return order_word(order, connected=self.connected)

    def style(self, order: OrderState) -> RowStyle:
        """Return how an order's row looks: UNKNOWN inverted, an unseen reject red, ended ones muted."""
        word = self.word(order)
        glyph, ink = LOOKS[word]
        if word == UNKNOWN:
            cells = {
                "state": CellStyle("surface", "", glyph, bold=True),
                "side": CellStyle("surface", "", "up" if order.terms.side.sign > 0 else "down"),
            }
            return RowStyle(ink="surface", ground="text", cells=cells)
        side = "buy" if order.terms.side.sign > 0 else "sell"
        indent = 1 if self.grouped and order.link is not None and order.link.parent else 0
        cells = {
            "state": CellStyle(ink, "", glyph, bold=word in (REJECTED, REFUSED), indent=indent),
            "side": CellStyle(side, "", "up" if side == "buy" else "down"),
            "reason": CellStyle("danger" if word in (REJECTED, REFUSED) else "text_muted"),
        }
        cells.update(dict.fromkeys(_QUIET, _MUTED))
        if order.cl_ord_id in self.rejects.unseen:
            cells["state"] = CellStyle("text", "danger_fill", glyph, bold=True)
            return RowStyle(ground="sell_tint", cells=cells)
        return RowStyle(ink="text" if word in OPEN_WORDS else "text_muted", cells=cells)

    def accepts(self, wish: OrderFilter) -> Accepts | None:
        """Return the filter over row numbers, None when it shows everything.

        Raises:
            QueryError: at the first part of the line that cannot be read.
        """
        asked = self.query.read(wish.line)
        self._runs_on, self._asked_day = runs_on(asked), self.now_ns // DAY_NS
        states = frozenset(
            word
            for on, group in (
                (wish.working, OPEN_WORDS - {UNKNOWN}),
                (wish.rejected, {REJECTED, REFUSED}),
                (wish.unknown, {UNKNOWN}),
            )
            if on
            for word in group
        )
        senders = frozenset(sender for sender in Sender if getattr(wish, sender.value))
        if asked is None and not states and not senders and not (wish.today or wish.symbol or wish.foreign):
            return None
        day_start = float(self.now_ns - self.now_ns % DAY_NS)

        def accepted(rows: Selection) -> Mask:
            tests: list[Mask] = [] if asked is None else [self.query.accepts(asked, now_ns=self.now_ns)(rows)]
            if states:
                tests.append(self.table.matching("state", rows, states.__contains__))
            if wish.foreign:
                tests.append(self.table.matching("origin", rows, is_foreign))
            if senders:
                tests.append(self.table.matching("origin", rows, lambda words: sender_of(words) in senders))
            if wish.symbol:
                tests.append(self.table.matching("symbol", rows, wish.symbol.__eq__))
            if wish.today:
                tests.append(self.table.numbers("time", rows) >= day_start)
            return reduce(np.logical_and, tests)

        return accepted

    def is_due(self) -> bool:
        """Tell whether the filter asked for last may come to another answer by now: it asks for an age, or of a day."""
        return self._runs_on or self.now_ns // DAY_NS != self._asked_day

    def cancel_count(
        self, orders: Iterable[OrderState], *, include_protective: bool = False, side_sign: int | None = None
    ) -> CancelCount:
        """Return which of the orders a cancel reaches; protective stops only when asked for."""
        reached = [o for o in orders if o.is_open and (side_sign is None or o.terms.side.sign == side_sign)]
        kept = [] if include_protective else [o for o in reached if o.is_protective]
        return CancelCount(tuple(o for o in reached if o not in kept), len(kept))

    def in_scope(
        self, account: str | None = None, symbol: str | None = None, strategy_id: str | None = None
    ) -> list[OrderState]:
        """Return open orders of an account, instrument and strategy, None for any."""
        return [
            o
            for o in self.open.values()
            if (account is None or o.terms.account == account)
            and (symbol is None or o.terms.symbol == symbol)
            and (strategy_id is None or o.strategy_id == strategy_id)
        ]

    def amend_refusal(self, order: OrderState) -> str:
        """Return why an order cannot be amended now, "" when it can."""
        word = self.word(order)
        if word == UNKNOWN:
            return "Refused: the order's outcome is not known. Wait for the venue, or cancel it."
        if order.status not in _AMENDABLE and not is_watched_here(order):
            return f"Refused: the order is {word.lower()}; only a working order can be amended."
        return ""

    def _state_hover(self, order: OrderState) -> str:
        reason = _reason(order)
        return f"{self.word(order)}: {reason}" if reason else self.word(order)

    def _group(self, order: OrderState) -> int:
        """Return the number of what an order belongs to: its bracket or pair, what it replaces, what it reverses."""
        key, before = group_of(order), order.replaces or order.metadata.get(REVERSES_MARK, "")
        if order.link is None and before:
            known = self.table.get(before)
            key = self._chains.get(before) or (before if known is None else group_of(known))
            self._chains[order.cl_ord_id] = key
        return self._groups.setdefault(key, len(self._groups))

    def group_name(self, number: int) -> str:
        """Return the id of the group that a number of the column `group` stands for."""
        if len(self._group_names) != len(self._groups):
            self._group_names = list(self._groups)
        return self._group_names[number]

    def _origin(self, order: OrderState) -> str:
        words = origin_words(order.origin, self.names)
        if order.taken_by:
            return f"{order.taken_by} from {words}"
        return f"adopted {words}" if is_foreign(words) and not order.is_foreign else words

    def _strategy(self, order: OrderState) -> str:
        return self.names.get(order.strategy_id, order.strategy_id)

    def _average_number(self, order: OrderState) -> float | None:
        cost = order.cost / order.cum_qty if order.cum_qty else None
        return self.formats.price_number(order.terms.symbol, cost)

    def _age(self, order: OrderState) -> str:
        return age(self.now_ns - order.created_at) if order.is_open and self.now_ns else MISSING

    def _stop_columns(self, number: ColumnKind) -> tuple[Column[OrderState], ...]:
        f = self.formats
        return (
            Column("stop", "Stop", number, lambda o: f.price_number(o.terms.symbol, o.terms.stop_px),
                   lambda o: f.price(o.terms.symbol, o.terms.stop_px), right=True, width=9,
                   exact=lambda o: f.exact_price(o.terms.symbol, o.terms.stop_px), steady=True,
                   hint="Stop price; Enter amends"),
            Column("trail", "Trail", number, lambda o: f.distance_number(o.terms.symbol, o.terms.trail),
                   lambda o: f.distance(o.terms.symbol, o.terms.trail), right=True, width=7, steady=True, hidden=True,
                   hint="Distance that a trailing stop keeps: price, ticks (t) or percent; Enter amends"),
            Column("activation", "Activation", number, lambda o: f.price_number(o.terms.symbol, _activation(o)),
                   lambda o: f.price(o.terms.symbol, _activation(o)), right=True, width=9, steady=True, hidden=True,
                   exact=lambda o: f.exact_price(o.terms.symbol, _activation(o)),
                   hint="Price from which a stop trails, until it is reached; Enter amends"),
        )  # fmt: skip

    def _columns(self) -> tuple[Column[OrderState], ...]:
        code, number = ColumnKind.CODE, ColumnKind.NUMBER
        f = self.formats
        return (
            Column("state", "State", code, self.word, self.word, width=13, hover=self._state_hover),
            Column("time", "Time", number, lambda o: o.created_at, lambda o: moment(o.created_at, self.now_ns),
                   width=12, fixed=True, exact=lambda o: exact_time(o.created_at), right=True, hint="Created, UTC"),
            Column("symbol", "Symbol", code, lambda o: o.terms.symbol, lambda o: o.terms.symbol, width=12, fixed=True),
            Column("side", "Side", code, _side, _side, width=8, fixed=True),
            Column("qty", "Qty", number, lambda o: f.quantity_number(o.terms.symbol, o.terms.order_qty),
                   lambda o: f.quantity(o.terms.symbol, o.terms.order_qty), right=True, width=7,
                   exact=lambda o: f.exact_quantity(o.terms.symbol, o.terms.order_qty), steady=True,
                   hint="Quantity ordered"),
            Column("filled", "Filled", number, lambda o: f.quantity_number(o.terms.symbol, o.cum_qty),
                   lambda o: f.quantity(o.terms.symbol, o.cum_qty), right=True, width=7,
                   exact=lambda o: f.exact_quantity(o.terms.symbol, o.cum_qty)),
            Column("left", "Left", number, lambda o: f.quantity_number(o.terms.symbol, o.leaves_qty),
                   lambda o: f.quantity(o.terms.symbol, o.leaves_qty), right=True, width=7,
                   exact=lambda o: f.exact_quantity(o.terms.symbol, o.leaves_qty), hint="Quantity still working"),
            Column("price", "Price", number, lambda o: f.price_number(o.terms.symbol, o.terms.price),
                   lambda o: f.price(o.terms.symbol, o.terms.price), right=True, width=9,
                   exact=lambda o: f.exact_price(o.terms.symbol, o.terms.price), steady=True,
                   hint="Limit price; Enter amends"),
            *self._stop_columns(number),
            Column("average", "Average", number, self._average_number,
                   lambda o: f.average(o.terms.symbol, o.cost, o.cum_qty), right=True, width=11,
                   hint="Average fill price"),
            Column("type", "Type", code, _type, _type, width=9, fixed=True),
            Column("tif", "TIF", code, lambda o: o.terms.time_in_force.value, lambda o: o.terms.time_in_force.value,
                   width=5, steady=True, hint="Time in force; Enter amends"),
            Column("residence", "Res", code, lambda o: o.residence.value, lambda o: o.residence.value, width=4,
                   hint="Where the order lives: EX exchange, BR broker, PC this program"),
            Column("origin", "Origin", code, self._origin, self._origin, width=13, steady=True, exact=origin_id),
            Column("account", "Account", code, lambda o: o.terms.account, lambda o: o.terms.account, width=11,
                   fixed=True),
            Column("age", "Age", number, lambda o: o.created_at if o.is_open else None, self._age, right=True, width=7,
                   hint="Time since the order was created, while it is open"),
            Column("ack", "Ack ms", number, _ack_ms, _ack_text, right=True, width=7,
                   hint="From the decision to the venue's acknowledgement, milliseconds"),
            Column("journal", "Jrnl ms", number, lambda o: _ms(o.created_at, o.ts_durable),
                   lambda o: _ms_text(o.created_at, o.ts_durable), right=True, width=7, hidden=True,
                   hint="From the decision until the order was durable in the journal, milliseconds"),
            Column("sent", "Sent ms", number, lambda o: _ms(o.ts_durable, o.ts_sent),
                   lambda o: _ms_text(o.ts_durable, o.ts_sent), right=True, width=7, hidden=True,
                   hint="From the journal until the bytes were out, milliseconds"),
            Column("fill", "Fill ms", number, lambda o: _ms(o.created_at, o.filled_at),
                   lambda o: _ms_text(o.created_at, o.filled_at), right=True, width=9, hidden=True,
                   hint="From the decision until it was filled whole, milliseconds"),
            Column("strategy", "Strategy", code, self._strategy, self._strategy, width=13, fixed=True, hidden=True,
                   exact=lambda o: o.strategy_id),
            Column("reason", "Reason", code, _reason, _reason, width=34, hint="The venue's or our reason, in full"),
            Column("id", "Id", ColumnKind.ID, lambda o: o.cl_ord_id, lambda o: f"…{o.cl_ord_id[-6:]}", width=8,
                   fixed=True, exact=lambda o: o.cl_ord_id),
            Column("group", "Group", number, self._group, lambda o: o.link.group_id if o.link else "", width=0,
                   fixed=True),
            Column("leg", "Leg", number, lambda o: bool(o.link and o.link.parent), _leg, width=0, fixed=True),
        )  # fmt: skip


_MUTED = CellStyle("text_muted")
_QUIET = (
    *("time", "type", "tif", "residence", "origin", "account", "age"),
    *("ack", "journal", "sent", "fill", "strategy", "id"),
)


def _key(order: OrderState) -> str:
    return order.cl_ord_id


def _steady(order: OrderState) -> OrderTerms | tuple[OrderTerms, bool, str]:
    """Return the terms, and of an order from elsewhere or of a strategy whose it is now."""
    may_change_hands = order.strategy_id != "" or order.origin.kind is OriginKind.EXTERNAL
    return (order.terms, order.is_foreign, order.taken_by) if may_change_hands else order.terms


def _side(order: OrderState) -> str:
    return _SIDE_WORDS[order.terms.side.value]


def _type(order: OrderState) -> str:
    return TYPE_WORDS[order.terms.ord_type]


def _leg(order: OrderState) -> str:
    return _LEG_WORDS[order.link.role] if order.link else ""


def _activation(order: OrderState) -> int | None:
    return None if order.terms.trail is None else order.terms.trail.activation_px


def _ms(start: int, end: int | None) -> float | None:
    return (end - start) / 1e6 if start and end else None


def _ms_text(start: int, end: int | None) -> str:
    span = _ms(start, end)
    return MISSING if span is None else f"{span:.1f}"


def _ack_ms(order: OrderState) -> float | None:
    if not order.ts_acked:
        return None
    return (order.ts_acked - (order.ts_intent or order.created_at)) / 1e6


def _ack_text(order: OrderState) -> str:
    latency = _ack_ms(order)
    return MISSING if latency is None else f"{latency:.1f}"


def _reason(order: OrderState) -> str:
    if order.unknown is not None:
        return f"outcome of {order.unknown.value} not known: {order.unknown_cause}".rstrip(": ")
    leg = _leg(order)
    parts = [f"{leg} leg" if leg else "", f"[{order.reject_code}]" if order.reject_code else "", order.text]
    return " ".join(part for part in parts if part)
