"""A table of columns: numpy arrays for sort and filter, an index permutation for the view, text only for what is seen.

Rows are identified by key, so that an insertion never shifts a selection. Built for a million rows: a filter costs one
pass over codes, a sort one argsort, a new row one binary search. Qt-free; the desktop's table model reads it.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

R = TypeVar("R")
Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]

FIRST_CAPACITY = 1_024
ROWS_MAX = 2_000_000


class ColumnKind(StrEnum):
    """How a column is kept: CODE for texts that repeat, NUMBER for values, TEXT for what is not sorted."""

    CODE = "CODE"
    NUMBER = "NUMBER"
    TEXT = "TEXT"


class Column(msgspec.Struct, Generic[R], frozen=True):
    """One column. value: what it sorts and filters by (text for CODE, int or float for NUMBER, None sorts last).

    text: what is shown, exact. right: figures stand right-aligned. width: share of space in characters.
    """

    name: str
    title: str
    kind: ColumnKind
    value: Callable[[R], Any]
    text: Callable[[R], str]
    right: bool = False
    width: int = 8


class _CodeBook:
    """Texts of one CODE column as small integers, with their alphabetical ranks."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.texts: list[str] = []
        self._ranks: NDArray[np.int32] | None = None

    def code(self, text: str) -> int:
        found = self.codes.get(text)
        if found is None:
            found = self.codes[text] = len(self.texts)
            self.texts.append(text)
            self._ranks = None
        return found

    def ranks(self) -> NDArray[np.int32]:
        if self._ranks is None:
            order = sorted(range(len(self.texts)), key=self.texts.__getitem__)
            self._ranks = np.empty(len(self.texts), np.int32)
            self._ranks[order] = np.arange(len(order), dtype=np.int32)
        return self._ranks


class Changes(msgspec.Struct, frozen=True):
    """What an update did to the view. reset: order or membership changed; changed: row numbers (not view positions)."""

    reset: bool
    changed: frozenset[int]


