"""Backtests as a table, and one of them as figures, a curve of the account and its falls.

Beside both walks. Reads what the engine answered; changes nothing.
"""

from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt

from workstation.ports.backtests import Backtest, BacktestBoard, BacktestStatus, BacktestTrips, Trip
from workstation.ports.sweeps import Figures
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, exact_time, gain_ink, market_words, money, percent, ratio

Values = npt.NDArray[np.float64]
Value = Callable[[Backtest], float | None]


class AccountCurve(msgspec.Struct, frozen=True, kw_only=True):
    """An account over time, each (n,) with n of 2 or more: times UTC ns, worth, and its fall from its peak, 0 to 1.

    initial: what it began with; currency: of both.
    """

    ts: npt.NDArray[np.int64]
    equity: Values
    fall: Values
    initial: float
    currency: str

    def share(self, ts: int) -> float:
        """Return where an instant stands in the span of time, 0 to 1, nearest where it is outside."""
        share = (ts - int(self.ts[0])) / (int(self.ts[-1]) - int(self.ts[0]))
        return min(max(share, 0.0), 1.0)

    def at(self, share: float) -> int:
        """Return which point is nearest to a share of the span of time, 0 to 1."""
        wanted = self.ts[0] + share * (self.ts[-1] - self.ts[0])
        return int(np.argmin(np.abs(self.ts - wanted)))

    def words(self, place: int) -> str:
        """Return one point in words."""
        when = _minute(int(self.ts[place]))
        fall = f", {self.fall[place]:.2%} below its peak" if self.fall[place] > 0 else ""
        return f"{when}: {self.equity[place]:,.2f} {self.currency}{fall}"


class BacktestsView:
    """The tables of one screen. board: what was answered last; shown: whose round trips are, 0 for none."""

    def __init__(self) -> None:
        self.table: ColumnTable[Backtest] = ColumnTable(_columns(), backtest_key)
        self.trips: ColumnTable[Trip] = ColumnTable(_trip_columns(), trip_key)
        self.board: BacktestBoard | None = None
        self.shown = 0
        self._keys: set[str] = set()
        self._trip_keys: set[str] = set()

    @property
    def running(self) -> int:
        """Number of the backtest under way, 0 for none."""
        return 0 if self.board is None else self.board.running

    def take(self, board: BacktestBoard) -> None:
        """Show another board; what is gone leaves."""
        self.board = board
        living = {backtest_key(row) for row in board.backtests}
        self.table.remove([key for key in self._keys if key not in living])
        self._keys = living
        self.table.upsert([_standing(row, board.running) for row in board.backtests])

    def show(self, found: BacktestTrips | None) -> None:
        """Show the round trips of a backtest, none for None."""
        self.shown = 0 if found is None else found.backtest_id
        trips = () if found is None else found.trips
        living = {trip_key(trip) for trip in trips}
        self.trips.remove([key for key in self._trip_keys if key not in living])
        self._trip_keys = living
        self.trips.upsert(list(trips))

    def progress(self) -> str:
        """Return how far the running backtest is, "" where none runs."""
        board = self.board
        if board is None or not board.running:
            return ""
        if not board.played:
            return f"Backtest {board.running} begins."
        day = exact_time(board.at)[:10]
        return f"Backtest {board.running}: {board.played:,} bars played, the market is at {day}."


def backtest_key(backtest: Backtest) -> str:
    """Return what names a backtest."""
    return str(backtest.id)


def trip_key(trip: Trip) -> str:
    """Return what names a round trip of its backtest."""
    return str(trip.number)


def trip_style(trip: Trip) -> RowStyle:
    """Return how a round trip looks: its side and its profit in their colours."""
    side = "buy" if trip.side.sign > 0 else "sell"
    return RowStyle(cells={"side": CellStyle(side), "pnl": CellStyle(gain_ink(trip.pnl))})


def backtest_style(backtest: Backtest) -> RowStyle:
    """Return how a backtest looks: gain and loss by their sign."""
    ink = {
        BacktestStatus.RUNNING: "accent",
        BacktestStatus.STOPPED: "warning",
        BacktestStatus.FAILED: "danger",
        BacktestStatus.DONE: "",
    }[backtest.status]
    signed = {name: CellStyle(gain_ink(_SIGNED[name](backtest))) for name in _SIGNED}
    return RowStyle(cells={"status": CellStyle(ink), **signed})


def curve_of(backtest: Backtest | None) -> AccountCurve | None:
    """Return the curve of a backtest, None where it has none."""
    if backtest is None or len(backtest.curve) < 2 or backtest.curve[0].ts == backtest.curve[-1].ts:
        return None
    ts = np.array([point.ts for point in backtest.curve], dtype=np.int64)
    equity = np.array([point.equity for point in backtest.curve], dtype=np.float64)
    peaks = np.maximum.accumulate(np.maximum(equity, backtest.initial))
    fall = np.divide(peaks - equity, peaks, out=np.zeros_like(equity), where=peaks > 0)
    return AccountCurve(ts=ts, equity=equity, fall=fall, initial=backtest.initial, currency=backtest.currency)


