"""The scripts port: the REST door as the desktop sees it, and what webhooks were told.

Beside both walks. The door is opened and closed off the engine's thread, deliveries are read and saved there too; each
answer comes back on the engine's thread, once.
"""

from collections.abc import Callable, Collection
from typing import Protocol

import msgspec

from workstation.domain.records import ApiKey, Webhook
from workstation.ports.deliveries import Delivery


class RequestLine(msgspec.Struct, frozen=True, kw_only=True):
    """One answered request. ts: UTC ns; ms: until its answer began; credential: its id, "" for none that counted."""

    ts: int
    method: str
    path: str
    status: int
    ms: float
    credential: str
    kind: str


class DoorStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the door stands. url: "" while closed; trouble: why it did not open; requests: the newest, oldest first."""

    url: str
    token_file: str
    trouble: str
    requests: tuple[RequestLine, ...]


class ScriptBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The door and its keys, whose hashes are left out. now_ns: wall time, UTC ns."""

    door: DoorStanding
    keys: tuple[ApiKey, ...]
    now_ns: int


class HookBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Webhooks, sealed secrets left out, and their newest deliveries, newest first. now_ns: wall time, UTC ns."""

    hooks: tuple[Webhook, ...]
    deliveries: tuple[Delivery, ...]
    now_ns: int


class PreparedHook(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret, plain and as it may be kept; or why an endpoint may not be told. field: what is wrong."""

    secret: str = ""
    sealed: str = ""
    trouble: str = ""
    field: str = ""


class Scripts(Protocol):
    """The door and the deliveries."""

    def standing(self) -> DoorStanding:
        """Return how the door stands."""

    def switch(self, *, on: bool, done: Callable[[str, bool], None]) -> None:
        """Open or close the door; `done(sentence, success)`."""

    def deliveries(self, done: Callable[[tuple[Delivery, ...], str], None]) -> None:
        """Read the newest deliveries of all webhooks; `done(deliveries, trouble)`."""

    def redeliver(self, webhook_id: str, delivery_id: str, done: Callable[[str, bool], None]) -> None:
        """Have a delivery that was given up tried again under its message id; `done(sentence, success)`."""

    def prepare_hook(self, url: str, event_types: Collection[str], done: Callable[[PreparedHook], None]) -> None:
        """Make a webhook's secret, and judge where it points ("" judges nothing) and the events it asks for."""
