"""The sweeps panel without a screen: sweeps, the trials of the chosen one, what luck explains, a map of two axes.

Beside both walks. Reads what the engine answered; changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from workstation.backtest.sweep_ranking import by_fold, deflater, guard_of, heat, value_of
from workstation.ports.sweeps import Metric, Sweep, SweepBoard, SweepStatus, SweepTable, Trial, TrialStatus
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, exact_time, gain_ink, market_words, percent, ratio
from workstation.viewmodels.heat_groups import grouping

Value = Callable[["TrialRow"], float | None]


class TrialRow(msgspec.Struct, frozen=True, kw_only=True):
    """One trial, with its deflated Sharpe ratio among those of its fold. metric: what its sweep ranks by."""

    trial: Trial
    metric: Metric
    deflated: float | None


PAIRS_SHARE = 0.5
"""Share of the pairs of two axes below which a map puts neighbours together."""


class HeatMap(msgspec.Struct, frozen=True, kw_only=True):
    """A map of two axes. cells: value by (place across, place down); most: largest size of a value."""

    across: str
    down: str
    columns: tuple[Any, ...]
    rows: tuple[Any, ...]
    cells: dict[tuple[int, int], float]
    most: float


def _inside(name: str) -> Value:
    return lambda row: _figure(row.trial.inside, name)


def _outside(name: str) -> Value:
    return lambda row: _figure(row.trial.outside, name)


def _figure(figures: Any, name: str) -> float | None:
    found: float | None = getattr(figures, name, None)
    return found


MEASURES: dict[str, Value] = {
    "Metric, in-sample": lambda row: value_of(row.trial.inside, row.metric),
    "Metric, out-of-sample": lambda row: value_of(row.trial.outside, row.metric),
    "Return, in-sample": _inside("total_return"),
    "Return, out-of-sample": _outside("total_return"),
    "Drawdown, in-sample": _inside("drawdown"),
    "Deflated Sharpe": lambda row: row.deflated,
}
"""What a map may show, by its name."""


class SweepsView:
    """The tables of one screen. trials: made anew for a sweep with other axes; table: what is shown of one sweep."""

    def __init__(self) -> None:
        self.sweeps: ColumnTable[Sweep] = ColumnTable(_sweep_columns(), sweep_key)
        self.trials: ColumnTable[TrialRow] = trial_table(())
        self.axes: tuple[str, ...] = ()
        self.rows: list[TrialRow] = []
        self.table: SweepTable | None = None
        self.has_board = False
        self.running, self.ended = 0, ""
        self._sweep_keys: set[str] = set()
        self._trial_keys: set[str] = set()

    def take(self, board: SweepBoard) -> None:
        """Show another board; what is gone leaves."""
        self.has_board, self.running, self.ended = True, board.running, board.ended
        living = {sweep_key(sweep) for sweep in board.sweeps}
        self.sweeps.remove([key for key in self._sweep_keys if key not in living])
        self._sweep_keys = living
        self.sweeps.upsert([_standing(sweep, board.running) for sweep in board.sweeps])

    def needs_columns(self, table: SweepTable | None) -> bool:
        """Tell whether a sweep has other axes than the table of trials."""
        return table is not None and tuple(table.sweep.terms.axes) != self.axes

    def renew(self, table: SweepTable) -> None:
        """Make the table of trials anew for a sweep's axes."""
        self.axes = tuple(table.sweep.terms.axes)
        self.trials, self._trial_keys = trial_table(self.axes), set()

    def show(self, table: SweepTable | None) -> None:
        """Show the trials of a sweep, none for None."""
        self.table = table
        trials = () if table is None else table.trials
        metric = Metric.SHARPE if table is None else table.sweep.terms.metric
        self.rows = []
        for fold in by_fold(trials).values():
            deflated = deflater(fold)
            self.rows += [TrialRow(trial=trial, metric=metric, deflated=deflated(trial)) for trial in fold]
        living = {trial_key(row) for row in self.rows}
        self.trials.remove([key for key in self._trial_keys if key not in living])
        self._trial_keys = living
        self.trials.upsert(self.rows)

    def verdicts(self) -> list[str]:
        """Return what luck explains of each fold's choice, one sentence a fold."""
        if self.table is None:
            return []
        terms, found = self.table.sweep.terms, []
        for fold, trials in by_fold(self.table.trials).items():
            guard = guard_of(trials, terms.metric)
            name = f"Fold {fold + 1}. " if terms.folds > 1 else ""
            chosen = f"{terms.metric.value} {ratio(guard.inside)} in-sample, {ratio(guard.outside)} out-of-sample"
            chance = f"luck alone: Sharpe {guard.by_chance:.2f}; deflated {percent(guard.deflated)}"
            found.append(f"{name}Best of {guard.trials:,}: {chosen}; {chance}. {guard.verdict}")
        if self.table.sweep.joined and terms.folds > 1:
            made = self.table.sweep.joined[-1].equity - 1
            found.append(f"Walked forward, the choices together made {made:.2%} out-of-sample.")
        return found

    def heat_map(self, across: str, down: str, measure: str) -> HeatMap:
        """Return a map of two axes, each cell the mean over whatever else was tried.

        Values that were tried in few of their pairs share a cell with their neighbours.
        """
        values, by_trial = MEASURES[measure], {id(row.trial): row for row in self.rows}
        shown = [row.trial for row in self.rows if values(row) is not None]
        tried = [{trial.parameters.get(axis) for trial in shown} for axis in (across, down)]
        pairs = {(trial.parameters.get(across), trial.parameters.get(down)) for trial in shown}
        is_sparse = len(pairs) < len(tried[0]) * len(tried[1]) * PAIRS_SHARE
        (columns, left), (rows, top) = (grouping(found) if is_sparse else (_ordered(found), _itself) for found in tried)
        found = heat(
            shown,
            lambda parameters: left(parameters.get(across)),
            lambda parameters: top(parameters.get(down)),
            lambda trial: values(by_trial[id(trial)]),
        )
        places = (
            {value: place for place, value in enumerate(columns)},
            {value: place for place, value in enumerate(rows)},
        )
        cells = {(places[0][x], places[1][y]): value for (x, y), value in found.items()}
        most = max((abs(value) for value in cells.values()), default=0.0)
        return HeatMap(across=across, down=down, columns=columns, rows=rows, cells=cells, most=most)


