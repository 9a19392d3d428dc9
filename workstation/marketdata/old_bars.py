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


def of_counted_prints(bar_type: BarType) -> bool:
    """Tell whether bars are closed by prints, and built here."""
    return bar_type.source is BarSource.LAST and bar_type.kind in COUNTED_KINDS and not bar_type.external


def lighter(history: BarHistory, gone: Marked) -> Bar | None:
    """Return the closed bar of prints that one fell into without its volume, None where none is kept that holds it.

    Of several bars of one moment the newest that has so much; their prices stay, since bars are not counted anew.
    """
    row = history.index_at(gone.ts) if gone.effect & VOLUME else -1
    while row >= 0 and history.ts_close[row] >= gone.ts and int(history.values[row][4]) < gone.size:
        row -= 1
    if row < 0 or history.ts_close[row] < gone.ts:
        return None
    span = Interval(int(history.ts_open[row]), int(history.ts_close[row]), inside=True)
    return _without_volume(history, row, span, gone.size)


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
    return _without_volume(history, row, span, gone.size)


def _without_volume(history: BarHistory, row: int, span: Interval, size: int) -> Bar:
    opened, high, low, close, volume = history.values[row].tolist()
    kept = Bar(history.symbol, history.bar_type, opened, high, low, close, volume, 0, span.open, span.close)
    bar = FormingBar.of_bar(kept, span.open, span.close)
    bar.take_back(size)
    return bar.freeze(history.symbol, history.bar_type, revised=True)
