"""Archives of ticks: the chunks of one instrument and day as a Parquet file (zstd), one row group for each chunk.

Written once a day is over, read by place as the chunk file was. A file is complete or absent: it is written aside,
synced, then renamed. Needs `pyarrow` (the extra `parquet`); without it no archive is made, and reading one says so.
Books have no columns of their own: they lie packed in `book`.
"""

import contextlib
import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from workstation.domain.errors import StorageDamaged, StorageError
from workstation.domain.market import Aggressor, BookChange, BookSnapshot, Quote, Trade

SUFFIX = ".parquet"
PART = ".part"
_PLACES = b"places"
_COMMON = ("symbol", "ts_event", "ts_init")
_QUOTE = ("bid", "bid_size", "ask", "ask_size")
_TRADE = ("price", "size", "aggressor", "trade_id", "conditions")
_TEXTS = ("symbol", "aggressor", "trade_id", "conditions")

Kept = Quote | Trade | BookSnapshot | BookChange
_encode = msgspec.msgpack.Encoder().encode
_decode_book: Callable[[bytes], BookSnapshot | BookChange] = msgspec.msgpack.Decoder(BookSnapshot | BookChange).decode


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
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write(archive: Path, chunks: Iterable[tuple[int, list[Kept]]]) -> None:
    """Write chunks, each with its place in the chunk file.

    Raises:
        StorageError: pyarrow is not installed.
        StorageDamaged: what was written does not read back as it was.
    """
    arrow, parquet = _arrow(), _parquet()
    schema, places = _schema(arrow), []
    with replacing(archive) as part:
        with parquet.ParquetWriter(part, schema, compression="zstd") as writer:
            for place, rows in chunks:
                places.append(place)
                writer.write_table(arrow.Table.from_pylist([_cells(row) for row in rows], schema=schema))
            writer.add_key_value_metadata({_PLACES: json.dumps(places).encode()})
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if parquet.ParquetFile(part).metadata.num_row_groups != len(places):
            raise StorageDamaged(f"{archive.name}: the archive does not hold every chunk")


def read(archive: Path, place: int) -> list[Kept]:
    """Return the chunk that lay at `place` of the chunk file.

    Raises:
        StorageDamaged: the archive does not hold it, or cannot be read.
        StorageError: pyarrow is not installed.
    """
    arrow, parquet = _arrow(), _parquet()
    try:
        with parquet.ParquetFile(archive) as file:
            places = json.loads(file.metadata.metadata[_PLACES])
            rows = file.read_row_group(places.index(place)).to_pylist()
    except (OSError, ValueError, KeyError, arrow.ArrowException) as error:
        raise StorageDamaged(f"{archive.name}: the chunk of {place} cannot be read") from error
    return [_event(row) for row in rows]


def _cells(event: Kept) -> dict[str, Any]:
    cells: dict[str, Any] = {name: getattr(event, name) for name in _COMMON}
    if isinstance(event, Quote):
        cells |= {name: getattr(event, name) for name in _QUOTE}
    elif isinstance(event, Trade):
        cells |= {name: getattr(event, name) for name in _TRADE}
    else:
        cells["book"] = _encode(event)
    return cells


def _event(cells: dict[str, Any]) -> Kept:
    if cells["book"] is not None:
        return _decode_book(cells["book"])
    common = {name: cells[name] for name in _COMMON}
    if cells["price"] is None:
        return Quote(**common, **{name: cells[name] for name in _QUOTE})
    own = {name: cells[name] for name in _TRADE}
    return Trade(**common, **own | {"aggressor": Aggressor(own["aggressor"])})


def _schema(arrow: Any) -> Any:
    texts = {name: arrow.string() for name in _TEXTS}
    names = (*_COMMON, *_QUOTE, *_TRADE)
    return arrow.schema([(name, texts.get(name, arrow.int64())) for name in names] + [("book", arrow.binary())])


def _arrow() -> ModuleType:
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise StorageError("archives of ticks need the extra `parquet` (pyarrow)") from error


def _parquet() -> ModuleType:
    _arrow()
    return importlib.import_module("pyarrow.parquet")


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where the system lets folders be synced."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
