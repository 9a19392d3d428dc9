"""The risk panel without a screen: limits with value, use and headroom; switches; the last refusals.

Last stage of both walks. Reads the board that the engine answered; sends nothing. Headroom is a bar of text, so that it
is read as well as seen.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from workstation.domain.accounts import KillState, LockState
from workstation.domain.errors import ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.numbers import MONEY_DECIMALS, format_money, format_scaled
from workstation.domain.orders import OrderState, OrdStatus, RequestKind
from workstation.risk.board import LimitLine, RiskBoard
from workstation.risk.limits import UNLIMITED, LimitScope, LimitType, parse_limit
from workstation.risk.restrictions import Restriction, lockout_end_text
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, exact_time, grouped, time_of_day
from workstation.viewmodels.frames import AccountSnap, StatusSnap
from workstation.viewmodels.status_line import SILENT, stream_word

BAR_CELLS = 10
NEAR_SHARE = 0.8
REFUSALS_SHOWN = 50
UNCONFIRMED_NAMED = 4
REFUSED = frozenset({OrdStatus.RISK_REJECTED, OrdStatus.COMPLIANCE_REJECTED})
TITLES: dict[LimitType, str] = {
    LimitType.ORDER_QUANTITY: "Order quantity",
    LimitType.ORDER_NOTIONAL: "Order notional",
    LimitType.POSITION_QUANTITY: "Position quantity",
    LimitType.POSITION_NOTIONAL: "Position notional",
    LimitType.GROSS_EXPOSURE: "Gross exposure",
    LimitType.DAILY_LOSS: "Day loss",
    LimitType.DRAWDOWN: "Trailing drawdown, %",
    LimitType.ORDERS_PER_SECOND: "Orders per second",
    LimitType.ORDERS_PER_MINUTE: "Orders per minute",
    LimitType.OPEN_ORDERS: "Open orders",
    LimitType.PRICE_COLLAR: "Price collar, %",
    LimitType.PRICE_COLLAR_TICKS: "Price collar, ticks",
}
"""What a person calls each limit, with its unit where the name does not say it."""

COUNTS = frozenset(
    {LimitType.ORDERS_PER_SECOND, LimitType.ORDERS_PER_MINUTE, LimitType.OPEN_ORDERS, LimitType.PRICE_COLLAR_TICKS}
)
QUANTITIES = frozenset({LimitType.ORDER_QUANTITY, LimitType.POSITION_QUANTITY})
SCOPES: dict[LimitScope, str] = {
    LimitScope.TENANT: "All accounts",
    LimitScope.ACCOUNT: "Account",
    LimitScope.INSTRUMENT: "Instrument",
    LimitScope.STRATEGY: "Strategy",
}


class LimitEdit(msgspec.Struct, frozen=True):
    """What a typed value would do. error: why it cannot be set, "" when it can; loosens: it lets more through."""

    error: str
    loosens: bool
    text: str


class RiskView:
    """The limits of one screen, as a table in the order of the limit types."""

    def __init__(self) -> None:
        self.table: ColumnTable[LimitLine] = ColumnTable(_columns(), _key)
        self.restrictions: tuple[LimitChanged, ...] = ()
        self.orders = self.caps = ""

    def take(self, board: RiskBoard) -> None:
        """Show another board; limits that are gone leave."""
        kept = {_key(line) for line in board.limits}
        rows = [self.table.row(number) for number in range(self.table.total)]
        self.table.remove([_key(line) for line in rows if _key(line) not in kept])
        self.table.upsert(board.limits)
        self.restrictions = board.restrictions
        self.orders = orders_text(board.orders_today, board.orders_per_day)
        self.caps = caps_text(board.key_caps)

    def lines(self) -> list[LimitLine]:
        """Return every limit."""
        return [self.table.row_at(position) for position in range(len(self.table))]

    def breached(self) -> list[LimitLine]:
        """Return the limits of which all or more is used, and those that are missing a value."""
        return [line for line in self.lines() if level_of(line) == "red"]

    def style(self, line: LimitLine) -> RowStyle:
        """Return how a limit's row looks: what is near its end amber, what is over it red, no limit muted."""
        level = level_of(line)
        ink = {"amber": "warning", "red": "danger"}.get(level, "accent" if share_of(line) is not None else "text_muted")
        quiet = dict.fromkeys(("changed", "author", "reason"), CellStyle("text_muted"))
        cells = {"headroom": CellStyle(ink), "scope": CellStyle("text_muted"), **quiet}
        if level == "red":
            cells["used"] = CellStyle("danger", bold=True)
        return RowStyle(ink="text_muted" if line.unlimited else "text", cells=cells)

    def edit(self, limit: LimitType, scope: LimitScope, key: str, typed: str) -> LimitEdit:
        """Return what setting a typed value would do; "2k" and "1.5m" are read, "unlimited" in any case."""
        try:
            text = limit_text(limit, typed)
        except ValidationError as error:
            return LimitEdit(error=str(error), loosens=False, text="")
        known = self.table.get((limit, scope, key))
        value = parse_limit(limit, text)
        if known is None:
            return LimitEdit("", loosens=scope is LimitScope.TENANT, text=text)
        return LimitEdit("", loosens=value > known.value, text=text)


