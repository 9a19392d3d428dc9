"""What refuses an order of a backtest before it goes out: the risk gate, where the plan asks for it, and the money.

Order walk, between `order_desk` and the venue. The gate is the one that trades, and is asked where the plan has limits
or a capital; prices, phase and worth come from the run. Reading only.
"""

from collections.abc import Callable, Mapping

from workstation.backtest.agenda import Agenda
from workstation.backtest.booking import ACCOUNT, ORIGIN, RUN, Booking
from workstation.backtest.market import Market
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.working import Working
from workstation.domain.accounts import LockState
from workstation.domain.events import LimitChanged, LockChanged, RecordSaved
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled
from workstation.domain.orders import OrderState, OrderTerms, ReferencePrice, RiskClass, SubmitOrder
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.orders.risk_view import CoreRiskView
from workstation.risk.gate import RiskGate
from workstation.risk.limits import UNLIMITED, LimitType
from workstation.risk.view import RiskIntent

NO_ROOM = "reduce-only: there is no position to reduce"

LastPrice = Callable[[str], int | None]


class _Prices:
    def __init__(self, last: LastPrice) -> None:
        self._last = last

    def reference(self, symbol: str) -> ReferencePrice:
        """Return the last price as bid, ask and last."""
        last = self._last(symbol)
        return ReferencePrice(bid=last, ask=last, last=last, age_ms=0, fresh=last is not None)

    def phase(self, symbol: str) -> SessionPhase:  # noqa: ARG002  the venue keeps the sessions
        """Return OPEN: an order may always be given, it waits for its session."""
        return SessionPhase.OPEN


class _Worth:
    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._peak = self._opening = booking.valuation.equity

    def begin_day(self) -> None:
        """Let day figures start anew."""
        self._peak = self._opening = self._booking.valuation.equity

    def equity(self, account: str) -> int | None:  # noqa: ARG002  a run has one account
        """Return cash plus open profit."""
        return self._booking.valuation.equity

    def peak_equity(self, account: str) -> int | None:  # noqa: ARG002  a run has one account
        """Return the highest equity of the day that an order saw."""
        self._peak = max(self._peak, self._booking.valuation.equity)
        return self._peak

    def gross(self, account: str) -> int | None:  # noqa: ARG002  a run has one account
        """Return the absolute worth of all positions."""
        return self._booking.valuation.gross

    def day_net(self, account: str) -> int | None:  # noqa: ARG002  a run has one account
        """Return the day's profit."""
        return self._booking.valuation.equity - self._opening

    def run_made(self, account: str, run_id: str) -> int | None:  # noqa: ARG002  a run has one account
        """Return the run's profit, which is all that the account has made."""
        return self._booking.valuation.equity - self._booking.plan.initial_cash

    def worth_of(self, account: str, symbol: str, qty: int) -> int | None:  # noqa: ARG002  a run has one account
        """Return the absolute worth of a position at its last price."""
        return self._booking.valuation.worth_now(symbol, qty)

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        """Return money in the account's currency, None without a rate."""
        valuation = self._booking.valuation
        if currency == to:
            return amount
        known = to == self._booking.account.currency and valuation.converts(currency)
        return valuation.converted(amount, currency) if known else None


_NO_LIMITS = tuple(
    LimitChanged(limit=limit, scope="TENANT", key="", old="", new=UNLIMITED, actor="", reason="backtest", ts=0)
    for limit in LimitType
)
"""Where a plan names a capital alone, it is all that binds."""

_ORDERS_PER_S = 1_000_000
"""A backtest's run is no flood, whatever it sends at an instant."""


def _run(plan: BacktestPlan) -> StrategyRun:
    return StrategyRun(
        id=RUN, strategy_id=RUN, account=ACCOUNT, user_id="", run_name=plan.name, run_number=1, start_date="",
        initial_capital=format_scaled(plan.capital, MONEY_DECIMALS), status=StrategyRunStatus.RUNNING,
        config_snapshot={"orders_per_second": _ORDERS_PER_S},
    )  # fmt: skip


