"""What the options of a backtest mean: fees, fills, latency and the account as the engine's values.

Between the command line and `backtest/options.py`; a sweep reads its options by the same words. Every choice of the
engine has an option. Values only.
"""

import argparse
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from workstation.app.import_stamps import instant
from workstation.backtest.faults import Faults
from workstation.backtest.fees import CoinFees, FeeModel, MakerTakerFees, PerUnitFees, ZeroFees
from workstation.backtest.fees_by_value import PercentFees, Tier, TieredFees
from workstation.backtest.options import (
    BPS,
    RATE_ONE,
    BacktestOptions,
    Borrow,
    Financing,
    Funding,
    GapFill,
    Halt,
    Latency,
    LimitFill,
    MarketFill,
    Path,
    Queue,
    Rollover,
    Slippage,
    SlippageKind,
)
from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled

HUNDREDTHS = 100
"""Fee rates are hundredths of a basis point."""

_MS, _S, _HOUR = 10**6, 10**9, 3_600 * 10**9
_PERCENT = BPS // 100
_FEES = (
    "zero, per-unit:X[:MIN[:CAP]], percent:X[:MIN[:CAP]], bps:MAKER:TAKER, coin:MAKER:TAKER, "
    "tiers:LEAST:MAKER:TAKER,..."
)
_NO_BOUNDS = (Decimal(0), Decimal(0))
_SLIPPAGE = "none, half-tick, ticks:N, bps:N, volume:N"


def options_of(arguments: argparse.Namespace) -> BacktestOptions:
    """Return the choices of a run.

    Raises:
        ValidationError: an option that does not fit, by its name.
    """
    limit_fill, probability = _limit_fill(arguments.limit_fill)
    share = _scaled("--volume-share", arguments.volume_share, _PERCENT)
    liquidate = _scaled("--liquidate", arguments.liquidate, _PERCENT) if arguments.liquidate else None
    return BacktestOptions(
        market_fill=MarketFill(arguments.fill.upper()),
        path=Path(arguments.path.upper()),
        limit_fill=limit_fill,
        fill_probability=probability,
        gap_fill=GapFill(arguments.gap_fill.upper()),
        bar_share_bps=None if arguments.any_size else share,
        slippage=_slippage(arguments),
        latency=Latency(**_named("--latency", arguments.latency, Latency.__struct_fields__, _MS)),
        queue=Queue(arguments.queue.upper()),
        price_age_max=_scaled("--price-age", arguments.price_age, _S),
        assumed_levels=arguments.assumed_levels,
        protection_ticks=arguments.protection,
        halts=tuple(map(_halt, arguments.halt)),
        faults=_faults(arguments.fault),
        fees=fees_of(arguments.fees),
        financing=_financing(arguments),
        convert_bps=None if arguments.convert is None else _scaled("--convert", arguments.convert, 1),
        check_funds=not arguments.no_funds_check,
        margin_bps=_scaled("--margin", arguments.margin, _PERCENT),
        liquidate=liquidate is not None,
        maintenance_bps=2_500 if liquidate is None else liquidate,
        close_at_end=arguments.close_at_end,
        sessions=not arguments.any_time,
        allow_gaps=arguments.allow_gaps,
    )


def fees_of(text: str) -> FeeModel:
    """Return a fee model of its text; `_FEES` says which there are.

    Raises:
        ValidationError: none of these.
    """
    name, *amounts = text.split(":")
    if name == "tiers":
        return TieredFees(tiers=tuple(map(_tier, text.removeprefix("tiers:").split(","))))
    try:
        numbers = [Decimal(amount) for amount in amounts]
    except InvalidOperation:
        numbers = []
    if name == "zero" and not amounts:
        return ZeroFees()
    if name == "per-unit" and len(numbers) in (1, 2, 3):
        money = [parse_scaled(number, MONEY_DECIMALS, field="--fees") for number in (*numbers, Decimal(0), Decimal(0))]
        return PerUnitFees(per_unit=money[0], minimum=money[1], cap=money[2])
    if name in ("bps", "coin") and len(numbers) == 2:
        maker, taker = (_scaled("--fees", str(number), HUNDREDTHS) for number in numbers)
        return (MakerTakerFees if name == "bps" else CoinFees)(maker=maker, taker=taker)
    if name == "percent" and len(numbers) in (1, 2, 3):
        bounds = [parse_scaled(number, MONEY_DECIMALS, field="--fees") for number in (*numbers[1:], *_NO_BOUNDS)]
        rate = _scaled("--fees", str(numbers[0]), HUNDREDTHS * _PERCENT)
        return PercentFees(rate=rate, minimum=bounds[0], cap=bounds[1])
    raise ValidationError("--fees", f"{text!r} is no fee model", allowed=_FEES)


def _tier(text: str) -> Tier:
    least, *rates = text.split(":")
    if len(rates) != 2:
        raise ValidationError("--fees", f"{text!r} is no tier", allowed="LEAST:MAKER:TAKER")
    maker, taker = (_scaled("--fees", rate, HUNDREDTHS) for rate in rates)
    return Tier(least=parse_scaled(least, MONEY_DECIMALS, field="--fees"), maker=maker, taker=taker)


