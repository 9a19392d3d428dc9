"""The simulated venue as a process of its own: `python -m workstation.brokers.sim.server --socket PATH --log FILE`.

For crash tests, where the venue must outlive the workstation and its log is the truth that fills are counted
against. It serves one session at a time and any number of control links; a new session takes over from the old one.
When ready it prints one JSON line with the address.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace as _with

from workstation.brokers.sim.control import VenueControl
from workstation.brokers.sim.faults import SimPlan, read_plan
from workstation.brokers.sim.venue import SimVenue
from workstation.brokers.sim.wire import (
    Ask,
    Beat,
    Cancel,
    Control,
    Done,
    Hello,
    Message,
    Replace,
    Stated,
    Submit,
    frame,
    read_message,
    wrap,
)
from workstation.domain.errors import UserError, VenueProtocolError
from workstation.domain.market import SessionPhase
from workstation.kernel.clock import SystemClock, Timer
from workstation.ports.broker import BrokerReport, RequestLimit


class LoopScheduler:
    """Runs calls on this thread's event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call_later(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        """Run `call` once after a delay."""
        return self._loop.call_later(max(delay_ns, 0) / 1e9, call)

    def call_soon(self, call: Callable[[], None]) -> None:
        """Run `call` after what is running now."""
        self._loop.call_soon(call)


class VenueServer:
    """Serves one venue. While no session is there, its reports are lost, as on a real line."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._control = VenueControl(venue)
        self._writer: asyncio.StreamWriter | None = None
        self._stated: RequestLimit | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one link until it ends."""
        try:
            hello = await read_message(reader)
            if isinstance(hello, Hello) and hello.role == "control":
                await self._serve_control(reader, writer)
            elif isinstance(hello, Hello):
                await self._serve_session(reader, writer)
        except VenueProtocolError as error:
            sys.stderr.write(f"link closed: {error}\n")
        finally:
            writer.close()

    async def _serve_session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker = self._venue.broker
        if self._writer is not None:
            broker.disconnect()
            self._writer.close()
        self._writer, self._stated = writer, None
        self._state()
        broker.connect(self._send)
        while (message := await read_message(reader)) is not None:
            self._dispatch(message)
            self._state()
        if self._writer is writer:
            self._writer = None
            broker.disconnect()

    def _dispatch(self, message: Message) -> None:
        broker = self._venue.broker
        if isinstance(message, Submit):
            broker.submit(message.cl_ord_id, message.terms)
        elif isinstance(message, Replace):
            broker.replace(message.cl_ord_id, message.order_id, message.terms)
        elif isinstance(message, Cancel):
            broker.cancel(message.cl_ord_id, message.order_id)
        elif isinstance(message, Ask):
            broker.ask(message.request_id, message.account, message.cl_ord_ids, message.since_ns)
        elif isinstance(message, Beat) and self._writer is not None:
            self._writer.write(frame(message))

    def _state(self) -> None:
        """Tell the session the limit of requests where it is another than was told last."""
        limit = self._venue.broker.capabilities.request_limit
        if self._writer is not None and limit != self._stated:
            self._stated = limit
            self._writer.write(frame(Stated(request_limit=limit)))

    def _send(self, reports: list[BrokerReport]) -> None:
        if self._writer is not None:
            self._writer.writelines([frame(wrap(report)) for report in reports])

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await read_message(reader)) is not None:
            if isinstance(message, Control):
                writer.write(frame(Done(error=self._act(message))))
                self._state()
                await writer.drain()

    def _act(self, message: Control) -> str:
        args = dict(message.args)
        try:
            if message.action == "set_market":
                market = msgspec.convert(args, _Market)
                self._control.set_market(market.symbol, market.bid, market.ask, market.size)
            elif message.action == "trade":
                trade = msgspec.convert(args, _Taking)
                self._control.trade(trade.symbol, trade.sign, trade.qty, trade.limit)
            elif message.action == "set_phase":
                self._control.set_phase(str(args["symbol"]), SessionPhase(str(args["phase"])))
            elif message.action == "arm":
                kind = str(args.pop("kind"))
                self._control.arm(kind, **{name: value for name, value in args.items() if value is not None})
            else:
                return f"no action {message.action!r}"
        except (UserError, ValueError, KeyError) as error:
            return str(error)
        return ""


class _Market(msgspec.Struct):
    symbol: str
    bid: int
    ask: int
    size: int


class _Taking(msgspec.Struct):
    symbol: str
    sign: int
    qty: int
    limit: int | None = None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workstation.brokers.sim.server", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", type=Path, help="Unix socket to listen on")
    where.add_argument("--port", type=int, help="loopback TCP port to listen on, 0 for a free one")
    parser.add_argument("--log", type=Path, required=True, help="the venue's durable log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plan", type=Path, help="TOML plan of faults")
    parser.add_argument("--ticks-per-s", type=int, help="events of the synthetic market a second; overrides the plan")
    parser.add_argument("--latency-ms", type=float, help="each way on average; overrides the plan")
    return parser.parse_args()


def _plan(arguments: argparse.Namespace) -> SimPlan:
    plan = read_plan(arguments.plan.read_text(encoding="utf-8")) if arguments.plan else SimPlan(seed=arguments.seed)
    if arguments.ticks_per_s is not None:
        plan = _with(plan, ticks_per_s=arguments.ticks_per_s)
    if arguments.latency_ms is not None:
        plan = _with(plan, latency_ms=arguments.latency_ms)
    return plan


async def run(arguments: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    venue = SimVenue(
        SystemClock(), LoopScheduler(asyncio.get_running_loop()), arguments.seed, _plan(arguments), arguments.log
    )
    links = VenueServer(venue)
    if arguments.socket is not None:
        arguments.socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(links.serve, str(arguments.socket))
        address = str(arguments.socket)
    else:
        server = await asyncio.start_server(links.serve, "127.0.0.1", arguments.port)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    venue.start()
    sys.stdout.write(msgspec.json.encode({"event": "ready", "address": address}).decode() + "\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


def main() -> None:
    """Entry point of the process."""
    try:
        asyncio.run(run(_arguments()))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
