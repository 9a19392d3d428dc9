"""Risk limits as records: each change of one is, in the same transaction, the change of what the gate enforces.

Also what is used of each limit now, and the return of a temporary value to the one before it.
"""

from collections.abc import Iterator, Sequence

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.permits import permit_uses
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.accounts import LockState
from workstation.domain.errors import StateConflict, ValidationError
from workstation.domain.events import Event, LimitChanged, RecordSaved
from workstation.domain.numbers import MONEY_DECIMALS
from workstation.domain.records import LOCAL_TENANT, Record, RiskLimit
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.day_figures import day_figures
from workstation.risk.limits import DEFAULTS, UNLIMITED, Bound, LimitScope, LimitType, limit_id, parse_limit
from workstation.risk.permits import PermitUse
from workstation.risk.restrictions import DAY, Restriction, lockout_end

RISK = "Risk"
BY_CLOCK = "engine:limit expiry"
_PERCENT_OF_BPS = 10 ** (MONEY_DECIMALS - 2)


BUILT_IN = (
    LimitType.ORDER_QUANTITY,
    LimitType.ORDER_NOTIONAL,
    LimitType.POSITION_QUANTITY,
    LimitType.POSITION_NOTIONAL,
    LimitType.DAILY_LOSS,
    LimitType.DRAWDOWN,
    LimitType.ORDERS_PER_MINUTE,
    LimitType.OPEN_ORDERS,
    LimitType.PRICE_COLLAR,
)
"""Types that have a tenant's limit without anyone having made it."""


def limit_name(limit: str, scope: str, key: str) -> str:
    """Return the name of a limit that was given none."""
    return f"{limit.replace('_', ' ').capitalize()}, {scope.lower()} {key}".rstrip()


def built_in(limit: LimitType, tenant: str = LOCAL_TENANT) -> RiskLimit:
    """Return a built-in limit as it stands while nobody has changed it."""
    default = DEFAULTS[limit]
    return RiskLimit(
        id=limit_id(limit),
        tenant=tenant,
        name=limit_name(limit, LimitScope.TENANT, ""),
        limit_type=limit,
        scope=LimitScope.TENANT,
        key="",
        limit_value=default,
        reason="",
        is_active=default != UNLIMITED,
        is_builtin=True,
    )


class LimitUse(msgspec.Struct, frozen=True):
    """A limit in force and what is used of it, on the limit's scale; None where it is known only order by order."""

    bound: Bound
    used: int | None


class LockedAccount(msgspec.Struct, frozen=True):
    """An account that takes no new risk, and why. since: UTC ns."""

    account: str
    state: LockState
    reason: str
    since: int


class RiskStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How risk stands: limits, locked accounts, whether entry by hand is armed, and what is used of live permits."""

    limits: tuple[LimitUse, ...]
    locked: tuple[LockedAccount, ...]
    armed: bool
    permits: tuple[PermitUse, ...] = ()


def check_limit(context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse a limit whose value its type cannot have, and a wider one while its account is locked out."""
    if isinstance(after, RiskLimit):
        limit, scope = LimitType(after.limit_type), LimitScope(after.scope)
        parse_limit(limit, after.limit_value)
        if not after.reason.strip():
            raise ValidationError("reason", "is needed to change a limit", allowed="one or more words")
        if after.tenant == LOCAL_TENANT and loosens(context, limit, scope, after.key, _enforced(after)):
            refuse_while_locked_out(context, scope, after.key)


def loosens(context: EngineContext, limit: LimitType, scope: LimitScope, key: str, new: str) -> bool:
    """Tell whether a limit's new text ("" takes it away) lets more through than the one in force."""
    old = context.state.controls.limits.text(limit, scope, key)
    if not old:
        return scope is LimitScope.TENANT
    return not new or parse_limit(limit, new) > parse_limit(limit, old)


def refuse_while_locked_out(context: EngineContext, scope: LimitScope, key: str) -> None:
    """Refuse to loosen a limit that binds a locked-out account.

    Raises:
        StateConflict: naming the account.
    """
    restrictions = context.state.controls.restrictions
    accounts = [key] if scope is LimitScope.ACCOUNT else list(context.state.accounts)
    locked = next((account for account in accounts if restrictions.lockout(account) is not None), None)
    if locked is not None:
        text = f"Refused: lockout. {locked} is locked out; its limits can be tightened, not loosened, until tomorrow."
        raise StateConflict(text, state="LOCKOUT")


def limit_effects(context: EngineContext, _before: Record | None, after: Record, actor: str) -> Sequence[Event]:
    """Return the change of what is enforced that a save of a limit is; a tenant that does not trade binds nobody."""
    if not isinstance(after, RiskLimit) or after.tenant != LOCAL_TENANT:
        return ()
    limit, scope = LimitType(after.limit_type), LimitScope(after.scope)
    old, new = context.state.controls.limits.text(limit, scope, after.key), _enforced(after)
    if old == new:
        return ()
    changed = LimitChanged(
        limit=limit, scope=scope, key=after.key, old=old, new=new, actor=actor, reason=after.reason, ts=after.updated_at
    )
    return (changed,)


def _enforced(record: RiskLimit) -> str:
    """Return the text that the gate goes by: of a built-in that is off no limit, of another one nothing."""
    if record.is_active and record.deleted_at is None:
        return record.limit_value
    return UNLIMITED if record.is_builtin else ""


