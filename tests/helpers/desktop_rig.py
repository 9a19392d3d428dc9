"""A desktop without an engine: a real bridge, context and outbox over a gateway that records and lets a test answer.

A test feeds rows and snapshots as the engine would, takes a frame when it likes, presses real keys and buttons, and
reads what was asked of the engine. Time is a virtual clock; nothing here runs by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from shiboken6 import isValid

from workstation.commands.registry import CommandRegistry, CommandResult, Reply
from workstation.desktop.bridge import Bridge
from workstation.desktop.context import DesktopContext
from workstation.domain.accounts import Account, Environment
from workstation.domain.executions import CostMethod, PositionState
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Level, SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    GroupLink,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    Residence,
    Side,
)
from workstation.kernel.clock import VirtualClock
from workstation.kernel.giving_way import ScreenTurn
from workstation.kernel.ids import IdSource
from workstation.viewmodels.focus import LinkGroups, SizePresets, TradeFocus
from workstation.viewmodels.frames import DepthSnap, Frame, LatencySnap, PositionSnap, QuoteSnap, StatusSnap
from workstation.viewmodels.outbox import Outbox
from workstation.viewmodels.session import OpenAccounts, Session

ACCOUNT = "SIM-1"
START_NS = 1_704_207_600_000_000_000
"""2024-01-02T15:00:00Z, a Tuesday within New York hours."""
SECOND = 1_000_000_000


def stock(symbol: str = "AAPL", *, lot: int = 1, name: str = "Apple Inc. common stock") -> Instrument:
    """Return a stock with a cent tick."""
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
        lot=lot,
        min_qty=lot,
        max_qty=1_000_000,
        name=name,
        exchange="XNAS",
    )


def future(symbol: str = "ESZ6") -> Instrument:
    """Return a future with a quarter-point tick and a multiplier of 50."""
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.FUTURE,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 25),),
        multiplier=50,
        name="E-mini S&P 500 December 2026",
        exchange="XCME",
    )


class Call(msgspec.Struct, frozen=True):
    """One call of a command as the gateway received it."""

    command_id: str
    params: Any
    origin: Origin
    reply: Reply


class FakeGateway:
    """Records every call. `answers` holds what a command is answered at once; all others wait for `answer`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, CommandResult | Callable[[Any], CommandResult]] = {}
        self._waiting: list[Call] = []

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, reply: Reply, attach: object = None
    ) -> None:
        """Record a call and answer it where the test said how."""
        call = Call(command_id, params, origin, reply)
        self.calls.append(call)
        prepared = self.answers.get(command_id)
        if prepared is None:
            self._waiting.append(call)
        else:
            reply(prepared(params) if callable(prepared) else prepared)

    def of(self, command_id: str) -> list[Any]:
        """Return the parameters of each call of one command, in order."""
        return [call.params for call in self.calls if call.command_id == command_id]

    def sent(self) -> list[tuple[str, Any]]:
        """Return every call but wishes for market data, lists and previews, as (id, parameters)."""
        quiet = {"market.watch", "market.bars", "order.preview", "order.outlook", "alert.list", "alert.hooks"}
        quiet |= {"strategy.signals", "market.actions", "market.indicators"}
        return [(call.command_id, call.params) for call in self.calls if call.command_id not in quiet]

    def answer(self, command_id: str, result: CommandResult) -> None:
        """Answer the oldest open call of a command."""
        call = next(waiting for waiting in self._waiting if waiting.command_id == command_id)
        self._waiting.remove(call)
        call.reply(result)


