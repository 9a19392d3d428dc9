"""The REST interface over a real core: a desk, a journal in memory and a venue in hand on an engine thread of its own.

Tests speak HTTP to a real server on a free port. The engine thread runs commands one after the other and commits after
each, as the journal does; reads come from the committed rows in memory.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.helpers import described
from tests.helpers.core_rig import START_NS, CoreRig
from tests.helpers.memory_reader import MemoryReader
from tests.helpers.strategy_code import CodeInHand
from workstation.api.options import ApiOptions
from workstation.api.server import ApiServer
from workstation.api.token_file import TokenFile
from workstation.commands import (
    accounts,
    answers,
    handovers,
    holds,
    limits,
    market,
    outcomes,
    pnl,
    records,
    safety,
    strategies,
    trading,
    venues,
    watched,
)
from workstation.commands.context import EngineContext
from workstation.commands.registry import Attach, CommandRegistry, CommandResult, Invocation, Reply
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import UserError
from workstation.domain.events import RecordSaved
from workstation.domain.executions import Execution
from workstation.domain.market import MarketEvent
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState, Origin
from workstation.kernel.giving_way import ScreenTurn
from workstation.kernel.ids import IdSource, stable_uid
from workstation.kernel.mailbox import MailboxFull
from workstation.marketdata.inquiry import MarketInquiry
from workstation.marketdata.listings import Listings
from workstation.marketdata.outside import OutsideMarket
from workstation.marketdata.service import MarketData
from workstation.portfolio.pnl import MarkKind, Pnl
from workstation.strategies.run_desk import RunDesk
from workstation.strategies.runner import Runner
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.outbox import Outbox
from workstation.viewmodels.session import Session

ACCOUNT_UID = stable_uid("account", "SIM-1")
WAIT_S = 10.0


class EngineThread:
    """The gateway: runs commands on one thread. `held` keeps answers back until a test lets them go."""

    def __init__(self, rig: CoreRig, reader: MemoryReader) -> None:
        self.rig, self.reader = rig, reader
        self.calls: list[str] = []
        self.full = False
        self.news = threading.Event()
        self.held = threading.Event()
        self.held.set()
        self._pool = ThreadPoolExecutor(1, "engine")
        self.commands = CommandRegistry()
        trading.register(self.commands)
        safety.register(self.commands)
        records.register(self.commands)
        accounts.register(self.commands)
        pnl.register(self.commands)
        limits.register(self.commands)
        answers.register(self.commands)
        holds.register(self.commands)
        venues.register(self.commands)
        strategies.register(self.commands)
        handovers.register(self.commands)
        market.register(self.commands)
        watched.register(self.commands)
        nothing: Any = None
        instruments = rig.state.instruments
        self.market = MarketData(rig.clock, instruments, on_fault=lambda _, error: rig.faults.append(("market", error)))
        reader.market.instruments = instruments
        self.listings = Listings(tuple(instruments.values()), instruments, self.market.on_instrument)
        rig.bus.subscribe(RecordSaved, self.listings.on_saved)
        self.pnl = Pnl(rig.state.ledger, rig.state.instruments, MarkKind.MID)
        parts = dict.fromkeys(EngineContext.__struct_fields__, nothing) | {
            "desk": rig.desk,
            "state": rig.state,
            "journal": rig.journal,
            "ids": rig.ids,
            "clock": rig.clock,
            "environment": Environment.SIM,
            "pnl": self.pnl,
            "inquiry": MarketInquiry(self.market, "SIM"),
            "past_bars": reader.market,
            "outside": OutsideMarket(self.market, self.listings, reader.market),
            "strategies": self._run_desk(),
        }
        self.context = EngineContext(**parts)

    def _run_desk(self) -> RunDesk:
        """Return a run desk whose runs' threads ask for their turn on the engine's."""
        rig = self.rig
        post = self.do_soon
        self.runner = Runner(
            desk=rig.desk, market=self.market, bus=rig.bus, clock=rig.clock, scheduler=rig.clock, ids=rig.ids, post=post
        )
        self.code = CodeInHand()
        return RunDesk(
            desk=rig.desk,
            bus=rig.bus,
            runner=self.runner,
            loader=self.code,
            clock=rig.clock,
            ids=rig.ids,
            worth=lambda _account, _run: (0, 0),
            profit=lambda _account, _symbol, _run: None,
            capital=lambda _account, _run: None,
        )

    def do_soon(self, work: Callable[[], None]) -> None:
        """Have something done on the engine's thread, from any other; nothing once the rig has closed."""

        def run() -> None:
            work()
            self.settle()
            self.news.set()

        with contextlib.suppress(RuntimeError):
            self._pool.submit(run)

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, reply: Reply, attach: Attach | None = None
    ) -> None:
        if self.full:
            raise MailboxFull
        if command_id not in ("audit.note", "answer.keep"):
            self.calls.append(command_id)
        answers: list[CommandResult] = []
        over = threading.Event()

        def answer(result: CommandResult) -> None:
            if over.is_set():  # it was handed to another thread, whose answer comes later
                reply(result)
            else:
                answers.append(result)

        call = Invocation(command_id=command_id, params=params, origin=origin, reply=answer, attach=attach)
        self._pool.submit(self._run, call, answers, reply, over)

    def _run(self, call: Invocation, answers: list[CommandResult], reply: Reply, over: threading.Event) -> None:
        try:
            self.commands.run(self.context, call)
        except UserError as error:
            answers.append(outcomes.failed(error))
        self.settle()
        self.held.wait(WAIT_S)
        over.set()
        for answer in tuple(answers):
            reply(answer)

    def settle(self) -> None:
        """Commit and let the virtual clock reach what is due now; then committed rows can be read."""
        for _ in range(3):
            self.rig.commit()
            self.rig.clock.advance(0)
        self.reader.catch_up()

    def do(self, work: Callable[[], Any]) -> Any:
        """Run something on the engine's thread, as the venue's reports are."""

        def run() -> Any:
            done = work()
            self.settle()
            return done

        return self._pool.submit(run).result(WAIT_S)

    def close(self) -> None:
        self.held.set()
        self.runner.close(WAIT_S)
        self._pool.shutdown(wait=True)


