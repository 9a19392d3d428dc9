"""Files of rows in columns, CSV or Parquet: which column is what, and rows as bars, quotes or trades.

A header is recognised by its words, or told by `--columns`. A row that cannot be stored as it stands is refused with
the reason; nothing is repaired.
"""

import csv
import importlib
import io
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from workstation.brokers.replay.reading import LineReader, telling_damage
from workstation.domain.errors import StorageError, ValidationError

ALIASES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "datetime", "date", "ts", "open_time", "opentime", "ts_event"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c", "last"),
    "volume": ("volume", "v", "vol", "qty"),
    "price": ("price", "px", "last_price"),
    "size": ("size", "quantity", "amount"),
    "side": ("side", "aggressor"),
    "bid": ("bid", "bid_price"),
    "bid_size": ("bid_size", "bid_qty", "bidsize"),
    "ask": ("ask", "ask_price", "offer"),
    "ask_size": ("ask_size", "ask_qty", "asksize"),
}
"""By what a column is for, the words of a header that say so, in lower case."""

SHAPES: Mapping[str, tuple[str, ...]] = {
    "bars": ("time", "open", "high", "low", "close", "volume"),
    "quotes": ("time", "bid", "bid_size", "ask", "ask_size"),
    "trades": ("time", "price", "size"),
}
"""What a table may hold, and the columns that it needs."""

PARQUET_MAGIC = b"PAR1"
PARQUET_ROWS_AT_ONCE = 50_000
RAW_SHOWN_MAX = 120


class TableRow(NamedTuple):
    """One row: its line from 1 (of a Parquet file, its number), its cells by what they are for, and its text."""

    line: int
    cells: Mapping[str, str]
    raw: str
    fault: str = ""


class Table(NamedTuple):
    """A table whose columns are understood. shape: a key of SHAPES. found: what was recognised, in words."""

    shape: str
    found: str
    rows: Iterator[TableRow]


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def open_csv(path: Path, columns: Mapping[str, str]) -> Table:
    """Open a CSV file. columns: what for -> name in the header, or number from 0 where there is none.

    Raises:
        ValidationError: the columns are not understood; the text says what was found.
    """
    reader = LineReader(path)
    first = reader.head().decode("utf-8-sig", "replace").splitlines()
    if not first:
        raise ValidationError("file", f"{path.name} is empty, or begins with an empty line", allowed="rows")
    head, trouble = _cells(first[0])
    if trouble:
        raise ValidationError("columns", f"{path.name}: its first line is no row: {trouble}", allowed="CSV")
    has_header = not any(_is_number(cell) for cell in head)
    places, shape = _places(head if has_header else [], columns, path.name)
    last = max(places.values())

    def rows() -> Iterator[TableRow]:
        for line, raw in reader:
            if (line == 1 and has_header) or not raw:
                continue
            text = raw.decode("utf-8-sig", "replace")
            cells, trouble = _cells(text)
            found = {role: cells[at].strip() if at < len(cells) else "" for role, at in places.items()}
            lacks = f"{len(cells)} of {len(head)} columns" if len(cells) <= last else ""
            yield TableRow(line, found, text[:RAW_SHOWN_MAX], trouble or lacks)

    names = head if has_header else [f"column {at}" for at in range(len(head))]
    return Table(shape, _words("CSV", shape, {role: names[at] for role, at in places.items()}), rows())


def open_parquet(path: Path, columns: Mapping[str, str]) -> Table:
    """Open a Parquet file.

    Raises:
        ValidationError: the columns are not understood, or the file is damaged; also while it is read.
        StorageError: pyarrow is not installed.
    """
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise StorageError("Parquet files need the extra `parquet` (pyarrow)") from error
    damage = importlib.import_module("pyarrow").ArrowException
    with telling_damage(path, damage):
        file = parquet.ParquetFile(path)
    names = list(file.schema_arrow.names)
    places, shape = _places(names, columns, path.name)
    roles = {role: names[at] for role, at in places.items()}

    def rows() -> Iterator[TableRow]:
        number = 0
        with telling_damage(path, damage):
            for batch in file.iter_batches(PARQUET_ROWS_AT_ONCE, columns=list(roles.values())):
                for values in batch.to_pylist():
                    number += 1
                    cells = {role: _text(values[name]) for role, name in roles.items()}
                    yield TableRow(number, cells, ",".join(cells.values())[:RAW_SHOWN_MAX])

    return Table(shape, _words("Parquet", shape, roles), rows())


def _places(names: list[str], columns: Mapping[str, str], file: str) -> tuple[dict[str, int], str]:
    """Return which column is what, and the shape that they make."""
    lowered = [name.strip().lower() for name in names]
    places: dict[str, int] = {}
    for role, words in ALIASES.items():
        named = next((word for word in words if word in lowered), None)
        if named is not None:
            places[role] = lowered.index(named)
    for role, name in columns.items():
        if role not in ALIASES:
            raise ValidationError("columns", f"{role!r} is nothing that a column is for", allowed=" ".join(ALIASES))
        if name.lower() in lowered:
            places[role] = lowered.index(name.lower())
        elif name.isdecimal() and not names:
            places[role] = int(name)
        else:
            raise ValidationError("columns", f"{file} has no column {name!r}", allowed=" ".join(names) or "numbers")
    for shape, wanted in SHAPES.items():
        if all(role in places for role in wanted):
            extra = ("side",) if shape == "trades" and "side" in places else ()
            return {role: places[role] for role in (*wanted, *extra)}, shape
    seen = f"its header says {', '.join(names)}" if names else "it has no header"
    raise ValidationError(
        "columns", f"{file}: {seen}; the columns of no known table are among them: give --columns",
        allowed="; ".join(" ".join(wanted) for wanted in SHAPES.values()),
    )  # fmt: skip


def _words(kind: str, shape: str, roles: Mapping[str, str]) -> str:
    return f"{kind} of {shape} ({', '.join(f'{role}={name}' for role, name in roles.items())})"


def _cells(text: str) -> tuple[list[str], str]:
    """Return the cells of a line, and why it has none, "" where it has."""
    try:
        return next(csv.reader(io.StringIO(text)), []), ""
    except csv.Error as error:
        return [], str(error)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _text(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
