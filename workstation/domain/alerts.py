"""Alerts: what a person wants to be told of. A condition in the expression language, or an event of an order.

An alert never sends an order. Plain values: evaluation and keeping are elsewhere.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from workstation.domain.orders import OrdStatus
from workstation.domain.records.strategies import StrategyRunStatus

EVENTS = (OrdStatus.FILLED, OrdStatus.PARTIALLY_FILLED, OrdStatus.REJECTED, OrdStatus.CANCELLED, OrdStatus.EXPIRED)
"""States of an order that an alert may wait for."""

RUN_EVENTS: Mapping[str, StrategyRunStatus] = {
    f"RUN_{status.value}": status
    for status in (
        StrategyRunStatus.RUNNING,
        StrategyRunStatus.PAUSED,
        StrategyRunStatus.STOPPED,
        StrategyRunStatus.COMPLETED,
        StrategyRunStatus.ERROR,
    )
}
"""What an alert may wait for of a strategy that trades its instrument."""

ALERTS_MAX = 500
NAME_CHARS_MAX = 80
HISTORY_MAX = 20
"""Firings that an alert remembers."""


class AlertState(StrEnum):
    """Where an alert stands.

    SUSPENDED: what it reads is stale or absent; SNOOZED: put off for a time by hand; FIRED: it was for once and has.
    """

    ARMED = "ARMED"
    FIRED = "FIRED"
    SUSPENDED = "SUSPENDED"
    SNOOZED = "SNOOZED"
    OFF = "OFF"
    EXPIRED = "EXPIRED"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert. Exactly one of `condition` and `event` is given.

    event: a state of an order, as in EVENTS, or of a run, as in RUN_EVENTS. interval: of the bars that indicators are
    read from. account: whose figures, orders and runs, "" for any. cooldown_s: least time between two firings of one
    that repeats. holds: whether the condition held when last read, None before the first reading. fired_at, expires_at,
    snoozed_until: UTC ns. history: when it fired, oldest first, the newest HISTORY_MAX. mail: whether a firing is also
    mailed. webhook: id of the one that a firing calls, "" for none. line: of the palette's grammar, which a firing
    stages or runs in an open desktop, "" for none.
    """

    id: str = ""
    name: str = ""
    symbol: str
    account: str = ""
    condition: str = ""
    event: str = ""
    interval: str = "1_MINUTE"
    repeats: bool = False
    cooldown_s: float = 60.0
    is_on: bool = True
    expires_at: int | None = None
    holds: bool | None = None
    fired_at: int | None = None
    fired_count: int = 0
    snoozed_until: int | None = None
    history: tuple[int, ...] = ()
    mail: bool = False
    webhook: str = ""
    line: str = ""


class AlertRow(msgspec.Struct, frozen=True):
    """An alert as a list shows it. remark: why it waits; reading: what it read last, such as `last 187.19`."""

    alert: Alert
    state: AlertState
    remark: str = ""
    reading: str = ""


class SaveAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Keep an alert, a new one where its id is empty.

    fire_now: tell at once where the condition holds already, else at its next crossing; None asks which, by a refusal.
    """

    alert: Alert
    fire_now: bool | None = False


HOLDS_ALREADY = "HOLDS_ALREADY"
"""Code of the refusal that asks whether an alert fires now or at its next crossing."""


class DeleteAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Forget an alert."""

    id: str


class AlertHook(msgspec.Struct, frozen=True):
    """A webhook that an alert may call."""

    id: str
    name: str


class ListAlertHooks(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the webhooks that an alert may call."""


class ListAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for every alert with its state."""
