"""The script panel without a screen: keys with scopes, cap, expiry and permit; requests; a new key's record.

Beside both walks. A key is made at the gesture and only its hash goes on; nothing here keeps it. Sends nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled
from workstation.domain.orders import OrderState, OriginKind
from workstation.domain.records import ApiKey
from workstation.domain.scopes import PRESETS
from workstation.ports.scripts import RequestLine, ScriptBoard
from workstation.risk.permits import PermitUse
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import DAY_NS, MISSING, age, exact_time, grouped, time_of_day
from workstation.viewmodels.permits import PermitHolder, is_in_force

KEY_START = "oms_"
PREFIX_DIGITS = 8
RATE_LIMIT_PER_MIN = 600
NAME_CHARS_MAX = 100
DAYS_MAX = 3_650
LOCAL_USER = "local"
REQUESTS_SHOWN = 200


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key with what it did. used_at: of its newest request since the start, UTC ns; orders: of today."""

    key: ApiKey
    used_at: int
    orders: int
    now_ns: int


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request with its place and who sent it in words."""

    line: RequestLine
    place: int
    who: str


class KeyInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What is typed for a new key, as text. preset: a name of PRESETS; cap, days: empty for none."""

    name: str
    preset: str
    cap: str
    days: str


class ApiView:
    """Keys and requests of one screen."""

    def __init__(self, names: Mapping[str, str] = MappingProxyType({})) -> None:
        """names: of keys by id, deleted ones too."""
        self._names = names
        self.keys: ColumnTable[KeyRow] = ColumnTable(_key_columns(), lambda row: row.key.id)
        self.requests: ColumnTable[RequestRow] = ColumnTable(_request_columns(), _request_key, newest_first=True)
        self.board: ScriptBoard | None = None
        self._seen = 0
        self._uses: dict[str, PermitUse] = {}

    def take_uses(self, uses: Iterable[PermitUse]) -> None:
        """Note what is used of the permits in force."""
        self._uses = {use.holder: use for use in uses}

    def holder(self, key: ApiKey) -> PermitHolder:
        """Return a key with its permit and what is used of it."""
        return PermitHolder(key.name, key.live_permit, self._uses.get(key.id))

    def take(self, board: ScriptBoard, orders: Iterable[OrderState]) -> None:
        """Show another board; keys that were revoked leave."""
        self.board = board
        sent = Counter(order.origin.detail for order in orders if order.origin.kind is OriginKind.REST)
        used = {line.credential: line.ts for line in board.door.requests}
        known = [self.keys.row(number).key.id for number in range(self.keys.total)]
        living = {key.id for key in board.keys}
        self.keys.remove([key for key in known if key not in living])
        self.keys.upsert(
            [
                KeyRow(key=key, used_at=used.get(key.id, 0), orders=sent[key.id], now_ns=board.now_ns)
                for key in board.keys
            ]
        )
        self._take_requests(board)

    def _take_requests(self, board: ScriptBoard) -> None:
        names = {**self._names, **{key.id: key.name for key in board.keys}}
        fresh = [line for line in board.door.requests if line.ts > self._seen]
        rows = [
            RequestRow(line=line, place=place, who=_who(line, names)) for place, line in enumerate(fresh, self._seen)
        ]
        if fresh:
            self._seen = max(line.ts for line in fresh)
            self.requests.upsert(rows)
        shown = [self.requests.row_at(position) for position in range(REQUESTS_SHOWN, len(self.requests))]
        self.requests.remove([_request_key(row) for row in shown])


def new_record(key: str, inputs: KeyInputs, now_ns: int) -> ApiKey:
    """Return the record of a new key; only its hash and prefix are in it.

    Raises:
        ValidationError: naming the field.
    """
    name = inputs.name.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise ValidationError("name", "is needed", allowed=f"1 to {NAME_CHARS_MAX} characters")
    return ApiKey(
        user_id=LOCAL_USER,
        name=name,
        key_prefix=key.removeprefix(KEY_START)[:PREFIX_DIGITS],
        key_hash=hashlib.sha256(key.encode()).hexdigest(),
        scopes=tuple(sorted(PRESETS[inputs.preset])),
        rate_limit=RATE_LIMIT_PER_MIN,
        expires_at=_expiry(inputs.days.strip(), now_ns),
        max_order_notional=_cap(inputs.cap.strip()),
    )


def _cap(text: str) -> str | None:
    if not text:
        return None
    value = parse_scaled(text.replace(",", ""), MONEY_DECIMALS, field="cap")
    if value <= 0:
        raise ValidationError("cap", f"{text} is not above 0", allowed="an amount, or nothing for no cap of its own")
    return format_scaled(value, MONEY_DECIMALS, keep=0)