def limit_text(limit: LimitType, typed: str) -> str:
    """Return the plain text of a typed limit.

    Raises:
        ValidationError: empty, zero, negative, not a number; nothing is rounded.
    """
    text = typed.strip().replace(",", "").replace("_", "").lower()
    if text == UNLIMITED.lower():
        return UNLIMITED
    if not text:
        raise ValidationError(TITLES[limit], "is empty", allowed=f"a number above 0, or {UNLIMITED} by name")
    zeros = {"k": 3, "m": 6}.get(text[-1], 0)
    if zeros:
        whole, _, fraction = text[:-1].partition(".")
        if len(fraction) <= zeros and (whole + fraction).isdecimal():
            text = (whole + fraction.ljust(zeros, "0")).lstrip("0") or "0"
    parse_limit(limit, text)
    return text


def share_of(line: LimitLine) -> float | None:
    """Return the used share of a limit, 1.0 all of it; None where there is no bound or each order shows it alone."""
    if line.unlimited or line.used is None:
        return None
    return line.used / line.value if line.value > 0 else 1.0


def level_of(line: LimitLine) -> str:
    """Return ok, amber or red."""
    share = share_of(line)
    if line.value < 0 or (share is not None and share >= 1):
        return "red"
    return "amber" if share is not None and share >= NEAR_SHARE else "ok"


def headroom(line: LimitLine) -> str:
    """Return the headroom bar with the used share in words."""
    share = share_of(line)
    if share is None:
        return "no limit" if line.unlimited else "each order"
    filled = min(max(round(share * BAR_CELLS), 1 if share > 0 else 0), BAR_CELLS)
    return f"{'━' * filled}{'─' * (BAR_CELLS - filled)} {share:.0%} used"


def switches_text(restrictions: Sequence[LimitChanged], accounts: Iterable[AccountSnap]) -> str:
    """Return what is locked, locked out or close-only, "" while nothing is."""
    parts = []
    for row in restrictions:
        where = row.key or "all accounts"
        if row.limit == Restriction.LOCKOUT:
            until = lockout_end_text(row.new, row.ts)
            parts.append(f"LOCKED OUT {where} {until}, since {_clock(row.ts)}: {row.reason}")
        elif row.limit == Restriction.CLOSE_ONLY:
            parts.append(f"CLOSE-ONLY {where} since {_clock(row.ts)}: {row.reason}")
    parts += [f"{a.lock} {a.account}: {a.lock_reason}" for a in accounts if a.lock is not LockState.UNLOCKED]
    return "\n".join(parts)


def orders_text(orders_today: Mapping[str, int], limit: int | None) -> str:
    """Return how many orders each account has sent in its trading day, and of how many."""
    bound = "no limit a day" if limit is None else f"limit {limit:,} a day"
    counts = "   ".join(f"{account} {count:,}" for account, count in sorted(orders_today.items()))
    return f"Orders today: {counts} ({bound})" if counts else ""


def caps_text(caps: Mapping[str, str]) -> str:
    """Return how much one order of each script's key may move, "" where no key has a cap."""
    named = ", ".join(f"{name} {grouped(cap)}" for name, cap in sorted(caps.items()))
    return f"Most that one order of a script's key may move: {named} (set under Scripts)" if named else ""


def kill_text(kills: Sequence[KillState]) -> str:
    """Return which kill switches are on, "" for none."""
    return "\n".join(
        f"KILL SWITCH {' '.join(part for part in (kill.scope, kill.key) if part)} since {_clock(kill.ts)} "
        f"by {actor_text(kill.actor)}: {kill.reason or 'no reason given'}"
        for kill in kills
    )


