"""Which version the database has, and whether this program may touch it.

The usual start reads one row and goes on; Alembic is loaded only where tables are missing or old.
"""

from sqlalchemy import Connection, inspect, text

from workstation.domain.errors import StorageOutdated

HEAD = "0026"
"""Revision that this program writes."""

KNOWN = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0009", "0010", "0011", "0012", "0013", "0014", "0015",
    "0016", "0017", "0018", "0019", "0020", "0021", "0022", "0023", "0024", "0025", HEAD,
)  # fmt: skip
"""Every released revision, oldest first."""


def revision_of(connection: Connection) -> str:
    """Return the database's revision, "" when it is empty.

    Raises:
        StorageOutdated: a newer program wrote it; nothing was touched, the text names that program.
    """
    if not inspect(connection).has_table("alembic_version"):
        return ""
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    if revision and revision not in KNOWN:
        writer = connection.execute(text("SELECT value FROM schema_meta WHERE name = 'program_version'")).scalar()
        raise StorageOutdated(
            f"the database has schema {revision}, written by Workstation {writer or 'of a later version'}; "
            f"this program knows schemas up to {HEAD}. Start Workstation {writer or 'in that version'} or later"
        )
    return str(revision)
