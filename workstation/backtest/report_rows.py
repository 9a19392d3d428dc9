"""A result as tables for other programs: fills, round trips, the curve and the metrics, each as CSV.

Exact numbers as plain decimal text, times as ISO in UTC with nanoseconds where there are any; the same result gives the
same bytes, and no text of theirs runs as a formula. Text only: whoever asks writes the files.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from workstation.backtest.figures import FIGURES, value_of
from workstation.backtest.metrics import drawdowns, metrics_of
from workstation.backtest.result import BacktestResult
from workstation.backtest.trade_metrics import net
from workstation.domain.cells import disarmed
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled
from workstation.domain.times import NS_PER_S

FILLS = (
    "time", "bar", "order", "symbol", "side", "quantity", "price", "fee", "currency", "liquidity", "label",
    "path_sensitive",
)  # fmt: skip
TRADES = (
    "symbol", "side", "quantity", "entry_time", "entry_price", "exit_time", "exit_price", "bars", "profit", "fees",
    "net", "mae", "mfe",
)  # fmt: skip
EQUITY = ("time", "equity", "exposure", "cash", "drawdown")
METRICS = ("metric", "value", "unit", "formula")


def time_text(ts: int) -> str:
    """Return a time, UTC ns, as ISO text."""
    whole, part = divmod(ts, NS_PER_S)
    fraction = f".{part:09}" if part else ""
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def money_text(amount: int) -> str:
    """Return money as exact text, with two decimals at least."""
    return format_scaled(amount, MONEY_DECIMALS, keep=2)


def fills_csv(result: BacktestResult) -> str:
    """Return every fill, oldest first."""
    known = {instrument.symbol: instrument for instrument in result.instruments}
    return _csv(
        FILLS,
        (
            (
                time_text(fill.ts),
                fill.bar,
                disarmed(fill.cl_ord_id),
                disarmed(fill.symbol),
                fill.side.value,
                format_scaled(fill.qty, known[fill.symbol].qty_decimals),
                format_scaled(fill.price, known[fill.symbol].price_decimals),
                money_text(fill.fee),
                fill.fee_currency,
                fill.liquidity.value,
                disarmed(fill.label),
                int(fill.path_sensitive),
            )
            for fill in result.fills
        ),
    )


def trades_csv(result: BacktestResult) -> str:
    """Return every closed round trip, in the order in which they closed."""
    known = {instrument.symbol: instrument for instrument in result.instruments}
    return _csv(
        TRADES,
        (
            (
                disarmed(trade.symbol),
                trade.side.value,
                format_scaled(trade.qty, known[trade.symbol].qty_decimals),
                time_text(trade.entry_ts),
                repr(trade.entry_px),
                time_text(trade.exit_ts),
                repr(trade.exit_px),
                trade.bars,
                money_text(trade.pnl),
                money_text(trade.fees),
                money_text(net(trade)),
                repr(float(trade.mae)),
                repr(float(trade.mfe)),
            )
            for trade in result.trades
        ),
    )


def equity_csv(result: BacktestResult) -> str:
    """Return the points of the curve."""
    curve = result.curve
    columns = (curve.equity, curve.exposure, curve.cash, drawdowns(curve))
    texts = [list(map(repr, column.tolist())) for column in columns]
    return _csv(EQUITY, zip(map(time_text, curve.ts.tolist()), *texts, strict=True))


def metrics_csv(result: BacktestResult) -> str:
    """Return every metric with its formula; a value that there is not is empty."""
    metrics = metrics_of(result)
    values = ((figure, value_of(metrics, figure)) for figure in FIGURES)
    return _csv(METRICS, ((f.name, "" if v is None else repr(v), f.unit, f.formula) for f, v in values))


TABLES: dict[str, Callable[[BacktestResult], str]] = {
    "fills.csv": fills_csv,
    "trades.csv": trades_csv,
    "equity.csv": equity_csv,
    "metrics.csv": metrics_csv,
}
"""Each table by the name of its file."""


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
