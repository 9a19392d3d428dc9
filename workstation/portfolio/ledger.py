"""The ledger: executions and cash events become positions, realised profit and cash, exactly.

Stage of the order walk after `orders/book`: it applies events, returns the rows that changed and never decides. The
same fold runs live and in recovery. It must not value anything (that is `pnl`), convert currencies or read a clock.

- Money is an integer at MONEY_DECIMALS. Cost is the exact pair (cost, quantity); where a part closes, its cost is
  `div_half_even(cost * closed, |qty|)` and the rest stays, so realised + unrealised = cash truth holds exactly (P2).
- Every fill is folded into the account's position (`strategy_id` "*") and its strategy's own ("" for the hand).
  Quantities of the parts sum to the account (P8); their realised profit need not, since each part has its own cost.
- In time order a fill costs O(1). Late fills, busts, corrections and late splits fold the holding again from a
  checkpoint (`holding` states the bound and what happens beyond it).
- A repeated execution key, bust or split changes nothing and is counted (P7). Cash adjustments carry no key: the
  journal's sequence applies each once.
- A variation settlement of futures is `CashAdjusted` of kind `variation` whose `symbol` names the contract.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from workstation.domain.errors import InvariantError
from workstation.domain.events import AccountOpened, CashAdjusted, Event, OrderFilled, SplitApplied, TradingDayRolled
from workstation.domain.executions import BalanceState, CostMethod, ExecKind, PositionState
from workstation.domain.instruments import Instrument
from workstation.portfolio.contracts import Contract
from workstation.portfolio.entries import Settlement, Split, fill_of
from workstation.portfolio.figures import Figures
from workstation.portfolio.holding import HISTORY_MAX, Holding
from workstation.portfolio.legs import Leg, Marks, holding_legs
from workstation.portfolio.positions import Position
from workstation.portfolio.purses import DayStart, Purse
from workstation.portfolio.snapshot import (
    LedgerCounts,
    LedgerState,
    pack_holding,
    pack_purse,
    unpack_holding,
    unpack_purse,
)

ACCOUNT_TOTAL = "*"
"""strategy_id of the row that sums an account's position."""

VARIATION = "variation"
"""Kind of CashAdjusted that settles a futures position from day to day."""

INCOME_KINDS = frozenset({"dividend", "interest", "funding"})
"""Kinds of CashAdjusted that earn or cost; the others move capital."""

SPLITS_MAX = 256
"""Splits remembered per instrument, for fills that arrive from before them."""

LedgerRow = PositionState | BalanceState
_TRADE = ExecKind.TRADE


