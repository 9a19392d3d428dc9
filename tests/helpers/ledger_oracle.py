"""A naive ledger to hold the real one against: it keeps every fact and replays the whole list with fractions.

Written from the rules of the ledger alone; it shares no arithmetic with `workstation.portfolio`. Also the builders of
instruments and events that the ledger's tests use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from workstation.domain.accounts import Account, Environment
from workstation.domain.events import AccountOpened, CashAdjusted, Event, OrderFilled, SplitApplied
from workstation.domain.executions import CostMethod, ExecKind, Execution
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.orders import Side
from workstation.portfolio.ledger import Ledger

BASE = Account(
    account="A",
    uid="a",
    venue="SIM",
    environment=Environment.SIM,
    currency="USD",
    initial_cash=10**6 * 10**MONEY_DECIMALS,
)


def money(text: str) -> int:
    return parse_scaled(text, MONEY_DECIMALS)


def _instrument(symbol: str, asset_class: AssetClass, **terms: object) -> Instrument:
    known = {"currency": "USD", "price_decimals": 2, "qty_decimals": 0, "ticks": (TickBand(0, 1),)} | terms
    return Instrument(symbol=symbol, asset_class=asset_class, **known)  # type: ignore[arg-type]  # terms are checked by the constructor


INSTRUMENTS = {
    instrument.symbol: instrument
    for instrument in (
        _instrument("STK", AssetClass.STOCK),
        _instrument("EUQ", AssetClass.STOCK, currency="EUR"),
        _instrument("FUT", AssetClass.FUTURE, multiplier=50, price_may_be_negative=True),
        _instrument("BTC/USD", AssetClass.CRYPTO, qty_decimals=4),
        _instrument("INV", AssetClass.FUTURE, currency="BTC", inverse=True, multiplier=100, price_decimals=1),
    )
}


def fill(
    qty: int,
    px: int,
    *,
    at: int = 0,
    key: str = "",
    symbol: str = "STK",
    account: str = "A",
    fee: int = 0,
    fee_currency: str = "USD",
    strategy: str = "",
    kind: ExecKind = ExecKind.TRADE,
    corrects: str = "",
    seq: int = 0,
) -> OrderFilled:
    """Return a fill; its key and time count up by themselves where they are not given."""
    if not at:
        _clock[0] += 1
        at = _clock[0]
    execution = Execution(
        exec_key=key or f"x{at:06}",
        exec_id="",
        uid="",
        cl_ord_id="c",
        order_id="",
        account=account,
        symbol=symbol,
        side=Side.BUY if qty > 0 else Side.SELL,
        last_qty=abs(qty),
        last_px=px,
        fee=fee,
        fee_currency=fee_currency,
        ts_event=at,
        ts_init=at,
        venue_seq=seq,
        kind=kind,
        corrects=corrects,
        strategy_id=strategy,
    )
    return OrderFilled(cl_ord_id="c", ts=at, execution=execution)


_clock = [1_000]


def cash_event(
    kind: str, amount: int, *, currency: str = "USD", symbol: str = "", at: int = 1, account: str = "A"
) -> CashAdjusted:
    return CashAdjusted(account=account, currency=currency, amount=amount, kind=kind, reason="", ts=at, symbol=symbol)


def split_event(numerator: int, denominator: int, px: int | None, *, at: int, symbol: str = "STK") -> SplitApplied:
    return SplitApplied(symbol=symbol, numerator=numerator, denominator=denominator, cash_in_lieu_px=px, ts=at)


def account_opened(account: Account = BASE) -> AccountOpened:
    return AccountOpened(account=account, ts=1)


def ledger_of(events: list[Event], method: CostMethod = CostMethod.AVERAGE, *, history_max: int = 4_096) -> Ledger:
    ledger = Ledger(INSTRUMENTS, method, history_max=history_max)
    for event in events:
        ledger.apply(event)
    return ledger


def figures(ledger: Ledger, symbol: str = "STK", strategy: str = "*") -> tuple[int, int, int]:
    """Return quantity, cost and realised of a position that exists."""
    row = ledger.position("A", symbol, strategy)
    assert row is not None
    return row.qty, row.cost, row.realised


def worth(symbol: str, px: int, qty: Fraction | int) -> Fraction:
    """Return the unrounded worth in money units."""
    instrument = INSTRUMENTS[symbol]
    price = Fraction(px, 10**instrument.price_decimals)
    size = (
        Fraction(qty)
        / 10**instrument.qty_decimals
        * Fraction(instrument.multiplier, 10**instrument.multiplier_decimals)
    )
    return (size / price if instrument.inverse else size * price) * 10**MONEY_DECIMALS


@dataclass
class NaivePosition:
    """Lots as (quantity, cost), oldest first; by average cost they are one."""

    fifo: bool
    sense: int
    lots: list[tuple[Fraction, int]] = field(default_factory=list)
    realised: int = 0
    fees: dict[str, int] = field(default_factory=dict)

    @property
    def qty(self) -> Fraction:
        return sum((qty for qty, _ in self.lots), Fraction(0))

    @property
    def cost(self) -> int:
        return sum(cost for _, cost in self.lots)

    def take(self, size: Fraction) -> int:
        """Remove `size` from the oldest lots; return its cost."""
        cost = 0
        while size > 0:
            lot_qty, lot_cost = self.lots.pop(0)
            if abs(lot_qty) <= size:
                cost, size = cost + lot_cost, size - abs(lot_qty)
                continue
            part = round(Fraction(lot_cost) * size / abs(lot_qty))
            rest = lot_qty - size if lot_qty > 0 else lot_qty + size
            self.lots.insert(0, (rest, lot_cost - part))
            cost, size = cost + part, Fraction(0)
        return cost

    def open(self, qty: Fraction, cost: int) -> None:
        if self.fifo and self.lots and Fraction(self.lots[-1][1]) / self.lots[-1][0] != Fraction(cost) / qty:
            self.lots.append((qty, cost))
        elif self.lots:
            self.lots[-1] = (self.lots[-1][0] + qty, self.lots[-1][1] + cost)
        else:
            self.lots.append((qty, cost))

    def trade(self, symbol: str, qty: int, px: int) -> None:
        whole = round(worth(symbol, px, qty))
        held = self.qty
        if held * qty >= 0:
            self.open(Fraction(qty), whole)
            return
        closing = min(abs(held), Fraction(abs(qty)))
        part = round(whole * closing / abs(qty))
        self.realised -= self.sense * (part + self.take(closing))
        if abs(qty) > closing:
            self.open(Fraction(qty) + held, whole - part)

    def split(self, symbol: str, ratio: Fraction, target: int, px: int | None) -> None:
        self.lots = [(qty * ratio, cost) for qty, cost in self.lots]
        over = self.qty - target
        paid = 0 if px is None else round(worth(symbol, px, over))
        if over and (over > 0) == (self.qty > 0):
            cost = self.take(abs(over))
            if px is not None or not self.lots:
                self.realised += self.sense * (paid - cost)
            else:
                self.lots[0] = (self.lots[0][0], self.lots[0][1] + cost)
        elif over:
            self.lots[-1] = (self.lots[-1][0] - over, self.lots[-1][1] - paid)
        whole: list[tuple[Fraction, int]] = []
        running, carried = Fraction(0), 0
        for qty, cost in self.lots:
            units = int(running + qty) - int(running)  # int() truncates towards zero
            running, carried = running + qty, carried + cost
            if units:
                whole.append((Fraction(units), carried))
                carried = 0
        self.lots = whole


@dataclass
class NaiveHolding:
    """Outcome of a replay of one account in one instrument."""

    total: NaivePosition
    parts: dict[str, NaivePosition]
    cash: dict[str, int]
    settled: int


def replay(events: list[Event], account: str, symbol: str, method: CostMethod) -> NaiveHolding:
    """Sort out repetitions and voids, order by time, and fold everything from the start."""
    seen: dict[str, Execution] = {}
    voided: set[str] = set()
    timeline: list[tuple[tuple[int, int, int, str], Event]] = []
    for event in events:
        if isinstance(event, OrderFilled):
            execution = event.execution
            if (execution.account, execution.symbol) != (account, symbol) or execution.exec_key in seen:
                continue
            if execution.kind is not ExecKind.TRADE:
                voided.add(execution.corrects)
            if execution.kind is not ExecKind.BUST:
                seen[execution.exec_key] = execution
                timeline.append(((execution.ts_event, 1, execution.venue_seq, execution.exec_key), event))
        elif isinstance(event, SplitApplied) and event.symbol == symbol:
            if all(event != other for _, other in timeline):
                timeline.append(((event.ts, 0, 0, ""), event))
        elif (
            isinstance(event, CashAdjusted)
            and event.kind == "variation"
            and (event.account, event.symbol) == (account, symbol)
        ):
            timeline.append(((event.ts, 2, 0, ""), event))
    return _fold(sorted(timeline, key=lambda item: item[0]), voided, symbol, method)


def _fold(
    timeline: list[tuple[tuple[int, int, int, str], Event]], voided: set[str], symbol: str, method: CostMethod
) -> NaiveHolding:
    instrument = INSTRUMENTS[symbol]
    sense, fifo, currency = -1 if instrument.inverse else 1, method is CostMethod.FIFO, instrument.currency
    principal = instrument.asset_class is not AssetClass.FUTURE
    out = NaiveHolding(NaivePosition(fifo, sense), {}, {}, 0)

    def move(unit: str, amount: int) -> None:
        out.cash[unit] = out.cash.get(unit, 0) + amount

    def trade(part: NaivePosition, qty: int, px: int) -> None:
        held, realised = out.total.qty, out.total.realised
        out.total.trade(symbol, qty, px)
        part.trade(symbol, qty, px)
        if principal:
            move(currency, -round(worth(symbol, px, qty)))
            return
        released = round(out.settled * min(abs(held), abs(qty)) / abs(held)) if held * qty < 0 else 0
        out.settled -= released
        move(currency, out.total.realised - realised - released)

    for _, event in timeline:
        if isinstance(event, CashAdjusted):
            out.settled += event.amount
            move(currency, event.amount)
        elif isinstance(event, SplitApplied):
            _split(out, event, symbol)
        elif isinstance(event, OrderFilled) and event.execution.exec_key not in voided:
            execution = event.execution
            part = out.parts.setdefault(execution.strategy_id, NaivePosition(fifo, sense))
            trade(part, execution.signed_qty, execution.last_px)
            fee, unit = execution.fee, execution.fee_currency
            if symbol == f"{unit}/{currency}":
                coins = int(Fraction(fee, 10 ** (MONEY_DECIMALS - instrument.qty_decimals)))
                fee -= coins * 10 ** (MONEY_DECIMALS - instrument.qty_decimals)
                if coins:
                    trade(part, -coins, execution.last_px)
                    _pay(out, part, currency, round(worth(symbol, execution.last_px, coins)))
            if fee:
                _pay(out, part, unit, fee)
    return out


def _pay(out: NaiveHolding, part: NaivePosition, unit: str, fee: int) -> None:
    for fees, amount in ((out.total.fees, fee), (part.fees, fee), (out.cash, -fee)):
        fees[unit] = fees.get(unit, 0) + amount


def _split(out: NaiveHolding, event: SplitApplied, symbol: str) -> None:
    ratio = Fraction(event.numerator, event.denominator)
    principal = INSTRUMENTS[symbol].asset_class is not AssetClass.FUTURE
    target = int(out.total.qty * ratio)
    exact = {name: part.qty * ratio for name, part in out.parts.items()}
    shares = {name: int(qty) for name, qty in exact.items()}
    while left := target - sum(shares.values()):
        step = 1 if left > 0 else -1
        chosen = min(shares, key=lambda name: (-step * (exact[name] - shares[name]), name))
        shares[chosen] += step
    for name, part in out.parts.items():
        part.split(symbol, ratio, shares[name], event.cash_in_lieu_px)
    before = out.total.realised - (out.total.cost if principal else 0)
    out.total.split(symbol, ratio, target, event.cash_in_lieu_px)
    currency = INSTRUMENTS[symbol].currency
    released = out.settled if not principal and not target else 0
    out.settled -= released
    moved = out.total.realised - (out.total.cost if principal else 0) - before - released
    out.cash[currency] = out.cash.get(currency, 0) + moved
