"""The venue's register of orders: each one it accepted, found by either id, indexed to keep work bounded."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable

from workstation.brokers.sim.matching import MarketOrder
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.orders import OrderTerms, OrdStatus, TimeInForce


class VenueOrderState:
    """One order as the venue keeps it. Its quantity filled and terms are the market order's.

    reported_qty: filled quantity whose executions have been made. fee: money charged so far. voided_qty: filled and
    taken back since. cost: sum of price times quantity of the fills that stand. silent: no report leaves until somebody
    asks. confirmed_terms: terms to be reported before they reach the market.
    """

    __slots__ = (
        "confirmed_terms",
        "cost",
        "fee",
        "order",
        "reported_qty",
        "silent",
        "status",
        "text",
        "ts_event",
        "ts_taken",
        "voided_qty",
    )

    def __init__(self, order: MarketOrder, ts: int) -> None:
        self.order = order
        self.status = OrdStatus.SUBMITTED
        self.reported_qty = 0
        self.fee = 0
        self.cost = 0
        self.voided_qty = 0
        self.text = ""
        self.ts_taken = ts
        self.ts_event = ts
        self.silent = False
        self.confirmed_terms: OrderTerms | None = None

    @property
    def order_id(self) -> str:
        """The venue's id."""
        return self.order.order_id

    @property
    def cl_ord_id(self) -> str:
        """The customer's id."""
        return self.order.cl_ord_id

    @property
    def terms(self) -> OrderTerms:
        """Terms in force."""
        return self.order.terms

    @property
    def cum_qty(self) -> int:
        """Quantity filled."""
        return self.order.cum_qty

    @property
    def is_open(self) -> bool:
        """True until a final state is reached."""
        return not self.status.is_final

    def amend(self, original: Execution, execution: Execution) -> None:
        """Count a bust or correction of one of its fills; what was busted is not traded again."""
        self.cost -= original.last_qty * original.last_px
        if execution.kind is ExecKind.BUST:
            self.voided_qty += original.last_qty
        else:
            self.cost += execution.last_qty * execution.last_px


class VenueOrderBook:
    """All orders. Open ones are indexed by account, day, and reduce-only; closed ones by the time of their end."""

    def __init__(self) -> None:
        self.by_id: dict[str, VenueOrderState] = {}
        self.by_client: dict[str, VenueOrderState] = {}
        self._open: dict[str, dict[str, VenueOrderState]] = defaultdict(dict)
        self._day: dict[str, dict[str, VenueOrderState]] = defaultdict(dict)
        self._reduce: dict[tuple[str, str], dict[str, VenueOrderState]] = defaultdict(dict)
        self._closed: list[tuple[int, str]] = []
        self._arrivals = 0

    def next_arrival(self) -> int:
        """Return the next place in the order of arrival."""
        self._arrivals += 1
        return self._arrivals

    def open(self, cl_ord_id: str, terms: OrderTerms, ts: int, order_id: str = "") -> VenueOrderState:
        """Register an order, under a new id unless the log has given it one."""
        arrival = self.next_arrival()
        order = MarketOrder(order_id or f"V{len(self.by_id) + 1:09d}", cl_ord_id, terms, arrival)
        state = VenueOrderState(order, ts)
        self.by_id[order.order_id] = state
        self.by_client[cl_ord_id] = state
        self._open[terms.account][order.order_id] = state
        self.index(state)
        return state

    def index(self, state: VenueOrderState) -> None:
        """Bring the indices in line with an open order's terms."""
        terms, order_id = state.terms, state.order_id
        if terms.time_in_force is TimeInForce.DAY:
            self._day[terms.symbol][order_id] = state
        else:
            self._day[terms.symbol].pop(order_id, None)
        if terms.reduce_only:
            self._reduce[terms.account, terms.symbol][order_id] = state
        else:
            self._reduce[terms.account, terms.symbol].pop(order_id, None)

    def close(self, state: VenueOrderState, status: OrdStatus, text: str, ts: int) -> None:
        """Move an order to a final state."""
        state.status, state.text, state.ts_event = status, text, ts
        terms = state.terms
        self._open[terms.account].pop(state.order_id, None)
        self._day[terms.symbol].pop(state.order_id, None)
        self._reduce[terms.account, terms.symbol].pop(state.order_id, None)
        insort(self._closed, (ts, state.order_id))

    def find(self, cl_ord_id: str, order_id: str) -> VenueOrderState | None:
        """Return an order by the venue's id, else by the customer's."""
        return self.by_id.get(order_id) or self.by_client.get(cl_ord_id)

    def open_of(self, account: str) -> tuple[VenueOrderState, ...]:
        """Return an account's open orders, oldest first."""
        return tuple(self._open[account].values())

    def all_open(self) -> tuple[VenueOrderState, ...]:
        """Return every open order in order of arrival."""
        return tuple(
            sorted(
                (state for group in self._open.values() for state in group.values()),
                key=lambda state: state.order.arrival,
            )
        )

    def closed_since(self, since_ns: int) -> Iterable[VenueOrderState]:
        """Yield orders that ended at or after a time."""
        return (self.by_id[order_id] for _, order_id in self._closed[bisect_left(self._closed, (since_ns, "")) :])

    def day_orders_of(self, symbol: str) -> tuple[VenueOrderState, ...]:
        """Return one market's open DAY orders."""
        return tuple(self._day[symbol].values())

    def reduce_only_of(self, account: str, symbol: str) -> tuple[VenueOrderState, ...]:
        """Return an account's open reduce-only orders in one market."""
        group = self._reduce.get((account, symbol))
        return tuple(group.values()) if group else ()
