"""What a screen or a script may ask of backtests: run one, stop it, read what came, make its report, forget it.

Values alone. The options are those of the command line, by the same names and in the same words.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from workstation.domain.errors import ValidationError

BACKTESTS = "Backtests"
"""Category of the commands."""


class StartBacktest(msgspec.Struct, frozen=True, kw_only=True):
    """Run a backtest; each text as on the command line, each tuple one that may be repeated.

    parameters: NAME=VALUE each. start, end, history: "" for none. funding_file: SYMBOL=NAME each, of files in the
    folder `funding` of the home.
    """

    entry_point: str
    symbols: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    data: str = "bars"
    interval: str = "1d"
    start: str = ""
    end: str = ""
    history: str = ""
    raw: bool = False
    no_actions: bool = False
    allow_gaps: bool = False
    any_time: bool = False
    fill: str = "next_open"
    path: str = "adaptive"
    limit_fill: str = "through"
    gap_fill: str = "limit"
    volume_share: str = "25"
    any_size: bool = False
    slippage: str = "half-tick"
    latency: tuple[str, ...] = ()
    queue: str = "trades_only"
    price_age: str = "60"
    assumed_levels: int = 0
    protection: int | None = None
    halt: tuple[str, ...] = ()
    fault: tuple[str, ...] = ()
    fees: str = ""
    financing: tuple[str, ...] = ()
    borrow: tuple[str, ...] = ()
    rollover: tuple[str, ...] = ()
    funding: tuple[str, ...] = ()
    funding_file: tuple[str, ...] = ()
    cash: str = "1000000"
    currency: str = ""
    rate: tuple[str, ...] = ()
    convert: str | None = None
    margin: str = "100"
    capital: str = ""
    no_funds_check: bool = False
    liquidate: str = ""
    seed: int = 1
    close_at_end: bool = False


def options_from(lines: Iterable[str]) -> dict[str, Any]:
    """Return fields of `StartBacktest` from lines NAME=VALUE, or NAME alone for what is on or off.

    Raises:
        ValidationError: a name or a value that is none.
    """
    fields = {field.name: field.type for field in msgspec.structs.fields(StartBacktest)}
    found: dict[str, Any] = {}
    for line in lines:
        written, equals, value = (part.strip() for part in line.partition("="))
        name = written.removeprefix("--").replace("-", "_")
        kind = fields.get(name)
        if kind is None:
            raise ValidationError("options", f"{written!r} is no option of a backtest")
        if (kind is bool) is bool(equals):
            raise ValidationError("options", f"{written!r} is on where it stands alone, all others have a value")
        if kind is bool:
            found[name] = True
        elif kind == tuple[str, ...]:
            found[name] = (*found.get(name, ()), value)
        elif kind in (int, int | None):
            if not value.removeprefix("-").isdecimal():
                raise ValidationError("options", f"{written!r} takes a whole number")
            found[name] = int(value)
        else:
            found[name] = value
    return found


def options_beside(lines: Iterable[str], own: Iterable[str]) -> dict[str, Any]:
    """Return what `options_from` does. own: names that have a field of their own, which no line may name.

    Raises:
        ValidationError: a name or a value that is none, or one of `own`.
    """
    found = options_from(lines)
    if twice := sorted(found.keys() & set(own)):
        raise ValidationError("options", f"{twice[0]!r} has a field of its own")
    return found


class BacktestName(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest by its number."""

    backtest_id: int
