"""Orders of lists that were sorted: runs by their start, signals by confidence, periods by return; logins by person."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import LIVING

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_run_signals_confidence", "run_signals", ["tenant_id", "run_id", "confidence", "id"])
    op.create_index(
        "ix_run_performances_period_return", "run_performances", ["tenant_id", "run_id", "period_return", "id"]
    )
    _of_the_living("ix_strategy_runs_started_at", "strategy_runs", ["started_at"])
    _of_the_living("ix_user_sessions_user_id_created_at", "user_sessions", ["user_id", "created_at"])
    if op.get_bind().dialect.name == "postgresql":  # a run that waits stands last both ways, which is no index's order
        op.create_index(
            "ix_strategy_runs_started_at_desc",
            "strategy_runs",
            ["tenant_id", sa.text("started_at DESC NULLS LAST"), sa.text("id DESC")],
            postgresql_where=LIVING,
        )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _of_the_living(name: str, table: str, columns: list[str]) -> None:
    keys = ["tenant_id", *columns, "id"]
    op.create_index(name, table, keys, sqlite_where=LIVING, postgresql_where=LIVING)
