"""Risk limits: values by type and scope, the tightest of which applies.

Folded from `LimitChanged`, in recovery as in live. A limit's text is parsed once to an integer: money, quantities and
percentages on MONEY_DECIMALS, counts as they are. Fails closed: a type whose tenant value is missing, or any value that
does not read as a number, refuses every order that it guards. No limit at all is chosen by the name UNLIMITED only.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from workstation.domain.errors import PrecisionLoss, ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.kernel.ids import stable_uid


class LimitType(StrEnum):
    """What is limited. Money in the account's currency, quantities in units of the instrument."""

    ORDER_QUANTITY = "ORDER_QUANTITY"
    ORDER_NOTIONAL = "ORDER_NOTIONAL"
    POSITION_QUANTITY = "POSITION_QUANTITY"
    POSITION_NOTIONAL = "POSITION_NOTIONAL"
    GROSS_EXPOSURE = "GROSS_EXPOSURE"
    DAILY_LOSS = "DAILY_LOSS"
    DRAWDOWN = "DRAWDOWN"
    ORDERS_PER_SECOND = "ORDERS_PER_SECOND"
    ORDERS_PER_MINUTE = "ORDERS_PER_MINUTE"
    OPEN_ORDERS = "OPEN_ORDERS"
    PRICE_COLLAR = "PRICE_COLLAR"
    PRICE_COLLAR_TICKS = "PRICE_COLLAR_TICKS"


class LimitScope(StrEnum):
    """Whom a limit binds; the key is the account, strategy id or symbol, "" for the tenant."""

    TENANT = "TENANT"
    ACCOUNT = "ACCOUNT"
    STRATEGY = "STRATEGY"
    INSTRUMENT = "INSTRUMENT"


UNLIMITED = "UNLIMITED"
"""The one text that means no limit."""

UNLIMITED_VALUE = 10**60
"""Above everything that can be measured, so that comparing needs no special case."""

MISSING_VALUE = -1
"""Below everything that can be measured, so that a missing value refuses."""

DEFAULTS: dict[LimitType, str] = {
    LimitType.ORDER_QUANTITY: UNLIMITED,
    LimitType.ORDER_NOTIONAL: "100000",
    LimitType.POSITION_QUANTITY: UNLIMITED,
    LimitType.POSITION_NOTIONAL: "1000000",
    LimitType.GROSS_EXPOSURE: UNLIMITED,
    LimitType.DAILY_LOSS: "50000",
    LimitType.DRAWDOWN: UNLIMITED,
    LimitType.ORDERS_PER_SECOND: UNLIMITED,
    LimitType.ORDERS_PER_MINUTE: "60",
    LimitType.OPEN_ORDERS: UNLIMITED,
    LimitType.PRICE_COLLAR: "10",
    LimitType.PRICE_COLLAR_TICKS: UNLIMITED,
}
"""Tenant values of a new home. PRICE_COLLAR and DRAWDOWN in percent."""

_COUNTS = frozenset(
    {LimitType.ORDERS_PER_SECOND, LimitType.ORDERS_PER_MINUTE, LimitType.OPEN_ORDERS, LimitType.PRICE_COLLAR_TICKS}
)
_CACHE_MAX = 4_096


class Bound(msgspec.Struct, frozen=True):
    """One limit in force: its value on the scale of its type, its text, and the scope that set it."""

    type: LimitType
    value: int
    text: str
    scope: LimitScope
    key: str = ""

    @property
    def missing(self) -> bool:
        """True when no readable value is set, which refuses."""
        return self.value == MISSING_VALUE

    @property
    def unlimited(self) -> bool:
        """True when a person chose no limit by name."""
        return self.value == UNLIMITED_VALUE

    @property
    def where(self) -> str:
        """Scope in words, for a refusal."""
        return f"{self.scope.value.lower()} {self.key}" if self.key else self.scope.value.lower()


Bounds = dict[LimitType, tuple[Bound, ...]]
"""Per type, the bounds of every scope that an order falls under, tightest first and never empty."""


def parse_limit(limit: LimitType, text: str) -> int:
    """Return the value of a limit's text, for whoever lets a person set one.

    Raises:
        ValidationError: empty, zero, negative, not a plain number, or a fraction where a count is meant.
    """
    if text == UNLIMITED:
        return UNLIMITED_VALUE
    allowed = f"a number above 0, or {UNLIMITED}"
    try:
        value = parse_scaled(text, 0 if limit in _COUNTS else MONEY_DECIMALS, field=limit.value)
    except PrecisionLoss as error:
        raise ValidationError(limit.value, error.message, allowed=allowed) from error
    if value <= 0:
        raise ValidationError(limit.value, f"{text} is not above 0", allowed=allowed)
    return value


