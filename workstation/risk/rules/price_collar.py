"""Price collar: how far through the opposite side an order may be priced, in percent and in ticks.

Both limits apply and the tighter one decides. At zero and negative prices a percentage means nothing: the tick limit
decides alone, COLLAR_FALLBACK_TICKS where none was chosen. While closed the collar is measured from the last close. A
stop-limit is measured from its own trigger, where the market will be when it acts. Passive prices are never refused.
"""

from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdType
from workstation.domain.verdicts import RuleResult
from workstation.risk.limits import Bound, LimitType
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule
from workstation.risk.snapshot import Snapshot
from workstation.risk.valuation import opposite_side

COLLAR_FALLBACK_TICKS = 100

_PERCENT_ONE: int = 100 * MONEY_ONE


class PriceCollar(Rule):
    """Distance through the opposite side."""

    code = "PRICE_COLLAR"

    def binds(self, place: Place) -> bool:
        """Tell whether either of the two limits is set."""
        percent, ticks = place.bounds[LimitType.PRICE_COLLAR][0], place.bounds[LimitType.PRICE_COLLAR_TICKS][0]
        return not (percent.unlimited and ticks.unlimited)

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether the price lies within the collar."""
        if (
            snapshot.bounds[LimitType.PRICE_COLLAR][0].missing
            or snapshot.bounds[LimitType.PRICE_COLLAR_TICKS][0].missing
        ):
            return False
        if snapshot.terms.price is None:
            return True
        reference = self._reference(snapshot)
        if reference is None:
            return False
        through = self._through(snapshot, reference)
        if through <= 0:
            return True
        reach = self._reach(snapshot, reference)
        return reach is None or through <= reach

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the distance and the collar in ticks."""
        for name in (LimitType.PRICE_COLLAR, LimitType.PRICE_COLLAR_TICKS):
            bound = snapshot.tightest(name)
            if bound.missing:
                return self.result(f"Refused: price collar. No value is set for {bound.where}; set {name}.")
        price = snapshot.terms.price
        if price is None:
            return self.result("")
        reference = self._reference(snapshot)
        if reference is None:
            return self.result("Refused: price collar. There is no price to measure from; wait for a quote.")
        tick = snapshot.instrument.tick_at(reference)
        through = max(self._through(snapshot, reference), 0)
        reach = self._reach(snapshot, reference)
        value = f"{-(-through // tick)}t"
        if reach is None:
            return self.result("", value=value, limit=snapshot.tightest(LimitType.PRICE_COLLAR).text)
        limit, headroom = f"{reach // tick}t", f"{max(reach - through, 0) // tick}t"
        text = ""
        if through > reach:
            words, side = snapshot.instrument.price_text, self._side(snapshot)
            text = (
                f"Refused: price collar. {words(price)} is {value} through {side} {words(reference)}; limit {limit}. "
                "Price it nearer."
            )
        breached = self.breached(snapshot) if text else None
        named = "" if breached is None else snapshot.controls.limits.id_of(breached)
        return self.result(text, value=value, limit=limit, headroom=headroom, limit_id=named)

    def breached(self, snapshot: Snapshot) -> Bound | None:
        """Return the nearer of the two collars, where there is a price to measure from."""
        reference = self._reference(snapshot)
        found = [snapshot.tightest(name) for name in (LimitType.PRICE_COLLAR, LimitType.PRICE_COLLAR_TICKS)]
        known = [bound for bound in found if not bound.unlimited]
        if reference is None or not known or any(bound.missing for bound in found):
            return None
        by_ticks = known[-1] if known[-1].type is LimitType.PRICE_COLLAR_TICKS else None
        if by_ticks is None or len(known) == 1:
            return known[0]
        tick = snapshot.instrument.tick_at(reference)
        return by_ticks if by_ticks.value * tick == self._reach(snapshot, reference) else known[0]

    def _reference(self, snapshot: Snapshot) -> int | None:
        terms = snapshot.terms
        if terms.ord_type is not OrdType.LIMIT and terms.stop_px is not None:
            return terms.stop_px
        if snapshot.phase is SessionPhase.CLOSED:
            return snapshot.reference.last
        return opposite_side(terms, snapshot.reference)

    def _side(self, snapshot: Snapshot) -> str:
        terms = snapshot.terms
        if terms.ord_type is not OrdType.LIMIT and terms.stop_px is not None:
            return "its trigger"
        if snapshot.phase is SessionPhase.CLOSED:
            return "last close"
        return "ask" if snapshot.sign > 0 else "bid"

    def _through(self, snapshot: Snapshot, reference: int) -> int:
        """Return how far the price goes beyond the reference, in price units; negative when passive."""
        price = snapshot.terms.price
        return 0 if price is None else (price - reference) * snapshot.sign

    def _reach(self, snapshot: Snapshot, reference: int) -> int | None:
        """Return how far it may go, in price units; None when both limits are UNLIMITED."""
        percent = snapshot.bounds[LimitType.PRICE_COLLAR][0]
        ticks = snapshot.bounds[LimitType.PRICE_COLLAR_TICKS][0]
        tick = snapshot.instrument.tick_at(reference)
        by_ticks = None if ticks.unlimited else ticks.value * tick
        if percent.unlimited:
            return by_ticks
        if reference <= 0:
            return COLLAR_FALLBACK_TICKS * tick if by_ticks is None else by_ticks
        by_percent = reference * percent.value // _PERCENT_ONE
        return by_percent if by_ticks is None else min(by_percent, by_ticks)
