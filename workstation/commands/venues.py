"""Commands about venues: how the link stands and what it can do, connect, disconnect.

Disconnecting cancels nothing; what a venue does with orders then is its own rule, which its card names.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.limits import LockedAccount
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.accounts import LockState
from workstation.domain.errors import NotFound
from workstation.ports.broker import Broker, CapabilityCard, SessionReport, SessionState

VENUES = "Venues"


class VenueName(msgspec.Struct, frozen=True, kw_only=True):
    """A venue."""

    venue: str


class AccountsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Every account of this run."""


class VenueStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue stands. locked: its accounts that take no new risk; unknown: orders whose outcome is not known."""

    venue: str
    session: SessionState
    card: CapabilityCard
    locked: tuple[LockedAccount, ...]
    breaks: int
    unknown: int


def show_venue(context: EngineContext, params: VenueName, call: Invocation) -> None:
    """Answer how a venue stands."""
    broker = _broker(context, params.venue)
    state = context.state
    accounts = [name for name, account in state.accounts.items() if account.venue == params.venue]
    locked = []
    for account in accounts:
        last = state.controls.locks.last(account)
        if state.controls.locks.state(account) is not LockState.UNLOCKED:
            reason, since = ("not compared with its venue yet", 0) if last is None else (last.reason, last.ts)
            locked.append(LockedAccount(account, state.controls.locks.state(account), reason, since))
    orders = [order for account in accounts for order in state.book.open_orders(account)]
    found = VenueStanding(
        venue=params.venue,
        session=context.desk.routes.session(params.venue),
        card=broker.capabilities,
        locked=tuple(locked),
        breaks=sum(len(context.desk.breaks(account)) for account in accounts),
        unknown=sum(order.unknown is not None for order in orders),
    )
    call.reply(CommandResult(ok=True, text=f"{params.venue} is {found.session}.", data=found))


def connect(context: EngineContext, params: VenueName, call: Invocation) -> None:
    """Bring a venue's session up; its accounts unlock once they agree."""
    broker = _broker(context, params.venue)
    if context.desk.routes.session(params.venue) is SessionState.UP:
        call.reply(CommandResult(ok=True, text=f"{params.venue} is connected already."))
        return
    broker.connect(context.desk.on_reports)
    call.reply(CommandResult(ok=True, text=f"{params.venue} is being connected.", pending=True))


def disconnect(context: EngineContext, params: VenueName, call: Invocation) -> None:
    """End a venue's session; nothing is cancelled."""
    broker = _broker(context, params.venue)
    if context.desk.routes.session(params.venue) is SessionState.DOWN:
        call.reply(CommandResult(ok=True, text=f"{params.venue} is disconnected already."))
        return
    broker.disconnect()
    if context.desk.routes.session(params.venue) is not SessionState.DOWN:
        context.desk.on_reports(
            [SessionReport(venue=params.venue, state=SessionState.DOWN, reason="disconnected here")]
        )
    call.reply(CommandResult(ok=True, text=f"{params.venue} is being disconnected.", pending=True))


def list_accounts(context: EngineContext, _params: AccountsOf, call: Invocation) -> None:
    """Answer the accounts of this program, closed ones included."""
    found = tuple(row for row in context.state.accounts.values() if row.environment is context.environment)
    call.reply(CommandResult(ok=True, text=f"{len(found)} accounts are known.", data=found))


def _broker(context: EngineContext, venue: str) -> Broker:
    account = next((row.account for row in context.state.accounts.values() if row.venue == venue), "")
    broker = context.desk.routes.broker(account)
    if broker is None:
        raise NotFound("venue", venue)
    return broker


def register(commands: CommandRegistry) -> None:
    """Declare the commands about venues."""
    rows: tuple[Declaration, ...] = (
        ("venue.standing", "Show how a venue stands", VenueName, "brokers:view", show_venue),
        ("account.list", "List accounts", AccountsOf, "brokers:view", list_accounts),
        ("venue.connect", "Connect a venue", VenueName, "brokers:connect", connect),
        ("venue.disconnect", "Disconnect a venue", VenueName, "brokers:connect", disconnect),
    )
    commands.declare(VENUES, rows)