class ColumnTable(Generic[R]):
    """Rows by key with a sorted, filtered view of them."""

    def __init__(self, columns: Sequence[Column[R]], key: Callable[[R], Hashable]) -> None:
        self.columns = tuple(columns)
        self.rows: list[R] = []
        self.view: Rows = np.empty(0, np.int32)
        self._key = key
        self._index: dict[Hashable, int] = {}
        self._by_name = {column.name: number for number, column in enumerate(self.columns)}
        self._books = {n: _CodeBook() for n, c in enumerate(self.columns) if c.kind is ColumnKind.CODE}
        self._arrays: dict[int, NDArray[Any]] = {}
        for number, column in enumerate(self.columns):
            if column.kind is not ColumnKind.TEXT:
                kind = np.int32 if column.kind is ColumnKind.CODE else np.float64
                self._arrays[number] = np.empty(FIRST_CAPACITY, kind)
        self._writers = [
            (number, column.value, self._books[number].code if number in self._books else _number)
            for number, column in enumerate(self.columns)
            if number in self._arrays
        ]
        self._sort: tuple[tuple[int, bool], ...] = ()
        self._filter: Callable[[Rows], Mask] | None = None
        self._resort_due = False

    def __len__(self) -> int:
        return len(self.view)

    @property
    def total(self) -> int:
        """Number of rows, hidden ones included."""
        return len(self.rows)

    def row_at(self, position: int) -> R:
        """Return the row at a view position."""
        row: R = self.rows[self.view[position]]
        return row

    def key_at(self, position: int) -> Hashable:
        """Return the key of the row at a view position."""
        return self._key(self.row_at(position))

    def position_of(self, key: Hashable) -> int | None:
        """Return the view position of a key, None when it is hidden or unknown."""
        number = self._index.get(key)
        if number is None:
            return None
        found = np.flatnonzero(self.view == number)
        return int(found[0]) if len(found) else None

    def get(self, key: Hashable) -> R | None:
        """Return the row of a key."""
        number = self._index.get(key)
        return None if number is None else self.rows[number]

    def clear(self) -> None:
        """Forget every row; sort and filter stay."""
        self.rows.clear()
        self._index.clear()
        self.view = np.empty(0, np.int32)

    def upsert(self, rows: Iterable[R]) -> Changes:
        """Add new rows and replace known ones.

        New rows join the view at their place; a changed sort value waits for `refresh`, so that rows stay still.
        """
        first_new = len(self.rows)
        changed: set[int] = set()
        for row in rows:
            key = self._key(row)
            number = self._index.get(key)
            if number is None:
                number = self._append(key, row)
            else:
                self.rows[number] = row
                changed.add(number)
            self._write(number, row)
        if changed and (self._sort or self._filter is not None):
            self._resort_due = True
        added = self._join_view(first_new) if len(self.rows) > first_new else False
        return Changes(reset=added, changed=frozenset(changed))

    def refresh(self) -> bool:
        """Sort and filter again where values changed; True when the view is another."""
        if not self._resort_due:
            return False
        before = self.view
        self._rebuild()
        return not np.array_equal(before, self.view)

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by columns, first key first; True means descending. Rows without a value come last."""
        self._sort = tuple((self._by_name[name], descending) for name, descending in keys)
        self._rebuild()

    @property
    def sorting(self) -> tuple[tuple[str, bool], ...]:
        """The sort keys in force."""
        return tuple((self.columns[number].name, descending) for number, descending in self._sort)

    def filter_by(self, accepts: Callable[[Rows], Mask] | None) -> None:
        """Show only rows for which `accepts(row numbers)` is true; None shows all."""
        self._filter = accepts
        self._rebuild()

    def numbers(self, name: str, rows: Rows) -> NDArray[np.float64]:
        """Return a NUMBER column of the given rows, NaN where absent."""
        found: NDArray[np.float64] = self._arrays[self._by_name[name]][rows]
        return found

    def matching(self, name: str, rows: Rows, accepts: Callable[[str], bool]) -> Mask:
        """Return which of the given rows have a text in a CODE column that `accepts`; texts are asked once each."""
        number = self._by_name[name]
        verdicts = np.fromiter((accepts(text) for text in self._books[number].texts), np.bool_)
        if not len(verdicts):
            return np.zeros(len(rows), np.bool_)
        found: Mask = verdicts[self._arrays[number][rows]]
        return found

    def _append(self, key: Hashable, row: R) -> int:
        number = len(self.rows)
        if number >= ROWS_MAX:
            raise OverflowError(f"a table holds at most {ROWS_MAX} rows")
        self.rows.append(row)
        self._index[key] = number
        if number >= len(next(iter(self._arrays.values()))):
            for column, array in self._arrays.items():
                self._arrays[column] = np.concatenate([array, np.empty_like(array)])
        return number

    def _write(self, number: int, row: R) -> None:
        arrays = self._arrays
        for column, value, stored in self._writers:
            arrays[column][number] = stored(value(row))

    def _join_view(self, first_new: int) -> bool:
        fresh = np.arange(first_new, len(self.rows), dtype=np.int32)
        if self._filter is not None:
            fresh = fresh[self._filter(fresh)]
        if not len(fresh):
            return False
        if not self._sort:
            self.view = np.concatenate([self.view, fresh])
        elif len(fresh) > len(self.view) // 8 + 64:
            self._rebuild()
        else:
            fresh = self._sorted(fresh)
            places = np.searchsorted(self._sort_values(self.view), self._sort_values(fresh), side="left")
            self.view = np.insert(self.view, places, fresh)
        return True

    def _rebuild(self) -> None:
        rows = np.arange(len(self.rows), dtype=np.int32)
        if self._filter is not None and len(rows):
            rows = rows[self._filter(rows)]
        self.view = self._sorted(rows) if self._sort else rows
        self._resort_due = False

    def _sorted(self, rows: Rows) -> Rows:
        for column, descending in reversed(self._sort):
            values = self._rank(column, rows)
            rows = rows[np.argsort(-values if descending else values, kind="stable")]
        return rows

    def _sort_values(self, rows: Rows) -> NDArray[np.float64]:
        column, descending = self._sort[0]
        values = self._rank(column, rows)
        signed: NDArray[np.float64] = -values if descending else values
        return signed

    def _rank(self, column: int, rows: Rows) -> NDArray[np.float64]:
        values = self._arrays[column][rows]
        if column in self._books:
            values = self._books[column].ranks()[values] if len(self._books[column].texts) else values
        return values.astype(np.float64, copy=False)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
