"""Records of market data: what a user follows, and what the program knows of an instrument beyond its terms."""

from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.records.record import Record


class DataType(StrEnum):
    """What is followed of an instrument."""

    REALTIME = "REALTIME"
    SNAPSHOT = "SNAPSHOT"
    HISTORICAL = "HISTORICAL"
    OPTION_CHAIN = "OPTION_CHAIN"
    LEVEL_1 = "LEVEL_1"
    LEVEL_2 = "LEVEL_2"
    NEWS = "NEWS"
    FUNDAMENTALS = "FUNDAMENTALS"


class UpdateFrequency(StrEnum):
    """How often an instrument's news are told at most."""

    REALTIME = "REALTIME"
    SECOND = "1S"
    FIVE_SECONDS = "5S"
    QUARTER_MINUTE = "15S"
    MINUTE = "1M"
    FIVE_MINUTES = "5M"


class DeliveryMethod(StrEnum):
    """How a user gets what he follows."""

    SSE = "SSE"
    WEBHOOK = "WEBHOOK"
    POLLING = "POLLING"


class SubscriptionStatus(StrEnum):
    """Life of a subscription: ACTIVE and PAUSED change into each other, ERROR goes back to ACTIVE."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"


class MarketSubscription(Record, frozen=True, kw_only=True, tag="market_subscription"):
    """What a user follows: each symbol with each data type. No (symbol, data type) twice for one user.

    price_threshold: least change of the last price that is told, as a plain decimal; volume_threshold: of the day's
    volume, in whole units. secret: sealed, of calls to the callback_url, "" where there are none; the one before is
    good until `previous_until`, UTC ns. trouble: why it is in ERROR, "" in any other status.
    """

    user_id: str
    instrument_symbols: tuple[str, ...]
    data_types: tuple[DataType, ...]
    update_frequency: UpdateFrequency
    delivery_method: DeliveryMethod
    price_threshold: str | None = None
    volume_threshold: int | None = None
    callback_url: str | None = None
    include_metadata: bool = True
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    notes: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    secret: str = ""
    previous_secret: str = ""
    previous_until: int = 0
    trouble: str = ""

    @property
    def pairs(self) -> frozenset[tuple[str, DataType]]:
        """Every symbol with every data type."""
        return frozenset((symbol, kind) for symbol in self.instrument_symbols for kind in self.data_types)

    @property
    def is_called(self) -> bool:
        """Whether its callback is to be called now."""
        is_living = self.deleted_at is None and self.status is SubscriptionStatus.ACTIVE
        return is_living and self.delivery_method is DeliveryMethod.WEBHOOK


class InstrumentEntry(Record, frozen=True, kw_only=True, tag="instrument"):
    """An instrument as a user keeps it: decimals as plain texts, dates as YYYY-MM-DD.

    Its id is derived from the symbol. listed: a venue lists it too; such an instrument has an entry once somebody has
    changed it here, and what the venue says of it is the rest.
    """

    symbol: str
    name: str
    instrument_type: str
    exchange: str
    contract_id: str = ""
    sec_type: str = ""
    currency: str = "USD"
    multiplier: str = "1"
    strike_price: str | None = None
    expiration_date: str | None = None
    option_type: str | None = None
    min_tick_size: str = "0.01"
    min_order_size: str = "1"
    max_order_size: str | None = None
    lot_size: str = "0.0001"
    is_active: bool = True
    is_tradable: bool = True
    description: str = ""
    sector: str = ""
    industry: str = ""
    listed: bool = False
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
