"""What an import found in a file and did with it: a value, and the lines that tell it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

LISTED_MAX = 20
"""Gaps and refused rows that a report lists; all are counted."""

REASONS_MAX = 50
OTHER_REASONS = "other reasons"
MORE_DECIMALS = "has more than"
"""In the reason of a row whose number has more decimals than its instrument."""


class RefusedRow(msgspec.Struct, frozen=True):
    """One row that was not stored: its line from 1, why, and its beginning."""

    line: int
    reason: str
    raw: str


class GapFound(msgspec.Struct, frozen=True):
    """A hole over [start, end), UTC ns; missing: bars that should lie in it, or breaks of a book's sequence."""

    symbol: str
    start: int
    end: int
    missing: int


class FileReport(msgspec.Struct, kw_only=True):
    """One file. rows: sound ones. new, known, differing: what became of them in the store. Times: UTC ns.

    found: what the file was taken for. stored: False in a dry run. updated: stored instruments with their new grid.
    tickers: what the symbol was called before, and up to which day.
    """

    file: str
    found: str
    symbols: list[str] = []
    rows: int = 0
    first: int | None = None
    last: int | None = None
    new: int = 0
    known: int = 0
    differing: int = 0
    duplicates: int = 0
    refused: int = 0
    refused_rows: list[RefusedRow] = []
    reasons: dict[str, int] = {}
    gaps: int = 0
    missing: int = 0
    gap_list: list[GapFound] = []
    created: list[str] = []
    updated: list[str] = []
    tickers: list[str] = []
    markets: list[str] = []
    left_out: dict[str, int] = {}
    stored: bool = False

    def saw(self, start: int, count: int = 1) -> None:
        """Count sound rows that begin at `start`."""
        self.rows += count
        self.first = start if self.first is None else min(self.first, start)
        self.last = start if self.last is None else max(self.last, start)

    def refuse(self, line: int, reason: str, raw: str) -> None:
        """Note a row that is not stored."""
        self.refused += 1
        named = reason if reason in self.reasons or len(self.reasons) < REASONS_MAX else OTHER_REASONS
        self.reasons[named] = self.reasons.get(named, 0) + 1
        if len(self.refused_rows) < LISTED_MAX:
            self.refused_rows.append(RefusedRow(line, reason, raw))

    def gap(self, found: GapFound) -> None:
        """Note a hole."""
        self.gaps += 1
        self.missing += found.missing
        if len(self.gap_list) < LISTED_MAX:
            self.gap_list.append(found)


def told(report: FileReport) -> Iterator[str]:
    """Yield a report line by line."""
    yield f"{report.file}: {report.found}; {', '.join(report.symbols or report.markets) or 'no instrument'}"
    if report.first is not None and report.last is not None:
        yield f"  {_rows(report.rows)} from {moment(report.first)} to {moment(report.last)}"
    elif report.rows:
        yield f"  {_rows(report.rows)}"
    if not report.stored:
        yield "  dry run: nothing was stored"
    elif not report.new and not report.differing and report.rows:
        yield "  nothing changed: every row was stored before"
    yield f"  new {report.new:,}, known {report.known:,}, duplicates {report.duplicates:,}, refused {report.refused:,}"
    for line in report.tickers:
        yield f"  was {line}; its history is read under {report.symbols[0]} from now on"
    for line in report.updated:
        yield f"  stored instrument {line}, as it is listed"
    for symbol in report.created:
        yield f"  instrument {symbol} was not known here; it is taken from the file or the options"
    if report.differing:
        yield f"  {report.differing:,} rows are stored with other values; --replace writes over them"
    yield from _refused(report)
    for gap in report.gap_list:
        yield f"  gap {gap.symbol} {moment(gap.start)} to {moment(gap.end)}: {gap.missing:,} missing"
    if report.gaps > len(report.gap_list):
        yield f"  and {report.gaps - len(report.gap_list):,} more gaps; {report.missing:,} missing in all"


def summed_up(report: FileReport) -> str:
    """Return a report in one line."""
    counts = f"{report.new:,} new, {report.known:,} known, {report.duplicates:,} duplicates, {report.refused:,} refused"
    gaps = f", {report.gaps:,} gaps" if report.gaps else ""
    same = "; nothing changed" if report.rows and not report.new and not report.differing else ""
    return f"{report.file}: {counts}{gaps}{same}."


def _refused(report: FileReport) -> Iterator[str]:
    """Yield what of a file is not stored."""
    for what, count in report.left_out.items():
        yield f"  left out: {count:,} {what}"
    for row in report.refused_rows:
        yield f"  line {row.line:,} refused: {row.reason}: {row.raw}"
    if report.refused > len(report.refused_rows):
        yield f"  and {report.refused - len(report.refused_rows):,} more refused rows"
    if any(MORE_DECIMALS in reason for reason in report.reasons):
        yield "  an instrument that --new makes has as many as --price-decimals and --qty-decimals say"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def moment(ts: int) -> str:
    """Return a time as UTC text to the second."""
    return datetime.fromtimestamp(ts // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
