"""The scripts' door in the composition: opened and closed on a thread of its own, deliveries read there too.

Implements `ports.scripts.Scripts`. The engine owns it from the start, the program says later how to open the door.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from workstation.api.request_log import RequestLog
from workstation.domain.errors import StorageError, UserError
from workstation.domain.events import RecordSaved
from workstation.domain.records import LOCAL_TENANT, ApiKey, StrategyDefinition, StrategyRun, Webhook
from workstation.kernel.bus import Bus
from workstation.ports.deliveries import Delivery, DeliveryQuery, DeliveryStatus
from workstation.ports.scripts import DoorStanding, PreparedHook
from workstation.ports.store import Reader, RecordQuery

WEBHOOKS_READ = 100
DELIVERIES_OF_ONE = 50
"""Newest deliveries of a webhook that are shown."""


class ScriptDoor:
    """The door. post: runs a call on the engine's thread; now_ns: wall time, UTC ns."""

    def __init__(self, reader: Reader, post: Callable[[Callable[[], None]], None], now_ns: Callable[[], int]) -> None:
        self._reader, self._post, self._now_ns = reader, post, now_ns
        self.requests, self.origin_names = RequestLog(), dict[str, str]()
        self.url = self.trouble = ""
        self._token_file = ""
        self._webhook_hosts: tuple[str, ...] = ()
        self._open: Callable[[], str] | None = None
        self._close: Callable[[], None] | None = None
        self._pool = ThreadPoolExecutor(1, "scripts")

    def bind(
        self,
        *,
        open_door: Callable[[], str],
        close_door: Callable[[], None],
        token_file: Path,
        webhook_hosts: Sequence[str] = (),
    ) -> None:
        """Say how the door is opened (returns its URL) and closed. webhook_hosts: may be private or plain."""
        self._open, self._close, self._token_file = open_door, close_door, str(token_file)
        self._webhook_hosts = tuple(webhook_hosts)

    def recall(self, names: Iterable[tuple[str, str]], bus: Bus) -> None:
        """Know keys, strategies and runs by name from now on, deleted ones too. names: those of before, by id."""
        self.origin_names.update(names)
        bus.subscribe(RecordSaved, self._learn)

    def _learn(self, saved: RecordSaved) -> None:
        record = saved.record
        if record.tenant != LOCAL_TENANT:
            return
        if isinstance(record, ApiKey | StrategyDefinition):
            self.origin_names[record.id] = record.name
        elif isinstance(record, StrategyRun):
            self.origin_names[record.id] = record.run_name

    def standing(self) -> DoorStanding:
        """Return how the door stands."""
        return DoorStanding(
            url=self.url, token_file=self._token_file, trouble=self.trouble, requests=self.requests.newest()
        )

    def open(self) -> str:
        """Open the door now, on the caller's thread; returns its URL, that of an open one unchanged.

        Raises:
            UserError: the port is taken; `trouble` keeps the words.
        """
        if self.url or self._open is None:
            return self.url
        try:
            self.url, self.trouble = self._open(), ""
        except UserError as error:
            self.trouble = str(error)
            raise
        return self.url

    def close(self) -> None:
        """Close the door now; requests in flight are answered."""
        if self.url and self._close is not None:
            self._close()
            self.url = ""

    def switch(self, *, on: bool, done: Callable[[str, bool], None]) -> None:
        """Open or close the door off the engine's thread."""

        def work() -> None:
            try:
                if on:
                    words = f"The REST interface listens at {self.open()}."
                else:
                    self.close()
                    words = "The REST interface is off; scripts are answered no more."
            except UserError as error:
                failure = f"The REST interface stays closed: {error}."
                self._post(lambda: done(failure, False))  # noqa: FBT003  the callback's one flag
            else:
                self._post(lambda: done(words, True))  # noqa: FBT003  the callback's one flag

        self._pool.submit(work)

    def deliveries(self, done: Callable[[tuple[Delivery, ...], str], None]) -> None:
        """Read the newest deliveries of each webhook, newest first."""

        def work() -> None:
            found: list[Delivery] = []
            trouble = ""
            try:
                query = RecordQuery(tenant=LOCAL_TENANT, limit=WEBHOOKS_READ, with_count=False)
                for hook in self._reader.records(Webhook, query).rows:
                    page = DeliveryQuery(
                        tenant=LOCAL_TENANT, webhook_id=hook.id, limit=DELIVERIES_OF_ONE, with_count=False
                    )
                    found += self._reader.deliveries.deliveries(page).rows
            except StorageError as error:
                trouble = f"Deliveries cannot be read: {error}."
            rows = tuple(sorted(found, key=lambda row: row.created_at, reverse=True))
            self._post(lambda: done(rows, trouble))

        self._pool.submit(work)

    def redeliver(self, webhook_id: str, delivery_id: str, done: Callable[[str, bool], None]) -> None:
        """Make a DEAD delivery due now; the sender finds it within its next look."""

        def work() -> None:
            words, good = self._made_due(webhook_id, delivery_id)
            self._post(lambda: done(words, good))

        self._pool.submit(work)

    def prepare_hook(self, url: str, event_types: Collection[str], done: Callable[[PreparedHook], None]) -> None:
        """Make a webhook's secret, and judge where it points ("" judges nothing) and the events it asks for."""

        def work() -> None:
            prepared = self._prepared(url, event_types)
            self._post(lambda: done(prepared))

        self._pool.submit(work)

    def stop(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _prepared(self, url: str, event_types: Collection[str]) -> PreparedHook:
        from workstation.api.webhooks_making import prepared_hook  # noqa: PLC0415  a start does without its libraries

        port = urlsplit(self.url).port or 0
        kept = Path(self._token_file)
        return prepared_hook(url, event_types, allowed_hosts=self._webhook_hosts, own_port=port, token_file=kept)

    def _made_due(self, webhook_id: str, delivery_id: str) -> tuple[str, bool]:
        try:
            delivery = self._reader.deliveries.delivery(LOCAL_TENANT, webhook_id, delivery_id)
            if delivery is None or delivery.status is not DeliveryStatus.DEAD:
                return "Refused: only a delivery that was given up can be tried again.", False
            now = self._now_ns()
            again = msgspec.structs.replace(
                delivery, status=DeliveryStatus.PENDING, attempt_count=0, next_attempt_at=now, updated_at=now, error=""
            )
            stored = self._reader.deliveries.save(again)
        except StorageError as error:
            return f"It could not be stored: {error}.", False
        return ("It is tried again now.", True) if stored else ("It could not be stored just now.", False)
