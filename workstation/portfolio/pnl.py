"""Profit and loss: marks make open positions worth something; running totals per account answer at once.

Stage of the tick walk after bars: `mark`, `on_quote` and `on_trade` touch only the positions of that symbol. Stage of
the order walk after the ledger, which it watches. It books nothing and reads no clock.

- Unrealised = sense * (worth at the mark - cost). Totals are kept doubled: a mid between two price units is exact.
- Realised is gross of fees; net = realised since the day began + all unrealised - fees since the day began.
- A position without a mark is left out of totals and named (`unmarked`); a currency without a rate makes the total None
  and is named (`missing_rates`). Neither is ever 0.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import div_half_even
from workstation.portfolio.entries import SortKey
from workstation.portfolio.excursions import Excursion
from workstation.portfolio.holding import Holding
from workstation.portfolio.ledger import ACCOUNT_TOTAL, Ledger
from workstation.portfolio.lines import AccountTotals, CurrencyTotal, Line, Mark
from workstation.portfolio.positions import Position
from workstation.portfolio.rates import Rate, Rates


class MarkKind(StrEnum):
    """Price that open positions are marked at: EXIT is the bid for a long, the ask for a short position."""

    LAST = "LAST"
    MID = "MID"
    EXIT = "EXIT"


class DayPnl(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one account's day in its base currency, as money; None where a rate is missing.

    unrealised: of all marked positions. peak: highest net since the day began, drawdown: how far net lies below it.
    fx: what rate changes did to foreign equity held at the day's start, its own line. day: "" before the first roll.
    """

    account: str
    day: str
    currency: str
    realised: int | None
    unrealised: int | None
    fees: int | None
    income: int | None
    net: int | None
    peak: int | None
    drawdown: int | None
    fx: int | None
    unmarked: tuple[str, ...]
    missing_rates: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """True when every position has a mark and every currency a rate."""
        return not self.unmarked and not self.missing_rates


class PnlLine(msgspec.Struct, frozen=True, kw_only=True):
    """One position with its profit since it was first traded; unrealised and mark_ts are None when unpriced."""

    account: str
    symbol: str
    strategy_id: str
    currency: str
    qty: int
    realised: int
    unrealised: int | None
    fees: dict[str, int]
    mark_ts: int | None


class DayMemory(msgspec.Struct, frozen=True):
    """What `Pnl` knows of one account's day that the ledger does not: peak and opening."""

    day_ts: int
    peak_twice: int | None
    opening: dict[str, tuple[int, Rate]] | None