def with_record(context: EngineContext, changed: LimitChanged) -> Sequence[Event]:
    """Return a change of a limit with the save of its row, for doors that name limits and not rows."""
    limit, scope, key = LimitType(changed.limit), changed.scope, changed.key
    rows = context.state.records.all(RiskLimit, LOCAL_TENANT)
    known = next((row for row in rows if (row.limit_type, row.scope, row.key) == (limit, scope, key)), None)
    if known is None and scope == LimitScope.TENANT:
        known = built_in(limit)
    if known is None:
        known = RiskLimit(
            id=context.ids.uid(), name=limit_name(limit, scope, key), limit_type=limit, scope=scope, key=key,
            limit_value="", reason="",
        )  # fmt: skip
    after = msgspec.structs.replace(
        known,
        limit_value=changed.new,
        is_active=changed.new != UNLIMITED or not known.is_builtin,
        reason=changed.reason,
        changed_by=changed.actor,
        row_version=known.row_version + 1,
        created_at=known.created_at or changed.ts,
        updated_at=changed.ts,
    )
    names = ("limit_value", "is_active", "reason")
    return (changed, RecordSaved(record=after, changed=names, actor=changed.actor, ts=changed.ts))


def expire_limits(context: EngineContext) -> None:
    """Let temporary values that have ended return to the ones before them, timed lockouts too; called once a second."""
    now = context.clock.now_ns()
    for switch in context.state.controls.restrictions.dump():
        if switch.limit == Restriction.LOCKOUT and switch.new != DAY and lockout_end(switch.new, switch.ts) <= now:
            lifted = msgspec.structs.replace(
                switch, old=switch.new, new="", actor=BY_CLOCK, reason="the lockout ended", ts=now
            )
            context.desk.recorder.record([lifted], actor=BY_CLOCK)
    due = [
        row for row in context.state.records.every(RiskLimit) if row.expires_at is not None and row.expires_at <= now
    ]
    for row in due:
        after = msgspec.structs.replace(
            row,
            limit_value=row.previous_value or row.limit_value,
            is_active=row.is_active and row.previous_value is not None,
            previous_value=None,
            expires_at=None,
            reason="its temporary value ended",
            changed_by=BY_CLOCK,
            row_version=row.row_version + 1,
            updated_at=now,
        )
        saved = RecordSaved(record=after, changed=("limit_value", "is_active", "expires_at"), actor=BY_CLOCK, ts=now)
        context.desk.recorder.record([*limit_effects(context, row, after, BY_CLOCK), saved], actor=BY_CLOCK)


def show_standing(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer how risk stands."""
    locks = context.state.controls.locks
    locked = []
    for account in context.state.accounts:
        last = locks.last(account)
        if locks.state(account) is not LockState.UNLOCKED:
            reason, since = ("not compared with its venue yet", 0) if last is None else (last.reason, last.ts)
            locked.append(LockedAccount(account, locks.state(account), reason, since))
    bounds = [bound for bound in context.state.controls.limits.rows() if not bound.unlimited]
    found = RiskStanding(
        limits=tuple(LimitUse(bound, use_of(context, bound)) for bound in bounds),
        locked=tuple(locked),
        armed=context.state.controls.arming.armed(context.environment),
        permits=permit_uses(context),
    )
    call.reply(CommandResult(ok=True, text=f"{len(bounds)} limits are in force.", data=found))


def use_of(context: EngineContext, bound: Bound) -> int | None:
    """Return what is used of a limit: of several accounts or positions in its scope, the one that uses most."""
    state, limit = context.state, bound.type
    if limit is LimitType.OPEN_ORDERS:
        return sum(map(state.exposure.open_orders, state.controls.runs.counters(bound.scope, bound.key)))
    accounts = [name for name in state.accounts if bound.scope is not LimitScope.ACCOUNT or name == bound.key]
    if limit is LimitType.DAILY_LOSS:
        return max((max(-(context.pnl.day(name).net or 0), 0) for name in accounts), default=0)
    if limit is LimitType.DRAWDOWN:
        funds = Accounts(state.ledger, context.pnl)
        return max(((funds.drawdown_bps(name) or 0) * _PERCENT_OF_BPS for name in accounts), default=0)
    if limit in (LimitType.POSITION_QUANTITY, LimitType.POSITION_NOTIONAL):
        return max(_positions(context, bound, accounts), default=0)
    return None


def _positions(context: EngineContext, bound: Bound, accounts: Sequence[str]) -> Iterator[int]:
    for account in accounts:
        for row in day_figures(context.state.ledger, context.pnl, account, "").positions:
            if bound.scope is LimitScope.INSTRUMENT and row.symbol != bound.key:
                continue
            if bound.type is LimitType.POSITION_NOTIONAL:
                yield abs(row.worth or 0)
            else:
                yield abs(row.qty) * 10 ** (MONEY_DECIMALS - context.state.instruments[row.symbol].qty_decimals)


def register(commands: CommandRegistry) -> None:
    """Declare the commands about limits."""
    rows: tuple[Declaration, ...] = (("risk.standing", "Show how risk stands", NoParams, "risk:view", show_standing),)
    commands.declare(RISK, rows)
