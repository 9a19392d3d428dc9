"""Tick, lot, currency and name of symbols from a file of symbol properties in the LEAN form.

`market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size,…`: what each market
lists. A listing is kept as the instrument that it describes, under `symbol@market.type` beside the instruments of
imports; an import of rows takes from it what its call does not name, and the imported hours of its market.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from workstation.app.import_options import ALWAYS, ImportOptions
from workstation.app.import_report import FileReport
from workstation.brokers.replay.reading import LineReader
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import format_scaled
from workstation.storage.market_data_tables import LISTED_AT
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.market_imports import MarketImports

CLASSES: Mapping[str, AssetClass] = {
    "equity": AssetClass.STOCK,
    "crypto": AssetClass.CRYPTO,
    "cryptofuture": AssetClass.FUTURE,
    "future": AssetClass.FUTURE,
    "forex": AssetClass.FOREX,
}
"""By the type of a listing, the class of its instrument; the file tells too little of the other types."""

STABLE = frozenset({"USDT", "USDC", "BUSD", "FDUSD"})
"""Currencies whose futures on crypto settle in them; of the others the file does not say what they settle in."""

EVERY = "[*]"
"""Symbol of a row that holds for a whole market."""

MARKETS_NAMED_MAX = 12
_COLUMNS = b"market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size"
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(e-[0-9]{1,2})?", re.ASCII)


def holds_properties(path: Path) -> bool:
    """Tell whether a file says of itself that it holds symbol properties."""
    return LineReader(path).head().startswith(_COLUMNS)


def import_properties(path: Path, options: ImportOptions, imports: MarketImports, report: FileReport) -> FileReport:
    """Store the listings of a file, of one market where the call names it; give stored instruments their tick and lot.

    Only an instrument whose own import named none is changed, and only where every listing of its class and currency
    says the same.

    Raises:
        ValidationError: no row is of the market that is named.
    """
    listings = dict(_listings(path, options.market, report))
    if options.market and not listings:
        raise ValidationError("market", f"{path.name} lists nothing of {options.market}")
    report.markets = sorted({_market(key) for key in listings})
    report.found = f"symbol properties, {len(listings):,} listings of {len(report.markets)} markets"
    report.rows = len(listings)
    known = imports.history.instruments_of_imports()
    by_symbol: dict[str, list[Instrument]] = {}
    for listing in listings.values():
        by_symbol.setdefault(listing.symbol, []).append(listing)
    with imports.writing(keep=not options.dry_run) as writing:
        stored = writing.listings(listings, known, replace=options.replace)
        for symbol in sorted(by_symbol.keys() & known.keys()):
            changed = _with_grid(known[symbol], by_symbol[symbol], report)
            if changed is not None:
                writing.instrument(changed)
                report.updated.append(f"{symbol}: {_grid_words(changed)}")
    report.new, report.known, report.differing = stored.new, stored.known, len(stored.differing)
    report.stored = not options.dry_run
    return report


def instrument_of_rows(history: SqlMarketHistory, options: ImportOptions, report: FileReport) -> Instrument | None:
    """Return the instrument of the call's symbol: an earlier import's, else the listing with what the call names.

    Raises:
        ValidationError: its listings differ, and the call tells neither the market nor the grid.
    """
    earlier = history.imported(options.symbol)
    if earlier is not None:
        return earlier
    fitting = {
        key: listing
        for key, listing in history.listings(options.symbol).items()
        if options.market in ("", _market(key)) and options.new.upper() in ("", listing.asset_class)
    }
    if not fitting:
        return None
    if len({_shared(listing) for listing in fitting.values()}) > 1:
        if options.new and options.names_grid:
            return None
        raise ValidationError(
            "market", f"{options.symbol} is listed with different ticks, lots or currencies: give --market and --new, "
            "or --new with --price-decimals, --qty-decimals and --tick",
            allowed=", ".join(key.partition(LISTED_AT)[2] for key in sorted(fitting)[:MARKETS_NAMED_MAX]),
        )  # fmt: skip
    key, listing = min(fitting.items())
    sessions = options.calendar or _calendar(key, history)
    made = msgspec.structs.replace(options.over(listing), calendar=sessions)
    report.found += f"; {_grid_words(made)}, as {_market(key)} lists it"
    report.found += "" if options.calendar or sessions == ALWAYS else f", hours of {sessions}"
    return made


def _calendar(key: str, history: SqlMarketHistory) -> str:
    """Return the imported hours of a listing: of its symbol, else of its market."""
    symbol, _, market = key.partition(LISTED_AT)
    hours = history.hours()
    return next((name for name in (f"{market}.{symbol}", market) if name in hours), ALWAYS)


def _listings(path: Path, market: str, report: FileReport) -> Iterator[tuple[str, Instrument]]:
    """Yield the sound rows with their keys, each key once."""
    seen: dict[str, list[str]] = {}
    for number, line in LineReader(path):
        text = line.decode("utf-8-sig", "replace")
        if number == 1 or not text.strip() or text.startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([text]), [])]
        if market and cells[0] != market:
            continue
        if why := _left_out(cells):
            report.left_out[why] = report.left_out.get(why, 0) + 1
            continue
        try:
            listing = _listing(cells)
        except ValidationError as error:
            report.refuse(number, str(error), text[:120])
            continue
        key = f"{listing.symbol}{LISTED_AT}{cells[0]}.{cells[2]}"
        if key not in seen:
            seen[key] = cells
            yield key, listing
        elif seen[key] == cells:
            report.duplicates += 1
        else:
            report.refuse(number, "listed above with other values", text[:120])


def _left_out(cells: list[str]) -> str:
    """Return why a row that may be sound is not kept, "" for nothing."""
    if len(cells) < 8 or not cells[2]:
        return ""
    if cells[2] not in CLASSES:
        return f"listings of type {cells[2]}, of which the file tells too little"
    if cells[1] == EVERY:
        return "rows that hold for every symbol of a market"
    if cells[2] == "cryptofuture" and cells[4] not in STABLE:
        return "futures on crypto of which the file does not say what they settle in"
    return ""


def _listing(cells: list[str]) -> Instrument:
    if len(cells) < 8:
        raise ValidationError("row", "fewer columns than the header", allowed="eight or more")
    market, symbol, kind, name, currency, *numbers = cells
    if not market or not symbol or LISTED_AT in symbol or kind not in CLASSES or not currency:
        raise ValidationError("row", "no market, symbol, type or currency")
    multiplier, tick, lot = (_number(text) for text in numbers[:3])
    return Instrument(
        symbol=symbol,
        asset_class=CLASSES[kind],
        currency=currency,
        price_decimals=tick[1],
        qty_decimals=lot[1],
        ticks=(TickBand(0, tick[0]),),
        lot=lot[0],
        min_qty=lot[0],
        multiplier=multiplier[0],
        multiplier_decimals=multiplier[1],
        name=name,
        exchange=market.upper(),
    )


def _number(text: str) -> tuple[int, int]:
    """Return a number as units and their decimals."""
    if not _NUMBER.fullmatch(text):
        raise ValidationError("row", f"{text!r} is no number above 0")
    try:
        whole, point, fraction = format(Decimal(text), "f").partition(".")
    except InvalidOperation as error:
        raise ValidationError("row", f"{text!r} is no number above 0") from error
    fraction = fraction.rstrip("0") if point else ""
    return int(whole + fraction), len(fraction)


def _with_grid(stored: Instrument, listed: list[Instrument], report: FileReport) -> Instrument | None:
    """Return a stored instrument with the tick and lot of its listings, None where it stays as it is."""
    alike = [row for row in listed if (row.asset_class, row.currency) == (stored.asset_class, stored.currency)]
    if not alike or (stored.ticks, stored.lot) != ((TickBand(0, 1),), 1):
        return None
    if len({_shared(row) for row in alike}) > 1:
        why = "stored instruments whose markets list different ticks or lots; --market says which"
        report.left_out[why] = report.left_out.get(why, 0) + 1
        return None
    row = alike[0]
    finer = (row.price_decimals - stored.price_decimals, row.qty_decimals - stored.qty_decimals)
    if max(finer) > 0:
        why = "stored instruments whose listing has more decimals than their rows"
        report.left_out[why] = report.left_out.get(why, 0) + 1
        return None
    lot = row.lot * 10 ** -finer[1]
    ticks = (TickBand(0, row.ticks[0].tick * 10 ** -finer[0]),)
    changed = msgspec.structs.replace(stored, ticks=ticks, lot=lot, min_qty=lot, name=stored.name or row.name)
    return None if changed == stored else changed


def _shared(listing: Instrument) -> tuple[object, ...]:
    """Return what the listings of a symbol have to agree about."""
    grid = (listing.price_decimals, listing.ticks, listing.qty_decimals, listing.lot)
    return (listing.asset_class, listing.currency, listing.multiplier, listing.multiplier_decimals, *grid)


def _grid_words(instrument: Instrument) -> str:
    tick = format_scaled(instrument.ticks[0].tick, instrument.price_decimals)
    return f"tick {tick}, lot {format_scaled(instrument.lot, instrument.qty_decimals)}, {instrument.currency}"


def _market(key: str) -> str:
    return key.partition(LISTED_AT)[2].rpartition(".")[0]
