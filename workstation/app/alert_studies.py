"""Indicators that alerts read, at the last closed bar: those of the catalogue at once, a user's own on a thread aside.

Under `alerts.py`. The engine's thread never runs code of a user's: an own indicator is stepped over the closed bars
elsewhere, within a time, goes on from bar to bar, and the value of the bar before holds until that of the newest is
there. One whose file is gone, cannot be loaded or fails has no value, and says why.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from workstation.app.own_indicators import OwnFolder
from workstation.app.screens import EngineScreens
from workstation.app.time_limit import StepsTookTooLong, within
from workstation.domain.alerts import Alert
from workstation.domain.errors import UserError
from workstation.domain.market import BarType
from workstation.kernel.bus import Bus
from workstation.marketdata.history import BarHistory
from workstation.marketdata.indicators.evaluation import Steps, over_bars
from workstation.marketdata.intervals import INTERVALS
from workstation.strategies.importing import trouble_of
from workstation.viewmodels.alerts import OwnStudy, Study, own_line, own_study_of, study_of

BARS_READ = 600
"""Newest closed bars that an indicator is computed over."""

STEPS_S = 2.0
"""Longest that an own indicator may take for its bars."""

STUDIES_KEPT = 1_000
_COLUMNS = ("open", "high", "low", "close", "volume")

Post = Callable[[Callable[[], None]], None]


class Key(NamedTuple):
    """An indicator as a condition names it, on the bars that it is read from."""

    symbol: str
    interval: str
    name: str


class Reading(msgspec.Struct, frozen=True):
    """ts: close of the bar that the value is of, UTC ns; value: NaN for none; trouble: why there is none."""

    ts: int
    value: float
    trouble: str = ""

    @property
    def number(self) -> Fraction | None:
        """Return the value exactly, None for none."""
        return None if np.isnan(self.value) or np.isinf(self.value) else Fraction(self.value)


class _Bars(msgspec.Struct, frozen=True):
    """Closed bars, oldest first. times: (n, 2) of opening and closing, UTC ns; ohlcv: (n, 5)."""

    times: Any
    ohlcv: Any


class AlertStudies:
    """post: runs a call on the engine's thread; changed: told there that an own indicator of an instrument has news."""

    def __init__(self, screens: EngineScreens, folder: Path | None, post: Post, changed: Callable[[str], None]) -> None:
        self._screens, self._post, self._changed = screens, post, changed
        self._known: dict[Key, Reading] = {}
        self._sought: set[tuple[str, BarType]] = set()
        self._waiting: dict[Key, list[Callable[[], None]]] = {}
        self._has_ended = False
        self._own = _OwnSteps(OwnFolder(folder))
        self._pool = ThreadPoolExecutor(1, "alert-indicators")

    def close(self) -> None:
        """End the thread; what is under way there ends by its bound of time."""
        self._has_ended = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def when_read(self, alert: Alert, names: Iterable[str], then: Callable[[], None]) -> None:
        """Call `then` once what these names stand for can be read, or is known to have no value."""
        own = {name for name in names if own_study_of(name) is not None}
        if not own and not any(map(study_of, names)):
            then()
            return
        bar_type = INTERVALS[alert.interval]

        def opened() -> None:
            history = self._screens.open_series(alert.symbol, bar_type, BARS_READ)
            left = {Key(alert.symbol, alert.interval, name) for name in own}

            def came(key: Key) -> None:
                left.discard(key)
                if not left:
                    then()

            for key in tuple(left):
                self._look(key, history, partial(came, key), anew=True)
            if not own:
                then()

        self._screens.when_read([(alert.symbol, bar_type, BARS_READ)], opened)

    def reading(self, alert: Alert, name: str) -> Reading | None:
        """Return what an indicator says at the last closed bar; None where a name is none, or nothing is there yet.

        An own one may say what it said a bar before, until it has come to the last.
        """
        study, own = study_of(name), own_study_of(name)
        if study is None and own is None:
            return None
        history = self._bars(alert.symbol, INTERVALS[alert.interval])
        if history is None or not len(history):
            return None
        key = Key(alert.symbol, alert.interval, name)
        if study is None:
            self._look(key, history)
            known = self._known.get(key)
            return known if known is not None and known.ts >= int(history.ts_close[-2:][0]) else None
        newest = int(history.ts_close[-1])
        known = self._known.get(key)
        if known is None or known.ts != newest:
            self._keep(key, Reading(newest, _over(study, _newest(history))))
        return self._known[key]

    def _look(
        self, key: Key, history: BarHistory, then: Callable[[], None] | None = None, *, anew: bool = False
    ) -> None:
        """Have an own indicator brought up to the last closed bar, aside. anew: look at its file again."""
        known = self._known.get(key)
        is_known = not len(history) or (known is not None and known.ts == int(history.ts_close[-1]))
        if is_known and not anew:
            return
        if self._has_ended:
            if then is not None:
                then()
            return
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = []
            bars = _newest(history)
            self._pool.submit(lambda: self._step(key, bars))
        if then is not None:
            waiting.append(then)

    def _step(self, key: Key, bars: _Bars) -> None:
        """On the thread aside."""
        found = self._own.reading(key, bars)
        self._post(lambda: self._take(key, found))

    def _take(self, key: Key, reading: Reading) -> None:
        self._keep(key, reading)
        waiting = self._waiting.pop(key, [])
        for then in waiting:
            then()
        self._changed(key.symbol)

    def _keep(self, key: Key, reading: Reading) -> None:
        if key not in self._known and len(self._known) >= STUDIES_KEPT:
            self._known.clear()
        self._known[key] = reading

    def _bars(self, symbol: str, bar_type: BarType) -> BarHistory | None:
        """Return a series; None while its past is read aside, after which the next look has it."""
        found: list[BarHistory] = []

        def opened() -> None:
            self._sought.discard((symbol, bar_type))
            found.append(self._screens.open_series(symbol, bar_type, BARS_READ))

        if (symbol, bar_type) not in self._sought:
            self._sought.add((symbol, bar_type))
            self._screens.when_read([(symbol, bar_type, BARS_READ)], opened)
        return found[0] if found else None


