"""The connections panel without a screen: links and streams, accounts, differences with venues, kept cancels.

Last stage of both walks. "Connected" never stands for "fresh": a link whose streams are old is amber. Sends nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from workstation.domain.accounts import LockState
from workstation.domain.market import StreamState
from workstation.domain.numbers import format_scaled
from workstation.domain.orders import OrderState
from workstation.ports.venue_board import AccountLine, KeptLink, VenueBoard
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, Formats, age, exact_time, money, time_of_day
from workstation.viewmodels.frames import AccountSnap, StatusSnap, StreamSnap
from workstation.viewmodels.status_line import SILENT, offset_chip, stream_word
from workstation.viewmodels.venue_standing import AccountRow, LinkLine, rights_words, venue_lines

MS_NS = 1_000_000
_US_NS = 1_000
KEPT_CANCEL, POSITION, CASH = "kept cancel", "position", "cash"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a person may have to decide. what: position, cash or kept cancel; ours, theirs: as text.

    symbol: of a position; cl_ord_id: of a kept cancel. since: UTC ns.
    """

    account: str
    what: str
    name: str
    ours: str
    theirs: str
    since: int
    owner: str
    symbol: str = ""
    cl_ord_id: str = ""


class ConnectionsView:
    """Three tables of one screen."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self.links: ColumnTable[LinkLine] = ColumnTable(_link_columns(), lambda line: line.name)
        self.accounts: ColumnTable[AccountRow] = ColumnTable(_account_columns(), lambda row: row.line.account.account)
        self.differences: ColumnTable[Difference] = ColumnTable(_difference_columns(), _difference_key)
        self.board: VenueBoard | None = None

    def take_links(self, status: StatusSnap, orders: Iterable[OrderState] = ()) -> None:
        """Show links, streams and stages. orders: those that are open, for what becomes of them without a link."""
        if self.board is None:
            return
        wanted = {line.name: line for line in links(status, self.board, tuple(orders))}
        shown = [self.links.row(number).name for number in range(self.links.total)]
        self.links.remove([name for name in shown if name not in wanted])
        self.links.upsert(wanted.values())

    def take_accounts(self, snaps: dict[str, AccountSnap]) -> None:
        """Show accounts with their newest figures."""
        if self.board is not None:
            self.accounts.upsert(
                [AccountRow(line=line, snap=snaps.get(line.account.account)) for line in self.board.accounts]
            )

    def take_differences(self, orders: Iterable[OrderState]) -> None:
        """Show what stands open; what is settled leaves."""
        wanted = {_difference_key(row): row for row in self._found(orders)}
        known = [self.differences.row(number) for number in range(self.differences.total)]
        self.differences.remove([_difference_key(row) for row in known if _difference_key(row) not in wanted])
        self.differences.upsert(wanted.values())

    def locked(self) -> list[AccountLine]:
        """Return the accounts that take no new risk."""
        return [] if self.board is None else [row for row in self.board.accounts if row.lock is not LockState.UNLOCKED]

    def _found(self, orders: Iterable[OrderState]) -> Iterable[Difference]:
        for line in () if self.board is None else self.board.accounts:
            for found in line.breaks:
                name = found.symbol or found.currency
                ours, theirs = (self._amount(found.symbol, amount) for amount in (found.ours, found.theirs))
                yield Difference(
                    account=found.account, what=POSITION if found.symbol else CASH, name=name, ours=ours,
                    theirs=theirs, since=found.since or found.ts, owner=found.owner, symbol=found.symbol,
                )  # fmt: skip
        for order in orders:
            if order.cancel_requested_at is not None and order.status.is_working:
                terms = order.terms
                yield Difference(
                    account=terms.account, what=KEPT_CANCEL, name=f"{terms.side} {terms.symbol}", ours="cancel",
                    theirs=str(order.status), since=order.cancel_requested_at, owner="", cl_ord_id=order.cl_ord_id,
                )  # fmt: skip

    def _amount(self, symbol: str, amount: int) -> str:
        if not symbol:
            return money(amount)
        instrument = self._formats.instrument(symbol)
        return format_scaled(amount, 0 if instrument is None else instrument.qty_decimals, keep=0)


def links(status: StatusSnap, board: VenueBoard, orders: Sequence[OrderState] = ()) -> list[LinkLine]:
    """Return each venue's link and what it says of itself, each stream, the engine's stages, and what is not used."""
    stale = [stream.stream.lower() for stream in status.streams if stream_word(stream) == SILENT]
    found = [line for venue in board.venues for line in venue_lines(status, board, venue, stale, orders)]
    feed_level = "red" if status.feed_state != "UP" else "amber" if stale else "ok"
    rate = f"{status.updates_per_s:,.0f} updates/s"
    found.append(
        LinkLine(name=f"Feed {status.feed}", state=status.feed_state, age_ms=None, detail=rate, level=feed_level)
    )
    for stream in status.streams:
        word = stream_word(stream)
        level = {"": "muted", SILENT: "amber", StreamState.UP.value: "ok"}.get(word, "red")
        found.append(
            LinkLine(
                name=f"Stream {stream.stream.lower()}",
                state=word or "no data yet",
                age_ms=stream.worst_age_ms if stream.state else None,
                detail=_oldest(stream),
                level=level,
            )
        )
    found += [_engine(status), _clock(status), _journal(status)]
    found.extend(_unused(link) for link in board.kept)
    return found


def _oldest(stream: StreamSnap) -> str:
    """Return which instrument is silent, and how often it usually speaks."""
    if not stream.worst_symbol:
        return ""
    usual = f", usually every {age(stream.usual_ms * MS_NS)}" if stream.usual_ms else ""
    return f"oldest: {stream.worst_symbol}{usual}"


def _unused(link: KeptLink) -> LinkLine:
    why = "this run trades elsewhere" if link.is_active else "switched off"
    name, detail = f"{link.broker} / {link.name}", f"{link.kind} connection; {why}"
    return LinkLine(name=name, state="NOT USED", age_ms=None, detail=detail, level="muted")


def _engine(status: StatusSnap) -> LinkLine:
    latency = status.latency
    stages = (
        ("key to journal", latency.key_to_journal),
        ("journal to sent", latency.journal_to_sent),
        ("sent to ack", latency.sent_to_ack),
    )
    parts = [f"{name} {age(pair[0] * _US_NS)} / {age(pair[1] * _US_NS)}" for name, pair in stages if pair is not None]
    detail = f"{', '.join(parts)} (p50 / p99 of {latency.count})" if parts else "no orders timed yet"
    return LinkLine(name="Order latency", state=f"lag {status.engine_lag_ms:.0f} ms", age_ms=None, detail=detail,
                    level="ok")  # fmt: skip


def _clock(status: StatusSnap) -> LinkLine:
    """Return how far the feed's clock stands from this machine's, as the status bar judges it."""
    chip = offset_chip(status)
    state = "no data yet" if status.clock_offset_ns is None else chip.text.removeprefix("clock ")
    return LinkLine(name="Clock offset", state=state, age_ms=None, detail=chip.hover, level=chip.level)


def _journal(status: StatusSnap) -> LinkLine:
    trouble = status.storage_trouble
    return LinkLine(
        name="Journal", state="TROUBLE" if trouble else "OK", age_ms=None,
        detail=trouble or f"line {status.journal_seq:,}, queue {status.journal_fill:.0%} full",
        level="red" if trouble else "ok",
    )  # fmt: skip


def link_style(line: LinkLine) -> RowStyle:
    """Return how a link looks."""
    ink = {"amber": "warning", "red": "danger", "muted": "text_muted"}.get(line.level, "buy")
    glyph = {"amber": "dots", "red": "cross", "muted": ""}.get(line.level, "tick")
    is_bold = line.level != "muted"
    return RowStyle(cells={"state": CellStyle(ink, "", glyph, bold=is_bold), "detail": CellStyle("text_muted")})


def account_style(row: AccountRow) -> RowStyle:
    """Return how an account looks: what is locked is red, an override amber."""
    is_open = row.line.lock is LockState.UNLOCKED
    ink = "danger" if not is_open else "warning" if row.line.overridden else "buy"
    cells = {"lock": CellStyle(ink, bold=not is_open), "reason": CellStyle("text_muted")}
    if row.line.barred or row.line.rights is None:
        cells["permissions"] = CellStyle("warning")
    return RowStyle(cells=cells | ({"breaks": CellStyle("danger", bold=True)} if row.line.breaks else {}))


def difference_style(row: Difference) -> RowStyle:
    """Return how a difference looks: amber until a person has signed for it."""
    return RowStyle(cells={"what": CellStyle("text_muted" if row.owner else "warning")})


def diagnostics(view: ConnectionsView) -> str:
    """Return every table as text, for a report of trouble. Nothing in it is secret."""
    tables: dict[str, ColumnTable[Any]] = {
        "Links": view.links,
        "Accounts": view.accounts,
        "Differences": view.differences,
    }
    return "\n".join(f"{title}\n{_table_text(table)}" for title, table in tables.items())


def _table_text(table: ColumnTable[Any]) -> str:
    rows = [table.row_at(position) for position in range(len(table))]
    return "\n".join("  " + "  ".join(f"{c.title}={c.text(row)}" for c in table.columns) for row in rows)


def _difference_key(row: Difference) -> tuple[str, str, str]:
    return row.account, row.what, row.cl_ord_id or row.name


def _age(line: LinkLine) -> str:
    return MISSING if line.age_ms is None else age(line.age_ms * MS_NS)


def _figure(name: str, title: str) -> Column[AccountRow]:
    def amount(row: AccountRow) -> int | None:
        return None if row.snap is None else getattr(row.snap, name)

    return Column(name, title, ColumnKind.NUMBER, amount, lambda row: money(amount(row)), right=True, width=12)


def _bound(row: AccountRow) -> float | None:
    """Return the share of equity that open positions bind."""
    snap = row.snap
    return None if snap is None or snap.margin_used is None or snap.equity <= 0 else snap.margin_used / snap.equity


def _bound_text(row: AccountRow) -> str:
    share = _bound(row)
    return MISSING if share is None else f"{share:.1%}"


def _moment(ts: int) -> str:
    return time_of_day(ts)[:8] if ts else MISSING


def _link_columns() -> tuple[Column[LinkLine], ...]:
    code, text = ColumnKind.CODE, ColumnKind.TEXT
    return (
        Column("name", "Link", code, lambda r: r.name, lambda r: r.name, width=15, fixed=True),
        Column("state", "State", code, lambda r: r.state, lambda r: r.state, width=13),
        Column("age", "Age", ColumnKind.NUMBER, lambda r: r.age_ms, _age, right=True, width=8,
               hint="Of the oldest value"),
        Column("detail", "Detail", text, lambda r: r.detail, lambda r: r.detail, width=18),
    )  # fmt: skip


def _account_columns() -> tuple[Column[AccountRow], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
    return (
        Column("account", "Account", code, lambda r: r.line.account.account, lambda r: r.line.account.account, width=12,
               fixed=True),
        Column("lock", "State", code, lambda r: r.line.lock, lambda r: r.line.lock, width=11),
        Column("since", "Compared", number, lambda r: float(r.line.since), lambda r: _moment(r.line.since), width=9,
               exact=lambda r: exact_time(r.line.since), hint="When its state last changed, UTC"),
        Column("breaks", "Diff", number, lambda r: len(r.line.breaks), lambda r: str(len(r.line.breaks)), right=True,
               width=4, hint="Differences with the venue that stand open"),
        _figure("equity", "Equity"),
        _figure("cash", "Cash"),
        _figure("margin_used", "Margin used"),
        _figure("buying_power", "Available"),
        Column("ratio", "Bound", number, _bound, _bound_text, right=True, width=7,
               hint="Margin used of equity"),
        Column("permissions", "Permissions", text, rights_words, rights_words, width=22,
               hint="What the venue lets the account do, and what is switched off for it here"),
        Column("currency", "Ccy", code, lambda r: r.line.account.currency, lambda r: r.line.account.currency, width=4),
        Column("venue", "Venue", code, lambda r: r.line.account.venue, lambda r: r.line.account.venue, width=7),
        Column("reason", "Reason", text, lambda r: r.line.reason, lambda r: r.line.reason, width=24),
    )  # fmt: skip


def _difference_columns() -> tuple[Column[Difference], ...]:
    code, text = ColumnKind.CODE, ColumnKind.TEXT
    return (
        Column("account", "Account", code, lambda r: r.account, lambda r: r.account, width=12, fixed=True),
        Column("what", "Difference", code, lambda r: r.what, lambda r: r.what, width=11),
        Column("name", "In", code, lambda r: r.name, lambda r: r.name, width=11),
        Column("ours", "Here", text, lambda r: r.ours, lambda r: r.ours, right=True, width=12),
        Column("theirs", "At the venue", text, lambda r: r.theirs, lambda r: r.theirs, right=True, width=12),
        Column("since", "Since", ColumnKind.NUMBER, lambda r: float(r.since), lambda r: _moment(r.since), width=9,
               exact=lambda r: exact_time(r.since)),
        Column("owner", "Signed by", code, lambda r: r.owner, lambda r: r.owner, width=14),
    )  # fmt: skip
