"""What is known of a run from outside: how it was asked for, where it stands, what it has to say. Values only."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from workstation.marketdata.indicators.catalogue import Indicator
from workstation.strategies.door import Door
from workstation.strategies.messages import Signal
from workstation.strategies.views import Policy

if TYPE_CHECKING:
    from workstation.strategies.api import Strategy


class RunStatus(StrEnum):
    """Life of a run. FAULTED ended by itself or was interrupted; STUCK could not be, and burns until a restart.

    REPLACED: another edition of its code goes on in its place.
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPING = "STOPPING"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    FAULTED = "FAULTED"
    STUCK = "STUCK"
    REPLACED = "REPLACED"

    @property
    def is_final(self) -> bool:
        """True when the run never goes on."""
        return self in _FINAL


_FINAL = frozenset({RunStatus.COMPLETED, RunStatus.STOPPED, RunStatus.FAULTED, RunStatus.STUCK, RunStatus.REPLACED})


class Isolated(msgspec.Struct, frozen=True, kw_only=True):
    """Code for a process of its own, and what that may use: memory of all that it maps, time of its processor."""

    entry_point: str
    source: str
    parameters: dict[str, Any]
    memory_mb: int
    cpu_s: int


class RunOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. make: builds the strategy behind a door; code_hash: of its code, in every order's metadata.

    policy: what becomes of orders and positions at the end; policy_is_asked: whether whoever runs it says so, not its
    code. orders_per_s_max: more than that in a second is a fault.
    generation: how often the run was taken up again, so that no order id comes twice; strategy_id: what a latch holds.
    own: the own indicators that it names, by id. isolated: None for a thread of this program, whose strategy `make`
    builds.
    """

    run_id: str
    account: str
    name: str
    make: "Callable[[Door], Strategy]"
    policy: Policy
    policy_is_asked: bool = False
    user: str = "local"
    code_hash: str = ""
    version: str = ""
    orders_per_s_max: int = 20
    state: dict[str, object] = {}
    generation: int = 0
    strategy_id: str = ""
    own: Mapping[str, Indicator] = {}
    isolated: Isolated | None = None


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands. reason: why it is where it is; traceback: of a fault, for the panel and the log alone.

    policy: what its end does to its orders and positions. dropped: prints and bars that it was too slow for.
    """

    run_id: str
    name: str
    account: str
    status: RunStatus
    policy: Policy = Policy.CANCEL
    reason: str = ""
    traceback: str = ""
    values: dict[str, str] = {}
    orders_sent: int = 0
    refused: int = 0
    dropped: int = 0
    state: dict[str, object] = {}


class RunPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position of a run's own. qty: signed units; profit: open, money of its currency, None while unpriced."""

    symbol: str
    qty: int
    profit: int | None
    currency: str


class RunSignal(msgspec.Struct, frozen=True):
    """An opinion of a run's. ts: UTC ns."""

    run_id: str
    signal: Signal
    ts: int


class RunLine(msgspec.Struct, frozen=True):
    """A line of a run's log. ts: UTC ns; event_type: what kind of line, "" for none; data: plain values."""

    run_id: str
    level: str
    text: str
    ts: int
    event_type: str = ""
    data: dict[str, Any] = {}
