"""The tables of records: one a kind, made from one declaration each, and how a record becomes a row of its table.

A table has the columns that lists of the kind filter, sort and search by, unique rules among the living rows of a
tenant, and the whole record as JSON, which is what is read back. Runs on the journal thread; decides nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.types import TypeEngine

from workstation.domain.records import (
    UNIQUE,
    AccountRecord,
    AnyRecord,
    ApiKey,
    BrokerRecord,
    ComplianceRule,
    ConnectionRecord,
    InstrumentEntry,
    Invitation,
    MarketSubscription,
    Member,
    PnlSnapshot,
    Record,
    RiskLimit,
    RiskOverride,
    RuleType,
    StrategyDefinition,
    StrategyRun,
    Tenant,
    User,
    UserSession,
    Webhook,
    WebhookSource,
)
from workstation.domain.records.bounds import ALLOWED, RANGES
from workstation.domain.records.identity import InvitationStatus, Plan, Role
from workstation.domain.records.market import DeliveryMethod, SubscriptionStatus
from workstation.domain.records.strategies import StrategyRunStatus, StrategyStatus
from workstation.domain.records.venues import AccountStatus, AccountType, BrokerType, ConnectionType, RiskTolerance
from workstation.storage.driver import Statement, upsert
from workstation.storage.tables import metadata

_encode = msgspec.json.Encoder().encode
LIVING = text("deleted_at IS NULL")
FILLED = "filled"
"""What a column says of itself that has a value in every row."""

BASE = ("tenant_id", "id", "row_version", "created_at", "updated_at", "deleted_at", "seq", "state")


class RecordTable(NamedTuple):
    """One kind's table. fields: what is a column beside BASE, in order; searched: text columns that `search` reads."""

    kind: type[Record]
    table: Table
    fields: tuple[str, ...]
    searched: tuple[str, ...]
    statement: Statement
    decode: Callable[[bytes], AnyRecord]

    def parameters(self, seq: int, record: Record) -> tuple[Any, ...]:
        """Return the row of a record, stored with journal line `seq`."""
        base = (record.tenant, record.id, record.row_version, record.created_at, record.updated_at, record.deleted_at)
        return (*base, seq, _encode(record), *[_plain(getattr(record, field)) for field in self.fields])


