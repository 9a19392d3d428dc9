"""No list walks a large table: the plans of what each list asks with every filter and ordering, on both databases.

What is explained is what the repositories really send. Every table that grows by itself is full, and the planner has
looked at it; `-m nightly` fills each with a million rows. Records that people make stay few, and are not among them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import event

from tests.helpers.large_tables import START_NS, STEP_NS, TABLES, fill
from tests.helpers.stores import new_postgres_database, open_for_test
from workstation.domain.connection_log import ConnectionEvent, LogLevel
from workstation.domain.orders import OrdStatus
from workstation.domain.records import PnlSnapshot, StrategyRun
from workstation.ports.connection_log import ConnectionLogQuery
from workstation.ports.deliveries import DeliveryQuery, DeliveryStatus
from workstation.ports.market_store import BarQuery, QualityQuery, TickQuery
from workstation.ports.run_rows import RunRowQuery
from workstation.ports.store import AuditQuery, ExecutionQuery, OrderQuery, RecordQuery
from workstation.storage import StoreView, open_view, queries, search_index
from workstation.storage.run_reader import LOG_ORDERINGS, PERFORMANCE_ORDERINGS, SIGNAL_ORDERINGS
from workstation.storage.tables import TENANT

ROWS, ROWS_NIGHTLY = 20_000, 1_000_000
FROM_NS, TO_NS = START_NS + 100 * STEP_NS, START_NS + 300 * STEP_NS
SPAN = {"start_ns": FROM_NS, "end_ns": TO_NS}
KEY = (START_NS + 10_000 * STEP_NS, "r10000")

Ask = Callable[[StoreView], object]


def both_ways(names: Any) -> list[tuple[str, ...]]:
    """Return each ordering forwards and backwards."""
    return [(f"{sign}{name}",) for name in names for sign in ("", "-")]


def variants(queried: Callable[..., Any], filters: dict[str, dict[str, Any]], orderings: Any) -> dict[str, Any]:
    """Return a list's queries: without a filter, with each one alone, in each order."""
    made = {name: queried(**given) for name, given in {"all": {}, **filters}.items()}
    return made | {f"by {ordering[0]}": queried(ordering=ordering) for ordering in both_ways(orderings)}


def asked(name: str, read: Callable[[StoreView, Any], object], queried: dict[str, Any]) -> dict[str, Ask]:
    """Return, for each query of a list, what asks it."""
    return {f"{name}: {case}": lambda view, query=query: read(view, query) for case, query in queried.items()}


def _first_chunk(view: StoreView, query: TickQuery) -> object:
    market = view.reader.market
    return next(market._chunks(query, market._tickers(query, market._has_ticks)), None)


def of_run(**given: Any) -> RunRowQuery:
    return RunRowQuery(**{"tenant": TENANT, "run_id": "w7", "ordering": ("-created_at",), **given})