class OrderChecks:
    """Answers whether an order may go out, and trade. refused: how often it did not, by code.

    reserved: worth of open orders that enlarge positions, money. passed: the last verdict on an order that enlarges a
    position, and on one that reduces it; most are like the last.
    """

    def __init__(self, booking: Booking, agenda: Agenda, markets: Mapping[str, Market]) -> None:
        self._booking, self._agenda, self._markets = booking, agenda, markets
        self._margin_bps, self._checks_funds = booking.plan.options.margin_bps, booking.plan.options.check_funds
        self._reserved: dict[str, int] = {}
        self._total = 0
        self.refused: dict[str, int] = {}
        self._passed: list[Verdict | None] = [None, None]
        self._gate: RiskGate | None = None
        if booking.plan.limits or booking.plan.capital:
            booking.fold(LockChanged(account=ACCOUNT, state=LockState.UNLOCKED, reason="backtest", ts=booking.now))
            for limit in booking.plan.limits or _NO_LIMITS:
                booking.fold(limit)
            if booking.plan.capital:
                booking.fold(RecordSaved(record=_run(booking.plan), changed=("status",), actor="", ts=booking.now))
            self.worth = _Worth(booking)
            view = CoreRiskView(booking.state, _Prices(self._last), self.worth)
            self._gate = RiskGate(view, booking.state.controls, booking.state.exposure)

    def verdict(self, terms: OrderTerms, cl_ord_id: str, *, replaces: OrderState | None = None) -> Verdict:
        """Return the answer; a passed order's money is reserved until `release`."""
        held = self._booking.qty(terms.symbol)
        after = held + terms.side.sign * terms.order_qty
        verdict = self._free(terms, held, after) if self._gate is None else self._gated(terms, cl_ord_id, replaces)
        if not verdict.passed or not self._checks_funds or terms.reduce_only or abs(after) <= abs(held):
            return verdict
        price = terms.price or terms.stop_px or self._last(terms.symbol)
        need = None if price is None else self._need(terms.symbol, price, abs(after) - abs(held))
        if price is None or need is None:
            return verdict
        self.release(cl_ord_id)
        margin_bps, reserved = self._margin_bps, self._total
        if not self._booking.valuation.carries(terms.symbol, after, price, margin_bps=margin_bps, reserved=reserved):
            return _refusal("BUYING_POWER", "Refused: the account's money does not carry this order.")
        self._reserve(cl_ord_id, need)
        return verdict

    def pair(self, first: SubmitOrder, second: SubmitOrder) -> tuple[Verdict, ...]:
        """Return the answers to two orders of which only one can fill; the first's alone where that is refused.

        Each is judged as if the other were not there, and money is reserved once: for whichever needs more.
        """
        one = self.verdict(first.terms, first.cl_ord_id)
        if not one.passed:
            return (one,)
        need = self.release(first.cl_ord_id)
        two = self.verdict(second.terms, second.cl_ord_id)
        if two.passed and need > self._reserved.get(second.cl_ord_id, 0):
            self.release(second.cl_ord_id)
            self._reserve(first.cl_ord_id, need)
        return one, two

    def room(self, order: Working, price: int) -> tuple[int, str]:
        """Return how much of a working order may trade at `price` and, where it is nothing, why the order ends."""
        leaves, terms = order.leaves, order.terms
        held = self._booking.qty(terms.symbol)
        reducible = abs(held) if held * order.sign < 0 else 0
        if terms.reduce_only:
            return min(leaves, reducible), NO_ROOM
        if reducible >= leaves or not self._checks_funds:
            return leaves, ""
        after, margin_bps = held + order.sign * leaves, self._margin_bps
        if abs(after) <= abs(held) or self._booking.valuation.carries(
            terms.symbol, after, price, margin_bps=margin_bps
        ):
            return leaves, ""
        self.refused["BUYING_POWER"] = self.refused.get("BUYING_POWER", 0) + 1
        return 0, "the account's money does not carry it"

    def _last(self, symbol: str) -> int | None:
        market = self._markets.get(symbol)
        return None if market is None else market.last

    def _reserve(self, cl_ord_id: str, need: int) -> None:
        self._reserved[cl_ord_id] = need
        self._total += need

    def release(self, cl_ord_id: str) -> int:
        """Forget the money reserved for an order; returns how much that was."""
        need = self._reserved.pop(cl_ord_id, 0) if self._reserved else 0
        self._total -= need
        return need

    def begin_day(self) -> None:
        """Let the day figures of the gate start anew."""
        if self._gate is not None:
            self.worth.begin_day()

    def _gated(self, terms: OrderTerms, cl_ord_id: str, replaces: OrderState | None) -> Verdict:
        assert self._gate is not None  # noqa: S101  asked where there is one
        now = self._agenda.ts
        intent = RiskIntent(
            terms=terms,
            origin=ORIGIN,
            strategy_id=RUN,
            cl_ord_id=cl_ord_id,
            replaces=replaces,
            now_ns=now,
            mono_ns=now,
            allow_duplicate=not self._booking.plan.limits,
        )
        verdict = self._gate.check(intent)
        if verdict.passed:
            self._gate.count(intent)
        return verdict

    def _free(self, terms: OrderTerms, held: int, after: int) -> Verdict:
        qty = terms.order_qty
        reduces = 0 <= after < held or held < after <= 0
        known = self._passed[reduces]
        if known is None or known.qty != qty:
            kind = RiskClass.REDUCE if reduces else RiskClass.INCREASE
            known = self._passed[reduces] = Verdict(risk_class=kind, passed=True, qty=qty, results=())
        return known

    def _need(self, symbol: str, price: int, more: int) -> int | None:
        """Return by how much `more` of the instrument enlarges the worth of positions, None where no rate is known."""
        valuation = self._booking.valuation
        if not valuation.converts(self._booking.instruments[symbol].currency):
            return None
        return valuation.worth(symbol, price, more)


def _refusal(code: str, text: str) -> Verdict:
    rule = RuleResult(code=code, passed=False, kind=DenialKind.FUNDS, text=text)
    return Verdict(risk_class=RiskClass.INCREASE, passed=False, qty=0, results=(rule,))
