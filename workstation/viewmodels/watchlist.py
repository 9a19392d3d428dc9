"""The watchlist without a screen: which instruments in which order, their rows, flashes, and the search that adds one.

Last stage of the tick walk. A price stands with its freshness; what is absent reads as a dash. A list is plain texts,
symbols and headings, so that a layout file keeps it. Sends nothing.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from workstation.domain.instruments import AssetClass, Instrument
from workstation.viewmodels.column_arrays import Mask
from workstation.viewmodels.columns import (
    NO_CHANGES,
    CellStyle,
    Changes,
    Column,
    ColumnKind,
    ColumnTable,
    RowStyle,
    Selection,
)
from workstation.viewmodels.formats import MISSING, Formats, age, exact_money, gain_ink, grouped, money
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.market_view import NoRoom
from workstation.viewmodels.watchlist_computed import COMPUTED_MAX, Computed, computed_column
from workstation.viewmodels.watchlist_rows import HEADING, NOTHING_MINE, Mine, WatchRow
from workstation.viewmodels.watchlist_trend import POINTS, Trends

FLASH_NS = 250_000_000
UNDO_NS = 10_000_000_000
AGE_SHOWN_MS = 1_000
FULL, DOWN = "full", "down"
"""What stands for an age: no stream was left for the row, no price comes any more."""
ENTRIES_MAX = 1_000
STALE, ABSENT = "STALE", "ABSENT"
_QUIET_CELLS = dict.fromkeys(
    ("bid_size", "ask_size", "spread", "volume", "high", "low", "trend", "name"), CellStyle("text_muted")
)
_CLASS_TITLES = {
    AssetClass.STOCK: "Stocks",
    AssetClass.ETF: "Funds",
    AssetClass.FUTURE: "Futures",
    AssetClass.OPTION: "Options",
    AssetClass.FOREX: "Currencies",
    AssetClass.CRYPTO: "Crypto",
    AssetClass.BOND: "Bonds",
}


def default_entries(instruments: Mapping[str, Instrument]) -> list[str]:
    """Return every instrument under a heading for its asset class."""
    entries: list[str] = []
    for asset_class, title in _CLASS_TITLES.items():
        members = [symbol for symbol, item in instruments.items() if item.asset_class is asset_class]
        if members:
            entries += [HEADING + title, *members]
    return entries


class Watchlist:
    """The entries of one list and their rows. Times are monotonic ns of the screen; computed: columns of its own."""

    def __init__(
        self, instruments: Mapping[str, Instrument], formats: Formats, computed: Sequence[Computed] = ()
    ) -> None:
        self._instruments = instruments
        self._formats = formats
        self._rows: dict[str, WatchRow] = {}
        self._flashes: dict[str, int] = {}
        self._turn: deque[str] = deque()
        self.trends = Trends()
        self.computed = tuple(computed)[:COMPUTED_MAX]
        self._undo: tuple[int, list[str]] | None = None
        self.entries: list[str] = []
        self.connected = True
        self.left_out = NoRoom()
        self.behind = False
        self.table: ColumnTable[WatchRow] = ColumnTable(self._columns(), _key)
        self.table.sort_by([("rank", False)])
        self.set_entries(default_entries(instruments))

    @property
    def symbols(self) -> list[str]:
        """Return the instruments of the list, in order."""
        return [entry for entry in self.entries if not entry.startswith(HEADING)]

    def set_entries(self, entries: Sequence[str]) -> Changes:
        """Take a whole list; unknown symbols and repeats are left out."""
        known = [e for e in dict.fromkeys(entries) if e.startswith(HEADING) or e in self._instruments][:ENTRIES_MAX]
        self.table.remove(set(self._rows) - set(known))
        before, self._rows, self.entries = self._rows, {}, known
        self._turn = deque(known)
        for rank, entry in enumerate(known):
            row = before.get(entry, WatchRow(entry=entry, rank=rank))
            self._rows[entry] = msgspec.structs.replace(row, rank=rank)
        changes = self.table.upsert(self._rows.values())
        self.table.refresh()
        return Changes(reset=True, changed=changes.changed)

    def add(self, symbol: str, after: str | None = None) -> Changes:
        """Add an instrument below `after`, or at the end; one that is there stays where it is."""
        if symbol in self._rows or symbol not in self._instruments:
            return NO_CHANGES
        place = self.entries.index(after) + 1 if after in self._rows else len(self.entries)
        return self.set_entries([*self.entries[:place], symbol, *self.entries[place:]])

    def remove(self, entries: Iterable[str], now_ns: int) -> Changes:
        """Take entries out; `undo` brings them back for ten seconds."""
        gone = set(entries)
        self._undo = (now_ns + UNDO_NS, self.entries)
        return self.set_entries([entry for entry in self.entries if entry not in gone])

    def can_undo(self, now_ns: int) -> bool:
        """Tell whether the last removal can still be taken back."""
        return self._undo is not None and now_ns < self._undo[0]

    def undo(self, now_ns: int) -> Changes:
        """Bring back what was removed last."""
        if self._undo is None or now_ns >= self._undo[0]:
            return NO_CHANGES
        entries, self._undo = self._undo[1], None
        return self.set_entries(entries)

    def move(self, entry: str, steps: int) -> Changes:
        """Move an entry up (negative) or down by steps, at most to an end."""
        place = self.entries.index(entry)
        return self.move_to(entry, place + steps + (1 if steps > 0 else 0))

    def move_to(self, entry: str, place: int) -> Changes:
        """Move an entry before the one that stands at `place` now."""
        old = self.entries.index(entry)
        rest = self.entries[:old] + self.entries[old + 1 :]
        target = min(max(place - (1 if place > old else 0), 0), len(rest))
        if target == old:
            return NO_CHANGES
        return self.set_entries([*rest[:target], entry, *rest[target:]])

    def take(
        self,
        quotes: Mapping[str, QuoteSnap],
        mine: Mapping[str, Mine],
        focus: str,
        now_ns: int,
        *,
        most: int = ENTRIES_MAX,
    ) -> Changes:
        """Fold new quotes, what is mine by symbol and the trade focus in; flashes begin and end here.

        At most `most` rows change; where more would, `behind` is true and the rest have their turn in the next call.
        """
        for symbol in [symbol for symbol, until in self._flashes.items() if now_ns >= until]:
            del self._flashes[symbol]
        changed: list[WatchRow] = []
        for _ in self._rows:
            self.behind = len(changed) == most
            if self.behind:
                break
            row = self._folded(self._rows[self._turn[0]], quotes, mine, focus, now_ns)
            self._turn.rotate(-1)
            if row is not None:
                changed.append(row)
        self._rows.update((row.entry, row) for row in changed)
        return self.table.upsert(changed) if changed else NO_CHANGES

    def _folded(
        self,
        row: WatchRow,
        quotes: Mapping[str, QuoteSnap],
        mine: Mapping[str, Mine],
        focus: str,
        now_ns: int,
    ) -> WatchRow | None:
        """Return the row as it is now, None where nothing about it changed."""
        entry = row.entry
        quote, flash = quotes.get(entry, row.quote), row.flash if entry in self._flashes else 0
        if quote is not row.quote and quote is not None and row.quote is not None:
            flash = self._flash(entry, row.quote.last, quote.last, now_ns) or flash
        own, focused = mine.get(entry, NOTHING_MINE), entry == focus
        if quote is row.quote and (own, flash, focused) == (row.mine, row.flash, row.focused):
            return None
        last = None if quote is None else quote.last
        trend = row.trend if last is None else self.trends.note(entry, last, now_ns)
        return msgspec.structs.replace(row, quote=quote, mine=own, flash=flash, focused=focused, trend=trend)

    def set_left_out(self, left: NoRoom) -> Changes:
        """Note the instruments that there was no room for; their rows say so."""
        self.left_out = left
        words = left.words if left.symbols else ""
        changed = [
            msgspec.structs.replace(row, left_out=words if row.entry in left.symbols else "")
            for row in self._rows.values()
            if row.left_out != (words if row.entry in left.symbols else "")
        ]
        self._rows.update((row.entry, row) for row in changed)
        return self.table.upsert(changed) if changed else NO_CHANGES

    def hide_headings(self, hidden: bool) -> None:
        """Leave headings out: they mean nothing in another order than the list's own."""

        def accepted(rows: Selection) -> Mask:
            return np.isfinite(self.table.numbers("member", rows))

        self.table.filter_by(accepted if hidden else None)

    def style(self, row: WatchRow) -> RowStyle:
        """Return how a row looks: stale greyed and hatched, the last price flashing as it moves."""
        if row.is_heading:
            return RowStyle(ink="text_muted", section=True, cells={"symbol": CellStyle(bold=True)})
        quote = row.quote
        marker = CellStyle("accent", "", "pointer") if row.focused else CellStyle("text_disabled", "", "spot")
        if row.left_out:
            cells = {"focus": marker, "symbol": CellStyle("text"), "age": CellStyle("warning")}
            return RowStyle(ink="text_muted", hatched=quote is not None, cells=cells)
        if quote is None or quote.freshness == ABSENT:
            return RowStyle(ink="text_muted", cells={"focus": marker, "symbol": CellStyle("text", bold=row.focused)})
        if quote.freshness == STALE or not self.connected:
            return RowStyle(ink="stale", hatched=True, cells={"focus": marker, "age": CellStyle("warning")})
        move = gain_ink(self._change(row))
        flash = {1: "rise_flash", -1: "fall_flash"}.get(row.flash, "")
        cells = {
            "focus": marker,
            "symbol": CellStyle("text", bold=row.focused),
            "last": CellStyle("text" if flash else move, flash, bold=True),
            "change": CellStyle(move),
            "percent": CellStyle(move),
            "position": CellStyle("buy" if row.position > 0 else "sell" if row.position < 0 else "text_muted"),
            "profit": CellStyle(gain_ink(row.mine.profit)),
            "age": CellStyle("warning" if quote.flags else "text_muted"),
            **_QUIET_CELLS,
        }
        return RowStyle(cells=cells)

    def _flash(self, symbol: str, before: int | None, now: int | None, now_ns: int) -> int:
        if before is None or now is None or before == now:
            return 0
        self._flashes[symbol] = now_ns + FLASH_NS
        return 1 if now > before else -1

    def _change(self, row: WatchRow) -> int | None:
        quote = row.quote
        if quote is None or quote.last is None or quote.prev_close is None:
            return None
        return quote.last - quote.prev_close

    def _price(self, row: WatchRow, name: str) -> str:
        return "" if row.is_heading else self._formats.price(row.entry, getattr(row.quote, name, None))

    def _size(self, row: WatchRow, side: str) -> str:
        quote = row.quote
        if row.is_heading:
            return ""
        if quote is None or getattr(quote, side) is None:
            return MISSING
        return self._formats.quantity(row.entry, getattr(quote, f"{side}_size"))

    def _change_text(self, row: WatchRow) -> str:
        change = self._change(row)
        text = "" if row.is_heading else self._formats.price(row.entry, change, at=getattr(row.quote, "last", None))
        return f"+{text}" if change is not None and change > 0 else text

    def _percent(self, row: WatchRow) -> float | None:
        change, quote = self._change(row), row.quote
        if change is None or quote is None or not quote.prev_close:
            return None
        return 100.0 * change / abs(quote.prev_close)

    def _percent_text(self, row: WatchRow) -> str:
        percent = self._percent(row)
        if percent is None:
            return "" if row.is_heading else MISSING
        text = f"{percent:+.2f}"
        return "0.00" if text in ("+0.00", "-0.00") else text.replace("-", "−")

    def _spread(self, row: WatchRow) -> int | None:
        quote, instrument = row.quote, self._instruments.get(row.entry)
        if quote is None or quote.bid is None or quote.ask is None or instrument is None:
            return None
        return instrument.ticks_between(quote.bid, quote.ask)

    def _spread_text(self, row: WatchRow) -> str:
        spread = self._spread(row)
        return grouped(str(spread)) if spread is not None else "" if row.is_heading else MISSING

    def _name(self, row: WatchRow) -> str:
        instrument = self._instruments.get(row.entry)
        return "" if instrument is None else " · ".join(filter(None, (instrument.name, instrument.exchange)))

    def _number(self, row: WatchRow, name: str) -> float | None:
        return self._formats.price_number(row.entry, getattr(row.quote, name, None))

    def _age_text(self, row: WatchRow) -> str:
        text = _age_text(row)
        return text if self.connected or text in ("", FULL, MISSING) else DOWN

    def _age_hover(self, row: WatchRow) -> str:
        text = self._age_text(row)
        return row.left_out or ("The feed is down: the last price that came" if text == DOWN else text)

    def _columns(self) -> tuple[Column[WatchRow], ...]:
        code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
        f = self._formats

        def price(name: str, title: str, width: int = 10) -> Column[WatchRow]:
            return Column(name, title, number, lambda r: self._number(r, name), lambda r: self._price(r, name),
                          right=True, width=width)  # fmt: skip

        def size(name: str, title: str) -> Column[WatchRow]:
            return Column(f"{name}_size", title, number, lambda r: getattr(r.quote, f"{name}_size", None),
                          lambda r: self._size(r, name), right=True, width=9)  # fmt: skip

        return (
            Column("focus", "", text, _blank, _blank, width=1, hint="Trade focus: click to aim keys at the instrument"),
            Column("symbol", "Symbol", code, lambda r: r.entry, _symbol, width=10, fixed=True),
            price("last", "Last"),
            Column("percent", "%", number, self._percent, self._percent_text, right=True, width=6,
                   hint="Change from the previous close in per cent"),
            Column("age", "Age", text, self._age_text, self._age_text, width=4, hover=self._age_hover,
                   hint="Age of the quote, and its trouble"),
            price("bid", "Bid"),
            price("ask", "Ask"),
            Column("spread", "Sprd", number, self._spread, self._spread_text, right=True, width=4,
                   hint="Spread in ticks"),
            Column("change", "Change", number, lambda r: f.price_number(r.entry, self._change(r)), self._change_text,
                   right=True, width=9, hint="From the previous close"),
            Column("position", "Pos", number, lambda r: f.quantity_number(r.entry, r.position) if r.position else None,
                   lambda r: f.quantity(r.entry, r.position) if r.position else "", right=True, width=7,
                   hint="My position in the account in focus"),
            Column("orders", "Orders", number, lambda r: (r.mine.bids + r.mine.asks) or None, _orders, right=True,
                   width=7, hint="My open orders in the account in focus: B to buy, S to sell"),
            Column("profit", "Open P&L", number, lambda r: r.mine.profit if r.position else None,
                   lambda r: money(r.mine.profit, signed=True) if r.position else "", right=True, width=10,
                   exact=lambda r: exact_money(r.mine.profit) if r.position else "",
                   hint="Open profit of my position, as the positions panel says it"),
            Column("trend", "Trend", text, _trend, _trend, right=True, width=POINTS, hint="The last price over time"),
            *(computed_column(column, self._instruments) for column in self.computed),
            size("bid", "Bid sz"),
            size("ask", "Ask sz"),
            Column("volume", "Volume", number, lambda r: f.quantity_number(r.entry, getattr(r.quote, "volume", None)),
                   lambda r: "" if r.is_heading else f.quantity(r.entry, getattr(r.quote, "volume", None)), right=True,
                   width=14),
            price("high", "High"),
            price("low", "Low"),
            Column("name", "Name", text, self._name, self._name, width=12, fixed=True, hover=self._name),
            Column("rank", "", number, lambda r: r.rank, _blank, width=0),
            Column("member", "", number, lambda r: None if r.is_heading else 1, _blank, width=0, fixed=True),
        )  # fmt: skip


def _key(row: WatchRow) -> str:
    return row.entry


def _blank(_row: WatchRow) -> str:
    return ""


def _orders(row: WatchRow) -> str:
    sides = ((row.mine.bids, "B"), (row.mine.asks, "S"))
    return " ".join(f"{count}{side}" for count, side in sides if count)


def _trend(row: WatchRow) -> str:
    return row.trend


def _symbol(row: WatchRow) -> str:
    return row.entry.removeprefix(HEADING)


def _age_text(row: WatchRow) -> str:
    quote = row.quote
    if row.is_heading:
        return ""
    if row.left_out:
        return FULL
    if quote is None or quote.freshness == ABSENT:
        return MISSING
    words = " ".join(flag.lower() for flag in quote.flags)
    if quote.freshness == STALE or quote.age_ms >= AGE_SHOWN_MS:
        return f"{age(quote.age_ms * 1_000_000)} {words}".strip()
    return words or "live"
