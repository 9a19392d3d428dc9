"""Uses of API keys in the database; implements `ports.key_uses.KeyUses`. One row a key, added to and never read to add.

Written beside the journal, as rows that trading does not rest on: what cannot be stored now is offered again later.
"""

import threading
from collections.abc import Sequence

from sqlalchemy import BigInteger, CheckConstraint, Column, Engine, Table, Text, select
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.errors import StorageError
from workstation.ports.key_uses import KeyUse
from workstation.storage.driver import Statement
from workstation.storage.queue import Aside, WorkQueue
from workstation.storage.tables import metadata

WRITE_TIMEOUT_S = 10.0

key_uses = Table(
    "key_uses",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("last_used_at", BigInteger, nullable=False),
    Column("uses", BigInteger, nullable=False),
    CheckConstraint("uses > 0", name="uses"),
)

ADD = Statement(
    "INSERT INTO key_uses (tenant_id, key_id, last_used_at, uses) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (tenant_id, key_id) DO UPDATE SET uses = key_uses.uses + excluded.uses, last_used_at ="
    " CASE WHEN excluded.last_used_at > key_uses.last_used_at THEN excluded.last_used_at ELSE key_uses.last_used_at END"
)


class SqlKeyUses:
    """queue: the writer's, None where nothing is written here."""

    def __init__(self, engine: Engine, queue: WorkQueue | None) -> None:
        self._engine, self._queue = engine, queue

    def add(self, uses: Sequence[KeyUse]) -> bool:
        """Add to what is kept, in one transaction."""
        if self._queue is None or not uses:
            return False
        done, stored = threading.Event(), []

        def told(is_stored: bool) -> None:
            stored.append(is_stored)
            done.set()

        self._queue.put(Aside([(ADD, [(use.tenant, use.key_id, use.last_used_at, use.uses) for use in uses])], told))
        return done.wait(WRITE_TIMEOUT_S) and stored[0]

    def every(self) -> tuple[KeyUse, ...]:
        """Return what is kept of every key.

        Raises:
            StorageError: the database cannot be read.
        """
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(select(key_uses)).all()
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be read: {type(error).__name__}") from error
        return tuple(
            KeyUse(tenant=row.tenant_id, key_id=row.key_id, last_used_at=row.last_used_at, uses=row.uses)
            for row in rows
        )