ORDERS = variants(
    OrderQuery,
    {
        "open": {"is_open": True},
        "final": {"is_open": False},
        "open states": {"statuses": (OrdStatus.SUBMITTED, OrdStatus.NEW)},
        "state": {"statuses": (OrdStatus.REJECTED,)},
        "open state": {"statuses": (OrdStatus.SUBMITTED,)},
        "states": {"statuses": (OrdStatus.REJECTED, OrdStatus.FILLED)},
        "symbol": {"symbol": "S7"},
        "account": {"account": "A3"},
        "side": {"side": "SELL"},
        "type": {"ord_type": "MARKET"},
        "time in force": {"time_in_force": "GTC"},
        "strategy": {"strategy_id": "w50"},
        "user": {"user": "user3"},
        "span": SPAN,
        "key": {"after_key": KEY},
        "search": {"search": "S-777"},
        "search of a symbol": {"search": "s-1234", "symbol": "S34"},
        "search by price": {"search": "S-777", "ordering": ("price",)},
        "common search": {"search": "oms", "with_count": False},
        "short search": {"search": "7"},
    },
    queries.ORDER_ORDERINGS,
)
EXECUTIONS = variants(
    ExecutionQuery,
    {
        "order": {"cl_ord_id": "OMS-500", "ordering": ("ts_event",)},
        "symbol": {"symbol": "S7"},
        "account": {"account": "A3"},
        "strategy": {"strategy_id": "w50"},
        "span": SPAN,
        "key": {"after_key": KEY},
        "search": {"search": "E777"},
        "short search": {"search": "77"},
    },
    queries.EXECUTION_ORDERINGS,
)
AUDIT = variants(
    lambda **given: AuditQuery(tenant=TENANT, **given),
    {
        "user": {"user_id": "user3"},
        "common action": {"action": "ORDER_PLACE"},
        "rare action": {"action": "LOGIN"},
        "common kind": {"resource_type": "order"},
        "rare kind": {"resource_type": "webhook"},
        "resource": {"resource_type": "order", "resource_id": "u77"},
        "id of a resource": {"resource_id": "u77"},
        "request": {"request_id": "q77"},
        "span": SPAN,
        "span, oldest first": {**SPAN, "ordering": ("sequence",)},
        "span until now": {"start_ns": FROM_NS},
        "span and user": {**SPAN, "user_id": "user3"},
        "key": {"after_key": (5_000, "")},
    },
    ["sequence"],
)
DELIVERIES = variants(
    lambda **given: DeliveryQuery(tenant=TENANT, webhook_id="w7", **given),
    {
        "status": {"status": DeliveryStatus.DEAD},
        "type": {"event_type": "order.created"},
        "span": SPAN,
        "key": {"after_key": KEY},
    },
    ["created_at"],
)
LINES = variants(
    lambda **given: ConnectionLogQuery(tenant=TENANT, connection_id="w7", **given),
    {
        "level": {"level": LogLevel.ERROR},
        "type": {"event_type": ConnectionEvent.HEARTBEAT},
        "span": SPAN,
        "key": {"after_key": KEY},
    },
    ["created_at"],
)
RUN_LOGS = variants(
    of_run,
    {"level": {"equal": {"level": "ERROR"}}, "type": {"equal": {"event_type": "SIGNAL"}}, "span": SPAN},
    LOG_ORDERINGS,
)
SIGNALS = variants(
    lambda **given: of_run(**{"ordering": ("-signal_time",), **given}),
    {
        "type": {"equal": {"signal_type": "EXIT"}},
        "symbol": {"equal": {"symbol": "S7"}},
        "executed": {"equal": {"is_executed": True}},
        "confidence": {"least": {"confidence": 9_000}},
        "span": SPAN,
        "key": {"after_key": KEY},
    },
    SIGNAL_ORDERINGS,
)
PERFORMANCES = variants(
    lambda **given: of_run(**{"ordering": ("-period_end",), **given}),
    {
        "type": {"equal": {"period_type": "DAILY"}},
        "return": {"least": {"period_return": 100}, "most": {"period_return": 200}},
        "period": {"least": {"period_end": "2026-01-1"}},
    },
    PERFORMANCE_ORDERINGS,
)
RUNS = variants(
    lambda **given: RecordQuery(tenant=TENANT, **given),
    {
        "strategy": {"equal": {"strategy_id": "w7"}},
        "account": {"equal": {"account": "A3"}},
        "user": {"equal": {"user_id": "user3"}},
        "rare state": {"equal": {"status": ("RUNNING",)}},
        "common state": {"equal": {"status": ("COMPLETED",)}},
        "states": {"equal": {"status": ("RUNNING", "ERROR")}},
        "capital": {"between": {"capital_order": (10, 20)}},
        "span": SPAN,
    },
    ["created_at", "started_at", "pnl_order", "status"],
)

