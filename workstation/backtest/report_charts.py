"""Charts of a report: equity with its drawdown, prices with the trades on them. SVG text, drawn by `report_svg.py`."""

from collections.abc import Mapping, Sequence

import numpy as np

from workstation.backtest import report_svg as svg
from workstation.backtest.figures import FRACTION, MONEY
from workstation.backtest.metrics import drawdowns
from workstation.backtest.price_trace import PriceBars
from workstation.backtest.report_rows import time_text
from workstation.backtest.result import BacktestResult, FillRow, TradeRow
from workstation.backtest.rows import SplitRow
from workstation.backtest.trade_metrics import net
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE, format_scaled

FILLS_DRAWN_MAX = 2_000
"""Fills of one instrument that a chart shows; of more, every second, third and so on."""

CROWD = 300
"""From so many fills on, their marks are small."""

EQUITY_HEIGHT, DRAWDOWN_HEIGHT, PRICE_HEIGHT = 300, 130, 360


def equity_chart(result: BacktestResult) -> str:
    """Return equity over time, from the initial cash on."""
    curve, start = result.curve, result.initial_cash / MONEY_ONE
    ts = np.r_[result.first_ts, curve.ts]
    equity = np.r_[start, curve.equity]
    frame = svg.frame_of(result.first_ts, result.last_ts, [equity], height=EQUITY_HEIGHT, unit=MONEY)
    base = svg.line(frame, ts[[0, -1]], np.array([start, start]), colour=svg.INK, kind="base")
    return svg.chart(frame, "equity", [base, svg.line(frame, ts, equity)])


def drawdown_chart(result: BacktestResult) -> str:
    """Return the fall from the peak over time, as a fraction below 0."""
    curve = result.curve
    falls = -drawdowns(curve)
    frame = svg.frame_of(result.first_ts, result.last_ts, [falls, np.zeros(1)], height=DRAWDOWN_HEIGHT, unit=FRACTION)
    ts, shown = svg.thinned(curve.ts, falls)
    parts = [
        svg.area(frame, ts, shown, np.zeros(len(ts)), colour=svg.DOWN, opacity=0.25),
        svg.line(frame, ts, shown, colour=svg.DOWN),
    ]
    return svg.chart(frame, "drawdown", parts)


def price_chart(result: BacktestResult, instrument: Instrument, prices: PriceBars, number: int) -> str:
    """Return an instrument's prices with its round trips and fills. number: of the chart, for its name."""
    point = 10**instrument.price_decimals
    fills, _ = drawn(result, instrument.symbol)
    traded = np.array([fill.price / point for fill in fills])
    rows = prices.rows / point
    frame = svg.frame_of(
        result.first_ts, result.last_ts, [rows[:, 1], rows[:, 2], traded], height=PRICE_HEIGHT, unit=svg.PRICE
    )
    size = 4.5 if len(fills) < CROWD else 2.5
    marks = "".join(
        svg.mark(x, y, up=fill.side.sign > 0, text=fill_text(fill, instrument), size=size)
        for fill, x, y in zip(
            fills, frame.xs(np.array([fill.ts for fill in fills], dtype=np.int64)), frame.ys(traded), strict=True
        )
    )
    parts = [*_candles(frame, prices, point), _splits(frame, result, instrument), *_trips(frame, result, instrument)]
    return svg.chart(frame, f"prices-{number}", parts, marks=marks)


def splits_of(result: BacktestResult, symbol: str) -> tuple[SplitRow, ...]:
    """Return the splits of an instrument that were played."""
    return tuple(row for row in result.splits if row.symbol == symbol)


def _splits(frame: svg.Frame, result: BacktestResult, instrument: Instrument) -> str:
    """Return upright lines where splits changed what a price is of."""
    xs = frame.xs(np.array([row.ts for row in splits_of(result, instrument.symbol)], dtype=np.int64))
    ys = np.tile(frame.ys(np.array([frame.low, frame.high])), (len(xs), 1))
    return svg.segments(np.stack((xs, xs), axis=1), ys, colour=svg.INK, kind="splits", dash="1 3")


def _candles(frame: svg.Frame, prices: PriceBars, point: int) -> Sequence[str]:
    if not len(prices.starts):
        return ()
    opened, high, low, close = prices.rows.T / point
    begin = frame.xs(prices.starts)
    end = np.r_[begin[1:], frame.xs(np.array([prices.end]))]
    step = float(np.median(end - begin))
    end = np.minimum(end, begin + step)
    middle = (begin + end) / 2
    air = (end - begin) * 0.15
    wicks = np.stack((middle, middle), axis=1), np.stack((frame.ys(high), frame.ys(low)), axis=1)
    up = close >= opened
    tops, bottoms = frame.ys(np.maximum(opened, close)), frame.ys(np.minimum(opened, close))
    bottoms = np.maximum(bottoms, tops + 0.4)
    left, right = begin + air, end - air
    return (
        svg.segments(*wicks, colour=svg.SOFT, kind="wicks"),
        svg.boxes(left[up], right[up], tops[up], bottoms[up], colour=svg.LINE),
        svg.boxes(left[~up], right[~up], tops[~up], bottoms[~up], colour=svg.INK),
    )


def _trips(frame: svg.Frame, result: BacktestResult, instrument: Instrument) -> Sequence[str]:
    trades = [trade for trade in result.trades if trade.symbol == instrument.symbol]
    trades = trades[:: -(-2 * len(trades) // FILLS_DRAWN_MAX) or 1]
    kinds = (("won", svg.UP, [t for t in trades if net(t) > 0]), ("lost", svg.DOWN, [t for t in trades if net(t) <= 0]))
    point = 10**instrument.price_decimals
    filled = {fill.ts: fill.price / point for fill in result.fills if fill.symbol == instrument.symbol}
    return [_trip_lines(frame, rows, filled, colour=colour, kind=kind) for kind, colour, rows in kinds]


def _trip_lines(
    frame: svg.Frame, trades: Sequence[TradeRow], filled: Mapping[int, float], *, colour: str, kind: str
) -> str:
    """Return lines from entries to exits. filled: price by time of fill; an average need not be where one traded."""
    if not trades:
        return ""
    times = [(trade.entry_ts, trade.exit_ts) for trade in trades]
    prices = [
        (filled.get(trade.entry_ts, trade.entry_px), filled.get(trade.exit_ts, trade.exit_px)) for trade in trades
    ]
    places = frame.xs(np.array(times, dtype=np.int64)), frame.ys(np.array(prices))
    return svg.segments(*places, colour=colour, kind=kind, dash="4 3")


def drawn(result: BacktestResult, symbol: str) -> tuple[Sequence[FillRow], int]:
    """Return the fills of an instrument that its chart shows, and the number of all."""
    fills = [fill for fill in result.fills if fill.symbol == symbol]
    return fills[:: -(-len(fills) // FILLS_DRAWN_MAX) or 1], len(fills)


def fill_text(fill: FillRow, instrument: Instrument) -> str:
    """Return a fill in words."""
    quantity = format_scaled(fill.qty, instrument.qty_decimals)
    text = f"{time_text(fill.ts)} {fill.side.value} {quantity} at {instrument.price_text(fill.price)}"
    return f"{text} ({fill.label})" if fill.label else text
