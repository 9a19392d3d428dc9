"""Record commands: create, change and delete each kind of record, and note an audit entry beside the journal.

One generic path for all kinds: the engine stamps id, times and version, keeps unique names unique, lets of two writers
with one version exactly one win, and asks the kind's own check before it records. Doors pass plain values; a secret
comes in hashed or encrypted. Every answer goes out when its effect is durable.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from workstation.commands.compliance import rule_effects
from workstation.commands.context import EngineContext
from workstation.commands.limits import check_limit, limit_effects
from workstation.commands.market_outside import TakeOutside, check_source, take_outside
from workstation.commands.outcomes import Refusal, storage_code
from workstation.commands.permits import check_key
from workstation.commands.records_identity import check_member, check_tenant, check_user
from workstation.commands.records_market import check_instrument, check_subscription
from workstation.commands.records_risk import check_override
from workstation.commands.records_strategies import check_run, check_strategy
from workstation.commands.records_venues import (
    account_effects,
    broker_effects,
    check_account,
    check_broker,
    check_connection,
    connection_effects,
    standing,
)
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.domain.audit import AuditEntry
from workstation.domain.errors import Duplicate, NotFound, QuotaExceeded, StateConflict, ValidationError
from workstation.domain.events import AuditNoted, Event, RecordSaved
from workstation.domain.records import (
    LOCAL_TENANT,
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
    StrategyDefinition,
    StrategyRun,
    Tenant,
    User,
    UserSession,
    Webhook,
    WebhookSource,
    kind_of,
)
from workstation.domain.records.bounds import most_of, out_of_bounds

RECORDS = "Records"
STAMPED = frozenset({"id", "tenant", "row_version", "created_at", "updated_at", "deleted_at"})
"""Fields that the engine alone sets."""


Check = Callable[[EngineContext, Record | None, Record], None]
"""A kind's own check of a save: before (None for a new one) and after; raises a UserError to refuse."""


Effects = Callable[[EngineContext, Record | None, Record, str], Sequence[Event]]
"""Events that go with a save: before, after and the actor."""


class CreateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Keep a new record; `record` is a draft: times, version and an id that it lacks are the engine's.

    also: drafts of other kinds, with ids, that are kept in the same transaction or not at all.
    """

    record: AnyRecord
    also: tuple[AnyRecord, ...] = ()


class ChangeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Change fields of a record. expected_version: the one that was read, None for any; also: as for a new record."""

    id: str
    changes: dict[str, Any]
    expected_version: int | None = None
    tenant: str = LOCAL_TENANT
    also: tuple[AnyRecord, ...] = ()


class DeleteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Delete a record: it leaves lists and frees its name; history keeps it."""

    id: str
    expected_version: int | None = None
    tenant: str = LOCAL_TENANT


class NoteAudit(msgspec.Struct, frozen=True, kw_only=True):
    """Store the audit entry of a write that was refused or changed nothing."""

    entry: AuditEntry


class RecordKind(msgspec.Struct, frozen=True, kw_only=True):
    """How a kind is kept. noun: its name in sentences; scope: what changing one needs; check: its own rules.

    effects: what a save changes elsewhere, recorded in the same transaction. built_in: what stands under an id in its
    first version before anybody changed it.
    """

    record: type[AnyRecord]
    noun: str
    scope: str
    check: Check | None = None
    effects: Effects | None = None
    built_in: Callable[[EngineContext, str], AnyRecord | None] | None = None


KINDS: tuple[RecordKind, ...] = (
    RecordKind(record=MarketSubscription, noun="subscription", scope="marketdata:subscribe", check=check_subscription),
    RecordKind(record=InstrumentEntry, noun="instrument", scope="instruments:manage", check=check_instrument),
    RecordKind(record=Tenant, noun="tenant", scope="tenants:manage", check=check_tenant),
    RecordKind(record=User, noun="user", scope="users:manage", check=check_user),
    RecordKind(record=Member, noun="member", scope="tenants:manage", check=check_member),
    RecordKind(record=Invitation, noun="invitation", scope="tenants:manage"),
    RecordKind(record=UserSession, noun="session", scope="desktop"),
    RecordKind(record=ApiKey, noun="API key", scope="apikeys:manage", check=check_key),
    RecordKind(record=PnlSnapshot, noun="P&L snapshot", scope="desktop"),
    RecordKind(record=ComplianceRule, noun="rule", scope="compliance:manage", effects=rule_effects),
    RecordKind(record=RiskLimit, noun="limit", scope="risk:manage", check=check_limit, effects=limit_effects),
    RecordKind(record=RiskOverride, noun="override", scope="risk:override", check=check_override),
    RecordKind(record=Webhook, noun="webhook", scope="webhooks:manage"),
    RecordKind(record=WebhookSource, noun="webhook source", scope="webhooks:manage", check=check_source),
    RecordKind(record=StrategyDefinition, noun="strategy", scope="strategies:manage", check=check_strategy),
    RecordKind(record=StrategyRun, noun="run", scope="strategies:run", check=check_run),
    RecordKind(
        record=BrokerRecord, noun="broker", scope="brokers:manage", check=check_broker, effects=broker_effects,
        built_in=standing,
    ),
    RecordKind(
        record=ConnectionRecord, noun="connection", scope="brokers:manage", check=check_connection,
        effects=connection_effects, built_in=standing,
    ),
    RecordKind(
        record=AccountRecord, noun="account", scope="brokers:manage", check=check_account, effects=account_effects,
        built_in=standing,
    ),
)  # fmt: skip
"""Every kind that commands may change."""


def register(commands: CommandRegistry) -> None:
    """Declare the commands of every kind, as `api_key.create`, `api_key.update` and `api_key.delete`."""
    for kind in KINDS:
        steps = RecordSteps(kind)
        name = kind_of(kind.record)
        commands.declare(
            RECORDS,
            (
                (f"{name}.create", f"Create {kind.noun}", CreateRecord, kind.scope, steps.create),
                (f"{name}.update", f"Change {kind.noun}", ChangeRecord, kind.scope, steps.change),
                (f"{name}.delete", f"Delete {kind.noun}", DeleteRecord, kind.scope, steps.delete),
            ),
        )
    commands.declare(
        RECORDS,
        (
            ("audit.note", "Note in the audit", NoteAudit, "desktop", note_audit),
            ("market.take", "Take market data from outside", TakeOutside, "webhooks:receive", take_outside),
        ),
    )


def note_audit(context: EngineContext, params: NoteAudit, call: Invocation) -> None:
    """Store one audit entry."""
    actor = call.origin.actor
    entry = params.entry
    noted = AuditNoted(action=entry.action, actor=actor, ts=context.clock.now_ns(), tenant=entry.tenant)
    seq = context.desk.recorder.record([noted], actor=actor, rows=(entry,))
    _answer(context, seq, call, CommandResult(ok=True, text="Noted."))


def record_steps(record: type[AnyRecord]) -> "RecordSteps":
    """Return what keeps a kind, for commands that do something before it."""
    [kind] = [kind for kind in KINDS if kind.record is record]
    return RecordSteps(kind)


class RecordSteps:
    """What the three commands of a kind run."""

    def __init__(self, kind: RecordKind) -> None:
        self._kind = kind

    def create(self, context: EngineContext, params: CreateRecord, call: Invocation) -> None:
        """Keep a new record."""
        if not isinstance(params.record, self._kind.record):
            raise ValidationError("record", f"is no {self._kind.noun}")
        _refuse_too_many(context, params.record, self._kind.noun)
        saved = _new(context, params.record, call.origin.actor)
        self._save(context, call, None, saved.record, saved.changed, also=params.also)

    def change(self, context: EngineContext, params: ChangeRecord, call: Invocation) -> None:
        """Change fields of a record; a change to what it is already keeps its version."""
        before = self._required(context, params.tenant, params.id, params.expected_version)
        wrong = sorted(set(params.changes) - (set(before.__struct_fields__) - STAMPED))
        if wrong:
            raise ValidationError(wrong[0], f"cannot be changed on this {self._kind.noun}")
        changed = tuple(name for name, value in params.changes.items() if getattr(before, name) != value)
        if not changed:
            call.reply(self._done("is unchanged", before))
            return
        version, now = before.row_version + 1, context.clock.now_ns()
        record = msgspec.structs.replace(before, **params.changes, row_version=version, updated_at=now)
        self._save(context, call, before, record, changed, also=params.also)

    def delete(self, context: EngineContext, params: DeleteRecord, call: Invocation) -> None:
        """Delete a record."""
        before = self._required(context, params.tenant, params.id, params.expected_version)
        version, now = before.row_version + 1, context.clock.now_ns()
        record = msgspec.structs.replace(before, row_version=version, updated_at=now, deleted_at=now)
        self._save(context, call, before, record, ("deleted_at",))

    def _required(self, context: EngineContext, tenant: str, record_id: str, expected: int | None) -> AnyRecord:
        """Return the living record in the version that the caller expects.

        Raises:
            NotFound: the tenant has no such record.
            StateConflict: it has changed since; `allowed` names the version that it has now.
        """
        found = context.state.records.find(self._kind.record, tenant, record_id)
        if found is None and tenant == LOCAL_TENANT and self._kind.built_in is not None:
            made = self._kind.built_in(context, record_id)
            found = made if isinstance(made, self._kind.record) else None
        if found is None:
            raise NotFound(self._kind.noun, record_id)
        if expected not in (None, found.row_version):
            now = str(found.row_version)
            raise StateConflict(f"The {self._kind.noun} has changed since.", state=now, allowed=(now,))
        return found

    def _save(
        self,
        context: EngineContext,
        call: Invocation,
        before: AnyRecord | None,
        record: AnyRecord,
        changed: tuple[str, ...],
        *,
        also: Sequence[AnyRecord] = (),
    ) -> None:
        if record.deleted_at is None and (holder := context.state.records.holder(record)) is not None:
            text = f"There is a {self._kind.noun} with that name already."
            data = Refusal(record_id=holder)
            call.reply(CommandResult(ok=False, code="DUPLICATE", text=text, data=data))
            return
        _refuse_out_of_bounds(record)
        if self._kind.check is not None:
            self._kind.check(context, before, record)
        actor = call.origin.actor
        if isinstance(record, RiskLimit):
            record = msgspec.structs.replace(record, changed_by=actor)
        saved = RecordSaved(record=record, changed=changed, actor=actor, ts=record.updated_at)
        effects = () if self._kind.effects is None else self._kind.effects(context, before, record, actor)
        beside = [_beside(context, draft, actor) for draft in also]
        seq = context.desk.recorder.record([*effects, *beside, saved], actor=actor, attach=call.attach)
        verb = "deleted" if record.deleted_at is not None else "created" if before is None else "changed"
        _answer(context, seq, call, self._done(f"is {verb}", record))

    def _done(self, what: str, record: AnyRecord) -> CommandResult:
        return CommandResult(ok=True, text=f"{self._kind.noun[:1].upper()}{self._kind.noun[1:]} {what}.", data=record)


def _new(context: EngineContext, draft: AnyRecord, actor: str) -> RecordSaved:
    """Return the save of a draft with the engine's stamp."""
    now = context.clock.now_ns()
    record = msgspec.structs.replace(
        draft, id=draft.id or context.ids.uid(), row_version=1, created_at=now, updated_at=now
    )
    changed = tuple(name for name in record.__struct_fields__ if name not in STAMPED)
    return RecordSaved(record=record, changed=changed, actor=actor, ts=now)


