"""A table of columns: numpy arrays for sort and filter, an index permutation for the view, text only for what is seen.

Rows are identified by key, so that an insertion never shifts a selection. Built for a million rows: they come in whole
columns and are made one by one when somebody looks; a filter costs one pass over codes, a sort one argsort, a new row
one binary search. `view` is replaced, never changed in place. Qt-free; the desktop's table model reads it.

Long because rows, order and membership share their arrays and change together.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from math import inf, isnan
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.viewmodels.column_arrays import (
    BulkIndex,
    CodeBook,
    Coded,
    Mask,
    Rows,
    containing,
    packed_tail,
    stable_order,
)

R = TypeVar("R")
Selection = slice | Rows
Accepts = Callable[[Selection], Mask]

FIRST_CAPACITY = 1_024
ROWS_MAX = 2_000_000
MADE_ROWS_KEPT = 4_096
FEW = 8
"""Rows up to which each is looked for by itself, instead of by the inverse of the whole view."""
GROWTH_SHARE = 8


class ColumnKind(StrEnum):
    """How a column is kept: CODE repeated texts, NUMBER values, ID an id by its end, TEXT what is not sorted."""

    CODE = "CODE"
    NUMBER = "NUMBER"
    ID = "ID"
    TEXT = "TEXT"


class Column(msgspec.Struct, Generic[R], frozen=True):
    """One column. value: what it sorts and filters by (text for CODE and ID, int or float for NUMBER, None sorts last).

    text: what is shown; exact: what is exported where that is more (full precision, UTC); hover: what a cell says on
    hover where that is more still. right: figures stand right-aligned. width: share of space in characters, 0 for a
    column that is never shown. fixed: value and text never change once the row is there; steady: the value does only
    with the table's `steady_part`. hint: what the header says on hover. hidden: not shown until somebody chooses it.
    """

    name: str
    title: str
    kind: ColumnKind
    value: Callable[[R], Any]
    text: Callable[[R], str]
    right: bool = False
    width: int = 8
    fixed: bool = False
    steady: bool = False
    exact: Callable[[R], str] | None = None
    hover: Callable[[R], str] | None = None
    hint: str = ""
    hidden: bool = False


class CellStyle(msgspec.Struct, frozen=True):
    """How one cell differs from its row. Colours are names of theme roles, glyph a name the painter knows.

    button: drawn as one, because a click on it does something.
    """

    ink: str = ""
    ground: str = ""
    glyph: str = ""
    bold: bool = False
    indent: int = 0
    button: bool = False


class RowStyle(msgspec.Struct, frozen=True):
    """How a row looks: colour roles, struck through, hatched (stale), section (a heading), and cells that differ."""

    ink: str = "text"
    ground: str = ""
    struck: bool = False
    hatched: bool = False
    section: bool = False
    cells: Mapping[str, CellStyle] = {}


PLAIN_ROW = RowStyle()
PLAIN_CELL = CellStyle()


class Bulk(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """Many rows at once. columns: one array a stored column (CODE as Coded, ID as packed tails); row_of makes row n.

    The table takes the arrays over. They may be longer than keys: the spare room takes rows to come without a copy.
    """

    keys: Sequence[Hashable]
    columns: Mapping[str, NDArray[Any] | Coded]
    row_of: Callable[[int], R]


class Changes(msgspec.Struct, frozen=True):
    """What an update did to the view. reset: order or membership changed; changed: row numbers (not view positions).

    inserted: (position, count) where all that happened to the view is rows joining in one run.
    """

    reset: bool
    changed: frozenset[int]
    inserted: tuple[int, int] | None = None


NO_CHANGES = Changes(reset=False, changed=frozenset())


class ColumnTable(Generic[R]):
    """Rows by key with a sorted, filtered view of them. newest_first: how equal and unsorted rows are ordered.

    steady_part: what of a row seldom changes; steady columns are written again only when it did.
    """

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], Hashable],
        *,
        newest_first: bool = False,
        steady_part: Callable[[R], object] | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.view: Rows = np.empty(0, np.int32)
        self._key = key
        self._newest_first = newest_first
        self._steady_part = steady_part
        self._rows: list[R | None] = []
        self._make: Callable[[int], R] | None = None
        self._index: dict[Hashable, int] = {}
        self._bulk: BulkIndex | None = None
        self._removed: set[int] = set()
        self._by_name = {column.name: number for number, column in enumerate(self.columns)}
        self._books = {n: CodeBook() for n, c in enumerate(self.columns) if c.kind is ColumnKind.CODE}
        self._arrays = {n: _empty_array(c.kind) for n, c in enumerate(self.columns) if c.kind is not ColumnKind.TEXT}
        self._shown = np.zeros(FIRST_CAPACITY, np.bool_)
        self._sort: tuple[tuple[int, bool], ...] = ()
        self._filter: Accepts | None = None
        self._due: set[int] = set()
        self._unwritten: set[int] = set()
        self._unwritten_steady: set[int] = set()

    def __len__(self) -> int:
        return len(self.view)

    @property
    def total(self) -> int:
        """Number of rows, hidden ones included."""
        return len(self._rows) - len(self._removed)

    @property
    def sorting(self) -> tuple[tuple[str, bool], ...]:
        """The sort keys in force; True means descending."""
        return tuple((self.columns[number].name, descending) for number, descending in self._sort)

    def row(self, number: int) -> R:
        """Return a row by number, made now where it came in bulk."""
        row = self._rows[number]
        if row is None:
            if self._make is None:
                raise IndexError(number)
            return self._make(number)
        return row

    def row_at(self, position: int) -> R:
        """Return the row at a view position."""
        return self.row(int(self.view[position]))

    def key_at(self, position: int) -> Hashable:
        """Return the key of the row at a view position."""
        return self._key(self.row_at(position))

    def get(self, key: Hashable) -> R | None:
        """Return the row of a key."""
        number = self._number(key)
        return None if number is None or number in self._removed else self.row(number)

    def position_of(self, key: Hashable) -> int | None:
        """Return the view position of a key, None when it is hidden or unknown."""
        number = self._number(key)
        if number is None:
            return None
        position = int(self.positions_of(np.array([number], np.int32))[0])
        return None if position < 0 else position

    def positions_of(self, numbers: Rows) -> Rows:
        """Return the view positions of row numbers, -1 for hidden ones."""
        if len(numbers) <= FEW:
            hits = [np.flatnonzero(self.view == number)[:1] for number in numbers]
            return np.array([hit[0] if len(hit) else -1 for hit in hits], np.int32)
        places = np.full(max(len(self._rows), 1), -1, np.int32)
        places[self.view] = np.arange(len(self.view), dtype=np.int32)
        found: Rows = places[numbers]
        return found

    def clear(self) -> None:
        """Forget every row; sort and filter stay."""
        self._rows.clear()
        self._index.clear()
        self._removed.clear()
        self._due.clear()
        self._unwritten.clear()
        self._unwritten_steady.clear()
        self._make = None
        self._bulk = None
        self.view = np.empty(0, np.int32)

    def load(self, bulk: Bulk[R]) -> None:
        """Take many rows at once in place of all others; each is made only when somebody looks at it.

        Raises:
            OverflowError: more than ROWS_MAX rows.
        """
        count = len(bulk.keys)
        if count > ROWS_MAX:
            raise OverflowError(f"a table holds at most {ROWS_MAX} rows")
        self.clear()
        self._rows = [None] * count
        self._bulk = BulkIndex(bulk.keys)
        self._make = lru_cache(maxsize=MADE_ROWS_KEPT)(bulk.row_of)
        for number, before in self._arrays.items():
            given = bulk.columns[self.columns[number].name]
            if isinstance(given, Coded):
                given = self._books[number].own(given)
            self._arrays[number] = given.astype(before.dtype, copy=False)
        self._shown = np.zeros(min(map(len, self._arrays.values())), np.bool_)
        self._rebuild()

    def upsert(self, rows: Iterable[R]) -> Changes:
        """Add new rows and replace known ones; of several with one key the last counts.

        New rows join the view at their place; a changed sort or filter value waits for `refresh`, so that rows stay
        still.

        Raises:
            OverflowError: more than ROWS_MAX rows.
        """
        fresh: list[int] = []
        changed: list[int] = []
        turned: list[int] = []
        steady, stored = self._steady_part, self._rows
        for key, row in {self._key(row): row for row in rows}.items():
            number = self._number(key)
            if number is not None and number not in self._removed:
                before = stored[number]
                if before is None or steady is None or steady(before) != steady(row):
                    turned.append(number)
                stored[number] = row
                changed.append(number)
                continue
            if number is None:
                number = self._append(key)
            self._removed.discard(number)
            self._rows[number] = row
            fresh.append(number)
        self._write(fresh, self.columns)
        self._unwritten.update(changed)
        self._unwritten_steady.update(turned)
        if self._filter is not None or any(not self.columns[column].fixed for column, _ in self._sort):
            self._due.update(changed)
        if not fresh:
            return Changes(reset=False, changed=frozenset(changed))
        before_count = len(self.view)
        at = self._join(np.array(fresh, np.int32))
        count = len(self.view) - before_count
        return Changes(count > 0, frozenset(changed), (at, count) if at is not None and count else None)

    def remove(self, keys: Iterable[Hashable]) -> bool:
        """Take rows out; True when the view is another."""
        numbers = [number for key in keys if (number := self._number(key)) is not None]
        self._removed.update(numbers)
        self._due.difference_update(numbers)
        return self._leave(np.array(numbers, np.int32))

    def refresh(self) -> bool:
        """Sort and filter again where values changed; True when the view is another."""
        if not self._due:
            return False
        due = np.fromiter(self._due, np.int32, len(self._due))
        before = self.view
        if any(not self.columns[column].fixed for column, _ in self._sort):
            self._rebuild()
            return not np.array_equal(before, self.view)
        self._due.clear()
        accepted = self._filter(due) if self._filter is not None else np.ones(len(due), np.bool_)
        left = self._leave(due[~accepted])
        count = len(self.view)
        self._join(due[accepted & ~self._shown[due]])
        return left or len(self.view) != count

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by columns, first key first; True means descending. Rows without a value come last."""
        self._sort = tuple((self._by_name[name], descending) for name, descending in keys if name in self._by_name)
        self._rebuild()

    def filter_by(self, accepts: Accepts | None) -> None:
        """Show only rows for which `accepts(row numbers)` is true; None shows all."""
        self._filter = accepts
        self._rebuild()

    def numbers(self, name: str, rows: Selection) -> NDArray[np.float64]:
        """Return a NUMBER column of the given rows, NaN where absent."""
        found: NDArray[np.float64] = self._array(self._by_name[name])[self._within(rows)]
        return found

    def coded(self, name: str, rows: Selection) -> Coded:
        """Return a CODE column of the given rows."""
        number = self._by_name[name]
        codes: NDArray[np.int32] = self._array(number)[self._within(rows)]
        return Coded(self._books[number].texts(), codes)

    def matching(self, name: str, rows: Selection, accepts: Callable[[str], bool]) -> Mask:
        """Return which of the given rows have a text in a CODE column that `accepts`; texts are asked once each."""
        number = self._by_name[name]
        codes = self._array(number)[self._within(rows)]
        verdicts = self._books[number].verdicts(accepts)
        if not verdicts.any():
            return np.zeros(len(codes), np.bool_)
        found: Mask = verdicts[codes]
        return found

    def matching_any(self, names: Sequence[str], rows: Selection, accepts: Callable[[str], bool]) -> Mask | None:
        """Return which rows have an accepted text in any of the CODE columns; None where no text is accepted at all."""
        found: Mask | None = None
        for name in names:
            number = self._by_name[name]
            codes = self._array(number)
            verdicts = self._books[number].verdicts(accepts)
            if verdicts.any():
                mask: Mask = verdicts[codes[self._within(rows)]]
                found = mask if found is None else np.logical_or(found, mask, out=found)
        return found

    def containing(self, name: str, rows: Selection, fragment: str) -> Mask:
        """Return which of the given rows have the fragment within the end of an ID column, without regard to case."""
        return containing(self._array(self._by_name[name])[self._within(rows)], fragment)

    def _within(self, rows: Selection) -> Selection:
        return slice(0, len(self._rows)) if isinstance(rows, slice) else rows

    def _number(self, key: Hashable) -> int | None:
        number = self._index.get(key)
        if number is None and self._bulk is not None:
            number = self._bulk.find(key)
            if number is not None:
                self._index[key] = number
        return number

    def _append(self, key: Hashable) -> int:
        number = len(self._rows)
        if number >= ROWS_MAX:
            raise OverflowError(f"a table holds at most {ROWS_MAX} rows")
        self._rows.append(None)
        self._index[key] = number
        if number >= len(self._shown):
            room = max(number // GROWTH_SHARE, FIRST_CAPACITY)
            self._shown = np.concatenate([self._shown[:number], np.zeros(room, np.bool_)])
            for column, array in self._arrays.items():
                self._arrays[column] = np.concatenate([array[:number], np.zeros(room, array.dtype)])
        return number

    def _array(self, place: int) -> NDArray[Any]:
        """Return a column's values. Changed rows are written when somebody asks: most changes are never sorted by."""
        if self._unwritten:
            turned, changed = list(self._unwritten_steady), list(self._unwritten)
            self._unwritten_steady.clear()
            self._unwritten.clear()
            self._write(turned, [column for column in self.columns if column.steady])
            self._write(changed, [column for column in self.columns if not column.fixed and not column.steady])
        return self._arrays[place]

    def _write(self, numbers: list[int], columns: Sequence[Column[R]]) -> None:
        if not numbers:
            return
        rows: list[Any] = [self._rows[number] for number in numbers]
        for column in columns:
            place = self._by_name[column.name]
            array = self._arrays.get(place)
            if array is None:
                continue
            value = column.value
            if place in self._books:
                code = self._books[place].code
                array[numbers] = [code(value(row)) for row in rows]
            elif column.kind is ColumnKind.ID:
                array[numbers] = [packed_tail(value(row)) for row in rows]
            else:
                array[numbers] = np.array([value(row) for row in rows], np.float64)

    def _join(self, fresh: Rows) -> int | None:
        """Put rows into the view; returns where they stand when they stand together."""
        if self._filter is not None and len(fresh):
            fresh = fresh[self._filter(fresh)]
        if not len(fresh):
            return None
        self._shown[fresh] = True
        fresh = np.sort(fresh)
        if self._newest_first:
            fresh = fresh[::-1]
        if not self._sort and self._after_all(fresh):
            at = 0 if self._newest_first else len(self.view)
            parts = [fresh, self.view] if self._newest_first else [self.view, fresh]
            self.view = np.concatenate(parts)
            return at
        if len(fresh) > len(self.view) // 256 + 64:
            self._rebuild()
            return None
        fresh = self._sorted(fresh)
        places = [self._place(int(number)) for number in fresh]
        self.view = np.insert(self.view, places, fresh)
        return places[0] if places[0] == places[-1] else None

    def _after_all(self, fresh: Rows) -> bool:
        return not len(self.view) or int(fresh.min()) > int(self.view[0 if self._newest_first else -1])

    def _leave(self, numbers: Rows) -> bool:
        gone = numbers[self._shown[numbers]] if len(numbers) else numbers
        if not len(gone):
            return False
        self._shown[gone] = False
        self.view = self.view[self._shown[self.view]]
        return True

    def _place(self, number: int) -> int:
        """Return where a row belongs in the view, by binary search over whole sort keys."""
        key = self._sort_key(number)
        low, high = 0, len(self.view)
        while low < high:
            middle = (low + high) // 2
            if self._sort_key(int(self.view[middle])) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _sort_key(self, number: int) -> tuple[float, ...]:
        values = []
        for column, descending in self._sort:
            value = float(self._array(column)[number])
            if column in self._books:
                value = float(self._books[column].ranks()[int(value)])
            values.append(inf if isnan(value) else -value if descending else value)
        return (*values, -number if self._newest_first else number)

    def _rebuild(self) -> None:
        count = len(self._rows)
        rows = np.arange(count, dtype=np.int32)
        accepted = np.ones(count, np.bool_)
        if self._filter is not None and count:
            accepted = self._filter(slice(0, count)).copy()
        if self._removed:
            accepted[list(self._removed)] = False
        self._shown[:count] = accepted
        if self._filter is not None or self._removed:
            rows = rows[accepted]
        self.view = self._sorted(rows[::-1] if self._newest_first else rows)
        self._due.clear()

    def _sorted(self, rows: Rows) -> Rows:
        """Sort rows, which stand in the order that equal ones keep."""
        for column, descending in reversed(self._sort):
            array = self._array(column)
            whole = len(rows) == len(self._rows) and len(self._sort) == 1
            values = self._natural(array) if whole else array[rows]
            if column in self._books:
                values = self._books[column].ranks()[values] if len(values) else values
            rows = rows[stable_order(-values if descending else values)]
        return rows

    def _natural(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a whole column in the order of unsorted rows, without gathering."""
        column = array[: len(self._rows)]
        return column[::-1] if self._newest_first else column


def _empty_array(kind: ColumnKind) -> NDArray[Any]:
    types: dict[ColumnKind, type] = {ColumnKind.CODE: np.int32, ColumnKind.ID: np.uint64}
    return np.zeros(FIRST_CAPACITY, types.get(kind, np.float64))
