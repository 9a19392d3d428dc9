"""Commands about accounts held against their venue: withdraw a kept cancel, adopt a position, list differences.

A person's decisions; a script may take them for simulated accounts, on a live one only the desktop does.
"""

from workstation.commands.context import EngineContext
from workstation.commands.params import AdoptPosition, ReconcileAccount, WithdrawCancel
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.accounts import Environment
from workstation.domain.errors import NotFound, ValidationError

ACCOUNTS = "Accounts"


def withdraw_cancel(context: EngineContext, params: WithdrawCancel, call: Invocation) -> None:
    """Take back a cancel that is kept for the next session."""
    result = context.desk.withdraw_cancel(params.cl_ord_id, call.origin)
    done = CommandResult(ok=True, text="The kept cancel is withdrawn.", data=result.order)
    context.journal.when_durable(result.seq, lambda _durable: call.reply(done))


def adopt_position(context: EngineContext, params: AdoptPosition, call: Invocation) -> None:
    """Make our position the venue's, with a reason, where the two differ."""
    known = context.state.accounts.get(params.account)
    if known is None:
        raise NotFound("account", params.account)
    if not params.reason.strip():
        raise ValidationError("reason", "is needed to adopt a position", allowed="one or more words")
    if known.environment is Environment.LIVE and not call.origin.kind.is_hand:
        text = "Refused: on a live account only a person in the desktop can adopt a position."
        call.reply(CommandResult(ok=False, code="DESKTOP_ONLY", text=text))
        return
    context.desk.adopt_position(params.account, params.symbol, call.origin.actor, params.reason)
    done = CommandResult(ok=True, text=f"{params.symbol} is adopted; {params.account} is compared with its venue.")
    context.journal.when_durable(context.journal.last_seq, lambda _durable: call.reply(done))


def list_breaks(context: EngineContext, params: ReconcileAccount, call: Invocation) -> None:
    """Answer the differences with the venue that stand open."""
    if params.account not in context.state.accounts:
        raise NotFound("account", params.account)
    found = context.desk.breaks(params.account)
    text = f"{len(found)} differences stand open." if found else "Book and venue agree as far as is known."
    call.reply(CommandResult(ok=True, text=text, data=found))


def register(commands: CommandRegistry) -> None:
    """Declare the commands of accounts."""
    calm: tuple[Declaration, ...] = (
        ("order.withdraw_cancel", "Withdraw kept cancel", WithdrawCancel, "orders:cancel", withdraw_cancel),
        ("position.adopt", "Adopt position", AdoptPosition, "brokers:manage", adopt_position),
        ("account.breaks", "Show differences", ReconcileAccount, "brokers:view", list_breaks),
    )
    commands.declare(ACCOUNTS, calm)
