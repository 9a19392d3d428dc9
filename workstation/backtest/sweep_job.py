"""What every worker of a sweep gets once: the code's text, the market as columns, and every choice of a run.

Between a plan and its trials. It crosses to other processes and machines as bytes that are decoded, never run; a piece
of time of it makes a plan again.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from workstation.backtest.columns import BarColumns, BookRows, Chunk, DataDigest, QuoteColumns, TradeColumns
from workstation.backtest.digest import funding_digest, hours_digest
from workstation.backtest.engine import HISTORY_MAX
from workstation.backtest.options import BacktestOptions
from workstation.backtest.plan import BacktestPlan
from workstation.backtest.rows import CorporateRow, DividendRow, FundingRow, SplitRow
from workstation.backtest.soundness import Soundness, kind_of
from workstation.domain.errors import ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.instruments import Instrument
from workstation.domain.market import BookChange, BookSnapshot
from workstation.ports.market_data import MarketHours
from workstation.strategies.importing import own_of, strategy_of
from workstation.strategies.loading import Code

Span = tuple[int, int]
"""From a time up to another, UTC ns."""

_KINDS: dict[str, type[BarColumns | QuoteColumns | TradeColumns]] = {
    "bars": BarColumns,
    "quotes": QuoteColumns,
    "trades": TradeColumns,
}
_COLUMNS = {kind: set(made.__struct_fields__) - {"symbol", "interval", "internal"} for kind, made in _KINDS.items()}
_FLOATS = frozenset({"factor", "split"})


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One source. columns: little-endian bytes of each; rows: of a book, which has no columns."""

    kind: str
    symbol: str
    interval: str = ""
    internal: bool = False
    columns: dict[str, bytes] = {}
    rows: tuple[BookSnapshot | BookChange, ...] = ()
    digest: str = ""


class _Corporate(msgspec.Struct, frozen=True):
    split: SplitRow | None = None
    dividend: DividendRow | None = None


class SweepJob(msgspec.Struct, frozen=True, kw_only=True):
    """See `BacktestPlan` for what is named as there. parameters: of the strategy that are not searched."""

    entry_point: str
    source: str
    code_hash: str
    parameters: dict[str, Any]
    instruments: tuple[Instrument, ...]
    series: tuple[Series, ...]
    options: BacktestOptions
    currency: str
    initial_cash: int
    seed: int
    rates: dict[str, str]
    corporate: tuple[_Corporate, ...]
    funding: tuple[FundingRow, ...]
    limits: tuple[LimitChanged, ...]
    program_version: str
    hours: tuple[MarketHours, ...] = ()
    capital: int = 0

    @property
    def data(self) -> dict[str, str]:
        """SHA-256 by series, and of imported hours."""
        names = (" ".join(filter(None, (one.symbol, one.kind, one.interval))) for one in self.series)
        found = {f"{number}: {name}": self.series[number].digest for number, name in enumerate(names)}
        if self.funding:
            found["funding"] = funding_digest(self.funding)
        return found | {f"hours {row.name}": hours_digest(row) for row in self.hours}


def job_of(plan: BacktestPlan, code: Code) -> SweepJob:
    """Return the job of a plan, whose sources are read to their end.

    Raises:
        ValidationError: a source mixes kinds.
    """
    return SweepJob(
        entry_point=code.entry_point,
        source=code.source,
        code_hash=code.code_hash,
        parameters=dict(plan.parameters),
        instruments=plan.instruments,
        series=tuple(made for source in plan.sources if (made := _series(list(source))) is not None),
        options=plan.options,
        currency=plan.currency,
        initial_cash=plan.initial_cash,
        seed=plan.seed,
        rates=dict(plan.rates),
        corporate=tuple(
            _Corporate(row) if isinstance(row, SplitRow) else _Corporate(None, row) for row in plan.corporate
        ),
        funding=plan.funding,
        limits=plan.limits,
        program_version=plan.program_version,
        hours=plan.hours,
        capital=plan.capital,
    )


def refuse_faulty(job: SweepJob) -> None:
    """Refuse data that no trial could play.

    Raises:
        DataFault: recorded data that cannot be, unless gaps are allowed.
    """
    instruments = {instrument.symbol: instrument for instrument in job.instruments}
    for series in job.series:
        chunk = _chunk(series)
        Soundness(kind_of(chunk), instruments[series.symbol], gaps=job.options.allow_gaps).checked(chunk)


def encoded(job: SweepJob) -> bytes:
    """Return a job as bytes; JSON, since money is larger than 64 bits."""
    return msgspec.json.encode(job)