class DesktopRig:
    """Bridge and context of a desktop test. `frame()` takes what was fed; `clock` moves only by hand."""

    def __init__(
        self,
        *instruments: Instrument,
        environment: Environment = Environment.SIM,
        clock: VirtualClock | None = None,
        seed: int = 7,
        gateway: Any = None,
    ) -> None:
        known = instruments or (stock(), stock("MSFT", name="Microsoft Corp. common stock"), future())
        self.clock = clock or VirtualClock(START_NS)
        self.clock.advance(SECOND)
        self.instruments = {instrument.symbol: instrument for instrument in known}
        self.account = Account(
            account=ACCOUNT,
            uid="a1",
            venue="SIM",
            environment=environment,
            currency="USD",
            initial_cash=100_000 * MONEY_ONE,
        )
        self.accounts = OpenAccounts([self.account])
        self.origin_names: dict[str, str] = {}
        self.gateway = FakeGateway() if gateway is None else gateway
        self.outboxes: list[Outbox] = []
        self._ids = IdSource(seed)
        self.session = Session(
            instruments=self.instruments,
            accounts=self.accounts,
            environment=environment,
            version="0.0.0",
            open_outbox=self._open_outbox,
            open_rows=self._open_outbox,
            close_outbox=self.outboxes.remove,
            new_cl_ord_id=self._ids.cl_ord_id,
            mono_ns=self.clock.mono_ns,
            screen=ScreenTurn(self.clock.mono_ns),
            origin_names=self.origin_names,
        )
        self.bridge = Bridge(self.session, self.gateway, CommandRegistry(), frame_hz=60)
        self.context = DesktopContext(
            bridge=self.bridge,
            focus=TradeFocus(ACCOUNT, known[0].symbol, self.clock.mono_ns),
            links=LinkGroups(),
            sizes=SizePresets(),
        )
        self._ends: list[QObject] = []
        self.spoken: list[tuple[str, str]] = []
        spoken = self.spoken  # a connection that held the rig would keep both for good: no collector sees through Qt
        self.context.announcer.spoken.connect(lambda level, text, _id: spoken.append((level, text)))

    def _open_outbox(self, wake: Callable[[], None]) -> Outbox:
        self.outboxes.append(Outbox(wake))
        return self.outboxes[-1]

    @property
    def outbox(self) -> Outbox:
        """The bridge's own outbox."""
        return self.outboxes[0]

    def frame(self) -> Frame:
        """Take one frame, as the frame timer would."""
        return self.bridge.take_frame()

    def feed(self, *rows: Any, **snapshots: Any) -> Frame:
        """Put rows and snapshots and take the frame that carries them."""
        self.outbox.put_rows(rows)
        self.outbox.put_snapshots(**snapshots)
        return self.frame()

    def arm(self, environment: Environment | None = Environment.SIM) -> Frame:
        """Report hand entry as armed (None: disarmed)."""
        return self.feed(status=status(armed=environment, now_ns=self.clock.now_ns()))

    def let_go_with(self, *parts: QObject) -> None:
        """Delete these too when the rig stops."""
        self._ends += parts

    def stop(self) -> None:
        """End the bridge; beside a workspace delete what both share: what is connected to it lives as long."""
        self.bridge.stop()
        for part in (*self._ends, *shared(self.context)) if self._ends else ():
            part.deleteLater()
            QCoreApplication.sendPostedEvents(part, QEvent.Type.DeferredDelete.value)
        self._ends.clear()


def shared(context: DesktopContext) -> list[QObject]:
    """Return the objects of Qt that all parts of a desktop share."""
    return [part for part in vars(context).values() if isinstance(part, QObject) and isValid(part)]


def status(**changes: Any) -> StatusSnap:
    """Return a healthy status of a simulated session, disarmed."""
    fields: dict[str, Any] = {
        "environment": Environment.SIM,
        "feed": "sim",
        "feed_state": "UP",
        "venue_state": "UP",
        "streams": (),
        "latency": LatencySnap(key_to_journal=None, journal_to_sent=None, sent_to_ack=None, count=0),
        "engine_lag_ms": 0.0,
        "updates_per_s": 0.0,
        "journal_seq": 0,
        "journal_fill": 0.0,
        "storage_trouble": "",
        "armed": None,
        "kills": (),
        "open_orders": 0,
        "unknown_orders": 0,
        "now_ns": START_NS,
    }
    return StatusSnap(**{**fields, **changes})


