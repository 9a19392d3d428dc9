"""Accounts at brokers on the wire: what is kept of each, with its money as the engine shows it."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from workstation.api.schemas.brokers import Metadata, Name, Standing, Text200, emptied, plain, shown_fields
from workstation.api.schemas.records import RecordList, unchanged
from workstation.api.schemas.values import (
    DecimalOut,
    IdOut,
    PositiveMoney,
    PositivePercent,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    Uuid,
    kept_text,
    money_text,
)
from workstation.commands.records_venues import LEVERAGE_DECIMALS
from workstation.domain.accounts import LockState
from workstation.domain.numbers import parse_scaled
from workstation.domain.records import AccountRecord
from workstation.domain.records.venues import AccountStatus, AccountType, RiskTolerance
from workstation.viewmodels.frames import AccountSnap

AccountTypeName = Literal["INDIVIDUAL", "JOINT", "IRA", "401K", "TRUST", "CORPORATE", "PARTNERSHIP", "LLC", "OTHER"]
StatusName = Literal["ACTIVE", "INACTIVE", "SUSPENDED", "CLOSED", "PENDING"]
ToleranceName = Literal["CONSERVATIVE", "MODERATE", "AGGRESSIVE"]
_KINDS = {"account_type": AccountType, "status": AccountStatus, "risk_tolerance": RiskTolerance}
LEVERAGE_MAX = 100
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,8}$")]
"""Three letters, or the longer name of a coin that is traded here."""


def _leverage(text: str) -> str:
    if not 1 <= parse_scaled(text, LEVERAGE_DECIMALS) / 10**LEVERAGE_DECIMALS <= LEVERAGE_MAX:
        raise ValueError(f"must be 1 to {LEVERAGE_MAX}")
    return text


Leverage = Annotated[PositivePercent, AfterValidator(_leverage)]


class AccountList(RecordList):
    """Filters of the list of accounts."""

    status: StatusName | None = None
    account_type: AccountTypeName | None = None
    is_paper: QueryFlag | None = None
    search: SearchText | None = None


class AccountCreate(Request):
    """A new account. broker_connection_id: needed where the broker has several; with none, one is made.

    initial_cash: what a paper account starts with, in its base currency; no flag is set but that of stocks.
    """

    account_number: Name
    account_type: AccountTypeName
    broker_connection_id: Uuid | None = None
    account_name: Text200 | None = None
    currency: Currency = "USD"
    base_currency: Currency = "USD"
    can_trade_stocks: StrictBool = True
    can_trade_options: StrictBool = False
    can_trade_futures: StrictBool = False
    can_trade_forex: StrictBool = False
    can_trade_bonds: StrictBool = False
    can_trade_mutual_funds: StrictBool = False
    risk_tolerance: ToleranceName = "MODERATE"
    max_leverage: Leverage | None = None
    initial_cash: PositiveMoney = "1000000"
    metadata: Metadata = Field(default_factory=dict)


class AccountUpdate(Request):
    """A partial change: what is absent stays; null clears what may be empty.

    Currencies of an open account are fixed.
    """

    account_name: Text200 | None = None
    account_type: AccountTypeName = unchanged()
    currency: Currency = unchanged()
    base_currency: Currency = unchanged()
    status: StatusName = unchanged()
    is_active: StrictBool = unchanged()
    can_trade_stocks: StrictBool = unchanged()
    can_trade_options: StrictBool = unchanged()
    can_trade_futures: StrictBool = unchanged()
    can_trade_forex: StrictBool = unchanged()
    can_trade_bonds: StrictBool = unchanged()
    can_trade_mutual_funds: StrictBool = unchanged()
    risk_tolerance: ToleranceName = unchanged()
    max_leverage: Leverage | None = None
    metadata: Metadata = unchanged()


class BrokerAccount(Standing):
    """An account, with its money as the engine last showed it; null before that, and where no session opens it."""

    broker_id: IdOut
    broker_connection_id: IdOut
    account_number: str
    account_name: str | None
    account_type: AccountTypeName
    status: StatusName
    is_active: bool
    currency: str
    base_currency: str
    can_trade_stocks: bool
    can_trade_options: bool
    can_trade_futures: bool
    can_trade_forex: bool
    can_trade_bonds: bool
    can_trade_mutual_funds: bool
    risk_tolerance: ToleranceName
    max_leverage: DecimalOut | None
    is_paper: bool
    balance: DecimalOut | None
    buying_power: DecimalOut | None
    day_trading_buying_power: DecimalOut | None
    overnight_buying_power: DecimalOut | None
    trading_locked: bool | None
    metadata: dict[str, Any]


class AccountPage(Resource):
    """A page of accounts."""

    accounts: list[BrokerAccount]
    total_count: int | None
    has_next: bool


def account_body(record: AccountRecord, snap: AccountSnap | None) -> dict[str, Any]:
    """Return an account as the wire shows it. snap: its money as the engine last told it."""
    power = None if snap is None or snap.buying_power is None else money_text(snap.buying_power)
    return shown_fields(BrokerAccount, record) | {
        "broker_connection_id": record.connection_id,
        "balance": None if snap is None else money_text(snap.cash),
        "buying_power": power,
        "day_trading_buying_power": power,
        "overnight_buying_power": power,
        "max_leverage": kept_text(record.max_leverage),
        "trading_locked": None if snap is None else snap.lock is not LockState.UNLOCKED,
    }


def account_draft(
    asked: AccountCreate, *, tenant: str, broker: str, connection: str, account: str, is_paper: bool
) -> AccountRecord:
    """Return the record of a new account. account: its name in the core, "" where no session here can open it."""
    return AccountRecord(
        tenant=tenant,
        broker_id=broker,
        connection_id=connection,
        account=account,
        is_paper=is_paper,
        **in_own_types(emptied(AccountRecord, plain(asked, "broker_connection_id"))),
    )


def in_own_types(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields of a body in the record's own types."""
    return {name: _KINDS[name](value) if name in _KINDS else value for name, value in fields.items()}