class Ledger:
    """Positions and cash of all accounts. `instruments` may grow; a traded instrument must be in it.

    counts: what was repeated, late, taken back or beyond the horizon. history_max: entries kept per holding.
    keeps_rows: fills give back the rows that they changed; without a store, as in a backtest, nobody reads them.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        method: CostMethod = CostMethod.AVERAGE,
        *,
        history_max: int = HISTORY_MAX,
        keeps_rows: bool = True,
    ) -> None:
        self.method, self._keeps_rows = method, keeps_rows
        self.counts = LedgerCounts()
        self._instruments = instruments
        self._history_max = history_max
        self._contracts: dict[str, Contract] = {}
        self._holdings: dict[tuple[str, str], Holding] = {}
        self._by_symbol: dict[str, list[Holding]] = {}
        self.splits: dict[str, list[Split]] = {}
        self._purses: dict[str, Purse] = {}
        self._watchers: list[Callable[[str, str], None]] = []
        self._changes: list[tuple[Holding, Marks]] = []
        self._cash_legs: tuple[Leg, ...] = ()
        self._handlers: dict[type, Callable[[Any], tuple[LedgerRow, ...]]] = {
            OrderFilled: self._on_filled,
            CashAdjusted: self._on_cash_adjusted,
            SplitApplied: self._on_split,
            AccountOpened: self._on_account_opened,
            TradingDayRolled: self._on_day_rolled,
        }

    # Reading

    def qty(self, account: str, symbol: str) -> int:
        """Return the account's signed quantity, + long."""
        holding = self._holdings.get((account, symbol))
        return holding.now.total.qty if holding is not None else 0

    def position(self, account: str, symbol: str, strategy_id: str = ACCOUNT_TOTAL) -> PositionState | None:
        """Return one position, None when it never traded."""
        holding = self._holdings.get((account, symbol))
        if holding is None:
            return None
        position = holding.now.total if strategy_id == ACCOUNT_TOTAL else holding.now.parts.get(strategy_id)
        return None if position is None else self._row(holding, strategy_id, position)

    def positions(self) -> Iterable[PositionState]:
        """Yield every position that ever traded: the account's row, then its strategies' by name."""
        for key in sorted(self._holdings):
            holding = self._holdings[key]
            yield self._row(holding, ACCOUNT_TOTAL, holding.now.total)
            for name in sorted(holding.now.parts):
                yield self._row(holding, name, holding.now.parts[name])

    def cash(self, account: str) -> Mapping[str, int]:
        """Return cash per currency, as money; empty for an account that is not known."""
        purse = self._purses.get(account)
        return dict(purse.cash) if purse is not None else {}

    def accounts(self) -> tuple[str, ...]:
        """Return the names of all accounts, sorted."""
        return tuple(sorted(self._purses))

    def purse(self, account: str) -> Purse:
        """Return the live money figures of an account, empty ones when it is not known; read only for others."""
        return self._purses.get(account) or Purse()

    def holding(self, account: str, symbol: str) -> Holding | None:
        """Return the live holding; read only for others."""
        return self._holdings.get((account, symbol))

    def holdings_of(self, account: str) -> tuple[Holding, ...]:
        """Return an account's holdings, by symbol."""
        return tuple(self._holdings[key] for key in sorted(self._holdings) if key[0] == account)

    def doubtful(self) -> tuple[tuple[str, str, int], ...]:
        """Return (account, symbol, count) of cases beyond the horizon and of busts whose fill has not come."""
        holdings = [self._holdings[key] for key in sorted(self._holdings)]
        counted = [(holding, holding.beyond_horizon + len(holding.awaited_voids)) for holding in holdings]
        return tuple((holding.account, holding.contract.symbol, count) for holding, count in counted if count)

    def view(
        self, account: str, symbol: str, method: CostMethod, *, fees_in_basis: bool = False
    ) -> PositionState | None:
        """Return the account's position by another method, or with own-currency fees netted into cost and realised.

        A view: nothing is stored. None when the holding is not known or older history is sealed (not available).
        """
        holding = self._holdings.get((account, symbol))
        if holding is None or holding.sealed_to is not None:
            return None
        figures = Figures(fifo=method is CostMethod.FIFO, fees_in_basis=fees_in_basis)
        holding.refolded(figures, holding.entries)
        figures.total.version, figures.total.updated_at = holding.now.total.version, holding.now.total.updated_at
        return self._row(holding, ACCOUNT_TOTAL, figures.total, method)

    def legs(self) -> tuple[Leg, ...]:
        """Return the double-entry legs of the last applied event, zero legs left out."""
        legs = list(self._cash_legs)
        for holding, before in self._changes:
            legs += holding_legs(holding, before)
        return tuple(leg for leg in legs if leg.amount)

    def watch(self, watcher: Callable[[str, str], None]) -> None:
        """Call `watcher(account, symbol)` after each change; symbol "" for cash or a new day, both "" after a load."""
        self._watchers.append(watcher)

    # Applying

    def apply(self, event: Event) -> tuple[LedgerRow, ...]:
        """Fold one event; return the position and balance rows it changed. Events of other stages change nothing.

        Raises:
            InvariantError: an instrument that is not known, or numbers that no instrument can have.
        """
        handler = self._handlers.get(type(event))
        self._changes.clear()
        self._cash_legs = ()
        return handler(event) if handler is not None else ()

    def _on_filled(self, event: OrderFilled) -> tuple[LedgerRow, ...]:
        execution = event.execution
        key = execution.account, execution.symbol
        holding = self._holdings.get(key) or self._open_holding(*key)
        if holding.has_seen(execution.exec_key):
            self.counts.duplicates += 1
            return ()
        before = Marks.of(holding.now)
        if execution.kind is _TRADE:
            strategy_id = execution.strategy_id
            if holding.add_fill(fill_of(execution)):
                names = (strategy_id,) if strategy_id in holding.now.parts else ()  # its bust may have come first
                return self._booked(holding, before, event.ts, names)
            self.counts.late += 1
            return self._booked(holding, before, event.ts)
        taken_back = holding.void(execution.corrects)
        if taken_back:
            self.counts.busts += 1
        else:
            self.counts.unmatched += 1
        if execution.kind is ExecKind.CORRECTION:
            holding.add_fill(fill_of(execution))
        elif not taken_back:
            return ()
        return self._booked(holding, before, event.ts)

    def _on_split(self, event: SplitApplied) -> tuple[LedgerRow, ...]:
        if event.numerator <= 0 or event.denominator <= 0:
            raise InvariantError(f"{event.symbol}: a split of {event.numerator}:{event.denominator} has no meaning")
        split = Split(event.ts, event.numerator, event.denominator, event.cash_in_lieu_px)
        known = self.splits.setdefault(event.symbol, [])
        if split in known:
            self.counts.duplicates += 1
            return ()
        if len(known) == SPLITS_MAX:
            raise InvariantError(f"{event.symbol}: more than {SPLITS_MAX} splits")
        known.append(split)
        rows: tuple[LedgerRow, ...] = ()
        for holding in self._by_symbol.get(event.symbol, ()):
            before = Marks.of(holding.now)
            holding.add(split)
            rows += self._booked(holding, before, event.ts)
        return rows

    def _on_cash_adjusted(self, event: CashAdjusted) -> tuple[LedgerRow, ...]:
        if event.kind == VARIATION:
            return self._on_variation(event)
        purse = self._own_purse(event.account)
        purse.cash[event.currency] = purse.cash.get(event.currency, 0) + event.amount
        if event.kind in INCOME_KINDS:
            purse.income[event.currency] = purse.income.get(event.currency, 0) + event.amount
        self._cash_legs = _cash_legs(event.account, event.kind, event.currency, event.amount)
        self._tell(event.account, "")
        return (self._balance(event.account, purse, event.currency, event.ts),)

    def _on_variation(self, event: CashAdjusted) -> tuple[LedgerRow, ...]:
        key = event.account, event.symbol
        holding = self._holdings.get(key) or self._open_holding(*key)
        if holding.contract.principal or holding.contract.currency != event.currency:
            raise InvariantError(f"{event.symbol}: no variation margin in {event.currency} settles this instrument")
        before = Marks.of(holding.now)
        holding.add(Settlement(event.ts, event.amount))
        return self._booked(holding, before, event.ts)

    def _on_account_opened(self, event: AccountOpened) -> tuple[LedgerRow, ...]:
        terms = event.account
        purse = self._own_purse(terms.account)
        known, purse.terms = purse.terms, terms
        if known is not None:
            self._tell(terms.account, "")
            return ()
        purse.cash[terms.currency] = purse.cash.get(terms.currency, 0) + terms.initial_cash
        self._cash_legs = _cash_legs(terms.account, "capital", terms.currency, terms.initial_cash)
        self._tell(terms.account, "")
        return (self._balance(terms.account, purse, terms.currency, event.ts),)

    def _on_day_rolled(self, event: TradingDayRolled) -> tuple[LedgerRow, ...]:
        purse = self._own_purse(event.account)
        rows = {holding.contract.symbol: holding.now.day_start() for holding in self.holdings_of(event.account)}
        purse.day = DayStart(event.day, event.ts, purse.realised.copy(), purse.fees.copy(), purse.income.copy(), rows)
        self._tell(event.account, "")
        return ()

    def _own_purse(self, account: str) -> Purse:
        return self._purses.setdefault(account, Purse())

    def _open_holding(self, account: str, symbol: str) -> Holding:
        contract = self._contracts.get(symbol)
        if contract is None:
            instrument = self._instruments.get(symbol)
            if instrument is None:
                raise InvariantError(f"{symbol}: an instrument that is not known cannot be booked")
            contract = self._contracts[symbol] = Contract(instrument)
        holding = Holding(account, contract, fifo=self.method is CostMethod.FIFO, history_max=self._history_max)
        for split in self.splits.get(symbol, ()):
            holding.add(split)
        self._holdings[account, symbol] = holding
        self._by_symbol.setdefault(symbol, []).append(holding)
        return holding

    def _booked(
        self, holding: Holding, before: Marks, ts: int, names: Iterable[str] | None = None
    ) -> tuple[LedgerRow, ...]:
        """Carry a holding's change to its account's money; return the rows of the named parts, or of all."""
        self._changes.append((holding, before))
        now, account = holding.now, holding.account
        total, parts = now.total, now.parts
        purse = self._purses.get(account) or self._own_purse(account)
        if total.realised != before.realised:
            currency = holding.contract.currency
            purse.realised[currency] = purse.realised.get(currency, 0) + total.realised - before.realised
        if total.fees != before.fees:
            _carry(purse.fees, before.fees, total.fees)
        moved = _carry(purse.cash, before.cash, now.cash)
        total.version += 1
        total.updated_at = ts
        named = parts if names is None else names
        for name in named:
            part = parts[name]
            part.version += 1
            part.updated_at = ts
        for moved_currency in moved:
            purse.updated_at[moved_currency] = ts
        if self._watchers:
            self._tell(account, holding.contract.symbol)
        if not self._keeps_rows:
            return ()
        rows: list[LedgerRow] = [self._row(holding, ACCOUNT_TOTAL, total)]
        rows += [self._row(holding, name, parts[name]) for name in named]
        rows += [self._balance(account, purse, moved_currency, ts) for moved_currency in moved]
        return tuple(rows)

    def _row(
        self, holding: Holding, strategy_id: str, position: Position, method: CostMethod | None = None
    ) -> PositionState:
        return PositionState(
            account=holding.account,
            symbol=holding.contract.symbol,
            strategy_id=strategy_id,
            currency=holding.contract.currency,
            qty=position.qty,
            cost=position.cost,
            realised=position.realised,
            fees=position.fees.copy(),
            method=method or self.method,
            updated_at=position.updated_at,
            version=position.version,
        )

    def _balance(self, account: str, purse: Purse, currency: str, ts: int) -> BalanceState:
        purse.updated_at[currency] = ts
        return BalanceState(account=account, currency=currency, cash=purse.cash[currency], reserved=0, updated_at=ts)

    def _tell(self, account: str, symbol: str) -> None:
        for watcher in self._watchers:
            watcher(account, symbol)

    # Proof and snapshot

    def check(self) -> None:
        """Verify the invariants that hold after every event.

        Raises:
            InvariantError: naming the holding and the invariant (P1, P2, P8 or P13) that does not hold.
        """
        for (account, symbol), holding in self._holdings.items():
            broken = holding.now.broken_invariant(holding.contract)
            if broken:
                raise InvariantError(f"{account} {symbol}: {broken}")

    def state(self) -> LedgerState:
        """Return the whole state: canonical (sorted), so that equal ledgers encode to equal bytes."""
        return LedgerState(
            method=self.method,
            counts=msgspec.structs.replace(self.counts),
            holdings=tuple(pack_holding(self._holdings[key]) for key in sorted(self._holdings)),
            splits={symbol: tuple(splits) for symbol, splits in sorted(self.splits.items())},
            purses={account: pack_purse(purse) for account, purse in sorted(self._purses.items())},
        )

    def load(self, state: Any) -> None:
        """Replace everything by a state, as returned by `state` or as decoded from its JSON.

        Raises:
            InvariantError: the state was kept by another cost method, or names an instrument that is not known.
        """
        loaded = state if isinstance(state, LedgerState) else msgspec.convert(state, LedgerState)
        if loaded.method is not self.method:
            raise InvariantError(f"the state was kept by {loaded.method}, this ledger keeps {self.method}")
        self.counts = msgspec.structs.replace(loaded.counts)
        self._holdings, self._by_symbol, self._purses = {}, {}, {}
        self.splits = {symbol: list(splits) for symbol, splits in loaded.splits.items()}
        self._changes.clear()
        self._cash_legs = ()
        for record in loaded.holdings:
            unpack_holding(record, self._open_holding(record.account, record.symbol))
        self._purses = {account: unpack_purse(record) for account, record in loaded.purses.items()}
        self._tell("", "")


def _carry(totals: dict[str, int], before: dict[str, int], after: dict[str, int]) -> list[str]:
    """Add each change from `before` to `after` to `totals`; return the keys that changed."""
    changed = []
    for key, amount in after.items():
        delta = amount - before.get(key, 0)
        if delta:
            totals[key] = totals.get(key, 0) + delta
            changed.append(key)
    if not before.keys() <= after.keys():
        for key, amount in before.items():
            if amount and key not in after:
                totals[key] -= amount
                changed.append(key)
    return changed


def _cash_legs(account: str, book: str, currency: str, amount: int) -> tuple[Leg, ...]:
    return Leg(account, "cash", currency, amount), Leg(account, book, currency, -amount)
