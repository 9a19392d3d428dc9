"""The distance to an account's loss limits without a screen: how much of the nearest is used, and both in words.

Beside both walks, for the P&L panel. Reads what the account reports; decides and sends nothing.
"""

import msgspec

from workstation.viewmodels.formats import money
from workstation.viewmodels.frames import AccountSnap

NEAR_LIMIT_SHARE = 0.75


class LimitGauge(msgspec.Struct, frozen=True):
    """How much of the day's loss limit is used: share 0 to 1, level ok, amber or red, and the same in words."""

    share: float
    level: str
    text: str


def limit_gauge(account: AccountSnap) -> LimitGauge:
    """Return the distance to the day's loss limit."""
    limit, loss = account.day_limit, max(-account.net, 0)
    if account.lockout:
        return LimitGauge(1.0, "red", account.lockout)
    if limit is None:
        return _gauge(0.0, "No day loss limit is set.", account)
    share = min(loss / limit, 1.0) if limit else 1.0
    left = money(max(limit - loss, 0), places=0)
    text = f"{left} {account.currency} left of the {money(limit, places=0)} day loss limit, {share:.0%} used"
    return _gauge(share, text, account)


def _gauge(share: float, text: str, account: AccountSnap) -> LimitGauge:
    """Return the gauge of the limit that is nearest, with the other one in words."""
    if account.drawdown_limit is not None:
        limit, fall = account.drawdown_limit, account.drawdown
        share = max(share, min(fall / limit, 1.0) if limit else 1.0)
        more = f"{money(max(limit - fall, 0), places=0)} {account.currency} left to the drawdown limit"
        text = f"{text} {'·' if account.day_limit is not None else ''} {more} of {money(limit, places=0)}"
        text = " ".join(text.split())
    level = "red" if share >= 1 else "amber" if share >= NEAR_LIMIT_SHARE else "ok"
    return LimitGauge(share, level, text)
