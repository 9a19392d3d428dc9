"""How strictly paper orders are filled. Every option is named, so that a report can state it."""

from enum import StrEnum

import msgspec

NS_PER_MS = 1_000_000


class QueueModel(StrEnum):
    """What shortens the queue ahead of a resting order.

    TRADES_ONLY: trades at its price. PROBABILISTIC: these, and a share of each cancelled size. NONE: there is no queue.
    """

    TRADES_ONLY = "TRADES_ONLY"
    PROBABILISTIC = "PROBABILISTIC"
    NONE = "NONE"


class PaperOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a paper venue, times in ns of market time.

    entry_latency: until a request arrives. response_latency: until a report is back. price_age_max: an order that
    arrives at an older price waits for the next. half_spread_ticks: distance from the last trade without quotes.
    assumed_levels: levels beyond the best quote, one tick apart and of its size, that a large order may take.
    bar_share_pct: part of a bar's volume that may be filled.
    """

    queue: QueueModel = QueueModel.TRADES_ONLY
    entry_latency: int = 0
    response_latency: int = 0
    price_age_max: int = 5_000 * NS_PER_MS
    half_spread_ticks: int = 1
    assumed_levels: int = 0
    bar_share_pct: int = 25
