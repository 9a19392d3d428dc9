"""Brokers, their connections and accounts as records: what a person keeps of where he trades.

The venue of a run has a broker, a connection and accounts of its own, built in: they become records once somebody
changes them here. Money and rates are plain decimal text, as people give them. What a session or an account is worth at
this moment is no field: the engine knows it. Credentials come in sealed.
"""

from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.records.record import Record


class BrokerType(StrEnum):
    """Whose house it is."""

    PAPER = "PAPER"
    INTERACTIVE_BROKERS = "INTERACTIVE_BROKERS"
    DERIV = "DERIV"
    TD_AMERITRADE = "TD_AMERITRADE"
    CHARLES_SCHWAB = "CHARLES_SCHWAB"
    ETRADE = "ETRADE"
    FIDELITY = "FIDELITY"
    ROBINHOOD = "ROBINHOOD"
    ALPACA = "ALPACA"
    TRADIER = "TRADIER"
    CUSTOM = "CUSTOM"


class ConnectionType(StrEnum):
    """Which adapter a connection needs."""

    SIM = "SIM"
    PAPER = "PAPER"
    REPLAY = "REPLAY"
    IB = "IB"
    CRYPTO = "CRYPTO"
    ALPACA = "ALPACA"
    FIX = "FIX"


class AccountType(StrEnum):
    """Who owns an account."""

    INDIVIDUAL = "INDIVIDUAL"
    JOINT = "JOINT"
    IRA = "IRA"
    PENSION_401K = "401K"
    TRUST = "TRUST"
    CORPORATE = "CORPORATE"
    PARTNERSHIP = "PARTNERSHIP"
    LLC = "LLC"
    OTHER = "OTHER"


class AccountStatus(StrEnum):
    """Whether an account may trade; only ACTIVE does."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"
    PENDING = "PENDING"


class RiskTolerance(StrEnum):
    """What the owner says of himself."""

    CONSERVATIVE = "CONSERVATIVE"
    MODERATE = "MODERATE"
    AGGRESSIVE = "AGGRESSIVE"


class BrokerRecord(Record, frozen=True, kw_only=True, tag="broker"):
    """A broker. config holds no secret; built_in: it is the venue of this program and stays."""

    name: str
    broker_type: BrokerType
    display_name: str = ""
    description: str = ""
    host: str = ""
    port: int | None = None
    use_ssl: bool = True
    api_version: str = ""
    timeout_seconds: int = 30
    max_retries: int = 3
    is_active: bool = True
    is_testing: bool = False
    website: str = ""
    support_email: str = ""
    documentation_url: str = ""
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    built_in: bool = False


class ConnectionRecord(Record, frozen=True, kw_only=True, tag="connection"):
    """A way to a broker. venue: what the core calls its session; credentials: sealed, by name.

    host, port, use_ssl_override: in place of the broker's. Hours are HH:MM in `timezone`; heartbeat_interval: seconds.
    """

    broker_id: str
    name: str
    connection_type: ConnectionType
    venue: str = ""
    description: str = ""
    host: str = ""
    port: int | None = None
    use_ssl_override: bool | None = None
    client_id: int | None = None
    is_paper_trading: bool = True
    username: str = ""
    credentials: dict[str, str] = msgspec.field(default_factory=dict)
    trading_hours_start: str | None = None
    trading_hours_end: str | None = None
    timezone: str = "UTC"
    max_order_value: str | None = None
    max_daily_loss: str | None = None
    auto_reconnect: bool = True
    heartbeat_interval: int = 30
    enable_logging: bool = True
    is_active: bool = True
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    built_in: bool = False


class AccountRecord(Record, frozen=True, kw_only=True, tag="account"):
    """An account. account: what the core calls it, "" while no session of this program can open it.

    initial_cash: of a paper account, in base_currency. max_leverage: 1 to 100, None for the venue's own.
    """

    broker_id: str
    connection_id: str
    account_number: str
    account_type: AccountType
    account: str = ""
    account_name: str = ""
    status: AccountStatus = AccountStatus.ACTIVE
    is_active: bool = True
    currency: str = "USD"
    base_currency: str = "USD"
    can_trade_stocks: bool = True
    can_trade_options: bool = False
    can_trade_futures: bool = False
    can_trade_forex: bool = False
    can_trade_bonds: bool = False
    can_trade_mutual_funds: bool = False
    risk_tolerance: RiskTolerance = RiskTolerance.MODERATE
    max_leverage: str | None = None
    is_paper: bool = True
    initial_cash: str = "1000000"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    built_in: bool = False
