"""The clients: every resource of the program on one wire, blocking or asynchronous."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self

import msgspec

from workstation.client.address import Address, KnownAccount, find
from workstation.client.calls import W
from workstation.client.errors import OutcomeUnknown
from workstation.client.events import Events
from workstation.client.executions import Executions, Positions
from workstation.client.orders import Orders
from workstation.client.requests import Request, build
from workstation.client.risk import KillSwitches
from workstation.client.system import System
from workstation.client.wires import AsyncWire, SyncWire


class _Resources(Generic[W]):
    """The groups of methods, on a wire."""

    def __init__(self, wire: W) -> None:
        self._wire: W = wire
        self.orders: Orders[W] = Orders(wire)
        self.executions: Executions[W] = Executions(wire)
        self.positions: Positions[W] = Positions(wire)
        self.kill_switches: KillSwitches[W] = KillSwitches(wire)
        self.events: Events[W] = Events(wire)
        self.system: System[W] = System(wire)

    @property
    def accounts(self) -> tuple[KnownAccount, ...]:
        """The accounts that the program trades for, as it published them."""
        return self._wire.address.accounts

    def account_id(self, name: str | None = None) -> str:
        """Return the id of the account with this name; without a name, of the first one.

        Raises:
            LookupError: there is no such account.
        """
        for account in self.accounts:
            if name in (None, account.account, account.id):
                return account.id
        raise LookupError(f"no account {name!r}; known: {', '.join(account.account for account in self.accounts)}")


class Client(_Resources[SyncWire]):
    """A program to talk to, blocking. Without arguments the one of the user's own home; ends with its `with` block.

    Raises:
        NotRunning: no program has published where it listens.
    """

    def __init__(self, home: Path | None = None, *, address: Address | None = None) -> None:
        super().__init__(SyncWire(_finder(home, address)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()

    def repeat(self, unknown: OutcomeUnknown) -> Any:
        """Ask again what a write came to, under the key it was sent with; returns what the call would have.

        Raises:
            ValueError: the write has no key, so it cannot be repeated: read the resource instead.
        """
        return self._wire.send(_repeatable(unknown))

    def ask(self, method: str, path: str, **fields: Any) -> Any:
        """Call any route with plain fields; returns plain JSON values. path: below `/api/v1`."""
        return self._wire.send(_plain_request(method, path, fields))


class AsyncClient(_Resources[AsyncWire]):
    """A program to talk to, on the caller's event loop. Otherwise as `Client`.

    Raises:
        NotRunning: no program has published where it listens.
    """

    def __init__(self, home: Path | None = None, *, address: Address | None = None) -> None:
        super().__init__(AsyncWire(_finder(home, address)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def repeat(self, unknown: OutcomeUnknown) -> Any:
        """Ask again what a write came to, under the key it was sent with; returns what the call would have.

        Raises:
            ValueError: the write has no key, so it cannot be repeated: read the resource instead.
        """
        return await self._wire.send(_repeatable(unknown))

    async def ask(self, method: str, path: str, **fields: Any) -> Any:
        """Call any route with plain fields; returns plain JSON values. path: below `/api/v1`."""
        return await self._wire.send(_plain_request(method, path, fields))


def _finder(home: Path | None, address: Address | None) -> Callable[[], Address]:
    return (lambda: find(home)) if address is None else (lambda: address)


def _repeatable(unknown: OutcomeUnknown) -> Request[Any]:
    request: Request[Any] = unknown.request
    if not request.is_repeatable:
        raise ValueError(f"{request.method} {request.target} has no idempotency key")
    return request


def _plain_request(method: str, path: str, fields: Mapping[str, Any]) -> Request[Any]:
    return build(method, path, dict(fields), lambda content: msgspec.json.decode(content) if content else None)
