"""Queue position: how much of other people's size stands before a resting paper order.

Used by `market.py`. The public queue is only known by its size, so that the place in it is an estimate: it starts
behind all that is visible, shrinks by trades and the model's share of cancels, and is never more than what is visible.
"""

import math
from collections.abc import Sequence

from workstation.brokers.paper.options import QueueModel
from workstation.brokers.sim.matching import MarketOrder


class Rest:
    """One resting order. leaves: quantity that may still fill. since: market time when it came to rest, UTC ns.

    ahead: public size before it; None while its price is not visible. traded: size traded at its price since the level
    was last shown, which its next decrease contains already.
    """

    __slots__ = ("ahead", "leaves", "order", "price", "sign", "since", "traded")

    def __init__(self, order: MarketOrder, price: int, leaves: int, ahead: int | None, since: int) -> None:
        self.order = order
        self.sign = order.terms.side.sign
        self.price = price
        self.leaves = leaves
        self.ahead = ahead
        self.since = since
        self.traded = 0


def shown(rest: Rest, before: int, after: int, model: QueueModel) -> None:
    """Take note that the level's visible size went from `before` to `after`."""
    if rest.ahead is None:
        rest.ahead = after if model is not QueueModel.NONE else 0
        return
    cancelled = max(before - after - rest.traded, 0)
    rest.traded = 0
    if model is QueueModel.PROBABILISTIC and cancelled:
        front, back = math.log1p(rest.ahead), math.log1p(max(before - rest.ahead, 0))
        share = front / (front + back) if front + back else 0.0
        rest.ahead -= int(cancelled * share)
    rest.ahead = max(min(rest.ahead, after), 0)


def spend_at(rests: Sequence[Rest], size: int) -> list[tuple[Rest, int]]:
    """Spend a trade at the price of these orders, in order of arrival; returns what each of them gets.

    Own orders share one queue: public size that stands before several of them is consumed once.
    """
    fills: list[tuple[Rest, int]] = []
    public, left = 0, size
    for rest in rests:
        if rest.ahead is None:
            continue
        consumed = min(max(rest.ahead - public, 0), left)
        public, left = public + consumed, left - consumed
        if left and rest.leaves and rest.ahead <= public:
            part = min(rest.leaves, left)
            fills.append((rest, part))
            left -= part
    for rest in rests:
        if rest.ahead is not None:
            rest.traded += size
            rest.ahead = max(rest.ahead - public, 0)
    return fills
