"""Closed bars that nothing builds any more, and a print of them that the venue takes back after all.

Beside the third step of `service.on_feed`, on the engine's thread. A bar is laid anew where every print of it is known;
where not, its volume alone is taken out, since prices without the print are not known.
"""

from collections.abc import Sequence

from workstation.domain.conditions import VOLUME
from workstation.domain.market import COUNTED_KINDS, Bar, BarSource, BarType
from workstation.marketdata.forming import FormingBar, Marked, laid_of
from workstation.marketdata.grid import Interval
from workstation.marketdata.history import BarHistory


def of_prints_over_time(bar_type: BarType) -> bool:
    """Tell whether bars stand for the prints of a span of time, and are built here."""
    outside = bar_type.external or (bar_type.parts is not None and bar_type.parts.external)
    return bar_type.source is BarSource.LAST and bar_type.kind not in COUNTED_KINDS and not outside


def are_all_of(history: BarHistory, span: Interval, prints: Sequence[Marked]) -> bool:
    """Tell whether prints are all of a closed bar: their volume within its span is that of the bar."""
    row = history.index_at(span.open) if span.inside else -1
    if row < 0 or history.ts_open[row] != span.open:
        return False
    inside = (mark.size for mark in prints if mark.effect & VOLUME and span.open <= mark.ts < span.close)
    return sum(inside) == int(history.values[row][4])


def without(history: BarHistory, span: Interval, gone: Marked, standing: Sequence[Marked] | None) -> Bar | None:
    """Return the closed bar of a span without a print, None where none is kept or the print counts for nothing.

    standing: every print that stands and is known, by arrival; None where those are not all of the span.
    """
    row = history.index_at(span.open) if span.inside and gone.effect else -1
    if row < 0 or history.ts_open[row] != span.open:
        return None
    if standing is not None:
        return laid_of(history.symbol, history.bar_type, span, gone, standing)
    if not gone.effect & VOLUME:
        return None
    opened, high, low, close, volume = history.values[row].tolist()
    kept = Bar(history.symbol, history.bar_type, opened, high, low, close, volume, 0, span.open, span.close)
    bar = FormingBar.of_bar(kept, span.open, span.close)
    bar.take_back(gone.size)
    return bar.freeze(history.symbol, history.bar_type, revised=True)
