"""The types of the language, and the names that trading expressions may read."""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """Type of a value, in the words of messages.

    PLAIN: a name that is a number without a type of its own; like a number that is typed it takes that of what it is
    compared with, and is a ratio elsewhere.
    """

    PRICE = "price"
    DISTANCE = "distance"
    QTY = "qty"
    MONEY = "money"
    RATIO = "ratio"
    PLAIN = "plain number"
    BOOL = "condition"


UNITS: Mapping[str, Kind] = {"t": Kind.DISTANCE, "%": Kind.RATIO, "bps": Kind.RATIO, "R": Kind.MONEY}
"""Units of a literal: ticks, hundredths, ten-thousandths, open risks."""

Vocabulary = Mapping[str, Kind]

_NAMES: Mapping[Kind, str] = {
    Kind.PRICE: "bid ask mid last avg cursor hod lod vwap",
    Kind.DISTANCE: "spread tick",
    Kind.QTY: "lot pos preset max_qty",
    Kind.MONEY: "open_risk risk_cash bp equity",
    Kind.BOOL: "armed live sim flat long short fresh synced rth halted",
}

TRADING: Vocabulary = {name: kind for kind, names in _NAMES.items() for name in names.split()}
"""Names of keys and bracket templates. `pos` is signed, + long; the rest are amounts."""
