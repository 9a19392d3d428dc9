"""Arithmetic of column arrays: texts as codes, ids by their end, and an order that keeps equal rows as they stand.

Below `columns.py`, which knows rows; this module knows arrays alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]

TAIL_CHARS = 6
_LOW_HALF = 0xFFFF_FFFF


class Coded(msgspec.Struct, frozen=True):
    """A column of repeated texts: codes are indexes into texts, one a row, int32."""

    texts: tuple[str, ...]
    codes: NDArray[np.int32]


class CodeBook:
    """Texts of one column as small integers, with their alphabetical ranks."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []
        self._ranks: NDArray[np.int32] | None = None

    def code(self, text: str) -> int:
        """Return the code of a text, a new one where it is new."""
        found = self._codes.get(text)
        if found is None:
            found = self._codes[text] = len(self._texts)
            self._texts.append(text)
            self._ranks = None
        return found

    def ranks(self) -> NDArray[np.int32]:
        """Return the alphabetical rank of each code."""
        if self._ranks is None:
            order = sorted(range(len(self._texts)), key=self._texts.__getitem__)
            self._ranks = np.empty(len(self._texts), np.int32)
            self._ranks[order] = np.arange(len(order), dtype=np.int32)
        return self._ranks

    def verdicts(self, accepts: Callable[[str], bool]) -> Mask:
        """Return what `accepts` says of each code's text."""
        return np.fromiter((accepts(text) for text in self._texts), np.bool_, len(self._texts))


def stable_order(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the order that sorts values ascending, NaN last, equal ones as they stand.

    Faster than a stable argsort: integers are sorted packed with their places, floats are sorted freely and only runs
    of equals are put right.
    """
    places = np.arange(len(values), dtype=np.int64)
    if values.dtype.kind in "iu":
        packed = (values.astype(np.int64) << 32) | places
        packed.sort()
        return packed & _LOW_HALF
    order = np.argsort(values)
    ranked = values[order]
    equal = ranked[1:] == ranked[:-1]
    absent = int(np.isnan(ranked).sum())
    if absent > 1:
        equal[len(equal) - absent + 1 :] = True
    if not equal.any():
        return order
    runs = np.concatenate([np.zeros(1, np.int64), np.cumsum(~equal, dtype=np.int64)])
    packed = (runs << 32) | order
    packed.sort()
    return packed & _LOW_HALF


def packed_tail(text: str) -> int:
    """Return the last TAIL_CHARS characters of an id, lower case, as one number."""
    return int.from_bytes(text[-TAIL_CHARS:].lower().encode("ascii", "replace"), "big")


def packed_tails(ids: Sequence[str]) -> NDArray[np.uint64]:
    """Return the packed tail of each id."""
    lengths = len(ids[0]) if ids else 0
    joined = "".join(ids).lower().encode("ascii", "replace")
    if lengths < TAIL_CHARS or len(joined) != lengths * len(ids) or any(len(text) != lengths for text in ids):
        return np.fromiter((packed_tail(text) for text in ids), np.uint64, len(ids))
    ends = np.frombuffer(joined, np.uint8).reshape(len(ids), lengths)[:, -TAIL_CHARS:]
    packed = np.zeros((len(ids), 8), np.uint8)
    packed[:, -TAIL_CHARS:] = ends
    found: NDArray[np.uint64] = packed.view(">u8")[:, 0].astype(np.uint64)
    return found


def containing(tails: NDArray[np.uint64], fragment: str) -> Mask:
    """Return which packed tails contain the fragment; one longer than a tail is compared by its own end."""
    wanted = fragment[-TAIL_CHARS:].lower().encode("ascii", "replace")
    found = np.zeros(len(tails), np.bool_)
    if not wanted:
        return found
    mask = np.uint64((1 << (8 * len(wanted))) - 1)
    value = np.uint64(int.from_bytes(wanted, "big"))
    for shift in range(TAIL_CHARS - len(wanted) + 1):
        found |= ((tails >> np.uint64(8 * shift)) & mask) == value
    return found
