"""Kill switches by account, strategy, symbol or everything: they stop INCREASE until a person lifts them.

Folded from `KillChanged`, which is why they survive a restart. Cancelling what works is the desk's part.
"""

from workstation.domain.accounts import KillScope, KillState
from workstation.domain.events import KillChanged
from workstation.domain.orders import OrderTerms


class KillSwitches:
    """Every switch that is on."""

    def __init__(self) -> None:
        self._on: dict[tuple[KillScope, str], KillState] = {}

    def apply(self, event: KillChanged) -> None:
        """Fold one change; repeating one changes nothing but its reason."""
        place = (event.state.scope, event.state.key)
        if event.state.on:
            self._on[place] = event.state
        else:
            self._on.pop(place, None)

    def blocking(self, terms: OrderTerms, *strategies: str) -> KillState | None:
        """Return the widest switch that stops an order of these terms, None when none does.

        strategies: run and strategy that it belongs to, "" for none.
        """
        if not self._on:
            return None
        places = [(KillScope.ALL, ""), (KillScope.ACCOUNT, terms.account), (KillScope.SYMBOL, terms.symbol)]
        places += [(KillScope.STRATEGY, name) for name in strategies if name]
        return next((self._on[place] for place in places if place in self._on), None)

    def find(self, scope: KillScope, key: str = "") -> KillState | None:
        """Return the switch of exactly this scope if it is on."""
        return self._on.get((scope, key))

    def active(self) -> tuple[KillState, ...]:
        """Return every switch that is on."""
        return tuple(self._on.values())

    def dump(self) -> list[KillState]:
        """Return every switch that is on, for a snapshot."""
        return list(self._on.values())

    def load(self, rows: list[KillState]) -> None:
        """Replace everything by what `dump` returned."""
        self._on = {(row.scope, row.key): row for row in rows}
