"""Recorded funding of perpetual contracts, as exchanges hand it out: CSV files with a time, a rate and perhaps a mark.

Behind `--funding-file`; screens and scripts name files of the folder `funding` of a home. Columns are found by the
names that exchanges give them; a row that cannot be read is refused.
"""

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from workstation.app.import_stamps import instant
from workstation.backtest.options import RATE_ONE
from workstation.backtest.rows import FundingRow
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.instruments import Instrument

TIMES = ("time", "ts", "timestamp", "calc_time", "fundingtime", "funding_time", "fundingratetimestamp")
RATES = ("rate", "fundingrate", "funding_rate", "last_funding_rate")
MARKS = ("mark", "mark_price", "markprice")

OPTION = "--funding-file"
FOLDER = "funding"
"""Folder of a home that screens and scripts name files of: who asks over the network reads no other."""


def in_folder(texts: Sequence[str], root: Path) -> list[str]:
    """Return texts SYMBOL=NAME as SYMBOL=FILE, of files in the folder of a home.

    Raises:
        ValidationError: a name that leads elsewhere.
    """
    found = []
    for text in texts:
        symbol, _equals, name = text.partition("=")
        if not name or Path(name).name != name:
            allowed = f"SYMBOL=NAME, of a file in the folder {FOLDER} of the home"
            raise ValidationError("funding_file", f"{text!r} names none", allowed=allowed)
        found.append(f"{symbol}={root / FOLDER / name}")
    return found


def funding_of(texts: Sequence[str], instruments: Mapping[str, Instrument]) -> tuple[FundingRow, ...]:
    """Return the payments in files, each text SYMBOL=FILE, in order of time.

    Raises:
        NotFound: no such file, or no such instrument in the run.
        ValidationError: a file without the columns, or a row that is no payment.
    """
    rows: list[FundingRow] = []
    for text in texts:
        symbol, _equals, name = text.partition("=")
        instrument = instruments.get(symbol)
        if instrument is None:
            raise NotFound("instrument", symbol)
        rows += _read(Path(name), instrument)
    return tuple(sorted(rows, key=lambda row: row.ts))


def _read(path: Path, instrument: Instrument) -> list[FundingRow]:
    if not path.is_file():
        raise NotFound("file", path.name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        known = {name.strip().lower(): name for name in reader.fieldnames or ()}
        time, rate, mark = (
            next((known[name] for name in names if name in known), "") for names in (TIMES, RATES, MARKS)
        )
        if not time or not rate:
            found = ", ".join(known) or "none"
            raise ValidationError(OPTION, f"{path.name}: no column of times or rates among {found}")
        try:
            return [_row(row[time], row[rate], row.get(mark) or "", instrument) for row in reader]
        except (ValueError, InvalidOperation, TypeError) as error:
            raise ValidationError(OPTION, f"{path.name}, line {reader.line_num}: no time or no rate") from error


def _row(time: str, rate: str, mark: str, instrument: Instrument) -> FundingRow:
    parts = round(Decimal(rate) * RATE_ONE)
    price = round(Decimal(mark).scaleb(instrument.price_decimals)) if mark.strip() else None
    return FundingRow(ts=instant(time.strip(), None), symbol=instrument.symbol, rate=parts, mark_px=price)
