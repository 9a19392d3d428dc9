"""The tape of one instrument: its prints newest first, filtered by size, side, price and condition; volume and delta.

Last stage of the tick walk before a screen, Qt-free. Bounded; while it is held, new prints wait unseen and are counted.
One order that took from several makes a print each; grouped, prints of one moment and side are one line, and the filter
asks of it what it asks of a print: its whole size.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from workstation.domain.executions import Execution
from workstation.domain.instruments import Instrument
from workstation.domain.market import Aggressor, Trade
from workstation.viewmodels.formats import Formats, time_of_day
from workstation.viewmodels.ticket_fields import parse_price, parse_quantity

PRINTS_KEPT = 50_000
WAITING_MAX = 50_000
"""Prints that wait while the tape is held; beyond, the oldest of them are left out."""


FILLS_KEPT = 500
"""Own fills that are still looked for among the prints."""

_SIDES = ("BUY", "SELL")


class TapeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown. size_min: in quantity units; side: BUY, SELL or ""; prices: inclusive, in price units.

    conditions: words of which a print's own codes must hold one, any case; without: words that they must not hold.
    """

    size_min: int = 0
    side: str = ""
    price_low: int | None = None
    price_high: int | None = None
    conditions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def accepts(self, trade: "Trade | Sweep") -> bool:
        """Tell whether a line is shown."""
        low, high = (trade.price, trade.price) if isinstance(trade, Trade) else (trade.low, trade.high)
        return (
            trade.size >= self.size_min
            and (not self.side or trade.aggressor.value == self.side)
            and (self.price_low is None or high >= self.price_low)
            and (self.price_high is None or low <= self.price_high)
            and (not (self.conditions or self.without) or self._accepts_codes(trade.conditions.upper()))
        )

    def _accepts_codes(self, codes: str) -> bool:
        wanted = not self.conditions or any(word in codes for word in self.conditions)
        return wanted and not any(word in codes for word in self.without)


def filter_of(size: str, side: str, prices: str, instrument: Instrument, conditions: str = "") -> TapeFilter:
    """Return the filter of what was typed: a least size, a side, and prices as `187.20`, `187-188`, `187-` or `-188`.

    conditions: codes side by side, each of which may do; one with a minus must not be there.

    Raises:
        ValidationError: a field that cannot be read, by name.
    """
    low, dash, high = prices.strip().partition("-")
    least = parse_price(low, instrument, field="price") if low.strip() else None
    most = (parse_price(high, instrument, field="price") if high.strip() else None) if dash else least
    return TapeFilter(
        size_min=parse_quantity(size, instrument, field="size") if size.strip() else 0,
        side=side if side in _SIDES else "",
        price_low=least,
        price_high=most,
        conditions=tuple(word.upper() for word in conditions.split() if not word.startswith("-")),
        without=tuple(word[1:].upper() for word in conditions.split() if len(word) > 1 and word.startswith("-")),
    )


class Gap(msgspec.Struct, frozen=True):
    """A time without a feed, between the prints before and after it."""

    length_s: float


class Sweep(msgspec.Struct, frozen=True, gc=False):
    """Prints of one moment and side as one: what one order took. price: the last one's; first: the first one's."""

    ts_event: int
    aggressor: Aggressor
    first: int
    price: int
    low: int
    high: int
    size: int
    count: int
    conditions: str

    @classmethod
    def of(cls, trade: Trade) -> "Sweep":
        """Return a sweep of one print."""
        at, side, price = trade.ts_event, trade.aggressor, trade.price
        return cls(at, side, price, price, price, price, trade.size, 1, trade.conditions)

    def takes(self, trade: Trade) -> bool:
        """Tell whether a print belongs to it: the same moment and a side that is known to be the same."""
        told = trade.aggressor in (Aggressor.BUY, Aggressor.SELL)
        return told and (trade.ts_event, trade.aggressor) == (self.ts_event, self.aggressor)

    def grown(self, trade: Trade) -> "Sweep":
        """Return it with one more print."""
        codes = self.conditions.split()
        more = [code for code in trade.conditions.split() if code not in codes]
        return msgspec.structs.replace(
            self,
            price=trade.price,
            low=min(self.low, trade.price),
            high=max(self.high, trade.price),
            size=self.size + trade.size,
            count=self.count + 1,
            conditions=" ".join([*codes, *more]),
        )


class TapeLine(msgspec.Struct, frozen=True):
    """One line as texts. side: BUY, SELL, "" where the venue does not say, or GAP; mine: a fill of ours.

    parts: of a line that stands for several prints, how many and from which price; else "". amount: the size as a
    number, for the length of a bar.
    """

    time: str
    price: str
    size: str
    side: str
    conditions: str = ""
    mine: bool = False
    parts: str = ""
    amount: float = 0.0


Entry = Trade | Gap
Line = Trade | Sweep | Gap