def record_table(
    kind: type[Record],
    name: str,
    *,
    texts: Iterable[str] = (),
    flags: Iterable[str] = (),
    integers: Iterable[str] = (),
    enums: Mapping[str, type[StrEnum]] | None = None,
    searched: Iterable[str] = (),
    indexed: Iterable[tuple[str, ...]] = (),
    gaps: Iterable[str] = (),
) -> RecordTable:
    """Declare the table of a kind.

    texts, flags, integers: fields of the record that lists filter or sort by; absent values are NULL. enums: text
    fields with their allowed values, which the database checks too, as it does the bounds of `domain/records/bounds`.
    indexed: of a kind that grows by itself the columns that its lists come by; its other lists are walked by time.
    gaps: those of them that a row may lack; every other that is indexed on its own has a value in every row.
    """
    indexed = tuple(indexed)
    filled = {fields[0] for fields in indexed if len(fields) == 1} - {*gaps}
    types: dict[str, TypeEngine[Any]] = {
        **dict.fromkeys((*texts, *(enums or ())), Text()),
        **dict.fromkeys(flags, Boolean()),
        **dict.fromkeys(integers, BigInteger()),
    }
    unique = UNIQUE.get(kind, ())
    ranges: Mapping[str, tuple[int, int]] = RANGES.get(kind, {})
    allowed: Mapping[str, Iterable[str]] = {**(enums or {}), **ALLOWED.get(kind, {})}
    types.update({**dict.fromkeys(ranges, BigInteger()), **dict.fromkeys(allowed, Text())})
    types.update((field, Text()) for fields in unique for field in fields if field not in types)
    table = Table(
        name,
        metadata,
        Column("tenant_id", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("row_version", Integer, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("deleted_at", BigInteger, nullable=True),
        Column("seq", BigInteger, nullable=False),
        Column("state", LargeBinary, nullable=False),
        *[Column(field, column, nullable=True, info={FILLED: field in filled}) for field, column in types.items()],
        CheckConstraint("row_version > 0", name="row_version"),
        *[CheckConstraint(one_of(field, values), name=field) for field, values in allowed.items()],
        *[CheckConstraint(f"{field} BETWEEN {low} AND {high}", name=field) for field, (low, high) in ranges.items()],
        *[_unique(name, fields) for fields in unique],
        *[_index(name, fields) for fields in (("created_at",), *indexed)],
    )
    columns = (*BASE, *types)
    statement = upsert(table, columns, ("tenant_id", "id"), frozen=("created_at",))
    decode = msgspec.json.Decoder(kind).decode
    return RecordTable(kind, table, tuple(types), tuple(searched), statement, decode)  # type: ignore[arg-type]  # kinds are of AnyRecord


def one_of(field: str, values: Iterable[str]) -> str:
    """Return the condition that a column holds one of the values."""
    return " OR ".join(f"{field} = '{value}'" for value in values)


def _unique(name: str, fields: tuple[str, ...]) -> Index:
    """Return the index of a unique rule among the living rows of a tenant; the engine looks past the case as well."""
    index = f"uq_{name}_{'_'.join(fields)}"
    return Index(index, "tenant_id", *fields, unique=True, sqlite_where=LIVING, postgresql_where=LIVING)


def _index(name: str, fields: tuple[str, ...]) -> Index:
    """Return the index of a list: living rows of a tenant by these columns, and then by id."""
    index = f"ix_{name}_{'_'.join(fields)}"
    return Index(index, "tenant_id", *fields, "id", sqlite_where=LIVING, postgresql_where=LIVING)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


TABLES: Mapping[type[Record], RecordTable] = {
    declared.kind: declared
    for declared in (
        record_table(ApiKey, "api_keys", texts=("user_id", "name"), flags=("is_active",), searched=("name",)),
        record_table(Tenant, "tenants", texts=("name",), enums={"plan": Plan}, searched=("name", "slug")),
        record_table(User, "users", texts=("email",), flags=("is_active",), searched=("email",)),
        record_table(
            Member, "members", texts=("email",), flags=("is_active",), enums={"role": Role}, searched=("email",)
        ),
        record_table(
            Invitation,
            "invitations",
            texts=("email", "token_hash"),
            enums={"role": Role, "status": InvitationStatus},
            searched=("email",),
        ),
        record_table(
            UserSession, "user_sessions", texts=("user_id",), flags=("is_active",), indexed=(("user_id", "created_at"),)
        ),
        record_table(
            PnlSnapshot,
            "pnl_snapshots",
            texts=("account", "day"),
            integers=("net_order",),
            indexed=(("day",), ("net_order",), ("account", "day")),
        ),
        record_table(
            ComplianceRule,
            "compliance_rules",
            texts=("name",),
            enums={"rule_type": RuleType},
            flags=("is_active",),
            searched=("name",),
        ),
        record_table(RiskLimit, "risk_limits", texts=("name",), flags=("is_active",), searched=("name",)),
        record_table(RiskOverride, "risk_overrides", texts=("limit_type", "account", "symbol")),
        record_table(
            MarketSubscription,
            "market_subscriptions",
            texts=("user_id",),
            enums={"status": SubscriptionStatus, "delivery_method": DeliveryMethod},
        ),
        record_table(InstrumentEntry, "instrument_entries"),
        record_table(Webhook, "webhooks", texts=("name",), flags=("is_active",), searched=("name",)),
        record_table(WebhookSource, "webhook_sources", texts=("name",), flags=("is_active",), searched=("name",)),
        record_table(
            StrategyDefinition,
            "strategies",
            texts=("name", "description", "strategy_type", "risk_profile", "user_id", "tag_words"),
            enums={"status": StrategyStatus},
            flags=("is_approved",),
            integers=("pnl_order",),
            searched=("name", "description"),
        ),
        record_table(
            StrategyRun,
            "strategy_runs",
            texts=("strategy_id", "account", "user_id"),
            enums={"status": StrategyRunStatus},
            integers=("started_at", "pnl_order", "capital_order"),
            indexed=(
                ("status",),
                ("pnl_order",),
                ("capital_order",),
                ("started_at",),
                *[(name, "created_at") for name in ("strategy_id", "account", "user_id", "status")],
            ),
            gaps=("started_at",),
        ),
        record_table(
            BrokerRecord,
            "brokers",
            texts=("name",),
            enums={"broker_type": BrokerType},
            flags=("is_active",),
            searched=("name",),
        ),
        record_table(
            ConnectionRecord,
            "connections",
            texts=("name", "broker_id"),
            enums={"connection_type": ConnectionType},
            flags=("is_active",),
            searched=("name",),
        ),
        record_table(
            AccountRecord,
            "broker_accounts",
            texts=("account_number", "broker_id", "connection_id"),
            enums={"account_type": AccountType, "status": AccountStatus, "risk_tolerance": RiskTolerance},
            flags=("is_active", "is_paper"),
            searched=("account_number", "account_name"),
        ),
    )
}
"""Every kind's table."""
