"""What trading puts on a chart: working orders, fills, the position, alerts; as plain values ready to draw.

Texts (quantity, type, note) arrive formatted, because a chart cannot know lots and currencies. Prices are floats for
drawing only; what an order is amended to is read from `order_line_dragged` and rounded to the tick by the receiver.
This module must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MarkSide(Enum):
    """Side of an order or fill."""

    BUY = "buy"
    SELL = "sell"


class LineState(Enum):
    """State of an order as its line shows it: by colour, dash pattern and word."""

    WORKING = "working"
    PARTIAL = "partial"
    PENDING = "pending"
    HELD = "held"
    UNKNOWN = "unknown"


class Residence(Enum):
    """Where an order lives: exchange, broker, or this computer (and dies with it)."""

    EXCHANGE = "EX"
    BROKER = "BR"
    LOCAL = "PC"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One working order. `quantity` and `type` as shown, `note` for what follows (R, bracket leg)."""

    cl_ord_id: str
    side: MarkSide
    price: float
    quantity: str
    type: str
    state: LineState = LineState.WORKING
    residence: Residence = Residence.EXCHANGE
    note: str = ""

    @property
    def label(self) -> str:
        """Return what stands on the line's tag."""
        return self.labels[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return what stands on the tag by the room there is, the longest first.

        Side and quantity stay; an unknown outcome keeps its sign, and the dashes of the line tell the other states.
        """
        state = "" if self.state is LineState.WORKING else self.state.value.upper()
        beside = (self.type, self.residence.value, self.note)
        forms = [[self.side.name, self.quantity, *beside[:kept], state] for kept in range(len(beside), -1, -1)]
        sign = "?" if self.state is LineState.UNKNOWN else ""
        forms.append([self.side.name, self.quantity, sign])
        return tuple(dict.fromkeys(" ".join(filter(None, form)) for form in forms))


@dataclass(frozen=True, slots=True)
class FillMark:
    """One execution. `time_ns` is UTC; `quantity` as shown."""

    time_ns: int
    price: float
    side: MarkSide
    quantity: str


@dataclass(frozen=True, slots=True)
class SignalMark:
    """What a strategy said. `time_ns` is UTC; price None: the close of its bar; side None: to hold; text as shown."""

    time_ns: int
    price: float | None
    side: MarkSide | None
    text: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One price alert."""

    alert_id: str
    price: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class BracketZone:
    """The prices between an entry and one leg of its bracket: where it gains, or where it loses."""

    entry: float
    exit: float
    gains: bool


@dataclass(frozen=True, slots=True)
class PositionLine:
    """The open position at its average price. `quantity` is signed, + long; `text` as shown."""

    average: float
    quantity: float
    text: str


@dataclass(frozen=True, slots=True)
class LastPrice:
    """The last price, its age in seconds, and whether that is too old to trade on."""

    price: float
    age_s: float = 0.0
    stale: bool = False

    @property
    def age_text(self) -> str:
        """Return the age as shown: nothing below one second, then seconds, minutes, hours."""
        if self.age_s < 1:
            return ""
        if self.age_s < 120:
            return f"{int(self.age_s)} s"
        return f"{int(self.age_s // 60)} min" if self.age_s < 7_200 else f"{int(self.age_s // 3_600)} h"
