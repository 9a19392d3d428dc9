"""`workstation data`: list what is stored, its gaps and its damage; compact and delete."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from workstation.app.data_hours import adopt_hours
from workstation.app.import_report import GapFound, moment
from workstation.config.paths import find_home
from workstation.domain.errors import NotFound, StorageError, UserError
from workstation.kernel.clock import SystemClock
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.coverage import GapFinder
from workstation.marketdata.intervals import INTERVALS, bar_type_of, interval_of
from workstation.ports.market_data import DataKind, Holding, MarketHistory
from workstation.storage import NothingStored, open_view
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.market_imports import open_imports

GAPS_LISTED_MAX = 1_000


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `data list`. gaps, missing: holes and the bars that they lack; None where none are looked for."""

    holding: Holding
    gaps: int | None
    missing: int | None


def command(arguments: argparse.Namespace) -> int:
    """Run one of the actions; returns 0, or 1 where something is damaged."""
    actions = {"compact": _compact, "delete": _delete}
    if arguments.action in actions:
        return actions[arguments.action](arguments)
    try:
        view = open_view(arguments.database, find_home(arguments.home).root)
    except NothingStored:
        _print(arguments, [], ["nothing is stored yet: `workstation import` brings data in"])
        return 0
    try:
        adopt_hours(view.history)
        return {"list": _list, "gaps": _gaps, "verify": _verify}[arguments.action](arguments, view.history)
    finally:
        view.close()


def gaps_of(history: MarketHistory, holding: Holding) -> Iterator[GapFound]:
    """Yield the holes of stored bars by the sessions of their instrument's calendar; none for ticks.

    Raises:
        NotFound: the calendar is no more: its hours were deleted.
    """
    if holding.kind is not DataKind.BARS:
        return
    instrument = history.instrument(holding.symbol)
    calendar = Calendars()[instrument.calendar if instrument is not None else "ALWAYS"]
    finder = GapFinder(INTERVALS[holding.interval], calendar)
    for chunk in history.open_bars(holding.symbol, holding.interval, holding.first, holding.last + 1):
        for gap in finder.add(chunk.ts_open.tolist(), chunk.ts_close.tolist()):
            yield GapFound(holding.symbol, gap.start, gap.end, gap.missing)


def _holdings(arguments: argparse.Namespace, history: SqlMarketHistory) -> list[Holding]:
    return [held for held in history.holdings() if arguments.symbol in ("", held.symbol)]


def _list(arguments: argparse.Namespace, history: SqlMarketHistory) -> int:
    rows = []
    for held in _holdings(arguments, history):
        gaps = None
        with suppress(NotFound):
            gaps = list(gaps_of(history, held)) if held.kind is DataKind.BARS else None
        missing = None if gaps is None else sum(gap.missing for gap in gaps)
        rows.append(Listed(holding=held, gaps=None if gaps is None else len(gaps), missing=missing))
    _print(
        arguments, rows, map(_line, rows) if rows else ["nothing is stored yet: `workstation import` brings data in"]
    )
    return 0


def _line(row: Listed) -> str:
    held = row.holding
    name = f"{held.symbol} {held.kind.lower()} {held.interval}".strip()
    size = "in the database" if held.size is None else f"{held.size:,} bytes"
    gaps = "" if row.gaps is None else f", {row.gaps:,} gaps ({row.missing:,} missing)"
    rows = f"{held.rows:,} row{'' if held.rows == 1 else 's'}, {held.origin}"
    return f"{name:<28} {moment(held.first)} to {moment(held.last)}  {rows}, {size}{gaps}  [{held.source}]"


def _gaps(arguments: argparse.Namespace, history: SqlMarketHistory) -> int:
    found = [gap for held in _holdings(arguments, history) for gap in gaps_of(history, held)]
    lines = [f"{gap.symbol} {moment(gap.start)} to {moment(gap.end)}: {gap.missing:,} missing" for gap in found]
    if len(lines) > GAPS_LISTED_MAX:
        lines = [*lines[:GAPS_LISTED_MAX], f"and {len(lines) - GAPS_LISTED_MAX:,} more; --json has all"]
    _print(arguments, found, lines or ["no gaps"])
    return 0


def _verify(arguments: argparse.Namespace, history: SqlMarketHistory) -> int:
    """Read every chunk; the catalogue's own rows are checked by the database."""
    damaged, rows = [], 0
    for held in history.holdings():
        rows += held.rows
    for place, error in history.damaged():
        damaged.append({"file": place, "error": error})
    _print(arguments, damaged, [f"{rows:,} rows in the catalogue, {len(damaged):,} damaged chunks"])
    for found in damaged:
        print(f"workstation: {found['error']}", file=sys.stderr)
    return 1 if damaged else 0


def _compact(arguments: argparse.Namespace) -> int:
    now = SystemClock().now_ns()
    before = arguments.before or datetime.fromtimestamp(now // 10**9, UTC).date().isoformat()
    imports = open_imports(arguments.database, find_home(arguments.home).root, now)
    moved = 0
    try:
        for name, was_moved in imports.compact(before):
            moved += was_moved
            if was_moved and sys.stderr.isatty():
                print(f"\r{name}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        raise StorageError(
            f"compact: interrupted after {moved:,} files; nothing is lost, go on when you like"
        ) from None
    finally:
        imports.close()
    _print(arguments, {"files": moved}, [f"{moved:,} files of ticks moved into Parquet"])
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    interval = interval_of(bar_type_of(arguments.interval)) if arguments.interval else ""
    imports = open_imports(arguments.database, find_home(arguments.home).root, SystemClock().now_ns())
    try:
        chosen = [
            held
            for held in imports.history.holdings()
            if held.symbol == arguments.symbol
            and held.kind == arguments.kind
            and interval in ("", held.interval)
            and arguments.source in ("", held.source)
        ]
        if not chosen:
            raise UserError("delete: no such series; `workstation data list` shows what there is")
        if not arguments.yes:
            rows = sum(held.rows for held in chosen)
            raise UserError(f"delete: {len(chosen)} series with {rows:,} rows would go; --yes deletes them")
        for held in chosen:
            imports.delete(held)
    finally:
        imports.close()
    _print(arguments, chosen, [f"deleted {held.symbol} {held.kind.lower()} [{held.source}]" for held in chosen])
    return 0


def _print(arguments: argparse.Namespace, value: Any, lines: Iterable[str]) -> None:
    print(msgspec.json.encode(value).decode() if arguments.json else "\n".join(lines))
