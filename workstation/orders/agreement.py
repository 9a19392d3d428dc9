"""Agreement: positions and cash here beside the venue's, and what is done about a difference.

Order walk, the way up: the last step of a reconciliation. Each difference becomes a break, found once and closed once.
A position that differs locks the account until it agrees, a person signs for it, or has the venue's position adopted:
an EXTERNAL adjustment is booked then, paid for by an adjustment of cash, so that position equals venue and cash stays.
Cash is compared too, within rounding; it locks only where the desk's settings say so, since venues post fees late.
"""

from msgspec.structs import replace

from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import BreakFound, CashAdjusted, Event, OrderFilled
from workstation.domain.executions import Execution
from workstation.domain.instruments import AssetClass
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side
from workstation.kernel.fault_points import fault_point
from workstation.kernel.ids import stable_uid
from workstation.orders.adoption import adopted, order_of
from workstation.orders.breaks import OPEN, break_text
from workstation.orders.context import DeskContext
from workstation.ports.broker import QueryAnswer

CASH_TOLERANCE: int = MONEY_ONE // 100
"""Cash that differs by no more than this differs by rounding."""

AGREES = "agrees again"


class Agreement:
    """Compares one account at a time."""

    def __init__(self, context: DeskContext) -> None:
        self._c = context

    def compare(self, account: str, answer: QueryAnswer) -> tuple[str, ...]:
        """Record what differs and what agrees again; returns the breaks that must lock the account, in words."""
        found = {
            (row.symbol, row.currency): row for row in (*self._positions(account, answer), *self._cash(account, answer))
        }
        now, events = self._c.clock.now_ns(), list[Event]()
        for known in self._c.state.breaks.of(account):
            row = found.get((known.symbol, known.currency))
            if row is None and (not known.currency or answer.balances):
                events.append(replace(known, theirs=known.ours, resolution=AGREES, ts=now))
        for place, row in found.items():
            earlier = self._c.state.breaks.find(account, *place)
            if earlier is None:
                events.append(row)
            elif (earlier.ours, earlier.theirs) != (row.ours, row.theirs):
                events.append(replace(row, since=earlier.since))
        if events:
            fault_point("orders.reconcile.before_breaks")
            self._c.recorder.record(events, actor="reconciliation")
        locking = [row for row in self._c.state.breaks.of(account) if self._locks(row)]
        return tuple(break_text(row) for row in locking)

    def sign(self, account: str, owner: str) -> tuple[str, ...]:
        """Make a person the owner of every open break of an account; returns the breaks in words."""
        breaks, now = self._c.state.breaks.of(account), self._c.clock.now_ns()
        self._c.recorder.record([replace(row, owner=owner, ts=now) for row in breaks], actor=owner)
        return tuple(break_text(row) for row in breaks)

    def adopt(self, account: str, symbol: str, owner: str, reason: str) -> None:
        """Book the adjustment that makes our position the venue's.

        Raises:
            NotFound: no position break stands open there.
            StateConflict: there is no price to book it at.
        """
        c = self._c
        found = c.state.breaks.find(account, symbol)
        if found is None or symbol not in c.instruments:
            raise NotFound("position break", f"{account} {symbol}")
        execution = self._adjustment(found)
        key = execution.exec_key
        cl_ord_id, opening = adopted(c, order_of(execution), key, "", found.ts)
        booked = replace(execution, cl_ord_id=cl_ord_id)
        now = c.clock.now_ns()
        events: list[Event] = [*opening, OrderFilled(cl_ord_id=cl_ord_id, ts=now, execution=booked)]
        instrument = c.instruments[symbol]
        if instrument.asset_class is not AssetClass.FUTURE and not instrument.inverse:
            worth = instrument.notional(booked.last_px, booked.signed_qty)
            events.append(
                CashAdjusted(
                    account=account, currency=instrument.currency, amount=worth, kind="adjustment",
                    reason=f"{symbol} adopted: {reason}", ts=now, symbol=symbol,
                )
            )  # fmt: skip
        resolution = f"adopted by {owner}: {reason}"
        events.append(replace(found, ours=found.theirs, resolution=resolution, owner=owner, ts=now))
        fault_point("orders.adopt_position.before_record")
        c.recorder.record(events, actor=owner, causation=cl_ord_id)

    def _locks(self, row: BreakFound) -> bool:
        if row.owner:
            return False
        return not row.currency or self._c.settings.cash_breaks_lock

    def _positions(self, account: str, answer: QueryAnswer) -> list[BreakFound]:
        theirs = {row.symbol: row.qty for row in answer.positions}
        ours = {holding.contract.symbol: holding.now.total.qty for holding in self._c.state.ledger.holdings_of(account)}
        return [
            self._found(account, ours.get(symbol, 0), theirs.get(symbol, 0), symbol=symbol)
            for symbol in sorted({*ours, *theirs})
            if ours.get(symbol, 0) != theirs.get(symbol, 0)
        ]

    def _cash(self, account: str, answer: QueryAnswer) -> list[BreakFound]:
        """Compare the currencies that the venue names; one that it does not name says nothing."""
        ours = self._c.state.ledger.cash(account)
        return [
            self._found(account, ours.get(row.currency, 0), row.cash, currency=row.currency)
            for row in sorted(answer.balances, key=lambda row: row.currency)
            if abs(ours.get(row.currency, 0) - row.cash) > CASH_TOLERANCE
        ]

    def _found(self, account: str, ours: int, theirs: int, *, symbol: str = "", currency: str = "") -> BreakFound:
        now = self._c.clock.now_ns()
        return BreakFound(
            account=account,
            symbol=symbol,
            currency=currency,
            ours=ours,
            theirs=theirs,
            resolution=OPEN,
            ts=now,
            since=now,
        )

    def _adjustment(self, found: BreakFound) -> Execution:
        """Return the execution that explains a break, under an id that a repeated adoption finds again."""
        reference = self._c.prices.reference(found.symbol)
        price = next((px for px in (reference.last, reference.bid, reference.ask) if px is not None), None)
        if price is None:
            raise StateConflict(f"{found.symbol} has no price to book it at; wait for a quote", state="unpriced")
        missing = found.theirs - self._c.state.ledger.qty(found.account, found.symbol)
        if missing == 0:
            raise NotFound("position break", f"{found.account} {found.symbol}")
        key = stable_uid("adjustment", found.account, found.symbol, str(found.since), str(found.theirs))
        now = self._c.clock.now_ns()
        return Execution(
            exec_key=key,
            exec_id=key,
            uid=stable_uid("execution", key),
            cl_ord_id="",
            order_id="",
            account=found.account,
            symbol=found.symbol,
            side=Side.BUY if missing > 0 else Side.SELL,
            last_qty=abs(missing),
            last_px=price,
            fee=0,
            fee_currency=self._c.instruments[found.symbol].currency,
            ts_event=now,
            ts_init=now,
            venue_seq=0,
            synthetic=True,
        )
