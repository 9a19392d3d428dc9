"""Commands about profit and loss: today's figures of an account, as a snapshot that nobody has kept yet."""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.errors import NotFound
from workstation.portfolio.day_figures import day_figures

PNL = "Profit and loss"


class AccountDay(msgspec.Struct, frozen=True, kw_only=True):
    """The day that an account is in."""

    account: str


def figures_today(context: EngineContext, params: AccountDay, call: Invocation) -> None:
    """Answer the figures of an account's day so far."""
    if params.account not in context.state.accounts:
        raise NotFound("account", params.account)
    ledger = context.state.ledger
    day = ledger.purse(params.account).day.day
    found = day_figures(ledger, context.pnl, params.account, day)
    call.reply(CommandResult(ok=True, text=f"Figures of {params.account} on {day or 'its first day'}.", data=found))


def register(commands: CommandRegistry) -> None:
    """Declare the commands about profit and loss."""
    rows: tuple[Declaration, ...] = (
        ("pnl.today", "Show today's profit and loss", AccountDay, "pnl:view", figures_today),
    )
    commands.declare(PNL, rows)
