"""The figures of a result as a person reads them: title, unit and formula of each metric, and its text.

Beside `metrics.py`, which computes them; the command, the report and its CSV show them by this one list. Pure.
"""

from typing import NamedTuple

from workstation.backtest.metrics import Metrics

FRACTION, RATIO, MONEY, COUNT, DAYS, BARS = "fraction", "ratio", "money", "count", "days", "bars"
NOTHING = "—"
_FORMATS = {FRACTION: ".2%", RATIO: ",.2f", MONEY: ",.2f", COUNT: ",.0f", DAYS: ",.1f", BARS: ",.1f"}


class Figure(NamedTuple):
    """One metric. name: of its field in `Metrics`; brief: shown in the summary too."""

    name: str
    title: str
    unit: str
    formula: str
    brief: bool = False


FIGURES = (
    Figure("total_return", "return", FRACTION, "final equity / initial cash - 1"),
    Figure("yearly_return", "a year", FRACTION, "(final equity / initial cash) ^ (365.25 days / span) - 1", brief=True),
    Figure("periods_a_year", "days a year", COUNT, "252 where the curve rests on Saturdays, else 365"),
    Figure("volatility", "volatility", FRACTION, "sample deviation of daily returns * sqrt(days a year)", brief=True),
    Figure("sharpe", "Sharpe", RATIO, "mean / sample deviation of daily returns * sqrt(days a year)", brief=True),
    Figure("sortino", "Sortino", RATIO, "mean / downside deviation * sqrt(days a year); "
           "downside deviation = sqrt(mean of min(r, 0)^2)", brief=True),
    Figure("drawdown", "drawdown", FRACTION, "largest fall of equity from a peak / that peak", brief=True),
    Figure("drawdown_money", "drawdown in money", MONEY, "largest fall of equity from a peak"),
    Figure("drawdown_days", "longest drawdown", DAYS, "longest time from a peak to its recovery, or to the end"),
    Figure("calmar", "Calmar", RATIO, "return a year / drawdown, over the whole run", brief=True),
    Figure("exposure", "exposure", FRACTION, "time with a position / span", brief=True),
    Figure("turnover", "turnover", RATIO, "traded value of all fills / initial cash", brief=True),
    Figure("trades", "round trips", COUNT, "positions from flat to flat, or to where they turned", brief=True),
    Figure("win_rate", "won", FRACTION, "round trips with a profit after fees / round trips", brief=True),
    Figure("profit_factor", "profit factor", RATIO, "sum of gains / sum of losses, after fees", brief=True),
    Figure("mean_trade", "mean trade", MONEY, "mean profit of a round trip after fees"),
    Figure("mean_win", "mean win", MONEY, "mean profit of round trips that won"),
    Figure("mean_loss", "mean loss", MONEY, "mean profit of round trips that lost"),
    Figure("losses_in_row", "losses in a row", COUNT, "most round trips in a row that lost"),
    Figure("mean_bars", "mean length", BARS, "mean number of closed bars in a round trip"),
    Figure("mean_adverse", "mean MAE", MONEY, "maximum adverse excursion: worst profit of a round trip at closes "
           "and exits; its mean", brief=True),
    Figure("worst_adverse", "worst MAE", MONEY, "lowest maximum adverse excursion"),
    Figure("mean_favourable", "mean MFE", MONEY, "maximum favourable excursion: best profit of a round trip at closes "
           "and exits; its mean", brief=True),
    Figure("best_favourable", "best MFE", MONEY, "highest maximum favourable excursion"),
)  # fmt: skip


def value_of(metrics: Metrics, figure: Figure) -> float | None:
    """Return a figure's value, None where there is too little to go by."""
    found: float | None = getattr(metrics, figure.name)
    return found


def text_of(value: float | None, unit: str) -> str:
    """Return a value as text, in its unit; what rounds to nothing has no sign."""
    if value is None:
        return NOTHING
    text = format(value, _FORMATS[unit])
    return text if text.strip("-0.,%") else text.removeprefix("-")
