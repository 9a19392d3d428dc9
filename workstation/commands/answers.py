"""Keeping the answer to a call that had several effects, each of which is in the journal by itself already."""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.events import AnswerKept

SERVICE = "Service"


class KeepAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Keep what a call on a route was answered; the answer itself is attached."""

    route: str


def keep_answer(context: EngineContext, params: KeepAnswer, call: Invocation) -> None:
    """Store what the caller attached, and say so once it is durable."""
    actor = call.origin.actor
    kept = AnswerKept(route=params.route, actor=actor, ts=context.clock.now_ns())
    seq = context.desk.recorder.record([kept], actor=actor, attach=call.attach)
    done = CommandResult(ok=True, text="The answer is kept.")
    context.journal.when_durable(seq, lambda _durable: call.reply(done))


def register(commands: CommandRegistry) -> None:
    """Declare the command."""
    rows: tuple[Declaration, ...] = (("answer.keep", "Keep an answer", KeepAnswer, "desktop", keep_answer),)
    commands.declare(SERVICE, rows)
