"""What one screen knows: every frame folded into the newest order, position, quote, account and status.

Lives on the consumer's thread. Panels read it and listen to frames; nothing here reaches the engine.
"""

from collections import deque

from workstation.domain.executions import BalanceState, Execution
from workstation.domain.orders import OrderState, OriginKind
from workstation.viewmodels.frames import (
    AccountSnap,
    DepthSnap,
    Frame,
    LogRow,
    Notice,
    PositionSnap,
    QuoteSnap,
    StatusSnap,
)
from workstation.viewmodels.rejects import RejectWatch

EXECUTIONS_KEPT = 20_000
NOTICES_KEPT = 500
LOG_ROWS_KEPT = 2_000


class ScreenState:
    """The fold of all frames. Dictionaries are keyed as the frames key them.

    executions_seen: how many have come, those too that are kept no more.
    """

    def __init__(self) -> None:
        self.orders: dict[str, OrderState] = {}
        self.open_orders: dict[str, OrderState] = {}
        self.executions: deque[Execution] = deque(maxlen=EXECUTIONS_KEPT)
        self.executions_seen = 0
        self.positions: dict[tuple[str, str, str], PositionSnap] = {}
        self.balances: dict[tuple[str, str], BalanceState] = {}
        self.quotes: dict[str, QuoteSnap] = {}
        self.depths: dict[str, DepthSnap] = {}
        self.accounts: dict[str, AccountSnap] = {}
        self.notices: deque[Notice] = deque(maxlen=NOTICES_KEPT)
        self.log: deque[LogRow] = deque(maxlen=LOG_ROWS_KEPT)
        self.status: StatusSnap | None = None
        self.rejects = RejectWatch()
        self._open_by: dict[tuple[str, str], dict[str, OrderState]] = {}
        self._working: dict[tuple[str, str], tuple[OrderState, ...]] = {}

    def apply(self, frame: Frame) -> None:
        """Fold one frame."""
        for row in frame.rows:
            if isinstance(row, OrderState):
                self._keep_order(row)
            elif isinstance(row, Execution):
                self.executions.append(row)
                self.executions_seen += 1
            elif isinstance(row, Notice):
                self.notices.append(row)
            elif isinstance(row, LogRow):
                self.log.append(row)
            elif isinstance(row, BalanceState):
                self.balances[row.account, row.currency] = row
        self.quotes.update(frame.quotes)
        self.depths.update(frame.depths)
        self.positions.update(frame.positions)
        self.accounts.update(frame.accounts)
        self.status = frame.status or self.status

    def _keep_order(self, order: OrderState) -> None:
        known = self.orders.get(order.cl_ord_id)
        if known is not None and known.version > order.version:
            return
        self.rejects.take(order, known)
        self.orders[order.cl_ord_id] = order
        focus = order.terms.account, order.terms.symbol
        self._working.pop(focus, None)
        for held in (self.open_orders, self._open_by.setdefault(focus, {})):
            if order.is_open:
                held[order.cl_ord_id] = order
            else:
                held.pop(order.cl_ord_id, None)

    @property
    def connected(self) -> bool:
        """Whether the venue can be reached, as far as has been told."""
        return self.status is None or self.status.venue_state == "UP"

    def working(self, account: str, symbol: str) -> tuple[OrderState, ...]:
        """Return the open orders of a trade focus, oldest first; the very same tuple until one of them changes."""
        focus = account, symbol
        found = self._working.get(focus)
        if found is None:
            found = self._working[focus] = tuple(self._open_by.get(focus, {}).values())
        return found

    def order_behind(self, account: str = "", symbol: str = "") -> str:
        """Return the newest order of ours that filled in an instrument; without one named, the newest of all."""
        found = [
            order
            for order in self.orders.values()
            if order.origin.kind is not OriginKind.EXTERNAL
            and (not symbol or (order.cum_qty and (order.terms.account, order.terms.symbol) == (account, symbol)))
        ]
        return max(found, key=lambda order: order.created_at).cl_ord_id if found else ""

    def held(self, account: str) -> tuple[str, ...]:
        """Return the instruments in which an account has a position, sorted."""
        held = (key[1] for key, snap in self.positions.items() if key[::2] == (account, "*") and snap.position.qty)
        return tuple(sorted(held))

    def position(self, account: str, symbol: str) -> PositionSnap | None:
        """Return the account's whole position in an instrument."""
        return self.positions.get((account, symbol, "*"))
