"""What the gate asks of an account's worth, and how quotes and trades become marks and rates."""

from __future__ import annotations

import msgspec

from tests.helpers.ledger_oracle import INSTRUMENTS, account_opened, fill, ledger_of, money
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Aggressor, MarketEvent, PhaseChange, Quote, SessionPhase, Trade
from workstation.domain.numbers import MONEY_ONE
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.pnl import MarkKind, Pnl
from workstation.portfolio.run_symbols import RunSymbols
from workstation.portfolio.worth import Marks, Worth

EURUSD = Instrument(
    symbol="EURUSD",
    asset_class=AssetClass.FOREX,
    currency="USD",
    price_decimals=4,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
)

LISTED = msgspec.structs.replace(INSTRUMENTS["STK"], exchange="NASDAQ")


class Bench:
    """An account with a position in STK of 10 at 10.00, its worth, and its marks."""

    def __init__(self, qty: int = 10) -> None:
        ledger = ledger_of([account_opened()])
        self.pnl = Pnl(ledger, {**INSTRUMENTS, "EURUSD": EURUSD}, MarkKind.MID)
        self.worth = Worth(Accounts(ledger, self.pnl), self.pnl)
        self.marks = Marks(self.pnl, {"EURUSD": ("EUR", "USD", EURUSD)}, INSTRUMENTS | {"STK": LISTED})
        self.cash = self.worth.equity("A")
        ledger.apply(fill(qty, 10_00))

    def see(self, *events: MarketEvent) -> None:
        self.marks.on_batch([*events])


def quote(bid: int | None, ask: int | None, *, symbol: str = "STK", ts: int = 5) -> Quote:
    return Quote(symbol, bid, 1, ask, 1, ts, ts)


def trade(price: int, *, symbol: str = "STK", ts: int = 5) -> Trade:
    return Trade(symbol, price, 1, Aggressor.UNKNOWN, "", ts, ts)


def test_a_position_without_a_mark_leaves_worth_unknown() -> None:
    bench = Bench()
    assert (bench.worth.equity("A"), bench.worth.peak_equity("A"), bench.worth.gross("A")) == (None, None, None)


def test_a_gain_and_its_loss_show_as_equity_and_as_its_peak() -> None:
    bench = Bench()
    assert bench.cash is not None
    bench.see(quote(11_00, 11_02))
    peak = bench.worth.equity("A")
    assert peak == bench.cash + money("10.10")
    bench.see(quote(10_50, 10_52))
    assert bench.worth.equity("A") == bench.cash + money("5.10")
    assert bench.worth.peak_equity("A") == peak
    assert bench.worth.day_net("A") == money("5.10")


def test_a_short_counts_to_the_gross_as_a_long_does() -> None:
    for qty in (10, -10):
        bench = Bench(qty)
        bench.see(quote(11_00, 11_02))
        assert bench.worth.gross("A") == money("110.10")


def test_a_print_that_may_not_be_the_last_price_marks_nothing() -> None:
    bench = Bench()
    bench.see(trade(12_00), msgspec.structs.replace(trade(99_00), conditions="I"))
    assert bench.pnl.unrealised("A", "STK") == money("20")


def test_a_trade_marks_until_the_first_quote_and_never_after() -> None:
    bench = Bench()
    bench.see(trade(12_00))
    assert bench.pnl.unrealised("A", "STK") == money("20")
    bench.see(quote(11_00, 11_00), trade(20_00, ts=6))
    assert bench.pnl.unrealised("A", "STK") == money("10")
    bench.see(PhaseChange("STK", SessionPhase.CLOSED, 7, 7))
    assert bench.pnl.unrealised("A", "STK") == money("10")


def test_the_mid_of_a_pair_is_its_rate_and_half_a_quote_is_none() -> None:
    bench = Bench()
    bench.see(quote(1_1000, None, symbol="EURUSD"), quote(None, 1_1000, symbol="EURUSD"))
    assert bench.worth.convert(MONEY_ONE, "EUR", "USD") is None
    bench.see(quote(1_1000, 1_1002, symbol="EURUSD"))
    assert bench.worth.convert(MONEY_ONE, "EUR", "USD") == money("1.1001")
    bench.see(quote(0, 0, symbol="EURUSD", ts=9))
    assert bench.worth.convert(MONEY_ONE, "EUR", "USD") == money("1.1001"), "no rate comes from a price of nothing"


def test_marks_of_a_pair_that_is_none_of_ours_set_no_rate() -> None:
    bench = Bench()
    bench.see(msgspec.structs.replace(quote(1_1000, 1_1002), symbol="FUT"))
    assert bench.worth.convert(MONEY_ONE, "EUR", "USD") is None


def test_what_a_run_has_made_is_net_of_fees_and_of_its_own_fills_alone() -> None:
    bench = Bench(0)
    ledger = bench.pnl.ledger
    ledger.apply(fill(10, 10_00, strategy="R1", fee=money("1")))
    assert bench.worth.run_made("A", "R1") is None
    assert bench.worth.run_profit("A", "R1").positions == 1
    bench.see(quote(11_00, 11_02))
    ledger.apply(fill(500, 12_00))
    assert bench.worth.run_made("A", "R1") == money("9.10")
    assert bench.worth.worth_of("A", "STK", -10) == money("110.10")
    assert bench.worth.run_made("A", "R9") == 0
    ledger.apply(fill(-10, 11_00, strategy="R1"))
    assert bench.worth.run_profit("A", "R1").positions == 0
    assert bench.worth.run_made("A", "R1") == money("9")


def test_a_run_that_was_asked_for_before_it_traded_is_found_once_it_has() -> None:
    bench = Bench(0)
    traded = RunSymbols(bench.pnl.ledger)
    assert traded.of("A", "R1") == ()
    bench.pnl.ledger.apply(fill(10, 10_00, strategy="R1"))
    assert (traded.of("A", "R1"), traded.of("B", "R1"), traded.of("A", "R2")) == (("STK",), (), ())
