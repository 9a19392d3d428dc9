"""Migrations of a database that holds months of trading: every row stays as it was, chains verify, trading goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy import Engine, Row, create_engine, inspect, make_url, select, text
from sqlalchemy.pool import NullPool

from tests.contract.test_store_deliveries import HOOK, made
from tests.contract.test_store_records import noted
from tests.helpers.stores import START_NS, OrderMaker, accepted, filled, new_postgres_database, open_for_test
from workstation.domain.errors import StorageLocked
from workstation.kernel.clock import VirtualClock
from workstation.ports.deliveries import DeliveryQuery
from workstation.ports.store import ExecutionQuery, OrderQuery
from workstation.storage import migrate, sqlite
from workstation.storage.backend import backend_for
from workstation.storage.schema import HEAD
from workstation.storage.tables import metadata
from workstation.storage.verify import verify

MONTH_NS = 30 * 86_400 * 10**9
MONTHS, A_MONTH, AT_ONCE = 5, 400, 50
EACH = MONTHS * A_MONTH
BEYOND = 10**9
"""A journal's event that lies outside every range that a server's table is cut into."""

SPREAD = 2_000
"""Factor of an execution's line, so that executions fall into each range and beyond the last."""

BEFORE = ("0001", "0006", "0007")
"""Schemas to come from: the first, the last without ranges, the first with them."""

OWNER = "workstation_desk"
KINDS = ["sqlite", "postgresql", "postgresql-owner"]


class History(NamedTuple):
    """What a trader has by the newest schema: rows by table, and the last live order, to trade on with."""

    rows: dict[str, list[dict[str, Any]]]
    last_key: str


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Trade for five months: orders, fills, audit entries of two tenants, deliveries."""
    home, clock, maker = tmp_path_factory.mktemp("traded"), VirtualClock(START_NS), OrderMaker()
    store = open_for_test(home, clock=clock)
    number = 0
    for month in range(MONTHS):
        for _ in range(A_MONTH // AT_ONCE):
            entries = []
            for _ in range(AT_ONCE):
                number += 1
                state, created = maker.created(ts=START_NS + month * MONTH_NS + number)
                live, acked = accepted(state)
                fill = maker.execution(live, 100, 1_000, exec_key=f"K-{number}")
                entries += [created, acked, filled(live, fill)[1], noted(number, "local" if number % 2 else "other")]
            store.write(*entries)
        clock.advance(MONTH_NS)
    deliveries = [made(n, created_at=START_NS + n * MONTH_NS // A_MONTH) for n in range(1, EACH)]
    assert store.store.reader.deliveries.make([*deliveries, made(BEYOND)], 8)
    store.close()
    engine = engine_of("", home)
    rows = {name: [row._asdict() for row in found] for name, found in stored(engine).items()}
    for row in rows["executions"]:
        row["seq"] *= SPREAD
    return History({name: found for name, found in rows.items() if found}, f"K-{number}")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str:
    """Give a database: a file, one on a server as its superuser, or as an owner whom row security binds."""
    if request.param == "sqlite":
        return ""
    made_for = new_postgres_database()
    return made_for if request.param == "postgresql" else given_to_owner(made_for)


def given_to_owner(url: str) -> str:
    """Return the database's URL for a plain role, which owns it."""
    name = make_url(url).database
    with psycopg.connect(url, autocommit=True) as session:
        if session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone() is None:
            session.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{OWNER}' NOSUPERUSER NOBYPASSRLS".encode())
        session.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}".encode())
    return make_url(url).set(username=OWNER, password=OWNER).render_as_string(hide_password=False)


def engine_of(url: str, home: Path) -> Engine:
    """Return connections that see the rows of every tenant."""
    if not url:
        return sqlite.migrating_engine(home / "workstation.db", sqlite.load_library())
    options = {"options": "-c workstation.tenant=*"}
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool, connect_args=options)