def unconfirmed_text(orders: Iterable[OrderState]) -> str:
    """Return which cancels the venue has not confirmed, "" for none."""
    waiting = [
        order
        for order in orders
        if order.is_open
        and (
            order.status is OrdStatus.PENDING_CANCEL
            or order.unknown is RequestKind.CANCEL
            or order.cancel_requested_at is not None
        )
    ]
    named = ", ".join(f"{o.terms.side} {o.terms.symbol} …{o.cl_ord_id[-6:]}" for o in waiting[:UNCONFIRMED_NAMED])
    rest = f" and {len(waiting) - UNCONFIRMED_NAMED} more" if len(waiting) > UNCONFIRMED_NAMED else ""
    plural = "s" if len(waiting) > 1 else ""
    return f"NOT CONFIRMED by the venue: {len(waiting)} cancel{plural}: {named}{rest}." if waiting else ""


def lockout_policy(*, flattens: bool) -> str:
    """Return what a loss limit that is hit does beside locking, and what it cannot promise."""
    if flattens:
        limits = "gaps, halts and a link that is down stand in the way"
        return f"At a lockout every position is exited; no price is sure: {limits}."
    return "At a lockout positions stay (risk.flatten_at_lockout is off)."


def refusals(orders: Iterable[OrderState]) -> list[OrderState]:
    """Return the last orders that the gate refused, newest first."""
    found = sorted((o for o in orders if o.status in REFUSED), key=lambda o: o.updated_at, reverse=True)
    return found[:REFUSALS_SHOWN]


def refusal_text(order: OrderState) -> str:
    """Return a refusal in one line."""
    return f"{time_of_day(order.updated_at)[:8]}  {order.terms.symbol} {order.terms.side}  {order.text}"


def stale_text(status: StatusSnap | None) -> str:
    """Return which prices exposure is measured on are old, "" when they are fresh."""
    if status is None:
        return ""
    old = [stream for stream in status.streams if stream.worst_symbol and stream_word(stream) == SILENT]
    names = ", ".join(f"{stream.stream.lower()} of {stream.worst_symbol}" for stream in old)
    return f"Exposure as of older prices: {names}." if names else ""


def actor_text(actor: str) -> str:
    """Return who did something, as a person reads it."""
    kind, _, user = actor.partition(":")
    return f"{user} by {kind.replace('_', ' ').lower()}" if user else kind


def value_text(line: LimitLine, value: int | None) -> str:
    """Return a value on the scale of a limit's type."""
    if value is None or value < 0:
        return MISSING
    if line.limit in COUNTS:
        return f"{value:,}"
    return grouped(format_scaled(value, MONEY_DECIMALS, keep=0))


def used_text(line: LimitLine) -> str:
    """Return what is used of a limit, money to the cent, so that the figures of a column stand above each other."""
    if line.used is None or line.used < 0 or line.limit in COUNTS | QUANTITIES:
        return value_text(line, line.used)
    return grouped(format_money(line.used))


def _limit_text(line: LimitLine) -> str:
    return "unlimited" if line.unlimited else value_text(line, line.value)


def _scope_text(line: LimitLine) -> str:
    return line.key or SCOPES[line.scope]


def _clock(ts: int) -> str:
    return time_of_day(ts)[:8]


def _changed(line: LimitLine) -> str:
    return exact_time(line.changed_at)[:16].replace("T", " ") if line.changed_at else "default"


def _key(line: LimitLine) -> tuple[str, str, str]:
    return line.limit, line.scope, line.key


def _order(line: LimitLine) -> float:
    """Return the place in the list: limits that bind first, then by type, the tenant's own first."""
    types, scopes = list(LimitType), list(LimitScope)
    return (line.unlimited * len(types) + types.index(line.limit)) * len(scopes) + scopes.index(line.scope)


def _columns() -> tuple[Column[LimitLine], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
    return (
        Column("order", "", number, _order, lambda _r: "", width=0),
        Column("limit", "Limit", code, lambda r: TITLES[r.limit], lambda r: TITLES[r.limit], width=17, fixed=True),
        Column("value", "Value", number, lambda r: float(r.value), _limit_text, right=True, width=10,
               exact=lambda r: r.text, hint="Money in the account's currency; quantities in units"),
        Column("headroom", "Headroom", number, share_of, headroom, width=19, hint="How much of the limit is used"),
        Column("scope", "Scope", code, _scope_text, _scope_text, width=12, fixed=True),
        Column("used", "Used", number, lambda r: None if r.used is None else float(r.used),
               used_text, right=True, width=12, hint="Of several in its scope, the most used"),
        Column("changed", "Changed, UTC", number, lambda r: float(r.changed_at), _changed, width=16,
               exact=lambda r: exact_time(r.changed_at)),
        Column("author", "By", code, lambda r: actor_text(r.changed_by), lambda r: actor_text(r.changed_by), width=11),
        Column("reason", "Reason", text, lambda r: r.reason, lambda r: r.reason, width=8),
    )  # fmt: skip
