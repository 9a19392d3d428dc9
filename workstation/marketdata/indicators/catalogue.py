"""Every indicator by id: what it is called, its parameters with their bounds, its lines and where they are drawn.

The one table that dialogs, strategies and documents read. Ids are stable: saved layouts and strategies name them.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from workstation.domain.errors import NotFound, ValidationError
from workstation.marketdata.indicators import days, recursions
from workstation.marketdata.indicators import formulas as f
from workstation.marketdata.indicators.evaluation import Steps
from workstation.marketdata.indicators.graph import CLOSE, WINDOW_MAX, Node

BARS_DEFAULT = 14


class Pane(StrEnum):
    """Where the lines of an indicator belong."""

    PRICE = "PRICE"
    OWN = "OWN"


class Parameter(msgspec.Struct, frozen=True):
    """One figure of an indicator; whole: no fraction is allowed. Bounds are inclusive."""

    name: str
    default: float
    low: float = 1
    high: float = WINDOW_MAX
    whole: bool = True


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator of the catalogue. lines: names of its values; levels: horizontal marks of its own pane.

    steps: of a user's own one, which has no formula: makes what goes on bar by bar, of every parameter's value.
    kind: the class of an own one.
    """

    id: str
    title: str
    group: str
    pane: Pane
    parameters: tuple[Parameter, ...]
    lines: tuple[str, ...]
    formula: Callable[..., Node | tuple[Node, ...]]
    levels: tuple[float, ...] = ()
    steps: "Callable[..., Steps] | None" = None
    kind: type | None = None

    def build(self, settings: Mapping[str, float] | None = None) -> tuple[Node, ...]:
        """Return the graph of each line; parameters left out have their defaults.

        Raises:
            ValidationError: an unknown parameter, or a value outside its bounds.
        """
        made = self.formula(*self.values(settings or {}))
        return made if isinstance(made, tuple) else (made,)

    def values(self, settings: Mapping[str, float]) -> list[float]:
        """Return every parameter's value, in order.

        Raises:
            ValidationError: an unknown parameter, or a value outside its bounds.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in settings:
            if name not in names:
                raise ValidationError(name, f"is no parameter of {self.title}", allowed=", ".join(names) or "none")
        return [_checked(parameter, settings.get(parameter.name, parameter.default)) for parameter in self.parameters]

    def label(self, settings: Mapping[str, float] | None = None) -> str:
        """Return what a legend says, such as `EMA 20`."""
        return " ".join([self.title, *(f"{value:g}" for value in self.values(settings or {}))])


def _checked(parameter: Parameter, value: float) -> float:
    bounds = f"{parameter.low:g} to {parameter.high:g}"
    if not parameter.low <= value <= parameter.high:
        raise ValidationError(parameter.name, f"{value:g} is out of range", allowed=bounds)
    if not parameter.whole:
        return value
    if value != int(value):
        raise ValidationError(parameter.name, f"{value:g} is no whole number", allowed=bounds)
    return int(value)


def _bars(default: int = BARS_DEFAULT, name: str = "bars", low: int = 1) -> Parameter:
    return Parameter(name, default, low)


def _factor(name: str, default: float, high: float = 100) -> Parameter:
    return Parameter(name, default, 0.001, high, whole=False)


def _row(
    indicator_id: str,
    title: str,
    formula: Callable[..., Node | tuple[Node, ...]],
    *parameters: Parameter,
    lines: str = "",
    levels: tuple[float, ...] = (),
) -> tuple[str, str, Callable[..., Node | tuple[Node, ...]], tuple[Parameter, ...], tuple[str, ...], tuple[float, ...]]:
    return indicator_id, title, formula, parameters, tuple(lines.split()) or (indicator_id,), levels


_BANDS = "upper middle lower"
_PRICE = {
    "Averages": (
        _row("sma", "SMA", lambda n: f.sma(CLOSE, n), _bars(20)),
        _row("ema", "EMA", lambda n: f.ema(CLOSE, n), _bars(20)),
        _row("wma", "WMA", lambda n: f.wma(CLOSE, n), _bars(20)),
        _row("smma", "Wilder", lambda n: f.wilder(CLOSE, n), _bars(14)),
        _row("dema", "DEMA", lambda n: f.dema(CLOSE, n), _bars(20)),
        _row("tema", "TEMA", lambda n: f.tema(CLOSE, n), _bars(20)),
        _row("trima", "TRIMA", lambda n: f.trima(CLOSE, n), _bars(20)),
        _row("hma", "HMA", lambda n: f.hma(CLOSE, n), _bars(20, low=2)),
        _row("kama", "KAMA", lambda n: recursions.kama(CLOSE, n), _bars(10)),
        _row("linreg", "Linear regression", lambda n: f.regression(CLOSE, n)[0], _bars(14, low=2)),
        _row("vwap", "VWAP", recursions.vwap),
    ),
    "Bands": (
        _row("bollinger", "Bollinger", f.bollinger, _bars(20), _factor("width", 2.0), lines=_BANDS),
        _row("keltner", "Keltner", f.keltner, _bars(20), _factor("width", 2.0), lines=_BANDS),
        _row("donchian", "Donchian", f.donchian, _bars(20), lines=_BANDS),
        _row("envelope", "Envelope", f.envelope, _bars(20), _factor("percent", 2.5), lines=_BANDS),
        _row(
            "ichimoku", "Ichimoku", f.ichimoku, _bars(9, "conversion"), _bars(26, "base"), _bars(52, "span"),
            lines="conversion base span_a span_b",
        ),
    ),
    "Trend": (
        _row("supertrend", "SuperTrend", f.supertrend, _bars(10), _factor("width", 3.0)),
        _row("pivots", "Pivots", days.pivots, lines="p r1 s1 r2 s2"),
        _row(
            "opening", "Opening range", days.opening_range, Parameter("minutes", 30, 1, 1_440), lines="high low",
        ),
        _row("psar", "Parabolic SAR", recursions.parabolic, _factor("step", 0.02, 1), _factor("most", 0.2, 1)),
    ),
}  # fmt: skip
_OWN = {
    "Oscillators": (
        _row(
            "macd", "MACD", f.macd, _bars(12, "fast"), _bars(26, "slow"), _bars(9, "signal"),
            lines="macd signal histogram", levels=(0,),
        ),
        _row("rsi", "RSI", lambda n: f.rsi(CLOSE, n), _bars(), levels=(30, 70)),
        _row(
            "stochastic", "Stochastic", f.stochastic, _bars(), _bars(3, "smooth"), _bars(3, "signal"),
            lines="k d", levels=(20, 80),
        ),
        _row(
            "stochrsi", "Stochastic RSI", f.stochastic_rsi, _bars(14, "rsi_bars"), _bars(), _bars(3, "signal"),
            lines="k d", levels=(20, 80),
        ),
        _row("cci", "CCI", f.cci, _bars(20), levels=(-100, 100)),
        _row("williams", "Williams %R", f.williams, _bars(), levels=(-80, -20)),
        _row("momentum", "Momentum", f.momentum, _bars(10), levels=(0,)),
        _row("roc", "Rate of change", lambda n: f.rate_of_change(CLOSE, n), _bars(10), levels=(0,)),
        _row("cmo", "CMO", f.cmo, _bars(), levels=(-50, 50)),
        _row("ppo", "PPO", f.ppo, _bars(12, "fast"), _bars(26, "slow"), levels=(0,)),
        _row("trix", "TRIX", f.trix, _bars(15), levels=(0,)),
        _row(
            "ultimate", "Ultimate", f.ultimate, _bars(7, "short"), _bars(14, "middle"), _bars(28, "long"),
            levels=(30, 70),
        ),
        _row("dpo", "Detrended price", f.detrended, _bars(20), levels=(0,)),
        _row("bop", "Balance of power", f.balance_of_power, levels=(0,)),
    ),
    "Direction": (
        _row("adx", "ADX", f.directional, _bars(low=2), lines="adx plus minus", levels=(25,)),
        _row("aroon", "Aroon", f.aroon, _bars(25), lines="up down", levels=(50,)),
        _row("vortex", "Vortex", f.vortex, _bars(), lines="plus minus", levels=(1,)),
        _row("choppiness", "Choppiness", f.choppiness, _bars(low=2), levels=(38.2, 61.8)),
        _row("slope", "Regression slope", lambda n: f.regression(CLOSE, n)[1], _bars(14, low=2), levels=(0,)),
    ),
    "Volatility": (
        _row("atr", "ATR", f.atr, _bars()),
        _row("natr", "ATR %", lambda n: f.atr(n) / CLOSE * 100, _bars()),
        _row("stdev", "Standard deviation", lambda n: f.deviation(CLOSE, n), _bars(20)),
    ),
    "Volume": (
        _row("rvol", "Relative volume", f.relative_volume, _bars(20), levels=(1,)),
        _row("obv", "On-balance volume", f.obv),
        _row("ad", "Accumulation", f.accumulation),
        _row("adosc", "Chaikin oscillator", f.chaikin_oscillator, _bars(3, "fast"), _bars(10, "slow"), levels=(0,)),
        _row("cmf", "Chaikin money flow", f.chaikin_flow, _bars(20), levels=(0,)),
        _row("mfi", "Money flow index", f.money_flow, _bars(), levels=(20, 80)),
        _row("force", "Force index", f.force, _bars(13), levels=(0,)),
    ),
}  # fmt: skip

INDICATORS: Mapping[str, Indicator] = {
    row[0]: Indicator(
        id=row[0], title=row[1], formula=row[2], parameters=row[3], lines=row[4], levels=row[5], group=group, pane=pane
    )
    for pane, groups in ((Pane.PRICE, _PRICE), (Pane.OWN, _OWN))
    for group, rows in groups.items()
    for row in rows
}
"""Every indicator, in the order of a menu."""


def indicator(indicator_id: str) -> Indicator:
    """Return an indicator.

    Raises:
        NotFound: no such id.
    """
    found = INDICATORS.get(indicator_id)
    if found is None:
        raise NotFound("indicator", indicator_id)
    return found