def _bound(limit: LimitType, scope: LimitScope, key: str, text: str) -> Bound:
    try:
        value = parse_limit(limit, text)
    except ValidationError:
        value = MISSING_VALUE
    return Bound(limit, value, text, scope, key)


def limit_id(limit: str, scope: str = "TENANT", key: str = "") -> str:
    """Return the id of the limit of a type at a scope that nobody gave another one: the same everywhere."""
    return stable_uid("limit", limit, scope, key)


class Limits:
    """Every limit in force."""

    def __init__(self, defaults: dict[LimitType, str] | None = None) -> None:
        self._rows: dict[tuple[LimitType, LimitScope, str], Bound] = {}
        self._cache: dict[tuple[str, str, str], Bounds] = {}
        self._ids: dict[tuple[str, str, str], str] = {}
        for limit, text in (DEFAULTS if defaults is None else defaults).items():
            self._rows[limit, LimitScope.TENANT, ""] = _bound(limit, LimitScope.TENANT, "", text)

    def apply(self, event: LimitChanged) -> None:
        """Fold one change. The text "" takes the value away: of the tenant's this refuses until a new one is set.

        Names of switches, which `Restrictions` and `Lockouts` fold, are passed over.
        """
        if event.limit not in LimitType.__members__ or event.scope not in LimitScope.__members__:
            return
        limit, scope = LimitType(event.limit), LimitScope(event.scope)
        if event.new == "":
            self._rows.pop((limit, scope, event.key), None)
        else:
            self._rows[limit, scope, event.key] = _bound(limit, scope, event.key, event.new)
        self._cache.clear()

    def text(self, limit: LimitType, scope: LimitScope = LimitScope.TENANT, key: str = "") -> str:
        """Return the text that is set at exactly this scope, "" for none."""
        row = self._rows.get((limit, scope, key))
        return "" if row is None else row.text

    def name(self, limit: str, scope: str, key: str, row_id: str) -> None:
        """Learn the id under which people keep a limit."""
        self._ids[limit, scope, key] = row_id

    def id_of(self, bound: Bound) -> str:
        """Return the id of a limit in force."""
        place = (bound.type, bound.scope, bound.key)
        return self._ids.get(place) or limit_id(*place)

    def rows(self) -> Iterator[Bound]:
        """Yield every limit that is set."""
        yield from self._rows.values()

    def of_strategy(self, strategy_id: str) -> Iterator[Bound]:
        """Yield every limit that is set for one strategy."""
        for row in self._rows.values():
            if row.scope is LimitScope.STRATEGY and row.key == strategy_id:
                yield row

    def bounds(self, account: str, strategy_id: str, symbol: str) -> Bounds:
        """Return the bounds that an order falls under, by type, tightest first."""
        cached = self._cache.get((account, strategy_id, symbol))
        if cached is None:
            cached = self._resolve(account, strategy_id, symbol)
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            self._cache[account, strategy_id, symbol] = cached
        return cached

    def _resolve(self, account: str, strategy_id: str, symbol: str) -> Bounds:
        places = [(LimitScope.ACCOUNT, account), (LimitScope.INSTRUMENT, symbol)]
        if strategy_id:
            places.append((LimitScope.STRATEGY, strategy_id))
        bounds: Bounds = {}
        for limit in LimitType:
            absent = Bound(limit, MISSING_VALUE, "", LimitScope.TENANT)
            found = [self._rows.get((limit, LimitScope.TENANT, ""), absent)]
            found += [row for place in places if (row := self._rows.get((limit, *place))) is not None]
            bounds[limit] = tuple(sorted(found, key=lambda bound: bound.value))
        return bounds

    def dump(self) -> list[tuple[str, str, str, str]]:
        """Return (type, scope, key, text) of every limit, for a snapshot."""
        return [(row.type.value, row.scope.value, row.key, row.text) for row in self._rows.values()]

    def load(self, rows: list[tuple[str, str, str, str]]) -> None:
        """Replace everything by what `dump` returned."""
        self._cache.clear()
        self._ids.clear()
        self._rows = {
            (LimitType(name), LimitScope(scope), key): _bound(LimitType(name), LimitScope(scope), key, text)
            for name, scope, key, text in rows
        }
