"""Brokers, connections and accounts: what is built in, what they must hold to be kept, and what a save does to trading.

The venue of a run has a broker, a connection and accounts of its own. They are no records until somebody changes them:
until then they stand in their first version, made here from what the core knows. Engine's thread, but for the pure
`built_ins`, which the doors use too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from workstation.commands.context import EngineContext
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import Duplicate, InUse, NotFound, ValidationError
from workstation.domain.events import AccountOpened, Event, RecordSaved
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled
from workstation.domain.records import LOCAL_TENANT, AnyRecord, Record
from workstation.domain.records.venues import (
    AccountRecord,
    AccountType,
    BrokerRecord,
    BrokerType,
    ConnectionRecord,
    ConnectionType,
)
from workstation.kernel.ids import stable_uid
from workstation.ports.broker import SessionState

K = TypeVar("K", BrokerRecord, ConnectionRecord)

WHOLE_BPS = 10_000
LEVERAGE_DECIMALS = 2
ADAPTERS = {Environment.SIM: ConnectionType.SIM, Environment.REPLAY: ConnectionType.REPLAY}
"""Which adapter the connection of a built-in venue is; a live one speaks FIX."""

EVERY_FLAG: dict[str, Any] = {name: True for name in AccountRecord.__struct_fields__ if name.startswith("can_trade_")}


def broker_id(venue: str) -> str:
    """Return the id of a venue's own broker, the same for ever."""
    return stable_uid("broker", venue)


def connection_id(venue: str) -> str:
    """Return the id of a venue's own connection."""
    return stable_uid("connection", venue)


def built_ins(accounts: Iterable[Account]) -> dict[str, BrokerRecord | ConnectionRecord | AccountRecord]:
    """Return by id what stands for the venues of `accounts` as long as nobody changed it."""
    found: dict[str, BrokerRecord | ConnectionRecord | AccountRecord] = {}
    for account in (row for row in accounts if not row.closed):
        venue, environment = account.venue, account.environment
        broker, connection = broker_id(venue), connection_id(venue)
        found[broker] = BrokerRecord(
            id=broker,
            row_version=1,
            name=venue,
            display_name=venue,
            broker_type=BrokerType.CUSTOM if environment is Environment.LIVE else BrokerType.PAPER,
            is_testing=environment is not Environment.LIVE,
            built_in=True,
        )
        found[connection] = ConnectionRecord(
            id=connection,
            row_version=1,
            broker_id=broker,
            name=venue,
            connection_type=ADAPTERS.get(environment, ConnectionType.FIX),
            venue=venue,
            is_paper_trading=environment is not Environment.LIVE,
            built_in=True,
        )
        found[account.uid] = _account_record(account, broker, connection)
    return found


def _account_record(account: Account, broker: str, connection: str) -> AccountRecord:
    leverage = WHOLE_BPS * 10**LEVERAGE_DECIMALS // account.margin_rate_bps
    return AccountRecord(
        id=account.uid,
        row_version=1,
        broker_id=broker,
        connection_id=connection,
        account_number=account.account,
        account_type=AccountType.INDIVIDUAL,
        account=account.account,
        account_name=account.name or account.account,
        currency=account.currency,
        base_currency=account.currency,
        max_leverage=format_scaled(leverage, LEVERAGE_DECIMALS),
        is_paper=account.environment is not Environment.LIVE,
        initial_cash=format_scaled(account.initial_cash, MONEY_DECIMALS),
        built_in=True,
        **EVERY_FLAG,
    )


def standing(context: EngineContext, record_id: str) -> AnyRecord | None:
    """Return what is built in under an id, None where nothing is."""
    return built_ins(context.state.accounts.values()).get(record_id)


