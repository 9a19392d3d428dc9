"""The tables of market data: bars, the catalogue of tick chunks, feed quality.

Facts without an event behind them: they may be missed, so they are no projections, and nothing of the trading state
rests on them. Prices and volumes are exact integers on the decimals that the row states. Each grows with time alone; on
PostgreSQL each is cut into months, so that what is too old is dropped and not deleted. Rows
that an import brought are their owner's, and no age takes them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    false,
)

from workstation.storage.tables import TENANT, metadata

INTERVALS = (
    "1_MINUTE", "5_MINUTE", "15_MINUTE", "30_MINUTE", "1_HOUR", "4_HOUR", "1_DAY", "1_WEEK", "1_MONTH",
)  # fmt: skip
DATA_TYPES = ("OHLC", "TRADE", "BID_ASK", "VOLUME", "GREEKS", "IMPLIED_VOLATILITY")

TIME_COLUMNS = {"market_bars": "start_time", "tick_chunks": "first_ts", "market_snapshots": "snapshot_time"}
"""By table, the time that its months and its retention go by."""

WITH_IMPORTS = ("market_bars", "tick_chunks")
"""Those that imports write into."""


def _tenant() -> Column[str]:
    return Column("tenant_id", Text, primary_key=True, server_default=TENANT)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _integer(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _decimals(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def _imported() -> Column[bool]:
    """Return the column that says whether a file brought the row: then no age takes it away."""
    return Column("imported", Boolean, nullable=False, server_default=false())


def _any_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(" OR ".join(f"{column} = '{value}'" for value in values), name=column)


def _by_month(table: str) -> str:
    return f"RANGE ({TIME_COLUMNS[table]})"


market_bars = Table(
    "market_bars",
    metadata,
    _tenant(),
    _key("symbol"),
    _key("data_type"),
    _key("interval"),
    Column("start_time", BigInteger, primary_key=True, autoincrement=False),
    _integer("end_time"),
    _integer("open"),
    _integer("high"),
    _integer("low"),
    _integer("close"),
    _integer("volume"),
    _integer("open_interest", nullable=True),
    _decimals("price_decimals"),
    _decimals("qty_decimals"),
    _text("source"),
    _imported(),
    _any_of("data_type", DATA_TYPES),
    _any_of("interval", INTERVALS),
    CheckConstraint("high >= open AND high >= close AND high >= low", name="high"),
    CheckConstraint("low <= open AND low <= close", name="low"),
    CheckConstraint("start_time < end_time", name="times"),
    CheckConstraint("volume >= 0", name="volume"),
    Index("ix_market_bars_start_time", "tenant_id", "start_time"),
    Index("ix_market_bars_imported", "imported", "start_time"),
    postgresql_partition_by=_by_month("market_bars"),
)

tick_chunks = Table(
    "tick_chunks",
    metadata,
    _tenant(),
    _key("symbol"),
    Column("first_ts", BigInteger, primary_key=True, autoincrement=False),
    _key("file"),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    _integer("last_ts"),
    Column("size", Integer, nullable=False),
    Column("ticks", Integer, nullable=False),
    _decimals("price_decimals"),
    _decimals("qty_decimals"),
    _text("source"),
    _imported(),
    CheckConstraint("first_ts <= last_ts", name="times"),
    CheckConstraint("place >= 0 AND size > 0 AND ticks > 0", name="size"),
    Index("ix_tick_chunks_first_ts", "tenant_id", "first_ts", "symbol", "file", "place"),
    Index("ix_tick_chunks_last_ts", "tenant_id", "last_ts", "symbol", "file", "place"),
    Index("ix_tick_chunks_symbol", "tenant_id", "symbol", "last_ts", "file", "place"),
    Index("ix_tick_chunks_imported", "imported", "first_ts"),
    postgresql_partition_by=_by_month("tick_chunks"),
)
"""Where each chunk of recorded ticks lies: `size` bytes from `place` in `file`, a path below the folder of ticks."""

market_snapshots = Table(
    "market_snapshots",
    metadata,
    _tenant(),
    _key("data_source"),
    Column("snapshot_time", BigInteger, primary_key=True, autoincrement=False),
    _integer("total_instruments"),
    _integer("active_instruments"),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint("total_instruments >= 0 AND active_instruments >= 0", name="instruments"),
    Index("ix_market_snapshots_snapshot_time", "tenant_id", "snapshot_time", "data_source", "total_instruments"),
    postgresql_partition_by=_by_month("market_snapshots"),
)
