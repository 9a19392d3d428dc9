"""Finds the decoder of a recorded file by its content: what it says, not how it is called.

Door of `--feed replay:FILE`. A trade recording of the LEAN folder brings the quote recording beside it along.
"""

import re
from pathlib import Path

from workstation.brokers.replay.bar_files import LeanDaily, PerpetualMinutes, StocksDaily
from workstation.brokers.replay.capture import CaptureSource
from workstation.brokers.replay.lean import QuoteBars, QuoteTicks, TradeBars, TradeTicks
from workstation.brokers.replay.reading import LineReader
from workstation.brokers.replay.source import MergedSource, ReplaySource
from workstation.domain.errors import ValidationError

_CAPTURE = re.compile(rb"[0-9]{19} \{")
_LEAN_DAILY = re.compile(rb"[0-9]{8} [0-9]{2}:[0-9]{2},")
_DAY_AND_SYMBOL = re.compile(r"[0-9]{8}_[A-Za-z0-9.]+_.*\.csv")
KNOWN = "a raw exchange capture, LEAN ticks or bars in a zip, daily or minute bars as csv"


def open_source(path: Path, *, companions: bool = True) -> ReplaySource:
    """Return the recording in `path`, joined with the quotes recorded beside it where there are some.

    Raises:
        ValidationError: no such file, or nothing that is known.
    """
    if not path.is_file():
        raise ValidationError("file", f"{path.name} does not exist", allowed=KNOWN)
    source = _decoder(path)
    beside = path.with_name(path.name.replace("_trade.zip", "_quote.zip"))
    if companions and beside != path and beside.is_file():
        return MergedSource((_decoder(beside), source))
    return source


def _decoder(path: Path) -> ReplaySource:
    reader = LineReader(path)
    head = reader.head()
    if _CAPTURE.match(head):
        return CaptureSource(path)
    if head.startswith(b"Ticker,Date,Open,"):
        return StocksDaily(path)
    if head.startswith(b"timestamp,open,"):
        return PerpetualMinutes(path)
    if reader.member and _LEAN_DAILY.match(head):
        return LeanDaily(path)
    if _DAY_AND_SYMBOL.fullmatch(reader.member):
        minute = "_minute_" in reader.member
        columns = head.count(b",") + 1
        if minute and columns in (6, 11):
            return TradeBars(path) if columns == 6 else QuoteBars(path)
        if not minute and columns in (6, 8):
            return TradeTicks(path) if columns == 6 else QuoteTicks(path)
    raise ValidationError("file", f"{path.name} is no recording that can be read", allowed=KNOWN)
