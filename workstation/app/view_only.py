"""View-only start: what runs when the database cannot be written here, and why not.

A home that another instance holds, a damaged or read-only database: the window opens on the last durable state as far
as it verifies, market data flows, and every command that would write is refused with the reason in words. Nothing is
repaired or deleted. A database of a newer program is no such case: the start ends with one line.
"""

import errno
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

import msgspec
import platformdirs

from workstation.commands.outcomes import Refusal
from workstation.commands.registry import CommandResult
from workstation.config.paths import Home
from workstation.domain.accounts import Account
from workstation.domain.errors import (
    InvariantError,
    StorageDamaged,
    StorageError,
    StorageFull,
    StorageLocked,
    StorageOutdated,
)
from workstation.domain.instruments import Instrument
from workstation.kernel.clock import Clock
from workstation.ports.key_uses import KeyUse
from workstation.ports.market_store import FeedQuality, MarketRecorder, Recorded, Retention, StoredBar
from workstation.ports.store import Entry, Journal, JournalLine, Reader, Recovery, Snapshot
from workstation.storage import NothingStored, StoreView, open_empty, open_store, open_view
from workstation.storage.backup import newest_verified
from workstation.storage.fixed_point import InstrumentSource
from workstation.storage.journal import Post

READING_COMMANDS = frozenset(
    {
        "alert.list",
        "market.watch",
        "market.bars",
        "market.actions",
        "market.indicators",
        "market.stored",
        "market.build_bars",
        "market.older_bars",
        "market.latest",
        "market.follow",
        "market.changes",
        "order.preview",
        "order.outlook",
        "order.story",
        "order.older",
        "fill.older",
        "account.breaks",
        "account.list",
        "risk.board",
        "risk.standing",
        "script.board",
        "script.hooks",
        "script.switch",
        "venue.board",
        "venue.standing",
        "venue.replay",
    }
)
"""Commands that write nothing and work in a view-only run; the rest are refused."""

NOT_READY, DAMAGED, NO_ROOM = "NOT_READY", "DATABASE_DAMAGED", "STORAGE_FULL"


class ViewOnly(msgspec.Struct, frozen=True):
    """Why a run is view-only. code: what refused commands answer; reason: words for a screen."""

    code: str
    reason: str

    def refusal(self) -> CommandResult:
        """Return the answer to a command that would write."""
        text = f"View only, nothing was done: {self.reason}"
        return CommandResult(ok=False, code=self.code, text=text, data=Refusal(state=self.reason))


class KnowingReader(Reader, Protocol):
    """A reader that also knows what was ever listed and opened."""

    def instruments(self) -> tuple[Instrument, ...]:
        """Return all instruments that were ever journaled."""

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts."""

    def origin_names(self) -> tuple[tuple[str, str], ...]:
        """Return the id and name of every script's key, strategy and run, deleted ones too."""


class Storage(Protocol):
    """A database as the composition root sees it, written here or only looked at."""

    @property
    def journal(self) -> Journal:
        """The writing side; a `ClosedJournal` in a view-only run."""

    @property
    def recovery(self) -> Recovery:
        """The reading side of a start."""

    @property
    def reader(self) -> KnowingReader:
        """Committed rows."""

    @property
    def recorder(self) -> MarketRecorder:
        """What keeps market data; a `ClosedRecorder` in a view-only run."""

    @property
    def remark(self) -> str:
        """What a person should know of this database, "" for nothing."""

    def close(self) -> None:
        """Write everything queued and give the database up."""


