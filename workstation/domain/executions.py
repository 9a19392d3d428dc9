"""Executions: what a venue says was traded. Executions are the truth for quantity, position and cash."""

from enum import StrEnum

import msgspec

from workstation.domain.orders import Side


class ExecKind(StrEnum):
    """TRADE is a fill; BUST takes an earlier one back; CORRECTION is a bust and a fill with the correcting key."""

    TRADE = "TRADE"
    BUST = "BUST"
    CORRECTION = "CORRECTION"


class Liquidity(StrEnum):
    """Whether the fill added or took liquidity."""

    MAKER = "MAKER"
    TAKER = "TAKER"
    UNKNOWN = "UNKNOWN"


class Execution(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One report of trading. `exec_key` is unique per (account, venue), scope included by the adapter.

    last_qty above 0, last_px on the instrument's scale, fee as money of fee_currency (+ paid, - rebate).
    Fills sort by (ts_event, venue_seq, exec_key). corrects: exec_key that a BUST or CORRECTION refers to.
    """

    exec_key: str
    exec_id: str
    uid: str
    cl_ord_id: str
    order_id: str
    account: str
    symbol: str
    side: Side
    last_qty: int
    last_px: int
    fee: int
    fee_currency: str
    ts_event: int
    ts_init: int
    venue_seq: int
    liquidity: Liquidity = Liquidity.UNKNOWN
    kind: ExecKind = ExecKind.TRADE
    corrects: str = ""
    venue: str = ""
    strategy_id: str = ""
    synthetic: bool = False

    @property
    def signed_qty(self) -> int:
        """Quantity with the sign of its effect on the position, + long."""
        return self.side.sign * self.last_qty


class CostMethod(StrEnum):
    """How realised profit picks the cost of what is closed; stands beside every realised figure."""

    AVERAGE = "AVERAGE"
    FIFO = "FIFO"


class PositionState(msgspec.Struct, frozen=True, kw_only=True):
    """One position per (account, symbol, strategy). Strategy "" is the hand, the account row sums all.

    qty: signed, + long. cost: money paid for the open quantity (signed like qty); average price = cost / (qty * mult).
    realised: money, gross of fees, by `method`. fees: money per currency. updated_at: UTC ns.
    """

    account: str
    symbol: str
    strategy_id: str
    currency: str
    qty: int
    cost: int
    realised: int
    fees: dict[str, int]
    method: CostMethod
    updated_at: int
    version: int


class BalanceState(msgspec.Struct, frozen=True, kw_only=True):
    """Cash of one account in one currency, as money; `reserved` is held by working orders."""

    account: str
    currency: str
    cash: int
    reserved: int
    updated_at: int
