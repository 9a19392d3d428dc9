"""The client against a served core: typed answers, walks, streams, and never an order twice."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from tests.helpers.cutting_proxy import CuttingProxy
from workstation.api.options import ApiOptions
from workstation.client import (
    Address,
    AsyncClient,
    Client,
    Event,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Reset,
    Stale,
    Unreachable,
)

LIMIT = {
    "instrument_symbol": "ABC",
    "broker_account_id": ACCOUNT_UID,
    "order_type": "LIMIT",
    "side": "BUY",
    "quantity": 100,
    "price": Decimal("100.00"),
    "allow_duplicate": True,
}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as rig:
        yield rig


@pytest.fixture
def client(rig: ApiRig) -> Iterator[Client]:
    with Client(rig.home) as client:
        yield client


def place(client: Client, **fields: Any) -> Any:
    return client.orders.place(**(LIMIT | fields))


def through(rig: ApiRig, proxy: CuttingProxy) -> Client:
    return Client(address=Address(f"http://127.0.0.1:{proxy.port}", rig.token))


def test_an_order_is_placed_read_changed_and_cancelled(client: Client) -> None:
    placed = place(client)
    assert placed.quantity == Decimal(100)
    assert placed.price == Decimal("100.00")
    assert client.orders.by_client_id(placed.client_order_id).id == placed.id
    noted = client.orders.change(placed.id, notes="mine", if_match=client.orders.get(placed.id).row_version)
    assert noted.notes == "mine"
    with pytest.raises(Stale):
        client.orders.change(placed.id, notes="other", if_match=placed.row_version)
    cancelled = client.orders.cancel(placed.id, reason="done")
    assert cancelled.cancel_requested_at is not None or cancelled.state == "CANCELLED"
    assert next(line.to_state for line in client.orders.history(order_id=placed.id)) == "NEW"


def test_a_walk_sees_every_row_once_however_small_the_pages(client: Client) -> None:
    ids = [place(client).id for _ in range(7)]
    assert sorted(order.id for order in client.orders.list(limit=2)) == sorted(ids)
    assert sorted(order.id for order in client.orders.list(limit=3, ordering="price")) == sorted(ids)
    first = client.orders.list(limit=2).first_page()
    assert (len(first.items), first.total_count, first.has_next) == (2, 7, True)


def test_fills_and_positions_are_exact(client: Client, rig: ApiRig) -> None:
    placed = place(client)
    rig.fill({"client_order_id": placed.client_order_id}, 40)
    (fill,) = client.orders.executions(order_id=placed.id)
    assert (fill.quantity, fill.price) == (Decimal(40), Decimal("100.00"))
    (held,) = client.positions.list(has_position=True)
    assert (held.quantity, held.is_long) == (Decimal(40), True)
    assert client.positions.get(held.id).average_cost == held.average_cost


def test_a_refusal_says_what_field_and_how_to_find_it_in_the_log(client: Client) -> None:
    with pytest.raises(Invalid) as refused:
        place(client, price="1.23456789012")
    assert refused.value.details["fields"][0]["field"] == "price"
    assert len(refused.value.trace_id) == 32
    with pytest.raises(NotFound):
        place(client, instrument_symbol="NONE")


def test_an_order_whose_answer_is_lost_is_placed_once(rig: ApiRig) -> None:
    with CuttingProxy(rig.port) as proxy, through(rig, proxy) as client:
        proxy.cut = 2
        placed = place(client)
        assert proxy.passed == 3
        assert [order.id for order in client.orders.list()] == [placed.id]


def test_a_write_whose_outcome_is_unknown_can_be_asked_again(rig: ApiRig) -> None:
    with CuttingProxy(rig.port) as proxy, through(rig, proxy) as client:
        proxy.cut = 100
        with pytest.raises(OutcomeUnknown) as unknown:
            place(client)
        proxy.cut = 0
        placed = client.repeat(unknown.value)
        assert [order.id for order in client.orders.list()] == [placed.id]


def test_an_engine_that_was_late_still_gives_one_order(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(engine_timeout=0.2)) as rig, Client(tmp_path) as client:
        rig.engine.held.clear()
        with pytest.raises(OutcomeUnknown) as unknown:
            place(client)
        rig.engine.held.set()
        placed = client.repeat(unknown.value)
        assert [order.id for order in client.orders.list()] == [placed.id]


def test_a_new_start_of_the_service_is_found_by_its_file(rig: ApiRig, client: Client) -> None:
    place(client)
    rig.restart_api()
    assert len(list(client.orders.list())) == 1
    assert place(client).state


def test_nobody_there_is_no_unknown_outcome(rig: ApiRig, client: Client) -> None:
    rig.server.stop()
    with pytest.raises(Unreachable):
        place(client)


def test_the_kill_switch_stops_and_releases(client: Client) -> None:
    assert client.kill_switches.switch_on(reason="enough").success
    (switch,) = client.kill_switches.list(is_on=True)
    assert switch.reason == "enough"
    assert client.kill_switches.release(reason="found").success


def test_a_stream_gives_each_event_once_over_a_break(rig: ApiRig) -> None:
    with Client(rig.home) as client:
        first, second = place(client), place(client)
        newest = client.events.list(limit=1).first_page().items[0].id
        seen = list(client.events.follow(types=("order.created",), since_id="0", until_id=newest))
        assert [item.data["id"] for item in seen if isinstance(item, Event)] == [first.id, second.id]
        stream = client.events.follow(types=("order.created",), since_id="0")
        assert [next(stream).data["id"], next(stream).data["id"]] == [first.id, second.id]
        rig.restart_api()
        third = place(client)
        assert next(stream).data["id"] == third.id
        stream.close()


def test_a_place_beyond_the_newest_is_answered_by_a_reset(client: Client) -> None:
    stream = client.events.follow(since_id="900000000000")
    reset = next(stream)
    assert isinstance(reset, Reset)
    assert reset.reason == "out_of_range"
    stream.close()


def test_a_report_as_a_file_has_the_rows_of_the_table(client: Client) -> None:
    placed = [place(client).id for _ in range(2)]
    table = client.reports.blotter(broker_account_id=ACCOUNT_UID)
    text = client.reports.blotter_csv(broker_account_id=ACCOUNT_UID)
    names, *rows = csv.reader(text.splitlines())
    assert names == [column.name for column in table.columns]
    assert [row[names.index("id")] for row in rows] == placed
    assert client.reports.blotter_csv(date="2001-01-01").splitlines() == [",".join(names)]
    for kind in ("fills", "positions", "pnl", "commissions", "risk"):
        columns = getattr(client.reports, kind)().columns
        assert getattr(client.reports, f"{kind}_csv")().splitlines()[0] == ",".join(one.name for one in columns)


def test_plain_calls_reach_any_route(client: Client) -> None:
    placed = place(client)
    answer = client.ask("GET", "/oms/orders", fields="id,state", limit=1)
    assert answer["orders"][0].keys() == {"id", "state"}
    assert client.ask("DELETE", f"/oms/orders/{placed.id}")["id"] == placed.id


def test_the_same_on_an_event_loop(rig: ApiRig) -> None:
    async def walk() -> tuple[list[str], list[str], list[str]]:
        async with AsyncClient(rig.home) as client:
            placed = [(await client.orders.place(**LIMIT)).id for _ in range(3)]
            listed = [order.id async for order in client.orders.list(limit=2)]
            streamed = []
            async for item in client.events.follow(types=("order.created",), since_id="0"):
                streamed.append(item.data["id"] if isinstance(item, Event) else item.reason)
                if len(streamed) == len(placed):
                    break
            return placed, listed, streamed

    placed, listed, streamed = asyncio.run(walk())
    assert sorted(listed) == sorted(placed)
    assert streamed == placed


def test_a_report_as_a_file_on_an_event_loop(rig: ApiRig, client: Client) -> None:
    async def asked() -> str:
        async with AsyncClient(rig.home) as program:
            return await program.reports.blotter_csv()

    place(client)
    assert asyncio.run(asked()) == client.reports.blotter_csv()
