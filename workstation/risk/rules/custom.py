"""Custom: orders that meet a person's condition are refused; a condition that cannot be decided refuses as well.

The setting's text is one condition a line, in the language of keys and templates, over the names of `ORDER`: those of
the market and account, and the order's own. What a screen alone knows is not among them.
"""

from fractions import Fraction
from functools import lru_cache

from workstation.domain.accounts import Environment
from workstation.domain.expressions.evaluation import Absent, Expression, Value, compiled
from workstation.domain.expressions.evaluation import Snapshot as Reading
from workstation.domain.expressions.vocabulary import TRADING, Kind, Vocabulary
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.verdicts import DenialKind
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot

_READ = "bid ask mid last spread tick lot pos max_qty equity live sim flat long short fresh rth halted"
ORDER: Vocabulary = {
    **{name: TRADING[name] for name in _READ.split()},
    "price": Kind.PRICE,
    "qty": Kind.QTY,
    "notional": Kind.MONEY,
    "buy": Kind.BOOL,
    "sell": Kind.BOOL,
}
"""Names that a condition on orders may read. notional: at the worst price, in the account's currency."""


@lru_cache(maxsize=1_024)
def condition(text: str) -> Expression:
    """Return a text's condition on orders.

    Raises:
        ExpressionError: with the column of what does not fit.
    """
    return compiled(text, Kind.BOOL, ORDER)


class Custom(RestrictionRule):
    """A condition that a person wrote."""

    code = "CUSTOM"
    restriction = Restriction.CUSTOM
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the condition that the order meets, or the input without which it cannot be decided."""
        settings = snapshot.settings(self.restriction)
        reading = _reading(snapshot) if settings else None
        for text in (line for row in settings for line in row.new.split("\n")):
            found = None if reading is None else condition(text).value(reading)
            if isinstance(found, Absent):
                return f"Refused: custom rule. “{text}” cannot be decided: {found.reason}."
            if found:
                return f"Refused: custom rule. The order meets “{text}”."
        return ""


def _reading(snapshot: Snapshot) -> Reading:
    """Return what a condition reads of an order; what is not known is left out."""
    instrument, quote = snapshot.instrument, snapshot.reference
    prices = {"bid": quote.bid, "ask": quote.ask, "last": quote.last, "price": snapshot.terms.price}
    scale, lots = 10**instrument.price_decimals, 10**instrument.qty_decimals
    values: dict[str, Value] = {name: Fraction(px, scale) for name, px in prices.items() if px is not None}
    if quote.bid is not None and quote.ask is not None:
        values["mid"] = Fraction(quote.bid + quote.ask, 2 * scale)
        values["spread"] = Fraction(quote.ask - quote.bid, scale)
    equity, notional = snapshot.view.equity(snapshot.account.account), snapshot.notional(snapshot.leaves)
    money = {"equity": equity, "notional": notional}
    values |= {name: Fraction(amount, MONEY_ONE) for name, amount in money.items() if amount is not None}
    if instrument.max_qty is not None:
        values["max_qty"] = Fraction(instrument.max_qty, lots)
    tick, lot = Fraction(instrument.tick_at(quote.last or 0), scale), Fraction(instrument.lot, lots)
    held = snapshot.position
    values |= {
        "tick": tick,
        "lot": lot,
        "qty": Fraction(snapshot.leaves, lots),
        "pos": Fraction(held, lots),
        "flat": held == 0,
        "long": held > 0,
        "short": held < 0,
        "buy": snapshot.sign > 0,
        "sell": snapshot.sign < 0,
        "live": snapshot.account.environment is Environment.LIVE,
        "sim": snapshot.account.environment is Environment.SIM,
        "fresh": quote.fresh,
        "rth": snapshot.phase is SessionPhase.OPEN,
        "halted": snapshot.phase is SessionPhase.HALTED,
    }
    point = snapshot.in_account(instrument.notional(scale, lots), instrument.currency)
    return Reading(values=values, tick=tick, lot=lot, point_value=None if point is None else Fraction(point, MONEY_ONE))
