"""Brackets: an entry with a stop-loss and a target becomes one group whose legs wait for the entry's fills.

Order walk, between a door and `desk.submit_group`; one place for ticket, script and strategy.
"""

from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrderTerms,
    OrdType,
    Side,
    SubmitGroup,
    SubmitOrder,
    TimeInForce,
)
from workstation.kernel.ids import IdSource


def bracket(entry: SubmitOrder, *, stop_px: int | None, target_px: int | None, ids: IdSource) -> SubmitGroup:
    """Return the group of an entry and the legs that have a price, in price units; the entry's own link is replaced."""
    group = ids.group_id()
    legs = [
        SubmitOrder(
            cl_ord_id=ids.cl_ord_id(),
            uid=ids.uid(),
            terms=_leg_terms(entry.terms, role, price),
            origin=entry.origin,
            link=GroupLink(group, Contingency.BRACKET, role, entry.cl_ord_id),
            strategy_id=entry.strategy_id,
        )
        for role, price in ((LegRole.STOP_LOSS, stop_px), (LegRole.TAKE_PROFIT, target_px))
        if price is not None
    ]
    parent = SubmitOrder(
        cl_ord_id=entry.cl_ord_id,
        uid=entry.uid,
        terms=entry.terms,
        origin=entry.origin,
        link=GroupLink(group, Contingency.BRACKET, LegRole.ENTRY),
        strategy_id=entry.strategy_id,
        notes=entry.notes,
        metadata=entry.metadata,
        allow_duplicate=entry.allow_duplicate,
    )
    return SubmitGroup(orders=(parent, *legs))


def _leg_terms(entry: OrderTerms, role: LegRole, price: int) -> OrderTerms:
    stop = role is LegRole.STOP_LOSS
    return OrderTerms(
        symbol=entry.symbol,
        account=entry.account,
        side=Side.SELL if entry.side.sign > 0 else Side.BUY,
        ord_type=OrdType.STOP if stop else OrdType.LIMIT,
        order_qty=entry.order_qty,
        price=None if stop else price,
        stop_px=price if stop else None,
        time_in_force=TimeInForce.GTC,
        reduce_only=True,
    )
