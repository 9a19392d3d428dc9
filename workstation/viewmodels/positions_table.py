"""The positions panel without a screen: account, size, average, mark, open profit, protection and the way out.

Last stage of both walks. Account rows alone (all strategies summed); what was closed today stays, muted. A position
without a usable mark shows a dash and is counted, never valued at 0. Sends nothing.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.numbers import parse_scaled
from workstation.domain.orders import OrderState, Residence
from workstation.viewmodels.columns import CellStyle, Changes, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, Formats, age, exact_money, gain_ink, money
from workstation.viewmodels.frames import PartSnap, PositionSnap
from workstation.viewmodels.open_profit import open_ticks, risk_text, ticks_text

ALL_STRATEGIES = "*"
STALE_MARK_MS = 5_000
FLATTEN, HALF = "flatten", "half"
PORTIONS_BPS = {FLATTEN: 10_000, HALF: 5_000}
_PROTECTION = {  # word, glyph, colour role
    "full": ("full", "shield", "buy"),
    "partial": ("partial", "shield", "warning"),
    "none": ("none", "", "text_muted"),
    "program": ("PC only", "shield", "warning"),
}


class CurrencyTotals(msgspec.Struct, frozen=True):
    """Sums of one currency over the positions that have a mark."""

    open: int
    realised: int
    fees: int


class PositionsView:
    """Positions of all accounts of one screen. names: of strategies and runs by id."""

    def __init__(self, formats: Formats, names: Mapping[str, str] = MappingProxyType({})) -> None:
        self._formats, self._names = formats, names
        self.table: ColumnTable[PositionSnap] = ColumnTable(self._columns(), _key)

    def take(self, snaps: Iterable[PositionSnap]) -> Changes:
        """Fold position snapshots in; rows of single strategies are left to other views."""
        return self.table.upsert([snap for snap in snaps if snap.position.strategy_id == ALL_STRATEGIES])

    def rows(self) -> list[PositionSnap]:
        """Return every position, closed ones included."""
        return [self.table.row(number) for number in range(self.table.total)]

    def unpriced(self) -> list[str]:
        """Return the instruments that are held and have no usable mark."""
        return [s.position.symbol for s in self.rows() if s.position.qty and s.unrealised is None]

    def totals(self) -> Mapping[str, CurrencyTotals]:
        """Return sums by currency, never across currencies; unpriced positions are left out of `open`."""
        found: dict[str, CurrencyTotals] = {}
        for snap in self.rows():
            position = snap.position
            for currency, fee in (*snap.day_fees.items(), (position.currency, 0)):
                before = found.get(currency, CurrencyTotals(0, 0, 0))
                found[currency] = CurrencyTotals(before.open, before.realised, before.fees + fee)
            total = found[position.currency]
            found[position.currency] = CurrencyTotals(
                total.open + (snap.unrealised or 0), total.realised + snap.day_realised, total.fees
            )
        return found

    def style(self, snap: PositionSnap) -> RowStyle:
        """Return how a position's row looks: closed muted, a stale mark hatched, an unprotected one said."""
        if not snap.position.qty:
            cells = {"exit": CellStyle("buy", "", "tick")} if snap.exit_phase == "FLAT" else {}
            return RowStyle(ink="text_muted", cells=cells | {"gap": CellStyle("danger", bold=True)})
        side = "buy" if snap.position.qty > 0 else "sell"
        _, glyph, ink = _PROTECTION.get(snap.protection, ("", "", "text_muted"))
        gain = gain_ink(snap.unrealised)
        cells = {
            "side": CellStyle(side, "", "up" if side == "buy" else "down"),
            "ticks": CellStyle(gain),
            "risk": CellStyle(gain if snap.risk else "text_muted"),
            "open": CellStyle(gain, bold=True),
            "realised": CellStyle(gain_ink(snap.day_realised)),
            "protection": CellStyle(ink, "", glyph),
            "exit": CellStyle("warning", "", "dots") if snap.exit_phase else CellStyle("text_muted"),
            "gap": CellStyle("danger", bold=True),
            FLATTEN: CellStyle(button=True),
            HALF: CellStyle(button=True),
            "kind": CellStyle("warning" if snap.mark is None or is_stale(snap) else "text_muted"),
            **dict.fromkeys(("account", "currency", "fees", "margin", "split", "value"), CellStyle("text_muted")),
        }
        return RowStyle(hatched=is_stale(snap), cells=cells)

    def _average(self, snap: PositionSnap) -> str:
        instrument = self._formats.instrument(snap.position.symbol)
        if instrument is None or not snap.position.qty:
            return MISSING
        unit = instrument.notional(1, 1)
        return self._formats.average(snap.position.symbol, snap.position.cost, snap.position.qty * unit)

    def _average_number(self, snap: PositionSnap) -> float | None:
        instrument = self._formats.instrument(snap.position.symbol)
        if instrument is None or not snap.position.qty:
            return None
        units: float = snap.position.cost / (snap.position.qty * instrument.notional(1, 1))
        return units / float(10**instrument.price_decimals)

    def gap_words(self) -> str:
        """Return the positions that differ from the venue's, in words; "" while all agree."""
        return "; ".join(self.gap_of(snap) for snap in self.rows() if snap.theirs is not None)

    def gap_of(self, snap: PositionSnap) -> str:
        """Return a position here and at the venue in words."""
        symbol, quantity = snap.position.symbol, self._formats.quantity
        return f"{symbol} {quantity(symbol, snap.position.qty)} here, {quantity(symbol, snap.theirs)} at the venue"

    def _gap_number(self, snap: PositionSnap) -> float | None:
        gap = None if snap.theirs is None else snap.position.qty - snap.theirs
        return self._formats.quantity_number(snap.position.symbol, gap)

    def _gap(self, snap: PositionSnap) -> str:
        if snap.theirs is None:
            return ""
        gap = snap.position.qty - snap.theirs
        text = self._formats.quantity(snap.position.symbol, gap)
        return f"+{text}" if gap > 0 else text

    def _value(self, snap: PositionSnap) -> int | None:
        instrument = self._formats.instrument(snap.position.symbol)
        if instrument is None or snap.mark is None or not snap.position.qty:
            return None
        return instrument.notional(snap.mark, snap.position.qty)

    def _ticks(self, snap: PositionSnap) -> float | None:
        instrument = self._formats.instrument(snap.position.symbol)
        return None if instrument is None else open_ticks(snap, instrument)

    def _split(self, snap: PositionSnap) -> str:
        symbol, shown = snap.position.symbol, [part for part in snap.parts if part.qty]
        if not shown:
            return ""
        if len(shown) == 1:
            return self._holder(shown[0])
        texts = (f"{self._holder(part)} {self._formats.quantity(symbol, part.qty)}" for part in shown)
        return " · ".join(texts)

    def _split_hover(self, snap: PositionSnap) -> str:
        quantity, symbol, currency = self._formats.quantity, snap.position.symbol, snap.position.currency
        return "\n".join(
            f"{self._holder(part, with_id=True)}: {quantity(symbol, part.qty)}, "
            f"open {money(part.unrealised, signed=True)}, realised {money(part.realised, signed=True)} {currency}"
            for part in snap.parts
        )

    def _holder(self, part: PartSnap, *, with_id: bool = False) -> str:
        named = self._names.get(part.strategy_id)
        if named is None:
            return part.name
        return f"{named} ({part.strategy_id})" if with_id else named

    def _columns(self) -> tuple[Column[PositionSnap], ...]:
        code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT
        f = self._formats
        return (
            Column("symbol", "Symbol", code, lambda s: s.position.symbol, lambda s: s.position.symbol, width=12,
                   fixed=True),
            Column("side", "Side", code, _side, _side, width=8),
            Column("qty", "Qty", number, lambda s: f.quantity_number(s.position.symbol, abs(s.position.qty)),
                   lambda s: f.quantity(s.position.symbol, abs(s.position.qty)), right=True, width=8,
                   exact=lambda s: f.exact_quantity(s.position.symbol, s.position.qty),
                   hint="Click: a ticket with the exit of this size, not sent"),
            Column("average", "Average", number, self._average_number, self._average, right=True, width=10,
                   hint="Average cost"),
            Column("mark", "Mark", number, lambda s: f.price_number(s.position.symbol, s.mark),
                   lambda s: f.price(s.position.symbol, s.mark), right=True, width=9,
                   exact=lambda s: f.exact_price(s.position.symbol, s.mark)),
            Column("kind", "by", code, lambda s: s.mark_kind, _mark_kind, width=8, hint="What marks it, and its age"),
            Column("open", "Open P&L", number, lambda s: s.unrealised, lambda s: money(s.unrealised, signed=True),
                   right=True, width=11, exact=lambda s: exact_money(s.unrealised)),
            Column(FLATTEN, "Exit all", text, _flatten, _flatten, width=7, hint="Cancel its orders, then exit all"),
            Column(HALF, "Half", text, _half, _half, width=5, hint="Exit half of it"),
            Column("ticks", "Ticks", number, self._ticks, lambda s: ticks_text(self._ticks(s)), right=True, width=8,
                   hint="Open profit in ticks for one unit"),
            Column("risk", "R", number, _risk_multiple, lambda s: risk_text(s.unrealised, s.risk), right=True, width=6,
                   hint="Open profit over what its stops would lose from the average; a dash without such a stop"),
            Column("currency", "Ccy", code, lambda s: s.position.currency, lambda s: s.position.currency, width=4,
                   fixed=True),
            Column("protection", "Protection", code, _protection, _protection, width=9,
                   hint="How much of the position stops cover; PC only: they die with this program"),
            Column("exit", "Exit state", text, _exit, _exit, width=20,
                   hint="CANCELLING, SETTLED, EXITING, FLAT (verified)"),
            Column("gap", "Venue gap", number, self._gap_number, self._gap, right=True, width=10,
                   hint="Ours less the venue's own quantity, empty while both agree; a click shows the fills"),
            Column("realised", "Realised", number, lambda s: s.day_realised,
                   lambda s: money(s.day_realised, signed=True), right=True, width=11,
                   exact=lambda s: exact_money(s.day_realised), hint="Realised today, before fees"),
            Column("fees", "Fees", number, lambda s: sum(s.day_fees.values()), _fees, right=True, width=9,
                   hint="Paid today"),
            Column("margin", "Margin", number, lambda s: s.margin, lambda s: money(s.margin), right=True, width=11,
                   exact=lambda s: exact_money(s.margin), hint="What the position binds of the account's margin; "
                   "a dash where it has no price"),
            Column("split", "Held by", text, self._split, self._split, width=16, hover=self._split_hover,
                   hint="How much each strategy holds of it, and how much the hand does"),
            Column("value", "Value", number, self._value, lambda s: money(self._value(s), signed=True), right=True,
                   width=13, exact=lambda s: exact_money(self._value(s)), hint="Market value at the mark, + long"),
            Column("account", "Account", code, lambda s: s.position.account, lambda s: s.position.account, width=11,
                   fixed=True),
        )  # fmt: skip


