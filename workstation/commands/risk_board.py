"""The risk board: every limit with who set it when and what is used, every switch that is set; lockout and close-only.

Order walk, beside the gate: what a person reads and sets there. A lockout takes risk away at once and cannot be taken
back before it ends by itself; close-only is lifted with a reason.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.limits import RISK, use_of
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.records import LOCAL_TENANT, ApiKey, RiskLimit
from workstation.domain.times import NS_PER_S
from workstation.risk.board import LimitLine, RiskBoard
from workstation.risk.limits import LimitScope
from workstation.risk.restrictions import DAY, Restriction, lockout_end_text

ON = "ON"
LOCK_SECONDS_MAX = 7 * 86_400


class LockOut(msgspec.Struct, frozen=True, kw_only=True):
    """Lock an account out of new risk for so many seconds, or until its next trading day where none are given."""

    account: str
    reason: str
    seconds: int = 0


class SetCloseOnly(msgspec.Struct, frozen=True, kw_only=True):
    """Let a scope only reduce, or end that. scope: TENANT, ACCOUNT or INSTRUMENT; key: its account or symbol."""

    on: bool
    reason: str
    scope: str = LimitScope.ACCOUNT
    key: str = ""


def show_board(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer the board."""
    controls = context.state.controls
    rows = {(r.limit_type, r.scope, r.key): r for r in context.state.records.all(RiskLimit, LOCAL_TENANT)}
    lines = []
    for bound in controls.limits.rows():
        row = rows.get((bound.type, bound.scope, bound.key))
        lines.append(
            LimitLine(
                limit=bound.type,
                scope=bound.scope,
                key=bound.key,
                text=bound.text,
                value=bound.value,
                used=use_of(context, bound),
                unlimited=bound.unlimited,
                changed_at=0 if row is None else row.updated_at,
                changed_by="" if row is None else row.changed_by,
                reason="" if row is None else row.reason,
            )
        )
    orders = controls.day_orders
    board = RiskBoard(
        limits=tuple(lines),
        restrictions=tuple(controls.restrictions.dump()),
        orders_today={account: orders.count(account) for account in context.state.accounts},
        orders_per_day=orders.limit,
        key_caps={
            key.name: key.max_order_notional
            for key in context.state.records.all(ApiKey, LOCAL_TENANT)
            if key.is_active and key.max_order_notional is not None
        },
    )
    call.reply(CommandResult(ok=True, text=f"{len(lines)} limits.", data=board))


def lock_out(context: EngineContext, params: LockOut, call: Invocation) -> None:
    """Lock an account out; a second time changes nothing."""
    if params.account not in context.state.accounts:
        raise NotFound("account", params.account)
    _need_reason(params.reason, "lock an account out")
    if context.state.controls.restrictions.lockout(params.account) is not None:
        call.reply(CommandResult(ok=True, text=f"{params.account} is locked out already."))
        return
    if not 0 <= params.seconds <= LOCK_SECONDS_MAX:
        raise ValidationError("seconds", f"{params.seconds} is out of range", allowed=f"0 to {LOCK_SECONDS_MAX}")
    now = context.clock.now_ns()
    end = str(now + params.seconds * NS_PER_S) if params.seconds else DAY
    switch = _Switch(Restriction.LOCKOUT, LimitScope.ACCOUNT, params.account, end, params.reason)
    text = f"{params.account} is locked out {lockout_end_text(end, now)}. Cancels and exits stay open."
    _set(context, call, switch, text)


def set_close_only(context: EngineContext, params: SetCloseOnly, call: Invocation) -> None:
    """Set or lift close-only; only a person in the desktop lifts it."""
    _check_scope(context, params)
    _need_reason(params.reason, "change close-only")
    if not params.on and not call.origin.kind.is_hand:
        text = "Refused: only a person in the desktop can lift close-only."
        call.reply(CommandResult(ok=False, code="DESKTOP_ONLY", text=text))
        return
    where = params.key or "Every account"
    text = f"{where} is close-only: orders may only reduce." if params.on else f"{where} is no longer close-only."
    new = ON if params.on else ""
    _set(context, call, _Switch(Restriction.CLOSE_ONLY, params.scope, params.key, new, params.reason), text)


class _Switch(msgspec.Struct, frozen=True):
    restriction: Restriction
    scope: str
    key: str
    new: str
    reason: str


def _set(context: EngineContext, call: Invocation, switch: _Switch, text: str) -> None:
    set_now = context.state.controls.restrictions.dump()
    place = (switch.restriction, switch.scope, switch.key)
    old = next((row.new for row in set_now if (row.limit, row.scope, row.key) == place), "")
    changed = LimitChanged(
        limit=switch.restriction,
        scope=switch.scope,
        key=switch.key,
        old=old,
        new=switch.new,
        actor=call.origin.actor,
        reason=switch.reason,
        ts=context.clock.now_ns(),
    )
    seq = context.desk.recorder.record([changed], actor=changed.actor, attach=call.attach)
    done = CommandResult(ok=True, text=text, data=changed)
    context.journal.when_durable(seq, lambda _durable: call.reply(done))


def _check_scope(context: EngineContext, params: SetCloseOnly) -> None:
    scopes = (LimitScope.TENANT, LimitScope.ACCOUNT, LimitScope.INSTRUMENT)
    if params.scope not in scopes:
        raise ValidationError("scope", f"{params.scope} cannot be close-only", allowed=", ".join(scopes))
    if (params.scope == LimitScope.TENANT) == bool(params.key):
        raise ValidationError("key", "does not fit the scope", allowed="none with TENANT, a name with the others")
    if params.scope == LimitScope.ACCOUNT and params.key not in context.state.accounts:
        raise NotFound("account", params.key)
    if params.scope == LimitScope.INSTRUMENT and params.key not in context.state.instruments:
        raise NotFound("instrument", params.key)


def _need_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise ValidationError("reason", f"is needed to {what}", allowed="one or more words")


def register(commands: CommandRegistry) -> None:
    """Declare the commands of the board."""
    rows: tuple[Declaration, ...] = (
        ("risk.board", "Show all limits and switches", NoParams, "risk:view", show_board),
        ("risk.lock_out", "Lock out for a time, or until the next trading day", LockOut, "risk:kill", lock_out),
        ("risk.close_only", "Close-only", SetCloseOnly, "risk:manage", set_close_only),
    )
    commands.declare(RISK, rows)
