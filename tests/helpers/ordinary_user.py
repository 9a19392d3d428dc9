"""One who may not write everywhere, for tests that an administrator runs too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def ordinary_user(home: Path) -> Iterator[None]:
    """Act as one who may not write everywhere, owner of `home`: an administrator is nobody meanwhile."""
    user = os.geteuid()
    if user == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, -1)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
