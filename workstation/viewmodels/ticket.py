"""The order ticket without a display: what its fields say as an order, and every reason why they are none yet.

First stage of an order by hand. Typed texts are read exactly, the order's form is judged by `risk/validity`, the one
place for these rules; what only the market can tell (a stop on the wrong side, a closed market) is added from the
quote on the screen. Limits are the gate's business. Qt-free.
"""

import msgspec

from workstation.domain.errors import NotFound, PrecisionLoss, ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce, Trail
from workstation.marketdata.calendar import Calendars
from workstation.ports.broker import CapabilityCard
from workstation.risk.validity import Invalid, validate
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.preview import order_words, utc_minute
from workstation.viewmodels.ticket_fields import nearest_prices, parse_price, parse_quantity, parse_trail, parse_utc
from workstation.viewmodels.ticket_legs import Leg, leg_price, parse_distance
from workstation.viewmodels.ticket_venue import offer

FIELDS: dict[OrdType, tuple[str, ...]] = {
    OrdType.MARKET: (),
    OrdType.LIMIT: ("price",),
    OrdType.STOP: ("stop",),
    OrdType.STOP_LIMIT: ("stop", "price"),
    OrdType.TRAILING_STOP: ("trail", "activation"),
    OrdType.TRAILING_STOP_LIMIT: ("trail", "activation", "stop", "price"),
}
"""Price fields that the ticket shows for each type, in reading order."""
PAIR = "OCO"
"""The type of a pair: a limit order, and a stop of the same side and quantity; any fill of one cancels the other."""
PAIR_FIELDS = ("price", "stop")

_TICKET_NAMES = {
    "order_qty": "qty",
    "stop_px": "stop",
    "expire_time": "expire",
    "display_qty": "display",
    "time_in_force": "tif",
    "price": "price",
    "trail": "trail",
    "activation_px": "activation",
    "post_only": "post_only",
}
_WORDS = {
    "qty": "Quantity",
    "price": "Price",
    "stop": "Stop",
    "trail": "Trail",
    "activation": "Activation price",
    "expire": "Good till",
    "display": "Shown quantity",
    "tif": "Time in force",
    "post_only": "Post-only",
    "stop_loss": "Stop-loss",
    "take_profit": "Take-profit",
}
PROTECTED_TICKS = 10
"""How far through the other side a market order may trade where it is protected."""

_CALENDARS = Calendars()
LEGS = ("stop_loss", "take_profit")
"""Fields of the bracket's legs."""

