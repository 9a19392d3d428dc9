"""What a holding is folded from: fills, splits and variation settlements, each with its place in time.

Compact forms of events, kept in the ledger's bounded history and in its snapshot. Order is (ts_event, venue_seq,
exec_key); a split stands before the fills of its instant, a settlement after them.
"""

import msgspec

from workstation.domain.executions import Execution

SortKey = tuple[int, int, str]

_BEFORE_FILLS = -1
_AFTER_FILLS = 2**62


class Fill(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True):
    """One execution that moved the position: qty signed, + bought; fee + paid. A voided fill counts for nothing."""

    ts_event: int
    venue_seq: int
    exec_key: str
    strategy_id: str
    qty: int
    px: int
    fee: int
    fee_currency: str
    voided: bool = False

    @property
    def sort_key(self) -> SortKey:
        """Place in time."""
        return self.ts_event, self.venue_seq, self.exec_key


class Split(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True):
    """A share split; quantities times numerator / denominator, the fraction paid at `cash_in_lieu_px` (new shares)."""

    ts_event: int
    numerator: int
    denominator: int
    cash_in_lieu_px: int | None

    @property
    def sort_key(self) -> SortKey:
        """Place in time: before the fills of the same instant."""
        return self.ts_event, _BEFORE_FILLS, ""


class Settlement(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True):
    """Variation margin received (+) or paid (-) for a futures position, as money of its currency."""

    ts_event: int
    amount: int

    @property
    def sort_key(self) -> SortKey:
        """Place in time: after the fills of the same instant."""
        return self.ts_event, _AFTER_FILLS, ""


HoldingEntry = Fill | Split | Settlement


def fill_of(execution: Execution, *, voided: bool = False) -> Fill:
    """Return the compact form of an execution."""
    return Fill(
        execution.ts_event,
        execution.venue_seq,
        execution.exec_key,
        execution.strategy_id,
        execution.side.sign * execution.last_qty,
        execution.last_px,
        execution.fee,
        execution.fee_currency,
        voided,
    )
