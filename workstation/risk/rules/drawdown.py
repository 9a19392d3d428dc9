"""Drawdown: how far equity may fall from the day's peak, in percent of the peak."""

from workstation.domain.numbers import MONEY_ONE
from workstation.risk.limits import LimitType
from workstation.risk.rules.base import LimitRule, percent_text
from workstation.risk.snapshot import Snapshot

_PERCENT_ONE: int = 100 * MONEY_ONE


class Drawdown(LimitRule):
    """Fall from the day's peak equity."""

    code = "DRAWDOWN"
    limit = LimitType.DRAWDOWN
    title = "drawdown"
    advice = "Only exits are taken until equity recovers or the next trading day begins."
    unmeasured = "equity has no price; wait for a quote"

    def measure(self, snapshot: Snapshot) -> int | None:
        """Return the fall in percent on the limits' scale, rounded up."""
        equity = snapshot.view.equity(snapshot.terms.account)
        peak = snapshot.view.peak_equity(snapshot.terms.account)
        if equity is None or peak is None or peak <= 0:
            return None
        return -(-max(peak - equity, 0) * _PERCENT_ONE // peak)

    def value_text(self, snapshot: Snapshot, value: int) -> str:  # noqa: ARG002 -- a percentage has no currency
        """Return the percentage."""
        return percent_text(value)