class Tape:
    """Prints of one instrument. `volume` and `delta` count what has passed, filter aside, in quantity units."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.filter = TapeFilter()
        self.volume = 0
        self.delta = 0
        self.held = False
        self.side_known = False
        self.grouped = False
        self._last: Sweep | None = None
        self._formats = Formats({instrument.symbol: instrument})
        self._all: deque[Entry] = deque(maxlen=PRINTS_KEPT)
        self._shown: deque[Line] = deque(maxlen=PRINTS_KEPT)
        self._waiting: deque[Entry] = deque(maxlen=WAITING_MAX)
        self._mine: deque[tuple[int, int, int]] = deque(maxlen=FILLS_KEPT)

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def waiting(self) -> int:
        """How many prints wait while the tape is held."""
        return len(self._waiting)

    @property
    def seen_any(self) -> bool:
        """True once a print has passed, whether the filter shows it or not."""
        return bool(self._all)

    def take(self, prints: Sequence[Trade]) -> int:
        """Take new prints, oldest first; those of other instruments are left. Returns how many lines are new on top."""
        symbol = self.instrument.symbol
        own = [trade for trade in prints if trade.symbol == symbol]
        for trade in own:
            self.volume += trade.size
            if trade.aggressor is Aggressor.BUY:
                self.delta += trade.size
            elif trade.aggressor is Aggressor.SELL:
                self.delta -= trade.size
            else:
                continue
            self.side_known = True
        return self._put(own)

    def mark_gap(self, length_s: float) -> int:
        """Note that the feed was away for so long; returns how many lines are new on top."""
        return self._put([Gap(length_s)])

    def mark_mine(self, fill: Execution) -> None:
        """Note a fill of ours: the print of the same time, price and size is marked."""
        if fill.symbol == self.instrument.symbol:
            self._mine.append((fill.ts_event, fill.last_px, fill.last_qty))

    def hold(self, *, held: bool) -> None:
        """Freeze what is shown, or let what waited in."""
        self.held = held
        if not held:
            waited = list(self._waiting)
            self._waiting.clear()
            self._put(waited)

    def show_only(self, wanted: TapeFilter) -> None:
        """Filter what is kept, and what comes."""
        self.filter = wanted
        self._rebuild()

    def group(self, *, grouped: bool) -> None:
        """Show prints of one moment and side as one line, or each by itself."""
        self.grouped = grouped
        self._rebuild()

    def _rebuild(self) -> None:
        self._shown.clear()
        self._last = None
        self._show(self._all)

    def lines(self, first: int, count: int) -> list[TapeLine]:
        """Return lines from the newest one on: line `first` at most `count` of them."""
        last = len(self._shown) - 1
        stop = max(last - first - count, -1)
        return [self._line(self._shown[position]) for position in range(last - first, stop, -1)]

    def price_at(self, line: int) -> int | None:
        """Return the price of a line in price units, None for a gap or beyond the end."""
        position = len(self._shown) - 1 - line
        entry = self._shown[position] if 0 <= position < len(self._shown) else None
        return None if entry is None or isinstance(entry, Gap) else entry.price

    def summary(self) -> str:
        """Return volume and delta in words, and that sides are not known where no print told one."""
        quantity = self._formats.quantity
        symbol = self.instrument.symbol
        if self.seen_any and not self.side_known:
            return f"volume {quantity(symbol, self.volume)} · sides not told"
        sign = "+" if self.delta > 0 else ""
        return f"volume {quantity(symbol, self.volume)} · delta {sign}{quantity(symbol, self.delta)}"

    def _put(self, entries: Sequence[Entry]) -> int:
        if self.held:
            self._waiting.extend(entries)
            return 0
        self._all.extend(entries)
        return self._show(entries)

    def _show(self, entries: Iterable[Entry]) -> int:
        """Put what passes on top; returns how many lines are new."""
        if not self.grouped:
            passing = [entry for entry in entries if self._passes(entry)]
            self._shown.extend(passing)
            return len(passing)
        added = 0
        for entry in entries:
            if isinstance(entry, Gap):
                self._last = None
                self._shown.append(entry)
                added += 1
                continue
            before = self._last
            if before is None or not before.takes(entry):
                self._last = Sweep.of(entry)
            else:
                self._last = before.grown(entry)
                if self._passes(before):  # it stands on top already
                    self._shown.pop()
                    added -= 1
            if self._passes(self._last):
                self._shown.append(self._last)
                added += 1
        return added

    def _passes(self, entry: Line) -> bool:
        return isinstance(entry, Gap) or self.filter.accepts(entry)

    def _is_mine(self, entry: Trade | Sweep) -> bool:
        if isinstance(entry, Trade):
            return (entry.ts_event, entry.price, entry.size) in self._mine
        return any(
            at == entry.ts_event and entry.low <= price <= entry.high and size <= entry.size
            for at, price, size in self._mine
        )

    def _parts(self, entry: Trade | Sweep) -> str:
        if isinstance(entry, Trade) or entry.count == 1:
            return ""
        came = f" from {self._formats.price(self.instrument.symbol, entry.first)}" if entry.first != entry.price else ""
        return f"×{entry.count}{came}"

    def _line(self, entry: Line) -> TapeLine:
        if isinstance(entry, Gap):
            return TapeLine("", f"no feed for {entry.length_s:,.1f} s", "", "GAP")
        symbol = self.instrument.symbol
        side = entry.aggressor.value if entry.aggressor in (Aggressor.BUY, Aggressor.SELL) else ""
        return TapeLine(
            time_of_day(entry.ts_event),
            self._formats.price(symbol, entry.price),
            self._formats.quantity(symbol, entry.size),
            side,
            entry.conditions,
            mine=self._is_mine(entry),
            parts=self._parts(entry),
            amount=self._formats.quantity_number(symbol, entry.size) or 0.0,
        )
