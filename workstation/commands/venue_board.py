"""The board of venues: links, accounts with their locks, and every difference with a venue that stands open.

Beside the order walk: what a person looks at when a link or an account does not agree. Reading only; what can be done
about it are the commands of venues and accounts.
"""

from collections.abc import Iterable

from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.commands.venues import VENUES
from workstation.domain.records import LOCAL_TENANT, BrokerRecord, ConnectionRecord
from workstation.ports.broker import Broker, VenueStanding
from workstation.ports.venue_board import AccountLine, KeptLink, VenueBoard, VenueLine
from workstation.risk.rules.account_permission import barred_classes


def show_board(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer the board."""
    locks = context.state.controls.locks
    accounts, venues = [], dict[str, VenueLine]()
    for name, account in context.state.accounts.items():
        last = locks.last(name)
        broker = context.desk.routes.broker(name)
        if broker is not None and account.venue not in venues:
            venues[account.venue] = _line(context, broker, account.venue)
        standing = venues[account.venue].standing if account.venue in venues else VenueStanding()
        line = AccountLine(
            account=account,
            lock=locks.state(name),
            reason="not compared with its venue yet" if last is None else last.reason,
            since=0 if last is None else last.ts,
            overridden=last is not None and last.override,
            breaks=tuple(context.desk.breaks(name)),
            rights=standing.rights.get(name),
            barred=barred_classes(context.state.controls, name),
        )
        accounts.append(line)
    board = VenueBoard(venues=tuple(venues.values()), accounts=tuple(accounts), kept=_kept(context, venues))
    call.reply(CommandResult(ok=True, text=f"{len(accounts)} accounts.", data=board))


def _line(context: EngineContext, broker: Broker, venue: str) -> VenueLine:
    card = broker.capabilities
    return VenueLine(
        venue=venue,
        session=context.desk.routes.session(venue),
        dated=card.dated,
        cancels_on_disconnect=card.cancel_on_disconnect,
        query_complete=card.query_complete,
        standing=context.desk.pacing.standing(broker),
    )


def _kept(context: EngineContext, used: Iterable[str]) -> tuple[KeptLink, ...]:
    """Return the connections that are kept beside those of this run's venues."""
    records = context.state.records
    brokers = {row.id: row.display_name or row.name for row in records.all(BrokerRecord, LOCAL_TENANT)}
    found = [
        KeptLink(
            broker=brokers.get(row.broker_id, ""),
            name=row.name,
            kind=row.connection_type.value,
            is_active=row.is_active,
        )
        for row in records.all(ConnectionRecord, LOCAL_TENANT)
        if row.venue not in set(used)
    ]
    return tuple(sorted(found, key=lambda link: (link.broker, link.name)))


def register(commands: CommandRegistry) -> None:
    """Declare the command."""
    rows: tuple[Declaration, ...] = (
        ("venue.board", "Show links, accounts and differences", NoParams, "brokers:view", show_board),
    )
    commands.declare(VENUES, rows)
