"""What a screen may ask of stored market data: bring a file in, give that up, delete a series. Values alone."""

import msgspec


class ImportFile(msgspec.Struct, frozen=True, kw_only=True):
    """Bring a file in. What is "" or None is left to the file, or to what a market lists.

    new: class of an instrument that is not known yet; market: whose listing of the symbol is meant.
    """

    path: str
    symbol: str = ""
    interval: str = ""
    stamp: str = ""
    zone: str = ""
    new: str = ""
    market: str = ""
    price_decimals: int | None = None
    qty_decimals: int | None = None
    calendar: str = ""


class ImportTold(msgspec.Struct, frozen=True, kw_only=True):
    """What an import found in a file and did with it, line by line."""

    lines: tuple[str, ...]


class DeleteSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Delete a series of one source. kind: of `DataKind`; interval: stored name, "" for ticks."""

    symbol: str
    kind: str
    interval: str
    source: str
