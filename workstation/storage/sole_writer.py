"""Becoming the writer of a home on which no program runs: its lock, its schema, one writing connection.

For commands that write beside the journal's own tables: imports of market data, sweeps. It writes no journal line.
"""

import contextlib
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from workstation import __version__
from workstation.storage.backend import backend_for
from workstation.storage.backup import make_backup
from workstation.storage.driver import Driver
from workstation.storage.lease import HomeLock, owner_text
from workstation.storage.schema import HEAD


class SoleWriter(NamedTuple):
    """The home's connections; `release.close` gives them and the home up."""

    driver: Driver
    engine: Engine
    release: contextlib.ExitStack


def sole_writer(url: str, home: Path, now_ns: int) -> SoleWriter:
    """Become the writer of a home. url: "" for the embedded file. now_ns: names a backup, UTC ns.

    Raises:
        StorageLocked: a program runs on this home; the text says which.
        StorageOutdated: a newer program wrote the database.
        StorageError: it cannot be opened.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.ExitStack() as release:
        lock = HomeLock(home, owner_text())
        release.callback(lock.release)
        backend = backend_for(url, home)
        watermark = backend.watermark()
        if watermark is not None:
            release.callback(watermark.close)
        if revision := backend.revision():
            if revision != HEAD:
                make_backup(backend, home, now_ns, reason=f"before-{HEAD}")
        elif watermark is not None:
            watermark.check(0)
        if revision != HEAD:
            backend.migrate(__version__)
            if watermark is not None:
                watermark.remember_file()
        driver = backend.writing_driver()
        release.callback(driver.close)
        engine = backend.reading_engine()
        release.callback(engine.dispose)
        return SoleWriter(driver, engine, release.pop_all())
