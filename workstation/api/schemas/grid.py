"""The texts of one instrument's figures, each made once: a list shows the same few prices and quantities over and over.

Exactly what `values` makes, remembered by the integer that it was made from. Any reading thread; the worst that two of
them do is to make a text twice.
"""

from collections.abc import Callable

from workstation.api.schemas.values import price_text, quantity_text, scaled_text
from workstation.domain.instruments import Instrument

TEXTS_MAX = 4_096
"""Texts of each kind kept for an instrument; beyond it all of them are forgotten and made anew."""


class Grid:
    """Formats prices, quantities and values of one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        decimals = instrument.price_decimals + instrument.qty_decimals
        self.price = _remembered(lambda price: price_text(instrument, price))
        self.quantity = _remembered(lambda qty: quantity_text(instrument, qty))
        self.value = _remembered(lambda value: scaled_text(value, decimals, 4))


def _remembered(make: Callable[[int], str]) -> Callable[[int], str]:
    texts: dict[int, str] = {}

    def text_of(figure: int) -> str:
        text = texts.get(figure)
        if text is None:
            if len(texts) >= TEXTS_MAX:
                texts.clear()
            text = texts[figure] = make(figure)
        return text

    return text_of