def rates_of(texts: Sequence[str]) -> dict[str, str]:
    """Return the pair that prices each currency.

    Raises:
        ValidationError: a text that is not CURRENCY=PAIR.
    """
    return dict(_pair("--rate", text) for text in texts)


def _limit_fill(text: str) -> tuple[LimitFill, float]:
    if text in ("through", "touch"):
        return LimitFill(text.upper()), 0.5
    try:
        return LimitFill.PROBABILITY, float(text)
    except ValueError:
        raise ValidationError("--limit-fill", f"{text!r} is none", allowed="through, touch, 0 to 1") from None


def _slippage(arguments: argparse.Namespace) -> Slippage:
    if arguments.slippage_ticks is not None:
        ticks = arguments.slippage_ticks
        return Slippage(SlippageKind.TICKS, ticks) if ticks else Slippage(SlippageKind.NONE)
    name, _colon, amount = arguments.slippage.partition(":")
    bare = {"none": SlippageKind.NONE, "half-tick": SlippageKind.HALF_TICK}
    if arguments.slippage in bare:
        return Slippage(bare[name])
    measured = {"ticks": SlippageKind.TICKS, "bps": SlippageKind.BPS, "volume": SlippageKind.VOLUME}
    try:
        return Slippage(measured[name], float(amount))
    except (KeyError, ValueError):
        raise ValidationError("--slippage", f"{arguments.slippage!r} is none", allowed=_SLIPPAGE) from None


def _financing(arguments: argparse.Namespace) -> Financing:
    rates = _named("--financing", arguments.financing, ("debit", "credit", "borrow"))
    borrows = [_pair("--borrow", text) for text in arguments.borrow]
    return Financing(
        **{f"{name}_bps": value for name, value in rates.items()},
        borrows=tuple(Borrow(symbol=symbol, bps=_scaled("--borrow", bps, 1)) for symbol, bps in borrows),
        rollovers=tuple(map(_rollover, arguments.rollover)),
        fundings=tuple(map(_funding, arguments.funding)),
    )


def _rollover(text: str) -> Rollover:
    symbol, rates = _pair("--rollover", text)
    long_bps, colon, short_bps = rates.partition(":")
    if not colon:
        raise ValidationError("--rollover", f"{text!r} names one side", allowed="PAIR=LONG:SHORT")
    sides = (_scaled("--rollover", bps, 1) for bps in (long_bps, short_bps))
    return Rollover(**dict(zip(("long_bps", "short_bps"), sides, strict=True)), symbol=symbol)


def _funding(text: str) -> Funding:
    symbol, rate = _pair("--funding", text)
    percent, _slash, hours = rate.partition("/")
    parts = _scaled("--funding", percent, RATE_ONE // 100)
    return Funding(symbol=symbol, rate=parts, every=_scaled("--funding", hours or "8", _HOUR))


def _halt(text: str) -> Halt:
    symbol, _equals, span = text.rpartition("=")
    start, _slash, end = span.partition("/")
    if not start or not end:
        raise ValidationError("--halt", f"{text!r} is no span of time", allowed="[SYMBOL=]FROM/TO")
    try:
        return Halt(symbol=symbol.strip(), start=instant(start, None), end=instant(end, None))
    except ValueError:
        raise ValidationError("--halt", f"{text!r} names no time", allowed="[SYMBOL=]FROM/TO") from None


_FAULTS = {
    "reject": ("reject_bps", _PERCENT), "refuse": ("refuse_bps", _PERCENT), "partial": ("partial_bps", _PERCENT),
    "spike": ("spike_bps", _PERCENT), "spike-ms": ("spike", _MS), "outage": ("outage", _S),
    "outage-every": ("outage_every", _S),
}  # fmt: skip
"""Field of the engine, and its unit, of each kind of fault."""


def _faults(texts: Sequence[str]) -> Faults:
    found = {}
    for text in texts:
        name, value = _pair("--fault", text)
        if name not in _FAULTS:
            raise ValidationError("--fault", f"{name!r} is none", allowed=", ".join(_FAULTS))
        field, unit = _FAULTS[name]
        found[field] = _scaled("--fault", value, unit)
    return Faults(**found)


def _named(option: str, texts: Sequence[str], names: Sequence[str], unit: int = 1) -> Mapping[str, int]:
    found = {}
    for text in texts:
        name, value = _pair(option, text)
        if name not in names:
            raise ValidationError(option, f"{name!r} is none", allowed=", ".join(names))
        found[name] = _scaled(option, value, unit)
    return found


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise ValidationError(option, f"{text!r} has no value", allowed="NAME=VALUE")
    return name.strip(), value.strip()


def _scaled(option: str, text: str, unit: int) -> int:
    """Return a number times its unit, which must be whole."""
    try:
        found = Decimal(text) * unit
    except InvalidOperation:
        raise ValidationError(option, f"{text!r} is no number") from None
    if not found.is_finite() or found != int(found):
        raise ValidationError(option, f"{text!r} is finer than the engine counts")
    return int(found)
