"""No list walks a large table: the query plans of every filter and ordering, at some volume, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Select, select

from tests.helpers.stores import OpenedStore, OrderMaker, accepted, filled, moved, new_postgres_database, open_for_test
from workstation.domain.orders import OrdStatus, Side
from workstation.ports.store import Entry, ExecutionQuery, OrderQuery
from workstation.storage import queries
from workstation.storage.tables import executions, orders

ORDERS = 3_000
OPEN_EACH = 100

ORDER_QUERIES = {
    "newest": OrderQuery(),
    "open": OrderQuery(is_open=True),
    "open by state": OrderQuery(statuses=(OrdStatus.SUBMITTED, OrdStatus.NEW)),
    "state": OrderQuery(statuses=(OrdStatus.REJECTED,)),
    "symbol": OrderQuery(symbol="COIN"),
    "account": OrderQuery(account="SIM-1"),
    "side": OrderQuery(side="SELL"),
    "type": OrderQuery(ord_type="LIMIT"),
    "time in force": OrderQuery(time_in_force="DAY"),
    "strategy": OrderQuery(strategy_id="s-1"),
    "user": OrderQuery(user="local"),
    "window": OrderQuery(start_ns=1, end_ns=2),
    "key": OrderQuery(after_key=(5, "u")),
    **{f"by {name}": OrderQuery(ordering=(name,)) for name in queries.ORDER_ORDERINGS if name != "status"},
    **{f"by -{name}": OrderQuery(ordering=(f"-{name}",)) for name in queries.ORDER_ORDERINGS if name != "status"},
}
EXECUTION_QUERIES = {
    "newest": ExecutionQuery(),
    "order": ExecutionQuery(cl_ord_id="OMS-1"),
    "symbol": ExecutionQuery(symbol="COIN"),
    "account": ExecutionQuery(account="SIM-1"),
    "strategy": ExecutionQuery(strategy_id="s-1"),
    "window": ExecutionQuery(start_ns=1, end_ns=2),
    **{
        f"by {sign}{name}": ExecutionQuery(ordering=(f"{sign}{name}",))
        for name in queries.EXECUTION_ORDERINGS
        for sign in ("", "-")
    },
}


def fill(store: OpenedStore) -> None:
    maker = OrderMaker()
    for index in range(ORDERS):
        terms = {"symbol": "COIN"} if index % 7 == 0 else {}
        state, created = maker.created(
            **terms, side=Side.SELL if index % 5 == 0 else Side.BUY, strategy_id="s-1" if index % 50 == 0 else ""
        )
        live, acked = accepted(state)
        entries = [created, acked]
        if index % OPEN_EACH:
            done, fill_entry = filled(live, maker.execution(live, 100, 1_000 + index % 90))
            entries.append(
                fill_entry
                if index % 3
                else Entry(fill_entry.event, (moved(done, OrdStatus.CANCELLED), *fill_entry.rows[1:]))
            )
        store.append(*entries)
    store.write(maker.created()[1])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    home: Path = tmp_path_factory.mktemp("plans")
    opened = open_for_test(home, "" if request.param == "sqlite" else new_postgres_database())
    fill(opened)
    yield opened
    opened.close()


def plan(store: OpenedStore, statement: Select) -> str:
    with store.store._engine.connect() as connection:
        dialect = connection.dialect
        sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        if dialect.name == "sqlite":
            return "\n".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
        connection.exec_driver_sql("SET enable_seqscan = off")
        return "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {sql}"))


def assert_no_walk(found: str, table: str) -> None:
    """Refuse a walk of the table itself; an index in the order of the list, or that holds its filters, is none."""
    assert f"Seq Scan on {table}" not in found, found
    walks = [line for line in found.splitlines() if line.startswith(f"SCAN {table}") and "INDEX" not in line]
    assert walks == [], found


@pytest.mark.parametrize("name", ORDER_QUERIES)
def test_an_order_page_comes_from_an_index(store, name):
    query = ORDER_QUERIES[name]
    conditions = queries.order_conditions(query)
    if query.after_key:
        conditions.append(queries.after_key(orders.c.created_at, orders.c.uid, query.after_key, query.ordering))
    statement = queries.ordered(select(orders.c.state), query.ordering, queries.ORDER_ORDERINGS, (orders.c.uid,))
    found = plan(store, statement.where(*conditions).limit(101))
    assert_no_walk(found, "orders")
    if not query.statuses:
        assert "TEMP B-TREE" not in found, found


@pytest.mark.parametrize("name", ORDER_QUERIES)
def test_an_order_total_is_counted_on_an_index(store, name):
    assert_no_walk(plan(store, queries.count_of(orders.c.uid, queries.order_conditions(ORDER_QUERIES[name]))), "orders")


@pytest.mark.parametrize("name", EXECUTION_QUERIES)
def test_an_execution_page_comes_from_an_index(store, name):
    query = EXECUTION_QUERIES[name]
    statement = queries.ordered(
        select(executions.c.state), query.ordering, queries.EXECUTION_ORDERINGS, (executions.c.uid,)
    )
    found = plan(store, statement.where(*queries.execution_conditions(query)).limit(101))
    assert_no_walk(found, "executions")
    assert "TEMP B-TREE" not in found, found


def test_the_open_orders_of_a_start_come_from_their_own_index(store):
    found = plan(store, select(orders.c.state).where(*queries.order_conditions(OrderQuery(is_open=True))))
    assert "ix_orders_open" in found
