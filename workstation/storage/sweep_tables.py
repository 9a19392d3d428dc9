"""Tables of sweeps: one row a sweep, one row a trial; the JSON is what is read back."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, Table, Text

from workstation.ports.sweeps import SweepStatus, TrialStatus
from workstation.storage.driver import Statement, insert, upsert
from workstation.storage.record_tables import one_of
from workstation.storage.tables import TENANT, metadata

sweeps = Table(
    "sweeps",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint(one_of("status", SweepStatus), name="status"),
)

sweep_trials = Table(
    "sweep_trials",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    Column("sweep_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fold", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint(one_of("status", TrialStatus), name="status"),
)

SAVE_SWEEP = upsert(
    sweeps,
    ("tenant_id", "id", "created_at", "updated_at", "status", "state"),
    ("tenant_id", "id"),
    frozen=("created_at",),
)
_TRIAL = insert(sweep_trials, ("tenant_id", "sweep_id", "fold", "number", "status", "state"))
ADD_TRIAL = _TRIAL._replace(text=_TRIAL.text + " ON CONFLICT DO NOTHING")
"""A trial that is kept stays as it is."""

DELETE_TRIALS = Statement("DELETE FROM sweep_trials WHERE tenant_id = ? AND sweep_id = ?")
DELETE_SWEEP = Statement("DELETE FROM sweeps WHERE tenant_id = ? AND id = ?")
NEWEST_ID = Statement("SELECT max(id) FROM sweeps WHERE tenant_id = ?")
READ_SWEEPS = Statement("SELECT state FROM sweeps WHERE tenant_id = ? ORDER BY id DESC")
READ_SWEEP = Statement("SELECT state FROM sweeps WHERE tenant_id = ? AND id = ?")
READ_TRIALS = Statement("SELECT state FROM sweep_trials WHERE tenant_id = ? AND sweep_id = ? ORDER BY fold, number")
