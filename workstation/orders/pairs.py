"""OCO pairs: two orders placed as one, of which any fill of one cancels the other.

Order walk, between a door and `desk.submit_group`, as brackets are; one place for ticket, script and strategy. Both
orders are new: the links of an order are fixed when it is placed, so that an order which works already gets no partner.
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
    second = msgspec.structs.replace(
        order, cl_ord_id=ids.cl_ord_id(), uid=ids.uid(), terms=other, notes="", metadata={}
    )
    return paired(order, second, ids=ids)


def paired(first: SubmitOrder, second: SubmitOrder, *, ids: IdSource) -> SubmitGroup:
    """Return two orders as one group; each keeps its id, and a link of its own is replaced.

    Raises:
        ValidationError: they are of different accounts or instruments.
    """
    if (second.terms.account, second.terms.symbol) != (first.terms.account, first.terms.symbol):
        raise ValidationError("oco", "is of another account or instrument")
    link = GroupLink(ids.group_id(), Contingency.OCO, LegRole.OCO)
    return SubmitGroup(orders=(msgspec.structs.replace(first, link=link), msgspec.structs.replace(second, link=link)))