class LoadedJob:
    """A job where trials run: its code is imported and its columns are arrays. span: of all its data."""

    def __init__(self, job: SweepJob) -> None:
        self.job = job
        self.strategy, self._own = strategy_of(job.entry_point, job.source, job.code_hash), own_of(job.source)
        self._chunks = [_chunk(series) for series in job.series]
        self.span = span_of(job)

    def plan(self, parameters: Mapping[str, Any], span: Span, *, warm: bool) -> BacktestPlan:
        """Return the run over what lies wholly in `span`. warm: what lies before is history for the strategy."""
        job, (start, end) = self.job, span
        return BacktestPlan(
            strategy=self.strategy,
            own=self._own,
            name=job.entry_point,
            parameters={**job.parameters, **parameters},
            instruments=job.instruments,
            sources=tuple([_cut(chunk, start, end, warm=warm)] for chunk in self._chunks),
            options=job.options,
            currency=job.currency,
            initial_cash=job.initial_cash,
            seed=job.seed,
            rates=job.rates,
            corporate=tuple(row for pair in job.corporate if (row := _row(pair)) is not None),
            funding=job.funding,
            limits=job.limits,
            hours=job.hours,
            capital=job.capital,
            start_ts=start if warm else 0,
            program_version=job.program_version,
        )


@lru_cache(maxsize=1)
def loaded(data: bytes) -> LoadedJob:
    """Return the job of its bytes; the last one stays loaded.

    Raises:
        Exception: whatever the strategy's module raises on import.
    """
    return LoadedJob(msgspec.json.decode(data, type=SweepJob))


def span_of(job: SweepJob) -> Span:
    """Return from when up to when the data reaches, its last instant included.

    Raises:
        ValidationError: there is none.
    """
    ends = [_ends(_chunk(series)) for series in job.series]
    found = [(first, last) for first, last in ends if last >= first]
    if not found:
        raise ValidationError("data", "there is none in this span")
    return min(first for first, _ in found), max(last for _, last in found) + 1


def _series(chunks: list[Chunk]) -> Series | None:
    if not chunks:
        return None
    digest = DataDigest()
    for chunk in chunks:
        digest.add(chunk)
    first = chunks[0]
    if {type(chunk) for chunk in chunks} != {type(first)}:
        raise ValidationError("sources", f"{first.symbol} mixes kinds of data")
    if isinstance(first, BookRows):
        rows = tuple(row for chunk in chunks if isinstance(chunk, BookRows) for row in chunk.rows)
        return Series(kind="books", symbol=first.symbol, rows=rows, digest=digest.text())
    kind = next(name for name, made in _KINDS.items() if isinstance(first, made))
    columns = {}
    for name in sorted(_COLUMNS[kind]):
        parts = [getattr(chunk, name) for chunk in chunks]
        if parts[0] is not None:
            columns[name] = np.ascontiguousarray(np.concatenate(parts), dtype=_dtype(name)).tobytes()
    named = (first.interval, first.internal) if isinstance(first, BarColumns) else ("", False)
    return Series(
        kind=kind, symbol=first.symbol, interval=named[0], internal=named[1], columns=columns, digest=digest.text()
    )


def _chunk(series: Series) -> Chunk:
    if series.kind == "books":
        return BookRows(symbol=series.symbol, rows=series.rows)
    arrays: dict[str, Any] = {name: np.frombuffer(raw, dtype=_dtype(name)) for name, raw in series.columns.items()}
    if series.kind == "bars":
        return BarColumns(symbol=series.symbol, interval=series.interval, internal=series.internal, **arrays)
    return _KINDS[series.kind](symbol=series.symbol, **arrays)


def _dtype(name: str) -> str:
    return "<f8" if name in _FLOATS else "<i8"


def _cut(chunk: Chunk, start: int, end: int, *, warm: bool) -> Chunk:
    """Return what lies in [start, end). warm: with as many bars before it as history may hold."""
    if isinstance(chunk, BookRows):
        return BookRows(symbol=chunk.symbol, rows=tuple(row for row in chunk.rows if start <= row.ts_event < end))
    bars = isinstance(chunk, BarColumns)
    opens, closes = (chunk.ts_open, chunk.ts_close) if isinstance(chunk, BarColumns) else (chunk.ts, chunk.ts)
    first = int(np.searchsorted(opens, start))
    if warm:
        first = max(first - HISTORY_MAX, 0) if bars else first
    stop = max(int(np.searchsorted(closes, end, side="right" if bars else "left")), first)
    arrays = {
        name: value[first:stop]
        for name in chunk.__struct_fields__
        if isinstance(value := getattr(chunk, name), np.ndarray)
    }
    return msgspec.structs.replace(chunk, **arrays)


def _ends(chunk: Chunk) -> Span:
    if isinstance(chunk, BookRows):
        return (chunk.rows[0].ts_event, chunk.rows[-1].ts_event) if chunk.rows else (0, -1)
    opens, closes = (chunk.ts_open, chunk.ts_close) if isinstance(chunk, BarColumns) else (chunk.ts, chunk.ts)
    return (int(opens[0]), int(closes[-1])) if len(opens) else (0, -1)


def _row(pair: _Corporate) -> CorporateRow | None:
    return pair.split if pair.split is not None else pair.dividend
