"""The board of venues as one answer: links, accounts with their locks, differences that stand open. Values alone.

Beside both walks: made by the engine, read by screens.
"""

import msgspec

from workstation.domain.accounts import Account, LockState
from workstation.domain.events import BreakFound
from workstation.ports.broker import SessionState


class VenueLine(msgspec.Struct, frozen=True, kw_only=True):
    """One link. dated: of the venue's card; cancels_on_disconnect: what it does with orders when the link ends."""

    venue: str
    session: SessionState
    dated: str
    cancels_on_disconnect: bool
    query_complete: bool


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account. since: when its lock last changed, UTC ns, 0 for never; breaks: differences that stand open."""

    account: Account
    lock: LockState
    reason: str
    since: int
    overridden: bool
    breaks: tuple[BreakFound, ...]


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
