"""The story port: what the journal says about one order, read on request.

Beside the order walk: nothing here takes part in it. The committed journal is the only source, so that a story is the
same before and after a restart, and names the gap where a line is missing.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from workstation.domain.events import Event
from workstation.domain.orders import OrderState


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


class Stories(Protocol):
    """Reads stories off the engine's thread."""

    def read(self, cl_ord_id: str, done: Callable[[OrderStory | None, str], None]) -> None:
        """Read an order's story; `done` is called once, on the engine's thread, with it or with why there is none."""
