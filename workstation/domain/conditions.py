"""Conditions of prints: which of high and low, the last price and the volume a print counts for, by the venue's codes.

Read where bars are made, live and from what is stored. Prints of extended hours count wholly: bars of those hours are
made of nothing else, and those of a day leave them out by their session.

Sources: CTA and UTP plans, tables of sale conditions (consolidated processing); LEAN `TradeConditionFlags`; Binance
futures, aggregate trades, which leave the insurance fund and auto-deleveraging out.
"""

from collections.abc import Mapping
from functools import lru_cache

from workstation.domain.market import BAR_CONDITION

EXTREMES, LAST, VOLUME = 1, 2, 4
"""What a print may count for, as bits."""

WHOLE = EXTREMES | LAST | VOLUME
NO_PRICE = VOLUME
NOT_LAST = VOLUME | EXTREMES
NOTHING = 0

_US_TAPE: Mapping[str, int] = {
    "B": NO_PRICE, "C": NO_PRICE, "H": NO_PRICE, "I": NO_PRICE, "N": NO_PRICE, "R": NO_PRICE, "V": NO_PRICE,
    "W": NO_PRICE, "7": NO_PRICE, "G": NOT_LAST, "P": NOT_LAST, "Z": NOT_LAST, "4": NOT_LAST, "M": NOTHING,
    "Q": NOTHING, "9": EXTREMES | LAST,
}  # fmt: skip
"""Letters of the tape: average price, cash, price variation, odd lot, next day, seller, contingent, late and others."""

_LEAN_FLAGS: Mapping[int, int] = {
    1: NO_PRICE, 2: NO_PRICE, 3: NO_PRICE, 9: NOT_LAST, 11: NOT_LAST, 14: NOT_LAST, 17: NOT_LAST, 18: NO_PRICE,
    20: NO_PRICE, 22: NO_PRICE, 24: NOTHING, 25: NOT_LAST, 26: NOTHING, 31: NO_PRICE,
}  # fmt: skip
"""Bits: cash, next day, seller, derivatively priced, sold late, out of sequence, bunched, stock option, average price,
price variation, official close, prior reference price, official open, odd lot."""

_WORDS: Mapping[str, Mapping[str, int]] = {
    "USDM": {"INSURANCE_FUND": NO_PRICE, "ADL": NO_PRICE, "NA": NO_PRICE},
}
"""Words of other venues, by the exchange that an instrument names."""

_US = frozenset(
    {"SMART", "NYSE", "NASDAQ", "ARCA", "AMEX", "BATS", "IEX", "USA", "XNYS", "XNAS", "ARCX", "XASE", "IEXG"}
)


@lru_cache(maxsize=4_096)
def counts_for(conditions: str, exchange: str) -> int:
    """Return what a print counts for, as bits; one whose codes are not known, or that has none, counts WHOLE.

    So does one that stands for a recorded bar: its mark is no code of a venue.
    conditions: raw, as the feed brought them; exchange: that the instrument names.
    """
    if conditions == BAR_CONDITION:
        return WHOLE
    if exchange in _WORDS:
        return _joined(_WORDS[exchange], conditions.split())
    if exchange not in _US:
        return WHOLE
    _, mark, mask = conditions.partition(";")
    if mark:
        return _of_mask(mask)
    return _joined(_US_TAPE, list(conditions.replace(" ", "").replace(",", "")))


def is_last(conditions: str, exchange: str) -> bool:
    """Tell whether a print may be the last price: what triggers a stop and marks a position."""
    return not conditions or counts_for(conditions, exchange) & LAST != 0


def _of_mask(mask: str) -> int:
    try:
        bits = int(mask, 16)
    except ValueError:
        return WHOLE
    found = WHOLE
    for bit, effect in _LEAN_FLAGS.items():
        if bits >> bit & 1:
            found &= effect
    return found


def _joined(table: Mapping[str, int], codes: list[str]) -> int:
    """Return what is left where every code of a print allows it."""
    found = WHOLE
    for code in codes:
        found &= table.get(code, WHOLE)
    return found
