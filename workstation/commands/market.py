"""Market and venue commands: what screens watch and scripts follow, bars, faults of the simulator, replay controls."""

from workstation.commands.context import EngineContext
from workstation.commands.market_params import Changes, FetchBars, Follow, Latest
from workstation.commands.outcomes import answer
from workstation.commands.params import BarsRequest, ReplayControl, SwitchFault, Watch
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams

MARKET = "Market"


def watch(context: EngineContext, params: Watch, call: Invocation) -> None:
    """Take one screen's wish for streams."""

    def watching() -> CommandResult:
        return CommandResult(ok=True, text="Watching.", data=context.screens.watch(params))

    context.screens.when_read([(*series, 0) for series in params.bars], lambda: answer(call, watching))


def bars(context: EngineContext, params: BarsRequest, call: Invocation) -> None:
    """Answer a bar series."""
    wanted = [(params.symbol, params.bar_type, params.count)]

    def read() -> CommandResult:
        return CommandResult(ok=True, text="", data=context.screens.bars(params))

    context.screens.when_read(wanted, lambda: answer(call, read), at_leisure=not params.goes_on)


def resubscribe(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Ask the feed again for everything that is open: for a feed that went silent though its link is up."""
    count = context.screens.resubscribe()
    call.reply(CommandResult(ok=True, text=f"{count} streams are asked for again."))


def latest(context: EngineContext, params: Latest, call: Invocation) -> None:
    """Answer the latest values of instruments."""
    call.reply(CommandResult(ok=True, text="", data=context.inquiry.latest(params.symbols)))


def follow(context: EngineContext, params: Follow, call: Invocation) -> None:
    """Take what a consumer follows."""
    context.inquiry.follow(params.consumer, params.quotes, params.depths)
    call.reply(CommandResult(ok=True, text="Following."))


def changes(context: EngineContext, params: Changes, call: Invocation) -> None:
    """Answer what changed of what a consumer follows."""
    call.reply(CommandResult(ok=True, text="", data=context.inquiry.changes(params.consumer)))


def fetch_bars(context: EngineContext, params: FetchBars, call: Invocation) -> None:
    """Have the venue's bars stored; the answer comes once they are."""

    def reply(stored: bool) -> None:
        text = "Stored." if stored else "Not stored: the database takes no market data now."
        call.reply(CommandResult(ok=stored, text=text, code="" if stored else "NOT_READY"))

    context.past_bars.fetch(params, reply)


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
        ("market.resubscribe", "Ask for every stream again", NoParams, "brokers:connect", resubscribe),
        ("market.bars", "Bars", BarsRequest, "marketdata:view", bars),
        ("market.latest", "Latest values", Latest, "marketdata:view", latest),
        ("market.follow", "Follow instruments", Follow, "marketdata:view", follow),
        ("market.changes", "Changes of followed instruments", Changes, "marketdata:view", changes),
        ("market.fetch_bars", "Fetch bars", FetchBars, "marketdata:view", fetch_bars),
        ("venue.fault", "Simulator fault", SwitchFault, "system:admin", switch_fault),
        ("venue.replay", "Replay control", ReplayControl, "system:admin", replay),
    )
    commands.declare(MARKET, calm)
