"""Listing: the table of instruments while it changes, and how an entry that a user keeps becomes an instrument.

An entry never changes the scales on which prices and quantities are counted: what rests on them stays true. A user's
own instrument is counted on the finest scales that its fields allow, a venue's on the venue's.
"""

from collections.abc import ItemsView, Iterator, KeysView, ValuesView

from msgspec.structs import replace

from workstation.domain.errors import PrecisionLoss, ValidationError
from workstation.domain.instruments import AssetClass, Instrument, OptionRight, OptionTerms, TickBand
from workstation.domain.numbers import format_scaled, parse_scaled
from workstation.domain.records.market import InstrumentEntry

PRICE_DECIMALS = 6
QTY_DECIMALS = 8
MULTIPLIER_DECIMALS = 4

INSTRUMENT_TYPES = {kind.value: kind for kind in AssetClass} | {
    "MUTUAL_FUND": AssetClass.STOCK,
    "OTHER": AssetClass.STOCK,
}
"""Instrument types of entries and the class that each trades as."""


class InstrumentTable(dict[str, Instrument]):
    """Instruments by symbol. Changed on the engine's thread, read from any: a walk sees one moment of it."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(dict.keys(self)))

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # a view of one moment
        """Return the symbols of this moment."""
        return self._moment().keys()

    def values(self) -> ValuesView[Instrument]:  # type: ignore[override]  # a view of one moment
        """Return the instruments of this moment."""
        return self._moment().values()

    def items(self) -> ItemsView[str, Instrument]:  # type: ignore[override]  # a view of one moment
        """Return both of this moment."""
        return self._moment().items()

    def _moment(self) -> dict[str, Instrument]:
        return dict(list(dict.items(self)))  # the list is one step for the interpreter


def instrument_of(entry: InstrumentEntry, listed: Instrument | None) -> Instrument:
    """Return the instrument that an entry stands for; `listed`: what was known under its symbol, None for nothing.

    Raises:
        ValidationError: terms that no instrument has, or that differ from what a venue lists.
    """
    base = _own(entry) if listed is None else _same_contract(entry, listed)
    price, qty = base.price_decimals, base.qty_decimals
    tick = _units(entry.min_tick_size, price, "min_tick_size")
    largest = None if entry.max_order_size is None else _units(entry.max_order_size, qty, "max_order_size")
    smallest = _units(entry.min_order_size, qty, "min_order_size")
    if largest is not None and largest < smallest:
        raise ValidationError("max_order_size", "is below min_order_size", allowed=f"{entry.min_order_size} or more")
    return replace(
        base,
        name=entry.name,
        ticks=base.ticks if tick == base.ticks[0].tick else (TickBand(0, tick),),
        lot=_units(entry.lot_size, qty, "lot_size"),
        min_qty=smallest,
        max_qty=largest,
        tradable=entry.is_tradable and entry.is_active and entry.deleted_at is None,
    )


def entry_of(instrument: Instrument) -> InstrumentEntry:
    """Return the entry that says what a venue lists, with version 0: nobody has changed it here."""
    option = instrument.option
    price, qty = instrument.price_decimals, instrument.qty_decimals
    return InstrumentEntry(
        symbol=instrument.symbol,
        name=instrument.name or instrument.symbol,
        instrument_type=instrument.asset_class.value,
        exchange=instrument.exchange,
        currency=instrument.currency,
        multiplier=format_scaled(instrument.multiplier, instrument.multiplier_decimals),
        strike_price=None if option is None else format_scaled(option.strike, price),
        expiration_date=instrument.expiry if option is None else option.expiry,
        option_type=None if option is None else option.right.value,
        min_tick_size=format_scaled(instrument.ticks[0].tick, price),
        min_order_size=format_scaled(instrument.min_qty, qty),
        max_order_size=None if instrument.max_qty is None else format_scaled(instrument.max_qty, qty),
        lot_size=format_scaled(instrument.lot, qty),
        is_tradable=instrument.tradable,
        listed=True,
    )


def _own(entry: InstrumentEntry) -> Instrument:
    option = None
    if entry.instrument_type == "OPTION":
        option = _option_terms(entry)
    elif entry.option_type is not None:
        raise ValidationError("option_type", "goes with options only")
    return Instrument(
        symbol=entry.symbol,
        asset_class=INSTRUMENT_TYPES[entry.instrument_type],
        currency=entry.currency,
        price_decimals=PRICE_DECIMALS,
        qty_decimals=QTY_DECIMALS,
        ticks=(TickBand(0, 1),),
        multiplier=_units(entry.multiplier, MULTIPLIER_DECIMALS, "multiplier"),
        multiplier_decimals=MULTIPLIER_DECIMALS,
        exchange=entry.exchange,
        option=option,
        expiry=None if option is not None else entry.expiration_date,
        price_may_be_negative=entry.instrument_type == "FUTURE",
    )


def _option_terms(entry: InstrumentEntry) -> OptionTerms:
    for field in ("strike_price", "expiration_date", "option_type"):
        if getattr(entry, field) is None:
            raise ValidationError(field, "is needed for an option")
    return OptionTerms(
        underlying=str(entry.metadata.get("underlying", entry.symbol.split(" ")[0])),
        strike=_units(entry.strike_price or "", PRICE_DECIMALS, "strike_price"),
        expiry=entry.expiration_date or "",
        right=OptionRight(entry.option_type or ""),
    )


def _same_contract(entry: InstrumentEntry, listed: Instrument) -> Instrument:
    """Return the listed instrument, provided that the entry does not speak of another contract."""
    said = entry_of(listed)
    for field in ("currency", "multiplier", "strike_price", "expiration_date", "option_type"):
        ours, theirs = getattr(entry, field), getattr(said, field)
        if ours != theirs and not (field in ("multiplier", "strike_price") and _equal(ours, theirs)):
            raise ValidationError(field, "cannot be changed once the instrument exists", allowed=str(theirs))
    return listed


def _equal(one: str | None, other: str | None) -> bool:
    return None not in (one, other) and parse_scaled(one or "", QTY_DECIMALS) == parse_scaled(other or "", QTY_DECIMALS)


def _units(text: str, decimals: int, field: str) -> int:
    """Return a decimal above 0 in units of a scale.

    Raises:
        ValidationError: not above 0, or finer than the scale.
    """
    try:
        value = parse_scaled(text, decimals, field=field)
    except PrecisionLoss as error:
        raise ValidationError(field, error.message, allowed=error.allowed) from None
    if value <= 0:
        raise ValidationError(field, "must be above 0")
    return value