def stored(engine: Engine, columns: dict[str, list[str]] | None = None) -> dict[str, list[Row[Any]]]:
    """Return all rows by table, by their keys; of all tables, or of these with these columns."""
    chosen = columns or {name: [*table.columns.keys()] for name, table in metadata.tables.items()}
    found = {}
    with engine.connect() as connection:
        for name, wanted in chosen.items():
            table = metadata.tables[name]
            rows = select(*[table.c[column] for column in wanted]).order_by(*table.primary_key.columns)
            found[name] = [*connection.execute(rows)]
    engine.dispose()
    return found


def fill(url: str, home: Path, revision: str, history: History) -> dict[str, list[str]]:
    """Make a database of an older schema that holds the history; returns its tables' columns."""
    columns: dict[str, list[str]] = {}
    engine = engine_of(url, home)
    migrate.upgrade(engine, revision, "1.0")
    with engine.begin() as connection:
        tables = inspect(connection).get_table_names()
        for name, rows in history.rows.items():
            if name not in tables or name == "schema_meta":
                continue
            table = metadata.tables[name]
            columns[name] = [column["name"] for column in inspect(connection).get_columns(name)]
            connection.execute(table.delete())
            connection.execute(table.insert(), [{key: row[key] for key in columns[name]} for row in rows])
        for name in ("orders", "executions", "order_transitions") if url else ():
            connection.execute(text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"))
    engine.dispose()
    return columns


@pytest.mark.parametrize("revision", BEFORE)
def test_every_row_of_an_older_database_is_there_unchanged(
    url: str, revision: str, history: History, tmp_path: Path
) -> None:
    columns = fill(url, tmp_path, revision, history)
    before = stored(engine_of(url, tmp_path), columns)
    assert {len(before[name]) for name in columns.keys() & {"executions", "audit_entries", "deliveries"}} == {EACH}
    backend_for(url, tmp_path).migrate("1.1")
    assert stored(engine_of(url, tmp_path), columns) == before


def test_after_a_migration_chains_verify_lists_answer_and_trading_goes_on(
    url: str, history: History, tmp_path: Path
) -> None:
    fill(url, tmp_path, "0006", history)
    store = open_for_test(tmp_path, url, clock=VirtualClock(START_NS + MONTHS * MONTH_NS))
    reader = store.store.reader
    assert verify(url, tmp_path).intact
    proofs = [reader.verify_audit(tenant) for tenant in ("local", "other")]
    assert [(proof.entries, proof.first_broken) for proof in proofs] == [(EACH // 2, None)] * 2
    assert reader.orders(OrderQuery(limit=10)).total == reader.executions(ExecutionQuery(limit=10)).total == EACH
    newest, *_ = reader.deliveries.deliveries(DeliveryQuery(tenant="local", webhook_id=HOOK, limit=EACH)).rows
    assert newest.created_at == START_NS + (EACH - 1) * MONTH_NS // A_MONTH
    assert reader.deliveries.delivery("local", HOOK, made(BEYOND).id) == made(BEYOND)
    maker = OrderMaker(2)
    live, acked = accepted(maker.created()[0])
    store.write(acked, filled(live, maker.execution(live, 100, 1_000, exec_key="K-new"))[1])
    assert reader.executions(ExecutionQuery(limit=10)).total == EACH + 1
    repeat = maker.execution(live, 100, 1_000, exec_key=history.last_key)
    assert store.outcome(store.append(filled(live, repeat)[1])) is False, "a fill of before is never booked twice"
    store.close()


def test_on_a_server_nobody_migrates_beneath_another_who_writes_or_migrates(tmp_path: Path) -> None:
    backend = backend_for(new_postgres_database(), tmp_path)
    writer = backend.writing_driver()
    with pytest.raises(StorageLocked, match="written by another session"):
        backend.migrate("9.9.9")
    assert backend.revision() == ""
    writer.close()
    backend.migrate("9.9.9")
    assert backend.revision() == HEAD