def sweep_key(sweep: Sweep) -> str:
    """Return what names a sweep."""
    return str(sweep.id)


def trial_key(row: TrialRow) -> str:
    """Return what names a trial of its sweep."""
    return f"{row.trial.fold}/{row.trial.number}"


def sweep_style(sweep: Sweep) -> RowStyle:
    """Return how a sweep looks."""
    ink = {SweepStatus.RUNNING: "accent", SweepStatus.STOPPED: "warning", SweepStatus.DONE: "buy"}[sweep.status]
    return RowStyle(cells={"status": CellStyle(ink), "failed": CellStyle("danger" if sweep.failed else "")})


def trial_style(row: TrialRow) -> RowStyle:
    """Return how a trial looks: one that failed in red, gain and loss by their sign."""
    if row.trial.status is TrialStatus.FAILED:
        return RowStyle(ink="text_muted", cells={"error": CellStyle("danger")})
    cells = {name: CellStyle(gain_ink(value(row))) for name, value in _SIGNED.items()}
    return RowStyle(cells=cells)


def status_text(sweep: Sweep) -> str:
    """Return how a sweep stands, in a word."""
    return sweep.status.value.capitalize()


def trial_table(axes: Sequence[str]) -> ColumnTable[TrialRow]:
    """Return an empty table of trials over these parameters."""
    return ColumnTable(_trial_columns(axes), trial_key)


def heat_text(value: float) -> str:
    """Return a cell of a map in few letters."""
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def _standing(sweep: Sweep, running: int) -> Sweep:
    """Return a sweep as it stands: one that runs in no process was stopped."""
    if sweep.status is SweepStatus.RUNNING and sweep.id != running:
        return msgspec.structs.replace(sweep, status=SweepStatus.STOPPED)
    return sweep


def _itself(value: Any) -> Any:
    return value


def _ordered(values: set[Any]) -> tuple[Any, ...]:
    numbers = all(isinstance(value, int | float) for value in values)
    return tuple(sorted(values) if numbers else sorted(values, key=str))


