"""The board of venues as one answer: links, accounts with their locks, differences that stand open. Values alone.

Beside both walks: made by the engine, read by screens.
"""

import msgspec

from workstation.domain.accounts import Account, LockState
from workstation.domain.events import BreakFound
from workstation.domain.instruments import AssetClass
from workstation.ports.broker import AccountRights, SessionState, VenueStanding


class VenueLine(msgspec.Struct, frozen=True, kw_only=True):
    """One link. dated: of the venue's card; cancels_on_disconnect: what it does with orders when the link ends.

    standing: what it says of itself just now.
    """

    venue: str
    session: SessionState
    dated: str
    cancels_on_disconnect: bool
    query_complete: bool
    standing: VenueStanding = VenueStanding()


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account. since: when its lock last changed, UTC ns, 0 for never; breaks: differences that stand open.

    rights: what its venue lets it do, None where that is not told; barred: kinds of contract switched off here.
    """

    account: Account
    lock: LockState
    reason: str
    since: int
    overridden: bool
    breaks: tuple[BreakFound, ...]
    rights: AccountRights | None = None
    barred: frozenset[AssetClass] = frozenset()


class KeptLink(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that somebody keeps and this run does not use. kind: its adapter."""

    broker: str
    name: str
    kind: str
    is_active: bool


class VenueBoard(msgspec.Struct, frozen=True, kw_only=True):
    """All links and accounts."""

    venues: tuple[VenueLine, ...]
    accounts: tuple[AccountLine, ...]
    kept: tuple[KeptLink, ...] = ()
