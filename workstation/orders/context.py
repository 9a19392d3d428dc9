"""What every part of the desk works with, handed over once: state, recorder, gate, routes, prices, time, ids, bounds.

Made by `desk.py`; holds no logic beyond small questions that several parts ask. Tests build it from fakes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec.structs import replace

from workstation.domain.accounts import LockState
from workstation.domain.events import LimitChanged, OrderWaits
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import GroupLink, OrderState, OrderTerms, Origin, ReferencePrice, RiskClass
from workstation.domain.times import NS_PER_S
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock, Scheduler
from workstation.kernel.ids import IdSource
from workstation.orders.fold import CoreState
from workstation.orders.journal_wait import STORAGE_BUSY, JournalWait
from workstation.orders.pacing import Pacing
from workstation.orders.recorder import Recorder
from workstation.orders.results import OrderAlert, Severity, refusal
from workstation.orders.routing import Routes
from workstation.orders.seen import See, nothing_seen
from workstation.ports.store import Journal
from workstation.risk.view import RiskIntent

MILLISECOND_NS = 1_000_000
_UNLOCKED, _REDUCE = LockState.UNLOCKED, RiskClass.REDUCE


class PassedTrigger(StrEnum):
    """What to do with an emulated order whose trigger passed while this program was away."""

    FIRE = "fire"
    CANCEL = "cancel"
    ASK = "ask"


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the desk, as plain values. Times are monotonic nanoseconds."""

    cancel_wait_ns: int = 50 * MILLISECOND_NS
    in_flight_look_ns: int = 2 * NS_PER_S
    in_flight_limit_ns: int = 5 * NS_PER_S
    absent_rounds: int = 3
    absent_span_ns: int = 15 * NS_PER_S
    settle_limit_ns: int = 1 * NS_PER_S
    reprice_ns: int = 1 * NS_PER_S
    exit_unknown_ns: int = 3 * NS_PER_S
    compare_ns: int = 60 * NS_PER_S
    retry_ns: int = 2 * NS_PER_S
    answer_limit_ns: int = 10 * NS_PER_S
    lookback_overlap_ns: int = 86_400 * NS_PER_S
    reconcile_rounds_max: int = 5
    blind_through_ticks: int = 10
    pacing_wait_ns: int = 2 * NS_PER_S
    journal_wait_ns: int = 4 * NS_PER_S
    passed_trigger: PassedTrigger = PassedTrigger.ASK
    cash_breaks_lock: bool = False


class Gate(Protocol):
    """The risk gate's door."""

    def check(self, intent: RiskIntent) -> Verdict:
        """Decide on one intent."""

    def explain(self, intent: RiskIntent) -> Verdict:
        """Evaluate every rule and count nothing."""

    def count(self, intent: RiskIntent) -> None:
        """Count an accepted intent against rates and the duplicate window."""

    def breach(self, account: str, now_ns: int) -> LimitChanged | None:
        """Return the lockout to record when an account's day loss has reached its limit."""


class Prices(Protocol):
    """What the desk reads of market data."""

    def reference(self, symbol: str) -> ReferencePrice:
        """Return the last good quote with its age."""

    def phase(self, symbol: str) -> SessionPhase:
        """Return the trading phase."""


class DeskContext:
    """The shared surroundings of the desk's parts."""

    def __init__(
        self,
        *,
        state: CoreState,
        recorder: Recorder,
        journal: Journal,
        gate: Gate,
        routes: Routes,
        prices: Prices,
        clock: Clock,
        scheduler: Scheduler,
        ids: IdSource,
        bus: Bus,
        settings: DeskSettings,
        see: See = nothing_seen,
    ) -> None:
        self.state, self.recorder, self.journal, self.gate, self.routes = state, recorder, journal, gate, routes
        self.prices, self.clock, self.scheduler, self.ids, self.bus = prices, clock, scheduler, ids, bus
        self.settings, self.see = settings, see
        self.pacing = Pacing(
            routes, clock, scheduler, settings.pacing_wait_ns, spread=ids.spread, tell=self._tell_waiting
        )
        self.journal_wait = JournalWait(clock, settings.journal_wait_ns)
        self.book = state.book
        self.instruments: Mapping[str, Instrument] = state.instruments

    def intent(
        self,
        terms: OrderTerms,
        origin: Origin,
        *,
        strategy_id: str = "",
        cl_ord_id: str = "",
        link: GroupLink | None = None,
        replaces: OrderState | None = None,
        allow_duplicate: bool = False,
        uncapped: bool = False,
        released: bool = False,
    ) -> RiskIntent:
        """Return the question to the gate, stamped with this instant."""
        return RiskIntent(
            terms=terms,
            origin=origin,
            strategy_id=strategy_id,
            cl_ord_id=cl_ord_id,
            link=link,
            replaces=replaces,
            allow_duplicate=allow_duplicate,
            uncapped=uncapped,
            released=released,
            now_ns=self.clock.now_ns(),
            mono_ns=self.clock.mono_ns(),
        )

    def locked(self, account: str) -> bool:
        """Tell whether the account takes REDUCE only."""
        return self.state.controls.locks.state(account) is not _UNLOCKED

    def storage_refusal(self, risk_class: RiskClass) -> RuleResult | None:
        """Refuse INCREASE while storage cannot take new risk; exits and cancels go on."""
        if risk_class is _REDUCE:
            return None
        trouble = self.journal.trouble
        if trouble:
            return refusal(
                "STORAGE_UNAVAILABLE", f"Refused: the journal cannot store it: {trouble}.", kind=DenialKind.LOCK
            )
        if self.journal.fill_ratio >= 1.0:
            full = f"{self.journal.fill_ratio:.0%}"
            text = f"Refused: the journal's queue is {full} full, less than 100% is required."
            return replace(refusal(STORAGE_BUSY, text, kind=DenialKind.LOCK, value=full), limit="less than 100%")
        return None

    def session_refusal(self, account: str) -> RuleResult | None:
        """Refuse what could not be sent now; it is never queued."""
        if self.routes.live(account) is not None:
            return None
        return refusal("BROKER_UNAVAILABLE", f"NOT SENT: no session with the venue of account {account}.")

    def _tell_waiting(self, cl_ord_id: str, reason: str) -> None:
        waits = OrderWaits(cl_ord_id=cl_ord_id, ts=self.clock.now_ns(), reason=reason)
        self.recorder.record([waits], causation=cl_ord_id)

    def alert(self, code: str, order: OrderState, text: str, *, severity: Severity = Severity.CRITICAL) -> None:
        """Tell people about an order. Emits: OrderAlert."""
        self.bus.publish(
            OrderAlert(
                severity=severity,
                code=code,
                account=order.terms.account,
                text=text,
                ts=self.clock.now_ns(),
                cl_ord_id=order.cl_ord_id,
                symbol=order.terms.symbol,
            )
        )
