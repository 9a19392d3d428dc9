"""Controls: all that people and breakers have set, as one fold: limits, restrictions, kills, locks and arming.

`orders/fold` applies every event here; the gate reads. The duplicate window and the order rates are not kept over a
restart: both are shorter than one, and cl_ord_ids keep a retried command from becoming a second order.
"""

import msgspec

from workstation.domain.accounts import KillState
from workstation.domain.events import (
    ArmChanged,
    EngineStarted,
    Event,
    InvariantViolated,
    KillChanged,
    LimitChanged,
    LockChanged,
    RecordSaved,
    TradingDayRolled,
)
from workstation.domain.orders import OrderTerms
from workstation.domain.records import (
    LOCAL_TENANT,
    AccountRecord,
    Record,
    RiskLimit,
    RiskOverride,
    StrategyDefinition,
    StrategyRun,
    Tenant,
)
from workstation.risk.arming import Arming
from workstation.risk.day_orders import DayOrders
from workstation.risk.day_values import DayRow, DayValues
from workstation.risk.kill import KillSwitches
from workstation.risk.limits import Bounds, Limits
from workstation.risk.locks import Locks
from workstation.risk.overrides import Overrides
from workstation.risk.restrictions import Restrictions
from workstation.risk.run_bounds import RunBounds
from workstation.risk.traded import Traded, TradedRow


class ControlsState(msgspec.Struct, frozen=True):
    """What a snapshot keeps of the controls; the arm state is left out, since a start is always disarmed."""

    limits: list[tuple[str, str, str, str]]
    kills: list[KillState]
    locks: list[LockChanged]
    restrictions: list[LimitChanged]
    violation: InvariantViolated | None = None
    signed: list[str] = []
    traded: list[TradedRow] = []
    day_orders: dict[str, int] = {}
    day_values: list[DayRow] = []


class Controls:
    """Everything that is set, folded from events."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.kills = KillSwitches()
        self.locks = Locks()
        self.restrictions = Restrictions()
        self.arming = Arming()
        self.overrides = Overrides()
        self.traded = Traded()
        self.day_orders = DayOrders()
        self.day_values = DayValues()
        self.runs = RunBounds()
        self.accounts: dict[str, AccountRecord] = {}
        self.version = 0

    def apply(self, event: Event) -> None:
        """Fold one event; events of other stages are passed over. `version` rises with each that counts."""
        match event:
            case LimitChanged():
                self.limits.apply(event)
                self.restrictions.apply(event)
            case KillChanged():
                self.kills.apply(event)
            case LockChanged() | InvariantViolated():
                self.locks.apply(event)
            case ArmChanged():
                self.arming.apply(event)
            case TradingDayRolled():
                self.restrictions.apply(event)
                self.day_orders.apply(event)
                self.day_values.apply(event)
            case EngineStarted():
                self.locks.lock_all()
                self.arming.disarm()
            case RecordSaved(record=RiskLimit() | RiskOverride() | Tenant() | AccountRecord()):
                self.learn(event.record)
            case RecordSaved(record=StrategyRun() | StrategyDefinition()):
                if not self.runs.learn(event.record):
                    return  # figures of a run are saved every few seconds
            case _:
                return
        self.version += 1

    def bounds(self, account: str, strategy_id: str, symbol: str) -> Bounds:
        """Return the bounds that an order falls under, those of its run and its strategy included."""
        return self.runs.bounds(self.limits, account, strategy_id, symbol)

    def kill_of(self, terms: OrderTerms, run_id: str) -> KillState | None:
        """Return the widest kill switch that stops an order of these terms, of a run or "" for none."""
        return self.kills.blocking(terms, run_id, self.runs.owner(run_id) if run_id else "")

    def learn(self, record: Record) -> None:
        """Take in what a record says of limits, overrides, accounts and runs; other kinds are passed over.

        Whoever trades here is the installation's own tenant: what another one keeps binds nobody.
        """
        if record.tenant != LOCAL_TENANT:
            return
        if isinstance(record, RiskLimit):
            self.limits.name(record.limit_type, record.scope, record.key, "" if record.deleted_at else record.id)
        elif isinstance(record, RiskOverride):
            self.overrides.apply(record)
        elif isinstance(record, Tenant):
            self.day_orders.learn(record)
        elif isinstance(record, StrategyRun | StrategyDefinition):
            self.runs.learn(record)
        elif isinstance(record, AccountRecord) and record.deleted_at is not None:
            self.accounts.pop(record.account, None)
        elif isinstance(record, AccountRecord) and record.account:
            self.accounts[record.account] = record

    def state(self) -> ControlsState:
        """Return everything that must survive a restart."""
        locks = self.locks
        return ControlsState(
            self.limits.dump(),
            self.kills.dump(),
            locks.dump(),
            self.restrictions.dump(),
            locks.violated,
            locks.signed,
            self.traded.dump(),
            self.day_orders.dump(),
            self.day_values.dump(),
        )

    def load(self, state: ControlsState) -> None:
        """Replace everything by what `state` returned."""
        self.limits.load(state.limits)
        self.kills.load(state.kills)
        self.locks.load(state.locks, state.violation, state.signed)
        self.restrictions.load(state.restrictions)
        self.traded.load(state.traded)
        self.day_orders.load(state.day_orders)
        self.day_values.load(state.day_values)
        self.accounts.clear()
        self.arming.disarm()
        self.overrides.clear()
        self.runs.clear()
        self.version += 1
