"""Open profit of a position in money, ticks and R: one wording for every panel, so that figures agree in one frame.

R is the profit over the open risk, which is what the protective stops would lose from the average. Unknown parts give
a dash, never 0. Qt-free; reads one position snapshot, values nothing itself.
"""

from collections.abc import Iterable
from fractions import Fraction

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState
from workstation.viewmodels.formats import MISSING, grouped, money
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.guards import guards_of
from workstation.viewmodels.ladder_settings import PnlUnit

WHOLE_TICKS_FROM = 1_000


def average_units(held: PositionSnap, instrument: Instrument) -> Fraction | None:
    """Return the exact average in price units, None when flat."""
    if not held.position.qty:
        return None
    return Fraction(held.position.cost, instrument.notional(1, 1) * held.position.qty)


def open_ticks(held: PositionSnap, instrument: Instrument) -> float | None:
    """Return open profit in ticks for one unit, + gain, by the tick at the mark; None when flat or unmarked."""
    average = average_units(held, instrument)
    if average is None or held.mark is None:
        return None
    sign = 1 if held.position.qty > 0 else -1
    return float(sign * (held.mark - average) / instrument.tick_at(held.mark))


def ticks_text(ticks: float | None) -> str:
    """Return signed ticks, one decimal below WHOLE_TICKS_FROM; a dash for None."""
    if ticks is None:
        return MISSING
    text = grouped(f"{ticks:.1f}" if abs(ticks) < WHOLE_TICKS_FROM else f"{ticks:.0f}")
    text = "0.0" if text == "−0.0" else text
    return f"+{text}" if ticks > 0 and text != "0.0" else text


def profit_text(unit: PnlUnit, profit: int | None, currency: str, *, ticks: float | None, risk: int | None) -> str:
    """Return open profit in a unit, "" where it is hidden. ticks: of one unit; risk: open risk, money."""
    match unit:
        case PnlUnit.HIDDEN:
            return ""
        case PnlUnit.TICKS:
            return f"{ticks_text(ticks)}t"
        case PnlUnit.RISK:
            return risk_text(profit, risk)
        case _:
            return f"{money(profit, signed=True)} {currency}"


def open_risk(held: PositionSnap | None, working: Iterable[OrderState], instrument: Instrument) -> int | None:
    """Return what the protective stops would lose from the average, as money; None without position, stop or loss."""
    average = None if held is None else average_units(held, instrument)
    if held is None or average is None:
        return None
    sign = 1 if held.position.qty > 0 else -1
    lost = Fraction(0)
    for order in guards_of(working, sign):
        stop = order.terms.stop_px
        if stop is not None:
            lost += max((average - stop) * sign, Fraction(0)) * instrument.notional(1, 1) * order.leaves_qty
    return int(lost) or None


def risk_text(profit: int | None, risk: int | None) -> str:
    """Return a profit as a multiple of the open risk, such as `+1.4R`; a dash where either is unknown."""
    if profit is None or not risk:
        return MISSING
    text = f"{profit / risk:.1f}".replace("-", "−")
    text = "0.0" if text == "−0.0" else text
    return f"+{text}R" if profit > 0 and text != "0.0" else f"{text}R"
