"""Connections of a broker: kept and changed here, how each stands, its log, connect and disconnect.

A connection whose adapter is the venue of this run shares its session; others stay disconnected until a program with
their adapter comes. Credentials come in and are sealed; no answer has them.
"""

from functools import partial
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer
from workstation.api.lists import ListForm, walked_page
from workstation.api.reading import read_answer
from workstation.api.records import RecordResource, change_record, create_record, delete_record, etag_of, given
from workstation.api.schemas.brokers import emptied
from workstation.api.schemas.connections import (
    Connection,
    ConnectionCreate,
    ConnectionList,
    ConnectionLogList,
    ConnectionLogOut,
    ConnectionLogPage,
    ConnectionPage,
    ConnectionUpdate,
    Credentials,
    connection_body,
    connection_draft,
    log_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.venue_records import (
    BROKER,
    CONNECTION,
    DONE,
    act,
    below,
    heartbeat,
    list_answer,
    one_of,
    sessions,
    venue_behind,
    venue_of,
)
from workstation.commands.venues import VenueName
from workstation.domain.connection_log import ConnectionEvent, LogLevel
from workstation.domain.records import BrokerRecord, ConnectionRecord
from workstation.ports.connection_log import ConnectionLogQuery

routes = Routes()

CONNECTIONS = RecordResource(
    kind=ConnectionRecord,
    form=ListForm(key="connections", model=Connection, orderings={"name": "name"}, default="name"),
    body=lambda _call, record: connection_body(record, None),
    id_name="connection_id",
)
LOGS = ListForm(
    key="logs",
    model=ConnectionLogOut,
    orderings={"created_at": "created_at"},
    default="-created_at",
    by_time="created_at",
)


@routes.add(
    "GET", "/brokers/{broker_id}/connections", scope="brokers:view", query=ConnectionList,
    answers={200: ConnectionPage}, form=CONNECTIONS.form, path_types=BROKER,
)  # fmt: skip
async def list_connections(call: Call) -> Answer:
    """List a broker's connections."""
    known = await sessions(call)
    rows = [await _body(call, row, known) for row in await below(call, ConnectionRecord)]
    return list_answer(call, CONNECTIONS.form, rows, "status")


@routes.add(
    "POST", "/brokers/{broker_id}/connections", scope="brokers:manage", body=ConnectionCreate,
    answers={201: Connection}, path_types=BROKER,
)  # fmt: skip
async def create_connection(call: Call) -> Answer:
    """Keep a connection to a broker."""
    broker = await one_of(call, BrokerRecord, "broker")
    asked: ConnectionCreate = call.body
    draft = connection_draft(
        asked,
        tenant=call.credential.tenant,
        broker=broker.id,
        venue=venue_of(call, asked.connection_type),
        credentials={} if asked.credentials is None else _sealed(call, asked.credentials),
    )
    return await create_record(call, CONNECTIONS, draft)


@routes.add(
    "GET", "/brokers/{broker_id}/connections/{connection_id}", scope="brokers:view", query=RecordRead,
    answers={200: Connection}, path_types=CONNECTION,
)  # fmt: skip
async def get_connection(call: Call) -> Answer:
    """Read a connection."""
    record = await one_of(call, ConnectionRecord, "connection")
    return read_answer(call, Connection, etag_of(record), await _body(call, record, await sessions(call)))


@routes.change(
    "/brokers/{broker_id}/connections/{connection_id}", scope="brokers:manage", body=ConnectionUpdate,
    answers={200: Connection}, path_types=CONNECTION,
)  # fmt: skip
async def put_connection(call: Call) -> Answer:
    """Change a connection; credentials that are sent take the place of those of their names."""
    record = await one_of(call, ConnectionRecord, "connection")
    changes = emptied(ConnectionRecord, given(call.body))
    asked = changes.pop("credentials", None)
    if isinstance(asked, Credentials):
        sent = _sealed(call, asked)
        changes["credentials"] = {**record.credentials, **sent} if sent else {}
    return await change_record(call, CONNECTIONS, changes, before=record)


@routes.add(
    "DELETE", "/brokers/{broker_id}/connections/{connection_id}", scope="brokers:manage", answers={204: None},
    path_types=CONNECTION,
)  # fmt: skip
async def delete_connection(call: Call) -> Answer:
    """Forget a connection with its accounts; not while it is connected."""
    return await delete_record(call, CONNECTIONS, before=await one_of(call, ConnectionRecord, "connection"))


@routes.add(
    "POST", "/brokers/{broker_id}/connections/{connection_id}/connect", scope="brokers:connect", answers=DONE,
    path_types=CONNECTION,
)  # fmt: skip
async def connect_connection(call: Call) -> Answer:
    """Connect one connection."""
    record = await one_of(call, ConnectionRecord, "connection")
    return await act(call, "venue.connect", VenueName(venue=venue_behind([record])))


@routes.add(
    "POST", "/brokers/{broker_id}/connections/{connection_id}/disconnect", scope="brokers:connect", answers=DONE,
    path_types=CONNECTION,
)  # fmt: skip
async def disconnect_connection(call: Call) -> Answer:
    """Disconnect one connection; nothing is cancelled."""
    record = await one_of(call, ConnectionRecord, "connection")
    return await act(call, "venue.disconnect", VenueName(venue=venue_behind([record])))


@routes.add(
    "GET", "/brokers/{broker_id}/connections/{connection_id}/logs", scope="brokers:view", query=ConnectionLogList,
    answers={200: ConnectionLogPage}, form=LOGS, path_types=CONNECTION,
)  # fmt: skip
async def list_connection_logs(call: Call) -> Answer:
    """List what a connection's session went through."""
    record = await one_of(call, ConnectionRecord, "connection")
    asked: ConnectionLogList = call.query
    query = partial(
        ConnectionLogQuery,
        tenant=record.tenant,
        connection_id=record.id,
        level=None if asked.level is None else LogLevel(asked.level),
        event_type=None if asked.event_type is None else ConnectionEvent(asked.event_type),
    )
    return json_answer(200, await walked_page(call, LOGS, call.services.reader.connection_logs.lines, query, log_body))


async def _body(call: Call, record: ConnectionRecord, known: Any) -> dict[str, Any]:
    times = await call.services.read(call.services.reader.connection_logs.times, record.tenant, record.id)
    return connection_body(record, known.get(record.venue), times, heartbeat(call))


def _sealed(call: Call, asked: Credentials) -> dict[str, str]:
    plain = {name: getattr(asked, name) for name in asked.model_fields_set}
    return {name: call.services.sealer.seal(text) for name, text in plain.items() if text is not None}
