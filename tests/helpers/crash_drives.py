"""What leads a child of the crash harness to its point: the trader's acts and the venue's faults, by point or family.

Most points are passed by trading at random; the others need a story. A story is told again and again until the child
dies at its point, for at most STORIES times.
"""

from __future__ import annotations

from typing import Any

STORIES = 40
FAULT, PAUSE = "fault:", "pause"
"""A step of a story that arms a fault of the venue, and one that lets some milliseconds pass; others are acts."""

FAULT_ARGS: dict[str, dict[str, Any]] = {
    "disconnect": {"for_s": 0.05},
    "delay_ack": {"delay_ms": 12.0},
    "wrong_position": {"account": "SIM-MARGIN", "symbol": "AAPL", "qty": 700},
}
DEFAULT_ARGS = {"for_s": 0.05}

TOLD: dict[str, tuple[str, ...]] = {
    "orders.adopt_position.before_record": ("fault:wrong_position", "reconcile_all", "pause", "adopt_position"),
    "orders.cancel.kept": ("submit", "pause", "fault:disconnect", "pause", "cancel", "cancel", "cancel"),
    "orders.cancel.wish_due": ("fault:delay_ack", "submit", "pause", "cancel", "cancel", "cancel"),
    "orders.emulation.before_move": ("trailing", "pause", "to_broker"),
    "orders.emulation.before_trail": ("trailing", "pause", "pause", "pause"),
    "orders.exit.before_override": ("submit", "pause", "override_exit"),
    "orders.queued_change.before_amend": ("submit", "pause", "replace_twice", "pause", "pause"),
    "orders.queued_change.before_record": ("submit", "pause", "replace_twice", "pause"),
    "orders.reconcile.before_breaks": ("fault:wrong_cash", "reconcile_all", "pause"),
    "orders.reconcile.before_record": ("submit", "pause", "fault:disconnect", "pause"),
    "orders.replace.denied": ("submit", "pause", "disarm", "replace", "replace", "rearm"),
    "orders.replace.not_sent": ("submit", "pause", "replace", "kill", "pause", "release"),
    "orders.reversal.before_entry": ("submit", "pause", "reverse", "pause", "pause"),
    "orders.submit.not_sent": ("submit", "kill", "pause", "release"),
    "orders.submit.withdrawn": ("submit", "cancel", "submit", "cancel_scope", "pause"),
    "orders.time_limit.before_cancel": ("soon_over", "pause", "pause"),
}
"""The story of each point that random trading rarely passes."""

WANTED: dict[str, tuple[str, ...]] = {
    "orders.exit": ("submit", "flatten", "press_again", "override_exit"),
    "orders.group": ("bracket", "oto", "bracket", "oco"),
    "orders.release": ("bracket", "oto"),
    "orders.replace": ("submit", "replace"),
    "orders.cancel": ("submit", "cancel", "cancel_scope"),
    "orders.kill": ("kill", "release"),
    "orders.deny": ("oco", "again", "submit"),
    "orders.emulation": ("submit", "submit", "replace"),
    "orders.submit": ("submit", "kill", "release"),
    "sim.replace": ("submit", "replace"),
    "sim.cancel": ("submit", "cancel"),
}
"""What the trader does every second time, by the family of the point."""

FAULTS = {
    "orders.session_lost.before_record": "disconnect",
    "orders.in_flight.before_record": "drop_ack",
    "orders.unknown.proven_absent": "lost_request",
}
"""The fault of the venue that leads to a point."""