class Rows:
    """Outboxes of the session, fed with every row that the core publishes."""

    def __init__(self, rig: CoreRig) -> None:
        self.boxes: list[Outbox] = []
        rig.bus.subscribe(OrderState, self.put)
        rig.bus.subscribe(Execution, self.put)
        rig.bus.subscribe(RecordSaved, lambda saved: self.put(saved.record))

    def open(self, wake: Callable[[], None]) -> Outbox:
        box = Outbox(wake)
        self.boxes.append(box)
        return box

    def close(self, box: Outbox) -> None:
        self.boxes.remove(box)

    def put(self, row: Any) -> None:
        for box in tuple(self.boxes):
            box.put_rows([row])

    def mark(self, snap: PositionSnap) -> None:
        for box in tuple(self.boxes):
            box.put_snapshots(positions=[snap])


class ApiRig:
    """A served core. `http` carries the token; `client()` makes others."""

    def __init__(
        self,
        home: Path,
        *,
        options: ApiOptions | None = None,
        environment: Environment = Environment.SIM,
        clock: list[int] | None = None,
    ) -> None:
        """clock: ns that the service's own clock is ahead, which a test may move."""
        self.home = home
        self.ahead = [0] if clock is None else clock
        self.core = CoreRig(instant=False, limits=False)
        self.reader = MemoryReader(self.core.journal)
        self.engine = EngineThread(self.core, self.reader)
        self.rows = Rows(self.core)
        self.ready: dict[str, bool] = {"engine": True}
        self.account = Account(
            account="SIM-1",
            uid=ACCOUNT_UID,
            venue="FAKE",
            environment=environment,
            currency="USD",
            initial_cash=10_000_000 * MONEY_ONE,
        )
        ids = IdSource(seed=11)
        self.session = Session(
            instruments=self.engine.listings.offered,
            known=self.core.state.instruments,
            accounts=(self.account,),
            environment=environment,
            version="1.2.3",
            open_outbox=self.rows.open,
            open_rows=self.rows.open,
            close_outbox=self.rows.close,
            new_cl_ord_id=ids.cl_ord_id,
            mono_ns=self.core.clock.mono_ns,
            screen=ScreenTurn(self.core.clock.mono_ns),
        )
        self.options = options or ApiOptions()
        self.token_file = home / "api-token.json"
        self.server = self._server()
        self.engine.settle()

    def _server(self) -> ApiServer:
        return ApiServer(
            session=self.session,
            gateway=self.engine,
            reader=self.reader,
            token_file=self.token_file,
            options=self.options,
            readiness=lambda: self.ready,
            version="1.2.3",
            now_ns=lambda: START_NS + 1 + self.ahead[0],
            commands=self.engine.commands,
        )

    def start(self) -> None:
        self.url = self.server.start()
        self.port = int(self.url.rpartition(":")[2])
        self.token = msgspec.json.decode(self.token_file.read_bytes(), type=TokenFile).token
        self.http = self.client(Authorization=f"Bearer {self.token}")

    def restart_api(self) -> None:
        """Stop the service and start another one over the same engine; its token is kept by the options."""
        self.http.close()
        self.server.stop()
        self.server = self._server()
        self.start()

    def client(self, **headers: str) -> httpx.Client:
        """Return a client with these headers; every answer that it gets is held to the description."""
        hooks = {"response": [described.check]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=WAIT_S, trust_env=False, event_hooks=hooks)

    def stop(self) -> None:
        self.engine.held.set()
        self.http.close()
        self.server.stop()
        self.engine.close()

    # What scripts do

    def order(self, **fields: Any) -> dict[str, Any]:
        """Return a plain limit order's body."""
        return {
            "instrument_symbol": "ABC",
            "broker_account_id": ACCOUNT_UID,
            "order_type": "LIMIT",
            "side": "BUY",
            "quantity": "100",
            "price": "100.00",
            "allow_duplicate": True,
        } | fields

    def place(self, **fields: Any) -> dict[str, Any]:
        """Place an order and return its body."""
        answer = self.http.post("/api/v1/oms/orders", json=self.order(**fields))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def feed(self, *events: MarketEvent) -> None:
        """Let market data arrive."""
        self.engine.do(lambda: self.engine.market.on_feed(list(events)))

    def fill(self, body: dict[str, Any], qty: int, price: int = 10_000) -> None:
        """Let the venue fill an order."""
        self.engine.do(lambda: self.core.broker.fill(body["client_order_id"], qty, price))


@contextmanager
def served(home: Path, **fields: Any) -> Iterator[ApiRig]:
    """Run a rig for the length of a block."""
    rig = ApiRig(home, **fields)
    rig.start()
    try:
        yield rig
    finally:
        rig.stop()
