"""Ids and seeded randomness. Every id of the core is drawn here, so that one seed gives one journal.

Ids have the form of UUID version 4 (RFC 9562); client order ids are `OMS-` and 32 hexadecimal digits.
"""

import hashlib
import random
import secrets
import uuid

_FREE_BITS = (1 << 128) - 1 & ~(0xF000 << 64) & ~(0xC000 << 48)
_VERSION_AND_VARIANT = (4 << 76) | (0x8000 << 48)


class IdSource:
    """Draws ids from one generator; without a seed, from the operating system's entropy."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(secrets.randbits(128) if seed is None else seed)

    def uid(self) -> str:
        """Return a new UUID version 4, lower case with dashes."""
        digits = self._hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def cl_ord_id(self) -> str:
        """Return a new client order id, unique for ever, within `[A-Za-z0-9-]` and 36 characters."""
        return "OMS-" + self._hex()

    def group_id(self) -> str:
        """Return a new id for a group of linked orders."""
        return "GRP-" + self._hex()

    def spread(self, span_ns: int) -> int:
        """Return a wait from 0 to `span_ns`, drawn anew each time, so that waits of many do not end together."""
        return self._random.randrange(span_ns + 1)

    def _hex(self) -> str:
        """Return the 32 digits of a UUID version 4, without the cost of making a `uuid.UUID`."""
        return f"{self._random.getrandbits(128) & _FREE_BITS | _VERSION_AND_VARIANT:032x}"


def stable_uid(*parts: str) -> str:
    """Return the same UUID for the same parts, for synthetic events that a second recovery must find again."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]
    return str(uuid.UUID(bytes=digest, version=4))


def sub_stream(seed: int, name: str) -> random.Random:
    """Return a generator of its own for `name`: adding one stream changes no other."""
    digest = hashlib.sha256(f"{seed}\x1f{name}".encode()).digest()
    return random.Random(int.from_bytes(digest, "big"))
