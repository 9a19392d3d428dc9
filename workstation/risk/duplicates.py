"""Duplicate window: the same order from the same door within DUPLICATE_WINDOW_NS is one press too many.

Lives in memory only: a restart takes longer than the window.
"""

from workstation.domain.orders import Side
from workstation.risk.view import RiskIntent

DUPLICATE_WINDOW_NS = 400_000_000
DUPLICATES_MAX = 65_536
"""Most orders remembered; twice what the order path can send within the window."""

Fingerprint = tuple[str, str, Side, int, int | None, int | None, str, str, str]


def fingerprint(intent: RiskIntent) -> Fingerprint:
    """Return what makes two orders the same: account, symbol, side, quantity, prices and origin.

    All keys of one hand are one origin; scripts and strategies are told apart by their token and id.
    """
    terms, origin = intent.terms, intent.origin
    detail = "" if origin.kind.is_hand else origin.detail
    return (
        terms.account,
        terms.symbol,
        terms.side,
        terms.order_qty,
        terms.price,
        terms.stop_px,
        origin.kind,
        detail,
        intent.strategy_id,
    )


class DuplicateWindow:
    """Orders accepted within the window, oldest first."""

    def __init__(self) -> None:
        self._seen: dict[Fingerprint, tuple[int, str]] = {}

    def age_ns(self, intent: RiskIntent) -> int | None:
        """Return how long ago the same order went out, None when outside of the window or when it is this very one."""
        seen = self._seen.get(fingerprint(intent))
        if seen is None or seen[1] == intent.cl_ord_id:
            return None
        age = intent.mono_ns - seen[0]
        return age if age < DUPLICATE_WINDOW_NS else None

    def add(self, intent: RiskIntent) -> None:
        """Remember an accepted order and let the old ones go."""
        mark = fingerprint(intent)
        seen, edge = self._seen, intent.mono_ns - DUPLICATE_WINDOW_NS
        seen.pop(mark, None)
        seen[mark] = (intent.mono_ns, intent.cl_ord_id)
        while seen[oldest := next(iter(seen))][0] <= edge or len(seen) > DUPLICATES_MAX:
            del seen[oldest]
