"""Safety commands: arm, disarm, kill switch, limits, account locks. Each is an event in the journal with its actor."""

from workstation.commands.context import EngineContext
from workstation.commands.limits import loosens, refuse_while_locked_out, with_record
from workstation.commands.outcomes import Refusal, storage_code
from workstation.commands.params import Arm, Disarm, Kill, LiftKill, OverrideLock, ReconcileAccount, SetLimit
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.accounts import Environment, KillScope, KillState
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.events import ArmChanged, LimitChanged
from workstation.risk.limits import LimitScope, LimitType, parse_limit

SAFETY = "Safety"


def arm(context: EngineContext, params: Arm, call: Invocation) -> None:
    """Arm hand entry. Only a person in the desktop may; the environment must be the one that runs."""
    if not call.origin.kind.is_hand:
        call.reply(CommandResult(ok=False, code="DESKTOP_ONLY", text="Refused: only a person in the desktop can arm."))
        return
    if params.environment is not context.environment:
        raise ValidationError("environment", f"{params.environment} is not running", allowed=str(context.environment))
    _set_arm(context, call, armed=True, reason="by hand")
    call.reply(CommandResult(ok=True, text=f"Armed for {params.environment}."))


def disarm(context: EngineContext, params: Disarm, call: Invocation) -> None:
    """Disarm hand entry; always possible."""
    _set_arm(context, call, armed=False, reason=params.reason)
    call.reply(CommandResult(ok=True, text="Disarmed."))


def _set_arm(context: EngineContext, call: Invocation, *, armed: bool, reason: str) -> None:
    changed = ArmChanged(
        armed=armed,
        environment=context.environment,
        actor=call.origin.actor,
        reason=reason,
        ts=context.clock.now_ns(),
    )
    context.desk.recorder.record([changed], actor=changed.actor)


def kill(context: EngineContext, params: Kill, call: Invocation) -> None:
    """Switch trading off for a scope: block first, then cancel, then list what is not yet confirmed."""
    _check_key(context, params.scope, params.key)
    state = KillState(
        scope=params.scope,
        key=params.key,
        on=True,
        reason=params.reason,
        actor=call.origin.actor,
        ts=context.clock.now_ns(),
        cancel_orders=params.cancel_orders,
        keep_protective=params.keep_protective,
    )
    result = context.desk.kill(state, attach=call.attach)
    waiting = len(result.asked)
    cancels = "1 cancel" if waiting == 1 else f"{waiting} cancels"
    text = f"Kill switch on. {cancels} asked, not yet confirmed." if waiting else "Kill switch on."
    if result.refused:
        text += f" {len(result.refused)} cancels NOT SENT: no session with the venue."
    _answer_stored(context, call, state, text, "a restart finds it off")


def lift_kill(context: EngineContext, params: LiftKill, call: Invocation) -> None:
    """Lift a kill switch, with a reason."""
    if not params.reason.strip():
        raise ValidationError("reason", "is needed to lift a kill switch", allowed="one or more words")
    known = context.state.controls.kills.find(params.scope, params.key)
    if known is None:
        raise StateConflict(f"kill switch {params.scope} {params.key} is not on".replace("  ", " "), state="off")
    if _is_for_the_desktop(context, call, params.scope, params.key):
        call.reply(_desktop_only("release a kill switch"))
        return
    state = KillState(
        scope=params.scope,
        key=params.key,
        on=False,
        reason=params.reason,
        actor=call.origin.actor,
        ts=context.clock.now_ns(),
    )
    context.desk.kill(state, attach=call.attach)
    _answer_stored(context, call, state, "Kill switch lifted.", "a restart finds it on")


def _answer_stored(context: EngineContext, call: Invocation, state: KillState, text: str, else_: str) -> None:
    """Answer once the switch is stored; where it cannot be, it holds all the same, and the answer says until when."""

    def answer(durable: bool) -> None:
        if durable:
            call.reply(CommandResult(ok=True, text=text, data=state))
            return
        reason = context.journal.trouble or "the journal could not store it"
        words = f"{text} It holds now and is NOT STORED: {reason}; {else_}."
        call.reply(CommandResult(ok=False, code=storage_code(reason), text=words, data=state))

    context.journal.when_durable(context.journal.last_seq, answer)


def _check_key(context: EngineContext, scope: str, key: str) -> None:
    if (scope == "ALL") == bool(key):
        raise ValidationError("key", "does not fit the scope", allowed="none with ALL, a name with every other scope")
    if scope == "ACCOUNT" and key not in context.state.accounts:
        raise NotFound("account", key)
    if scope == "SYMBOL" and key not in context.state.instruments:
        raise NotFound("instrument", key)


