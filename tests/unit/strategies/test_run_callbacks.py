"""Every callback of the interface, live through the runner: each kind of news reaches its own, with its values.

In the program and in a process of its own: the interface is one.
"""

from __future__ import annotations

import inspect
import sys
import threading
from decimal import Decimal

import pytest

from tests.helpers.core_rig import ACCOUNT, SYMBOL
from tests.helpers.runner_rig import RunnerRig, RunStatus
from workstation.app.isolation import isolated_host
from workstation.domain.market import Aggressor, BookSnapshot, Level, Trade
from workstation.strategies.api import Strategy
from workstation.strategies.runs import Isolated, RunOrder
from workstation.strategies.views import Policy

SECOND = 10**9
CALLBACKS = {"on_start", "on_quote", "on_trade", "on_book", "on_bar", "on_order", "on_fill", "on_timer", "on_stop"}


class Everything(Strategy):
    """Writes down each callback with what it brought."""

    def on_start(self):
        self.quotes(SYMBOL)
        self.trades(SYMBOL)
        self.book(SYMBOL)
        self.bars(SYMBOL, "1s")
        self.bars(SYMBOL, "2t")
        self.every(1, "tick")
        self._note("on_start", self.now > 0)

    def on_quote(self, quote):
        self._note("on_quote", (quote.bid, quote.ask))
        if not self.orders() and not self.position(SYMBOL):
            self.buy(SYMBOL, 5, limit=quote.ask)

    def on_trade(self, trade):
        self._note("on_trade", (trade.price, trade.size, trade.aggressor))

    def on_book(self, book):
        self._note("on_book", (book.bids, book.asks))

    def on_bar(self, bar):
        self._note(f"on_bar {bar.interval}", (bar.open, bar.close, bar.volume))

    def on_order(self, order):
        self._note("on_order", order.state.value)

    def on_fill(self, fill):
        self._note("on_fill", (fill.quantity, fill.price, self.position(SYMBOL)))

    def on_timer(self, name):
        self._note("on_timer", name)

    def on_stop(self):
        self._note("on_stop", self.position(SYMBOL))

    def _note(self, callback, value):
        self.show(**{callback: value})


@pytest.fixture
def rig():
    made = RunnerRig()
    yield made
    assert made.close() == []
    assert made.faults == []


def isolated(rig):
    """Start the same text in a process of its own and wait until it has begun."""
    rig.runner._isolate = isolated_host
    source = inspect.getsource(Everything)
    text = f"from workstation.strategies.api import Strategy\n\nSYMBOL = {SYMBOL!r}\n\n\n{source}"
    code = Isolated(entry_point="own:Everything", source=text, parameters={}, memory_mb=1_024, cpu_s=60)
    order = RunOrder(
        run_id="R1", account=ACCOUNT, name="own", make=lambda _door: None, policy=Policy.CANCEL, isolated=code,
        code_hash="0" * 64,
    )  # fmt: skip
    run = rig.runner.start(order)
    rig.until(lambda: run.status.is_final or "on_start" in run.view.values)
    assert run.status is RunStatus.RUNNING, run.view.traceback
    return run


APART = pytest.param(
    isolated, id="isolated", marks=pytest.mark.skipif(sys.platform == "win32", reason="isolated runs need POSIX")
)


def rested(run):
    """Wait until the callback has returned: the virtual clock counts from where one begins."""
    while run.thread._since:
        pass


def lived(rig, *runs):
    """Let each kind of news reach runs of `Everything`, and end them."""
    rig.quote(9_990, 10_000)
    rig.until(lambda: len(rig.working()) == len(runs))
    orders = rig.working()
    now = rig.clock.now_ns()
    levels = (Level(9_990, 7),), (Level(10_000, 9),)
    rig.market.on_feed([BookSnapshot(SYMBOL, *levels, 1, now, now)])
    rig.market.on_feed([Trade(SYMBOL, price, 3, Aggressor.BUY, str(price), now, now) for price in (9_995, 10_005)])
    for order in orders:
        rig.broker.fill(order.cl_ord_id, 5, 10_000)
    wanted = {"on_quote", "on_trade", "on_book", "on_bar 2t", "on_order", "on_fill"}
    for run in runs:
        rig.until(lambda run=run: wanted <= run.view.values.keys() and run.view.values["on_order"] == "FILLED")
        rested(run)
    rig.clock.advance(SECOND)
    later = rig.clock.now_ns()
    rig.market.on_feed([Trade(SYMBOL, 10_010, 1, Aggressor.SELL, "last", later, later)])
    for run in runs:
        rig.until(lambda run=run: {"on_bar 1s", "on_timer"} <= run.view.values.keys())
        run.stop("enough")
        assert rig.ended(run) is RunStatus.STOPPED


@pytest.mark.parametrize("begun", [pytest.param(lambda rig: rig.run(Everything), id="in the program"), APART])
def test_each_callback_is_called_with_what_happened(rig, begun):
    run = begun(rig)
    lived(rig, run)
    told = run.view.values
    assert {name.partition(" ")[0] for name in told} == CALLBACKS
    assert told["on_quote"] == "(99.9, 100.0)"
    assert told["on_book"] == "(((99.9, 7.0),), ((100.0, 9.0),))"
    assert told["on_bar 2t"] == "(99.95, 100.05, 6.0)"
    assert told["on_bar 1s"] == "(99.95, 100.05, 6.0)"
    assert (told["on_order"], told["on_timer"]) == ("FILLED", "tick")
    assert told["on_fill"] == str((Decimal(5), Decimal("100.00"), Decimal(5)))
    assert told["on_stop"] == "5"


def threaded(heard):
    """Return `Everything` that also notes on which thread each of its callbacks runs."""

    class Threaded(Everything):
        def state(self):
            heard.append(("state", threading.get_ident()))
            return {}

        def _note(self, callback, value):
            heard.append((callback.partition(" ")[0], threading.get_ident()))
            super()._note(callback, value)

    return Threaded


def test_a_run_has_one_thread_for_all_its_callbacks_and_shares_it_with_nobody(rig):
    heard = [], []
    lived(rig, *(rig.run(threaded(into), run_id) for into, run_id in zip(heard, ("R1", "R2"), strict=True)))
    for into in heard:
        assert {callback for callback, _ in into} == CALLBACKS | {"state"}
    threads = [{ident for _, ident in into} for into in heard]
    assert [len(idents) for idents in threads] == [1, 1]
    assert len(threads[0] | threads[1] | {threading.get_ident()}) == 3, "nor with the engine"
