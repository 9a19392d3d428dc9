"""Market data: bars, the catalogue of tick chunks, feed quality. On PostgreSQL each is cut into months."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import create_record_table, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INTERVALS = (
    "1_MINUTE", "5_MINUTE", "15_MINUTE", "30_MINUTE", "1_HOUR", "4_HOUR", "1_DAY", "1_WEEK", "1_MONTH",
)  # fmt: skip
_DATA_TYPES = ("OHLC", "TRADE", "BID_ASK", "VOLUME", "GREEKS", "IMPLIED_VOLATILITY")


def upgrade() -> None:
    """Create every table."""
    _market_bars()
    _tick_chunks()
    _market_snapshots()
    create_record_table(
        "market_subscriptions",
        [text("user_id"), text("status"), text("delivery_method")],
        allowed={
            "status": ("ACTIVE", "PAUSED", "CANCELLED", "ERROR"),
            "delivery_method": ("SSE", "WEBHOOK", "POLLING"),
        },
    )
    create_record_table("instrument_entries", [text("symbol")], unique=[("symbol",)])


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _market_bars() -> None:
    op.create_table(
        "market_bars",
        _tenant(),
        _text("symbol"),
        _text("data_type"),
        _text("interval"),
        _key_number("start_time"),
        _number("end_time"),
        _number("open"),
        _number("high"),
        _number("low"),
        _number("close"),
        _number("volume"),
        sa.Column("open_interest", sa.BigInteger(), nullable=True),
        _decimals("price_decimals"),
        _decimals("qty_decimals"),
        _text("source"),
        sa.CheckConstraint(_any_of("data_type", _DATA_TYPES), name=op.f("ck_market_bars_data_type")),
        sa.CheckConstraint(_any_of("interval", _INTERVALS), name=op.f("ck_market_bars_interval")),
        sa.CheckConstraint("high >= open AND high >= close AND high >= low", name=op.f("ck_market_bars_high")),
        sa.CheckConstraint("low <= open AND low <= close", name=op.f("ck_market_bars_low")),
        sa.CheckConstraint("start_time < end_time", name=op.f("ck_market_bars_times")),
        sa.CheckConstraint("volume >= 0", name=op.f("ck_market_bars_volume")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "symbol", "data_type", "interval", "start_time", name=op.f("pk_market_bars")
        ),
        postgresql_partition_by="RANGE (start_time)",
    )
    op.create_index("ix_market_bars_start_time", "market_bars", ["tenant_id", "start_time"])


def _tick_chunks() -> None:
    op.create_table(
        "tick_chunks",
        _tenant(),
        _text("symbol"),
        _key_number("first_ts"),
        _text("file"),
        _key_number("place"),
        _number("last_ts"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("ticks", sa.Integer(), nullable=False),
        _decimals("price_decimals"),
        _decimals("qty_decimals"),
        _text("source"),
        sa.CheckConstraint("first_ts <= last_ts", name=op.f("ck_tick_chunks_times")),
        sa.CheckConstraint("place >= 0 AND size > 0 AND ticks > 0", name=op.f("ck_tick_chunks_size")),
        sa.PrimaryKeyConstraint("tenant_id", "symbol", "first_ts", "file", "place", name=op.f("pk_tick_chunks")),
        postgresql_partition_by="RANGE (first_ts)",
    )
    op.create_index("ix_tick_chunks_first_ts", "tick_chunks", ["tenant_id", "first_ts", "symbol", "file", "place"])
    op.create_index("ix_tick_chunks_last_ts", "tick_chunks", ["tenant_id", "last_ts", "symbol", "file", "place"])
    op.create_index("ix_tick_chunks_symbol", "tick_chunks", ["tenant_id", "symbol", "last_ts", "file", "place"])


def _market_snapshots() -> None:
    op.create_table(
        "market_snapshots",
        _tenant(),
        _text("data_source"),
        _key_number("snapshot_time"),
        _number("total_instruments"),
        _number("active_instruments"),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "total_instruments >= 0 AND active_instruments >= 0", name=op.f("ck_market_snapshots_instruments")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "data_source", "snapshot_time", name=op.f("pk_market_snapshots")),
        postgresql_partition_by="RANGE (snapshot_time)",
    )
    op.create_index(
        "ix_market_snapshots_snapshot_time", "market_snapshots", ["tenant_id", "snapshot_time", "data_source"]
    )


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _key_number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _decimals(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), nullable=False)


def _any_of(column: str, values: tuple[str, ...]) -> str:
    return " OR ".join(f"{column} = '{value}'" for value in values)
