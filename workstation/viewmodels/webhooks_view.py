"""The webhook panel without a screen: endpoints with their health, and deliveries with answer and next attempt.

Beside both walks. Reads what the engine answered; sends nothing, and shows no secret.
"""

import msgspec

from workstation.domain.records import Webhook
from workstation.ports.deliveries import Delivery, DeliveryStatus
from workstation.ports.scripts import HookBoard
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, age, exact_time, time_of_day

_INKS = {
    DeliveryStatus.DELIVERED: "buy",
    DeliveryStatus.PENDING: "text_muted",
    DeliveryStatus.RETRYING: "warning",
    DeliveryStatus.DEAD: "danger",
}
ANSWER_CHARS = 400
"""How much of an answer a hover shows."""


class HookRow(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint with what became of its newest deliveries."""

    hook: Webhook
    delivered: int
    waiting: int
    dead: int


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery with the name of its endpoint. now_ns: wall time, UTC ns."""

    delivery: Delivery
    hook: str
    now_ns: int


class WebhooksView:
    """Endpoints and deliveries of one screen."""

    def __init__(self) -> None:
        self.hooks: ColumnTable[HookRow] = ColumnTable(_hook_columns(), lambda row: row.hook.id)
        self.deliveries: ColumnTable[DeliveryRow] = ColumnTable(_delivery_columns(), lambda row: row.delivery.id)
        self.deliveries.sort_by([("made", True)])
        self.has_board = False

    def take(self, board: HookBoard) -> None:
        """Show another board; what is gone leaves."""
        self.has_board = True
        names = {hook.id: hook.name for hook in board.hooks}
        _leave(self.hooks, {hook.id for hook in board.hooks})
        self.hooks.upsert([_hook_row(hook, board) for hook in board.hooks])
        _leave(self.deliveries, {delivery.id for delivery in board.deliveries})
        self.deliveries.upsert(
            [
                DeliveryRow(delivery=row, hook=names.get(row.webhook_id, "deleted"), now_ns=board.now_ns)
                for row in board.deliveries
            ]
        )

    def dead(self) -> int:
        """Return how many deliveries were given up."""
        rows = (self.deliveries.row(number) for number in range(self.deliveries.total))
        return sum(row.delivery.status is DeliveryStatus.DEAD for row in rows)


def hook_style(row: HookRow) -> RowStyle:
    """Return how an endpoint looks: one that is off is muted, given-up deliveries are red."""
    cells = {"dead": CellStyle("danger", bold=True)} if row.dead else {}
    return RowStyle(ink="text" if row.hook.is_active else "text_muted", cells=cells)


def delivery_style(row: DeliveryRow) -> RowStyle:
    """Return how a delivery looks, by its state."""
    is_dead = row.delivery.status is DeliveryStatus.DEAD
    return RowStyle(cells={"state": CellStyle(_INKS[row.delivery.status], bold=is_dead)})


def is_dead(row: DeliveryRow) -> bool:
    """Tell whether a delivery was given up, for a filter."""
    return row.delivery.status is DeliveryStatus.DEAD


def answer_text(delivery: Delivery) -> str:
    """Return what the endpoint answered, or why there was no answer."""
    if delivery.response_status is not None:
        return str(delivery.response_status)
    return delivery.error or MISSING


def _leave(table: ColumnTable[HookRow] | ColumnTable[DeliveryRow], living: set[str]) -> None:
    """Remove the rows whose id is not among the living."""
    gone = [
        row.hook.id if isinstance(row, HookRow) else row.delivery.id
        for row in (table.row(number) for number in range(table.total))
    ]
    table.remove([key for key in gone if key not in living])


def _hook_row(hook: Webhook, board: HookBoard) -> HookRow:
    states = [row.status for row in board.deliveries if row.webhook_id == hook.id]
    delivered, dead = states.count(DeliveryStatus.DELIVERED), states.count(DeliveryStatus.DEAD)
    return HookRow(hook=hook, delivered=delivered, waiting=len(states) - delivered - dead, dead=dead)


def _next(row: DeliveryRow) -> str:
    due = row.delivery.next_attempt_at
    if due is None:
        return MISSING
    return f"in {age(due - row.now_ns)}" if due > row.now_ns else "now"


def _hover(row: DeliveryRow) -> str:
    delivery = row.delivery
    return "\n".join(part for part in (delivery.error, delivery.response_body[:ANSWER_CHARS]) if part)


def _state(row: HookRow) -> str:
    return "on" if row.hook.is_active else f"off: {row.hook.disabled_reason}" if row.hook.disabled_reason else "off"


def _types(row: HookRow) -> str:
    return ", ".join(row.hook.event_types) or "all events"


def _hook_columns() -> tuple[Column[HookRow], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
    return (
        Column("name", "Webhook", code, lambda r: r.hook.name, lambda r: r.hook.name, width=14),
        Column("state", "State", code, _state, _state, width=8),
        Column("delivered", "Told", number, lambda r: r.delivered, lambda r: str(r.delivered), right=True, width=5),
        Column("waiting", "Waits", number, lambda r: r.waiting, lambda r: str(r.waiting), right=True, width=5),
        Column("dead", "Dead", number, lambda r: r.dead, lambda r: str(r.dead), right=True, width=5),
        Column("url", "Endpoint", code, lambda r: r.hook.endpoint_url, lambda r: r.hook.endpoint_url, width=24),
        Column("types", "Events", text, _types, _types, width=14),
    )  # fmt: skip


def _delivery_columns() -> tuple[Column[DeliveryRow], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
    return (
        Column("made", "Made, UTC", number, lambda r: float(r.delivery.created_at),
               lambda r: time_of_day(r.delivery.created_at)[:8], width=9, fixed=True,
               exact=lambda r: exact_time(r.delivery.created_at)),
        Column("state", "State", code, lambda r: r.delivery.status, lambda r: r.delivery.status, width=10),
        Column("attempts", "Tries", number, lambda r: r.delivery.attempt_count, lambda r: str(r.delivery.attempt_count),
               right=True, width=5),
        Column("next", "Next try", number, lambda r: r.delivery.next_attempt_at, _next, width=8,
               exact=lambda r: exact_time(r.delivery.next_attempt_at)),
        Column("type", "Event", code, lambda r: r.delivery.event_type, lambda r: r.delivery.event_type, width=15),
        Column("hook", "Webhook", code, lambda r: r.hook, lambda r: r.hook, width=12),
        Column("answer", "Answer", text, lambda r: answer_text(r.delivery), lambda r: answer_text(r.delivery),
               width=16, hover=_hover),
    )  # fmt: skip
