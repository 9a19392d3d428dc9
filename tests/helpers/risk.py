"""A desk without the rest of the core: a view whose answers a test sets, and orders and intents made short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from workstation.domain.accounts import Account, Environment, KillScope, KillState, LockState
from workstation.domain.events import KillChanged, LimitChanged, LockChanged
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    GroupLink,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    ReferencePrice,
    Residence,
    Side,
)
from workstation.domain.records import LivePermit
from workstation.risk.controls import Controls
from workstation.risk.exposure import Exposure
from workstation.risk.gate import RiskGate
from workstation.risk.view import RiskIntent, RunHolding

STOCK = Instrument(
    symbol="AAPL",
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
    max_qty=1_000_000,
)
OIL = Instrument(
    symbol="CL",
    asset_class=AssetClass.FUTURE,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
    multiplier=1_000,
    price_may_be_negative=True,
)
INSTRUMENTS = {"AAPL": STOCK, "CL": OIL}
ACCOUNT = Account(
    account="SIM-1", uid="u1", venue="SIM", environment=Environment.SIM, currency="USD", initial_cash=10**6 * MONEY_ONE
)
REST = Origin(OriginKind.REST, detail="token")
HAND = Origin(OriginKind.TICKET)
QUOTE = ReferencePrice(bid=9_999, ask=10_000, last=10_000, age_ms=5, fresh=True)


class FakeView:
    """Answers that a test sets. The account starts with 1,000,000 of equity, flat, quoted 99.99 / 100.00."""

    def __init__(self) -> None:
        self.caps: dict[str, int] = {}
        self.instruments = dict(INSTRUMENTS)
        self.accounts = {"SIM-1": ACCOUNT}
        self.references: dict[str, ReferencePrice] = {"AAPL": QUOTE, "CL": QUOTE}
        self.phases: dict[str, SessionPhase] = {}
        self.positions: dict[tuple[str, str], int] = {}
        self.of_runs: dict[tuple[str, str, str], int] = {}
        self.marks: dict[str, int] = {"AAPL": 10_000, "CL": 10_000}
        self.made: int | None = 0
        self.equities: int | None = 10**6 * MONEY_ONE
        self.peak: int | None = 10**6 * MONEY_ONE
        self.grosses: int | None = 0
        self.net: int | None = 0
        self.is_armed = True
        self.permit: LivePermit | None = None
        self.rates: dict[tuple[str, str], int] = {}

    def instrument(self, symbol: str) -> Instrument | None:
        return self.instruments.get(symbol)

    def account(self, account: str) -> Account | None:
        return self.accounts.get(account)

    def reference(self, symbol: str) -> ReferencePrice:
        return self.references[symbol]

    def phase(self, symbol: str) -> SessionPhase:
        return self.phases.get(symbol, SessionPhase.OPEN)

    def qty(self, account: str, symbol: str) -> int:
        return self.positions.get((account, symbol), 0)

    def run_qty(self, account: str, symbol: str, run_id: str) -> int:
        return self.of_runs.get((account, symbol, run_id), 0)

    def run_holdings(self, account: str, run_id: str) -> Iterator[RunHolding]:
        for (of, symbol, run), qty in self.of_runs.items():
            if (of, run) == (account, run_id) and qty:
                mark = self.marks.get(symbol)
                kind = self.instruments[symbol]
                worth = None if mark is None else abs(kind.notional(mark, qty))
                if worth is not None and kind.currency != self.accounts[account].currency:
                    worth = self.convert(worth, kind.currency, self.accounts[account].currency)
                yield RunHolding(symbol, qty, worth)

    def run_made(self, account: str, run_id: str) -> int | None:
        return self.made

    def equity(self, account: str) -> int | None:
        return self.equities

    def peak_equity(self, account: str) -> int | None:
        return self.peak

    def gross(self, account: str) -> int | None:
        return self.grosses

    def day_net(self, account: str) -> int | None:
        return self.net

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        rate = self.rates.get((currency, to))
        return None if rate is None else amount * rate

    def armed(self, environment: Environment) -> bool:
        return self.is_armed

    def live_permit(self, origin: Origin, strategy_id: str) -> LivePermit | None:
        return self.permit

    def permit_holder(self, origin: Origin, strategy_id: str) -> str:
        return strategy_id or origin.detail

    def order_cap(self, origin: Origin) -> int | None:
        return self.caps.get(origin.detail)


class RiskDesk:
    """View, controls, exposure and gate of one unlocked account, put together as the desk does."""

    def __init__(self) -> None:
        self.view = FakeView()
        self.controls = Controls()
        self.exposure = Exposure(INSTRUMENTS)
        self.gate = RiskGate(self.view, self.controls, self.exposure)
        self.controls.apply(LockChanged(account="SIM-1", state=LockState.UNLOCKED, reason="agrees", ts=1))

    def hold(self, qty: int, symbol: str = "AAPL") -> None:
        """Set the position."""
        self.view.positions["SIM-1", symbol] = qty

    def limit(self, name: str, value: str, scope: str = "TENANT", key: str = "") -> None:
        """Set a limit or a restriction."""
        self.controls.apply(
            LimitChanged(limit=name, scope=scope, key=key, old="", new=value, actor="pat", reason="test", ts=1)
        )

    def kill(self, scope: KillScope, key: str = "", *, on: bool = True) -> None:
        """Turn a kill switch."""
        state = KillState(scope=scope, key=key, on=on, reason="test", actor="pat", ts=1)
        self.controls.apply(KillChanged(state=state, ts=1))

    def work(self, order: OrderState) -> OrderState:
        """Let a live order count."""
        self.exposure.on_change(None, order)
        return order

    def refusal(self, asked: RiskIntent) -> str:
        """Return the code of the first refusal, "" when the order passes."""
        denial = self.gate.check(asked).denial
        return "" if denial is None else denial.code


def terms(side: Side = Side.BUY, qty: int = 100, price: int | None = 10_000, **more: Any) -> OrderTerms:
    """Return a limit order, or a market order where `price` is None, unless `ord_type` says otherwise."""
    more.setdefault("ord_type", OrdType.MARKET if price is None else OrdType.LIMIT)
    more.setdefault("symbol", "AAPL")
    return OrderTerms(account="SIM-1", side=side, order_qty=qty, price=price, **more)


def intent(asked: OrderTerms | None = None, **more: Any) -> RiskIntent:
    """Return an intent over REST unless told otherwise."""
    more.setdefault("origin", REST)
    more.setdefault("cl_ord_id", "new")
    return RiskIntent(terms=asked or terms(), **more)


def live(cl_ord_id: str, asked: OrderTerms, *, cum: int = 0, link: GroupLink | None = None, **more: Any) -> OrderState:
    """Return a live order with these terms."""
    fields: dict[str, Any] = {
        "cl_ord_id": cl_ord_id,
        "uid": cl_ord_id,
        "order_id": "",
        "terms": asked,
        "status": OrdStatus.SUBMITTED,
        "origin": REST,
        "link": link,
        "strategy_id": "",
        "cum_qty": cum,
        "leaves_qty": asked.order_qty - cum,
        "cost": 0,
        "fees": {},
        "residence": Residence.EXCHANGE,
        "created_at": 1,
        "updated_at": 1,
        "version": 1,
        "reference": QUOTE,
    }
    return OrderState(**(fields | more))


def changed(order: OrderState, **fields: Any) -> OrderState:
    """Return the order with other fields."""
    return msgspec.structs.replace(order, **fields)
