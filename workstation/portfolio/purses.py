"""Money of one account, per currency: cash, realised profit, fees and income, and where they stood when its day began.

Kept by the ledger as running totals; `pnl` and `accounts` read them.
"""

import msgspec

from workstation.domain.accounts import Account


class DayStart(msgspec.Struct, frozen=True, array_like=True):
    """Realised, fees and income per currency when `day` (YYYY-MM-DD, "" before the first) began at `ts`.

    rows: realised and fees of each position then, by symbol and strategy ("*" the account's whole position).
    """

    day: str = ""
    ts: int = 0
    realised: dict[str, int] = {}
    fees: dict[str, int] = {}
    income: dict[str, int] = {}
    rows: dict[str, dict[str, tuple[int, dict[str, int]]]] = {}


class Purse:
    """Running totals of one account, as money per currency. terms: None until AccountOpened."""

    __slots__ = ("cash", "day", "fees", "income", "realised", "terms", "updated_at")

    def __init__(self) -> None:
        self.terms: Account | None = None
        self.cash: dict[str, int] = {}
        self.realised: dict[str, int] = {}
        self.fees: dict[str, int] = {}
        self.income: dict[str, int] = {}
        self.updated_at: dict[str, int] = {}
        self.day = DayStart()
