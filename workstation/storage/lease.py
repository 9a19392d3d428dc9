"""The lease: one writer per home and per database, proven twice.

First the operating system's lock on a file in the home; it ends with the process, so a stale one cannot exist. Then the
epoch row in the database, raised by one: every later write carries the epoch and fails once a newer one stands there.
"""

import os
import socket
import sys
import time
from pathlib import Path

from workstation.domain.errors import StorageLocked
from workstation.storage.driver import Driver, Fenced, Statement
from workstation.storage.side_file import SideFile

LOCK_NAME = "workstation.lock"
_TEXT_AT = 1
_TEXT_MAX = 400

_CREATE = Statement(
    "INSERT INTO writer_lease (id, epoch, owner, acquired_at) VALUES (1, 0, '', 0) ON CONFLICT (id) DO NOTHING"
)
_TAKE = Statement("UPDATE writer_lease SET epoch = ?, owner = ?, acquired_at = ? WHERE id = 1 AND epoch = ?")


def owner_text() -> str:
    """Return who this process is, in words for the one who is refused."""
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    return f"process {os.getpid()} on {socket.gethostname()}, started {started} UTC"


class HomeLock:
    """The operating system's lock on a home; held until `release` or the end of the process.

    Raises:
        StorageLocked: another process holds it; the text says which.
    """

    def __init__(self, home: Path, owner: str) -> None:
        self._file = SideFile(home / LOCK_NAME)
        try:
            _lock(self._file.fileno())
        except OSError as error:
            holder = self._file.read(_TEXT_AT, _TEXT_MAX).strip(b"\0 ").decode(errors="replace")
            self._file.close()
            raise StorageLocked(f"{home} is in use by {holder or 'another process'}") from error
        self._file.truncate(_TEXT_AT)
        self._file.write(_TEXT_AT, owner.encode()[:_TEXT_MAX])

    def release(self) -> None:
        """Give the home up; the file stays, since removing it would race with a successor."""
        self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class EpochLease:
    """Our epoch in the database's one lease row."""

    def __init__(self, driver: Driver, owner: str, now_ns: int) -> None:
        driver.begin()
        driver.execute(_CREATE)
        [(epoch, _)] = driver.query(driver.fence)
        self.epoch = int(epoch) + 1
        driver.execute(_TAKE, (self.epoch, owner, now_ns, epoch))
        driver.commit()

    def check(self, driver: Driver) -> None:
        """Prove within this transaction that the epoch is ours, and that nobody raises it before the commit.

        Raises:
            Fenced: another instance took over.
        """
        rows = driver.query(driver.fence)
        if not rows or rows[0][0] != self.epoch:
            holder = rows[0][1] if rows else "nobody"
            raise Fenced(f"epoch {self.epoch} is over; the database belongs to {holder}")
