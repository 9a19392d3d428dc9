"""What a row of a watchlist holds: an instrument with its quote and what is mine in it, or a heading. Values only."""

from collections.abc import Iterable, Mapping

import msgspec

from workstation.domain.orders import OrderState
from workstation.viewmodels.frames import PositionSnap, QuoteSnap

HEADING = "# "


class Mine(msgspec.Struct, frozen=True):
    """What the account in focus has in an instrument. qty: signed, + long; bids, asks: open orders; profit: money."""

    qty: int = 0
    bids: int = 0
    asks: int = 0
    profit: int | None = None


NOTHING_MINE = Mine()


class WatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. flash: +1 the last price rose just now, -1 it fell; trend: the last price over time, as blocks.

    left_out: why it has no stream, "" where it has one.
    """

    entry: str
    rank: int
    quote: QuoteSnap | None = None
    mine: Mine = NOTHING_MINE
    flash: int = 0
    focused: bool = False
    trend: str = ""
    left_out: str = ""

    @property
    def position(self) -> int:
        """Signed quantity held."""
        return self.mine.qty

    @property
    def is_heading(self) -> bool:
        """True for a section row."""
        return self.entry.startswith(HEADING)


def mine_by_symbol(
    account: str, positions: Mapping[tuple[str, str, str], PositionSnap], working: Iterable[OrderState]
) -> dict[str, Mine]:
    """Return what an account has in each instrument: its whole position and its open orders."""
    counts: dict[str, list[int]] = {}
    for order in working:
        if order.terms.account == account:
            counts.setdefault(order.terms.symbol, [0, 0])[order.terms.side.sign < 0] += 1
    found = {symbol: Mine(bids=bids, asks=asks) for symbol, (bids, asks) in counts.items()}
    for (owner, symbol, strategy), snap in positions.items():
        if owner == account and strategy == "*":
            bids, asks = counts.get(symbol, (0, 0))
            found[symbol] = Mine(snap.position.qty, bids, asks, snap.unrealised)
    return found
