"""The report of a run as one HTML page that opens anywhere: no network, style and script inside, charts as SVG.

Last step of a backtest, from its result and the prices that were watched. Text only; the same result gives the same
bytes, so the page bears no time of its making.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from workstation.backtest import report_charts as charts
from workstation.backtest.figures import FIGURES, FRACTION, MONEY, NOTHING, text_of, value_of
from workstation.backtest.metrics import metrics_of
from workstation.backtest.monte_carlo import monte_carlo
from workstation.backtest.months import monthly_returns
from workstation.backtest.price_trace import PriceBars
from workstation.backtest.report_rows import money_text, time_text
from workstation.backtest.result import BacktestResult, TradeRow
from workstation.backtest.trade_metrics import net
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE, format_money, format_scaled

TRADES_SHOWN_MAX = 1_000
"""Round trips in the page's table; all are in the CSV."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HEAT_FULL = 0.05
"""Return of a month that has the full colour."""

HINT = "<p>Drag over a chart to look closer, double-click for the whole; a click on a head sorts its column.</p>"
TILES = ("total_return", "sharpe", "sortino", "drawdown", "calmar", "win_rate", "profit_factor", "trades")

SIGNED = frozenset({"total_return", "sharpe", "sortino", "calmar"})
"""Figures whose sign is good or bad."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is made from. prices: by symbol; an instrument without any has its trades alone."""

    result: BacktestResult
    prices: Mapping[str, PriceBars]


class Look(msgspec.Struct, frozen=True):
    """Style sheet and script that go into the page."""

    style: str
    script: str


