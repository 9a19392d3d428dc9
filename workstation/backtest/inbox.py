"""What a strategy asked for besides orders: which news it wants, and what it told of itself.

Filled by the engine from intents; logs and signals are bounded, what is beyond the bound is counted.
"""

from typing import Any

from workstation.backtest.result import SignalRow
from workstation.domain.market import Quote, StreamKind, Trade
from workstation.strategies import messages as m

LOGS_MAX = 10_000
SIGNALS_MAX = 1_000_000


class Inbox:
    """Wishes and tales of one run. series: (symbol, interval); streams: (symbol, kind); dropped: beyond the bounds."""

    def __init__(self) -> None:
        self.series: set[tuple[str, str]] = set()
        self.streams: set[tuple[str, StreamKind]] = set()
        self.signals: list[SignalRow] = []
        self.logs: list[str] = []
        self.dropped = 0

    def take(self, intent: m.Intent, now: int) -> None:
        """Keep an intent that is neither an order nor a timer nor bars."""
        if isinstance(intent, m.WantStream):
            self.streams.add((intent.symbol, intent.stream))
        elif isinstance(intent, m.Signal):
            row = SignalRow(
                ts=now,
                symbol=intent.symbol,
                action=intent.action,
                confidence=intent.confidence,
                reason=intent.reason,
                cl_ord_id=intent.cl_ord_id,
            )
            self._keep(self.signals, row, SIGNALS_MAX)
        elif isinstance(intent, m.Log):
            self._keep(self.logs, f"{now} {intent.level} {intent.text}", LOGS_MAX)

    def _keep(self, kept: list[Any], row: object, most: int) -> None:
        if len(kept) < most:
            kept.append(row)
        else:
            self.dropped += 1

    def stream_of(self, row: object) -> StreamKind:
        """Return the stream that a row belongs to."""
        if isinstance(row, Quote):
            return StreamKind.QUOTES
        return StreamKind.TRADES if isinstance(row, Trade) else StreamKind.DEPTH
