"""The story port: what the journal says about one order, and the orders and fills of older days, read on request.

Beside the order walk: nothing here takes part in it. The committed journal is the only source of a story, so that it is
the same before and after a restart, and names the gap where a line is missing.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from workstation.domain.events import Event
from workstation.domain.executions import Execution
from workstation.domain.orders import OrderState
from workstation.domain.strategy_rows import StrategyChange


class StoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One journal line about the order. ts_wall: UTC ns, ts_mono: monotonic ns of the run `epoch`."""

    seq: int
    epoch: int
    ts_wall: int
    ts_mono: int
    actor: str
    event: Event


class OrderStory(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its journal lines, oldest first. gap: what is missing of them, in one sentence, "" for nothing."""

    order: OrderState
    lines: tuple[StoryLine, ...]
    gap: str = ""


class OlderRows(msgspec.Struct, frozen=True, kw_only=True):
    """Stored rows, newest first. after: time and id that the next page begins behind, None where nothing is older."""

    rows: Sequence[OrderState | Execution]
    after: tuple[int, str] | None


OlderHeard = Callable[[OlderRows | None, str], None]


ChangesHeard = Callable[[tuple[StrategyChange, ...] | None, str], None]


class Stories(Protocol):
    """Reads off the engine's thread. Each `done` is called once, on the engine's thread, with what was read or why not.

    after: time and id of the last row that was read before, None for the newest.
    """

    def older_orders(self, after: tuple[int, str] | None, done: OlderHeard) -> None:
        """Read a page of orders."""

    def older_fills(self, after: tuple[int, str] | None, done: OlderHeard) -> None:
        """Read a page of executions."""

    def changes(self, tenant: str, strategy_id: str, done: ChangesHeard) -> None:
        """Read the newest changes of a strategy's definition, the newest first."""

    def read(self, cl_ord_id: str, done: Callable[[OrderStory | None, str], None]) -> None:
        """Read an order's story; `done` is called once, on the engine's thread, with it or with why there is none."""
