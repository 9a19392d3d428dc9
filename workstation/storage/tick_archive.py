"""Archives of ticks: the chunks of one instrument and day as a Parquet file (zstd), many chunks to a row group.

Written once a day is over, read by place as the chunk file was. A file is complete or absent: it is written aside,
synced, then renamed. Needs `pyarrow` (the extra `parquet`); without it no archive is made, and reading one says so.
Books and busts have no columns of their own: they lie packed in `book`.
"""

import contextlib
import functools
import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from workstation.config.whole_files import sync_folder
from workstation.domain.errors import StorageDamaged, StorageError
from workstation.domain.market import Aggressor, BookChange, BookSnapshot, Quote, Trade, TradeBust

SUFFIX = ".parquet"
PART = ".part"

GROUP_ROWS = 20_000
"""Rows from which on a row group is closed."""

GROUPS_HELD = 8
"""Row groups that stay unpacked, since lists and backtests walk from chunk to chunk."""

_PLACES = b"places"
_NAMES = (
    "symbol", "ts_event", "ts_init", "bid", "bid_size", "ask", "ask_size", "price", "size", "aggressor", "trade_id",
    "conditions", "book",
)  # fmt: skip
_TEXTS = ("symbol", "aggressor", "trade_id", "conditions")

Packed = BookSnapshot | BookChange | TradeBust
Kept = Quote | Trade | Packed
_encode = msgspec.msgpack.Encoder().encode
_decode_packed: Callable[[bytes], Packed] = msgspec.msgpack.Decoder(Packed).decode


def archive_of(path: Path) -> Path:
    """Return where the archive of a chunk file lies."""
    return path.with_suffix(SUFFIX)


def require() -> None:
    """Make sure that archives can be made here.

    Raises:
        StorageError: pyarrow is not installed.
    """
    _arrow()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file aside; it takes the place of `path` when the block ends well, and is gone when it does not.

    The block syncs what it writes.
    """
    part = path.with_name(path.name + PART)
    try:
        yield part
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write(archive: Path, chunks: Iterable[tuple[int, list[Kept]]]) -> None:
    """Write chunks, each with its place in the chunk file.

    Raises:
        StorageError: pyarrow is not installed.
    """
    arrow, parquet = _arrow(), _parquet()
    schema = _schema(arrow)
    index: dict[int, tuple[int, int, int]] = {}
    with replacing(archive) as part:
        with parquet.ParquetWriter(part, schema, compression="zstd") as writer:
            for number, group in enumerate(_groups(chunks)):
                rows: list[Kept] = []
                for place, chunk in group:
                    index[place] = (number, len(rows), len(chunk))
                    rows += chunk
                writer.write_table(arrow.table(_columns(rows), schema=schema))
            writer.add_key_value_metadata({_PLACES: json.dumps(index).encode()})
        with part.open("rb+") as file:
            os.fsync(file.fileno())


def read(archive: Path, place: int) -> list[Kept]:
    """Return the chunk that lay at `place` of the chunk file.

    Raises:
        StorageDamaged: the archive does not hold it, or cannot be read.
        StorageError: pyarrow is not installed.
    """
    arrow = _arrow()
    try:
        group, first, count = _index(archive)[str(place)]
        return list(_group(archive, group)[first : first + count])
    except (OSError, ValueError, KeyError, arrow.ArrowException) as error:
        raise StorageDamaged(f"{archive.name}: the chunk of {place} cannot be read") from error


def _groups(chunks: Iterable[tuple[int, list[Kept]]]) -> Iterator[list[tuple[int, list[Kept]]]]:
    group: list[tuple[int, list[Kept]]] = []
    rows = 0
    for place, chunk in chunks:
        group.append((place, chunk))
        rows += len(chunk)
        if rows >= GROUP_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group


@functools.lru_cache(maxsize=GROUPS_HELD)
def _index(archive: Path) -> dict[str, tuple[int, int, int]]:
    """Return by place the row group, the first row in it, and how many."""
    with _parquet().ParquetFile(archive) as file:
        found: dict[str, tuple[int, int, int]] = json.loads(file.metadata.metadata[_PLACES])
    return found


@functools.lru_cache(maxsize=GROUPS_HELD)
def _group(archive: Path, number: int) -> tuple[Kept, ...]:
    """Return the events of a row group; neighbours of a chunk are asked for next."""
    with _parquet().ParquetFile(archive) as file:
        columns = file.read_row_group(number).to_pydict()
    return tuple(map(_event, *(columns[name] for name in _NAMES)))


def _columns(rows: list[Kept]) -> dict[str, list[Any]]:
    columns = {name: [getattr(row, name, None) for row in rows] for name in _NAMES[:-1]}
    columns["book"] = [_encode(row) if isinstance(row, Packed) else None for row in rows]
    return columns


def _event(*cells: Any) -> Kept:
    """Return an event of its cells, in the order of _NAMES."""
    symbol, ts_event, ts_init, bid, bid_size, ask, ask_size, price, size, aggressor, trade_id, marks, book = cells
    if book is not None:
        return _decode_packed(book)
    if price is None:
        return Quote(symbol, bid, bid_size, ask, ask_size, ts_event, ts_init)
    return Trade(symbol, price, size, Aggressor(aggressor), trade_id, ts_event, ts_init, marks)


def _schema(arrow: Any) -> Any:
    types = {name: arrow.string() for name in _TEXTS} | {"book": arrow.binary()}
    return arrow.schema([(name, types.get(name, arrow.int64())) for name in _NAMES])


def _arrow() -> ModuleType:
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise StorageError("archives of ticks need the extra `parquet` (pyarrow)") from error


def _parquet() -> ModuleType:
    _arrow()
    return importlib.import_module("pyarrow.parquet")
