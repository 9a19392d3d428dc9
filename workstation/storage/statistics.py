"""What a server's planner knows of the tables: looked at anew once they have grown, so that lists go by an index.

PostgreSQL analyses parts of a table in its own time, and never the table that is cut into them; between many rows
written and that, lists are planned as if the table were empty. Runs on the pool of readers, beside the journal, from
the thread that looks after the database. A file's plans rest on no statistics.
"""

from collections.abc import Iterable

from sqlalchemy import DDL, Connection, Engine, func, select, text, true

from workstation.storage.tables import metadata

ROWS_MIN = 1_000
"""Rows that a table has grown by before anything is looked at."""

GROWTH = 1.2
"""How many times as long as at the last look a table has become."""

ROWS_A_PAGE = 10
"""What a page is taken to hold of a table that nobody has looked at yet."""

TIMEOUT_S = 120
"""How long one table may take: a look reads a sample, whose size does not grow with the table."""

_ROWS = text(
    """
    SELECT t.relname, GREATEST(t.reltuples, 0), sum(
        s.pages * CASE WHEN p.relpages > 0 AND p.reltuples >= 0 THEN p.reltuples / p.relpages ELSE :a_page END)
    FROM pg_class t
    JOIN pg_class p ON p.relkind = 'r' AND
        (p.oid = t.oid OR p.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = t.oid))
    CROSS JOIN LATERAL (SELECT pg_relation_size(p.oid) / CAST(current_setting('block_size') AS int) AS pages) s
    WHERE t.relkind IN ('r', 'p') AND t.relnamespace = CAST(current_schema() AS regnamespace)
    GROUP BY t.relname, t.reltuples ORDER BY t.relname
    """
)
"""By table the rows that the planner believes in, and those that its parts have by their length on the disk."""

_PATIENCE = select(func.set_config("statement_timeout", f"{TIMEOUT_S}s", true()))
_ANALYSE = "ANALYZE %(name)s"


class Statistics:
    """The planner's knowledge of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self) -> tuple[str, ...]:
        """Have the tables analysed that have grown by ROWS_MIN and GROWTH since they were; returns their names.

        Raises:
            StorageError: the database cannot be read.
        """
        if self._engine.dialect.name != "postgresql":
            return ()
        with self._engine.connect() as connection:
            rows = connection.execute(_ROWS, {"a_page": ROWS_A_PAGE}).all()
            grown = tuple(
                name
                for name, known, now in rows
                if name in metadata.tables and now >= known + ROWS_MIN and now >= known * GROWTH
            )
            analyse(connection, grown)
        return grown

    def renew(self) -> None:
        """Have every table analysed, whatever it has grown by; for what is measured right after it was filled."""
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect() as connection:
                analyse(connection, sorted(metadata.tables))


def analyse(connection: Connection, tables: Iterable[str]) -> None:
    """Have tables analysed with all their parts, one by one, each in a transaction of its own."""
    for name in tables:
        connection.execute(_PATIENCE)
        connection.execute(DDL(_ANALYSE, context={"name": name}))  # type: ignore[no-untyped-call]  # the library leaves it so
        connection.commit()
