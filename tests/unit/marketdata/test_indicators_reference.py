"""Every indicator that the reference library knows agrees with it to 1e-9, from its first value on."""

import numpy as np
import pytest
import talib

from tests.helpers.bars_random import random_bars
from workstation.marketdata.indicators.catalogue import INDICATORS
from workstation.marketdata.indicators.evaluation import over_bars

BARS = random_bars(700, seed=11)
H, L, C, V = (BARS[name] for name in ("high", "low", "close", "volume"))


def _macd(fast, slow, signal):
    line = talib.EMA(C, fast) - talib.EMA(C, slow)
    average = np.full(len(line), np.nan)
    average[slow - 1 :] = talib.EMA(line[slow - 1 :], signal)
    return line, average, line - average


REFERENCE = {
    "sma": lambda n: talib.SMA(C, n),
    "ema": lambda n: talib.EMA(C, n),
    "wma": lambda n: talib.WMA(C, n),
    "dema": lambda n: talib.DEMA(C, n),
    "tema": lambda n: talib.TEMA(C, n),
    "trima": lambda n: talib.TRIMA(C, n),
    "kama": lambda n: talib.KAMA(C, n),
    "linreg": lambda n: talib.LINEARREG(C, n),
    "slope": lambda n: talib.LINEARREG_SLOPE(C, n),
    "bollinger": lambda n, width: talib.BBANDS(C, n, width, width),
    "psar": lambda step, most: talib.SAR(H, L, step, most),
    "macd": _macd,
    "rsi": lambda n: talib.RSI(C, n),
    "stochastic": lambda n, smooth, signal: talib.STOCH(H, L, C, n, smooth, 0, signal, 0),
    "stochrsi": lambda n, bars, signal: talib.STOCHRSI(C, n, bars, signal, 0),
    "cci": lambda n: talib.CCI(H, L, C, n),
    "williams": lambda n: talib.WILLR(H, L, C, n),
    "momentum": lambda n: talib.MOM(C, n),
    "roc": lambda n: talib.ROC(C, n),
    "cmo": lambda n: talib.CMO(C, n),
    "ppo": lambda fast, slow: talib.PPO(C, fast, slow, 1),
    "trix": lambda n: talib.TRIX(C, n),
    "ultimate": lambda a, b, c: talib.ULTOSC(H, L, C, a, b, c),
    "bop": lambda: talib.BOP(BARS["open"], H, L, C),
    "adx": lambda n: (talib.ADX(H, L, C, n), talib.PLUS_DI(H, L, C, n), talib.MINUS_DI(H, L, C, n)),
    "aroon": lambda n: talib.AROON(H, L, n)[::-1],
    "atr": lambda n: talib.ATR(H, L, C, n),
    "natr": lambda n: talib.NATR(H, L, C, n),
    "stdev": lambda n: talib.STDDEV(C, n),
    "obv": lambda: talib.OBV(C, V),
    "ad": lambda: talib.AD(H, L, C, V),
    "adosc": lambda fast, slow: talib.ADOSC(H, L, C, V, fast, slow),
    "mfi": lambda n: talib.MFI(H, L, C, V, n),
}


@pytest.mark.parametrize("name", sorted(REFERENCE))
@pytest.mark.parametrize("change", [0, 3])
def test_an_indicator_agrees_with_the_reference_library(name, change):
    indicator = INDICATORS[name]
    settings = {p.name: p.default + (change if p.whole else 0) for p in indicator.parameters}
    expected = REFERENCE[name](*indicator.values(settings))
    lines = over_bars(indicator.build(settings), BARS)
    for line, wanted in zip(lines, expected if isinstance(expected, tuple) else (expected,), strict=True):
        known = ~np.isnan(wanted)
        assert known.sum() > 500
        np.testing.assert_allclose(line[known], wanted[known], rtol=1e-9, atol=1e-9 * np.abs(wanted[known]).max())


def test_at_least_thirty_indicators_are_held_against_the_reference_library():
    assert len(REFERENCE.keys() & INDICATORS.keys()) >= 30