def figure_words(backtest: Backtest | None) -> list[str]:
    """Return what came of a backtest, or why nothing did, in lines."""
    if backtest is None:
        return []
    asked = ", ".join(f"{name} {value}" for name, value in backtest.parameters.items())
    lines = [f"{backtest.entry_point}: {asked}" if asked else backtest.entry_point]
    if backtest.error:
        return [*lines, *backtest.error.splitlines()]
    figures = backtest.figures
    if figures is None:
        return lines
    made = f"{money(figures.net_profit, signed=True)} {backtest.currency}"
    span = f"{_day(backtest.first_ts)} to {_day(backtest.last_ts)}, {backtest.bars:,} bars"
    lines.append(f"{span}, {figures.fills:,} fills: {made}")
    ratios = (("Sharpe", figures.sharpe), ("Sortino", figures.sortino), ("Calmar", figures.calmar))
    shown = [f"{name} {ratio(value)}" for name, value in (*ratios, ("profit factor", figures.profit_factor))]
    lines.append(", ".join((*shown, f"deepest fall {figures.drawdown:.2%}")))
    return [*lines, *(f"! {warning}" for warning in backtest.warnings)]


def _standing(backtest: Backtest, running: int) -> Backtest:
    """Return a backtest as it stands: one that runs in no process was stopped."""
    if backtest.status is BacktestStatus.RUNNING and backtest.id != running:
        return msgspec.structs.replace(backtest, status=BacktestStatus.STOPPED)
    return backtest


def _figure(name: str) -> Value:
    def value(backtest: Backtest) -> float | None:
        figures: Figures | None = backtest.figures
        found: float | None = None if figures is None else getattr(figures, name)
        return found

    return value


_SIGNED: dict[str, Value] = {"return": _figure("total_return"), "profit": _figure("net_profit")}


def _day(ts: int) -> str:
    return exact_time(ts)[:10]


def _made(backtest: Backtest) -> str:
    return _minute(backtest.created_at)


def _minute(ts: int) -> str:
    return exact_time(ts)[:16].replace("T", " ")


def _market(name: str) -> Callable[[Backtest], str]:
    return lambda backtest: market_words(backtest.market, name)


def _profit(backtest: Backtest) -> str:
    return MISSING if backtest.figures is None else money(backtest.figures.net_profit, signed=True)


def _columns() -> tuple[Column[Backtest], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    symbols, interval = _market("symbol"), _market("interval")
    trades = _figure("trades")
    return (
        Column("id", "No.", number, lambda r: r.id, lambda r: str(r.id), right=True, width=4),
        Column("strategy", "Strategy", code, lambda r: r.entry_point, lambda r: r.entry_point, width=16),
        Column("symbols", "Symbols", code, symbols, symbols, width=10, hover=symbols),
        Column("interval", "Bars", code, interval, interval, width=5),
        Column("status", "Is", code, lambda r: r.status.value, lambda r: r.status.value.capitalize(), width=8),
        _number("return", "Return", _SIGNED["return"], percent, "Gain on what the account began with"),
        Column("profit", "Net profit", number, _SIGNED["profit"], _profit, right=True, width=13),
        _number("sharpe", "Sharpe", _figure("sharpe"), ratio, "Yearly return for its risk, of daily returns"),
        _number("drawdown", "Drawdown", _figure("drawdown"), percent, "Deepest fall from a peak"),
        Column("trades", "Trades", number, trades, lambda r: MISSING if r.figures is None else f"{r.figures.trades:,}",
               right=True, width=7, hint="Round trips"),
        Column("created", "Made", number, lambda r: float(r.created_at), _made, width=17,
               exact=lambda r: exact_time(r.created_at)),
    )  # fmt: skip


def _trip_columns() -> tuple[Column[Trip], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    return (
        Column("number", "No.", number, lambda r: r.number, lambda r: str(r.number), right=True, width=5),
        Column("symbol", "Symbol", code, lambda r: r.symbol, lambda r: r.symbol, width=9),
        Column("side", "Side", code, lambda r: r.side.value, lambda r: "Long" if r.side.sign > 0 else "Short", width=6),
        Column("qty", "Size", number, lambda r: float(r.qty), lambda r: r.qty, right=True, width=8),
        Column("pnl", "Profit", number, lambda r: float(r.pnl), lambda r: money(r.pnl, signed=True), right=True,
               width=12, hint="Before fees"),
        Column("entry", "Entered", number, lambda r: float(r.entry_ts), lambda r: _minute(r.entry_ts), width=17,
               exact=lambda r: exact_time(r.entry_ts)),
        Column("entry_px", "At", number, lambda r: r.entry_px, lambda r: f"{r.entry_px:,.4f}", right=True, width=11),
        Column("exit", "Left", number, lambda r: float(r.exit_ts), lambda r: _minute(r.exit_ts), width=17,
               exact=lambda r: exact_time(r.exit_ts)),
        Column("exit_px", "At", number, lambda r: r.exit_px, lambda r: f"{r.exit_px:,.4f}", right=True, width=11),
        Column("fees", "Fees", number, lambda r: float(r.fees), lambda r: money(r.fees), right=True, width=9),
        Column("mae", "Worst", number, lambda r: r.mae, lambda r: f"{r.mae:,.2f}", right=True, width=11,
               hint="Worst open profit on its way (MAE)"),
        Column("mfe", "Best", number, lambda r: r.mfe, lambda r: f"{r.mfe:,.2f}", right=True, width=11,
               hint="Best open profit on its way (MFE)"),
        Column("bars", "Bars", number, lambda r: r.bars, lambda r: f"{r.bars:,}", right=True, width=6),
    )  # fmt: skip


def _number(name: str, title: str, value: Value, text: Callable[[float | None], str], hint: str) -> Column[Backtest]:
    return Column(
        name, title, ColumnKind.NUMBER, value, lambda row: text(value(row)), right=True, width=max(len(title), 8),
        hint=hint, exact=lambda row: "" if value(row) is None else repr(value(row)),
    )  # fmt: skip
