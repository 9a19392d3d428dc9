"""Answers to `ask`: everything that the venue holds for one account, complete by construction.

What recovery and reconciliation of the workstation stand on. Reads the exchange; the one thing it changes is that
orders which kept silent speak again.
"""

from msgspec.structs import replace

from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.orders import VenueOrderState
from workstation.brokers.sim.records import split_report
from workstation.ports.broker import AccountRights, QueryAnswer, VenueBalance, VenueOrder, VenuePosition


def answer(
    exchange: Exchange, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int
) -> QueryAnswer:
    """Return open orders, orders closed since, the orders asked for by id, executions since, positions and cash."""
    open_orders = exchange.orders.open_of(account)
    for state in open_orders:
        state.silent = False
    return QueryAnswer(
        request_id=request_id,
        account=account,
        ts_event=exchange.now_ns(),
        open_orders=tuple(_venue_order(state) for state in open_orders),
        closed_orders=tuple(_venue_order(state) for state in _closed(exchange, account, cl_ord_ids, since_ns)),
        absent=tuple(cl_ord_id for cl_ord_id in cl_ord_ids if cl_ord_id not in exchange.orders.by_client),
        executions=exchange.executions.since(account, since_ns),
        positions=tuple(
            VenuePosition(account=account, symbol=symbol, qty=holding.qty)
            for (owner, symbol), holding in exchange.holdings.positions.items()
            if owner == account and holding.qty
        ),
        balances=tuple(
            VenueBalance(account=account, currency=currency, cash=cash)
            for (owner, currency), cash in exchange.holdings.cash.items()
            if owner == account
        ),
        splits=tuple(split_report(record) for record in exchange.splits if record.ts >= since_ns),
    )


def _closed(exchange: Exchange, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> list[VenueOrderState]:
    wanted = [exchange.orders.by_client.get(cl_ord_id) for cl_ord_id in cl_ord_ids]
    closed = {state.order_id: state for state in exchange.orders.closed_since(since_ns)}
    closed.update({state.order_id: state for state in wanted if state is not None and not state.is_open})
    return [state for state in closed.values() if state.terms.account == account]


def _venue_order(state: VenueOrderState) -> VenueOrder:
    trails = state.terms.trail is not None
    return VenueOrder(
        cl_ord_id=state.cl_ord_id,
        order_id=state.order_id,
        account=state.terms.account,
        terms=replace(state.terms, stop_px=state.order.stop_px, price=state.order.tell_limit())
        if trails
        else state.terms,
        status=state.status,
        cum_qty=state.reported_qty - state.voided_qty,
        cost=state.cost,
        ts_event=state.ts_event,
        text=state.text,
    )


def account_rights(exchange: Exchange) -> dict[str, AccountRights]:
    """Return what each account may do at the venue: everything listed there, short or long, on its margin."""
    classes = frozenset(instrument.asset_class for instrument in exchange.instruments.values())
    return {
        name: AccountRights(classes=classes, may_short=True, margin_rate_bps=account.margin_rate_bps)
        for name, account in exchange.accounts.items()
    }
