"""What a run under way costs and does: messages a second, time of its callbacks, its last decision, room to its bounds.

Beside the order walk: the run desk reads each run once a second. It holds nothing back; the bounds are elsewhere.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.orders import OrderTerms
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures
from workstation.domain.strategy_rows import PeriodType
from workstation.domain.times import NS_PER_S
from workstation.risk.run_capital import RunCapital

LOOKS = 11
"""Looks that a rate is read from: ten seconds, at one a second."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a run asked for last. what: a verb; symbol: "" for none or all; terms: of a new order alone. ts: UTC ns."""

    ts: int
    what: str
    symbol: str = ""
    terms: OrderTerms | None = None


class RunMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What the process of an isolated run takes, as the system counts it, bytes. used: of the machine's memory.

    mapped: all that it maps, which is what `most`, its bound, holds against it.
    """

    used: int
    mapped: int
    most: int


class RunPace(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it goes. per_s: messages to the desk; used: share of the time that its callbacks took, 1 for all of it.

    per_s_max: orders a second at which it is taken for broken; room: share of its tightest bound on loss that is left,
    None where it has none; room_to: that bound in words; orders: working. capital: held and left of what it was given,
    in money of `currency`. memory: None in the program's own process,
    where nothing tells apart whose memory is whose.
    """

    per_s: float = 0.0
    per_s_max: int = 0
    used: float = 0.0
    room: float | None = None
    room_to: str = ""
    orders: int = 0
    capital: RunCapital | None = None
    currency: str = ""
    memory: RunMemory | None = None
    decision: Decision | None = None


class PaceMeter:
    """Reads rates from totals of threads. A look: monotonic ns, messages so far, ns of callbacks so far."""

    def __init__(self, mono_ns: Callable[[], int]) -> None:
        self._mono_ns = mono_ns
        self._looks: dict[str, deque[tuple[int, int, int]]] = {}

    def look(self, thread: str, messages: int, used_ns: int) -> None:
        """Note a thread's totals of now; time read just as a callback returns may be short of what it was before."""
        looks = self._looks.setdefault(thread, deque(maxlen=LOOKS))
        looks.append((self._mono_ns(), messages, max(used_ns, looks[-1][2] if looks else 0)))

    def forget(self, kept: set[str]) -> None:
        """Let go of all threads but these."""
        for thread in self._looks.keys() - kept:
            del self._looks[thread]

    def rates(self, thread: str) -> tuple[float, float]:
        """Return messages a second and the share of the time used, 0 before the second look."""
        looks = self._looks.get(thread)
        if looks is None or len(looks) < 2 or looks[-1][0] <= looks[0][0]:
            return 0.0, 0.0
        span = looks[-1][0] - looks[0][0]
        return (looks[-1][1] - looks[0][1]) * NS_PER_S / span, (looks[-1][2] - looks[0][2]) / span


def room_left(run: StrategyRun, strategy: StrategyDefinition, figures: RunFigures) -> tuple[float | None, str]:
    """Return the share that is left of the tightest bound on loss, and its words; None where there is none."""
    found = [
        (1 - figures.drop_bps / most, f"drawdown of {limit} %")
        for limit in (run.max_drawdown, strategy.max_drawdown)
        if limit is not None and (most := parse_scaled(limit, 2)) > 0
    ]
    day, loss = figures.periods.get(PeriodType.DAILY), strategy.max_daily_loss
    if day is not None and loss is not None and (most := parse_scaled(loss, MONEY_DECIMALS)) > 0:
        found.append((1 - max(day.pnl - figures.pnl, 0) / most, f"daily loss of {loss}"))
    if not found:
        return None, ""
    share, words = min(found)
    return max(share, 0.0), words
