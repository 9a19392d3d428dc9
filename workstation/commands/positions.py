"""Position commands beyond an exit: the reversal. The order walk's stage above the desk.

Every door calls it with the same parameters; the answer goes out when its effect is durable. It sends nothing itself.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.outcomes import refused
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.commands.trading import TRADE
from workstation.domain.orders import ReversePosition
from workstation.orders.results import ExitStage


class ReverseFocus(msgspec.Struct, frozen=True, kw_only=True):
    """Exit a position, then enter as much the other way; both priced through_ticks past the opposite side."""

    account: str
    symbol: str
    through_ticks: int = 2


def reverse_position(context: EngineContext, params: ReverseFocus, call: Invocation) -> None:
    """Exit the whole position and, once the venue agrees that it is flat, enter the other way."""
    if call.withdrawn:
        call.reply(CommandResult(ok=False, code="STATE_CONFLICT", text=f"NOT SENT: {call.withdrawn}."))
        return
    command = ReversePosition(
        account=params.account, symbol=params.symbol, origin=call.origin, through_ticks=params.through_ticks
    )
    result = context.desk.reverse(command)
    if result.denial is not None:
        call.reply(refused(result.denial))
        return
    progress = result.progress
    sent = progress is not None and progress.stage is not ExitStage.FAILED and progress.stage is not ExitStage.HELD
    text = f"Reversing {params.symbol}: the entry {result.entry_id} follows once it is flat."
    if progress is not None and not sent:
        text = progress.text or f"{params.symbol}: {progress.stage}."
    code = "" if sent else "BROKER_UNAVAILABLE"
    answer = CommandResult(ok=sent, text=text, code=code, data=progress)
    context.journal.when_durable(context.journal.last_seq, lambda _durable: call.reply(answer))


def register(commands: CommandRegistry) -> None:
    """Declare the reversal. It adds risk, so that it does not overtake what takes risk away."""
    rows: tuple[Declaration, ...] = (
        ("position.reverse", "Reverse position", ReverseFocus, "orders:place", reverse_position),
    )
    commands.declare(TRADE, rows)
