"""Verify a whole journal: every line's hash and its link to the line before.

Behind `workstation journal verify`; may run beside a live instance, since it only reads.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.storage.open import open_view

PROGRESS_LINES = 10_000
"""Lines between two calls of the progress callback."""

Progress = Callable[[int, int], None]
"""Called with lines verified and lines in all."""


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found. damage: text naming the first broken row, "" when all is well.

    head: hash of the last verified line, hexadecimal; kept elsewhere, it anchors the chain.
    """

    lines: int
    newest_seq: int
    head: str
    damage: str

    @property
    def intact(self) -> bool:
        """True when every line verified."""
        return not self.damage


def verify(url: str, home: Path, progress: Progress | None = None) -> VerifyReport:
    """Verify the journal at `url` ("" for the embedded file in `home`) from the first line that is kept to its last.

    Raises:
        StorageError: the database cannot be opened at all.
    """
    view = open_view(url, home)
    verified, newest_seq, head, damage = 0, 0, "", ""
    try:
        newest_seq = view.reader.newest_seq()
        for line in view.recovery.whole():
            verified, head = verified + 1, line.hash.hex()
            if progress is not None and verified % PROGRESS_LINES == 0:
                progress(verified, newest_seq)
            if line.seq >= newest_seq:
                break
    except StorageDamaged as error:
        damage = str(error)
    finally:
        view.close()
    if progress is not None:
        progress(verified, newest_seq)
    return VerifyReport(lines=verified, newest_seq=newest_seq, head=head, damage=damage)