def _check_limit_key(context: EngineContext, scope: LimitScope, key: str) -> None:
    if (scope is LimitScope.TENANT) == bool(key):
        raise ValidationError(
            "key", "does not fit the scope", allowed="none with TENANT, a name with every other scope"
        )
    if scope is LimitScope.ACCOUNT and key not in context.state.accounts:
        raise NotFound("account", key)
    if scope is LimitScope.INSTRUMENT and key not in context.state.instruments:
        raise NotFound("instrument", key)


def set_limit(context: EngineContext, params: SetLimit, call: Invocation) -> None:
    """Set a risk limit; the change is kept with who, old, new and why."""
    if params.limit not in LimitType.__members__:
        raise ValidationError("limit", f"{params.limit} is not a limit", allowed=", ".join(LimitType.__members__))
    if params.scope not in LimitScope.__members__:
        raise ValidationError("scope", f"{params.scope} is not a scope", allowed=", ".join(LimitScope.__members__))
    if not params.reason.strip():
        raise ValidationError("reason", "is needed to change a limit", allowed="one or more words")
    limit, scope = LimitType(params.limit), LimitScope(params.scope)
    _check_limit_key(context, scope, params.key)
    parse_limit(limit, params.value)
    old = context.state.controls.limits.text(limit, scope, params.key)
    if loosens(context, limit, scope, params.key, params.value):
        if _is_for_the_desktop(context, call, scope, params.key):
            call.reply(_desktop_only("loosen a limit"))
            return
        refuse_while_locked_out(context, scope, params.key)
        if call.origin.kind.is_hand and context.state.controls.arming.armed(context.environment):
            raise StateConflict("Refused: disarm first; a limit is loosened disarmed only.", state="ARMED")
    changed = LimitChanged(
        limit=limit,
        scope=scope,
        key=params.key,
        old=old,
        new=params.value,
        actor=call.origin.actor,
        reason=params.reason,
        ts=context.clock.now_ns(),
    )
    seq = context.desk.recorder.record(with_record(context, changed), actor=changed.actor)
    done = CommandResult(ok=True, text=f"{limit} is now {params.value} (was {old or 'unset'}).", data=changed)
    context.journal.when_durable(seq, lambda _durable: call.reply(done))


def _is_for_the_desktop(context: EngineContext, call: Invocation, scope: str, key: str) -> bool:
    """Tell whether only a person in the desktop may loosen something: a live account is in its scope."""
    accounts = [row for row in context.state.accounts.values() if scope != KillScope.ACCOUNT or row.account == key]
    return not call.origin.kind.is_hand and any(row.environment is Environment.LIVE for row in accounts)


def _desktop_only(what: str) -> CommandResult:
    text = f"Refused: with a live account in scope only a person in the desktop can {what}."
    return CommandResult(ok=False, code="DESKTOP_ONLY", text=text)


def override_lock(context: EngineContext, params: OverrideLock, call: Invocation) -> None:
    """Unlock an account on a person's word, in spite of differences with the venue."""
    if params.account not in context.state.accounts:
        raise NotFound("account", params.account)
    if not call.origin.kind.is_hand:
        data = Refusal(state="LOCKED")
        text = "Refused: only a person in the desktop can override a lock."
        call.reply(CommandResult(ok=False, code="DESKTOP_ONLY", text=text, data=data))
        return
    context.desk.override_lock(params.account, call.origin.actor, params.reason)
    call.reply(CommandResult(ok=True, text=f"{params.account} is unlocked by hand."))


def reconcile(context: EngineContext, params: ReconcileAccount, call: Invocation) -> None:
    """Compare an account with its venue now."""
    if params.account not in context.state.accounts:
        raise NotFound("account", params.account)
    context.desk.reconcile(params.account, "asked")
    call.reply(CommandResult(ok=True, text=f"{params.account} is being compared with its venue.", pending=True))


def register(commands: CommandRegistry) -> None:
    """Declare the safety commands."""
    calm: tuple[Declaration, ...] = (
        ("risk.arm", "Arm", Arm, "desktop", arm),
        ("risk.unkill", "Lift kill switch", LiftKill, "risk:manage", lift_kill),
        ("risk.limit", "Set limit", SetLimit, "risk:manage", set_limit),
        ("account.unlock", "Override lock", OverrideLock, "desktop", override_lock),
        ("account.reconcile", "Reconcile account", ReconcileAccount, "brokers:connect", reconcile),
    )
    urgent: tuple[Declaration, ...] = (
        ("risk.disarm", "Disarm", Disarm, "desktop", disarm),
        ("risk.kill", "Kill switch", Kill, "risk:kill", kill),
    )
    commands.declare(SAFETY, calm)
    commands.declare(SAFETY, urgent, urgent=True)