def _beside(context: EngineContext, draft: AnyRecord, actor: str) -> RecordSaved:
    """Return the save of a draft that goes with another record.

    Raises:
        Duplicate: another living record has its name.
        QuotaExceeded: the tenant has as many of the kind as it may.
    """
    [kind] = [kind for kind in KINDS if kind.record is type(draft)]
    _refuse_too_many(context, draft, kind.noun)
    saved = _new(context, draft, actor)
    if (holder := context.state.records.holder(saved.record)) is not None:
        raise Duplicate(f"There is a {kind.noun} with that name already.", record_id=holder)
    _refuse_out_of_bounds(saved.record)
    if kind.check is not None:
        kind.check(context, None, saved.record)
    return saved


def _refuse_too_many(context: EngineContext, draft: Record, noun: str) -> None:
    """Refuse another record of a kind that there are enough of.

    Raises:
        QuotaExceeded: the tenant has as many as it may.
    """
    most, current = most_of(type(draft)), context.state.records.count(type(draft), draft.tenant)
    if most is not None and current >= most:
        raise QuotaExceeded(f"There are {current:,} of at most {most:,} {noun}s.", most=most, current=current)


def _refuse_out_of_bounds(record: Record) -> None:
    """Refuse a field that holds what it may not.

    Raises:
        ValidationError: naming the field and what it may hold.
    """
    fault = out_of_bounds(record)
    if fault is not None:
        raise ValidationError(fault[0], "is out of bounds", allowed=fault[1])


def _answer(context: EngineContext, seq: int, call: Invocation, done: CommandResult) -> None:
    """Reply once the line is durable, or say that it cannot become so."""

    def reply(durable: bool) -> None:
        trouble = f"It could not be stored: {context.journal.trouble or 'storage failed'}."
        call.reply(done if durable else CommandResult(ok=False, code=storage_code(trouble), text=trouble))

    context.journal.when_durable(seq, reply)
