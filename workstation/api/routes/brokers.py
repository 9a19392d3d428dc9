"""Brokers, their connections and accounts: what there is and how it stands, connect, disconnect, reconcile.

A broker here is a venue that this run trades at, with one connection. Which there are is chosen at the start.
"""

from collections.abc import Mapping
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm, chosen_fields, memory_page, sparse
from workstation.api.outcomes import refused
from workstation.api.schemas.brokers import (
    AccountList,
    AccountPage,
    Broker,
    BrokerAccount,
    BrokerList,
    BrokerPage,
    BrokerStatus,
    Connection,
    ConnectionList,
    ConnectionPage,
    account_body,
    broker_body,
    broker_id,
    connection_body,
    connection_id,
    status_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.system import ActionResult
from workstation.commands.params import ReconcileAccount
from workstation.commands.venues import VenueName, VenueStanding
from workstation.domain.accounts import Account

routes = Routes()

_BROKER = {"broker_id": "uuid"}
_CONNECTION = {"broker_id": "uuid", "connection_id": "uuid"}
_ACCOUNT = {"broker_id": "uuid", "account_id": "uuid"}
_BROKERS = ListForm(key="brokers", model=Broker, orderings={"name": "name"}, default="name")
_CONNECTIONS = ListForm(key="connections", model=Connection, orderings={"name": "name"}, default="name")
_ACCOUNTS = ListForm(
    key="accounts", model=BrokerAccount, orderings={"account_number": "account_number"}, default="account_number"
)
_DONE = {200: ActionResult, 202: ActionResult}


@routes.add("GET", "/brokers", scope="brokers:view", query=BrokerList, answers={200: BrokerPage})
async def list_brokers(call: Call) -> Answer:
    """List brokers."""
    rows = [broker_body(venue, account.environment) for venue, account in _venues(call).items()]
    return _page(call, _BROKERS, rows, "broker_type", "is_active")


@routes.add(
    "GET", "/brokers/{broker_id}", scope="brokers:view", query=RecordRead, answers={200: Broker}, path_types=_BROKER
)
async def get_broker(call: Call) -> Answer:
    """Read a broker."""
    venue, account = _venue(call)
    return _one(call, Broker, broker_body(venue, account.environment))


@routes.add("GET", "/brokers/{broker_id}/status", scope="brokers:view", answers={200: BrokerStatus}, path_types=_BROKER)
async def get_broker_status(call: Call) -> Answer:
    """Say how a broker stands: its link, whether book and venue agree, and what it takes."""
    venue, _ = _venue(call)
    standing = await _standing(call, venue)
    call.services.marks.latest()
    status = call.services.marks.status
    heartbeat = None if status is None or not status.now_ns else status.now_ns
    return json_answer(200, status_body(standing, heartbeat, call.services.now_ns()))


@routes.add(
    "GET", "/brokers/{broker_id}/connections", scope="brokers:view", query=ConnectionList,
    answers={200: ConnectionPage}, path_types=_BROKER,
)  # fmt: skip
async def list_connections(call: Call) -> Answer:
    """List a broker's connections."""
    venue, account = _venue(call)
    rows = [connection_body(venue, account.environment, await _standing(call, venue))]
    return _page(call, _CONNECTIONS, rows, "status")


@routes.add(
    "GET", "/brokers/{broker_id}/connections/{connection_id}", scope="brokers:view", query=RecordRead,
    answers={200: Connection}, path_types=_CONNECTION,
)  # fmt: skip
async def get_connection(call: Call) -> Answer:
    """Read a connection."""
    venue, account = _connection(call)
    return _one(call, Connection, connection_body(venue, account.environment, await _standing(call, venue)))


@routes.add("POST", "/brokers/{broker_id}/connect", scope="brokers:connect", answers=_DONE, path_types=_BROKER)
async def connect_broker(call: Call) -> Answer:
    """Connect a broker."""
    return await _act(call, "venue.connect", VenueName(venue=_venue(call)[0]))


@routes.add("POST", "/brokers/{broker_id}/disconnect", scope="brokers:connect", answers=_DONE, path_types=_BROKER)
async def disconnect_broker(call: Call) -> Answer:
    """Disconnect a broker; nothing is cancelled."""
    return await _act(call, "venue.disconnect", VenueName(venue=_venue(call)[0]))


@routes.add(
    "POST", "/brokers/{broker_id}/connections/{connection_id}/connect", scope="brokers:connect", answers=_DONE,
    path_types=_CONNECTION,
)  # fmt: skip
async def connect_connection(call: Call) -> Answer:
    """Connect one connection."""
    return await _act(call, "venue.connect", VenueName(venue=_connection(call)[0]))


@routes.add(
    "POST", "/brokers/{broker_id}/connections/{connection_id}/disconnect", scope="brokers:connect", answers=_DONE,
    path_types=_CONNECTION,
)  # fmt: skip
async def disconnect_connection(call: Call) -> Answer:
    """Disconnect one connection; nothing is cancelled."""
    return await _act(call, "venue.disconnect", VenueName(venue=_connection(call)[0]))


@routes.add(
    "GET", "/brokers/{broker_id}/accounts", scope="brokers:view", query=AccountList, answers={200: AccountPage},
    path_types=_BROKER,
)  # fmt: skip
async def list_accounts(call: Call) -> Answer:
    """List a broker's accounts."""
    venue, _ = _venue(call)
    snaps = _snaps(call)
    rows = [account_body(row, snaps.get(row.account)) for row in call.services.names.accounts() if row.venue == venue]
    return _page(call, _ACCOUNTS, rows, "status", "is_paper")


@routes.add(
    "GET", "/brokers/{broker_id}/accounts/{account_id}", scope="brokers:view", query=RecordRead,
    answers={200: BrokerAccount}, path_types=_ACCOUNT,
)  # fmt: skip
async def get_account(call: Call) -> Answer:
    """Read an account."""
    account = _account(call)
    return _one(call, BrokerAccount, account_body(account, _snaps(call).get(account.account)))


@routes.add(
    "POST", "/brokers/{broker_id}/accounts/{account_id}/reconcile", scope="brokers:connect",
    answers={202: ActionResult}, path_types=_ACCOUNT,
)  # fmt: skip
async def reconcile_account(call: Call) -> Answer:
    """Compare an account with its venue: settles unknown outcomes and lifts the trading lock."""
    return await _act(call, "account.reconcile", ReconcileAccount(account=_account(call).account))


async def _act(call: Call, command_id: str, params: Any) -> Answer:
    result = await call.services.engine.call(command_id, params, call.origin)
    if not result.ok:
        raise refused(result)
    body = {"success": True, "message": result.text, "data": None}
    return json_answer(202 if result.pending else 200, body)


async def _standing(call: Call, venue: str) -> VenueStanding:
    result = await call.services.engine.call("venue.standing", VenueName(venue=venue), call.origin)
    if not result.ok:
        raise refused(result)
    found: VenueStanding = result.data
    return found


def _venues(call: Call) -> Mapping[str, Account]:
    """Return each venue by name, with one of its accounts."""
    return {row.venue: row for row in sorted(call.services.names.accounts(), key=lambda row: row.venue)}


def _venue(call: Call) -> tuple[str, Account]:
    wanted = call.path_params["broker_id"]
    found = next((item for item in _venues(call).items() if broker_id(item[0]) == wanted), None)
    if found is None:
        raise ApiError("NOT_FOUND", "No such broker.")
    return found


def _connection(call: Call) -> tuple[str, Account]:
    venue, account = _venue(call)
    if connection_id(venue) != call.path_params["connection_id"]:
        raise ApiError("NOT_FOUND", "No such connection.")
    return venue, account


def _account(call: Call) -> Account:
    venue, _ = _venue(call)
    account = call.services.names.account(call.path_params["account_id"])
    if account.venue != venue:
        raise ApiError("NOT_FOUND", "No such account.")
    return account


def _snaps(call: Call) -> Mapping[str, Any]:
    call.services.marks.latest()
    return call.services.marks.accounts


def _page(call: Call, form: ListForm, rows: list[dict[str, Any]], *filters: str) -> Answer:
    """Answer a list whose `filters` are compared as they are, and whose search looks at what it is sorted by."""
    wanted = {name: getattr(call.query, name) for name in filters}
    search = (call.query.search or "").lower()
    found = [
        row
        for row in rows
        if search in row[form.default].lower() and all(wanted[name] in (None, row[name]) for name in filters)
    ]
    return json_answer(200, memory_page(call, form, found))


def _one(call: Call, model: type[Any], body: dict[str, Any]) -> Answer:
    return json_answer(200, sparse(body, chosen_fields(call.query.fields, model)))
