"""A database of each earlier schema, with a fill and an order that is open, opened by today's program.

The rows are what the running program wrote; each earlier schema is made by its own migrations and takes what it has
columns for, as the program of that time would have left it. Nothing may be lost on the way up, and trading goes on.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, inspect

from tests.contract.test_store_migrations_history import engine_of, stored
from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import ACCOUNT, cancel, filled_order, limit_order, on_engine, unlocked, wait_for
from workstation.app.bootstrap import Program
from workstation.domain.orders import OrderState, OrdStatus
from workstation.storage import migrate
from workstation.storage.backend import backend_for
from workstation.storage.schema import HEAD, KNOWN
from workstation.storage.tables import metadata
from workstation.storage.verify import verify

EARLIER = tuple(revision for revision in KNOWN if revision != HEAD)
STARTED = EARLIER[:: max(len(EARLIER) // 4, 1)]
"""Schemas from which the whole program is started, not its storage alone."""


def facts(program: Program, orders: list[str]) -> tuple[list[OrderState], dict[str, int]]:
    """Return what the core holds of these orders, but for what each look at the venue moves, and of the account."""
    state = program.engine.core.state
    held = {row.symbol: row.qty for row in state.ledger.positions() if (row.account, row.strategy_id) == (ACCOUNT, "*")}
    return [replace(state.book.get(key), version=0, updated_at=0) for key in orders], held


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], Any, dict[str, list[dict[str, Any]]]]:
    """Return a home that was traded in, its two orders, what the core held of them, and its rows by table."""
    home = tmp_path_factory.mktemp("traded")
    with running_headless(home) as program:
        orders = [filled_order(program).cl_ord_id, limit_order(program).cl_ord_id]
        kept = on_engine(program, lambda: facts(program, orders))
    rows = {name: [row._asdict() for row in found] for name, found in stored(engine_of("", home)).items()}
    return home, orders, kept, rows


def taken_back(home: Path, revision: str, rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Put a database of an earlier schema with these rows in the place of the home's; returns its tables' columns."""
    for file in home.glob("workstation.db*"):
        file.unlink()
    engine: Engine = engine_of("", home)
    migrate.upgrade(engine, revision, "1.0")
    columns: dict[str, list[str]] = {}
    with engine.begin() as connection:
        tables = inspect(connection).get_table_names()
        for name, found in rows.items():
            if name not in tables or name == "schema_meta":
                continue
            columns[name] = [column["name"] for column in inspect(connection).get_columns(name)]
            connection.execute(metadata.tables[name].delete())
            if found:
                values = [{key: row[key] for key in columns[name]} for row in found]
                connection.execute(metadata.tables[name].insert(), values)
    engine.dispose()
    return columns


@pytest.mark.parametrize("revision", EARLIER)
def test_every_row_of_an_earlier_schema_is_there_after_the_way_up(traded: Any, revision: str, tmp_path: Path) -> None:
    _, _, _, rows = traded
    columns = taken_back(tmp_path, revision, rows)
    before = stored(engine_of("", tmp_path), columns)
    assert {name for name, found in before.items() if found} >= {"journal", "orders", "executions", "positions"}
    backend_for("", tmp_path).migrate("1.1")
    assert stored(engine_of("", tmp_path), columns) == before
    assert verify("", tmp_path).intact


@pytest.mark.parametrize("revision", STARTED)
def test_todays_program_replays_it_agrees_with_the_venue_and_goes_on(
    traded: Any, revision: str, tmp_path: Path
) -> None:
    lived, orders, kept, rows = traded
    home = tmp_path / "home"
    shutil.copytree(lived, home)
    taken_back(home, revision, rows)
    with running_headless(home) as program:
        unlocked(program)
        found, held = on_engine(program, lambda: facts(program, orders))
        assert (found, held) == kept
        assert cancel(program, orders[1]).ok
        book = program.engine.core.state.book
        wait_for(lambda: on_engine(program, lambda: book.get(orders[1]).status is OrdStatus.CANCELLED))
    assert verify("", home).intact
