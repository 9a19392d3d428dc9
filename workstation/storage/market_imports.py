"""Writing imported markets: all of a file or nothing of it, and nothing twice.

Behind `workstation import` and `workstation data`, while no engine runs on the home: this process holds the home's lock
and one transaction for each file. Beside a running engine the same goes through the journal's queue. A bar that is
stored already is compared, never written over in silence. Knows no formats; what is handed over has passed the checks
of the import.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine

from workstation.domain.instruments import Instrument
from workstation.ports.market_data import CorporateAction, DataKind, Holding, MarketHours, TickerSpan
from workstation.ports.market_store import StoredBar
from workstation.storage.driver import Statement
from workstation.storage.market_data_tables import INSERT_ACTION, SAVE_HOURS, SAVE_INSTRUMENT, SAVE_TICKER
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.market_rows import (
    IMPORT_BAR,
    INSERT_CHUNK,
    PostgresAging,
    SqliteAging,
    bar_row,
    chunk_row,
)
from workstation.storage.queue import WorkQueue
from workstation.storage.queued_driver import Pen, QueuedDriver
from workstation.storage.sole_writer import sole_writer
from workstation.storage.tables import TENANT
from workstation.storage.tick_archive import require
from workstation.storage.tick_files import (
    CHUNK_SPAN_NS,
    CHUNK_TICKS_MAX,
    KIND_MARKS,
    SUFFIX,
    TICKS_FOLDER,
    Kept,
    TickFiles,
    day_of,
    kind_of_file,
)

Value = TypeVar("Value", Instrument, MarketHours)

AROUND = frozenset({DataKind.ACTIONS, DataKind.SYMBOLS, DataKind.HOURS})
"""What is not rows of a market."""

_MARKS = {kind: mark for mark, kind in KIND_MARKS.items()}
_SERIES = "tenant_id = ? AND symbol = ? AND data_type = 'OHLC' AND interval = ?"
_READ_BARS = Statement(
    "SELECT start_time, imported, end_time, open, high, low, close, volume, price_decimals, qty_decimals "  # noqa: S608  names are ours
    f"FROM market_bars WHERE {_SERIES} AND start_time >= ? AND start_time <= ?"
)
_OWN_BARS = Statement(
    f"UPDATE market_bars SET imported = TRUE WHERE {_SERIES} AND start_time = ?"  # noqa: S608  the same
)
_READ_FILE = Statement("SELECT first_ts FROM tick_chunks WHERE tenant_id = ? AND symbol = ? AND file = ?")
_READ_FILES = Statement("SELECT DISTINCT file FROM tick_chunks WHERE tenant_id = ? AND symbol = ? AND source = ?")
_READ_ACTION = Statement(
    "SELECT state FROM corporate_actions WHERE tenant_id = ? AND symbol = ? AND ex_date = ? AND kind = ?"
)
_DELETE_BARS = Statement(f"DELETE FROM market_bars WHERE {_SERIES} AND source = ?")  # noqa: S608  names are ours
_DELETE_FILE = Statement("DELETE FROM tick_chunks WHERE tenant_id = ? AND symbol = ? AND file = ?")
_DELETE_TICKERS = Statement("DELETE FROM ticker_spans WHERE tenant_id = ? AND symbol = ?")
_DELETE_HOURS = Statement("DELETE FROM market_hours WHERE tenant_id = ? AND name = ?")
_DELETE_ACTION = Statement(
    "DELETE FROM corporate_actions WHERE tenant_id = ? AND symbol = ? AND ex_date = ? AND kind = ?"
)
_encode = msgspec.json.Encoder(order="deterministic").encode


class Stored(NamedTuple):
    """What became of rows. differing: those whose place holds other values; written only where that was asked for."""

    new: int = 0
    known: int = 0
    differing: tuple[int, ...] = ()

    def __add__(self, other: object) -> "Stored":
        """Return both together."""
        if not isinstance(other, Stored):
            return NotImplemented
        return Stored(self.new + other.new, self.known + other.known, self.differing + other.differing)


class Writing:
    """One transaction of an import; made by `MarketImports.writing`."""

    def __init__(self, driver: Pen, files: TickFiles, aging: PostgresAging | SqliteAging) -> None:
        self._driver, self._files, self._aging = driver, files, aging
        self.written: list[str] = []

    def instrument(self, instrument: Instrument) -> None:
        """Keep what the rows are of."""
        self._driver.execute(SAVE_INSTRUMENT, (TENANT, instrument.symbol, _encode(instrument)))

    def listings(self, listings: Mapping[str, Instrument], known: Mapping[str, Instrument], *, replace: bool) -> Stored:
        """Store what markets list, by key. known: what is stored; replace: write over those with other values."""
        return self._named(SAVE_INSTRUMENT, listings, known, replace=replace)

    def _named(
        self,
        save: Statement,
        found: Mapping[str, msgspec.Struct],
        known: Mapping[str, msgspec.Struct],
        *,
        replace: bool,
    ) -> Stored:
        """Store values by name. known: what is stored; replace: write over those with other values."""
        fresh = [name for name in found if name not in known]
        others = [(number, name) for number, name in enumerate(found) if name in known and known[name] != found[name]]
        written = [*fresh, *(name for _, name in others if replace)]
        if written:
            self._driver.execute_many(save, [(TENANT, name, _encode(found[name])) for name in written])
        return Stored(len(fresh), len(found) - len(fresh) - len(others), tuple(number for number, _ in others))

    def bars(self, bars: Sequence[StoredBar], *, replace: bool) -> Stored:
        """Store bars of one series, ascending. replace: write over those that hold other values."""
        if not bars:
            return Stored()
        first, last = bars[0], bars[-1]
        asked = (TENANT, first.symbol, first.interval, first.start, last.start)
        rows = self._driver.query(_READ_BARS, asked)
        known = {row[0]: tuple(row[2:]) for row in rows}
        recorded = {row[0] for row in rows if not row[1]}
        fresh = [bar for bar in bars if bar.start not in known]
        same = [bar for bar in bars if bar.start in known and known[bar.start] == _values(bar)]
        others = [bar for bar in bars if bar.start in known and known[bar.start] != _values(bar)]
        written = fresh + others if replace else fresh
        if written:
            for statement, made in self._aging.room_for("market_bars", [bar.start for bar in written]):
                self._driver.execute_many(statement, made)
            self._driver.execute_many(IMPORT_BAR, [bar_row(bar, imported=True) for bar in written])
        if owned := [(*asked[:3], bar.start) for bar in same if bar.start in recorded]:
            self._driver.execute_many(_OWN_BARS, owned)
        return Stored(len(fresh), len(same), tuple(bar.start for bar in others))

    def ticks(self, rows: list[Kept], kind: DataKind, instrument: Instrument, origin: str, source: str) -> Stored:
        """Store events of one kind and instrument that arrived on one UTC day, in order. origin: names their file."""
        symbol, day = instrument.symbol, day_of(rows[0].ts_init)
        name = f"{day}/{quote(symbol, safe='')}{_MARKS[kind]}-{origin}{SUFFIX}"
        if self._driver.query(_READ_FILE, (TENANT, symbol, name)):
            return Stored(known=len(rows))
        chunks = list(_chunks(rows))
        places = self._files.write(name, chunks)
        self.written.append(name)
        scales = (instrument.price_decimals, instrument.qty_decimals)
        lines = [
            chunk_row(chunk, place, scales, source, imported=True) for chunk, place in zip(chunks, places, strict=True)
        ]
        for statement, made in self._aging.room_for("tick_chunks", [chunk[0].ts_init for chunk in chunks]):
            self._driver.execute_many(statement, made)
        self._driver.execute_many(INSERT_CHUNK, lines)
        return Stored(new=len(rows))

    def hours(self, hours: Mapping[str, MarketHours], known: Mapping[str, MarketHours], *, replace: bool) -> Stored:
        """Store market hours by name. known: what is stored; replace: write over those with other values."""
        return self._named(SAVE_HOURS, hours, known, replace=replace)

    def tickers(self, spans: Sequence[TickerSpan], known: Sequence[TickerSpan], *, replace: bool) -> Stored:
        """Store the tickers of one symbol. known: those that are stored; others of a file go by `replace`."""
        old, new = ([msgspec.structs.replace(span, source="") for span in found] for found in (known, spans))
        if old == new:
            return Stored(known=len(spans))
        if known and replace:
            self._driver.execute(_DELETE_TICKERS, (TENANT, known[0].symbol))
        if spans and (replace or not known):
            self._driver.execute_many(SAVE_TICKER, [(TENANT, row.symbol, row.start, _encode(row)) for row in spans])
        return Stored(differing=tuple(range(len(spans)))) if known else Stored(new=len(spans))

    def actions(self, actions: Iterable[CorporateAction]) -> Stored:
        """Store splits and dividends; one that is stored with other terms is told, and stays."""
        told = Stored()
        for number, action in enumerate(actions):
            key = (TENANT, action.symbol, action.ex_date, str(action.kind))
            found = self._driver.query(_READ_ACTION, key)
            if not found:
                self._driver.execute(INSERT_ACTION, (*key, _encode(action)))
                told += Stored(new=1)
            elif _terms(msgspec.json.decode(found[0][0], type=CorporateAction)) == _terms(action):
                told += Stored(known=1)
            else:
                told += Stored(differing=(number,))
        return told


class MarketImports:
    """The home's market data, to be written: alone by `open_imports`, or beside a journal. One thread at a time.

    history: what is stored, as this process has committed it.
    """

    def __init__(self, driver: Pen, engine: Engine, files: TickFiles, release: contextlib.ExitStack) -> None:
        self._driver, self._engine, self._files, self._release = driver, engine, files, release
        postgres = self._engine.dialect.name == "postgresql"
        self._aging = PostgresAging(self._engine) if postgres else SqliteAging()
        self.history = SqlMarketHistory(self._engine, self._files)

    @contextlib.contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[Writing]:
        """Begin a transaction; it is kept when the block ends well and `keep` is set, else nothing of it stays."""
        self._aging.forget_what_was_made()  # what is recorded beside may have dropped a month
        writing = Writing(self._driver, self._files, self._aging)
        self._driver.begin()
        kept = False
        try:
            yield writing
            if keep:
                self._driver.commit()
                kept = True
        finally:
            if not kept:
                self._driver.rollback()
                self._aging.forget_what_was_made()
                for name in writing.written:
                    self._files.delete(name)

    def delete(self, holding: Holding) -> None:
        """Delete a series of one source, its files after the catalogue has forgotten them."""
        self._driver.begin()
        names: list[str] = []
        try:
            if holding.kind is DataKind.BARS:
                self._driver.execute(_DELETE_BARS, (TENANT, holding.symbol, holding.interval, holding.source))
            elif holding.kind in AROUND:
                self._delete_around(holding)
            else:
                found = self._driver.query(_READ_FILES, (TENANT, holding.symbol, holding.source))
                names = [str(name) for (name,) in found if kind_of_file(str(name)) is holding.kind]
                self._driver.execute_many(_DELETE_FILE, [(TENANT, holding.symbol, name) for name in names])
            self._driver.commit()
        finally:
            self._driver.rollback()
        for name in names:
            self._files.delete(name)

    def _delete_around(self, holding: Holding) -> None:
        """Delete splits and dividends, earlier tickers, or market hours, of one source."""
        if holding.kind is DataKind.SYMBOLS:
            self._driver.execute(_DELETE_TICKERS, (TENANT, holding.symbol))
        elif holding.kind is DataKind.HOURS:
            names = [name for name, row in self.history.hours().items() if row.source == holding.source]
            self._driver.execute_many(_DELETE_HOURS, [(TENANT, name) for name in names])
        else:
            rows = [row for row in self.history.actions(holding.symbol) if row.source == holding.source]
            keys = [(TENANT, row.symbol, row.ex_date, str(row.kind)) for row in rows]
            self._driver.execute_many(_DELETE_ACTION, keys)

    def compact(self, before_day: str) -> Iterator[tuple[str, bool]]:
        """Move every file of the days before `before_day` (YYYY-MM-DD, UTC) into its archive, file by file.

        Yields the file's name, and whether there was something to move.

        Raises:
            StorageError: archives cannot be made here.
        """
        require()
        for name, places in self.history.places().items():
            if name.partition("/")[0] < before_day:
                yield name, self._files.archive(name, places)

    def close(self) -> None:
        """Give the database and the home up."""
        self._release.close()


def imports_beside(queue: WorkQueue, engine: Engine, files: TickFiles) -> MarketImports:
    """Return what imports beside a running journal, through its queue."""
    return MarketImports(QueuedDriver(queue, engine), engine, files, contextlib.ExitStack())


def open_imports(url: str, home: Path, now_ns: int) -> MarketImports:
    """Become the writer of a home's market data. url: "" for the embedded file. now_ns: names a backup, UTC ns.

    Raises:
        StorageLocked: a program runs on this home; the text says which.
        StorageOutdated: a newer program wrote the database.
        StorageError: it cannot be opened.
    """
    sole = sole_writer(url, home, now_ns)
    return MarketImports(sole.driver, sole.engine, TickFiles(home / TICKS_FOLDER), sole.release)


def _values(bar: StoredBar) -> tuple[int, ...]:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    return (bar.end, *prices, bar.price_decimals, bar.qty_decimals)


def _terms(action: CorporateAction) -> CorporateAction:
    return msgspec.structs.replace(action, source="")


def _chunks(rows: list[Kept]) -> Iterator[list[Kept]]:
    """Cut rows into chunks that are full in number or time."""
    chunk: list[Kept] = []
    for row in rows:
        if chunk and (len(chunk) >= CHUNK_TICKS_MAX or row.ts_init > chunk[0].ts_init + CHUNK_SPAN_NS):
            yield chunk
            chunk = []
        chunk.append(row)
    if chunk:
        yield chunk