def quote(symbol: str = "AAPL", bid: int | None = 18_719, ask: int | None = 18_721, **changes: Any) -> QuoteSnap:
    """Return a fresh quote of an open market."""
    fields: dict[str, Any] = {
        "symbol": symbol,
        "bid": bid,
        "bid_size": 300,
        "ask": ask,
        "ask_size": 500,
        "last": bid,
        "last_size": 100,
        "open": 18_650,
        "high": 18_790,
        "low": 18_610,
        "prev_close": 18_630,
        "volume": 1_250_000,
        "vwap": 18_701,
        "freshness": "FRESH",
        "age_ms": 40,
        "phase": SessionPhase.OPEN,
    }
    return QuoteSnap(**{**fields, **changes})


def depth(
    symbol: str = "AAPL", bid: int = 18_719, ask: int = 18_721, *, levels: int = 10, tick: int = 1, **changes: Any
) -> DepthSnap:
    """Return a synced book of `levels` a side with sizes that differ from level to level."""
    fields: dict[str, Any] = {
        "symbol": symbol,
        "bids": tuple(Level(bid - n * tick, 100 * (n + 1 + n * 7 % 5)) for n in range(levels)),
        "asks": tuple(Level(ask + n * tick, 100 * (n + 2 + n * 3 % 4)) for n in range(levels)),
        "synced": True,
        "age_ms": 30,
        "freshness": "FRESH",
        "seq": 1,
        "last": bid,
        "last_size": 100,
    }
    return DepthSnap(**{**fields, **changes})


def limit(side: Side = Side.BUY, price: int | None = 18_715, qty: int = 100, **changes: Any) -> OrderTerms:
    """Return the terms of a limit order in AAPL."""
    fields: dict[str, Any] = {
        "symbol": "AAPL",
        "account": ACCOUNT,
        "side": side,
        "ord_type": OrdType.LIMIT,
        "order_qty": qty,
        "price": price,
    }
    return OrderTerms(**{**fields, **changes})


def order(
    cl_ord_id: str = "OMS-1",
    terms: OrderTerms | None = None,
    state: OrdStatus = OrdStatus.SUBMITTED,
    *,
    link: GroupLink | None = None,
    **changes: Any,
) -> OrderState:
    """Return an order as the engine reports it, working at the exchange unless said otherwise."""
    terms = terms or limit()
    fields: dict[str, Any] = {
        "cl_ord_id": cl_ord_id,
        "uid": f"uid-{cl_ord_id}",
        "order_id": f"V-{cl_ord_id}",
        "terms": terms,
        "status": state,
        "origin": Origin(kind=OriginKind.TICKET),
        "link": link,
        "strategy_id": "",
        "cum_qty": 0,
        "leaves_qty": 0 if state.is_final else terms.order_qty,
        "cost": 0,
        "fees": {},
        "residence": Residence.EXCHANGE,
        "created_at": START_NS,
        "updated_at": START_NS,
        "version": 1,
    }
    return OrderState(**{**fields, **changes})


def position(qty: int = 100, *, symbol: str = "AAPL", price: int = 18_700, **changes: Any) -> PositionSnap:
    """Return the account's position: signed quantity at an average price in cents."""
    held = PositionState(
        account=ACCOUNT,
        symbol=symbol,
        strategy_id="*",
        currency="USD",
        qty=qty,
        cost=qty * price * MONEY_ONE // 100,
        realised=0,
        fees={},
        method=CostMethod.AVERAGE,
        updated_at=START_NS,
        version=1,
    )
    fields: dict[str, Any] = {
        "position": held,
        "mark": 18_719,
        "mark_kind": "last",
        "mark_age_ms": 20,
        "unrealised": qty * (18_719 - price) * MONEY_ONE // 100,
        "protection": "none",
    }
    return PositionSnap(**{**fields, **changes})
