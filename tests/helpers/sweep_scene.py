"""A sweep of two parameters with one failed trial, for the picture and the tests of its panel."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.helpers.desktop_rig import START_NS
from workstation.ports.sweeps import Figures, Sweep, SweepBoard, SweepStatus, SweepTable, Terms, Trial, TrialStatus
from workstation.strategies.describing import CodeShape, ParameterField
from workstation.strategies.views import Policy

ENTRY = "sma_cross:SmaCross"


def sweep_of_scene() -> SweepTable:
    """Return a sweep of two parameters that is done, one of its trials failed."""
    axes: dict[str, list[Any]] = {"fast": [5, 10, 15, 20], "slow": [30, 60, 90]}
    market = {"symbol": ["ACME", "IBM"], "interval": "1d"}
    terms = Terms(entry_point=ENTRY, axes=axes, fixed={"symbol": "ACME"}, market=market)
    trials = []
    for number in range(12):
        fast, slow = 5 * (number // 3 + 1), 30 * (number % 3 + 1)
        ratio = 1.9 - abs(fast - 10) / 6 - abs(slow - 60) / 40
        parts = (ratio, ratio / 3 - 0.2)
        made = [
            Figures(
                total_return=part / 10, sharpe=part, sortino=part, calmar=part, profit_factor=1.0, drawdown=0.08,
                net_profit=0, fills=40, trades=20 + number, days=250, sharpe_day=part / 16, skewness=0.0, kurtosis=3.0,
                digest="",
            )
            for part in parts
        ]  # fmt: skip
        chosen = {"fast": fast, "slow": slow}
        if number == 11:
            trials.append(
                Trial(fold=0, number=number, parameters=chosen, status=TrialStatus.FAILED, error="ValueError: no bars")
            )
            continue
        trials.append(
            Trial(fold=0, number=number, parameters=chosen, status=TrialStatus.DONE, inside=made[0], outside=made[1])
        )
    sweep = Sweep(
        id=3, terms=terms, status=SweepStatus.DONE, created_at=START_NS, updated_at=START_NS, code_hash="", source="",
        data={}, planned=12, done=12, failed=1,
    )  # fmt: skip
    return SweepTable(sweep=sweep, trials=tuple(trials))


def sweep_answers() -> dict[str, Any]:
    """Return what the panel asks, by command."""
    table = sweep_of_scene()
    stopped = msgspec.structs.replace(table.sweep, id=2, status=SweepStatus.STOPPED, done=7, failed=0)
    shape = CodeShape(
        entry_point=ENTRY, says="", policy=Policy.CANCEL, parameters=(_field("fast", 10), _field("slow", 30))
    )
    return {
        "sweep.board": SweepBoard(sweeps=(table.sweep, stopped)),
        "sweep.trials": table,
        "strategy.codes": (ENTRY,),
        "strategy.code": shape,
    }


def _field(name: str, default: int) -> ParameterField:
    return ParameterField(name=name, kind="integer", default=default, allowed="", meaning="")
