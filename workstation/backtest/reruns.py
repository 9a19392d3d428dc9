"""A run again on a part of its data, and what its strategy decided: what the checks of a backtest are made from.

Beside `run.py`. A decision is an order, a change, a cancel or a signal that the strategy asked for, with its time; what
it asks for when the data has ended is none. Data is cut by time, whatever its kind.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np

from workstation.backtest.columns import BarColumns, BookRows, Chunk, Source
from workstation.backtest.engine import Engine
from workstation.backtest.plan import BacktestPlan, Cancelled
from workstation.strategies import messages as m

MakePlan = Callable[[], BacktestPlan]
"""Makes the same plan again, with sources that have not been read."""

DECISIONS = (m.Submit, m.SubmitPair, m.Cancel, m.CancelAll, m.Replace, m.Flatten, m.Signal)


class Decision(msgspec.Struct, frozen=True):
    """What a strategy asked for. ts: when, UTC ns."""

    ts: int
    intent: m.Intent


class Difference(msgspec.Struct, frozen=True):
    """An instant at which two runs decided otherwise, each in words; empty for nothing."""

    ts: int
    whole: str
    part: str


class Rerun(msgspec.Struct, frozen=True):
    """Decisions of a run, in order, and the span of its data, UTC ns."""

    decisions: Sequence[Decision]
    first_ts: int
    last_ts: int


class _Witness(Engine):
    """Keeps what the strategy asks for. until: timers run up to here, even where the data ends before."""

    def __init__(self, plan: BacktestPlan, until: int) -> None:
        self.decisions: list[Decision] = []
        self._ended = False
        self._until = until
        super().__init__(plan)

    def _ask(self, intent: m.Intent) -> None:
        if isinstance(intent, DECISIONS) and not self._ended:
            self.decisions.append(Decision(self.host.now_ns, intent))
        super()._ask(intent)

    def _finish(self) -> None:
        self.last_ts = max(self.last_ts, self._until)
        self._settle()
        self._ended = True
        super()._finish()


def rerun(plan: BacktestPlan, *, until: int = 0, cancelled: Cancelled | None = None) -> Rerun:
    """Run a plan and return what its strategy decided; nothing is closed at its end."""
    options = msgspec.structs.replace(plan.options, close_at_end=False)
    engine = _Witness(msgspec.structs.replace(plan, options=options), until)
    engine.run(None, cancelled)
    return Rerun(tuple(engine.decisions), engine.first_ts, engine.last_ts)


def up_to(plan: BacktestPlan, ts: int) -> BacktestPlan:
    """Return a plan that knows nothing after `ts`: no row, no bar that closes later, nothing that is paid later."""
    return msgspec.structs.replace(
        plan,
        sources=tuple(_rebased(_earlier(source, ts)) for source in plan.sources),
        corporate=tuple(row for row in plan.corporate if row.ts <= ts),
        funding=tuple(row for row in plan.funding if row.ts <= ts),
    )


def from_on(plan: BacktestPlan, ts: int) -> BacktestPlan:
    """Return a plan whose data begins at `ts`."""
    return msgspec.structs.replace(plan, sources=tuple(_later(source, ts) for source in plan.sources))


def differences(whole: Iterable[Decision], part: Iterable[Decision]) -> list[Difference]:
    """Return the instants at which two runs decided otherwise, in order."""
    one, other = _by_time(whole), _by_time(part)
    return [
        Difference(ts, ", ".join(map(words, one.get(ts, ()))), ", ".join(map(words, other.get(ts, ()))))
        for ts in sorted(one.keys() | other.keys())
        if one.get(ts) != other.get(ts)
    ]


def words(intent: m.Intent) -> str:
    """Return a decision in words."""
    if isinstance(intent, m.Submit):
        terms = intent.terms
        prices = (("at", terms.price), ("stop", terms.stop_px), ("loss", intent.stop_px), ("target", intent.target_px))
        stated = "".join(f" {name} {price}" for name, price in prices if price is not None)
        return f"{terms.side.value} {terms.order_qty} {terms.symbol} {terms.ord_type.value}{stated}"
    if isinstance(intent, m.SubmitPair):
        return f"{words(intent.first)} or {words(intent.second)}"
    if isinstance(intent, m.Signal):
        return f"signal {intent.action} {intent.symbol} {intent.confidence:g}"
    if isinstance(intent, m.Replace):
        trail = "" if intent.trail is None else f" trail {intent.trail.offset} {intent.trail.kind.value.lower()}"
        begins = "" if intent.activation_px is None else f" from {intent.activation_px}"
        price = intent.price or "the same"
        return f"replace by {intent.order_qty or 'as many'} at {price} stop {intent.stop_px or '-'}{trail}{begins}"
    if isinstance(intent, m.Cancel):
        return "cancel"
    name = "cancel all of" if isinstance(intent, m.CancelAll) else "flatten"
    return f"{name} {getattr(intent, 'symbol', None) or 'everything'}"


def _by_time(decisions: Iterable[Decision]) -> dict[int, list[m.Intent]]:
    """Return what was decided at each instant; ids count orders of a run, so that they say nothing about another."""
    return {ts: [_nameless(row.intent) for row in rows] for ts, rows in groupby(decisions, key=lambda row: row.ts)}


def _nameless(intent: m.Intent) -> m.Intent:
    if isinstance(intent, m.SubmitPair):
        first, second = (msgspec.structs.replace(order, cl_ord_id="") for order in (intent.first, intent.second))
        return m.SubmitPair(first, second)
    return msgspec.structs.replace(intent, cl_ord_id="") if hasattr(intent, "cl_ord_id") else intent


def _ends(chunk: Chunk) -> Any:
    if isinstance(chunk, BookRows):
        return np.array([row.ts_event for row in chunk.rows], dtype=np.int64)
    return chunk.ts_close if isinstance(chunk, BarColumns) else chunk.ts


def _rows(chunk: Chunk, rows: slice) -> Chunk:
    if isinstance(chunk, BookRows):
        return msgspec.structs.replace(chunk, rows=chunk.rows[rows])
    columns = {name: getattr(chunk, name) for name in chunk.__struct_fields__}
    return msgspec.structs.replace(chunk, **{n: c[rows] for n, c in columns.items() if isinstance(c, np.ndarray)})


def _earlier(source: Source, ts: int) -> list[Chunk]:
    """Return what ends by `ts`, an empty chunk where nothing does, so that the series is known nevertheless."""
    found: list[Chunk] = []
    for chunk in source:
        ends = _ends(chunk)
        count = int(np.searchsorted(ends, ts, side="right"))
        if count or not found:
            found.append(_rows(chunk, slice(0, count)))
        if count < len(ends):
            break
    return found


def _later(source: Source, ts: int) -> Iterable[Chunk]:
    none_yet = True
    for chunk in source:
        begins = chunk.ts_open if isinstance(chunk, BarColumns) else _ends(chunk)
        first = int(np.searchsorted(begins, ts))
        if first < len(begins) or none_yet:
            none_yet = False
            yield _rows(chunk, slice(first, None))


def _rebased(chunks: Sequence[Chunk]) -> Sequence[Chunk]:
    """Return bars whose factors know no split or dividend after their last bar."""
    last = chunks[-1] if chunks else None
    if not isinstance(last, BarColumns) or last.factor is None or not len(last.factor) or last.factor[-1] == 1:
        return chunks
    now, split = last.factor[-1], 1.0 if last.split is None else last.split[-1]
    return [
        msgspec.structs.replace(
            chunk, factor=chunk.factor / now, split=None if chunk.split is None else chunk.split / split
        )
        for chunk in chunks
        if isinstance(chunk, BarColumns) and chunk.factor is not None
    ]
