"""Totals of long lists: counted once, then only what was added since.

Orders and executions go by age alone, which makes everything be counted anew, and most filters ask for what never
changes in a row (symbol, side, time of creation …). Such a total is remembered with the newest row it saw; the next one
counts the newer rows and adds. Filters on what changes (state, time in force, notes) are counted on their index each
time.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Table, func, select

from workstation.ports.store import ExecutionQuery, OrderQuery
from workstation.storage.queries import Columns, Conditions, count_of

TOTALS_MAX = 256
"""Remembered totals; the one unused for longest goes first."""

_EVERY_ROW = 2**62
"""A limit that limits nothing, but keeps the range of new rows apart from the filters' own indexes."""

Query = OrderQuery | ExecutionQuery
ConditionsOf = Callable[[Any, Columns], Conditions]


class Totals:
    """Counts for one table; safe to use from any thread."""

    def __init__(self, table: Table, conditions_of: ConditionsOf) -> None:
        self._table = table
        self._conditions_of = conditions_of
        self._known: OrderedDict[tuple[Any, ...], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Count anew from now on: rows have gone."""
        with self._lock:
            self._known.clear()

    @property
    def newest(self) -> ScalarSelect[int]:
        """Return what asks for the newest row, to be asked along with a page: a statement of its own costs a trip."""
        return select(func.max(self._table.c.id)).scalar_subquery()

    def count(self, connection: Connection, query: Query, last: int | None, narrowed: Conditions) -> int:
        """Return how many committed rows the query's filters let through.

        last: the newest row, None when it is not known. narrowed: by what a search finds its rows.
        """
        key = _key_of(query)
        if key is None:
            conditions = [*self._conditions_of(query, self._table.c), *narrowed]
            return int(connection.execute(count_of(self._table.c.uid, conditions)).scalar_one())
        with self._lock:
            seen, total = self._known.get(key, (0, 0))
        if not seen:  # one statement sees one state of the table, so that the total and the newest row go together
            counted = count_of(self._table.c.uid, self._conditions_of(query, self._table.c))
            total, last = connection.execute(counted.add_columns(self.newest)).one()
            self._remember(key, last or 0, total)
            return int(total)
        last = last or connection.execute(select(self.newest)).scalar() or 0
        if last > seen:
            total += self._count_between(connection, query, seen, last)
            self._remember(key, last, total)
        return total

    def _count_between(self, connection: Connection, query: Query, seen: int, newest: int) -> int:
        identity = self._table.c.id
        added = select(self._table).where(identity > seen, identity <= newest).limit(_EVERY_ROW).subquery()
        statement = select(func.count()).select_from(added).where(*self._conditions_of(query, added.c))
        return int(connection.execute(statement).scalar_one())

    def _remember(self, key: tuple[Any, ...], newest: int, total: int) -> None:
        with self._lock:
            if self._known.get(key, (0, 0))[0] < newest:
                self._known[key] = (newest, total)
                self._known.move_to_end(key)
            if len(self._known) > TOTALS_MAX:
                self._known.popitem(last=False)


def _key_of(query: Query) -> tuple[Any, ...] | None:
    """Return what the total depends on, None when rows may join or leave it without being added."""
    if query.search:
        return None
    span = (query.start_ns, query.end_ns, query.symbol, query.account, query.strategy_id)
    if isinstance(query, ExecutionQuery):
        return (*span, query.cl_ord_id)
    if query.statuses or query.is_open is not None or query.time_in_force is not None:
        return None
    return (*span, query.side, query.ord_type, query.user)