def portion_of(text: str) -> int | None:
    """Return a typed part such as `30` or `12.5 %` in basis points; None for what is none, or not within 0 to 100."""
    try:
        portion = parse_scaled(text.strip().removesuffix("%").strip(), 2)
    except ValidationError:
        return None
    return portion if 0 < portion <= PORTIONS_BPS[FLATTEN] else None


def is_stale(snap: PositionSnap) -> bool:
    """Tell whether a held position's mark is too old to be believed."""
    return bool(snap.position.qty) and snap.mark is not None and snap.mark_age_ms > STALE_MARK_MS


def _key(snap: PositionSnap) -> tuple[str, str]:
    return snap.position.account, snap.position.symbol


def _risk_multiple(snap: PositionSnap) -> float | None:
    return None if snap.unrealised is None or not snap.risk else snap.unrealised / snap.risk


def _side(snap: PositionSnap) -> str:
    quantity = snap.position.qty
    return "FLAT" if not quantity else "LONG" if quantity > 0 else "SHORT"


def _mark_kind(snap: PositionSnap) -> str:
    if not snap.position.qty:
        return ""
    if snap.mark is None:
        return "unpriced"
    return f"{snap.mark_kind} {age(snap.mark_age_ms * 1_000_000)}" if is_stale(snap) else snap.mark_kind


def _fees(snap: PositionSnap) -> str:
    fees = snap.day_fees
    if len(fees) > 1 or (fees and snap.position.currency not in fees):
        return " ".join(f"{money(fee)} {currency}" for currency, fee in sorted(fees.items()))
    return money(sum(fees.values()))


def _protection(snap: PositionSnap) -> str:
    return _PROTECTION.get(snap.protection, (snap.protection, "", ""))[0] if snap.position.qty else ""


def _exit(snap: PositionSnap) -> str:
    return " ".join(part for part in (snap.exit_phase, snap.exit_text) if part)


def _flatten(snap: PositionSnap) -> str:
    return "Flatten" if snap.position.qty else ""


def _half(snap: PositionSnap) -> str:
    return "50 %" if snap.position.qty else ""


def watched_here(orders: Iterable[OrderState], snap: PositionSnap) -> list[OrderState]:
    """Return the open stops of a position that this program watches itself, and that would die with it."""
    position = snap.position
    return [
        order
        for order in orders
        if (order.terms.account, order.terms.symbol) == (position.account, position.symbol)
        and order.residence is Residence.PROGRAM
        and order.is_open
        and order.terms.side.sign * position.qty < 0
    ]
