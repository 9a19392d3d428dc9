"""A runner over a whole core with a venue in hand: runs on their own threads, the engine's side pumped by the test."""

import queue

from tests.helpers.core_rig import ACCOUNT, CoreRig, instrument
from workstation.domain.market import Aggressor, Bar, BarKind, BarType, Quote, Trade
from workstation.marketdata.service import MarketData
from workstation.strategies.runner import Runner
from workstation.strategies.runs import RunLine, RunOrder, RunStatus
from workstation.strategies.views import Policy

WAIT_S = 20.0
"""How long a test waits for another thread before it is wrong; it never sleeps."""


class RunnerRig(CoreRig):
    def __init__(self, **fields):
        super().__init__(**fields)
        self.clock.advance(1_000_000_000)  # a monotonic time of 0 means that nothing runs
        self.market = MarketData(
            self.clock,
            {symbol: instrument(symbol) for symbol in self.state.instruments},
            on_fault=lambda message, error: self.faults.append((message, error)),
        )
        self.calls = queue.Queue()
        self.runner = Runner(
            desk=self.desk,
            market=self.market,
            bus=self.bus,
            clock=self.clock,
            scheduler=self.clock,
            ids=self.ids,
            post=self.calls.put,
        )

    def run(self, kind, run_id="R1", *, policy=Policy.CANCEL, orders_per_s_max=20, state=None, **parameters):
        """Start a run and wait until its strategy has begun."""

        def make(door):
            strategy = kind(door, kind.Parameters(**parameters))
            start = strategy.on_start

            def on_start():
                start()
                strategy.log("begun")

            strategy.on_start = on_start
            return strategy

        order = RunOrder(
            run_id=run_id,
            account=ACCOUNT,
            name=kind.__name__,
            make=make,
            policy=policy,
            orders_per_s_max=orders_per_s_max,
            state=state or {},
        )
        run = self.runner.start(order)
        begun = [run_id, "begun"]
        self.until(lambda: run.status.is_final or begun in [[line.run_id, line.text] for line in self.said(RunLine)])
        return run

    def until(self, fact):
        """Do what the runs' threads ask of the engine until a fact holds."""
        while not fact():
            self.calls.get(timeout=WAIT_S)()

    def working(self):
        return list(self.state.book.open_orders())

    def ended(self, run):
        self.until(lambda: run.status.is_final)
        return run.status

    def quote(self, bid, ask, symbol="ABC"):
        now = self.clock.now_ns()
        self.market.on_feed([Quote(symbol, bid, 100, ask, 100, now, now)])

    def trade(self, price, size=1, symbol="ABC"):
        now = self.clock.now_ns()
        self.market.on_feed([Trade(symbol, price, size, Aggressor.BUY, "", now, now)])

    def close_bar(self, close, symbol="ABC"):
        now = self.clock.now_ns()
        bar = Bar(symbol, BarType(BarKind.MINUTE, 1), close, close, close, close, 1, 1, now - 60_000_000_000, now)
        self.runner._on_batch([bar])

    def close(self):
        self.runner.stop_all("test over")
        return self.runner.close(WAIT_S)


__all__ = ["RunStatus", "RunnerRig"]
