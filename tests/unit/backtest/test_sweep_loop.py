"""A sweep's trials and figures depend on its terms alone, and luck is held against the best of them."""

from __future__ import annotations

from math import sqrt
from operator import itemgetter

import msgspec
import pytest

from tests.helpers.sweeps import DirectWorkers, hours, loop_of, probe_job, swept
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import encoded, loaded, span_of
from workstation.backtest.sweep_loop import parts_of
from workstation.backtest.sweep_ranking import best_of, by_fold, guard_of, heat, joined, ranked, value_of
from workstation.domain.errors import ValidationError
from workstation.ports.sweeps import Metric, Point, Terms, Trial, TrialStatus

TERMS = Terms(entry_point="probe:Probe", axes={"back": [2, 5, 10, 20], "quantity": [10, 30]})
FAILING = {"fails_at": 5}


def test_order_of_work_and_a_stop_in_between_change_no_figure() -> None:
    job = probe_job()
    plain = DirectWorkers(job)
    whole = swept(TERMS, job, plain)
    assert len(whole) == 7, "back 10 with quantity 10 is refused"
    assert swept(TERMS, job, DirectWorkers(job, backwards=True)) == whole
    part = swept(TERMS, job, DirectWorkers(job, backwards=True, stops_after=3))
    assert len(part) == 3
    rest = DirectWorkers(job)
    assert swept(TERMS, job, rest, part) == whole
    assert len(rest.ran) == 4, "what is kept is not run again"


def test_a_trial_that_raises_is_one_failed_row_with_its_text() -> None:
    job = probe_job(**FAILING)
    terms = msgspec.structs.replace(TERMS, fixed=FAILING)
    trials = swept(terms, job, DirectWorkers(job))
    failed = [trial for trial in trials if trial.status is TrialStatus.FAILED]
    assert {trial.parameters["back"] for trial in failed} == {5}
    assert failed[0].error == "RuntimeError: told to fail, at 2020-01-01T01:00:00Z of the market"
    assert len(trials) - len(failed) == 5
    assert best_of(trials, Metric.SHARPE) is not None


def test_a_part_of_the_job_is_the_backtest_of_that_part() -> None:
    job = probe_job()
    start, end = span_of(job)
    [(inside, outside)] = parts_of(TERMS, (start, end))
    assert outside is not None
    held = loaded(encoded(job))
    found = run_backtest(held.plan({"back": 5}, inside, warm=False))
    bars = hours(500)
    rows = int((bars.ts_close <= inside[1]).sum())
    assert (found.bars, found.fills[0].ts >= start, found.last_ts <= inside[1]) == (rows, True, True)
    later = run_backtest(held.plan({"back": 5}, outside, warm=True))
    assert later.first_ts >= outside[0]
    assert all(outside[0] <= fill.ts <= outside[1] for fill in later.fills)


def test_folds_are_searched_apart_and_their_choices_joined() -> None:
    job = probe_job(1_000)
    terms = msgspec.structs.replace(TERMS, folds=3)
    workers = DirectWorkers(job)
    loop = loop_of(terms, job)
    assert loop.run(workers, lambda _trial: None)
    folds = by_fold(loop.trials.values())
    assert [len(trials) for trials in folds.values()] == [7, 7, 7]
    curve = loop.join(workers)
    assert curve is not None
    assert [point.ts for point in curve] == sorted(point.ts for point in curve)
    total = 1.0
    for trials in folds.values():
        best = best_of(trials, Metric.SHARPE)
        assert best is not None
        assert best.outside is not None
        total *= 1 + best.outside.total_return
    assert curve[-1].equity == pytest.approx(total)


def test_no_out_of_sample_part_is_had_by_asking_and_folds_need_one() -> None:
    whole = msgspec.structs.replace(TERMS, out_share=0.0)
    assert parts_of(whole, (0, 100)) == [((0, 100), None)]
    for wrong in ({"out_share": 0.0, "folds": 2}, {"out_share": 1.0}, {"folds": 0}):
        with pytest.raises(ValidationError):
            parts_of(msgspec.structs.replace(TERMS, **wrong), (0, 100))


def test_ranks_go_by_the_in_sample_part_and_what_has_no_value_comes_last() -> None:
    job = probe_job(**FAILING)
    trials = swept(msgspec.structs.replace(TERMS, fixed=FAILING), job, DirectWorkers(job))
    order = ranked(trials, Metric.SHARPE)
    values = [value_of(trial.inside, Metric.SHARPE) for trial in order]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [None] * (len(values) - len(known))
    assert order[-1].status is TrialStatus.FAILED


def test_the_guard_grows_with_the_number_of_trials() -> None:
    job = probe_job()
    trials = swept(TERMS, job, DirectWorkers(job))
    best = best_of(trials, Metric.SHARPE)
    assert best is not None
    few, many = guard_of(trials, Metric.SHARPE), guard_of(trials * 20, Metric.SHARPE)
    assert few.trials == 7
    assert few.deflated is not None
    assert many.deflated is not None
    assert many.deflated < few.deflated
    assert many.by_chance > few.by_chance > 0
    alone = guard_of([best], Metric.SHARPE)
    assert (alone.deflated, alone.by_chance) == (None, 0.0)
    assert "Too few" in alone.verdict
    idle = [msgspec.structs.replace(row, inside=msgspec.structs.replace(row.inside, fills=0)) for row in trials]
    assert "No trial traded" in guard_of(idle, Metric.SHARPE).verdict


def test_the_ratio_of_days_is_the_yearly_one_before_it_is_made_yearly() -> None:
    job = probe_job()
    figures = swept(TERMS, job, DirectWorkers(job))[0].inside
    assert figures is not None
    assert figures.sharpe is not None
    assert figures.sharpe_day is not None
    assert figures.sharpe == pytest.approx(figures.sharpe_day * sqrt(365))


def test_a_heat_map_holds_the_mean_of_the_other_parameters() -> None:
    trials = [
        Trial(fold=0, number=number, parameters={"a": a, "b": b, "c": c}, status=TrialStatus.DONE)
        for number, (a, b, c) in enumerate([(1, 1, 1), (1, 1, 2), (2, 1, 1), (2, 2, 2)])
    ]
    found = heat(
        trials, itemgetter("a"), itemgetter("b"), lambda trial: float(trial.number) if trial.number < 3 else None
    )
    assert found == {(1, 1): 0.5, (2, 1): 2.0}


def test_joined_accounts_go_on_with_what_the_last_ended_with() -> None:
    assert joined([[Point(1, 1.1), Point(2, 1.2)], [], [Point(3, 0.5)]]) == (
        Point(1, 1.1),
        Point(2, 1.2),
        Point(3, 0.6),
    )
