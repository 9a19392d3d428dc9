"""The board of venues: links, accounts with their locks, and every difference with a venue that stands open.

Beside the order walk: what a person looks at when a link or an account does not agree. Reading only; what can be done
about it are the commands of venues and accounts.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.commands.venues import VENUES
from workstation.domain.accounts import Account, LockState
from workstation.domain.events import BreakFound
from workstation.ports.broker import SessionState


class VenueLine(msgspec.Struct, frozen=True, kw_only=True):
    """One link. dated: of the venue's card; cancels_on_disconnect: what it does with orders when the link ends."""

    venue: str
    session: SessionState
    dated: str
    cancels_on_disconnect: bool
    query_complete: bool


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account. since: when its lock last changed, UTC ns, 0 for never; breaks: differences that stand open."""

    account: Account
    lock: LockState
    reason: str
    since: int
    overridden: bool
    breaks: tuple[BreakFound, ...]


class VenueBoard(msgspec.Struct, frozen=True, kw_only=True):
    """All links and accounts."""

    venues: tuple[VenueLine, ...]
    accounts: tuple[AccountLine, ...]


def show_board(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer the board."""
    locks = context.state.controls.locks
    accounts, venues = [], {}
    for name, account in context.state.accounts.items():
        last = locks.last(name)
        line = AccountLine(
            account=account,
            lock=locks.state(name),
            reason="not compared with its venue yet" if last is None else last.reason,
            since=0 if last is None else last.ts,
            overridden=last is not None and last.override,
            breaks=tuple(context.desk.breaks(name)),
        )
        accounts.append(line)
        broker = context.desk.routes.broker(name)
        if broker is not None and account.venue not in venues:
            card = broker.capabilities
            venues[account.venue] = VenueLine(
                venue=account.venue,
                session=context.desk.routes.session(account.venue),
                dated=card.dated,
                cancels_on_disconnect=card.cancel_on_disconnect,
                query_complete=card.query_complete,
            )
    board = VenueBoard(venues=tuple(venues.values()), accounts=tuple(accounts))
    call.reply(CommandResult(ok=True, text=f"{len(accounts)} accounts.", data=board))


def register(commands: CommandRegistry) -> None:
    """Declare the command."""
    rows: tuple[Declaration, ...] = (
        ("venue.board", "Show links, accounts and differences", NoParams, "brokers:view", show_board),
    )
    commands.declare(VENUES, rows)
