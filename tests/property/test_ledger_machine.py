"""A desk at work: fills in and out of time, takings back, splits, marks and restarts, against the replay."""

from __future__ import annotations

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.helpers.ledger_oracle import (
    INSTRUMENTS,
    account_opened,
    cash_event,
    figures,
    fill,
    ledger_of,
    replay,
    split_event,
)
from workstation.domain.events import Event
from workstation.domain.executions import CostMethod, ExecKind
from workstation.portfolio.pnl import Pnl

_encoder = msgspec.json.Encoder(order="deterministic")
quantities = st.integers(-20, 20).filter(bool)
prices = st.integers(1, 500)


class LedgerMachine(RuleBasedStateMachine):
    """One account in one stock and one future; every word of the venue is kept for the replay."""

    @initialize(method=st.sampled_from(list(CostMethod)))
    def open(self, method: CostMethod) -> None:
        self.method, self.clock, self.mark = method, 10, {"STK": 0, "FUT": 0}
        self.words: list[Event] = []
        self.ledger = ledger_of([account_opened()], method)
        self.pnl = Pnl(self.ledger, INSTRUMENTS)

    def hear(self, event: Event) -> None:
        self.words.append(event)
        self.ledger.apply(event)

    @rule(
        symbol=st.sampled_from(["STK", "FUT"]),
        qty=quantities,
        px=prices,
        late=st.integers(0, 9),
        strategy=st.sampled_from(["", "s"]),
    )
    def trade(self, symbol: str, qty: int, px: int, late: int, strategy: str) -> None:
        self.clock += 3
        key = f"k{len(self.words):03}"
        self.hear(fill(qty, px, at=self.clock - late, key=key, symbol=symbol, fee=px * 10**14, strategy=strategy))

    @rule(
        choice=st.integers(0, 99), kind=st.sampled_from([ExecKind.BUST, ExecKind.CORRECTION]), qty=quantities, px=prices
    )
    def take_back(self, choice: int, kind: ExecKind, qty: int, px: int) -> None:
        fills = [word.execution for word in self.words if hasattr(word, "execution")]
        if fills:
            target, key = fills[choice % len(fills)], f"k{len(self.words):03}"
            self.clock += 1
            self.hear(fill(qty, px, at=self.clock, key=key, symbol=target.symbol, kind=kind, corrects=target.exec_key))

    @rule(ratio=st.sampled_from([(2, 1), (3, 2), (1, 4)]), px=st.none() | prices)
    def split(self, ratio: tuple[int, int], px: int | None) -> None:
        self.clock += 1
        self.hear(split_event(*ratio, px, at=self.clock))

    @rule(amount=st.integers(-(10**20), 10**20))
    def settle(self, amount: int) -> None:
        self.clock += 1
        self.hear(cash_event("variation", amount, symbol="FUT", at=self.clock))

    @rule(symbol=st.sampled_from(["STK", "FUT"]), px=prices)
    def price(self, symbol: str, px: int) -> None:
        self.mark[symbol] = px
        self.pnl.mark(symbol, px, self.clock)

    @rule()
    def restart(self) -> None:
        state = msgspec.json.decode(_encoder.encode(self.ledger.state()))
        self.ledger = ledger_of([], self.method)
        self.ledger.load(state)
        self.pnl = Pnl(self.ledger, INSTRUMENTS)
        for symbol, px in self.mark.items():
            if px:
                self.pnl.mark(symbol, px, self.clock)

    @invariant()
    def equals_the_replay(self) -> None:
        self.ledger.check()
        total = 0
        for symbol, px in self.mark.items():
            if self.ledger.position("A", symbol) is None:
                continue
            naive = replay(self.words, "A", symbol, self.method).total
            assert figures(self.ledger, symbol) == (naive.qty, naive.cost, naive.realised)
            if px or not naive.qty:
                worth = int(naive.qty) * px * INSTRUMENTS[symbol].multiplier * 10**16
                assert self.pnl.unrealised("A", symbol) == worth - naive.cost
                total += worth - naive.cost
        assert self.pnl.by_currency("A").get("USD", 0) == total


LedgerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestLedgerMachine = LedgerMachine.TestCase
