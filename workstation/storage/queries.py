"""What a list may filter and sort by, as SQL conditions: the one place that knows how a query becomes a statement.

Orderings are allow-listed; ties break by id in the direction of the first field; nulls sort last. Searches are literal:
`%` and `_` of the user mean themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Select, Text, func, literal_column, or_, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from workstation.domain.errors import ValidationError
from workstation.domain.orders import FINAL_STATES, OrdStatus
from workstation.ports.store import AuditQuery, ExecutionQuery, OrderQuery, PositionQuery, RecordQuery
from workstation.storage.record_tables import FILLED, RecordTable
from workstation.storage.tables import ACCOUNT_ROW, IS_FINAL, IS_OPEN, audit_entries, executions, orders, positions

ORDER_ORDERINGS: Mapping[str, Column[Any]] = {
    name: orders.c[name]
    for name in ("created_at", "updated_at", "submitted_at", "order_qty", "price", "status", "symbol")
}
EXECUTION_ORDERINGS: Mapping[str, Column[Any]] = {
    name: executions.c[name] for name in ("ts_event", "last_qty", "last_px")
}
POSITION_ORDERINGS: Mapping[str, Column[Any]] = {
    name: positions.c[name] for name in ("symbol", "qty", "realised", "updated_at")
}

_ESCAPE = "\\"

Conditions = list[ColumnElement[bool]]
Columns = ReadOnlyColumnCollection[str, Any]


class _OutOfIndex(FunctionElement[str]):
    """A column whose own index SQLite, which guesses, is kept from: the list is walked in order instead of sorted.

    Other planners know how many rows a value has, and are told the column as it is.
    """

    inherit_cache = True
    type = Text()


@compiles(_OutOfIndex)
def _as_it_is(element: _OutOfIndex, compiler: SQLCompiler, **given: Any) -> str:
    return str(compiler.process(element.clauses, **given))


@compiles(_OutOfIndex, "sqlite")
def _joined_to_nothing(element: _OutOfIndex, compiler: SQLCompiler, **given: Any) -> str:
    return f"({compiler.process(element.clauses, **given)} || '')"


def order_conditions(query: OrderQuery, columns: Columns = orders.c) -> Conditions:
    """Return the filters of an order list, on the table's columns or those of a selection from it."""
    found = _equal(
        (columns.symbol, query.symbol),
        (columns.account, query.account),
        (columns.side, query.side),
        (columns.ord_type, query.ord_type),
        (columns.time_in_force, query.time_in_force),
        (columns.strategy_id, query.strategy_id),
        (columns.user_id, query.user),
    )
    found += _status_conditions(query.statuses, is_open=query.is_open)
    found += _within(columns.created_at, query.start_ns, query.end_ns)
    if query.search:
        found.append(contains(query.search, columns.cl_ord_id, columns.order_id, columns.symbol, columns.notes))
    return found


def execution_conditions(query: ExecutionQuery, columns: Columns = executions.c) -> Conditions:
    """Return the filters of an execution list, on the table's columns or those of a selection from it."""
    found = _equal(
        (columns.cl_ord_id, query.cl_ord_id),
        (columns.symbol, query.symbol),
        (columns.account, query.account),
        (columns.strategy_id, query.strategy_id),
    )
    found += _within(columns.ts_event, query.start_ns, query.end_ns)
    if query.search:
        found.append(contains(query.search, columns.exec_id, columns.exec_key, columns.uid))
    return found


def position_conditions(query: PositionQuery) -> Conditions:
    """Return the filters of a list of account positions."""
    columns = positions.c
    found = [
        columns.strategy_id == ACCOUNT_ROW,
        *_equal((columns.symbol, query.symbol), (columns.account, query.account)),
    ]
    if query.has_position is not None:
        found.append(columns.is_flat.is_(not query.has_position))
    return found


def record_conditions(declared: RecordTable, query: RecordQuery) -> Conditions:
    """Return the filters of a list of one kind's living records, its tenant first.

    Raises:
        ValidationError: a filter that is no column of the kind.
    """
    columns = declared.table.c
    found = [columns.tenant_id == query.tenant, columns.deleted_at.is_(None)]
    for name, wanted in query.equal.items():
        if name not in declared.fields and name != "id":
            raise ValidationError(name, "is no filter of this list", allowed=", ".join(declared.fields))
        found.append(columns[name].in_(wanted) if isinstance(wanted, tuple) else columns[name] == wanted)
    for name, (least, greatest) in query.between.items():
        found += [columns[name] >= least] if least is not None else []
        found += [columns[name] <= greatest] if greatest is not None else []
    for name, words in query.words.items():
        found.append(or_(*[contains(f"\n{word}\n", columns[name]) for word in words]))
    found += _within(columns.created_at, query.start_ns, query.end_ns)
    if query.search:
        found.append(contains(query.search, *[columns[name] for name in declared.searched]))
    return found


