"""Orders through the real program without a desktop, for tests of what storage does to trading."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tests.helpers.product_rig import ask
from workstation.app.bootstrap import Program
from workstation.commands.params import CancelOne, PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.domain.accounts import LockState
from workstation.domain.market import Quote
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Side

ACCOUNT = "SIM-MARGIN"
QUIET = "AAPL"
WAIT_S = 30.0
LOOK_S = 0.02

T = TypeVar("T")


def wait_for(fact: Callable[[], T], timeout_s: float = WAIT_S) -> T:
    """Return the first truthy value of `fact`."""
    deadline, pause = time.monotonic() + timeout_s, threading.Event()
    while True:
        found = fact()
        if found:
            return found
        assert time.monotonic() < deadline, "it never came true"
        pause.wait(LOOK_S)


def on_engine(program: Program, call: Callable[[], T]) -> T:
    """Return what a call on the engine's thread answers."""
    return program._loop.ask(call, WAIT_S)


def unlocked(program: Program) -> Program:
    """Wait until the account trades; returns the program."""
    locks = program.engine.core.state.controls.locks
    wait_for(lambda: on_engine(program, lambda: locks.state(ACCOUNT) is LockState.UNLOCKED))
    return program


def order(symbol: str, qty: int, *, price: int | None, side: Side = Side.BUY) -> PlaceOrder:
    """Return the parameters of a limit order, or with price None of a market order."""
    ord_type = OrdType.MARKET if price is None else OrdType.LIMIT
    terms = OrderTerms(symbol=symbol, account=ACCOUNT, side=side, ord_type=ord_type, order_qty=qty, price=price)
    return PlaceOrder(terms=terms)


def quoted(program: Program, symbol: str) -> Quote:
    """Wait until the account trades and an instrument has a quote; returns it."""
    cache = program.engine.core.market.cache
    return wait_for(lambda: on_engine(unlocked(program), lambda: cache.quote(symbol)))


def place(program: Program, wish: PlaceOrder) -> OrderState:
    """Place an order that is accepted here; returns it."""
    quoted(program, wish.terms.symbol)
    result = ask(program, "order.submit", wish)
    assert result.ok, result.text
    return result.data


def filled_order(program: Program) -> OrderState:
    """Buy one share that fills at once; returns the order as the database has it."""
    return _in_database(program, place(program, order("SIM-FILL", 1, price=None)), OrdStatus.FILLED)


def limit_order(program: Program) -> OrderState:
    """Rest a bid below the market; returns the order as the database has it."""
    return _in_database(program, place(program, resting_bid(program)), OrdStatus.SUBMITTED)


def resting_bid(program: Program, qty: int = 1) -> PlaceOrder:
    """Return the parameters of a bid that rests below the market."""
    return order(QUIET, qty, price=quoted(program, QUIET).bid * 97 // 10_000 * 100)


def cancel(program: Program, cl_ord_id: str) -> CommandResult:
    """Ask for a cancel."""
    return ask(program, "order.cancel", CancelOne(cl_ord_id=cl_ord_id, reason="test"))


def _in_database(program: Program, placed: OrderState, status: OrdStatus) -> OrderState:
    def there() -> OrderState | None:
        found = program.store.reader.order(placed.uid)
        return found if found is not None and found.status is status else None

    return wait_for(there)