class Pnl:
    """Marks, unrealised profit and day figures over a ledger; `kind` picks what quotes and trades mark."""

    def __init__(self, ledger: Ledger, instruments: Mapping[str, Instrument], kind: MarkKind = MarkKind.LAST) -> None:
        self.rates = Rates()
        self.kind = kind
        self.ledger = ledger
        self._instruments = instruments
        self._marks: dict[str, Mark] = {}
        self._lines: dict[str, list[Line]] = {}
        self._line_of: dict[tuple[str, str], Line] = {}
        self._accounts: dict[str, AccountTotals] = {}
        ledger.watch(self._on_ledger)
        self._on_ledger("", "")

    # Marks

    def mark(self, symbol: str, price: int, ts: int) -> None:
        """Mark every position of `symbol` at `price` (price units), as of `ts`, whatever the kind.

        A price that the instrument cannot be worth anything at (an inverse contract at 0 or less) is no mark.
        """
        self._mark(symbol, 2 * price, 2 * price, ts)

    def on_trade(self, symbol: str, price: int, ts: int) -> None:
        """Mark at a print, when marks follow the last trade."""
        if self.kind is MarkKind.LAST:
            self._mark(symbol, 2 * price, 2 * price, ts)

    def on_quote(self, symbol: str, bid: int | None, ask: int | None, ts: int) -> None:
        """Mark at the mid or the exit side, when marks follow quotes; a one-sided quote leaves the mark as it is."""
        if self.kind is MarkKind.LAST or bid is None or ask is None:
            return
        if self.kind is MarkKind.MID:
            self._mark(symbol, bid + ask, bid + ask, ts)
        else:
            self._mark(symbol, 2 * bid, 2 * ask, ts)

    def mark_age(self, symbol: str, now_ns: int) -> int | None:
        """Return the age of the mark in ns, None when there is none."""
        mark = self._marks.get(symbol)
        return None if mark is None else now_ns - mark.ts

    def _mark(self, symbol: str, long_twice: int, short_twice: int, ts: int) -> None:
        mark = self._marks.get(symbol)
        if long_twice <= 0 and self._instruments[symbol].inverse:
            return
        if mark is None:
            mark = self._marks[symbol] = Mark()
        mark.long_twice, mark.short_twice, mark.ts = long_twice, short_twice, ts
        for line in self._lines.get(symbol, ()):
            line.revalue(mark)
            account = line.account
            if account.is_plain:
                account.note(account.plain_total.open_twice + account.closed_twice)
            else:
                self._note(account)

    # Figures

    def unrealised(self, account: str, symbol: str, strategy_id: str = ACCOUNT_TOTAL) -> int | None:
        """Return open profit as money of the contract's currency; 0 when flat, None when unpriced."""
        holding = self.ledger.holding(account, symbol)
        if holding is None:
            return 0
        total, parts = holding.now.total, holding.now.parts
        position = total if strategy_id == ACCOUNT_TOTAL else parts.get(strategy_id)
        return 0 if position is None else self._unrealised(holding, position)

    def lines(self, account: str) -> tuple[PnlLine, ...]:
        """Return an account's positions by symbol: its own row ("*"), then its strategies' by name."""
        lines = []
        for holding in self.ledger.holdings_of(account):
            mark = self._marks.get(holding.contract.symbol)
            named = [(ACCOUNT_TOTAL, holding.now.total), *sorted(holding.now.parts.items())]
            for name, position in named:
                line = PnlLine(
                    account=account,
                    symbol=holding.contract.symbol,
                    strategy_id=name,
                    currency=holding.contract.currency,
                    qty=position.qty,
                    realised=position.realised,
                    unrealised=self._unrealised(holding, position),
                    fees=position.fees.copy(),
                    mark_ts=None if mark is None else mark.ts,
                )
                lines.append(line)
        return tuple(lines)

    def by_currency(self, account: str) -> dict[str, int]:
        """Return unrealised profit of marked positions per currency, as money."""
        totals = self._totals(account).currencies
        return {currency: div_half_even(totals[currency].open_twice, 2) for currency in sorted(totals)}

    def excursion(self, account: str, symbol: str, opened_by: SortKey | None = None) -> Excursion | None:
        """Return how far the round trip that an entry opened has run, of the one under way for None."""
        line = self._line_of.get((account, symbol))
        return None if line is None else line.meter.of(opened_by)

    def gross(self, account: str, symbol: str) -> int | None:
        """Return the absolute worth of a position at its mark as money of its currency, None when unpriced."""
        line = self._line_of.get((account, symbol))
        if line is None or not line.qty:
            return 0
        return None if symbol in self._totals(account).unmarked else div_half_even(line.gross_twice, 2)

    def worth_of(self, account: str, symbol: str, qty: int) -> int | None:
        """Return the absolute worth of a part of a position at its mark, as money of its currency; None unpriced."""
        holding, mark = self.ledger.holding(account, symbol), self._marks.get(symbol)
        if holding is None or mark is None:
            return None
        worth = holding.contract.worth_twice(mark.long_twice if qty > 0 else mark.short_twice, qty)
        return div_half_even(abs(worth), 2)

    def open_totals(self, account: str) -> Mapping[str, CurrencyTotal]:
        """Return the live running totals per currency; read only for others."""
        return self._totals(account).currencies

    def unmarked(self, account: str) -> tuple[str, ...]:
        """Return the symbols whose open position has no mark."""
        return tuple(sorted(self._totals(account).unmarked))

    def day(self, account: str) -> DayPnl:
        """Return the day's figures in the account's base currency."""
        totals = self._totals(account)
        purse = self.ledger.purse(account)
        base, day = self.base_currency(account), purse.day
        realised, missing = self.rates.total(_since(purse.realised, day.realised), base)
        fees, no_fee_rate = self.rates.total(_since(purse.fees, day.fees), base)
        income, no_income_rate = self.rates.total(_since(purse.income, day.income), base)
        unrealised, no_open_rate = self.rates.total(self.by_currency(account), base)
        net = None
        if realised is not None and unrealised is not None and fees is not None:
            net = realised + unrealised - fees
            totals.note(2 * net)
        peak = None if totals.peak_twice is None else div_half_even(totals.peak_twice, 2)
        return DayPnl(
            account=account,
            day=day.day,
            currency=base,
            realised=realised,
            unrealised=unrealised,
            fees=fees,
            income=income,
            net=net,
            peak=peak,
            drawdown=None if net is None or peak is None else max(peak - net, 0),
            fx=self._fx(totals, base),
            unmarked=tuple(sorted(totals.unmarked)),
            missing_rates=tuple(sorted({*missing, *no_fee_rate, *no_income_rate, *no_open_rate})),
        )

    def base_currency(self, account: str) -> str:
        """Return the account's base currency, "" while the account was never opened."""
        terms = self.ledger.purse(account).terms
        return terms.currency if terms is not None else ""

    def equity_by_currency(self, account: str) -> dict[str, int]:
        """Return equity per currency as money: cash, worth of what was bought, open profit and unsettled margin."""
        equity = dict(self.ledger.purse(account).cash)
        for currency, total in self._totals(account).currencies.items():
            equity[currency] = equity.get(currency, 0) + div_half_even(total.open_twice, 2) + total.carried
        return equity

    # Restart within a day

    def state(self) -> dict[str, DayMemory]:
        """Return the peaks and openings of the day, by account."""
        accounts = sorted(self._accounts.items())
        return {name: DayMemory(totals.day_ts, totals.peak_twice, totals.opening) for name, totals in accounts}

    def load(self, state: Any) -> None:
        """Take back what `state` returned, or its decoded JSON, for accounts whose day is still the same."""
        for account, memory in msgspec.convert(state, dict[str, DayMemory]).items():
            totals = self._totals(account)
            if memory.day_ts == self.ledger.purse(account).day.ts:
                totals.peak_twice, totals.opening = memory.peak_twice, memory.opening

    # Following the ledger

    def _on_ledger(self, account: str, symbol: str) -> None:
        if not account:
            self._rebuild()
            return
        holding = self.ledger.holding(account, symbol)
        if holding is not None:
            self._take(holding)
        self._follow(account)

    def _rebuild(self) -> None:
        """Start from the ledger alone: peaks begin here, and what rates did since the day began is not known."""
        self._lines, self._line_of, self._accounts = {}, {}, {}
        for account in self.ledger.accounts():
            for holding in self.ledger.holdings_of(account):
                self._take(holding, seen=False)
            totals, cash = self._totals(account), self.ledger.purse(account).cash
            totals.day_ts = self.ledger.purse(account).day.ts
            totals.opening = {} if {*cash, *totals.currencies} <= {self.base_currency(account)} else None
            self._follow(account)

    def _take(self, holding: Holding, *, seen: bool = True) -> None:
        contract = holding.contract
        line = self._line_of.get((holding.account, contract.symbol))
        if line is None:
            totals = self._totals(holding.account)
            total = totals.currencies.setdefault(contract.currency, CurrencyTotal())
            line = Line(totals, total, contract)
            self._line_of[holding.account, contract.symbol] = line
            self._lines.setdefault(contract.symbol, []).append(line)
        mark = self._marks.get(contract.symbol)
        line.take(holding, is_marked=seen and mark is not None)
        if line.qty and mark is not None:
            line.revalue(mark)
        else:
            line.clear()

    def _follow(self, account: str) -> None:
        """Renew what the totals keep of the account's closed figures, and start its day when one began."""
        totals, purse = self._totals(account), self.ledger.purse(account)
        base, day = self.base_currency(account), purse.day
        totals.is_plain = bool(base) and {base} >= {*totals.currencies, *purse.fees, *purse.realised}
        if totals.is_plain:
            totals.plain_total = totals.currencies.setdefault(base, CurrencyTotal())
            realised = purse.realised.get(base, 0) - day.realised.get(base, 0)
            totals.closed_twice = 2 * (realised - purse.fees.get(base, 0) + day.fees.get(base, 0))
        if day.ts != totals.day_ts:
            totals.day_ts = day.ts
            totals.peak_twice = None
            totals.opening = self._opening(account, base)
        self._note(totals)

    def _note(self, totals: AccountTotals) -> None:
        if totals.is_plain:
            totals.note(totals.plain_total.open_twice + totals.closed_twice)
        else:
            self.day(totals.name)

    def _totals(self, account: str) -> AccountTotals:
        totals = self._accounts.get(account)
        if totals is None:
            totals = self._accounts[account] = AccountTotals(account)
        return totals

    def _unrealised(self, holding: Holding, position: Position) -> int | None:
        if not position.qty:
            return 0
        mark = self._marks.get(holding.contract.symbol)
        if mark is None:
            return None
        price_twice = mark.long_twice if position.qty > 0 else mark.short_twice
        contract = holding.contract
        worth = contract.worth_twice(price_twice, position.qty)
        return div_half_even(contract.sense * (worth - 2 * position.cost), 2)

    def _opening(self, account: str, base: str) -> dict[str, tuple[int, Rate]] | None:
        """Return each foreign currency's equity with its rate now, None when one cannot be valued."""
        opening = {}
        for currency, equity in self.equity_by_currency(account).items():
            rate = self.rates.get(currency, base)
            if rate is None or self._totals(account).unmarked:
                return None
            if currency != base:
                opening[currency] = (equity, rate)
        return opening

    def _fx(self, totals: AccountTotals, base: str) -> int | None:
        """Return what the day's rate changes did to the foreign equity it began with, None when not known."""
        if totals.opening is None:
            return None
        gained = 0
        for currency, (equity, then) in totals.opening.items():
            rate = self.rates.get(currency, base)
            if rate is None:
                return None
            gained += rate.convert(equity) - then.convert(equity)
        return gained


def _since(now: dict[str, int], then: dict[str, int]) -> dict[str, int]:
    return {currency: amount - then.get(currency, 0) for currency, amount in now.items()}
