"""Switches and lists that forbid by name: restricted symbols, close-only, short sales, conditions, lockouts and more.

Folded from `LimitChanged` like a limit, with `limit` naming the switch, so that who, when and why are journaled and a
restart forgets nothing. The text "" lifts a switch. A LOCKOUT stands until the account's next trading day, or until the
instant that its text names.
"""

from datetime import UTC, datetime
from enum import StrEnum

from workstation.domain.events import LimitChanged, TradingDayRolled
from workstation.domain.orders import OrderTerms
from workstation.risk.limits import LimitScope


class Restriction(StrEnum):
    """What is forbidden while the switch is set."""

    RESTRICTED_SYMBOL = "RESTRICTED_SYMBOL"
    CLOSE_ONLY = "CLOSE_ONLY"
    SHORT_SALE = "SHORT_SALE"
    ACCOUNT_PERMISSION = "ACCOUNT_PERMISSION"
    MARKET_HOURS = "MARKET_HOURS"
    WASH_TRADE = "WASH_TRADE"
    CUSTOM = "CUSTOM"
    LOCKOUT = "LOCKOUT"


DAY = "DAY"
"""Text of a lockout that the account's next trading day ends; any other is an instant, UTC ns."""
BREACH_ACTOR = "risk"
"""Who locks an account out when a limit is breached."""
DAY_NS = 86_400_000_000_000

_Place = tuple[Restriction, str, str]


class Restrictions:
    """Every switch that is set, with the event that set it."""

    def __init__(self) -> None:
        self._set: dict[_Place, LimitChanged] = {}

    def apply(self, event: LimitChanged | TradingDayRolled) -> None:
        """Fold one change, or the new trading day that ends an account's lockout."""
        if isinstance(event, TradingDayRolled):
            place: _Place = (Restriction.LOCKOUT, LimitScope.ACCOUNT, event.account)
            lockout = self._set.get(place)
            if lockout is not None and lockout.new == DAY:
                del self._set[place]
        elif event.limit in Restriction.__members__:
            place = Restriction(event.limit), event.scope, event.key
            if event.new:
                self._set[place] = event
            else:
                self._set.pop(place, None)

    def all(self, restriction: Restriction, terms: OrderTerms, *strategies: str) -> list[LimitChanged]:
        """Return every setting that an order of these terms falls under, widest first.

        strategies: the strategy that sends it and its run, "" for none.
        """
        if not self._set:
            return []
        places: list[_Place] = [
            (restriction, LimitScope.TENANT, ""),
            (restriction, LimitScope.ACCOUNT, terms.account),
            (restriction, LimitScope.INSTRUMENT, terms.symbol),
        ]
        places += [(restriction, LimitScope.STRATEGY, key) for key in strategies if key]
        return [self._set[place] for place in places if place in self._set]

    def of_account(self, restriction: Restriction, account: str) -> list[LimitChanged]:
        """Return the settings that bind whatever an account trades, widest first."""
        places = ((restriction, LimitScope.TENANT, ""), (restriction, LimitScope.ACCOUNT, account))
        return [self._set[place] for place in places if place in self._set]

    def has(self, restriction: Restriction) -> bool:
        """Tell whether the restriction is set anywhere."""
        return any(place[0] is restriction for place in self._set)

    def lockout(self, account: str) -> LimitChanged | None:
        """Return the account's lockout, None when it may trade."""
        return self._set.get((Restriction.LOCKOUT, LimitScope.ACCOUNT, account))

    def dump(self) -> list[LimitChanged]:
        """Return every setting, for a snapshot."""
        return list(self._set.values())

    def load(self, rows: list[LimitChanged]) -> None:
        """Replace everything by what `dump` returned."""
        self._set = {(Restriction(row.limit), row.scope, row.key): row for row in rows}


def lockout_event(account: str, reason: str, ts: int) -> LimitChanged:
    """Return the event that locks an account out until its next trading day; `reason` is shown to the trader."""
    return LimitChanged(
        limit=Restriction.LOCKOUT,
        scope=LimitScope.ACCOUNT,
        key=account,
        old="",
        new=DAY,
        actor=BREACH_ACTOR,
        reason=reason,
        ts=ts,
    )


def lockout_end(text: str, ts: int) -> int:
    """Return when a lockout of this text, set at `ts`, ends, UTC ns; trading days begin at midnight UTC."""
    return (ts // DAY_NS + 1) * DAY_NS if text == DAY else int(text)


def lockout_end_text(text: str, ts: int) -> str:
    """Return when a lockout ends as it is shown: `until the next trading day, 2026-01-31 00:00 UTC`."""
    end = f"{datetime.fromtimestamp(lockout_end(text, ts) // 10**9, UTC):%Y-%m-%d %H:%M} UTC"
    return f"until the next trading day, {end}" if text == DAY else f"until {end}"