SNAPSHOTS = variants(
    lambda **given: RecordQuery(tenant=TENANT, **{"ordering": ("-day",), **given}),
    {"account": {"equal": {"account": "A3"}}, "days": {"between": {"day": ("day 100000500", "day 100000700")}}},
    ["day", "net_order"],
)
BARS = {
    "stretch": BarQuery(symbol="S7", interval="1_MINUTE", **SPAN),
    "newest": BarQuery(symbol="S7", interval="1_MINUTE", newest=True),
    "source": BarQuery(symbol="S7", interval="1_MINUTE", source="SIM"),
    "behind": BarQuery(symbol="S7", interval="1_MINUTE", after=FROM_NS),
}
TICKS = {
    f"{name}, {'newest' if descending else 'oldest'} first": TickQuery(descending=descending, **given)
    for descending in (True, False)
    for name, given in {
        "all": {},
        "symbol": {"symbol": "S7"},
        "source": {"source": "SIM"},
        "span": SPAN,
        "symbol and span": {"symbol": "S7", **SPAN},
        "key": {"after_key": KEY},
    }.items()
}
QUALITIES = {
    f"{name}, {'newest' if descending else 'oldest'} first": QualityQuery(descending=descending, **given)
    for descending in (True, False)
    for name, given in {
        "all": {},
        "source": {"source": "REPLAY"},
        "instruments": {"instruments_min": 10, "instruments_max": 20},
        "span": SPAN,
    }.items()
}
ASKED: dict[str, Ask] = {
    **asked("orders", lambda view, query: view.reader.orders(query), ORDERS),
    **asked("executions", lambda view, query: view.reader.executions(query), EXECUTIONS),
    **asked("audit", lambda view, query: view.reader.audit(query), AUDIT),
    **asked("deliveries", lambda view, query: view.reader.deliveries.deliveries(query), DELIVERIES),
    **asked("connection logs", lambda view, query: view.reader.connection_logs.lines(query), LINES),
    **asked("run logs", lambda view, query: view.reader.runs.logs(query), RUN_LOGS),
    **asked("signals", lambda view, query: view.reader.runs.signals(query), SIGNALS),
    **asked("performances", lambda view, query: view.reader.runs.performances(query), PERFORMANCES),
    **asked("runs", lambda view, query: view.reader.records(StrategyRun, query), RUNS),
    **asked("snapshots", lambda view, query: view.reader.records(PnlSnapshot, query), SNAPSHOTS),
    **asked("bars", lambda view, query: view.reader.market.bars(query), BARS),
    **asked("ticks", _first_chunk, TICKS),
    **asked("kept ticks", lambda view, query: view.reader.market.ticks_kept(query, 20_000), TICKS),
    **asked("qualities", lambda view, query: view.reader.market.qualities(query), QUALITIES),
    "history of an order": lambda view: view.reader.transitions("OMS-77"),
    "events": lambda view: view.reader.events(5_000, 100),
    "ends of the events": lambda view: (view.reader.oldest_seq(), view.reader.newest_seq()),
    "an order": lambda view: view.reader.order("u77"),
    "an order by its client's id": lambda view: view.reader.order_by_client_id("OMS-77"),
    "an execution": lambda view: view.reader.execution("u77"),
    "an audit entry": lambda view: view.reader.audit_entry(TENANT, 5_000),
    "a delivery": lambda view: view.reader.deliveries.delivery(TENANT, "w7", "r207"),
    "due deliveries": lambda view: view.reader.deliveries.due(START_NS, 10),
    "the next delivery": lambda view: view.reader.deliveries.next_due(),
    "health of a webhook": lambda view: view.reader.deliveries.health(TENANT, "w7"),
    "times of a connection": lambda view: view.reader.connection_logs.times(TENANT, "w7"),
}


