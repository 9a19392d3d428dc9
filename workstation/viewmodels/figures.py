"""Position and account figures for screens: marks, open profit, protection, exits under way, the day's limits.

Engine thread. Positions that are open are valued each time; flat ones only when they changed.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from workstation.domain.accounts import Environment
from workstation.domain.events import BreakFound
from workstation.domain.executions import PositionState
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState, Residence
from workstation.marketdata.service import MarketData
from workstation.orders.fold import CoreState
from workstation.orders.results import ExitProgress
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.day_views import DayViews
from workstation.portfolio.ledger import ACCOUNT_TOTAL
from workstation.portfolio.pnl import Pnl
from workstation.portfolio.rates import Rate
from workstation.risk.limits import LimitType
from workstation.viewmodels.frames import AccountSnap, PartSnap, PositionSnap
from workstation.viewmodels.guards import guards_of
from workstation.viewmodels.open_profit import open_risk
from workstation.viewmodels.reconciled import VenueCash

Key = tuple[str, str, str]
NS_PER_MS = 1_000_000
PERCENT_ONE: int = 100 * MONEY_ONE
"""One hundred percent, as limits count them."""


class Figures:
    """Snapshots of positions and accounts. now_ns: market time."""

    def __init__(
        self,
        state: CoreState,
        market: MarketData,
        pnl: Pnl,
        funds: Accounts,
        now_ns: Callable[[], int],
        *,
        venue_cash: VenueCash,
    ) -> None:
        self._state, self._market, self._pnl, self._funds, self._now_ns = state, market, pnl, funds, now_ns
        self._venue_cash, self._day = venue_cash, DayViews(state.ledger, pnl.excursion)
        self._rows: dict[Key, PositionState] = {}
        self._changed: set[Key] = set()
        self._exits: dict[tuple[str, str], ExitProgress] = {}
        self.urgent = False

    def refresh_all(self) -> None:
        """Take every position anew."""
        for row in self._state.ledger.positions():
            self._rows[row.account, row.symbol, row.strategy_id] = row
        self._changed.update(self._rows)

    def on_position(self, row: PositionState) -> None:
        """Take a changed position."""
        key = (row.account, row.symbol, row.strategy_id)
        self._rows[key] = row
        self._changed.add(key)
        self.urgent = True

    def on_order(self, order: OrderState) -> None:
        """Value the position again whose protection may have changed."""
        key = (order.terms.account, order.terms.symbol, ACCOUNT_TOTAL)
        if key in self._rows:
            self._changed.add(key)

    def on_break(self, found: BreakFound) -> None:
        """Show a position again whose quantity differs from the venue's, or agrees again."""
        key = (found.account, found.symbol, ACCOUNT_TOTAL)
        if key in self._rows:
            self._changed.add(key)
            self.urgent = True

    def on_exit(self, progress: ExitProgress) -> None:
        """Take the progress of an exit."""
        self._exits[progress.account, progress.symbol] = progress
        key = (progress.account, progress.symbol, ACCOUNT_TOTAL)
        if key in self._rows:
            self._changed.add(key)
            self.urgent = True

    def take(self) -> tuple[list[PositionSnap], list[AccountSnap]]:
        """Return every open or changed position, and every account."""
        keys = self._changed | {key for key, row in self._rows.items() if row.qty}
        self._changed, self.urgent = set(), False
        positions = [self._position(self._rows[key]) for key in keys]
        return positions, [self._account(account) for account in self._state.accounts]

    def _position(self, row: PositionState) -> PositionSnap:
        age = self._pnl.mark_age(row.symbol, self._now_ns())
        mark, kind = 0, "mid"
        quote = self._market.cache.quote(row.symbol)
        trade = self._market.cache.last_trade(row.symbol)
        if quote is not None and quote.bid is not None and quote.ask is not None:
            mark, kind = (quote.bid + quote.ask) // 2, "mid"
        elif trade is not None:
            mark, kind = trade.price, "last"
        else:
            age = None
        done = self._exits.get((row.account, row.symbol))
        whole = row.strategy_id == ACCOUNT_TOTAL
        show_exit = done is not None and whole
        gap = self._state.breaks.find(row.account, row.symbol) if whole else None
        stops = self._stops(row) if whole and row.qty else []
        snap = PositionSnap(
            position=row,
            mark=None if age is None else mark,
            mark_kind=kind,
            mark_age_ms=0 if age is None else max(age, 0) // NS_PER_MS,
            unrealised=self._pnl.unrealised(row.account, row.symbol, row.strategy_id),
            protection=_protection(row, stops) if whole else "",
            exit_phase=done.stage if show_exit and done is not None else "",
            exit_text=done.text if show_exit and done is not None else "",
            theirs=None if gap is None else gap.theirs,
            last=None if trade is None else trade.price,
            exit_px=None if quote is None else quote.bid if row.qty > 0 else quote.ask,
            fifo=self._day.fifo(row.account, row.symbol, row.strategy_id),
            margin=self._funds.margin_of(row.account, row.symbol) if whole and row.qty else None,
            parts=self._parts(row) if whole else (),
            **self._before(row),
        )
        instrument = self._market.instruments.get(row.symbol)
        if not stops or instrument is None:
            return snap
        return msgspec.structs.replace(snap, risk=open_risk(snap, stops, instrument))

    def _parts(self, row: PositionState) -> tuple[PartSnap, ...]:
        """Return what each strategy and the hand hold of a position."""
        holding = self._state.ledger.holding(row.account, row.symbol)
        day = self._state.ledger.purse(row.account).day.rows.get(row.symbol, {})
        return tuple(
            PartSnap(
                strategy_id=name,
                qty=part.qty,
                unrealised=self._pnl.unrealised(row.account, row.symbol, name),
                realised=part.realised - day.get(name, (0, {}))[0],
            )
            for name, part in sorted(({} if holding is None else holding.now.parts).items())
        )

    def _before(self, row: PositionState) -> dict[str, Any]:
        day = self._state.ledger.purse(row.account).day
        realised, fees = day.rows.get(row.symbol, {}).get(row.strategy_id, (0, {}))
        return {"realised_before": realised, "fees_before": fees}

    def _stops(self, row: PositionState) -> list[OrderState]:
        return guards_of(self._state.book.open_orders(row.account, row.symbol), row.qty)

    def _account(self, account: str) -> AccountSnap:
        known = self._state.accounts[account]
        funds, day = self._funds.funds(account), self._pnl.day(account)
        controls = self._state.controls
        last = controls.locks.last(account)
        return AccountSnap(
            account=account,
            environment=Environment(known.environment),
            venue=known.venue,
            currency=known.currency,
            cash=funds.cash or 0,
            equity=funds.equity or 0,
            buying_power=funds.buying_power,
            realised=day.realised or 0,
            unrealised=day.unrealised or 0,
            fees=day.fees or 0,
            net=day.net or 0,
            drawdown=day.drawdown or 0,
            day_limit=self._day_limit(account),
            unpriced=day.unmarked,
            lock=controls.locks.state(account),
            lock_reason="" if last is None else last.reason,
            lockout=self._lockout(account),
            venue_cash=self._venue_cash.of(account),
            margin_used=funds.margin_used,
            trips=self._day.trips(account),
            rates=self._rates(account, known.currency),
            missing_rates=day.missing_rates,
            drawdown_limit=self._drawdown_limit(account, funds.equity, day.drawdown),
        )

    def _rates(self, account: str, base: str) -> dict[str, Rate]:
        currencies = self._pnl.open_totals(account).keys() - {base}
        found = {currency: self._pnl.rates.get(currency, base) for currency in sorted(currencies)}
        return {currency: rate for currency, rate in found.items() if rate is not None}

    def _drawdown_limit(self, account: str, equity: int | None, drawdown: int | None) -> int | None:
        """Return the limit as money: a share of the day's peak equity."""
        tightest = self._state.controls.limits.bounds(account, "", "")[LimitType.DRAWDOWN][0]
        if tightest.unlimited or tightest.missing or equity is None or drawdown is None:
            return None
        return max(tightest.value * (equity + drawdown) // PERCENT_ONE, 0)

    def _day_limit(self, account: str) -> int | None:
        tightest = self._state.controls.limits.bounds(account, "", "")[LimitType.DAILY_LOSS][0]
        return None if tightest.unlimited or tightest.missing else tightest.value

    def _lockout(self, account: str) -> str:
        lockout = self._state.controls.restrictions.lockout(account)
        return "" if lockout is None else lockout.reason


def _protection(row: PositionState, stops: list[OrderState]) -> str:
    if not row.qty:
        return ""
    covered = sum(order.leaves_qty or order.terms.order_qty for order in stops)
    if covered == 0:
        return "none"
    if all(order.residence is Residence.PROGRAM for order in stops):
        return "program"
    return "full" if covered >= abs(row.qty) else "partial"