def page(report: Report, look: Look) -> str:
    """Return the page."""
    result = report.result
    symbols = ", ".join(instrument.symbol for instrument in result.instruments)
    title = f"{result.strategy} on {symbols}"
    sections = [
        f"<header><h1>{escape(title)}</h1><p>{_span(result)}</p>{HINT}</header>",
        _warnings(result),
        _tiles(result),
        _section("Equity and drawdown", charts.equity_chart(result) + charts.drawdown_chart(result)),
        _section("Returns by month", _months(result)),
        *_prices(report),
        *_luck(result),
        _section("Figures and their formulas", _figures(result)),
        _section("Round trips", _trades(result)),
        _section("At the end", _ending(result)),
        _section("Choices of the run", _settings(result)),
        _section("Digests", _digests(result)),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>\n{look.style}</style></head>\n<body><main>\n"
        + "\n".join(section for section in sections if section)
        + f"\n</main><script>\n{look.script}</script></body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Return a table; cells are HTML already. One that is sortable may be long, and scrolls within its place."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    place = "wide tall" if "sortable" in kind else "wide"
    table = f'<table class="{kind}"><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table>'
    return f'<div class="{place}">{table}</div>'


def _span(result: BacktestResult) -> str:
    return (
        f"{time_text(result.first_ts)} to {time_text(result.last_ts)} · {result.events:,} events, {result.bars:,} bars "
        f"· {len(result.fills):,} fills · seed {result.seed} · account in {escape(result.currency)}"
    )


def _warnings(result: BacktestResult) -> str:
    found = list(result.warnings)
    if result.path_sensitive_fills:
        found.append(f"{result.path_sensitive_fills:,} fills would be others on another path inside their bar.")
    rows = "".join(f"<li>{escape(text)}</li>" for text in found)
    return f'<section class="warnings"><h2>Mind that</h2><ul>{rows}</ul></section>' if rows else ""


def _tiles(result: BacktestResult) -> str:
    metrics = metrics_of(result)
    known = {figure.name: figure for figure in FIGURES}
    title, net_profit = f"net profit, {escape(result.currency)}", format_money(result.net_profit, grouping=True)
    cells = [f'<div><span>{title}</span><b class="{_tone(result.net_profit)}">{net_profit}</b></div>']
    for figure in (known[name] for name in TILES):
        value = value_of(metrics, figure)
        tone = _tone(value) if figure.name in SIGNED else ""
        cells.append(f'<div><span>{figure.title}</span><b class="{tone}">{text_of(value, figure.unit)}</b></div>')
    return f'<section class="tiles">{"".join(cells)}</section>'


def _tone(value: float | None) -> str:
    return "" if not value else "gain" if value > 0 else "loss"


def _months(result: BacktestResult) -> str:
    found = monthly_returns(result.curve, result.initial_cash / MONEY_ONE)
    years = sorted({year for year, _month in found.months})
    rows = [
        [str(year), *(_heat(found.months.get((year, month))) for month in range(1, 13)), _heat(found.years[year])]
        for year in years
    ]
    return _table(("year", *MONTHS, "year's return"), rows, "months")


def _heat(value: float | None) -> str:
    if value is None:
        return ""
    share = min(abs(value) / HEAT_FULL, 1)
    return f'<i class="{_tone(value)}" style="--heat:{share:.2f}">{text_of(value, FRACTION)}</i>'


def _prices(report: Report) -> Iterable[str]:
    for number, instrument in enumerate(report.result.instruments):
        prices = report.prices.get(instrument.symbol)
        if prices is None or not len(prices.starts):
            continue
        shown, count = charts.drawn(report.result, instrument.symbol)
        words = f"One candle stands for {prices.stride:,} rows of the data. " if prices.stride > 1 else ""
        words += f"{len(shown):,} of {count:,} fills are drawn; all are in fills.csv." if len(shown) < count else ""
        splits = charts.splits_of(report.result, instrument.symbol)
        told = ", ".join(f"{time_text(row.ts)[:10]} {row.numerator}:{row.denominator}" for row in splits)
        words += f" Prices are raw; dotted uprights are splits: {told}." if told else ""
        note = f"<p>{words.strip()}</p>" if words else ""
        drawing = charts.price_chart(report.result, instrument, prices, number)
        yield _section(f"{instrument.symbol}: prices and trades", drawing + note)


def _figures(result: BacktestResult) -> str:
    metrics = metrics_of(result)
    rows = []
    for figure in FIGURES:
        unit = "%" if figure.unit == FRACTION else figure.unit
        rows.append((figure.title, text_of(value_of(metrics, figure), figure.unit), unit, escape(figure.formula)))
    note = (
        "<p>Returns are those of UTC days, without a risk-free rate. Money of trades is in the instruments' currency; "
        "with several currencies it is not added up.</p>"
    )
    return _table(("figure", "value", "unit", "formula"), rows, "figures") + note


def _luck(result: BacktestResult) -> Iterable[str]:
    found = monte_carlo(result)
    if found is None:
        return
    rows = [
        (name, measure, *(text_of(value, unit) for value in values))
        for name, bands in (("bootstrap", found.bootstrap), ("shuffle", found.shuffle))
        for measure, unit, values in (
            ("value at the end", MONEY, bands.final),
            ("drawdown", FRACTION, bands.drawdown),
        )
    ]
    note = (
        f"<p>Monte Carlo: the profits of {found.trades:,} round trips, {found.paths:,} times anew, seed {found.seed}. "
        f"Bootstrap draws as many with replacement, and {text_of(found.bootstrap.below_start, FRACTION)} of its paths "
        "end below the initial cash. Shuffle puts the same ones in another order, so that all end alike. Columns are "
        "percentiles over the paths; the value of the account is counted at the end of each round trip.</p>"
    )
    head = ("method", "", *(f"{level} %" for level in found.levels))
    yield _section("What luck could have made of it", _table(head, rows, "figures luck") + note)


def _trades(result: BacktestResult) -> str:
    known = {instrument.symbol: instrument for instrument in result.instruments}
    shown = result.trades[:TRADES_SHOWN_MAX]
    head = ("#", "symbol", "side", "quantity", "entry", "at", "exit", "at", "bars", "net", "MAE", "MFE")
    rows = [_trade_cells(number, trade, known[trade.symbol]) for number, trade in enumerate(shown, 1)]
    note = f"<p>The first {len(shown):,} of {len(result.trades):,}; all are in trades.csv.</p>"
    return (_table(head, rows, "sortable trades") if rows else "<p>None was closed.</p>") + (
        note if len(shown) < len(result.trades) else ""
    )


def _trade_cells(number: int, trade: TradeRow, instrument: Instrument) -> Sequence[str]:
    decimals, gain = instrument.price_decimals, net(trade)
    return (
        str(number),
        escape(trade.symbol),
        trade.side.value,
        format_scaled(trade.qty, instrument.qty_decimals),
        time_text(trade.entry_ts),
        f"{trade.entry_px:.{decimals}f}",
        time_text(trade.exit_ts),
        f"{trade.exit_px:.{decimals}f}",
        str(trade.bars),
        f'<i class="{_tone(gain)}">{format_money(gain)}</i>',
        text_of(trade.mae, MONEY),
        text_of(trade.mfe, MONEY),
    )


def _ending(result: BacktestResult) -> str:
    known = {instrument.symbol: instrument for instrument in result.instruments}
    rows = [(escape(s), format_scaled(qty, known[s].qty_decimals)) for s, qty in sorted(result.positions.items())]
    counted: dict[str, int] = {}
    for order in result.orders:
        counted[order.status.value] = counted.get(order.status.value, 0) + 1
    paid: dict[tuple[str, str], int] = {}
    for row in result.cash_rows:
        paid[row.kind, row.currency] = paid.get((row.kind, row.currency), 0) + row.amount
    fees: dict[str, int] = {}
    for fill in result.fills:
        fees[fill.fee_currency] = fees.get(fill.fee_currency, 0) + fill.fee
    facts = [
        ("cash", f"{money_text(result.final_cash)} {result.currency}"),
        ("fees", ", ".join(f"{money_text(fee)} {of}" for of, fee in sorted(fees.items())) or NOTHING),
        *((kind, f"{money_text(amount)} {of}") for (kind, of), amount in sorted(paid.items())),
        ("orders", ", ".join(f"{count:,} {status}" for status, count in sorted(counted.items())) or NOTHING),
        ("positions", ", ".join(f"{qty} {symbol}" for symbol, qty in rows) or "flat"),
    ]
    return _table(("", ""), [(escape(name), escape(text)) for name, text in facts], "facts")


def _settings(result: BacktestResult) -> str:
    chosen = {
        "strategy": result.strategy,
        **{f"parameter {name}": value for name, value in result.parameters.items()},
        "initial cash": f"{money_text(result.initial_cash)} {result.currency}",
        "capital": f"{money_text(result.capital)} {result.currency}" if result.capital else "what the account carries",
        "seed": result.seed,
        **_flat(msgspec.to_builtins(result.options)),
    }
    return _table(("", ""), [(escape(name), escape(_plain(value))) for name, value in chosen.items()], "facts")


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}".removesuffix(".type")] = value
    return found


def _plain(value: object) -> str:
    if value is None:
        return "no limit"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _digests(result: BacktestResult) -> str:
    rows = [("result", result.digest), *(result.data_digests.items()), ("program", result.program_version)]
    return _table(("", ""), [(escape(name), f"<code>{escape(text)}</code>") for name, text in rows], "facts")
