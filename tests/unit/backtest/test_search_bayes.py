"""The search that learns looks where it was good, tries the same for a seed, and never a thing twice."""

from __future__ import annotations

import sys
from statistics import fmean

import msgspec
import pytest

from tests.helpers.sweeps import DirectWorkers, probe_code, probe_job, swept
from workstation.backtest.search import Space, random_draw
from workstation.backtest.search_bayes import BayesSearch
from workstation.domain.errors import UserError, ValidationError
from workstation.ports.sweeps import Method, Terms
from workstation.strategies.api import Strategy, StrategyParameters


class Hill(Strategy):
    class Parameters(StrategyParameters):
        """Where on the hill."""

        x: int = 0
        y: int = 0
        kind: str = "a"


AXES = {"x": range(60), "y": range(60), "kind": ["a", "b"]}


def height(values: dict[str, object]) -> float:
    return -((int(str(values["x"])) - 40) ** 2) - (int(str(values["y"])) - 15) ** 2 - 500 * (values["kind"] == "b")


def climbed(seed: int, count: int = 64) -> list[dict[str, object]]:
    search = BayesSearch(Space(Hill, AXES), count=count, seed=seed, fold=0)
    tried: list[dict[str, object]] = []
    while asked := search.ask():
        tried += asked
        search.tell([height(values) for values in asked])
    return tried


def test_a_seed_gives_the_same_trials_none_twice_and_looks_where_it_was_good() -> None:
    learnt, chance = [], []
    for seed in (1, 2, 3):
        tried = climbed(seed)
        assert len({repr(values) for values in tried}) == len(tried) == 64
        learnt.append(fmean(map(height, tried[32:])))
        chance.append(fmean(map(height, random_draw(Space(Hill, AXES), count=64, seed=seed).trials)))
    assert climbed(1) == climbed(1)
    assert climbed(1) != climbed(2)
    assert min(learnt) > max(chance), "its later trials stand higher on the hill"


def test_a_small_space_is_searched_whole_and_ends() -> None:
    search = BayesSearch(Space(Hill, {"x": [1, 2], "kind": ["a", "b"]}), count=50, seed=1, fold=0)
    tried: list[dict[str, object]] = []
    while asked := search.ask():
        tried += asked
        search.tell([None] * len(asked))
    assert search.planned == 4
    assert len(tried) == 4


def test_what_the_schema_refuses_is_no_trial_and_nothing_else_is_an_error() -> None:
    space = Space(probe_code().strategy, {"back": [5, 6], "quantity": [5, 6]})
    search = BayesSearch(space, count=4, seed=1, fold=0)
    assert {(values["back"], values["quantity"]) for values in search.ask()} == {(5, 6), (6, 5)}
    assert search.refused > 0
    with pytest.raises(ValidationError, match="every combination is refused"):
        BayesSearch(Space(probe_code().strategy, {"back": [60, 70]}), count=4, seed=1, fold=0).ask()


def test_a_learning_sweep_goes_on_where_it_stopped_with_the_same_trials() -> None:
    job = probe_job()
    terms = Terms(
        entry_point="probe:Probe", axes={"back": list(range(1, 31))}, method=Method.BAYES, count=20, seed=4, folds=2
    )
    whole = swept(terms, job, DirectWorkers(job))
    assert [sum(trial.fold == fold for trial in whole) for fold in (0, 1)] == [20, 20]
    part = swept(terms, job, DirectWorkers(job, backwards=True, stops_after=21))
    rest = DirectWorkers(job, backwards=True)
    assert swept(terms, job, rest, part) == whole
    assert len(rest.ran) == 19
    assert swept(msgspec.structs.replace(terms, seed=5), job, DirectWorkers(job)) != whole


def test_without_optuna_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"install workstation\[search\]"):
        BayesSearch(Space(Hill, AXES), count=8, seed=1, fold=0)
