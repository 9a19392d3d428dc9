"""The table of backtests: one row each; the JSON is what is read back, the rows are for the report alone."""

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, Table, Text

from workstation.ports.backtests import BacktestStatus
from workstation.storage.driver import Statement, upsert
from workstation.storage.record_tables import one_of
from workstation.storage.tables import TENANT, metadata

backtests = Table(
    "backtests",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("run", LargeBinary, nullable=False),
    CheckConstraint(one_of("status", BacktestStatus), name="status"),
)

SAVE_BACKTEST = upsert(
    backtests,
    ("tenant_id", "id", "created_at", "updated_at", "status", "state", "run"),
    ("tenant_id", "id"),
    frozen=("created_at",),
)
DELETE_BACKTEST = Statement("DELETE FROM backtests WHERE tenant_id = ? AND id = ?")
DELETE_OLD = Statement("DELETE FROM backtests WHERE tenant_id = ? AND id <= ?")
NEWEST_ID = Statement("SELECT max(id) FROM backtests WHERE tenant_id = ?")
READ_BACKTESTS = Statement("SELECT state FROM backtests WHERE tenant_id = ? ORDER BY id DESC")
READ_ROWS = Statement("SELECT run FROM backtests WHERE tenant_id = ? AND id = ?")
