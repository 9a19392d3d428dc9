"""What a call of `workstation import` says, as values; and the instrument that its rows are of."""

import argparse
from collections.abc import Mapping
from datetime import tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from workstation.app.import_stamps import Stamp
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import BarType
from workstation.domain.numbers import format_scaled, parse_scaled
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.intervals import INTERVALS, bar_type_of, interval_of

ALWAYS = "ALWAYS"
CURRENCY = "USD"
PRICE_DECIMALS = 2
"""Of an instrument that `--new` makes, where the call names neither and no market lists it."""


class Format(StrEnum):
    """Kind of a file; AUTO goes by what it says."""

    AUTO = "auto"
    CSV = "csv"
    PARQUET = "parquet"
    LEAN = "lean"
    HFT = "hft"
    ACTIONS = "actions"


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How files are read and stored. interval: of bars. source: what the catalogue calls where rows came from.

    market: whose listing a symbol means. currency to tick: of a new instrument, None where the call names none;
    calendar likewise, "" for none.
    """

    symbol: str = ""
    interval: str = ""
    stamp: Stamp | None = None
    zone: str = ""
    format: Format = Format.AUTO
    columns: Mapping[str, str] = {}
    source: str = ""
    new: str = ""
    market: str = ""
    currency: str | None = None
    price_decimals: int | None = None
    qty_decimals: int | None = None
    tick: int | None = None
    calendar: str = ""
    replace: bool = False
    dry_run: bool = False

    @property
    def zone_info(self) -> tzinfo | None:
        """Return the zone of times that name none.

        Raises:
            ValidationError: there is no such zone.
        """
        if not self.zone:
            return None
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValidationError("zone", f"{self.zone!r} is no zone", allowed="UTC, America/New_York, …") from error

    def bar_type(self) -> tuple[str, BarType]:
        """Return the stored name of the interval, and the series.

        Raises:
            ValidationError: none is given, or none that is stored.
        """
        if not self.interval:
            raise ValidationError("interval", "bars have a length, and none is guessed: give --interval, such as 1m")
        bar_type = INTERVALS.get(self.interval.upper()) or bar_type_of(self.interval)
        name = interval_of(bar_type)
        if name is None:
            raise ValidationError("interval", f"{self.interval} is not stored", allowed="1m 5m 15m 30m 1h 4h 1d")
        return name, bar_type

    def made_instrument(self) -> Instrument:
        """Return the instrument that `--new` makes.

        Raises:
            ValidationError: the symbol is not known here, and `--new` is not given.
        """
        if not self.symbol:
            raise ValidationError("symbol", "the file does not say whose rows these are: give --symbol")
        if not self.new:
            raise ValidationError(
                "symbol", f"no instrument {self.symbol} came with an earlier import: --new stock makes it, with "
                "--price-decimals, --qty-decimals, --tick, --currency and --calendar",
            )  # fmt: skip
        return Instrument(
            symbol=self.symbol,
            asset_class=AssetClass(self.new.upper()),
            currency=self.currency or CURRENCY,
            price_decimals=PRICE_DECIMALS if self.price_decimals is None else self.price_decimals,
            qty_decimals=self.qty_decimals or 0,
            ticks=(TickBand(0, 1 if self.tick is None else self.tick),),
            calendar=self.sessions,
        )

    @property
    def sessions(self) -> str:
        """Return the calendar of a new instrument.

        Raises:
            ValidationError: there is none of that name.
        """
        name = self.calendar or ALWAYS
        try:
            Calendars()[name]
        except NotFound as error:
            allowed = "ALWAYS XNYS FX, or imported hours such as cbot.future"
            raise ValidationError("calendar", f"{name!r} is none", allowed=allowed) from error
        return name

    @property
    def names_grid(self) -> bool:
        """Tell whether the call says what the prices of a new instrument lie on."""
        return self.price_decimals is not None or self.tick is not None

    def over(self, listed: Instrument) -> Instrument:
        """Return a listed instrument with what the call names in place of what is listed.

        Raises:
            ValidationError: the listed tick or lot has more decimals than the call gives.
        """
        decimals = listed.price_decimals if self.price_decimals is None else self.price_decimals
        places = listed.qty_decimals if self.qty_decimals is None else self.qty_decimals
        tick = self.tick
        if tick is None:
            tick = parse_scaled(format_scaled(listed.ticks[0].tick, listed.price_decimals), decimals, field="tick")
        lot = parse_scaled(listed.qty_text(listed.lot), places, field="lot")
        return msgspec.structs.replace(
            listed,
            currency=self.currency or listed.currency,
            price_decimals=decimals,
            qty_decimals=places,
            ticks=(TickBand(0, tick),),
            lot=lot,
            min_qty=lot,
            calendar=self.sessions,
        )


def options_of(arguments: argparse.Namespace) -> ImportOptions:
    """Return the options of a call."""
    return ImportOptions(
        symbol=arguments.symbol,
        interval=arguments.interval,
        stamp=None if arguments.stamp is None else Stamp(arguments.stamp),
        zone=arguments.zone,
        format=Format(arguments.format),
        columns=column_map(arguments.columns),
        source=arguments.source,
        new=arguments.new or "",
        market=arguments.market,
        currency=arguments.currency,
        price_decimals=arguments.price_decimals,
        qty_decimals=arguments.qty_decimals,
        tick=arguments.tick,
        calendar=arguments.calendar,
        replace=arguments.replace,
        dry_run=arguments.dry_run,
    )


def column_map(text: str) -> dict[str, str]:
    """Return `time=Date,close=Last` as a mapping.

    Raises:
        ValidationError: a part is no pair.
    """
    found = {}
    for part in filter(None, text.split(",")):
        role, equals, name = part.partition("=")
        if not equals:
            raise ValidationError("columns", f"{part!r} is no pair", allowed="time=Date,open=Open,…")
        found[role.strip().lower()] = name.strip()
    return found
