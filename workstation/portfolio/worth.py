"""What the risk gate asks of an account's worth, over funds and profit and loss; None where something is unpriced."""

from collections.abc import Mapping
from typing import NamedTuple

from workstation.domain.conditions import is_last
from workstation.domain.instruments import Instrument
from workstation.domain.market import MarketEvent, Quote, Trade
from workstation.domain.numbers import MONEY_DECIMALS, div_half_even, rescale
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.pnl import Pnl
from workstation.portfolio.run_symbols import RunSymbols


class RunProfit(NamedTuple):
    """What a run has made net of fees, open profit included, and how many positions it has open.

    made: money of the account's currency. is_complete: everything of it has a mark and a rate.
    """

    made: int
    positions: int
    is_complete: bool


class Worth:
    """Implements `orders.risk_view.Valuation`."""

    def __init__(self, funds: Accounts, pnl: Pnl) -> None:
        self._funds = funds
        self._pnl = pnl
        self._traded = RunSymbols(pnl.ledger)

    def equity(self, account: str) -> int | None:
        """Return cash plus open profit."""
        return self._funds.equity(account)

    def peak_equity(self, account: str) -> int | None:
        """Return the highest equity of the trading day: equity now and how far net lies below its peak."""
        equity, drawdown = self._funds.equity(account), self._pnl.day(account).drawdown
        return None if equity is None or drawdown is None else equity + drawdown

    def gross(self, account: str) -> int | None:
        """Return the sum of the absolute market values of all positions."""
        if self._pnl.unmarked(account):
            return None
        totals = self._pnl.open_totals(account)
        amounts = {currency: div_half_even(total.gross_twice, 2) for currency, total in totals.items()}
        return self._pnl.rates.total(amounts, self._pnl.base_currency(account))[0]

    def day_net(self, account: str) -> int | None:
        """Return the day's profit after fees, open profit included."""
        return self._pnl.day(account).net

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        """Return `amount` of money in another currency, None without a rate."""
        rate = self._pnl.rates.get(currency, to)
        return None if rate is None else rate.convert(amount)

    def worth_of(self, account: str, symbol: str, qty: int) -> int | None:
        """Return the absolute market value of a quantity at the mark of its position."""
        holding, worth = self._pnl.ledger.holding(account, symbol), self._pnl.worth_of(account, symbol, qty)
        if holding is None or worth is None:
            return None
        return self.convert(worth, holding.contract.currency, self._pnl.base_currency(account))

    def run_made(self, account: str, run_id: str) -> int | None:
        """Return what a run has made net of fees, open profit included."""
        found = self.run_profit(account, run_id)
        return found.made if found.is_complete else None

    def run_profit(self, account: str, run_id: str) -> RunProfit:
        """Return what a run has made as far as it can be valued."""
        base, ledger = self._pnl.base_currency(account), self._pnl.ledger
        made = positions = 0
        is_complete = True
        for symbol in self._traded.of(account, run_id):
            row, profit = ledger.position(account, symbol, run_id), self._pnl.unrealised(account, symbol, run_id)
            if row is None:
                continue
            positions += row.qty != 0
            amounts = [(row.realised + (profit or 0), row.currency), *((-fee, name) for name, fee in row.fees.items())]
            in_base = [self.convert(amount, currency, base) for amount, currency in amounts if amount]
            is_complete = is_complete and profit is not None and None not in in_base
            made += sum(amount or 0 for amount in in_base)
        return RunProfit(made, positions, is_complete)


class Marks:
    """Feeds marks and currency rates from market data; one listener of the tick walk.

    Positions are marked at the mid; an instrument without quotes (a replay of bars) at its last trade, of
    those that may be the last price.
    """

    def __init__(
        self, pnl: Pnl, pairs: dict[str, tuple[str, str, Instrument]], instruments: Mapping[str, Instrument]
    ) -> None:
        self._pnl = pnl
        self._pairs, self._instruments = pairs, instruments
        self._quoted: set[str] = set()

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Mark what a batch quotes or trades."""
        quoted, on_quote, pairs = self._quoted, self._pnl.on_quote, self._pairs
        for event in events:
            if isinstance(event, Quote):
                on_quote(event.symbol, event.bid, event.ask, event.ts_event)
                quoted.add(event.symbol)
                if event.symbol in pairs:
                    self._take_rate(event)
            elif isinstance(event, Trade) and event.symbol not in quoted and self._is_last(event):
                self._pnl.mark(event.symbol, event.price, event.ts_event)

    def _is_last(self, trade: Trade) -> bool:
        instrument = self._instruments.get(trade.symbol)
        return instrument is None or is_last(trade.conditions, instrument.exchange)

    def _take_rate(self, quote: Quote) -> None:
        if quote.bid is None or quote.ask is None:
            return
        currency, base, instrument = self._pairs[quote.symbol]
        rate = rescale(quote.bid + quote.ask, instrument.price_decimals, MONEY_DECIMALS) // 2
        if rate > 0:
            self._pnl.rates.set(currency, base, rate, quote.ts_event)
