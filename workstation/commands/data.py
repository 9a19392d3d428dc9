"""What a screen may ask of stored market data: bring a file in, give that up, delete a series. Values alone."""

import msgspec


class ImportFile(msgspec.Struct, frozen=True, kw_only=True):
    """Bring a file in. What is "" is left to the file; new: class of an instrument that is not known yet."""

    path: str
    symbol: str = ""
    interval: str = ""
    stamp: str = ""
    zone: str = ""
    new: str = ""
    price_decimals: int = 2
    qty_decimals: int = 0
    calendar: str = "ALWAYS"


class DeleteSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Delete a series of one source. kind: of `DataKind`; interval: stored name, "" for ticks."""

    symbol: str
    kind: str
    interval: str
    source: str
