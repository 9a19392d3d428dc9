"""One bind of the key file read on one snapshot of the trade focus: exact values, each missing one refused by its name.

Order walk, below `hotkey_actions`, which says what the values mean. Qt-free, no clock of its own.
"""

import math
from fractions import Fraction
from typing import Literal

from workstation.domain.expressions.evaluation import Absent, Expression, Snapshot, Value
from workstation.domain.instruments import Instrument
from workstation.viewmodels.hotkey_binds import Bind
from workstation.viewmodels.hotkey_file import HotkeyFile
from workstation.viewmodels.hotkey_snapshot import absence, price_value, snapshot_of, value_text
from workstation.viewmodels.hotkeys import FocusSnapshot


class Refusal(Exception):
    """Ends the reading of a bind; `request_of` turns it into `Refused`."""


class Reading:
    """One bind read on one snapshot. Values are exact; each missing one refuses by its name."""

    def __init__(self, bind: Bind, file: HotkeyFile, focus: FocusSnapshot) -> None:
        self.bind, self.file, self.focus = bind, file, focus
        self.snapshot: Snapshot = snapshot_of(focus, file.expressions.get("risk_cash"))

    @property
    def instrument(self) -> Instrument:
        """The instrument of the trade focus."""
        return self.focus.instrument

    @property
    def held(self) -> int:
        """The signed position, + long, in quantity units."""
        return 0 if self.focus.position is None else self.focus.position.position.qty

    def judge_when(self) -> None:
        """Refuse where the bind's condition is absent or does not hold, with the values that it read."""
        when = self.bind.when
        if when is None or self._value(when) is True:
            return
        values = self.snapshot.values
        read = ", ".join(f"{name} is {value_text(name, values[name], self.snapshot)}" for name in sorted(when.names))
        raise Refusal(f"Refused: {' '.join(self.bind.keys)} needs {when}; {read}.")

    def number(self, field: str) -> Fraction | None:
        """Return a field's value, the file's default where the bind is silent, None where both are."""
        expression = self.bind.expressions.get(field) or self.file.expressions.get(field)
        return None if expression is None else Fraction(self._value(expression))

    def _value(self, expression: Expression) -> Value:
        value = expression.value(self.snapshot)
        if not isinstance(value, Absent):
            return value
        cash = self.file.expressions.get("risk_cash")
        deeper = cash.value(self.snapshot) if cash and value.reason == "risk_cash is missing" else value
        raise Refusal(absence(deeper if isinstance(deeper, Absent) else value, self.focus, self.snapshot))

    def price(self, expression: Expression, rounding: Literal["down", "up"]) -> int:
        """Return a price on the instrument's grid."""
        exact = Fraction(self._value(expression)) * 10**self.instrument.price_decimals
        return self.instrument.round_to_tick(math.floor(exact) if rounding == "down" else math.ceil(exact), rounding)

    def ticks(self, field: str, default: int) -> int:
        """Return a distance as whole ticks, towards zero."""
        value = self.number(field)
        return default if value is None else int(value / self.snapshot.tick)

    def quantity(self) -> int:
        """Return the quantity in units, rounded down to the lot.

        Raises:
            Refusal: less than one lot.
        """
        value = self.number("qty")
        wanted = Fraction(self.focus.size) if value is None else value
        qty = self.lots(wanted)
        if qty <= 0:
            lot = self.instrument.qty_text(self.instrument.lot)
            raise Refusal(f"Refused: size {_size(wanted)} is below one lot of {lot}; choose a larger size.")
        return qty

    def lots(self, whole: Fraction) -> int:
        """Return whole units as quantity units, rounded down to the lot."""
        lot = self.instrument.lot
        return int(math.floor(whole * 10**self.instrument.qty_decimals) // lot * lot)

    def within_risk(self, qty: int, entry: int, stop: int | None) -> int:
        """Return the quantity, lowered so that the rounded stop loses no more than the money that was asked for."""
        cash = self.snapshot.values.get("risk_cash")
        asked = self.bind.expressions.get("qty")
        if stop is None or asked is None or "risk_cash" not in asked.names or cash is None:
            return qty
        if self.snapshot.point_value is None:
            raise Refusal(absence(Absent("currency rate is missing"), self.focus, self.snapshot))
        distance = price_value(abs(entry - stop), self.instrument)
        return min(qty, self.lots(Fraction(cash) / (distance * self.snapshot.point_value)))


def _size(wanted: Fraction) -> str:
    return f"{wanted.numerator}" if wanted.denominator == 1 else f"{float(wanted):.4g}"