class ClosedJournal:
    """The journal of a run that writes nothing: `trouble` says why, and appending is a bug."""

    fill_ratio = 0.0
    epoch = 0

    def __init__(self, reason: str, newest_seq: int, post: Post) -> None:
        self.trouble = reason
        self.last_seq = self.durable_seq = newest_seq
        self._post = post

    def append(self, entries: Sequence[Entry]) -> int:
        """Refuse.

        Raises:
            InvariantError: always; commands are refused before they get here.
        """
        raise InvariantError(f"{len(entries)} events in a view-only run: {self.trouble}")

    def when_durable(self, seq: int, call: Callable[[bool], None]) -> None:
        """Answer for a line that the database had at the start, and False for any other."""
        self._post(lambda: call(seq <= self.durable_seq))

    def save_snapshot(self, state: bytes, state_hash: bytes) -> None:
        """Keep nothing: the database is not ours to write."""


class ClosedRecorder:
    """The recorder of a run that writes nothing: market data passes and is not kept."""

    def start(self, retention: Retention, now_ns: Callable[[], int]) -> None:
        """Do nothing: there is nothing to keep data in."""

    def put_bars(self, bars: Sequence[StoredBar], done: Callable[[bool], None] | None = None) -> None:  # noqa: ARG002  let go
        """Say that nothing was kept."""
        if done is not None:
            done(False)  # noqa: FBT003  the port's callback takes the outcome alone

    def put_ticks(self, ticks: Sequence[Recorded], source: str) -> None:
        """Let them go."""

    def put_quality(self, quality: FeedQuality) -> None:
        """Let it go."""


class ViewedStorage(msgspec.Struct, frozen=True):
    """A database that is only looked at."""

    journal: ClosedJournal
    recovery: Recovery
    reader: KnowingReader
    close: Callable[[], None]
    recorder: MarketRecorder = msgspec.field(default_factory=ClosedRecorder)
    remark: str = ""


class UnreadableMarket:
    """The market's part of `Unreadable`."""

    def __init__(self, error: StorageError) -> None:
        self._error = error
        self.bars = self.ticks = self.ticks_kept = self.qualities = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise self._error


class UnreadableDeliveries:
    """The webhooks' part of `Unreadable`."""

    is_writable = False

    def __init__(self, error: StorageError) -> None:
        self._error = error
        self.place = self.make = self.save = self.due = self.next_due = self._refuse
        self.delivery = self.deliveries = self.health = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise self._error


class UnreadableRuns:
    """Refuses to read what runs left behind."""

    def __init__(self, error: StorageError) -> None:
        self._error = error
        self.logs = self.signals = self.performances = self.changes = self.source = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise self._error


class UnreadableConnectionLogs:
    """Refuses to read what sessions went through."""

    def __init__(self, error: StorageError) -> None:
        self._error = error
        self.lines = self.times = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise self._error


class UnreadableKeyUses:
    """Refuses to read what keys were used for, and keeps nothing."""

    def __init__(self, error: StorageError) -> None:
        self._error = error

    def add(self, _uses: Sequence[KeyUse]) -> bool:
        """Return False: nothing is stored."""
        return False

    def every(self) -> tuple[KeyUse, ...]:
        """Refuse.

        Raises:
            StorageError: why nothing can be read.
        """
        raise self._error


class Unreadable:
    """Stands where nothing can be read: lists say why, what a start asks in passing is empty."""

    def __init__(self, error: StorageError) -> None:
        self._error = error
        self.orders = self.order = self.order_by_client_id = self.transitions = self._refuse
        self.executions = self.execution = self.positions = self.balances = self._refuse
        self.market = UnreadableMarket(error)
        self.deliveries = UnreadableDeliveries(error)
        self.runs = UnreadableRuns(error)
        self.connection_logs = UnreadableConnectionLogs(error)
        self.key_uses = UnreadableKeyUses(error)
        self.records = self.record = self.audit = self.audit_entry = self.verify_audit = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise self._error

    def _nothing(self, *_: object) -> tuple[()]:
        return ()

    events = instruments = accounts = kill_switches = origin_names = _nothing

    def oldest_seq(self) -> int:
        """Return 0: no line can be read."""
        return 0

    newest_seq = search_backlog = oldest_seq

    def idempotency(self, credential: str, method: str, route: str, key: str, now_ns: int) -> None:
        """Return nothing: the command itself is refused next."""

    def ping_write(self, timeout_s: float) -> bool:
        """Say that nothing can be written."""
        return timeout_s < 0

    def latest_snapshot(self) -> Snapshot | None:
        """Return nothing: recovery begins and ends empty."""
        return None

    def replay(self, _after_seq: int) -> Iterator[JournalLine]:
        """Yield nothing."""
        return iter(())

    def close(self) -> None:
        """Do nothing: nothing was opened."""


