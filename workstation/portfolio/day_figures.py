"""The figures of an account's day as one snapshot: today's from the live books, a past day's from its executions.

Beside the order walk, after the ledger. One calculation for both: a past day is a ledger of its own, fed with what was
executed until that day's end and marked at each instrument's last execution. It stores nothing and reads no clock.
"""

from collections.abc import Iterable, Mapping

from workstation.domain.accounts import Account
from workstation.domain.errors import StateConflict
from workstation.domain.events import AccountOpened, OrderFilled, TradingDayRolled
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.instruments import Instrument
from workstation.domain.records import PnlPosition, PnlRate, PnlSnapshot
from workstation.portfolio.ledger import Ledger
from workstation.portfolio.pnl import MarkKind, Pnl


def day_figures(ledger: Ledger, pnl: Pnl, account: str, day: str) -> PnlSnapshot:
    """Return the draft of a snapshot of the day that the ledger is in.

    Raises:
        StateConflict: a currency has no rate, so that nothing can be summed.
    """
    figures = pnl.day(account)
    if figures.missing_rates:
        missing = ", ".join(figures.missing_rates)
        raise StateConflict(f"There is no rate of {missing} in {figures.currency}.", state="no rate", allowed=("rate",))
    positions = tuple(_positions(ledger, pnl, account))
    rates = tuple(_rates(pnl, positions, figures.currency))
    worth = {row.currency: 0 for row in positions}
    cost = dict(worth)
    for row in positions:
        if row.worth is not None:
            worth[row.currency] += row.worth
            cost[row.currency] += row.cost
    return PnlSnapshot(
        account=account,
        day=day,
        currency=figures.currency,
        unrealised=figures.unrealised or 0,
        realised=figures.realised or 0,
        commission=figures.fees or 0,
        worth=pnl.rates.total(worth, figures.currency)[0] or 0,
        cost=pnl.rates.total(cost, figures.currency)[0] or 0,
        positions=positions,
        rates=rates,
    )


def past_figures(
    account: Account,
    instruments: Mapping[str, Instrument],
    executions: Iterable[Execution],
    *,
    day: str,
    start_ns: int,
    end_ns: int,
) -> PnlSnapshot:
    """Return the draft of a snapshot of a past day. executions: of the account, by time; later ones are passed over.

    Raises:
        StateConflict: it held another currency than its own, whose rate of that day is not known.
    """
    ledger = Ledger(instruments)
    ledger.apply(AccountOpened(account=account, ts=0))
    pnl = Pnl(ledger, instruments, MarkKind.LAST)
    rolled = TradingDayRolled(account=account.account, day=day, ts=start_ns)
    began = False
    newest: dict[str, tuple[int, int, str]] = {}
    for execution in executions:
        if execution.ts_event >= end_ns:
            break
        if execution.ts_event >= start_ns and not began:
            ledger.apply(rolled)
            began = True
        ledger.apply(OrderFilled(cl_ord_id=execution.cl_ord_id, ts=execution.ts_event, execution=execution))
        place = (execution.ts_event, execution.venue_seq, execution.exec_key)
        if execution.kind is not ExecKind.BUST and place > newest.get(execution.symbol, (0, 0, "")):
            newest[execution.symbol] = place
            pnl.mark(execution.symbol, execution.last_px, execution.ts_event)
    if not began:
        ledger.apply(rolled)
    return day_figures(ledger, pnl, account.account, day)


def _positions(ledger: Ledger, pnl: Pnl, account: str) -> Iterable[PnlPosition]:
    marked = {line.symbol: line.mark_ts for line in pnl.lines(account)}
    for holding in ledger.holdings_of(account):
        contract, total = holding.contract, holding.now.total
        unrealised = pnl.unrealised(account, contract.symbol)
        yield PnlPosition(
            symbol=contract.symbol,
            currency=contract.currency,
            qty=total.qty,
            cost=total.cost,
            worth=None if unrealised is None else total.cost + contract.sense * unrealised,
            unrealised=unrealised,
            realised=total.realised,
            mark_ts=marked.get(contract.symbol),
        )


def _rates(pnl: Pnl, positions: Iterable[PnlPosition], base: str) -> Iterable[PnlRate]:
    for currency in sorted({row.currency for row in positions} - {base}):
        rate = pnl.rates.get(currency, base)
        if rate is not None:
            yield PnlRate(currency=currency, numerator=rate.numerator, denominator=rate.denominator, ts=rate.ts)
