"""Who traded last: per instrument and side, each account's newest fill. Read by the rule against wash trades.

Folded from executions in recovery as in live; it grows with accounts and instruments, not with time.
"""

from workstation.domain.executions import Execution

TradedRow = tuple[str, int, str, int]
"""Symbol, sign of the side, account, time of the newest fill in UTC ns."""


class Traded:
    """Newest fills."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], dict[str, int]] = {}

    def apply(self, execution: Execution) -> None:
        """Take a fill in; one that came late does not turn time back."""
        accounts = self._last.setdefault((execution.symbol, execution.side.sign), {})
        accounts[execution.account] = max(accounts.get(execution.account, 0), execution.ts_event)

    def opposite(self, account: str, symbol: str, sign: int, since: int) -> str:
        """Return another account that traded against `sign` at or after `since` (UTC ns), "" when none did."""
        found = self._last.get((symbol, -sign), {})
        return next((other for other, ts in found.items() if other != account and ts >= since), "")

    def dump(self) -> list[TradedRow]:
        """Return every newest fill, for a snapshot."""
        return [(*place, account, ts) for place, rows in self._last.items() for account, ts in rows.items()]

    def load(self, rows: list[TradedRow]) -> None:
        """Replace everything by what `dump` returned."""
        self._last.clear()
        for symbol, sign, account, ts in rows:
            self._last.setdefault((symbol, sign), {})[account] = ts
