"""The risk board: all limits with their use and author, and every switch that is set, as one answer.

Order walk, beside the gate: values alone, made by the engine and read by screens.
"""

import msgspec

from workstation.domain.events import LimitChanged
from workstation.risk.limits import LimitScope, LimitType


class LimitLine(msgspec.Struct, frozen=True, kw_only=True):
    """One limit. value and used: integers on the scale of its type, used None where only each order shows it.

    text: as it was typed; changed_at: UTC ns, 0 for a default that nobody has changed; changed_by: an actor.
    """

    limit: LimitType
    scope: LimitScope
    key: str
    text: str
    value: int
    used: int | None
    unlimited: bool
    changed_at: int = 0
    changed_by: str = ""
    reason: str = ""


class RiskBoard(msgspec.Struct, frozen=True, kw_only=True):
    """All limits, those without a bound included, and every restriction that is set.

    orders_today: orders of its trading day by account; orders_per_day: the most that each may reach, None for no bound.
    key_caps: the most money that one order of a script's key may move, as a plain decimal, by the key's name.
    """

    limits: tuple[LimitLine, ...]
    restrictions: tuple[LimitChanged, ...]
    orders_today: dict[str, int] = {}
    orders_per_day: int | None = None
    key_caps: dict[str, str] = {}
