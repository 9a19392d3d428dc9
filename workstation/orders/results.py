"""What the desk answers at once, and what it tells the screens: results, exit progress, alerts. Values only."""

from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from workstation.domain.orders import OrderState
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict


class SubmitResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Answer to a submission. order: as stored, denied ones included; None when it was refused before an order existed.

    duplicate: the client order id was used before; `order` is that earlier order if it is still in memory.
    seq: journal sequence to wait for where an answer must be durable, 0 when nothing was recorded.
    """

    order: OrderState | None = None
    denial: RuleResult | None = None
    verdict: Verdict | None = None
    duplicate: bool = False
    seq: int = 0

    @property
    def accepted(self) -> bool:
        """True when the order exists and was not refused."""
        return self.denial is None and self.order is not None


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a group: all orders, or none and the refusal of the first leg that may not pass."""

    orders: tuple[OrderState, ...] = ()
    denial: RuleResult | None = None
    seq: int = 0


class ChangeResult(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a replace or cancel. order: as it stands now; pending changes show in it.

    kept: a cancel that could not be sent now and goes out with the next session, unless it is withdrawn.
    """

    order: OrderState | None = None
    denial: RuleResult | None = None
    seq: int = 0
    kept: bool = False


class ScopeResult(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a cancel of many: those ended here at once, those asked of a venue, those that could not be asked."""

    ended: tuple[OrderState, ...] = ()
    asked: tuple[OrderState, ...] = ()
    refused: tuple[OrderState, ...] = ()
    seq: int = 0


class ExitStage(StrEnum):
    """How far a flatten has come. FLAT is said only with the venue's word; HELD waits for a person."""

    CANCELLING = "CANCELLING"
    SETTLED = "SETTLED"
    EXITING = "EXITING"
    VERIFYING = "VERIFYING"
    FLAT = "FLAT"
    DONE = "DONE"
    HELD = "HELD"
    FAILED = "FAILED"


class ExitProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One exit of one (account, symbol), for screens. qty: signed quantity of the exit order, 0 before it is sized.

    blind: priced without a fresh quote. cl_ord_id: the exit order, "" before there is one.
    """

    account: str
    symbol: str
    stage: ExitStage
    ts: int
    qty: int = 0
    cl_ord_id: str = ""
    blind: bool = False
    text: str = ""
    presses: int = 1

    @property
    def is_over(self) -> bool:
        """True when another press would begin a new exit."""
        return self.stage in (ExitStage.FLAT, ExitStage.DONE, ExitStage.HELD, ExitStage.FAILED)


class Severity(StrEnum):
    """How loud an alert is."""

    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class OrderAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Something about an order that a person must see: late fill, overfill, adopted order, unknown outcome."""

    severity: Severity
    code: str
    account: str
    text: str
    ts: int
    cl_ord_id: str = ""
    symbol: str = ""


def refusal(code: str, text: str, *, kind: DenialKind = DenialKind.VALIDATION, value: str = "") -> RuleResult:
    """Return a refusal of the desk's own, in the form of the gate's."""
    return RuleResult(code=code, passed=False, kind=kind, value=value, text=text)


def unheld(denial: RuleResult | None) -> RuleResult | None:
    """Return an answer of the gate where no person can be waited for: what would be held is refused."""
    if denial is None or not denial.holds:
        return denial
    return msgspec.structs.replace(denial, holds=False, text=denial.text.replace("Held:", "Refused:", 1))


def flat_words(now_ns: int) -> str:
    """Return what is said of a position that the venue has just shown flat."""
    return f"flat, verified {datetime.fromtimestamp(now_ns // 10**9, UTC):%H:%M:%S} UTC"