_SIGNED: dict[str, Value] = {
    "in_metric": MEASURES["Metric, in-sample"],
    "in_return": MEASURES["Return, in-sample"],
    "out_metric": MEASURES["Metric, out-of-sample"],
    "out_return": MEASURES["Return, out-of-sample"],
}


def _market(name: str) -> Callable[[Sweep], str]:
    return lambda sweep: market_words(sweep.terms.market, name)


def _made(sweep: Sweep) -> str:
    return exact_time(sweep.created_at)[:16].replace("T", " ")


def _sweep_columns() -> tuple[Column[Sweep], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    symbols, interval = _market("symbol"), _market("interval")
    return (
        Column("id", "No.", number, lambda r: r.id, lambda r: str(r.id), right=True, width=4),
        Column("strategy", "Strategy", code, lambda r: r.terms.entry_point, lambda r: r.terms.entry_point, width=18),
        Column("symbols", "Symbols", code, symbols, symbols, width=10, hover=symbols),
        Column("interval", "Bars", code, interval, interval, width=5),
        Column("status", "Is", code, status_text, status_text, width=8),
        Column("done", "Trials", number, lambda r: r.done, lambda r: f"{r.done:,} of {r.planned:,}", right=True,
               width=12),
        Column("failed", "Failed", number, lambda r: r.failed, lambda r: f"{r.failed:,}", right=True, width=6),
        Column("metric", "By", code, lambda r: r.terms.metric.value, lambda r: r.terms.metric.value, width=9),
        Column("search", "Search", code, lambda r: r.terms.method.value, lambda r: r.terms.method.value, width=7),
        Column("created", "Made", number, lambda r: float(r.created_at), _made, width=17,
               exact=lambda r: exact_time(r.created_at)),
    )  # fmt: skip


def _trial_columns(axes: Sequence[str]) -> tuple[Column[TrialRow], ...]:
    number, text = ColumnKind.NUMBER, ColumnKind.TEXT
    shown = (
        _column("in_metric", "In", _SIGNED["in_metric"], ratio, "The metric in-sample, which trials are ranked by"),
        _column("out_metric", "Out", _SIGNED["out_metric"], ratio, "The metric out-of-sample"),
        _column("deflated", "Deflated", MEASURES["Deflated Sharpe"], percent,
                "Probability that the Sharpe ratio is better than the luckiest of all trials"),
        _column("in_return", "Return in", _SIGNED["in_return"], percent, "Return in-sample"),
        _column("out_return", "Return out", _SIGNED["out_return"], percent, "Return out-of-sample"),
        _column("drawdown", "Drawdown", MEASURES["Drawdown, in-sample"], percent, "Deepest fall in-sample"),
        _column("trades", "Trades", _inside("trades"), _count, "Round trips in-sample"),
    )  # fmt: skip
    return (
        Column("fold", "Fold", number, lambda r: r.trial.fold, lambda r: str(r.trial.fold + 1), right=True, width=4,
               hover=_why),
        Column("number", "No.", number, lambda r: r.trial.number, lambda r: str(r.trial.number), right=True, width=4),
        *[_axis(name) for name in axes],
        *shown,
        Column("error", "Failed because", text, lambda r: r.trial.error, lambda r: r.trial.error, width=16,
               hover=lambda r: r.trial.error),
    )  # fmt: skip


def _why(row: TrialRow) -> str:
    """Return why a trial failed: the column that says it gives way in a narrow panel."""
    return f"Failed: {row.trial.error}" if row.trial.error else ""


def _axis(name: str) -> Column[TrialRow]:
    def value(row: TrialRow) -> float | None:
        found = row.trial.parameters.get(name)
        return float(found) if isinstance(found, int | float) else None

    def text(row: TrialRow) -> str:
        return str(row.trial.parameters.get(name, ""))

    return Column(f"axis_{name}", name, ColumnKind.NUMBER, value, text, right=True, width=max(len(name), 5))


def _column(name: str, title: str, value: Value, text: Callable[[float | None], str], hint: str) -> Column[TrialRow]:
    return Column(
        name, title, ColumnKind.NUMBER, value, lambda row: text(value(row)), right=True, width=max(len(title), 7),
        hint=hint, exact=lambda row: "" if value(row) is None else repr(value(row)),
    )  # fmt: skip


def _count(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.0f}"
