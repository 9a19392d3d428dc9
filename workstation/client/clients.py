"""The clients: every resource of the program on one wire, blocking or asynchronous."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self

import msgspec

from workstation.client.access import ApiKeys, Audit
from workstation.client.address import Address, KnownAccount, find
from workstation.client.brokers import Accounts, Brokers, Connections
from workstation.client.bulk import BulkOrders
from workstation.client.calls import W
from workstation.client.errors import OutcomeUnknown
from workstation.client.events import Events
from workstation.client.executions import Executions, Positions
from workstation.client.instruments import Instruments
from workstation.client.marketdata import Market, Subscriptions
from workstation.client.orders import Orders
from workstation.client.people import Auth, Sessions, Users
from workstation.client.pnl import Pnl
from workstation.client.reports import Reports
from workstation.client.requests import Request, build
from workstation.client.risk import Compliance, KillSwitches, Risk
from workstation.client.strategies import Strategies, StrategyRuns
from workstation.client.system import Commands, System
from workstation.client.tenants import Invitations, Members, Tenants
from workstation.client.webhooks import Webhooks, WebhookSources
from workstation.client.wires import AsyncWire, SyncWire


class _Resources(Generic[W]):
    """The groups of methods, on a wire."""

    def __init__(self, wire: W) -> None:
        self._wire: W = wire
        self.orders: Orders[W] = Orders(wire)
        self.bulk_orders: BulkOrders[W] = BulkOrders(wire)
        self.executions: Executions[W] = Executions(wire)
        self.positions: Positions[W] = Positions(wire)
        self.pnl: Pnl[W] = Pnl(wire)
        self.market_data: Market[W] = Market(wire)
        self.subscriptions: Subscriptions[W] = Subscriptions(wire)
        self.instruments: Instruments[W] = Instruments(wire)
        self.brokers: Brokers[W] = Brokers(wire)
        self.connections: Connections[W] = Connections(wire)
        self.broker_accounts: Accounts[W] = Accounts(wire)
        self.kill_switches: KillSwitches[W] = KillSwitches(wire)
        self.risk: Risk[W] = Risk(wire)
        self.compliance: Compliance[W] = Compliance(wire)
        self.events: Events[W] = Events(wire)
        self.webhooks: Webhooks[W] = Webhooks(wire)
        self.webhook_sources: WebhookSources[W] = WebhookSources(wire)
        self.strategies: Strategies[W] = Strategies(wire)
        self.strategy_runs: StrategyRuns[W] = StrategyRuns(wire)
        self.reports: Reports[W] = Reports(wire)
        self.auth: Auth[W] = Auth(wire)
        self.sessions: Sessions[W] = Sessions(wire)
        self.users: Users[W] = Users(wire)
        self.tenants: Tenants[W] = Tenants(wire)
        self.members: Members[W] = Members(wire)
        self.invitations: Invitations[W] = Invitations(wire)
        self.api_keys: ApiKeys[W] = ApiKeys(wire)
        self.audit: Audit[W] = Audit(wire)
        self.commands: Commands[W] = Commands(wire)
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
