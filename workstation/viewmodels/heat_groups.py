"""Ranges of a parameter for a map of a sweep that tried few of many values: neighbours share a cell.

Beside the sweeps panel, Qt-free. A grid is shown value by value; where most pairs were never tried, as in a random or a
learning search, single values would be lines too thin to see.
"""

from collections.abc import Callable, Collection
from math import ceil
from typing import Any

GROUPS_MAX = 12
"""Values of an axis that are shown one by one, and ranges that more of them are put into."""

Name = Callable[[Any], Any]
"""Returns what the cell of a value is called: the value itself, or its range."""


def grouping(values: Collection[Any]) -> tuple[tuple[Any, ...], Name]:
    """Return the cells of an axis in order, and what names the cell of a value.

    More than GROUPS_MAX numbers are put into ranges of one width from the least on, whole numbers into whole ones.
    """
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values) or len(set(values)) <= GROUPS_MAX:
        return tuple(sorted(set(values)) if len(numbers) == len(values) else sorted(set(values), key=str)), _itself
    low, high = min(numbers), max(numbers)
    whole = all(isinstance(value, int) for value in numbers)
    width = ceil((high - low + 1) / GROUPS_MAX) if whole else (high - low) / GROUPS_MAX
    count = ceil((high - low + 1) / width) if whole else GROUPS_MAX
    names = _ranges(low, width, count, whole=whole)

    def name(value: Any) -> str:
        return names[min(int((value - low) / width), count - 1)]

    return names, name


def _itself(value: Any) -> Any:
    return value


def _ranges(low: float, width: float, count: int, *, whole: bool) -> tuple[str, ...]:
    starts = [low + place * width for place in range(count)]
    if whole:
        return tuple(f"{start}–{start + width - 1}" if width > 1 else f"{start}" for start in starts)
    for digits in range(3, 18):  # as few as tell them apart
        names = tuple(f"{start:.{digits}g}–{start + width:.{digits}g}" for start in starts)
        if len(set(names)) == count:
            break
    return names
