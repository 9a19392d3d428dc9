"""A half-open link: the venue's side is gone without a word, and the heartbeat notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from workstation.brokers.sim import remote
from workstation.brokers.sim.wire import Beat, frame, read_message, wrap
from workstation.domain.orders import OrderTerms, OrdType, RequestKind, Side
from workstation.ports.broker import BrokerReport, SendOutcome, SendReport, SessionReport, SessionState

BEATS = 6
PATIENCE_S = 30.0
UP = frame(wrap(SessionReport(venue="SIM", state=SessionState.UP)))
BUY = OrderTerms(symbol="AAPL", account="SIM-MARGIN", side=Side.BUY, ord_type=OrdType.MARKET, order_qty=1)


class Venue:
    """A venue that says it is up, and gives signs of life as long as it answers."""

    def __init__(self, *, answers: bool) -> None:
        self.answers, self.beats, self.sessions = answers, 0, 0
        self.enough, self.again, self.down = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.up = asyncio.Event()
        self.heard: list[BrokerReport] = []
        self.serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        if self.sessions > 1:
            self.again.set()
        writer.write(UP)
        while (message := await read_message(reader)) is not None:
            if isinstance(message, Beat) and self.answers:
                self.beats += 1
                writer.write(frame(message))
            if self.beats >= BEATS:
                self.enough.set()

    def hear(self, reports: list[BrokerReport]) -> None:
        self.heard += reports
        self.up.set()
        if any(isinstance(row, SessionReport) and row.state is SessionState.DOWN for row in reports):
            self.down.set()


@asynccontextmanager
async def linked(venue: Venue) -> AsyncIterator[remote.RemoteSimBroker]:
    server = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
    broker = remote.RemoteSimBroker(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    broker.connect(venue.hear)
    try:
        yield broker
    finally:
        link = broker._task
        broker.disconnect()
        server.close()
        await asyncio.gather(*venue.serving, *filter(None, [link]), return_exceptions=True)


async def test_a_link_without_a_sign_of_life_is_given_up_and_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "HEARTBEAT_S", 0.02)
    venue = Venue(answers=False)
    async with linked(venue) as broker:
        await asyncio.wait_for(venue.up.wait(), PATIENCE_S)
        broker.submit("o1", BUY)
        await asyncio.wait_for(venue.down.wait(), PATIENCE_S)
        await asyncio.wait_for(venue.again.wait(), PATIENCE_S)
    downs = [row for row in venue.heard if isinstance(row, SessionReport) and row.state is SessionState.DOWN]
    assert downs[0].reason.startswith("heartbeat missed: nothing heard for")
    sent = [row for row in venue.heard if isinstance(row, SendReport)]
    assert [(row.cl_ord_id, row.request, row.outcome) for row in sent] == [
        ("o1", RequestKind.SUBMIT, SendOutcome.UNKNOWN)
    ], "what was under way is unknown, once"


async def test_a_quiet_link_whose_venue_lives_stays_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "HEARTBEAT_S", 0.02)
    venue = Venue(answers=True)
    async with linked(venue):
        await asyncio.wait_for(venue.enough.wait(), PATIENCE_S)
        assert not venue.down.is_set()
    assert venue.sessions == 1


def test_two_heartbeats_are_well_within_twenty_seconds() -> None:
    assert remote.HEARTBEAT_S * remote.SILENT_BEATS_MAX <= 20.0