def open_storage(
    url: str, home: Path, *, instruments: InstrumentSource, clock: Clock, post: Post
) -> tuple[Storage, ViewOnly | None]:
    """Become the writer of a database, or look at it where that cannot be; the second value says why.

    Raises:
        StorageOutdated: a newer program wrote the database; it was not touched.
        StorageError: there is nothing to open at all: an unknown kind of URL, a server that does not answer.
    """
    try:
        return open_store(url, home, instruments=instruments, clock=clock, post=post), None
    except StorageOutdated:
        raise
    except (StorageError, OSError) as error:
        return look_at(url, home, error, post)


def look_at(url: str, home: Path, error: StorageError | OSError, post: Post) -> tuple[Storage, ViewOnly]:
    """Open what can be read of a database that `error` keeps from being written.

    Raises:
        StorageError: nothing can be looked at either.
    """
    view: StoreView | Unreadable
    try:
        view = open_view(url, home)
    except StorageOutdated:
        raise
    except NothingStored:
        view = Unreadable(error) if isinstance(error, StorageDamaged) else open_empty()
    except (StorageDamaged, StorageLocked, StorageFull) as unreadable:
        view = Unreadable(unreadable)
        error = error if isinstance(error, StorageLocked) else unreadable
    except StorageError:
        if isinstance(error, StorageError):
            raise error from None
        raise
    reader: KnowingReader = view if isinstance(view, Unreadable) else view.reader
    recovery: Recovery = view if isinstance(view, Unreadable) else view.recovery
    why = reason_of(error, home)
    return ViewedStorage(ClosedJournal(why.reason, _newest(reader), post), recovery, reader, view.close), why


def _newest(reader: Reader) -> int:
    try:
        return reader.newest_seq()
    except StorageError:
        return 0


def reason_of(error: StorageError | OSError, home: Path) -> ViewOnly:
    """Return why a run is view-only, in words, with the way out where there is one."""
    if isinstance(error, StorageDamaged):
        backup = newest_verified(home)
        way_out = (
            f"end it, run `workstation restore newest`: whole up to line {backup.newest_seq:,} is {backup.path}"
            if backup is not None
            else "there is no verified backup in this home"
        )
        return ViewOnly(DAMAGED, f"the database is damaged and was left as it is: {error}. To restore: {way_out}.")
    if isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return ViewOnly(NO_ROOM, f"the disk is full: {error}. Trading begins by itself when there is room")
    if isinstance(error, OSError):
        return ViewOnly(NOT_READY, f"{home} cannot be written: {error.strerror or error}")
    return ViewOnly(NOT_READY, str(error))


def runtime_folder() -> Path:
    """Return a folder of this process alone, outside the home, for its token file, logs and layouts.

    In the user's runtime directory; where the system gives none, a private one among the temporary files.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # the library warns when it would fall back to a name that others can guess
            base = Path(platformdirs.user_runtime_dir("workstation", appauthor=False))
        folder = base / f"view-{os.getpid()}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, Warning):
        return Path(tempfile.mkdtemp(prefix="workstation-view-"))
    return folder


def home_beside(home: Home) -> Home:
    """Return a home for what a view-only run writes for itself: its token file, and layouts as the first one's are."""
    beside = Home(runtime_folder())
    if home.layouts.is_dir():
        shutil.copytree(home.layouts, beside.layouts, dirs_exist_ok=True)
    return beside
