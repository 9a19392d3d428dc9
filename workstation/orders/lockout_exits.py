"""Auto-flatten: when a breach locks an account out, exit every position of it. Off unless a person has set it.

Order walk, beside the desk: it hears of lockouts and asks the desk for exits, which are capped and verified like any
other. A lockout at the trader's own wish flattens nothing. It cannot guarantee a price: gaps, halts and a venue that
is down leave positions open, and each exit then says so itself. It must not set or lift a lockout.
"""

from workstation.domain.events import LimitChanged
from workstation.domain.orders import FlattenPosition, Origin, OriginKind
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Scheduler
from workstation.orders.desk import Desk
from workstation.portfolio.ledger import ACCOUNT_TOTAL
from workstation.risk.restrictions import BREACH_ACTOR, Restriction


class LockoutExits:
    """Exits the positions of accounts that a breach locks out."""

    def __init__(self, desk: Desk, bus: Bus, scheduler: Scheduler) -> None:
        self._desk = desk
        self._scheduler = scheduler
        bus.subscribe(LimitChanged, self._on_limit_changed)

    def _on_limit_changed(self, event: LimitChanged) -> None:
        """Begin after the change that breached is booked to its end."""
        if event.limit == Restriction.LOCKOUT and event.new and event.actor == BREACH_ACTOR:
            self._scheduler.call_later(0, lambda: self._flatten(event.key))

    def _flatten(self, account: str) -> None:
        origin = Origin(kind=OriginKind.SYSTEM, detail="lockout", user="risk")
        for row in tuple(self._desk.state.ledger.positions()):
            if row.account == account and row.strategy_id == ACCOUNT_TOTAL and row.qty:
                self._desk.flatten(FlattenPosition(account=account, symbol=row.symbol, origin=origin))
