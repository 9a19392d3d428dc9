"""Market and venue commands: what screens watch, bars for charts, faults of the simulator, the replay's controls."""

from workstation.commands.context import EngineContext
from workstation.commands.params import BarsRequest, ReplayControl, SwitchFault, Watch
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation

MARKET = "Market"


def watch(context: EngineContext, params: Watch, call: Invocation) -> None:
    """Take one screen's wish for streams."""
    context.screens.watch(params)
    call.reply(CommandResult(ok=True, text="Watching."))


def bars(context: EngineContext, params: BarsRequest, call: Invocation) -> None:
    """Answer a bar series."""
    series = context.screens.bars(params)
    call.reply(CommandResult(ok=True, text="", data=series))


def switch_fault(context: EngineContext, params: SwitchFault, call: Invocation) -> None:
    """Arm or disarm a fault of the simulator."""
    call.reply(CommandResult(ok=True, text=context.venue.switch_fault(params)))


def replay(context: EngineContext, params: ReplayControl, call: Invocation) -> None:
    """Pause, resume, step or restart a replay, or change its speed."""
    call.reply(CommandResult(ok=True, text=context.venue.replay(params)))


def register(commands: CommandRegistry) -> None:
    """Declare the market commands."""
    calm: tuple[Declaration, ...] = (
        ("market.watch", "Watch streams", Watch, "marketdata:view", watch),
        ("market.bars", "Bars", BarsRequest, "marketdata:view", bars),
        ("venue.fault", "Simulator fault", SwitchFault, "system:admin", switch_fault),
        ("venue.replay", "Replay control", ReplayControl, "system:admin", replay),
    )
    commands.declare(MARKET, calm)
