"""Brokers, connections and accounts as the routes find them: the records that are kept, and what is built in beside.

What is built in stands in its first version until somebody changes it; a record of the same id then takes its place.
They stay few, so that lists are cut in memory.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from workstation.api.endpoint import Call, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm, memory_page
from workstation.api.outcomes import refused
from workstation.api.records import every_record
from workstation.api.schemas.system import ActionResult
from workstation.commands.records_venues import ADAPTERS, built_ins
from workstation.commands.venues import AccountsOf, VenueName, VenueStanding
from workstation.domain.accounts import Account
from workstation.domain.records import LOCAL_TENANT, AccountRecord, BrokerRecord, ConnectionRecord
from workstation.domain.records.venues import ConnectionType
from workstation.ports.broker import SessionState

K = TypeVar("K", BrokerRecord, ConnectionRecord, AccountRecord)
DONE = {200: ActionResult, 202: ActionResult}
BROKER = {"broker_id": "uuid"}
CONNECTION = {"broker_id": "uuid", "connection_id": "uuid"}
ACCOUNT = {"broker_id": "uuid", "account_id": "uuid"}


async def kept(call: Call, kind: type[K]) -> dict[str, K]:
    """Return by id all of a kind that the caller's tenant has."""
    tenant = call.credential.tenant
    found: dict[str, K] = {}
    if tenant == LOCAL_TENANT:
        known = built_ins(call.services.names.accounts())
        found = {key: row for key, row in known.items() if isinstance(row, kind)}
    for record in await call.services.read(every_record, call.services.reader, kind, tenant):
        found[record.id] = record
    return found


async def one_of(call: Call, kind: type[K], name: str) -> K:
    """Return the one that a path parameter names; a connection or account only below its own broker.

    Raises:
        ApiError: 404.
    """
    found = (await kept(call, kind)).get(call.path_params[f"{name}_id"])
    if found is None or (not isinstance(found, BrokerRecord) and found.broker_id != call.path_params["broker_id"]):
        raise ApiError("NOT_FOUND", f"No such {name}.")
    return found


async def below(call: Call, kind: type[K]) -> list[K]:
    """Return what a broker of the caller has of a kind.

    Raises:
        ApiError: 404, no such broker.
    """
    broker = await one_of(call, BrokerRecord, "broker")
    return [row for row in (await kept(call, kind)).values() if getattr(row, "broker_id", "") == broker.id]


def list_answer(call: Call, form: ListForm, rows: list[dict[str, Any]], *filters: str) -> Answer:
    """Answer a list whose `filters` are compared as they are, and whose search looks at what it is sorted by."""
    wanted = {name: getattr(call.query, name) for name in filters}
    search = (call.query.search or "").lower()
    found = [
        row
        for row in rows
        if search in row[form.default].lower() and all(wanted[name] in (None, row[name]) for name in filters)
    ]
    return json_answer(200, memory_page(call, form, found))


def venue_of(call: Call, connection_type: str) -> str:
    """Return the venue of this run that an adapter leads to, "" where this program has no such adapter."""
    for account in call.services.names.accounts():
        own = ADAPTERS.get(account.environment)
        if own is not None and connection_type in (own.value, ConnectionType.PAPER.value):
            return account.venue
    return ""


def venue_behind(links: list[ConnectionRecord]) -> str:
    """Return the venue that connections lead to.

    Raises:
        ApiError: 409, none of them leads anywhere from this program.
    """
    venue = next((row.venue for row in links if row.venue), "")
    if not venue:
        kinds = ", ".join(sorted({row.connection_type.value for row in links})) or "none is active"
        raise ApiError("STATE_CONFLICT", f"No adapter of this program reaches it; its connections: {kinds}.")
    return venue


async def standing(call: Call, venue: str) -> VenueStanding:
    """Return how a venue stands.

    Raises:
        ApiError: the engine does not know it.
    """
    result = await call.services.engine.call("venue.standing", VenueName(venue=venue), call.origin)
    if not result.ok:
        raise refused(result)
    found: VenueStanding = result.data
    return found


def heartbeat(call: Call) -> int | None:
    """Return when the venue of this run last said anything, UTC ns, None before it has."""
    call.services.marks.latest()
    status = call.services.marks.status
    return status.now_ns or None if status is not None else None


def latency(call: Call) -> int | None:
    """Return how long the venue of this run takes to acknowledge an order: median of the recent ones, microseconds."""
    call.services.marks.latest()
    status = call.services.marks.status
    times = None if status is None else status.latency.sent_to_ack
    return None if times is None else times[0]


async def sessions(call: Call) -> Mapping[str, SessionState]:
    """Return the session of each venue of this program by its name."""
    venues = {account.venue for account in call.services.names.accounts()}
    return {venue: (await standing(call, venue)).session for venue in sorted(venues)}


async def act(call: Call, command_id: str, params: Any) -> Answer:
    """Run a command of venues or accounts and answer with what it says."""
    result = await call.services.engine.call(command_id, params, call.origin)
    if not result.ok:
        raise refused(result)
    body = {"success": True, "message": result.text, "data": None}
    return json_answer(202 if result.pending else 200, body)


async def learn_accounts(call: Call) -> None:
    """Know the accounts that the engine knows now: one was opened, renamed or closed.

    Another tenant's is a record alone, which no session here opens.
    """
    if call.credential.tenant != LOCAL_TENANT:
        return
    result = await call.services.engine.call("account.list", AccountsOf(), call.origin)
    if result.ok:
        known: tuple[Account, ...] = result.data
        call.services.names.take(known)
