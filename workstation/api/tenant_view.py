"""What a tenant without accounts here sees: its own records and audit, market data, and nothing of anybody's trading.

The accounts of this installation belong to its own tenant. Any other works on a reader that answers trading questions
as if nothing had ever been traded, and on an engine that takes record commands of that tenant alone. What is not named
here is not answered: a new question is closed until somebody opens it.
"""

from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from workstation.api.engine import Engine
from workstation.api.errors import ApiError
from workstation.api.names import Names
from workstation.api.services import Services
from workstation.commands.limits import RiskStanding
from workstation.commands.records import ChangeRecord, CreateRecord, DeleteRecord, NoteAudit
from workstation.commands.registry import CommandResult
from workstation.domain.accounts import KillState
from workstation.domain.audit import AuditEntry
from workstation.domain.executions import BalanceState, Execution
from workstation.domain.orders import OrderState, Origin
from workstation.domain.records import LOCAL_TENANT, Record, Tenant, User, UserSession, kind_of
from workstation.ports.connection_log import ConnectionLogReader
from workstation.ports.deliveries import Deliveries
from workstation.ports.key_uses import KeyUses
from workstation.ports.market_store import MarketReader
from workstation.ports.run_rows import RunReader
from workstation.ports.store import (
    AuditPage,
    AuditQuery,
    AuditVerification,
    ExecutionPage,
    ExecutionQuery,
    IdempotencyRecord,
    JournalLine,
    OrderPage,
    OrderQuery,
    OrderTransition,
    PositionPage,
    PositionQuery,
    Reader,
    RecordPage,
    RecordQuery,
)

R = TypeVar("R", bound=Record)
OF_THE_INSTALLATION = (Tenant, User, UserSession)
"""Kinds that are kept in one place for all tenants; routes narrow them to the caller's."""

OF_NOBODY = frozenset({"market.latest", "market.fetch_bars"})
"""Commands about market data, which belongs to nobody."""


def seen_from(services: Services, tenant: str) -> Services:
    """Return the services as a tenant sees them: whole for the installation's own, else without trading."""
    if tenant == LOCAL_TENANT:
        return services
    reader = TenantReader(services.reader, tenant)
    return replace(
        services,
        reader=reader,
        names=Names(services.names.instruments, (), reader),
        session=msgspec.structs.replace(services.session, accounts=()),
        engine=TenantEngine(services.engine, tenant),
        installation=services,
    )


class TenantEngine(Engine):
    """The engine's door for a tenant that trades nothing here."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine, self._tenant = engine, tenant

    async def call(self, command_id: str, params: msgspec.Struct, origin: Origin, **more: Any) -> CommandResult:
        """Run a record command of the tenant.

        Raises:
            ApiError: 404, the command is about something that the tenant does not have.
        """
        if command_id == "risk.standing":
            return CommandResult(ok=True, text="", data=RiskStanding(limits=(), locked=(), armed=False))
        if not self._is_own(command_id, params):
            raise ApiError("NOT_FOUND", "This tenant has no accounts here.")
        return await self._engine.call(command_id, params, origin, **more)

    @property
    def unanswered(self) -> int:
        """How many calls of the whole installation wait for the engine's answer."""
        return self._engine.unanswered

    def _is_own(self, command_id: str, params: msgspec.Struct) -> bool:
        if command_id in OF_NOBODY:
            return True
        tenant = None
        if isinstance(params, NoteAudit):
            tenant = params.entry.tenant
        elif isinstance(params, CreateRecord):
            tenant = params.record.tenant
        elif isinstance(params, ChangeRecord | DeleteRecord):
            tenant = params.tenant
        shared = command_id.partition(".")[0] in {kind_of(kind) for kind in OF_THE_INSTALLATION}
        return tenant == self._tenant or (shared and tenant == LOCAL_TENANT)


