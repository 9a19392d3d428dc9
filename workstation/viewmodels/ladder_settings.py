"""What a ladder can be set to: who decides limit or stop, when rows follow the market, and what clicks attach.

Plain values with bounds, kept in layout files per asset class; a value that is unknown or out of bounds falls back on
its default. Qt-free, and part of no walk.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec

Seconds = Annotated[int, msgspec.Meta(ge=0, le=3_600)]
Ticks = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Digits = Annotated[int, msgspec.Meta(ge=0, le=3)]
Units = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Rows = Annotated[int, msgspec.Meta(ge=0, le=50)]


KEPT_MAX = 200
"""Instruments of which a ladder keeps a number of their own."""


class BySymbol:
    """A whole number of 0 to `most` for each of the last KEPT_MAX instruments that were given one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, int] = {}

    def get(self, symbol: str) -> int | None:
        """Return an instrument's number, None where it has none."""
        return self._kept.get(symbol)

    def put(self, symbol: str, number: int) -> None:
        """Keep an instrument's number; the one that waited longest goes."""
        self._kept.pop(symbol, None)
        self._kept[symbol] = number
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]

    def plain(self) -> list[str | int]:
        """Return symbols and numbers in turn, for a layout file."""
        return [part for pair in self._kept.items() for part in pair]

    def restore(self, plain: object) -> None:
        """Take back what `plain` gave; what is no pair of a symbol and a number in bounds is left out."""
        parts = plain if isinstance(plain, list) else []
        for symbol, number in zip(parts[::2], parts[1::2], strict=False):
            if isinstance(symbol, str) and isinstance(number, int) and 0 <= number <= self._most:
                self.put(symbol, number)


class Scheme(StrEnum):
    """Who decides limit or stop: the button (classic), or the side of the market on which the click falls (auto)."""

    CLASSIC = "classic"
    AUTO = "auto"


class OwnClick(StrEnum):
    """What a click on an own order's cell does."""

    CANCEL = "cancel"
    OPEN = "open"


class PnlUnit(StrEnum):
    """What a P&L figure is shown in. BOTH (ticks and money) is for the column alone."""

    BOTH = "both"
    MONEY = "money"
    TICKS = "ticks"
    RISK = "R"
    HIDDEN = "hidden"


LABEL_UNITS = (PnlUnit.MONEY, PnlUnit.TICKS, PnlUnit.RISK, PnlUnit.HIDDEN)
"""What the P&L label of the ladder and the P&L panel's net go through, in the order of clicks."""

UNIT_WORDS = {
    PnlUnit.BOTH: "ticks and money",
    PnlUnit.MONEY: "money",
    PnlUnit.TICKS: "ticks",
    PnlUnit.RISK: "R (open risk)",
    PnlUnit.HIDDEN: "nothing",
}


def unit_after(unit: PnlUnit) -> PnlUnit:
    """Return what a click goes on to."""
    return LABEL_UNITS[(LABEL_UNITS.index(unit) + 1) % len(LABEL_UNITS)]


class LadderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a ladder. Numbers that are 0 switch their matter off.

    centre_every_s, centre_on_last, centre_on_inside: separate reasons to recentre; edge_rows: how near an edge is at
    it. reset_qty: the pad goes to 0 with each order sent; keep_size: it is kept per symbol over a restart.
    strong_digits: last digits of a price that stand out. stop_ticks, target_ticks: the bracket that Alt attaches.
    second_qty: whole units of a click with Shift. large_size: whole units from which a size stands out, where the
    symbol has no number of its own. pnl: of an exit at each row; pnl_label: of the position as it is marked.
    pulled_s: window of pulled and stacked sizes.
    """

    scheme: Scheme = Scheme.CLASSIC
    own_click: OwnClick = OwnClick.CANCEL
    reset_qty: bool = False
    keep_size: bool = False
    marketable: bool = False
    dynamic: bool = False
    centre_every_s: Seconds = 0
    centre_on_last: bool = False
    centre_on_inside: bool = False
    edge_rows: Rows = 3
    pin_pointer: bool = False
    strong_digits: Digits = 0
    stop_ticks: Ticks = 20
    target_ticks: Ticks = 40
    second_qty: Units = 0
    large_size: Units = 0
    pnl: PnlUnit = PnlUnit.BOTH
    pnl_label: PnlUnit = PnlUnit.MONEY
    pulled_s: Seconds = 5


def settings_from(plain: Mapping[str, object]) -> LadderSettings:
    """Return settings from plain values; what is unknown or out of bounds stays at its default."""
    settings = LadderSettings()
    for name in LadderSettings.__struct_fields__:
        if name in plain:
            try:
                taken = msgspec.convert({name: plain[name]}, LadderSettings)
            except msgspec.ValidationError:
                continue
            settings = msgspec.structs.replace(settings, **{name: getattr(taken, name)})
    return settings


def plain_of(settings: LadderSettings) -> dict[str, str | int | bool]:
    """Return what differs from the defaults, as plain values."""
    usual = LadderSettings()
    return {
        name: str(value) if isinstance(value, StrEnum) else value
        for name in LadderSettings.__struct_fields__
        if (value := getattr(settings, name)) != getattr(usual, name)
    }
