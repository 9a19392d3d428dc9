"""Buying power: equity must carry the margin of everything that stands or could come to stand."""

from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.rules.gross_exposure import exposure_after
from workstation.risk.snapshot import Snapshot

_WHOLE_BPS = 10_000


class BuyingPower(Rule):
    """Margin of the exposure after the order, at the account's rate, against its equity."""

    code = "BUYING_POWER"
    kind = DenialKind.FUNDS

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether equity carries the margin."""
        equity = snapshot.view.equity(snapshot.terms.account)
        margin = margin_after(snapshot)
        return equity is not None and margin is not None and margin <= equity

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return margin against equity; unknown equity or prices refuse."""
        currency = snapshot.account.currency
        equity = snapshot.view.equity(snapshot.terms.account)
        margin = margin_after(snapshot)
        if equity is None or margin is None:
            return self.result("Refused: buying power. Equity or exposure has no price; wait for a quote.")
        value, limit = money_text(margin, currency), money_text(equity, currency)
        text = ""
        if margin > equity:
            text = f"Refused: buying power. Margin {value}; equity {limit}. Lower the quantity or add funds."
        return self.result(text, value=value, limit=limit, headroom=money_text(max(equity - margin, 0), currency))


def margin_after(snapshot: Snapshot) -> int | None:
    """Return the margin of the exposure after the order, rounded up to the smallest unit; None when unknown."""
    exposure = exposure_after(snapshot)
    return None if exposure is None else -(-exposure * snapshot.account.margin_rate_bps // _WHOLE_BPS)
