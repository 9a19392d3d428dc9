"""Snapshot: quote, position, working orders and limits, read once at one instant for one intent.

Every rule judges the same snapshot, so that no two rules can disagree about what was there.
"""

from typing import NamedTuple

from workstation.domain.events import LimitChanged
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderTerms, RiskClass
from workstation.risk.classify import classify
from workstation.risk.duplicates import DuplicateWindow
from workstation.risk.exposure import Exposure
from workstation.risk.limits import UNLIMITED, UNLIMITED_VALUE, Bound, LimitScope, LimitType
from workstation.risk.place import Place
from workstation.risk.rates import OrderRates
from workstation.risk.restrictions import Restriction
from workstation.risk.valuation import worst_price
from workstation.risk.view import RiskIntent, RiskView


class Sources(NamedTuple):
    """What a snapshot is taken of, besides the place."""

    view: RiskView
    exposure: Exposure
    rates: OrderRates
    duplicates: DuplicateWindow


class Snapshot:
    """What the rules may look at.

    sign: +1 buys, -1 sells. position: signed, + long. qty: what may go out, filled part included; leaves: its unfilled
    part. others: worst case of the other live orders of the same side; added: this order's own part, at the largest
    leg of its group. worst_px: worst price in price units; unit_value: money of one quantity unit at that price, in the
    instrument's currency, above or equal 0; both None when they cannot be known. overrides: those that lift a bound.
    """

    __slots__ = (
        "account",
        "added",
        "bounds",
        "controls",
        "duplicates",
        "exposure",
        "instrument",
        "intent",
        "leaves",
        "others",
        "overrides",
        "phase",
        "position",
        "qty",
        "rates",
        "reference",
        "risk_class",
        "sign",
        "terms",
        "unit_value",
        "view",
        "worst_px",
    )

    def __init__(self, intent: RiskIntent, place: Place, sources: Sources) -> None:
        terms: OrderTerms = intent.terms
        self.intent, self.terms = intent, terms
        self.account, self.instrument, self.controls, self.bounds = (
            place.account,
            place.instrument,
            place.controls,
            place.bounds,
        )
        self.overrides: tuple[str, ...] = ()
        self.view, self.exposure, self.rates, self.duplicates = sources
        view = self.view
        self.reference = view.reference(terms.symbol)
        self.phase: SessionPhase = view.phase(terms.symbol)
        self.position = view.qty(terms.account, terms.symbol)
        found = classify(intent, self.position, self.exposure)
        self.risk_class: RiskClass = found.risk_class
        self.qty, self.others, self.added = found.qty, found.others, found.added
        self.leaves = found.qty if intent.replaces is None else found.qty - intent.replaces.cum_qty
        self.sign = terms.side.sign
        self.worst_px = worst_price(terms, self.reference, place.instrument)
        self.unit_value = None if self.worst_px is None else abs(self.worst_px) * place.unit_money

    def tightest(self, limit: LimitType) -> Bound:
        """Return the tightest bound of a type that this order falls under."""
        return self.bounds[limit][0]

    def settings(self, restriction: Restriction) -> list[LimitChanged]:
        """Return every setting of a restriction that this order falls under, widest first."""
        controls, run_id = self.controls, self.intent.strategy_id
        return controls.restrictions.all(restriction, self.terms, controls.runs.owner(run_id), run_id)

    def lift(self, bound: Bound, override: str) -> None:
        """Take a bound away for this order alone."""
        rest = tuple(row for row in self.bounds[bound.type] if row is not bound)
        free = Bound(bound.type, UNLIMITED_VALUE, UNLIMITED, LimitScope.TENANT)
        self.bounds = {**self.bounds, bound.type: rest or (free,)}
        self.overrides = (*self.overrides, override)

    @property
    def position_after(self) -> int:
        """Worst-case quantity on the order's side once it and every other live order of that side filled; >= 0."""
        return max(self.sign * self.position + self.others + self.added, 0)

    @property
    def run_position_after(self) -> int:
        """The same of the order's run alone: its own position and its own live orders."""
        terms, run_id, replaced = self.terms, self.intent.strategy_id, self.intent.replaces
        own_id, link = self.intent.cl_ord_id, self.intent.link
        if replaced is not None:
            own_id, link = replaced.cl_ord_id, replaced.link
        others, _ = self.exposure.others(terms, own_id, link, run_id)
        held = self.view.run_qty(terms.account, terms.symbol, run_id)
        return max(self.sign * held + others + self.added, 0)

    def opening_qty(self) -> int:
        """Return the part of the order that closes nothing: what it would add to the position, at most `leaves`."""
        closable = max(-self.sign * self.position - self.others, 0)
        return max(self.leaves - closable, 0)

    def notional(self, qty: int) -> int | None:
        """Return the absolute value of `qty` at the worst price in the account's currency, None when unknown."""
        if self.unit_value is None:
            return None
        value = self.unit_value * qty
        currency = self.instrument.currency
        return value if currency == self.account.currency else self.in_account(value, currency)

    def in_account(self, amount: int, currency: str) -> int | None:
        """Return money in the account's currency, None without a rate."""
        if currency == self.account.currency:
            return amount
        return self.view.convert(amount, currency, self.account.currency)

    def opening_orders(self) -> int | None:
        """Return what the account's live orders could open, in its currency; None without a rate."""
        total = 0
        for currency, amount in self.exposure.opening(self.terms.account, self.view.qty).items():
            value = amount if currency == self.account.currency else self.in_account(amount, currency)
            if value is None:
                return None
            total += value
        return total

    @property
    def own_notional(self) -> int:
        """What the order that is being changed reserves already, as money of the instrument's currency."""
        replaced = self.intent.replaces
        return self.exposure.notional_of(self.intent.cl_ord_id if replaced is None else replaced.cl_ord_id)

    @property
    def is_new(self) -> bool:
        """True when the order is not counted among the live ones yet."""
        return self.intent.replaces is None and not self.exposure.counts(self.intent.cl_ord_id)
