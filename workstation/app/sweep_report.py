"""A sweep in words, as CSV and as plain values: the choice of each fold, what luck explains of it, and the trials."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from workstation.backtest.sweep_ranking import Guard, best_of, by_fold, deflater, guard_of, ranked
from workstation.domain.cells import disarmed
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, rescale
from workstation.domain.times import NS_PER_S
from workstation.ports.sweeps import Figures, Sweep, SweepStatus, Trial, TrialStatus

_FIGURES = ("total_return", "sharpe", "sortino", "calmar", "profit_factor", "drawdown", "net_profit", "fills", "trades")
ERROR_SHOWN = 70


def words(sweep: Sweep, trials: Sequence[Trial], *, top: int) -> list[str]:
    """Return a sweep as lines for a person."""
    terms = sweep.terms
    lines = [
        f"sweep {sweep.id}: {terms.entry_point}, {terms.method.value} by {terms.metric.value}, seed {terms.seed}",
        f"{_day(sweep.first_ts)} to {_day(sweep.last_ts)}, {_split(sweep)}",
        f"{_standing(sweep)}: {sweep.done:,} of {sweep.planned:,} trials, {sweep.failed:,} failed"
        + (f", {sweep.refused:,} combinations refused by the strategy" if sweep.refused else ""),
    ]
    for fold, rows in by_fold(trials).items():
        lines += ["", *([f"fold {fold + 1}"] if terms.folds > 1 else []), *_fold(sweep, rows, top)]
    if sweep.joined:
        made = sweep.joined[-1].equity - 1
        whose = "the choice of each fold, joined" if terms.folds > 1 else "the choice"
        lines += ["", f"{whose}, out-of-sample: {made:.2%} over {len(sweep.joined):,} days"]
    if sweep.status is not SweepStatus.DONE:
        lines += ["", f"go on with: workstation sweep --resume {sweep.id}"]
    return lines


def listed(sweeps: Sequence[Sweep]) -> list[str]:
    """Return one line a sweep."""
    rows = [
        (
            str(sweep.id),
            _day(sweep.created_at),
            sweep.terms.entry_point,
            sweep.terms.method.value,
            _standing(sweep),
            f"{sweep.done:,} of {sweep.planned:,}",
        )
        for sweep in sweeps
    ]
    return _columns([("id", "made", "strategy", "search", "is", "trials"), *rows])


def as_csv(sweep: Sweep, trials: Sequence[Trial]) -> str:
    """Return every trial as CSV, by fold and number; empty cells are figures that there are none of."""
    names = list(sweep.terms.axes)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    sides = [f"{side}_{name}" for side in ("in", "out") for name in _FIGURES]
    writer.writerow(["fold", "number", *names, "status", *sides, "deflated_sharpe", "in_digest", "out_digest", "error"])
    for fold, rows in by_fold(trials).items():
        deflated = deflater(rows)
        for trial in rows:
            figures = [*_cells(trial.inside), *_cells(trial.outside)]
            digests = [part.digest if part is not None else "" for part in (trial.inside, trial.outside)]
            values = [_plain(trial.parameters.get(name, "")) for name in names]
            chance = deflated(trial)
            told = ["" if chance is None else repr(chance), *digests, disarmed(trial.error)]
            writer.writerow([fold + 1, trial.number, *values, trial.status.value, *figures, *told])
    return stream.getvalue()


def _plain(value: Any) -> Any:
    return disarmed(value) if isinstance(value, str) else value


def summary(sweep: Sweep, trials: Sequence[Trial], *, top: int) -> dict[str, Any]:
    """Return a sweep as plain values, with the best trials of each fold."""
    folds = []
    for fold, rows in by_fold(trials).items():
        guard = guard_of(rows, sweep.terms.metric)
        best = best_of(rows, sweep.terms.metric)
        folds.append(
            {
                "fold": fold + 1,
                "chosen": None if best is None else best.parameters,
                "guard": {**msgspec.to_builtins(guard), "verdict": guard.verdict},
                "trials": msgspec.to_builtins(ranked(rows, sweep.terms.metric)[:top]),
            }
        )
    plain: dict[str, Any] = msgspec.to_builtins(sweep)
    return {**{name: plain[name] for name in plain if name != "source"}, "folds": folds}


def _standing(sweep: Sweep) -> str:
    """Return how a sweep stands. Who reads this is the home's only writer: one that is kept as running is not."""
    return "broken off" if sweep.status is SweepStatus.RUNNING else sweep.status.value.lower()


def _fold(sweep: Sweep, rows: list[Trial], top: int) -> list[str]:
    metric = sweep.terms.metric
    guard = guard_of(rows, metric)
    deflated = deflater(rows)
    names = list(sweep.terms.axes)
    header = (*names, metric.value, "return", "drawdown", "trades", f"out {metric.value}", "out return", "deflated")
    table = [header]
    for trial in [row for row in ranked(rows, metric) if row.status is TrialStatus.DONE][:top]:
        values = tuple(str(trial.parameters.get(name, "")) for name in names)
        table.append((*values, *_line(trial, metric.value, deflated)))
    failed = [row for row in rows if row.status is TrialStatus.FAILED]
    lines = _columns(table)
    lines += [
        f"  failed: {_named(row)}: {row.error.splitlines()[-1][-ERROR_SHOWN:]}" for row in failed[:3] if row.error
    ]
    if len(failed) > 3:
        lines.append(f"  and {len(failed) - 3:,} more")
    return [*lines, *_guarded(guard)]


def _line(trial: Trial, metric: str, deflated: Callable[[Trial], float | None]) -> tuple[str, ...]:
    inside, outside = trial.inside, trial.outside
    return (
        _ratio(getattr(inside, metric, None)),
        _percent(getattr(inside, "total_return", None)),
        _percent(getattr(inside, "drawdown", None)),
        "—" if inside is None else f"{inside.trades:,}",
        _ratio(getattr(outside, metric, None)),
        _percent(getattr(outside, "total_return", None)),
        _percent(deflated(trial)),
    )


def _guarded(guard: Guard) -> list[str]:
    if guard.deflated is None:
        return [f"  {guard.verdict}"]
    chance = f"  luck alone gives the best of {guard.trials:,} trials a Sharpe ratio of {guard.by_chance:.2f}"
    return [f"{chance}; deflated Sharpe {_percent(guard.deflated)}", f"  {guard.verdict}"]


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(figures: Figures | None) -> list[object]:
    if figures is None:
        return [""] * len(_FIGURES)
    return [_cell(name, getattr(figures, name)) for name in _FIGURES]


def _cell(name: str, value: object) -> object:
    if value is None:
        return ""
    if name == "net_profit" and isinstance(value, int):
        return format_scaled(rescale(value, MONEY_DECIMALS, 2), 2, keep=2)
    return repr(value) if isinstance(value, float) else value


def _split(sweep: Sweep) -> str:
    terms = sweep.terms
    if not terms.out_share:
        return "all of it searched: nothing is left to judge the choice by"
    share = f"{terms.out_share:.0%} out-of-sample"
    way = "anchored" if terms.anchored else "rolling"
    return f"walked forward in {terms.folds} {way} folds, each {share}" if terms.folds > 1 else f"the last {share}"


def _named(trial: Trial) -> str:
    return ", ".join(f"{name}={value}" for name, value in trial.parameters.items())


def _day(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // NS_PER_S, UTC):%Y-%m-%d}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.2%}"


def _ratio(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"
