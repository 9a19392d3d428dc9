"""Names on both sides: accounts, instruments and users by the ids of the wire, and back.

Instruments have no id of their own in the core; theirs is derived from the symbol and is the same on every machine.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec import to_builtins

from workstation.api.errors import ApiError
from workstation.api.schemas.grid import Grid
from workstation.api.token_file import known_accounts
from workstation.domain.accounts import Account
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState
from workstation.kernel.ids import stable_uid
from workstation.ports.store import ExecutionQuery, Reader

ORDER_IDS_MAX = 50_000
EXECUTIONS_AT_ONCE = 500


@lru_cache(maxsize=8_192)
def instrument_id(symbol: str) -> str:
    """Return the id of an instrument."""
    return stable_uid("instrument", symbol)


class Names:
    """Looks things up by either name. Order ids are remembered, up to ORDER_IDS_MAX; they never change."""

    def __init__(self, instruments: Mapping[str, Instrument], accounts: tuple[Account, ...], reader: Reader) -> None:
        self.instruments = instruments
        self.take(accounts)
        self._symbols: dict[str, str] = {}
        self._symbols_of = 0
        self._reader = reader
        self._uids: dict[str, str] = {}
        self._grids: dict[str, Grid] = {}

    def take(self, accounts: tuple[Account, ...]) -> None:
        """Know these accounts from now on, and no others."""
        self._accounts = {account.account: account for account in accounts}
        self._account_of = {account.uid: account for account in accounts}

    def account(self, uid: str) -> Account:
        """Return an account by its id.

        Raises:
            ApiError: 404.
        """
        account = self._account_of.get(uid)
        if account is None:
            known = to_builtins(known_accounts(self._accounts.values()))
            raise ApiError(
                "NOT_FOUND",
                "No such account.",
                {"field": "broker_account_id", "known": known},
                hint="details.known lists the accounts; the token file does too.",
            )
        return account

    def account_key(self, uid: str) -> str:
        """Return the core's name of an account for a filter; an unknown id stands for nothing and matches nothing."""
        account = self._account_of.get(uid)
        return uid if account is None else account.account

    def account_uid(self, account: str) -> str:
        """Return the id of an account."""
        known = self._accounts.get(account)
        return stable_uid("account", account) if known is None else known.uid

    def accounts(self) -> tuple[Account, ...]:
        """Return every account."""
        return tuple(self._accounts.values())

    def instrument(self, symbol: str) -> Instrument:
        """Return an instrument by its exact symbol.

        Raises:
            ApiError: 404.
        """
        instrument = self.instruments.get(symbol)
        if instrument is None:
            raise ApiError("NOT_FOUND", "No such instrument.", {"field": "instrument_symbol"})
        return instrument

    def grid(self, symbol: str) -> Grid:
        """Return the texts of a known instrument's figures."""
        instrument, grid = self.instruments[symbol], self._grids.get(symbol)
        if grid is None or grid.instrument is not instrument:
            grid = self._grids[symbol] = Grid(instrument)
        return grid

    def symbol_key(self, symbol: str) -> str:
        """Return the symbol as the core writes it, for a filter without regard to case."""
        if self._symbols_of != len(self.instruments):
            known = list(self.instruments)
            self._symbols, self._symbols_of = {found.upper(): found for found in known}, len(known)
        return self._symbols.get(symbol.upper(), symbol)

    def order_uid(self, cl_ord_id: str) -> str | None:
        """Return the id of an order by its client order id; reads once per order."""
        if not cl_ord_id:
            return None
        known = self._uids.get(cl_ord_id)
        if known is None:
            order = self._reader.order_by_client_id(cl_ord_id)
            if order is None:
                return None
            known = order.uid
            self.remember(order)
        return known

    def execution_uid(self, cl_ord_id: str, exec_key: str) -> str | None:
        """Return the id of one of an order's executions by the venue's key; reads that order's at every call."""
        query = ExecutionQuery(cl_ord_id=cl_ord_id, ordering=("ts_event",), limit=EXECUTIONS_AT_ONCE, with_count=False)
        while True:
            page = self._reader.executions(query)
            for row in page.rows:
                if row.exec_key == exec_key:
                    return row.uid
            if not page.has_next:
                return None
            query = msgspec.structs.replace(query, offset=query.offset + EXECUTIONS_AT_ONCE)

    def remember(self, order: OrderState) -> None:
        """Keep an order's id."""
        if len(self._uids) >= ORDER_IDS_MAX:
            self._uids.clear()
        self._uids[order.cl_ord_id] = order.uid
