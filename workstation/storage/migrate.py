"""Bring a database to this program's schema: Alembic run by the program, no ini file, one transaction.

Upward only. The caller has made a backup of anything that holds data.
"""

import logging
from pathlib import Path

from sqlalchemy import Engine, text

_SCRIPTS = Path(__file__).with_name("migrations")
_NOTE = text(
    "INSERT INTO schema_meta (name, value) VALUES ('program_version', :version) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def upgrade(engine: Engine, revision: str, program_version: str) -> None:
    """Run every migration up to `revision` and note which program did it; all of it or nothing.

    engine: its transactions must hold DDL too (`sqlite.migrating_engine`, or any PostgreSQL engine).
    """
    from alembic import command  # noqa: PLC0415  needed on the first start and after an update only
    from alembic.config import Config  # noqa: PLC0415  the same

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.execute(_NOTE, {"version": program_version})