@pytest.fixture(
    scope="module",
    params=[
        (database, rows) if rows == ROWS else pytest.param((database, rows), marks=pytest.mark.nightly)
        for rows in (ROWS, ROWS_NIGHTLY)
        for database in ("sqlite", "postgresql")
    ],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def view(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreView]:
    database, rows = request.param
    home: Path = tmp_path_factory.mktemp("plans")
    url = "" if database == "sqlite" else new_postgres_database()
    open_for_test(home, url).close()
    fill(url, home, rows)
    opened = open_view(url, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_index, "NEWEST_ROWS", rows // 100)  # as small a share of few rows as of a million
        yield opened
    opened.close()


def plans(view: StoreView, ask: Ask) -> list[tuple[str, str]]:
    """Return the statements that asking sends, each with its plan."""
    engine, sent = view._engine, []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    view.reader.forget_totals()
    event.listen(engine, "before_cursor_execute", keep)
    try:
        with contextlib.suppress(msgspec.MsgspecError):  # no row means anything: what is read has been asked by then
            ask(view)
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    settings = [(text, parameters) for text, parameters in sent if "set_config" in text]
    return [
        (text, explained(view, text, parameters, settings)) for text, parameters in sent if "set_config" not in text
    ]


def explained(view: StoreView, statement: str, parameters: Any = (), settings: Sequence[tuple[str, Any]] = ()) -> str:
    """Return a statement's plan under the settings of its session; what it does in parts without rows is left out."""
    with view._engine.connect() as connection:
        for setting in settings:
            connection.exec_driver_sql(*setting)
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(str(row[-1]) for row in found)
        empty = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE reltuples = 0 AND relkind = 'r'")
        names = "|".join(str(name) for name in empty.scalars())
        plan = "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
    scanned = rf" +->  \S.* on (?:{names})\b.*\n(?: +[A-Z]\w* ?\w*: .*\n)*"
    plan = re.sub(
        rf" +->  (?:Incremental )?Sort .*\n +Sort Key: .*\n(?: +Presorted Key: .*\n)?{scanned}", "", plan + "\n"
    )
    return re.sub(scanned, "", plan)


def walks(plan: str) -> list[str]:
    """Return the lines of a plan that walk a large table itself.

    A walk of an index, in the order of the list or because it holds the filters, is none.
    """
    tables = "|".join(TABLES)
    found = re.findall(rf"Seq Scan on (?:{tables})\S*.*", plan)
    return found + [line for line in re.findall(rf"^SCAN (?:{tables})\b.*", plan, re.MULTILINE) if "INDEX" not in line]


@pytest.mark.parametrize("name", ASKED)
def test_what_a_list_asks_comes_from_an_index(view: StoreView, name: str) -> None:
    found = plans(view, ASKED[name])
    assert found
    for statement, plan in found:
        assert not walks(plan), f"{statement}\n{plan}"


LONG = re.compile(
    "(orders|executions|audit|runs|snapshots|signals|performances|run logs): "
    "(all|key|by .*|common search)|(orders|executions|audit|runs|signals|run logs): span.*"
)
LONGEST = [name for name in ASKED if LONG.fullmatch(name)]


@pytest.mark.parametrize("name", LONGEST)
def test_a_page_of_the_longest_lists_is_not_sorted(view: StoreView, name: str) -> None:
    statement, plan = next(found for found in plans(view, ASKED[name]) if "LIMIT" in found[0])
    assert not re.search(r"TEMP B-TREE|->  (Incremental )?Sort ", plan), f"{statement}\n{plan}"


def test_a_walk_of_a_table_is_seen(view: StoreView) -> None:
    for table in ("orders", "audit_entries"):
        assert walks(explained(view, f"SELECT state FROM {table}"))


def test_the_open_orders_of_a_start_come_from_their_own_index(view: StoreView) -> None:
    (_, plan), *_ = plans(view, ASKED["orders: open"])
    assert "ix_orders_open" in plan


@pytest.mark.parametrize(
    ("case", "index"),
    [("state", "ix_orders_status"), ("open state", "ix_orders_open"), ("open states", "ix_orders_open")],
)
def test_orders_of_a_state_are_those_of_its_index_and_come_in_its_order(view: StoreView, case: str, index: str) -> None:
    if view._engine.dialect.name != "sqlite":
        pytest.skip("a server weighs how many there are and may as well sort a few")
    page, total = plans(view, ASKED[f"orders: {case}"])
    for statement, plan in (page, total):
        assert re.search(rf"INDEX {index}\b", plan), f"{statement}\n{plan}"
    assert "TEMP B-TREE" not in page[1], page


def test_only_final_orders_stand_in_the_index_of_states(view: StoreView) -> None:
    with view._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'ix_orders_status'")
        else:
            found = connection.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_orders_status'")
        assert re.search(r"WHERE \(?NOT is_open", found.scalar_one())
