"""OCO pairs: two orders placed as one, of which any fill of one cancels the other.

Order walk, between a door and `desk.submit_group`, as brackets are. Both orders are new: the links of an order are
fixed when it is placed, so that an order which works already gets no partner.
"""

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrderTerms, SubmitGroup, SubmitOrder
from workstation.kernel.ids import IdSource


def oco_pair(order: SubmitOrder, other: OrderTerms, *, ids: IdSource) -> SubmitGroup:
    """Return both orders as one group; the first keeps its id and notes.

    Raises:
        ValidationError: the other is of another account or instrument.
    """
    if (other.account, other.symbol) != (order.terms.account, order.terms.symbol):
        raise ValidationError("oco", "is of another account or instrument")
    link = GroupLink(ids.group_id(), Contingency.OCO, LegRole.OCO)
    second = msgspec.structs.replace(
        order, cl_ord_id=ids.cl_ord_id(), uid=ids.uid(), terms=other, link=link, notes="", metadata={}
    )
    return SubmitGroup(orders=(msgspec.structs.replace(order, link=link), second))
