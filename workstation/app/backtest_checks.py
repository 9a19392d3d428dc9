"""What `workstation backtest --check` runs and says: the checks of `backtest/examination.py` in words and in JSON."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from workstation.backtest.examination import LookAhead, Outcome, StartUp, costs, look_ahead, paths, start_up
from workstation.backtest.figures import RATIO, text_of
from workstation.backtest.report_rows import time_text
from workstation.backtest.reruns import MakePlan
from workstation.domain.numbers import format_money

NOTHING = "nothing"


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks that were asked for found; None for one that was not."""

    look_ahead: LookAhead | None = None
    start_up: Sequence[StartUp] | None = None
    costs: Sequence[Outcome] | None = None
    paths: Sequence[Outcome] | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, name) is not None for name in self.__struct_fields__)

    @property
    def fails(self) -> bool:
        """True where a decision hung on what came after it."""
        return self.look_ahead is not None and bool(self.look_ahead.changed)

    def words(self, currency: str) -> list[str]:
        """Return the findings as lines for a person."""
        lines: list[str] = []
        if self.look_ahead is not None:
            lines += _look_ahead_words(self.look_ahead)
        if self.start_up is not None:
            lines += [_start_up_words(row) for row in self.start_up]
        for name, rows in (("costs", self.costs), ("paths", self.paths)):
            for row in rows or ():
                money = f"{format_money(row.net_profit, grouping=True)} {currency}"
                lines.append(f"{name}: {row.name:<15}{row.fills:>8,} fills {money:>20}, Sharpe {_sharpe(row)}")
        return lines


def examined(what: str, make: MakePlan, unwanted: Callable[[], bool]) -> Findings:
    """Run the checks of that name: one of them, `all`, or none for an empty one; none after an interruption."""

    def wanted(name: str) -> bool:
        return what in (name, "all") and not unwanted()

    return Findings(
        look_ahead=look_ahead(make, cancelled=unwanted) if wanted("look-ahead") else None,
        start_up=start_up(make, cancelled=unwanted) if wanted("start-up") else None,
        costs=costs(make, cancelled=unwanted) if wanted("costs") else None,
        paths=paths(make, cancelled=unwanted) if wanted("paths") else None,
    )


def plain(found: Findings) -> dict[str, Any]:
    """Return findings as plain values, without what was not asked for."""
    values: dict[str, Any] = msgspec.to_builtins(found)
    return {name: value for name, value in values.items() if value is not None}


def _look_ahead_words(found: LookAhead) -> list[str]:
    cuts = f"{len(found.cuts)} cuts of the data, {found.decisions:,} decisions"
    own = [f"! look-ahead: no cut reaches what the code has by itself: {', '.join(found.own_data)}"]
    if not found.changed:
        return [f"look-ahead: none found in {cuts}", *(own if found.own_data else ())]
    rows = [
        f"  {time_text(row.ts)}  with all data: {row.whole or NOTHING}; with none after it: {row.part or NOTHING}"
        for row in found.changed
    ]
    return [
        f"! look-ahead: {len(found.changed)} decisions hang on later data ({cuts})",
        *rows,
        *(own if found.own_data else ()),
    ]


def _start_up_words(row: StartUp) -> str:
    begun = f"start-up: begun at {time_text(row.begun)}, {row.differ} of {row.compared} decisions differ"
    if not row.differ:
        return begun
    if row.settled is None:
        return f"! {begun}, to the end"
    return f"{begun}, alike from {time_text(row.settled)} on"


def _sharpe(row: Outcome) -> str:
    return text_of(row.sharpe, RATIO)