class _OwnSteps:
    """Own indicators that go on from bar to bar; the thread aside alone."""

    def __init__(self, files: OwnFolder) -> None:
        self._files = files
        self._going: dict[Key, _Going] = {}
        self._guard = Bus(lambda _key, _error: None).guard  # what fails is the reading's text

    def reading(self, key: Key, bars: _Bars) -> Reading:
        """Return the value at the last of these bars."""
        newest = int(bars.times[-1, 1]) if len(bars.times) else 0
        study = own_study_of(key.name)
        values: list[float] = []
        error = self._guard(key, lambda: values.append(self._value(key, study, bars)) if study is not None else None)
        if error is None:
            return Reading(newest, values[0])
        self._going.pop(key, None)
        late = isinstance(error, StepsTookTooLong)
        where = f"{study.kind} took over {STEPS_S:g} s" if late and study is not None else ""
        return Reading(newest, float("nan"), where or trouble_of(error, study.module if study is not None else ""))

    def _value(self, key: Key, study: OwnStudy, bars: _Bars) -> float:
        file = self._files.one(study.module)
        if file.error:
            raise UserError(file.error)
        going = self._going.get(key)
        if going is None or going.code_hash != file.code_hash or not going.is_in(bars):
            made = own_line(study, {found.id: found for found in file.indicators})
            going = _Going(file.code_hash, made)
            if len(self._going) >= STUDIES_KEPT:
                self._going.clear()
            self._going[key] = going
        return within(STEPS_S, lambda: going.on(bars), StepsTookTooLong)


class _Going:
    """One own indicator with the bar that it has come to."""

    def __init__(self, code_hash: str, study: Study) -> None:
        self.code_hash = code_hash
        self._line, self._at, self._value = study.line, 0, float("nan")
        found = study.indicator
        if found.steps is None:
            raise TypeError(f"{found.id} is no own indicator")
        self._steps: Steps = found.steps(*found.values(study.settings))

    def is_in(self, bars: _Bars) -> bool:
        """Tell whether these bars hold the one that it has come to, so that it goes on from there."""
        return self._at == 0 or self._at in bars.times[:, 1]

    def on(self, bars: _Bars) -> float:
        """Go on to the last of these bars and return the value there."""
        for (opened, closed), row in zip(bars.times.tolist(), bars.ohlcv.tolist(), strict=True):
            if closed > self._at:
                bar = dict(zip(_COLUMNS, row, strict=True)) | {"time": float(opened)}
                try:
                    self._value = self._steps.close(bar)[self._line]
                except (SystemExit, KeyboardInterrupt) as end:
                    raise UserError("an own indicator ends the program, which code of a user's may not") from end
                self._at = closed
        return self._value


def _newest(history: BarHistory) -> _Bars:
    start = max(len(history) - BARS_READ, 0)
    return _Bars(history.ts_open_close()[start:].copy(), history.ohlcv(start))


def _over(study: Study, bars: _Bars) -> float:
    """Return an indicator of the catalogue at the last of these bars."""
    columns = dict(zip(_COLUMNS, np.ascontiguousarray(bars.ohlcv.T), strict=True))
    columns["time"] = bars.times[:, 0].astype(np.float64)
    return float(over_bars(study.indicator.build(study.settings), columns)[study.line][-1])
