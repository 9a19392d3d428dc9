"""Brokers: what there is and how it stands, kept and changed here, connect, disconnect.

One is built in: the venue that this run trades at. Others are kept for the day when an adapter reaches them.
"""

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer
from workstation.api.lists import ListForm
from workstation.api.reading import read_answer
from workstation.api.records import RecordResource, change_record, create_record, delete_record, etag_of, given
from workstation.api.schemas.brokers import (
    Broker,
    BrokerCreate,
    BrokerList,
    BrokerPage,
    BrokerStatus,
    BrokerUpdate,
    Link,
    Pulse,
    broker_body,
    broker_draft,
    emptied,
    idle_status_body,
    status_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.venue_records import (
    BROKER,
    DONE,
    act,
    below,
    heartbeat,
    kept,
    latency,
    list_answer,
    one_of,
    standing,
    venue_behind,
)
from workstation.commands.venues import VenueName
from workstation.domain.records import BrokerRecord, ConnectionRecord

routes = Routes()

BROKERS = RecordResource(
    kind=BrokerRecord,
    form=ListForm(key="brokers", model=Broker, orderings={"name": "name"}, default="name"),
    body=lambda _call, record: broker_body(record),
    id_name="broker_id",
)


@routes.add("GET", "/brokers", scope="brokers:view", query=BrokerList, answers={200: BrokerPage}, form=BROKERS.form)
async def list_brokers(call: Call) -> Answer:
    """List brokers."""
    rows = [broker_body(record) for record in (await kept(call, BrokerRecord)).values()]
    return list_answer(call, BROKERS.form, rows, "broker_type", "is_active")


@routes.add("POST", "/brokers", scope="brokers:manage", body=BrokerCreate, answers={201: Broker})
async def create_broker(call: Call) -> Answer:
    """Keep a broker."""
    return await create_record(call, BROKERS, broker_draft(call.body, call.credential.tenant))


@routes.add(
    "GET", "/brokers/{broker_id}", scope="brokers:view", query=RecordRead, answers={200: Broker}, path_types=BROKER
)
async def get_broker(call: Call) -> Answer:
    """Read a broker."""
    record = await one_of(call, BrokerRecord, "broker")
    return read_answer(call, Broker, etag_of(record), broker_body(record))


@routes.change(
    "/brokers/{broker_id}", scope="brokers:manage", body=BrokerUpdate, answers={200: Broker}, path_types=BROKER
)
async def put_broker(call: Call) -> Answer:
    """Change a broker."""
    changes = emptied(BrokerRecord, given(call.body))
    return await change_record(call, BROKERS, changes, before=await one_of(call, BrokerRecord, "broker"))


@routes.add("DELETE", "/brokers/{broker_id}", scope="brokers:manage", answers={204: None}, path_types=BROKER)
async def delete_broker(call: Call) -> Answer:
    """Forget a broker with its connections and accounts; not while it is connected or has open orders."""
    return await delete_record(call, BROKERS, before=await one_of(call, BrokerRecord, "broker"))


@routes.add("GET", "/brokers/{broker_id}/status", scope="brokers:view", answers={200: BrokerStatus}, path_types=BROKER)
async def get_broker_status(call: Call) -> Answer:
    """Say how a broker stands: its links, whether book and venue agree, and what it takes."""
    rows, now = await below(call, ConnectionRecord), call.services.now_ns()
    times = call.services.reader.connection_logs.times
    links = [Link(row.id, row.name, await call.services.read(times, row.tenant, row.id)) for row in rows]
    venue = next((row.venue for row in rows if row.venue), "")
    if not venue:
        return json_answer(200, idle_status_body(call.path_params["broker_id"], links, now))
    stands = await standing(call, venue)
    pulse = Pulse(heartbeat(call), latency(call))
    return json_answer(200, status_body(call.path_params["broker_id"], links, stands, pulse, now))


@routes.add("POST", "/brokers/{broker_id}/connect", scope="brokers:connect", answers=DONE, path_types=BROKER)
async def connect_broker(call: Call) -> Answer:
    """Connect a broker: its active connections."""
    return await act(call, "venue.connect", VenueName(venue=await _venue(call)))


@routes.add("POST", "/brokers/{broker_id}/disconnect", scope="brokers:connect", answers=DONE, path_types=BROKER)
async def disconnect_broker(call: Call) -> Answer:
    """Disconnect a broker; nothing is cancelled."""
    return await act(call, "venue.disconnect", VenueName(venue=await _venue(call)))


async def _venue(call: Call) -> str:
    """Return the venue that a broker's active connections lead to.

    Raises:
        ApiError: 404 no such broker, 409 no connection of it leads anywhere from this program.
    """
    links = [row for row in await below(call, ConnectionRecord) if row.is_active]
    return venue_behind(links)
