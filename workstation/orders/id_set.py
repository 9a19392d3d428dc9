"""A compact memory of ids: eight bytes for each id that was ever used, so that none is used twice.

Order walk, beside the book: closed orders leave memory, their ids must not. Ids are kept as 64-bit digests; among a
hundred million of them, the chance that a new id is mistaken for an old one is below 1 in 10 ** 11. Never forgets.
"""

from array import array
from bisect import bisect_left
from hashlib import blake2b

MERGE_MIN = 65_536
"""Digests gathered in a set before they are merged into the sorted array."""


def digest(text: str) -> int:
    """Return the 64-bit digest of an id, equal in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class IdSet:
    """Membership of ids, 8 bytes each."""

    def __init__(self) -> None:
        self._sorted: array[int] = array("Q")
        self._recent: set[int] = set()

    def __len__(self) -> int:
        return len(self._sorted) + len(self._recent)

    def __contains__(self, text: str) -> bool:
        if not self._recent and not self._sorted:
            return False
        key = digest(text)
        if key in self._recent:
            return True
        index = bisect_left(self._sorted, key)
        return index < len(self._sorted) and self._sorted[index] == key

    def add(self, text: str) -> None:
        """Remember an id; adding it again changes nothing."""
        if text in self:
            return
        self._recent.add(digest(text))
        if len(self._recent) >= MERGE_MIN:
            self._merge()

    def state(self) -> bytes:
        """Return the digests, ascending, 8 bytes each, big-endian."""
        return b"".join(key.to_bytes(8, "big") for key in sorted([*self._sorted, *self._recent]))

    def load(self, state: bytes) -> None:
        """Take the digests of `state` in place of what is held."""
        self._sorted = array("Q", (int.from_bytes(state[at : at + 8], "big") for at in range(0, len(state), 8)))
        self._recent = set()

    def _merge(self) -> None:
        self._sorted = array("Q", sorted([*self._sorted, *self._recent]))
        self._recent = set()