class TenantReader:
    """Implements `ports.store.Reader` for one tenant that trades nothing here."""

    def __init__(self, reader: Reader, tenant: str) -> None:
        self._reader, self._tenant = reader, tenant
        self.oldest_seq, self.newest_seq, self.ping_write = reader.oldest_seq, reader.newest_seq, reader.ping_write
        self.search_backlog = reader.search_backlog

    @property
    def market(self) -> MarketReader:
        """Market data belongs to nobody."""
        return self._reader.market

    @property
    def deliveries(self) -> Deliveries:
        """Deliveries are looked up by a webhook that was found first."""
        return self._reader.deliveries

    @property
    def key_uses(self) -> KeyUses:
        """Uses are looked up by a key that was found first."""
        return self._reader.key_uses

    @property
    def runs(self) -> RunReader:
        """Rows of runs are asked for by tenant, of a run that was found first."""
        return self._reader.runs

    @property
    def connection_logs(self) -> ConnectionLogReader:
        """Lines are asked for by tenant, of a connection that was found first."""
        return self._reader.connection_logs

    def events(self, after_seq: int, limit: int) -> tuple[JournalLine, ...]:
        """Return journal lines; the envelopes made of them say who may see which."""
        return self._reader.events(after_seq, limit)

    def idempotency(self, credential: str, method: str, route: str, key: str, now_ns: int) -> IdempotencyRecord | None:
        """Return the record of a key; the credential is the tenant's."""
        return self._reader.idempotency(credential, method, route, key, now_ns)

    def records(self, kind: type[Record], query: RecordQuery) -> RecordPage:
        """List the tenant's own records, and those of the installation."""
        if not self._may_read(kind, query.tenant):
            return RecordPage((), 0 if query.with_count else None, has_next=False)
        return self._reader.records(kind, query)

    def record(self, kind: type[R], tenant: str, record_id: str) -> R | None:
        """Return one of the tenant's own records, or of the installation's."""
        return self._reader.record(kind, tenant, record_id) if self._may_read(kind, tenant) else None

    def audit(self, query: AuditQuery) -> AuditPage:
        """List the tenant's audit entries."""
        return self._reader.audit(msgspec.structs.replace(query, tenant=self._tenant))

    def audit_entry(self, _tenant: str, sequence: int) -> AuditEntry | None:
        """Return one of the tenant's audit entries."""
        return self._reader.audit_entry(self._tenant, sequence)

    def verify_audit(self, _tenant: str) -> AuditVerification:
        """Walk the tenant's audit chain."""
        return self._reader.verify_audit(self._tenant)

    # Trading, of which there is none

    def orders(self, query: OrderQuery) -> OrderPage:
        """List nothing."""
        return OrderPage((), _none(query), has_next=False)

    def order(self, _uid: str) -> OrderState | None:
        """Return nothing."""
        return None

    def order_by_client_id(self, _cl_ord_id: str) -> OrderState | None:
        """Return nothing."""
        return None

    def transitions(self, _cl_ord_id: str) -> tuple[OrderTransition, ...]:
        """Return nothing."""
        return ()

    def executions(self, query: ExecutionQuery) -> ExecutionPage:
        """List nothing."""
        return ExecutionPage((), _none(query), has_next=False)

    def execution(self, _uid: str) -> Execution | None:
        """Return nothing."""
        return None

    def positions(self, query: PositionQuery) -> PositionPage:
        """List nothing."""
        return PositionPage((), _none(query), has_next=False)

    def balances(self, _account: str) -> tuple[BalanceState, ...]:
        """Return nothing."""
        return ()

    def kill_switches(self) -> tuple[KillState, ...]:
        """Return nothing."""
        return ()

    def _may_read(self, kind: type[Record], tenant: str) -> bool:
        return tenant == self._tenant or (tenant == LOCAL_TENANT and kind in OF_THE_INSTALLATION)


def _none(query: OrderQuery | ExecutionQuery | PositionQuery) -> int | None:
    return 0 if query.with_count else None
