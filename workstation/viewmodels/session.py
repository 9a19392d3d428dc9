"""What a screen or the REST interface is given: the way out of the engine, and what does not change.

Built once by the composition root. Holds no engine object: news come in frames, commands go through the gateway.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import overload

import msgspec

from workstation.domain.accounts import Account, Environment
from workstation.domain.instruments import Instrument
from workstation.kernel.giving_way import ScreenTurn
from workstation.ports.broker import CapabilityCard
from workstation.viewmodels.outbox import Outbox


class OpenAccounts(Sequence[Account]):
    """The accounts that are offered for trading. `take` on the engine's thread; reading on any sees one moment."""

    def __init__(self, rows: Iterable[Account] = ()) -> None:
        self._rows = tuple(rows)

    def take(self, rows: Iterable[Account]) -> None:
        """Offer these from now on, and no others."""
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, index: int) -> Account: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Account, ...]: ...
    def __getitem__(self, index: int | slice) -> Account | tuple[Account, ...]:
        """Return the account at a place."""
        return self._rows[index]

    def __iter__(self) -> Iterator[Account]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _no_card(_account: str) -> CapabilityCard | None:
    return None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The engine as seen from another thread.

    open_outbox(wake): returns a new outbox whose first frame holds every open order, today's executions and all
    positions and accounts; close_outbox ends it. open_rows: the same with
    rows alone, from now on. feed: the source's name. instruments, accounts: those on offer at the moment;
    known: with those that only history names. cl_ord_id: draws a client order id at the gesture, any thread.
    card: what the venue of an account takes, any thread. origin_names: of scripts' keys,
    strategies and runs by id, deleted ones too. screen: its turns, which market data gives way to.
    """

    instruments: Mapping[str, Instrument]
    accounts: Sequence[Account]
    environment: Environment
    version: str
    open_outbox: Callable[[Callable[[], None]], Outbox]
    open_rows: Callable[[Callable[[], None]], Outbox]
    close_outbox: Callable[[Outbox], None]
    new_cl_ord_id: Callable[[], str]
    mono_ns: Callable[[], int]
    screen: ScreenTurn
    feed: str = "SIM"
    known: Mapping[str, Instrument] = {}
    card: Callable[[str], CapabilityCard | None] = _no_card
    origin_names: Mapping[str, str] = {}
