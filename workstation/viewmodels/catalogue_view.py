"""The stored-data panel without a screen: each series with span, rows and coverage, and the holes of the chosen one.

Beside both walks. Reads what the engine answered; changes nothing.
"""

import msgspec

from workstation.ports.market_data import Coverage, DataBoard, DataKind, Hole
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, exact_time

COVERAGE_CELLS = 10
MINUTE_CHARS = 16
"""Length of a time to the minute."""

FULL, PART, NONE = "█", "▒", "·"
"""What a slot of the coverage bar says: all of it is there, a part is missing, it lies in one hole."""

_AS_CAME = "They are stored as they came; only bars are held against a calendar."
WHAT = {
    DataKind.TICKS: _AS_CAME,
    DataKind.QUOTES: _AS_CAME,
    DataKind.TRADES: _AS_CAME,
    DataKind.BOOK: _AS_CAME,
    DataKind.ACTIONS: "Splits and dividends: they adjust bars, and backtests book them.",
    DataKind.SYMBOLS: "Tickers of this symbol: its history holds the rows of each for the time that it was in use.",
    DataKind.HOURS: "Trading hours: each row is a calendar that instruments may name.",
}
"""By kind without gaps, what stands in their place."""

INTERVAL_UNITS = {"SECOND": "s", "MINUTE": "m", "HOUR": "h", "DAY": "d", "WEEK": "w"}
"""Letters of the lengths of bars."""


class HoleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A hole of the chosen series."""

    hole: Hole
    symbol: str


class CatalogueView:
    """The tables of one screen."""

    def __init__(self) -> None:
        self.series: ColumnTable[Coverage] = ColumnTable(_series_columns(), series_key)
        self.holes: ColumnTable[HoleRow] = ColumnTable(_hole_columns(), lambda row: str(row.hole.start))
        self.has_board = False
        self.chosen = ""

    def take(self, board: DataBoard) -> None:
        """Show another board; what is gone leaves."""
        self.has_board = True
        living = {series_key(line) for line in board.lines}
        shown = (self.series.row(number) for number in range(self.series.total))
        self.series.remove([key for key in map(series_key, shown) if key not in living])
        self.series.upsert(board.lines)

    def choose(self, line: Coverage | None) -> None:
        """Show the holes of a series, of none for None."""
        self.chosen = "" if line is None else series_key(line)
        self.holes.remove([str(self.holes.row(number).hole.start) for number in range(self.holes.total)])
        if line is not None:
            self.holes.upsert([HoleRow(hole=hole, symbol=line.holding.symbol) for hole in line.holes])

    def missing(self) -> tuple[int, int]:
        """Return how many series have holes, and how many bars they lack in all."""
        lines = [self.series.row(number) for number in range(self.series.total)]
        return sum(line.missing > 0 for line in lines), sum(line.missing for line in lines)


def series_key(line: Coverage) -> str:
    """Return what names a series."""
    held = line.holding
    return f"{held.symbol}|{held.kind}|{held.interval}|{held.source}"


def series_style(line: Coverage) -> RowStyle:
    """Return how a series looks: one with holes has a warning in its coverage."""
    is_whole = line.holding.kind is DataKind.BARS and not line.unknown
    ink = "warning" if line.missing else "buy" if is_whole else ""
    return RowStyle(cells={"coverage": CellStyle(ink), "missing": CellStyle("warning" if line.missing else "")})


def hole_style(_row: HoleRow) -> RowStyle:
    """Return how a hole looks."""
    return RowStyle()


def holes_note(line: Coverage | None) -> tuple[str, str]:
    """Return what stands in place of holes: a head and a sentence. line: the chosen series, None for none."""
    if line is None:
        return "Gaps", "Select a series to see its gaps."
    if line.unknown:
        return "No gaps are looked for", line.unknown
    if line.holding.kind is DataKind.BARS:
        return "No gaps", "Every bar that the calendar expects is there."
    return "No gaps are looked for", WHAT[line.holding.kind]


def coverage_bar(line: Coverage) -> str:
    """Return the span from first to last row in COVERAGE_CELLS slots; ticks have no bar."""
    held = line.holding
    if held.kind is not DataKind.BARS:
        return MISSING
    width = max((held.last - held.first) / COVERAGE_CELLS, 1)
    slots = []
    for number in range(COVERAGE_CELLS):
        start, end = held.first + number * width, held.first + (number + 1) * width
        inside = [hole for hole in line.holes if hole.start < end and hole.end > start]
        is_whole = any(hole.start <= start and hole.end >= end for hole in inside)
        slots.append(NONE if is_whole else PART if inside else FULL)
    return "".join(slots)


def _minute(ts: int) -> str:
    return exact_time(ts)[:MINUTE_CHARS].replace("T", " ")


def _size(line: Coverage) -> str:
    size = line.holding.size
    return MISSING if size is None else f"{size:,}"


def _count(line: Coverage) -> str:
    return f"{line.missing:,}" if line.holding.kind is DataKind.BARS else MISSING


def _source(line: Coverage) -> str:
    """Return the source with what becomes of its rows."""
    fate = {
        "imported": "imported, and stays until it is deleted",
        "recorded": "recorded, and goes by age",
        "both": "partly imported: that stays until it is deleted, the rest goes by age",
    }
    return f"{line.holding.source}: {fate[line.holding.origin]}"


def interval_text(stored: str) -> str:
    """Return the length of a bar as people type it: 1_MINUTE is 1m, months are spelled out; a dash for none."""
    number, _, unit = stored.partition("_")
    return f"{number}{INTERVAL_UNITS.get(unit, f' {unit.lower()}')}" if unit else stored or MISSING


def _series_columns() -> tuple[Column[Coverage], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    return (
        Column("symbol", "Symbol", code, lambda r: r.holding.symbol, lambda r: r.holding.symbol or MISSING, width=8),
        Column("kind", "Kind", code, lambda r: r.holding.kind, lambda r: r.holding.kind.capitalize(), width=7),
        Column("interval", "Bars", code, lambda r: r.holding.interval, lambda r: interval_text(r.holding.interval),
               width=5, hint="Length of a bar"),
        Column("first", "First", number, lambda r: float(r.holding.first), lambda r: _minute(r.holding.first),
               width=MINUTE_CHARS, exact=lambda r: exact_time(r.holding.first)),
        Column("last", "Last", number, lambda r: float(r.holding.last), lambda r: _minute(r.holding.last),
               width=MINUTE_CHARS, exact=lambda r: exact_time(r.holding.last)),
        Column("rows", "Rows", number, lambda r: r.holding.rows, lambda r: f"{r.holding.rows:,}", right=True, width=9),
        Column("coverage", "Coverage", code, coverage_bar, coverage_bar, width=COVERAGE_CELLS + 3,
               hint="First to last; a light slot lacks bars, a dot is empty"),
        Column("missing", "Missing", number, lambda r: r.missing, _count, right=True, width=7,
               hint="Bars that the sessions of the calendar should have"),
        Column("size", "Bytes", number, lambda r: r.holding.size, _size, right=True, width=10,
               hint="Of files; bars lie in the database", hidden=True),
        Column("origin", "Origin", code, lambda r: r.holding.origin, lambda r: r.holding.origin.capitalize(), width=8,
               hint="Imported rows stay until they are deleted; recorded ones go by age", hidden=True),
        Column("source", "Source", code, lambda r: r.holding.source, lambda r: r.holding.source, width=8,
               hover=_source),
    )  # fmt: skip


def _hole_columns() -> tuple[Column[HoleRow], ...]:
    number = ColumnKind.NUMBER
    return (
        Column("start", "From, UTC", number, lambda r: float(r.hole.start), lambda r: _minute(r.hole.start),
               width=MINUTE_CHARS, exact=lambda r: exact_time(r.hole.start)),
        Column("end", "To, UTC", number, lambda r: float(r.hole.end), lambda r: _minute(r.hole.end),
               width=MINUTE_CHARS, exact=lambda r: exact_time(r.hole.end)),
        Column("missing", "Missing", number, lambda r: r.hole.missing, lambda r: f"{r.hole.missing:,}", right=True,
               width=8),
    )  # fmt: skip
