"""The core of a run: orders, exposure, positions and cash, folded by the same code that trades, and the rows kept.

Order walk: what `order_desk` decides and the markets fill is booked here as events. It refuses nothing, and knows no
market and no strategy.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from workstation.backtest.charges import Charges
from workstation.backtest.options import BPS
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.result import CashRow, FillRow, OrderRow, TradeRow
from workstation.backtest.round_trips import RoundTrip
from workstation.backtest.rows import SplitRow
from workstation.backtest.valuation import Valuation
from workstation.backtest.working import Working
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import InvariantError
from workstation.domain.events import (
    AccountOpened,
    CashAdjusted,
    Event,
    OrderAccepted,
    OrderCreated,
    OrderFilled,
    OrderIntended,
    SplitApplied,
)
from workstation.domain.executions import Execution, Liquidity
from workstation.domain.numbers import div_half_even
from workstation.domain.orders import OrderState, Origin, OriginKind, Side
from workstation.orders.book import Change
from workstation.orders.fold import CoreState

ACCOUNT = "BACKTEST"
RUN = "BT"
MARGIN_BPS = 2_500
"""Margin that the gate reckons with where a plan has limits and no capital of a run."""

_BOOKED_AS = {"borrow": "interest", "rollover": "interest"}
"""Kinds of the ledger for those cash events that it does not tell apart."""

ORIGIN = Origin(OriginKind.STRATEGY, RUN)


class Booking:
    """Events in, rows out. `now` is set by the engine before anything is booked, UTC ns.

    qty: says the position of a symbol, signed, + long.
    """

    def __init__(self, plan: BacktestPlan) -> None:
        self.plan, self.now = plan, plan.start_ts
        self.instruments = {instrument.symbol: instrument for instrument in plan.instruments}
        self.state = CoreState(dict(self.instruments), keeps_rows=False)
        self.gated = bool(plan.limits or plan.capital)
        self._charges = Charges(plan.options.fees, self.instruments)
        self._convert_bps = plan.options.convert_bps
        self._book, self._ledger = self.state.book, self.state.ledger
        self.qty: Callable[[str], int] = partial(self._ledger.qty, ACCOUNT)
        self._fold_one: Callable[[Any], Change] = self.state.fold if self.gated else self._book.apply
        self.fills: list[FillRow] = []
        self.trades: list[TradeRow] = []
        self.orders: list[OrderRow] = []
        self.cash_rows: list[CashRow] = []
        self.account = Account(
            account=ACCOUNT,
            uid=ACCOUNT,
            venue="BACKTEST",
            environment=Environment.SIM,
            currency=plan.currency,
            initial_cash=plan.initial_cash,
            margin_rate_bps=plan.options.margin_bps if plan.capital else MARGIN_BPS,
        )
        self.fold(AccountOpened(account=self.account, ts=self.now))
        self.valuation = Valuation(
            self.state.ledger, ACCOUNT, plan.currency, instruments=self.instruments, rates=plan.rates
        )
        self._trips = {symbol: RoundTrip(instrument) for symbol, instrument in self.instruments.items()}
        self._blank = {
            symbol: Execution(
                exec_key="", exec_id="", uid="", cl_ord_id="", order_id="", account=ACCOUNT, symbol=symbol,
                side=Side.BUY, last_qty=0, last_px=0, fee=0, fee_currency=instrument.currency, ts_event=0, ts_init=0,
                venue_seq=0, strategy_id=RUN,
            )
            for symbol, instrument in self.instruments.items()
        }  # fmt: skip

    def fold(self, event: Event) -> None:
        """Apply an event that is no order's."""
        self.state.fold(event)

    def fold_order(self, event: Any) -> OrderState:
        """Apply an `OrderEvent`; return its order as it then is. Exposure is kept where the gate may ask for it."""
        after = self._fold_one(event).after
        if after is None:
            return self.order(event.cl_ord_id)
        if after.status.is_final:
            self.orders.append(order_row(after))
            self._charges.forget(after.cl_ord_id)
        return after

    def begin(
        self, created: OrderCreated, intended: OrderIntended, accepted: OrderAccepted | None = None
    ) -> OrderState:
        """Apply an order's first events in one step, where no gate stands between them; return the order."""
        return self._book.begin(created, intended, accepted)

    def order(self, cl_ord_id: str) -> OrderState:
        """Return an order; one that has just been made or is open is always there.

        Raises:
            InvariantError: it is not.
        """
        found = self._book.get(cl_ord_id)
        if found is None:
            raise InvariantError(f"order {cl_ord_id} is not in the book")
        return found

    # Prices

    def mark(self, symbol: str, prices: Sequence[int]) -> None:
        """Take the prices since the last call, oldest first."""
        self.valuation.mark(symbol, prices[-1])
        self._trips[symbol].mark(prices)

    # Trading

    def fill(
        self, order: Working, qty: int, price: int, liquidity: Liquidity, *, bar: int, sensitive: bool
    ) -> tuple[Execution, OrderState]:
        """Book a fill and return its execution, and the order after it."""
        cl_ord_id, symbol, side, now = order.cl_ord_id, order.terms.symbol, order.terms.side, self.now
        charge = self._charges.on_fill(order, self.instruments[symbol], qty, price, liquidity, ts=now)
        fee, currency, fee_worth, coins = charge
        number = len(self.fills) + 1
        key = f"{RUN}-F{number}"
        execution = replace(
            self._blank[symbol],
            exec_key=key,
            exec_id=key,
            uid=key,
            cl_ord_id=cl_ord_id,
            order_id=cl_ord_id,
            side=side,
            last_qty=qty,
            last_px=price,
            fee=fee,
            fee_currency=currency,
            ts_event=now,
            ts_init=now,
            venue_seq=number,
            liquidity=liquidity,
        )
        held = self._ledger.holding(ACCOUNT, symbol)
        realised = 0 if held is None else held.now.total.realised
        filled = OrderFilled(cl_ord_id=cl_ord_id, ts=now, execution=execution)
        after = self.fold_order(filled)
        if not self.gated:  # else the fold has told the ledger
            self._ledger.apply(filled)
        self.fills.append(
            FillRow(
                ts=now,
                bar=bar,
                cl_ord_id=cl_ord_id,
                symbol=symbol,
                side=side,
                qty=qty,
                price=price,
                fee=fee,
                fee_currency=currency,
                liquidity=liquidity,
                label=order.label,
                path_sensitive=sensitive,
            )
        )
        self.valuation.moved(symbol, price)
        held = held or self._ledger.holding(ACCOUNT, symbol)
        earned = 0 if held is None else held.now.total.realised - realised
        net = order.sign * qty - coins
        closed = self._trips[symbol].fill(now, bar, net, price, fee=fee_worth, realised=earned)
        if closed is not None:
            self.trades.append(closed)
        if self._convert_bps is not None:
            self._convert(self._convert_bps)
        return execution, after

    # Money without a trade

    def cash(self, kind: str, symbol: str, currency: str, amount: int) -> None:
        """Book a cash event, + received."""
        if not amount:
            return
        self._adjust(kind, symbol, currency, amount)
        if self._convert_bps is not None:
            self._convert(self._convert_bps)
        self.valuation.recount_cash()

    def _adjust(self, kind: str, symbol: str, currency: str, amount: int) -> None:
        self.fold(
            CashAdjusted(
                account=ACCOUNT,
                currency=currency,
                amount=amount,
                kind=_BOOKED_AS.get(kind, kind),
                reason=kind,
                ts=self.now,
                symbol=symbol,
            )
        )
        self.cash_rows.append(CashRow(ts=self.now, symbol=symbol, currency=currency, kind=kind, amount=amount))

    def _convert(self, cost_bps: int) -> None:
        """Turn the cash of other currencies into the account's, at the price of its pair less the cost."""
        own = self.plan.currency
        for currency, amount in self._ledger.cash(ACCOUNT).items():
            if amount and currency != own and self.valuation.converts(currency):
                found = self.valuation.converted(amount, currency)
                self._adjust("conversion", "", currency, -amount)
                self._adjust("conversion", "", own, found - div_half_even(abs(found) * cost_bps, BPS))
        self.valuation.recount_cash()

    def split(self, row: SplitRow, price: int) -> None:
        """Book a split; price: what the instrument is worth before it."""
        self.fold(
            SplitApplied(
                symbol=row.symbol,
                numerator=row.numerator,
                denominator=row.denominator,
                cash_in_lieu_px=row.cash_in_lieu_px,
                ts=self.now,
            )
        )
        self._trips[row.symbol].split(self.qty(row.symbol), row.numerator, row.denominator)
        self.valuation.moved(row.symbol, price * row.denominator // row.numerator)


def order_row(order: OrderState) -> OrderRow:
    """Return an order as the result keeps it."""
    terms = order.terms
    return OrderRow(
        cl_ord_id=order.cl_ord_id,
        symbol=terms.symbol,
        side=terms.side,
        ord_type=terms.ord_type,
        qty=terms.order_qty,
        price=terms.price,
        stop_px=terms.stop_px,
        status=order.status,
        cum_qty=order.cum_qty,
        created_at=order.created_at,
        updated_at=order.updated_at,
        text=order.text,
    )
