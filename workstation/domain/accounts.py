"""Accounts: where orders are booked, in which environment, and whether they may trade."""

from enum import StrEnum

import msgspec


class Environment(StrEnum):
    """SIM, LIVE or REPLAY; a REPLAY account reaches no live session."""

    SIM = "SIM"
    LIVE = "LIVE"
    REPLAY = "REPLAY"


class LockState(StrEnum):
    """LOCKED refuses INCREASE until the book agrees with the venue or a person signs for the difference."""

    LOCKED = "LOCKED"
    RECONCILING = "RECONCILING"
    UNLOCKED = "UNLOCKED"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account at one venue. `uid` is its id in scripts; `currency` its base currency; cash in money.

    closed: its record was deleted here; it keeps its history and takes exits only.
    """

    account: str
    uid: str
    venue: str
    environment: Environment
    currency: str
    initial_cash: int
    margin_rate_bps: int = 2_500
    name: str = ""
    closed: bool = False


class KillScope(StrEnum):
    """What a kill switch stops."""

    ALL = "ALL"
    ACCOUNT = "ACCOUNT"
    STRATEGY = "STRATEGY"
    SYMBOL = "SYMBOL"


class KillState(msgspec.Struct, frozen=True, kw_only=True):
    """One kill switch; `key` names the account, strategy or symbol, "" for ALL. Survives restart."""

    scope: KillScope
    key: str
    on: bool
    reason: str
    actor: str
    ts: int
    cancel_orders: bool = True
    keep_protective: bool = True