def record_orderings(declared: RecordTable) -> Mapping[str, Column[Any]]:
    """Return what a list of the kind may be sorted by."""
    columns = declared.table.c
    return {name: columns[name] for name in ("created_at", "updated_at", *declared.fields)}


def audit_conditions(query: AuditQuery) -> Conditions:
    """Return the filters of an audit list, its tenant first."""
    columns = audit_entries.c
    return [
        columns.tenant_id == query.tenant,
        *_equal(
            (columns.user_id, query.user_id),
            (columns.action, query.action),
            (columns.resource_type, query.resource_type),
            (columns.resource_id, query.resource_id),
            (columns.request_id, query.request_id),
        ),
        *_within(columns.created_at, query.start_ns, query.end_ns),
    ]


def audit_page_conditions(query: AuditQuery) -> Conditions:
    """Return the filters of a page of an audit list, worded so that it is a stretch of the chain and never sorted.

    Times and sequences rise together, but for entries that were made at once: the times give the first and the last
    sequence that can be among them, from their own index.
    """
    if query.start_ns is None and query.end_ns is None:
        return audit_conditions(query)
    columns, within = audit_entries.c, audit_entries.alias("within")
    times = _within(within.c.created_at, query.start_ns, query.end_ns)
    ends = [
        select(end(within.c.sequence + 0)).where(within.c.tenant_id == query.tenant, *times).scalar_subquery()
        for end in (func.min, func.max)
    ]
    others = audit_conditions(msgspec.structs.replace(query, start_ns=None, end_ns=None))
    exact = _within(columns.created_at + 0, query.start_ns, query.end_ns)
    return [*others, columns.sequence >= ends[0], columns.sequence <= ends[1], *exact]


def ordered(
    statement: Select[Any], ordering: Sequence[str], allowed: Mapping[str, Column[Any]], ties: Sequence[Column[Any]]
) -> Select[Any]:
    """Return `statement` sorted by names of `allowed`, `-` for descending.

    Raises:
        ValidationError: a name that is not allowed.
    """
    terms: list[ColumnElement[Any]] = []
    for item in ordering:
        column = allowed.get(item.removeprefix("-"))
        if column is None:
            raise ValidationError("ordering", f"cannot sort by {item!r}", allowed=", ".join(sorted(allowed)))
        term = column.desc() if item.startswith("-") else column.asc()
        terms.append(term.nulls_last() if column.nullable and not column.info.get(FILLED) else term)
    descending = bool(ordering) and ordering[0].startswith("-")
    terms += [column.desc() if descending else column.asc() for column in ties]
    return statement.order_by(*terms)


def after_key(
    column: Column[Any], uid: Column[Any], key: tuple[int, str], ordering: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition of rows behind `key` (time, id) in a list sorted by `column` alone.

    Raises:
        ValidationError: the list is sorted by something else, where a key says nothing.
    """
    if tuple(ordering) not in ((column.name,), (f"-{column.name}",)):
        raise ValidationError(
            "ordering", "a cursor needs the list in order of time", allowed=f"{column.name}, -{column.name}"
        )
    pair = tuple_(column, uid)
    return pair < tuple_(*key) if ordering[0].startswith("-") else pair > tuple_(*key)


def count_of(table_column: Column[Any], conditions: Conditions) -> Select[int]:
    """Return the statement that counts what the conditions let through."""
    return select(func.count()).select_from(table_column.table).where(*conditions)


def contains(wanted: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition of a literal substring in one of the columns, without regard to the case of letters.

    A file knows the case of ASCII letters alone.
    """
    literal = wanted
    for special in (_ESCAPE, "%", "_"):
        literal = literal.replace(special, _ESCAPE + special)
    return or_(*[column.ilike(f"%{literal}%", escape=_ESCAPE) for column in columns])


def _status_conditions(statuses: tuple[OrdStatus, ...], *, is_open: bool | None) -> Conditions:
    """Word open and final states by the condition of their index, so that a list of open ones never walks history."""
    found: Conditions = []
    final = FINAL_STATES.intersection(statuses)
    if statuses:
        # One final state is a range of its index in order of creation. Several are not.
        is_range = len(final) == len(statuses) == 1
        column = orders.c.status if is_range else _OutOfIndex(orders.c.status)
        found.append(column.in_([status.value for status in statuses]))
        found += [literal_column(IS_FINAL.text)] if is_range else []
    if is_open or (statuses and not final):
        found.append(literal_column(IS_OPEN.text))
    if is_open is False:
        found.append(_OutOfIndex(orders.c.status).in_([status.value for status in sorted(FINAL_STATES)]))
    return found


def _equal(*pairs: tuple[Column[Any], str | None]) -> Conditions:
    return [column == value for column, value in pairs if value is not None]


def _within(column: ColumnElement[Any], start_ns: int | None, end_ns: int | None) -> Conditions:
    found: Conditions = []
    if start_ns is not None:
        found.append(column >= start_ns)
    if end_ns is not None:
        found.append(column < end_ns)
    return found
