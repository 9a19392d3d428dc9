"""Rows of the ladder: depth, last trade, traded volume, own orders and P&L at each price, as texts and shares.

Made anew for each frame from one book snapshot, so that no cell is from another moment than its neighbour; equal rows
are not painted again. Grouped rows never look better than the market: bids round down, asks up. Qt-free.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Literal

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import Level
from workstation.domain.numbers import div_half_even, format_money
from workstation.viewmodels.formats import grouped
from workstation.viewmodels.frames import DepthSnap, PositionSnap, QuoteSnap
from workstation.viewmodels.ladder_cells import OwnCell, RejectMark
from workstation.viewmodels.ladder_flow import Flow
from workstation.viewmodels.ladder_prices import PriceMap
from workstation.viewmodels.ladder_settings import PnlUnit
from workstation.viewmodels.open_profit import risk_text

COMPACT_FROM = 100_000
FRACTION_CHARS_MAX = 7
SHARE_ONE = 1_000
"""Bars are drawn in thousandths of the largest size in view, so that equal pictures are equal rows."""


class LadderRow(msgspec.Struct, frozen=True):
    """One row as it is painted; equal rows look equal.

    bid_share, ask_share, traded_share: 0 to SHARE_ONE. touch: `bid`, `ask`, `crossed`, or "". pulled: signed, with
    the side (+1 bids) of the level that it is about. pnl_ticks: beside `pnl` where the column shows both. marks: E, S
    and T for rows of entry, stop and target orders, in this order.
    """

    price: int
    text: str
    bid: str = ""
    ask: str = ""
    bid_share: int = 0
    ask_share: int = 0
    traded: str = ""
    traded_share: int = 0
    flow: str = ""
    own_bid: OwnCell | None = None
    own_ask: OwnCell | None = None
    pulled: str = ""
    pulled_side: int = 0
    pnl: str = ""
    pnl_ticks: str = ""
    pnl_sign: int = 0
    touch: str = ""
    last: str = ""
    average: bool = False
    marks: str = ""
    bid_reject: str = ""
    ask_reject: str = ""
    bid_large: bool = False
    ask_large: bool = False


Cells = Mapping[tuple[int, int], OwnCell]


class Extras(msgspec.Struct, frozen=True):
    """What rows show besides the book. pulled: (side sign, price, net size); marks: by row; risk: open risk, money."""

    pulled: Sequence[tuple[int, int, int]] = ()
    marks: Mapping[int, str] = {}
    risk: int | None = None


NO_EXTRAS = Extras()


class RowMaker:
    """Makes the rows of one instrument on a price map.

    show_pnl, show_pulled: the column is on screen; pnl_wide: with room for ticks beside money. pnl: what stands in it.
    large: size from which one stands out, in quantity units, 0 for none.
    """

    def __init__(self, prices: PriceMap, flow: Flow) -> None:
        self._map = prices
        self.flow = flow
        self._instrument: Instrument = prices.instrument
        self.show_pnl = True
        self.pnl_wide = False
        self.show_pulled = False
        self.pnl = PnlUnit.BOTH
        self._texts: dict[int, str] = {}
        self.large = 0

    def rows(
        self,
        depth: DepthSnap | None,
        quote: QuoteSnap | None,
        held: PositionSnap | None,
        cells: Cells,
        *,
        rejects: Iterable[RejectMark] = (),
        extras: Extras = NO_EXTRAS,
    ) -> tuple[LadderRow, ...]:
        """Return one row for each price in view, from the highest down."""
        prices = self._map.prices
        if not prices:
            return ()
        texts = self._price_texts(prices)
        bids, asks = levels(depth, quote)
        bid_sizes, ask_sizes = self._sizes(bids, "down"), self._sizes(asks, "up")
        traded = self._traded(depth)
        flow = self._flows()
        most, most_traded = max([1, *bid_sizes.values(), *ask_sizes.values()]), max([1, *traded.values()])
        touch = self._touch(bids, asks)
        last_row, last = self._last(depth, quote)
        average_row = self._average_row(held)
        marks = {(self._map.bucket(m.price, "down" if m.sign > 0 else "up"), m.sign): m.text for m in rejects}
        size, large = self.size_text, self.large or inf
        pulled = self._pulled(extras.pulled) if self.show_pulled else {}
        made = []
        for price in prices:
            bid, ask, volume = bid_sizes.get(price, 0), ask_sizes.get(price, 0), traded.get(price, 0)
            pnl, pnl_ticks, pnl_sign = self._pnl(held, price, extras.risk) if self.show_pnl else ("", "", 0)
            change, change_side = pulled.get(price, ("", 0))
            made.append(
                LadderRow(
                    price=price,
                    text=texts[price],
                    bid=size(bid),
                    ask=size(ask),
                    bid_share=bid * SHARE_ONE // most,
                    ask_share=ask * SHARE_ONE // most,
                    traded=size(volume),
                    traded_share=volume * SHARE_ONE // most_traded,
                    flow=flow.get(price, ""),
                    own_bid=cells.get((price, 1)),
                    own_ask=cells.get((price, -1)),
                    pulled=change,
                    pulled_side=change_side,
                    pnl=pnl,
                    pnl_ticks=pnl_ticks,
                    pnl_sign=pnl_sign,
                    touch=touch.get(price, ""),
                    last=last if price == last_row else "",
                    average=price == average_row,
                    marks=extras.marks.get(price, ""),
                    bid_reject=marks.get((price, 1), ""),
                    ask_reject=marks.get((price, -1), ""),
                    bid_large=bid >= large,
                    ask_large=ask >= large,
                )
            )
        return tuple(made)

    def _average_row(self, held: PositionSnap | None) -> int | None:
        average = average_price(held, self._instrument)
        return None if average is None else self._map.bucket(average, "down")

    def size_text(self, qty: int) -> str:
        """Return a size that fits a narrow column: nothing for 0, k and M from a hundred thousand up."""
        if qty == 0:
            return ""
        decimals = self._instrument.qty_decimals
        whole = qty // 10**decimals
        if whole >= COMPACT_FROM:
            return f"{whole / 1e6:.2f}M" if whole >= 1_000_000 else f"{whole // 1_000}k"
        if decimals and whole >= 100:
            return f"{whole:,}"
        text = grouped(self._instrument.qty_text(qty))
        return text[:FRACTION_CHARS_MAX] if decimals else text

    def _price_texts(self, prices: tuple[int, ...]) -> dict[int, str]:
        """Return the texts of the rows' prices, made when rows move."""
        if self._texts.keys() != set(prices):
            words = self._instrument.price_text
            self._texts = {price: grouped(words(price)) for price in prices}
        return self._texts

    def _sizes(self, side: tuple[Level, ...], direction: Literal["down", "up"]) -> dict[int, int]:
        high, low = self._map.prices[0], self._map.prices[-1]
        slack = self._map.slack
        if self._map.ticks_per_row == 1:
            return {level.price: level.size for level in side if low <= level.price <= high}
        sizes: dict[int, int] = {}
        for level in side:
            if low - slack <= level.price <= high + slack:
                row = self._map.bucket(level.price, direction)
                sizes[row] = sizes.get(row, 0) + level.size
        return sizes

    def _traded(self, depth: DepthSnap | None) -> dict[int, int]:
        if depth is None:
            return {}
        high, low = self._map.prices[0] + self._map.slack, self._map.prices[-1]
        volume: dict[int, int] = {}
        for price, sold, bought in depth.traded:
            if low <= price <= high:
                row = self._map.bucket(price, "down")
                volume[row] = volume.get(row, 0) + sold + bought
        return volume

    def _flows(self) -> dict[int, str]:
        """Return `sold×bought` since the reset, by row."""
        rows: dict[int, tuple[int, int]] = {}
        high, low = self._map.prices[0] + self._map.slack, self._map.prices[-1]
        for price in self.flow.traded():
            sold, bought = self.flow.since(price) if low <= price <= high else (0, 0)
            if sold or bought:
                row = self._map.bucket(price, "down")
                before = rows.get(row, (0, 0))
                rows[row] = before[0] + sold, before[1] + bought
        return {
            row: f"{self.size_text(sold) or 0}×{self.size_text(bought) or 0}" for row, (sold, bought) in rows.items()
        }

    def _pulled(self, levels: Iterable[tuple[int, int, int]]) -> dict[int, tuple[str, int]]:
        """Return the net change by row, and its side; the bids of a row that both sides share stand first."""
        sums: dict[tuple[int, int], int] = {}
        high, low = self._map.prices[0] + self._map.slack, self._map.prices[-1] - self._map.slack
        for sign, price, net in levels:
            if low <= price <= high:
                key = self._map.bucket(price, "down" if sign > 0 else "up"), sign
                sums[key] = sums.get(key, 0) + net
        return {
            row: (("+" if net > 0 else "−") + self.size_text(abs(net)), sign)
            for (row, sign), net in sorted(sums.items(), key=lambda item: item[0][1])
            if net
        }

    def _touch(self, bids: tuple[Level, ...], asks: tuple[Level, ...]) -> dict[int, str]:
        bid = self._map.bucket(bids[0].price, "down") if bids else None
        ask = self._map.bucket(asks[0].price, "up") if asks else None
        if bids and asks and bids[0].price >= asks[0].price:
            return {row: "crossed" for row in self._map.prices if (ask or 0) <= row <= (bid or 0)}
        touch = {} if bid is None else {bid: "bid"}
        if ask is not None:
            touch[ask] = "ask"
        return touch

    def _last(self, depth: DepthSnap | None, quote: QuoteSnap | None) -> tuple[int | None, str]:
        source = quote if depth is None else depth
        if source is None or source.last is None:
            return None, ""
        streak = self.flow.streak(source.last)
        size = source.last_size if streak is None else streak
        return self._map.bucket(source.last, "down"), self.size_text(size) or "·"

    def _pnl(self, held: PositionSnap | None, price: int, risk: int | None) -> tuple[str, str, int]:
        """Return what an exit of the whole position at `price` would bring, before fees, ticks beside it, its sign."""
        if held is None or held.position.qty == 0 or self.pnl is PnlUnit.HIDDEN:
            return "", "", 0
        money = self._instrument.notional(price, held.position.qty) - held.position.cost
        one_tick = self._instrument.notional(self._instrument.tick_at(price), abs(held.position.qty))
        plus = "+" if money > 0 else ""
        ticks = plus + f"{money / one_tick:,.1f}t".replace(".0t", "t").replace("-", "−")
        text = plus + format_money(money, 0, grouping=True).replace("-", "−")
        sign = (money > 0) - (money < 0)
        match self.pnl:
            case PnlUnit.TICKS:
                return ticks, "", sign
            case PnlUnit.RISK:
                return risk_text(money, risk), "", sign
            case PnlUnit.BOTH if self.pnl_wide:
                return text, ticks, sign
            case _:
                return text, "", sign


def levels(depth: DepthSnap | None, quote: QuoteSnap | None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Return bids and asks of the book, or the top of the market where no book is carried."""
    if depth is not None:
        return depth.bids, depth.asks
    if quote is None:
        return (), ()
    bids = () if quote.bid is None else (Level(quote.bid, quote.bid_size),)
    asks = () if quote.ask is None else (Level(quote.ask, quote.ask_size),)
    return bids, asks


def queues(depth: DepthSnap | None) -> dict[str, tuple[int, bool]]:
    """Return size ahead, and whether it is exact, of each own order by cl_ord_id."""
    return {} if depth is None else {cl_ord_id: (ahead, exact) for cl_ord_id, ahead, exact in depth.queue_ahead}


def average_price(held: PositionSnap | None, instrument: Instrument) -> int | None:
    """Return a position's average price in price units, half to even; None when flat."""
    if held is None or held.position.qty == 0:
        return None
    unit = instrument.notional(1, held.position.qty)
    sign = 1 if unit > 0 else -1
    return div_half_even(held.position.cost * sign, unit * sign)
