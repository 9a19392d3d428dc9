"""Rows that an import brought are told from recorded ones, so that no age takes them away."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TIMES = {"market_bars": "start_time", "tick_chunks": "first_ts"}
_BARS = (
    "UPDATE market_bars SET imported = TRUE WHERE source NOT IN (SELECT data_source FROM market_snapshots) AND EXISTS"
    " (SELECT 1 FROM data_instruments WHERE data_instruments.tenant_id = market_bars.tenant_id"
    " AND data_instruments.symbol = market_bars.symbol)"
)
"""Bars of instruments that came with an import, from a source that was never a feed: rather too many than too few."""

_TICKS = (
    "UPDATE tick_chunks SET imported = TRUE"
    " WHERE file LIKE '%.quotes-%' OR file LIKE '%.trades-%' OR file LIKE '%.book-%'"
)
"""An import names its files by what they hold."""


def upgrade() -> None:
    """Add the columns, mark what was imported, and make the indexes that retention goes by."""
    for table in _TIMES:
        op.add_column(table, sa.Column("imported", sa.Boolean(), server_default=sa.false(), nullable=False))
    for statement in (_BARS, _TICKS):
        op.execute(sa.text(statement))
    for table, time in _TIMES.items():
        op.create_index(f"ix_{table}_imported", table, ["imported", time])


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
