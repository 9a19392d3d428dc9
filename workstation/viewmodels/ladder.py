"""The ladder as rows of texts: one consistent book, own orders, volume and P&L at each price of a static row map.

Last stage of the tick walk before the ladder's painter, and the place that says what a row is for a click. Depth, last
and volume come from one snapshot. It never moves rows by itself, guesses no state, and reads nothing but the screen's
state. Qt-free.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Literal, NamedTuple

import msgspec

from workstation.domain.accounts import LockState
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderState
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.frames import DepthSnap, Frame, PositionSnap, QuoteSnap
from workstation.viewmodels.ladder_amend import line_price
from workstation.viewmodels.ladder_cells import OwnOrders, RejectMarks, row_mark
from workstation.viewmodels.ladder_flow import Flow
from workstation.viewmodels.ladder_prices import PriceMap
from workstation.viewmodels.ladder_pulling import Pulling
from workstation.viewmodels.ladder_rows import Extras, LadderRow, RowMaker, average_price, levels, queues
from workstation.viewmodels.ladder_settings import LadderSettings, PnlUnit
from workstation.viewmodels.open_profit import open_risk, open_ticks, profit_text
from workstation.viewmodels.screen_state import ScreenState


class Health(msgspec.Struct, frozen=True):
    """Whether entries are taken now. level: ok, muted, stale or danger; entry_refusal: "" when they are."""

    level: str
    text: str = ""
    entry_refusal: str = ""


class OffScreen(msgspec.Struct, frozen=True):
    """What lies out of view at one edge: a jump price, own orders and their count; market: the inside is there."""

    market: bool = False
    orders: int = 0
    position: bool = False
    jump: int | None = None


class LadderPicture(msgspec.Struct, frozen=True):
    """Everything that one paint shows. counts: bids and asks that a cancel would take, kept stops left out.

    pnl: the label of open profit, "" when flat or hidden; pulling: the book tells what was pulled and stacked.
    """

    rows: tuple[LadderRow, ...]
    health: Health
    above: OffScreen
    below: OffScreen
    counts: tuple[int, int]
    bid: int | None
    ask: int | None
    position_qty: int
    average: int | None
    pnl: str = ""
    pnl_sign: int = 0
    pulling: bool = False


class _Market(msgspec.Struct, frozen=True):
    """Book, quote and pulled sizes of one moment."""

    depth: DepthSnap | None
    quote: QuoteSnap | None
    pulled: tuple[tuple[int, int, int], ...]


_OwnKey = tuple[int, int, int, bool]


class _Spot(NamedTuple):
    """Where one order stands. row: None out of view; cancels: sign of the side whose cancel would take it, else 0."""

    order: OrderState
    price: int | None
    row: int | None
    edge: Literal["above", "inside", "below"]
    mark: str
    cancels: int


class _Own(NamedTuple):
    """Own orders on the rows, and the prices of those beyond them. key: what they were laid for, beside themselves."""

    working: Sequence[OrderState]
    key: _OwnKey
    spots: dict[str, _Spot]
    orders: OwnOrders
    marks: dict[int, str]
    counts: tuple[int, int]
    above: list[int]
    below: list[int]


class Ladder:
    """The ladder of one (account, instrument)."""

    def __init__(self, instrument: Instrument, account: str, rows: int = 1) -> None:
        self.instrument = instrument
        self.account = account
        self.map = PriceMap(instrument, rows)
        self.flow = Flow()
        self._pulled_s = 0
        self._pulling: Pulling | None = None
        self._label = PnlUnit.MONEY
        self._held: _Market | None = None
        self._own: _Own | None = None
        self._rows = RowMaker(self.map, self.flow)
        self.rejects = RejectMarks(account, instrument.symbol)

    def on_frame(self, frame: Frame, mono_ns: int) -> None:
        """Note what a frame brings that the screen's state does not keep."""
        self.rejects.take(frame.rows, mono_ns)
        depth = frame.depths.get(self.instrument.symbol)
        if depth is not None:
            self.flow.take(depth)
            if self._pulling is not None:
                self._pulling.take(depth, mono_ns)

    @property
    def is_held(self) -> bool:
        """True while the market columns stand still for reading."""
        return self._held is not None

    def hold(self, state: ScreenState, mono_ns: int) -> None:
        """Keep the market columns as they are now; own orders, position and the state of the data stay current."""
        symbol = self.instrument.symbol
        changed = () if self._pulling is None else tuple(self._pulling.levels(mono_ns))
        self._held = _Market(state.depths.get(symbol), state.quotes.get(symbol), changed)
        self._rows.flow = deepcopy(self.flow)

    def let_go(self) -> None:
        """Show the present market again."""
        self._held = None
        self._rows.flow = self.flow

    def _market(self, state: ScreenState, mono_ns: int) -> "_Market":
        if self._held is not None:
            return self._held
        symbol = self.instrument.symbol
        changed = () if self._pulling is None else tuple(self._pulling.levels(mono_ns))
        return _Market(state.depths.get(symbol), state.quotes.get(symbol), changed)

    def place(self, state: ScreenState) -> bool:
        """Centre a map that has no place yet, once there is a price; returns whether it did."""
        middle = self.middle(state)
        if self.map.is_placed or middle is None:
            return False
        self.map.centre(middle)
        return True

    def middle(self, state: ScreenState) -> int | None:
        """Return the inside's middle, else the one side there is, else last or the previous close."""
        depth, quote = state.depths.get(self.instrument.symbol), state.quotes.get(self.instrument.symbol)
        bids, asks = levels(depth, quote)
        if bids and asks:
            return (bids[0].price + asks[0].price) // 2
        if bids or asks:
            return (bids or asks)[0].price
        last = None if depth is None else depth.last
        if last is None and quote is not None:
            last = quote.last if quote.last is not None else quote.prev_close
        return last

    def inside(self, state: ScreenState) -> tuple[int | None, int | None, int | None]:
        """Return best bid, best ask and last, None for what there is not."""
        depth, quote = state.depths.get(self.instrument.symbol), state.quotes.get(self.instrument.symbol)
        bids, asks = levels(depth, quote)
        source = quote if depth is None else depth
        last = None if source is None else source.last
        return bids[0].price if bids else None, asks[0].price if asks else None, last

    def view(self, state: ScreenState, mono_ns: int) -> LadderPicture:
        """Return what to paint now."""
        symbol, market = self.instrument.symbol, self._market(state, mono_ns)
        depth, quote = market.depth, market.quote
        held = state.position(self.account, symbol)
        health = self._held_health(state) if self.is_held else self.health(state)
        bids, asks = levels(depth, quote)
        working = state.working(self.account, symbol)
        position_qty = 0 if held is None else held.position.qty
        own = self._own_view(working, position_qty, connected=state.connected)
        average = average_price(held, self.instrument)
        book = state.depths.get(symbol)
        ahead = (level for side in levels(book, state.quotes.get(symbol)) for level in side)
        cells = own.orders.cells(queues(book), {level.price: level.size for level in ahead})
        bid, ask = (bids[0].price if bids else None), (asks[0].price if asks else None)
        risk = open_risk(held, working, self.instrument)
        extras = Extras(market.pulled, own.marks, risk)
        pnl, pnl_sign = self._pnl_label(held, risk)
        return LadderPicture(
            rows=self._rows.rows(depth, quote, held, cells, rejects=self.rejects.showing(mono_ns), extras=extras),
            health=health,
            above=self._edge("above", own.above, (bid, ask), average),
            below=self._edge("below", own.below, (bid, ask), average),
            counts=own.counts,
            bid=bid,
            ask=ask,
            position_qty=position_qty,
            average=average,
            pnl=pnl,
            pnl_sign=pnl_sign,
            pulling=self._pulling is not None and depth is not None and bool(depth.traded),
        )

    def _own_view(self, working: Sequence[OrderState], position_qty: int, *, connected: bool) -> _Own:
        """Return the own orders as this ladder shows them; the same again until an order or the rows change."""
        key = (self.map.revision, self.map.ticks_per_row, position_qty, connected)
        if self._own is None or self._own.working is not working or self._own.key != key:
            self._own = self._laid(working, key)
        return self._own

    def _laid(self, working: Sequence[OrderState], key: _OwnKey) -> _Own:
        known = self._own.spots if self._own is not None and self._own.key == key else {}
        spots: dict[str, _Spot] = {}
        for order in working:
            spot = known.get(order.cl_ord_id)
            spots[order.cl_ord_id] = self._spot(order, key) if spot is None or spot.order is not order else spot
        orders, marks = OwnOrders(self.instrument, connected=key[-1]), dict[int, set[str]]()
        for spot in spots.values():
            if spot.row is not None:
                orders.add(spot.order, spot.row)
                marks.setdefault(spot.row, set()).add(spot.mark)
        found = spots.values()
        return _Own(
            working=working,
            key=key,
            spots=spots,
            orders=orders,
            marks={row: "".join(sorted(letters)) for row, letters in marks.items()},
            counts=(sum(spot.cancels > 0 for spot in found), sum(spot.cancels < 0 for spot in found)),
            above=[spot.price for spot in found if spot.edge == "above" and spot.price is not None],
            below=[spot.price for spot in found if spot.edge == "below" and spot.price is not None],
        )

    def _spot(self, order: OrderState, key: _OwnKey) -> _Spot:
        _revision, _grouping, position_qty, _connected = key
        sign, price = order.terms.side.sign, line_price(order.pending_terms or order.terms)
        cancels = 0 if order.is_protective and position_qty else sign
        if price is None:
            return _Spot(order, None, None, "inside", "", cancels)
        row = self.map.bucket(price, "down" if sign > 0 else "up")
        shown = row if self.map.is_shown(row) else None
        return _Spot(order, price, shown, self.map.side_of(price), row_mark(order, position_qty), cancels)

    def health(self, state: ScreenState) -> Health:
        """Return the state of the data this ladder trades on, worst first."""
        symbol = self.instrument.symbol
        depth, quote, status = state.depths.get(symbol), state.quotes.get(symbol), state.status
        if status is not None and not state.connected:
            text = f"venue link {status.venue_state}: orders are unknown"
            return Health("danger", text, f"Refused: the venue link is {status.venue_state}; wait for it.")
        if quote is not None and quote.phase is SessionPhase.HALTED:
            return Health("danger", "trading halted", f"Refused: {symbol} is halted.")
        account, held = state.accounts.get(self.account), state.position(self.account, symbol)
        gap = "" if held is None or held.theirs is None else self._gap(held.position.qty, held.theirs)
        if account is not None and account.lock is not LockState.UNLOCKED:
            reason = gap or account.lock_reason or "orders and positions are compared with the venue"
            text = f"not reconciled: {reason}"
            return Health("danger", text, f"Refused: {self.account} is not reconciled: {reason}.")
        if gap:
            return Health("danger", f"not reconciled: {gap}")
        if depth is None:
            if quote is None or quote.freshness == "ABSENT":
                return Health("muted", f"waiting for the book of {symbol}", f"Refused: no price of {symbol} yet.")
            return Health("muted", "best bid and ask only: no depth for this instrument")
        if not depth.synced:
            return Health("stale", "book out of sync, waiting for a snapshot", "Refused: the book is out of sync.")
        if depth.freshness != "FRESH":
            age = f"{depth.age_ms / 1_000:.1f} s"
            return Health("stale", f"depth {age} old", f"Refused: depth of {symbol} is {age} old; wait for it.")
        if depth.bids and depth.asks and depth.bids[0].price >= depth.asks[0].price:
            return Health("danger", "book is crossed")
        return Health("ok")

    def _held_health(self, state: ScreenState) -> Health:
        """Return that the market stands still for reading, and what is wrong with the present besides."""
        now = self.health(state)
        level, trouble = ("stale", "") if now.level == "ok" else (now.level, f"; now: {now.text}")
        refusal = now.entry_refusal or "Refused: the ladder is held still for reading; let it go to enter here."
        return Health(level, f"held still for reading{trouble}", refusal)

    def _gap(self, ours: int, theirs: int) -> str:
        words = self.instrument.qty_text
        return f"{self.instrument.symbol} {words(ours)} here, {words(theirs)} at the venue"

    def show_columns(self, *, pnl: bool, pnl_wide: bool, pulled: bool) -> None:
        """Fill the columns that fit, and leave the others empty."""
        self._rows.show_pnl, self._rows.pnl_wide, self._rows.show_pulled = pnl, pnl_wide, pulled

    def show_as(self, settings: LadderSettings) -> None:
        """Take what the P&L column and label show, which sizes stand out, and the window of pulled sizes."""
        self._rows.pnl, self._label = settings.pnl, settings.pnl_label
        self._rows.large = settings.large_size * 10**self.instrument.qty_decimals
        if settings.pulled_s != self._pulled_s:
            self._pulled_s = settings.pulled_s
            self._pulling = Pulling(settings.pulled_s * NS_PER_S) if settings.pulled_s else None

    def _pnl_label(self, held: PositionSnap | None, risk: int | None) -> tuple[str, int]:
        """Return open profit as the label says it, and its sign; the figure is the positions panel's own."""
        if held is None or not held.position.qty or self._label is PnlUnit.HIDDEN:
            return "", 0
        profit = held.unrealised
        sign = 0 if profit is None else (profit > 0) - (profit < 0)
        ticks = open_ticks(held, self.instrument) if self._label is PnlUnit.TICKS else None
        return profit_text(self._label, profit, self.instrument.currency, ticks=ticks, risk=risk), sign

    def _edge(
        self,
        edge: Literal["above", "below"],
        orders: Sequence[int],
        inside: tuple[int | None, int | None],
        average: int | None,
    ) -> OffScreen:
        side = self.map.side_of
        market = [price for price in inside if price is not None and side(price) == edge]
        held = average is not None and side(average) == edge
        nearest = min if edge == "above" else max
        jumps = market or orders or ([average] if held and average is not None else [])
        return OffScreen(market=bool(market), orders=len(orders), position=held, jump=nearest(jumps) if jumps else None)