def _expiry(text: str, now_ns: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= DAYS_MAX:
        raise ValidationError("days", f"{text} is not possible", allowed=f"whole days, 1 to {DAYS_MAX:,}")
    return now_ns + int(text) * DAY_NS


def key_style(row: KeyRow) -> RowStyle:
    """Return how a key looks: what is out of force is struck, a live permit is said loudly."""
    key = row.key
    is_over = not key.is_active or (key.expires_at is not None and key.expires_at <= row.now_ns)
    cells = {"permit": CellStyle("danger", bold=True)} if has_permit(key, row.now_ns) else {}
    return RowStyle(ink="text_muted" if is_over else "text", struck=is_over, cells=cells)


def request_style(row: RequestRow) -> RowStyle:
    """Return how a request looks: refused amber, failed red, trading calls bold."""
    status = row.line.status
    ink = "danger" if status >= 500 else "warning" if status >= 400 else "buy"
    is_trading = row.line.method != "GET" and "/oms/" in row.line.path
    return RowStyle(cells={"status": CellStyle(ink), "path": CellStyle(bold=is_trading)})


def has_permit(key: ApiKey, now_ns: int) -> bool:
    """Tell whether a key may add risk on a live account now."""
    return is_in_force(key.live_permit, now_ns)


def scopes_text(scopes: tuple[str, ...]) -> str:
    """Return scopes by the name of their preset, else by their number."""
    return next((name for name, held in PRESETS.items() if held == set(scopes)), f"{len(scopes)} scopes")


def _who(line: RequestLine, names: Mapping[str, str]) -> str:
    if not line.credential:
        return "nobody" if line.status == 401 else "public"
    return names.get(line.credential, "local token" if line.kind == "LOCAL" else line.kind.lower() or "unknown")


def _request_key(row: RequestRow) -> tuple[int, int]:
    return row.line.ts, row.place


def _until(ts: int | None, now_ns: int) -> str:
    if ts is None:
        return "never"
    return f"in {age(ts - now_ns)}" if ts > now_ns else "expired"


def _permit(row: KeyRow) -> str:
    permit = row.key.live_permit
    return f"LIVE {age(permit.expires_at - row.now_ns)}" if permit and has_permit(row.key, row.now_ns) else "none"


def _cap_text(row: KeyRow) -> str:
    return MISSING if row.key.max_order_notional is None else grouped(row.key.max_order_notional)


def _key_columns() -> tuple[Column[KeyRow], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
    return (
        Column("name", "Key", code, lambda r: r.key.name, lambda r: r.key.name, width=14),
        Column("prefix", "Begins", text, lambda r: r.key.key_prefix, lambda r: f"{KEY_START}{r.key.key_prefix}…",
               width=15, fixed=True),
        Column("scopes", "Scopes", code, lambda r: scopes_text(r.key.scopes), lambda r: scopes_text(r.key.scopes),
               width=10, hover=lambda r: ", ".join(r.key.scopes)),
        Column("cap", "Order cap", text, _cap_text, _cap_text, right=True, width=10,
               hint="Largest notional of one of its orders"),
        Column("expires", "Expires", number, lambda r: r.key.expires_at,
               lambda r: _until(r.key.expires_at, r.now_ns), width=8, exact=lambda r: exact_time(r.key.expires_at)),
        Column("permit", "Live permit", text, _permit, _permit, width=12,
               hint="Without one its orders on live accounts are refused"),
        Column("used", "Last call", number, lambda r: float(r.used_at), lambda r: time_of_day(r.used_at)[:8], width=9,
               hint="Since the start, UTC"),
        Column("orders", "Orders", number, lambda r: float(r.orders), lambda r: f"{r.orders:,}", right=True, width=6,
               hint="Sent through this key; the blotter names it in Origin"),
    )  # fmt: skip


def _request_columns() -> tuple[Column[RequestRow], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    return (
        Column("ts", "Time, UTC", number, lambda r: float(r.line.ts), lambda r: time_of_day(r.line.ts), width=12,
               fixed=True, exact=lambda r: exact_time(r.line.ts)),
        Column("who", "Who", code, lambda r: r.who, lambda r: r.who, width=12),
        Column("status", "Answer", number, lambda r: float(r.line.status), lambda r: str(r.line.status), right=True,
               width=6, fixed=True),
        Column("method", "Method", code, lambda r: r.line.method, lambda r: r.line.method, width=7, fixed=True),
        Column("path", "Path", code, lambda r: r.line.path, lambda r: r.line.path, width=24, fixed=True),
        Column("ms", "ms", number, lambda r: r.line.ms, lambda r: f"{r.line.ms:.1f}", right=True, width=6, fixed=True),
    )  # fmt: skip
