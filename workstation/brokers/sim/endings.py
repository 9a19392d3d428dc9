"""How an order that leaves the market unfilled is told: state, words, kind of report."""

from workstation.brokers.sim.matching import EndReason
from workstation.domain.orders import OrdStatus
from workstation.ports.broker import ExecType

ENDINGS: dict[EndReason, tuple[OrdStatus, str]] = {
    EndReason.REQUEST: (OrdStatus.CANCELLED, "cancelled on request"),
    EndReason.IMMEDIATE: (OrdStatus.CANCELLED, "immediate order: the rest found no match"),
    EndReason.NO_LIQUIDITY: (OrdStatus.CANCELLED, "no liquidity for the rest"),
    EndReason.REDUCE_ONLY: (OrdStatus.CANCELLED, "reduce-only: no position left to reduce"),
    EndReason.TIME: (OrdStatus.EXPIRED, "time in force ended"),
    EndReason.POST_ONLY: (OrdStatus.REJECTED, "post-only order would have traded"),
}
END_REPORTS = {
    OrdStatus.CANCELLED: ExecType.CANCELLED,
    OrdStatus.EXPIRED: ExecType.EXPIRED,
    OrdStatus.REJECTED: ExecType.REJECTED,
}