def check_broker(context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse a name that is taken, and the end of a broker that is built in, connected or has open orders.

    Raises:
        Duplicate: a built-in broker has the name.
        InUse: naming what needs it.
    """
    if not isinstance(after, BrokerRecord):
        return
    place = _Place(context, after.tenant)
    if after.deleted_at is None:
        place.check_name(after)
        return
    _refuse_built_in(after)
    for connection in place.connections(after.id):
        _refuse_connected(context, connection)
    for account in place.accounts(lambda row: row.broker_id == after.id):
        _refuse_trading(context, account, positions=False)


def check_connection(context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse a connection to no broker, and the end of one that is built in, connected or trades.

    Raises:
        NotFound: the broker.
        Duplicate: the broker's built-in connection has the name.
        InUse: naming what needs it.
    """
    if not isinstance(after, ConnectionRecord):
        return
    place = _Place(context, after.tenant)
    if after.deleted_at is None:
        place.required(BrokerRecord, "broker", after.broker_id)
        place.check_name(after)
        return
    _refuse_built_in(after)
    _refuse_connected(context, after)
    for account in place.accounts(lambda row: row.connection_id == after.id):
        _refuse_trading(context, account, positions=True)


def check_account(context: EngineContext, before: Record | None, after: Record) -> None:
    """Refuse an account nowhere, one that the venue cannot open, and the end of one that is built in or trades.

    Raises:
        NotFound: the broker or its connection.
        Duplicate: an account of that number is or was open at this program.
        ValidationError: a currency that nothing here is traded in, or another one for an account that is open.
        InUse: naming what needs it.
    """
    if not isinstance(after, AccountRecord):
        return
    if after.deleted_at is not None:
        _refuse_built_in(after)
        _refuse_trading(context, after, positions=True)
        return
    place = _Place(context, after.tenant)
    place.required(BrokerRecord, "broker", after.broker_id)
    connection = place.required(ConnectionRecord, "connection", after.connection_id)
    if connection.broker_id != after.broker_id:
        raise NotFound("connection", after.connection_id)
    if not isinstance(before, AccountRecord):
        _check_opening(context, after, connection)
    elif after.account and (before.base_currency, before.currency) != (after.base_currency, after.currency):
        field = "currency" if before.currency != after.currency else "base_currency"
        raise ValidationError(field, "is fixed once the account is open", allowed=getattr(before, field))


def account_effects(context: EngineContext, _before: Record | None, after: Record, _actor: str) -> Sequence[Event]:
    """Return what the core must know of a save: an account that opens, whose leverage changes, or that is closed."""
    if not isinstance(after, AccountRecord) or not after.account:
        return ()
    known = context.state.accounts.get(after.account)
    rate = WHOLE_BPS if known is None else known.margin_rate_bps
    if after.max_leverage is not None:
        rate = max(WHOLE_BPS * 10**LEVERAGE_DECIMALS // parse_scaled(after.max_leverage, LEVERAGE_DECIMALS), 1)
    if known is None:
        venue = _Place(context, after.tenant).required(ConnectionRecord, "connection", after.connection_id).venue
        known = Account(
            account=after.account,
            uid=after.id,
            venue=venue,
            environment=context.environment,
            currency=after.base_currency,
            initial_cash=parse_scaled(after.initial_cash, MONEY_DECIMALS),
        )
    closed = after.deleted_at is not None
    terms = msgspec.structs.replace(known, margin_rate_bps=rate, name=after.account_name, closed=closed)
    unchanged = terms == context.state.accounts.get(after.account)
    return () if unchanged else (AccountOpened(account=terms, ts=after.updated_at),)


def broker_effects(context: EngineContext, _before: Record | None, after: Record, actor: str) -> Sequence[Event]:
    """Return what goes with a broker that is deleted: its connections and accounts."""
    if not isinstance(after, BrokerRecord) or after.deleted_at is None:
        return ()
    place = _Place(context, after.tenant)
    gone: list[ConnectionRecord | AccountRecord] = []
    gone += place.accounts(lambda row: row.broker_id == after.id)
    gone += place.connections(after.id)
    return [event for row in gone for event in _ended(context, row, after, actor)]


def connection_effects(context: EngineContext, _before: Record | None, after: Record, actor: str) -> Sequence[Event]:
    """Return what goes with a connection that is deleted: its accounts."""
    if not isinstance(after, ConnectionRecord) or after.deleted_at is None:
        return ()
    gone = _Place(context, after.tenant).accounts(lambda row: row.connection_id == after.id)
    return [event for row in gone for event in _ended(context, row, after, actor)]


def _ended(context: EngineContext, row: ConnectionRecord | AccountRecord, cause: Record, actor: str) -> Sequence[Event]:
    now = cause.updated_at
    ended = msgspec.structs.replace(row, row_version=row.row_version + 1, updated_at=now, deleted_at=now)
    saved = RecordSaved(record=ended, changed=("deleted_at",), actor=actor, ts=now)
    return (*account_effects(context, row, ended, actor), saved)


@dataclass(frozen=True)
class _Place:
    """What a tenant has of brokers, connections and accounts, the built-in ones included for the installation's own."""

    context: EngineContext
    tenant: str

    def required(self, kind: type[K], noun: str, record_id: str) -> K:
        found = self.context.state.records.find(kind, self.tenant, record_id)
        if found is None and self.tenant == LOCAL_TENANT:
            made = standing(self.context, record_id)
            found = made if isinstance(made, kind) else None
        if found is None:
            raise NotFound(noun, record_id)
        return found

    def check_name(self, record: BrokerRecord | ConnectionRecord) -> None:
        """Refuse the name of what is built in; records among themselves are told apart elsewhere."""
        if self.tenant != LOCAL_TENANT:
            return
        for other in built_ins(self.context.state.accounts.values()).values():
            same = isinstance(other, type(record)) and other.id != record.id
            if not same or isinstance(other, AccountRecord) or other.name.casefold() != record.name.casefold():
                continue
            if isinstance(other, BrokerRecord) or other.broker_id == getattr(record, "broker_id", ""):
                raise Duplicate("That is the name of what is built in.", record_id=other.id)

    def connections(self, broker: str) -> list[ConnectionRecord]:
        kept = self.context.state.records.all(ConnectionRecord, self.tenant)
        return [row for row in kept if row.broker_id == broker]

    def accounts(self, belongs: Callable[[AccountRecord], bool]) -> list[AccountRecord]:
        return [row for row in self.context.state.records.all(AccountRecord, self.tenant) if belongs(row)]


def _check_opening(context: EngineContext, after: AccountRecord, connection: ConnectionRecord) -> None:
    if after.account != (after.account_number if connection.venue else ""):
        raise ValidationError("account", "is named by its number where a session can open it", allowed="the number")
    if not after.account:
        return
    known = context.state.accounts.get(after.account)
    if known is not None:
        raise Duplicate("An account of that number is open here, or was.", record_id=known.uid)
    traded = sorted({instrument.currency for instrument in context.state.instruments.values()})
    if after.base_currency not in traded:
        raise ValidationError("base_currency", "is none that anything here is traded in", allowed=", ".join(traded))


def _refuse_built_in(record: BrokerRecord | ConnectionRecord | AccountRecord) -> None:
    if record.built_in:
        raise InUse("It belongs to the venue of this program.")


def _refuse_connected(context: EngineContext, connection: ConnectionRecord) -> None:
    if connection.venue and context.desk.routes.session(connection.venue) is not SessionState.DOWN:
        raise InUse(f"{connection.name} is connected; disconnect it first.")


def _refuse_trading(context: EngineContext, account: AccountRecord, *, positions: bool) -> None:
    name = account.account
    if not name:
        return
    if any(True for _ in context.state.book.open_orders(name)):
        raise InUse(f"{name} has open orders; cancel them first.")
    if positions and any(row.account == name and row.qty for row in context.state.ledger.positions()):
        raise InUse(f"{name} has a position; close it first.")
