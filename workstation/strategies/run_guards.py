"""What a strategy's protective percentages say of a run: leave a position, or end the run. Words, never acts.

stop_loss and take_profit are measured on one position of the run's own: open profit against what it cost. max_slippage
is measured on one fill: how far it is worse than the other side of the quote that its order was judged by.
"""

from decimal import Decimal

from workstation.domain.executions import Execution
from workstation.domain.numbers import parse_scaled
from workstation.domain.orders import OrderState
from workstation.domain.records import StrategyDefinition
from workstation.risk.valuation import opposite_side

PERCENT_PLACES = 2


def reason_to_leave(strategy: StrategyDefinition, symbol: str, cost: int, profit: int | None) -> str:
    """Return which bound a position has reached, with its value and its limit, "" while both hold.

    cost: what the open quantity was bought or sold for, money of any sign; profit: its open profit, None unpriced.
    """
    if profit is None or cost == 0:
        return ""
    share = Decimal(profit) * 100 / abs(cost)
    for limit, reached, words in (
        (strategy.stop_loss, -share, "stop loss"),
        (strategy.take_profit, share, "take profit"),
    ):
        if limit is not None and reached >= Decimal(limit):
            return f"{words}: {symbol} stands at {share:+.2f} % of its cost; limit {limit} %"
    return ""


def slippage_text(strategy: StrategyDefinition, order: OrderState | None, execution: Execution) -> str:
    """Return by how much a fill was worse than the quote allows, "" where it was not or nothing is known of a quote."""
    if strategy.max_slippage is None or order is None or order.reference is None:
        return ""
    quoted = order.terms.stop_px or opposite_side(order.terms, order.reference)
    if quoted is None or quoted <= 0:
        return ""
    worse = (execution.last_px - quoted) * execution.side.sign
    if worse * 100 * 10**PERCENT_PLACES <= quoted * parse_scaled(strategy.max_slippage, PERCENT_PLACES):
        return ""
    share = Decimal(worse) * 100 / quoted
    return f"slippage of {share:.2f} % on order {execution.cl_ord_id}; limit {strategy.max_slippage} %"
