"""A run desk over a whole core, with code in hand: starts runs, and dies and begins anew over the same book."""

import msgspec

from tests.helpers.core_rig import ACCOUNT
from tests.helpers.runner_rig import RunnerRig
from tests.helpers.strategy_code import CodeInHand
from workstation.domain.events import RecordSaved
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.strategies.run_budget import RunBudget
from workstation.strategies.run_desk import RunDesk
from workstation.strategies.run_terms import StartRun
from workstation.strategies.runner import Runner

PERSON = Origin(kind=OriginKind.REST, user="local")
STRATEGY = StrategyDefinition(
    id="S1", row_version=1, name="first", strategy_type="CUSTOM", user_id="local", rebalance_frequency="NONE",
    config={"entry_point": "hand:Buyer"},
)  # fmt: skip


class DeskRig(RunnerRig):
    def __init__(self, **config):
        super().__init__()
        self.pnl, self.profit, self.capital, self.bounds = 0, None, None, RunBudget()
        self.code = CodeInHand()
        self.runs = self.made()
        strategy = msgspec.structs.replace(STRATEGY, config={**STRATEGY.config, **config})
        self.desk.recorder.record([RecordSaved(record=strategy, changed=("name",), actor="test", ts=1)])

    def made(self):
        return RunDesk(
            desk=self.desk, bus=self.bus, runner=self.runner, loader=self.code, clock=self.clock, ids=self.ids,
            worth=lambda _account, _run: (self.pnl, 0), profit=lambda _account, _symbol, _run: self.profit,
            capital=lambda _account, _run: self.capital, bounds=self.bounds,
        )  # fmt: skip

    def start(self, **fields):
        fields.setdefault("initial_capital", "10000.00")
        wanted = StartRun(strategy_id="S1", account=ACCOUNT, start_date="2026-01-05", **fields)
        found = []
        self.runs.prepare(wanted, lambda code, trouble: found.append((code, trouble)))
        run, _ = self.runs.start(wanted, found[0][0], PERSON)
        return run.id

    def kept(self, run_id):
        return self.state.records.find(StrategyRun, "local", run_id)

    def die(self):
        """End every thread without a word and begin anew over the same book, as after a kill."""
        self.runner.close(20)
        self.bus._handlers.clear()
        self.bus._routes.clear()
        self.runner = Runner(
            desk=self.desk, market=self.market, bus=self.bus, clock=self.clock, scheduler=self.clock, ids=self.ids,
            post=self.calls.put,
        )  # fmt: skip
        while not self.calls.empty():
            self.calls.get()
        self.runs = self.made()
        self.runs.begin()

    def ordered(self, run_id):
        return sorted(order.cl_ord_id for order in self.working() if order.strategy_id == run_id)


def bought(rig, run_id):
    """Let the run send its first order; what it remembers of it is kept right behind it."""
    rig.until(lambda: (rig.quote(9_999, 10_001), rig.ordered(run_id))[1])
    rig.until(lambda: rig.kept(run_id).kept_state == {"bought": True})