_PRICED = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT})
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The fields as they stand, texts as typed. A field that its type does not use is ignored.

    oco: the other order of a pair, given from outside. is_pair: the type is PAIR, whose stop is the other order.
    true_market: a MARKET order goes out as one; without it as a limit PROTECTED_TICKS through the other side.
    """

    side: Side = Side.BUY
    ord_type: OrdType = OrdType.LIMIT
    true_market: bool = True
    qty: str = ""
    price: str = ""
    stop: str = ""
    trail: str = ""
    activation: str = ""
    tif: TimeInForce = TimeInForce.DAY
    expire: str = ""
    post_only: bool = False
    reduce_only: bool = False
    display: str = ""
    stop_loss: str = ""
    take_profit: str = ""
    oco: OrderTerms | None = None
    is_pair: bool = False

    @property
    def prices(self) -> tuple[str, ...]:
        """Price fields in use, in reading order."""
        return PAIR_FIELDS if self.is_pair else FIELDS[self.ord_type]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with a field; `fixes` are texts that would pass, offered as one click each."""

    field: str
    text: str
    fixes: tuple[str, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as an order. `words` is the exact order in one line; terms stand only when every field could be read."""

    terms: OrderTerms | None
    findings: tuple[Finding, ...]
    words: str = ""
    stop_loss_px: int | None = None
    take_profit_px: int | None = None
    oco: OrderTerms | None = None

    @property
    def is_complete(self) -> bool:
        """True when it can be sent to the gate."""
        return self.terms is not None and not self.findings


def read(
    draft: Draft,
    instrument: Instrument,
    account: str,
    *,
    now_ns: int,
    quote: QuoteSnap | None = None,
    card: CapabilityCard | None = None,
) -> Reading:
    """Return the order that a draft says, with what is wrong with it in reading order. card: what the venue takes."""
    reader = _Reader(draft, instrument, now_ns)
    shown = draft.prices
    qty = reader.quantity("qty")
    protects = draft.ord_type is OrdType.MARKET and not draft.true_market
    price = reader.price("price") if "price" in shown else reader.protection(quote) if protects else None
    stop = reader.price("stop") if "stop" in shown else None
    trail = reader.trail() if "trail" in shown else None
    expire = reader.expire() if draft.tif is TimeInForce.GTD else None
    display = reader.quantity("display") if draft.display.strip() else None
    typed = {name: reader.leg(name) if getattr(draft, name).strip() and not draft.is_pair else None for name in LEGS}
    if reader.findings or qty is None:
        return Reading(terms=None, findings=tuple(reader.findings))
    terms = OrderTerms(
        symbol=instrument.symbol,
        account=account,
        side=draft.side,
        ord_type=OrdType.LIMIT if protects else draft.ord_type,
        order_qty=qty,
        price=price,
        stop_px=None if draft.is_pair else stop,
        trail=trail,
        time_in_force=draft.tif,
        expire_time=expire,
        post_only=draft.post_only,
        reduce_only=draft.reduce_only,
        display_qty=display,
    )
    other = None if draft.oco is None else msgspec.structs.replace(draft.oco, account=account)
    if draft.is_pair:
        other = _stop_of_pair(terms, stop)
    legs = _Legs(terms, instrument, entry_price(terms, quote))
    stop_loss, take_profit = (legs.price(name, typed[name]) for name in LEGS)
    words = order_words(terms, instrument, stop_loss_px=stop_loss, take_profit_px=take_profit)
    findings = [
        *_judged(terms, instrument, card, quote, now_ns),
        *legs.findings,
        *_legs(terms, instrument, quote, (stop_loss, take_profit)),
        *(_judged(other, instrument, card, quote, now_ns) if draft.is_pair and other is not None else ()),
        *_pair(terms, other, legs=stop_loss is not None or take_profit is not None),
    ]
    return Reading(
        terms=terms,
        findings=tuple(findings),
        words=words if other is None else f"{words} · OCO {order_words(other, instrument)}",
        stop_loss_px=stop_loss,
        take_profit_px=take_profit,
        oco=other,
    )


class _Reader:
    """Reads texts and collects what cannot be read."""

    def __init__(self, draft: Draft, instrument: Instrument, now_ns: int) -> None:
        self._draft, self._instrument, self._now_ns = draft, instrument, now_ns
        self.findings: list[Finding] = []

    def quantity(self, field: str) -> int | None:
        text = getattr(self._draft, field)
        try:
            return parse_quantity(text, self._instrument, field=_WORDS[field])
        except ValidationError as error:
            self._note(field, error)
            return None

    def price(self, field: str) -> int | None:
        text: str = getattr(self._draft, field)
        try:
            return parse_price(text, self._instrument, field=_WORDS[field])
        except PrecisionLoss as error:
            near = nearest_prices(text, self._instrument)
            self.findings.append(
                Finding(field, f"{_WORDS[field]} {text.strip()} is not on the tick: {error.message}.", near)
            )
        except ValidationError as error:
            self._note(field, error)
        return None

    def protection(self, quote: QuoteSnap | None) -> int | None:
        """Return the worst price of a protected market order."""
        sign = self._draft.side.sign
        far = None if quote is None else quote.ask if sign > 0 else quote.bid
        if far is None or quote is None or quote.freshness == "ABSENT":
            text = "A protected market order needs a quote to bound it: wait for one, or pick true market."
            self.findings.append(Finding("type", text))
            return None
        if quote.phase is SessionPhase.CLOSED:
            self.findings.append(_closed("type", self._instrument, quote, self._now_ns))
        return self._instrument.step(far, sign * PROTECTED_TICKS)

    def leg(self, field: str) -> Leg | None:
        text = getattr(self._draft, field)
        try:
            distance = parse_distance(text, self._instrument.currency, field=_WORDS[field])
        except ValidationError as error:
            self._note(field, error)
            return None
        return Leg(self.price(field)) if distance is None else Leg(distance=distance)

    def trail(self) -> Trail | None:
        try:
            trail = parse_trail(self._draft.trail, self._instrument)
        except ValidationError as error:
            self._note("trail", error)
            return None
        begins = self.price("activation") if self._draft.activation.strip() else None
        return Trail(trail.kind, trail.offset, begins)

    def expire(self) -> int | None:
        try:
            return parse_utc(self._draft.expire, self._now_ns)
        except ValidationError as error:
            self._note("expire", error)
            return None

    def _note(self, field: str, error: ValidationError) -> None:
        allowed = f"; allowed: {error.allowed}" if error.allowed else ""
        self.findings.append(Finding(field, f"{_WORDS[field]} {error.message}{allowed}."))


class _Legs:
    """Turns legs as typed into prices, measured from the entry."""

    def __init__(self, terms: OrderTerms, instrument: Instrument, entry: int | None) -> None:
        self._terms, self._instrument, self._entry = terms, instrument, entry
        self.findings: list[Finding] = []

    def price(self, field: str, leg: Leg | None) -> int | None:
        if leg is None or leg.distance is None:
            return None if leg is None else leg.price
        if self._terms.order_qty <= 0:
            return None
        terms, word = self._terms, _WORDS[field]
        if self._entry is None:
            self.findings.append(Finding(field, f"{word} as a distance needs an entry price, and there is no quote."))
            return None
        try:
            return leg_price(
                leg.distance,
                self._instrument,
                terms.side,
                self._entry,
                terms.order_qty,
                stop=field == "stop_loss",
            )
        except ValidationError as error:
            self.findings.append(Finding(field, f"{word} {error.message}."))
            return None


def _form(terms: OrderTerms, instrument: Instrument, now_ns: int) -> list[Finding]:
    found = []
    for invalid in validate(terms, instrument, now_ns):
        field = _TICKET_NAMES.get(invalid.field, invalid.field)
        allowed = f"; allowed: {invalid.allowed}" if invalid.allowed else ""
        fixes = invalid.nearest or _bounds_of(invalid, instrument)
        found.append(Finding(field, f"{_WORDS.get(field, field)}: {invalid.text}{allowed}.", fixes))
    return found


def _bounds_of(invalid: Invalid, instrument: Instrument) -> tuple[str, ...]:
    """Return the bound that a quantity breaks, as what would pass."""
    if invalid.code == "QUANTITY_BELOW_MIN":
        return (instrument.qty_text(instrument.min_qty),)
    if invalid.code == "QUANTITY_ABOVE_MAX" and instrument.max_qty is not None:
        return (instrument.qty_text(instrument.max_qty // instrument.lot * instrument.lot),)
    return ()


def _judged(
    terms: OrderTerms, instrument: Instrument, card: CapabilityCard | None, quote: QuoteSnap | None, now_ns: int
) -> list[Finding]:
    return [*_venue(terms, card), *_form(terms, instrument, now_ns), *_market(terms, instrument, quote, now_ns)]


def _venue(terms: OrderTerms, card: CapabilityCard | None) -> list[Finding]:
    """Check what the venue does not take."""
    kinds = (("type", offer(terms.ord_type, card)), ("tif", offer(terms.time_in_force, card)))
    return [Finding(field, found.reason) for field, found in kinds if not found.usable]


def _legs(
    terms: OrderTerms, instrument: Instrument, quote: QuoteSnap | None, legs: tuple[int | None, int | None]
) -> list[Finding]:
    """Check the bracket's legs: on the tick, and the stop-loss on the losing side of the entry."""
    found = []
    entry, sign, words = entry_price(terms, quote), terms.side.sign, instrument.price_text
    for field, price, wanted in (("stop_loss", legs[0], -sign), ("take_profit", legs[1], sign)):
        if price is None:
            continue
        if not instrument.on_tick(price):
            near = nearest_prices(words(price), instrument)
            found.append(Finding(field, f"{_WORDS[field]} {words(price)} is not on the tick.", near))
        elif entry is not None and (price - entry) * wanted <= 0:
            where = "above" if wanted > 0 else "below"
            found.append(
                Finding(
                    field, f"{_WORDS[field]} {words(price)} is on the wrong side: it must be {where} {words(entry)}."
                )
            )
    return found


def _stop_of_pair(terms: OrderTerms, stop_px: int | None) -> OrderTerms:
    """Return the stop that stands beside the limit order of a pair."""
    return msgspec.structs.replace(
        terms, ord_type=OrdType.STOP, price=None, stop_px=stop_px, post_only=False, display_qty=None
    )


def _pair(terms: OrderTerms, other: OrderTerms | None, *, legs: bool) -> list[Finding]:
    """Check what an OCO pair cannot be."""
    if other is None:
        return []
    if legs:
        return [Finding("stop_loss", "An OCO pair carries no stop-loss or take-profit.")]
    if terms.ord_type is OrdType.MARKET:
        return [Finding("type", "An order at the market leaves nothing for its OCO partner.")]
    return []


def _closed(field: str, instrument: Instrument, quote: QuoteSnap, now_ns: int) -> Finding:
    opens = next_opening(instrument, quote, now_ns)
    return Finding(
        field,
        f"Market closed{opens and f' until {opens}'}: only a limit order for the next opening is taken, "
        "DAY, GTC, GTD or OPG; it waits at the venue.",
    )


def next_opening(instrument: Instrument, quote: QuoteSnap | None, now_ns: int) -> str:
    """Return when a closed market opens next, "" while it is open and where it is closed against its calendar."""
    if quote is None or quote.phase is not SessionPhase.CLOSED:
        return ""
    try:
        calendar = _CALENDARS[instrument.calendar]
    except NotFound:
        return ""
    found = None if calendar.session_at(now_ns) else calendar.session_after(now_ns)
    return "" if found is None else utc_minute(found.open)


def _market(terms: OrderTerms, instrument: Instrument, quote: QuoteSnap | None, now_ns: int) -> list[Finding]:
    """Check what only the market can tell."""
    if quote is None:
        return []
    words, sign = instrument.price_text, terms.side.sign
    far = quote.ask if sign > 0 else quote.bid
    if quote.phase is SessionPhase.CLOSED and (terms.ord_type not in _PRICED or terms.time_in_force in _AT_ONCE):
        return [_closed("tif" if terms.ord_type in _PRICED else "type", instrument, quote, now_ns)]
    is_stop = terms.ord_type in (OrdType.STOP, OrdType.STOP_LIMIT)
    if is_stop and terms.stop_px is not None and far is not None and (terms.stop_px - far) * sign <= 0:
        side, where = ("ask", "above") if sign > 0 else ("bid", "below")
        text = f"Stop {words(terms.stop_px)} would trigger at once: it must be {where} the {side} {words(far)}."
        return [Finding("stop", text, (words(instrument.step(far, sign)),))]
    return []


def entry_price(terms: OrderTerms, quote: QuoteSnap | None) -> int | None:
    """Return the price that legs are measured from: the order's own, else the side that it would take."""
    if terms.price is not None:
        return terms.price
    if terms.stop_px is not None:
        return terms.stop_px
    return None if quote is None else quote.ask if terms.side.sign > 0 else quote.bid
