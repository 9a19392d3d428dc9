"""Indicators of a run: each follows one bar series and is brought up to date before the strategy hears of the bar.

Those of the catalogue may be computed for many bars at once; own ones go on bar by bar wherever they run, so that one
which fails does so at its bar.
"""

import math
from collections.abc import Mapping

from workstation.domain.errors import NotFound
from workstation.marketdata.indicators.catalogue import Indicator, indicator
from workstation.marketdata.indicators.evaluation import Running, Steps
from workstation.marketdata.indicators.own import ID_PREFIX
from workstation.strategies.views import Bar

NONE_OWN: Mapping[str, Indicator] = {}

_COLUMNS = ("open", "high", "low", "close", "volume", "time")
_Key = tuple[str, tuple[tuple[str, float], ...]]


class FollowedIndicator:
    """One line of an indicator; `value` as of the last closed bar, NaN before there is one."""

    __slots__ = ("_running", "line", "previous", "value")

    def __init__(self, running: Steps, line: int) -> None:
        self.value = self.previous = math.nan
        self._running, self.line = running, line

    @property
    def ready(self) -> bool:
        """True once there is a value."""
        return self.value == self.value  # NaN differs from itself

    def take(self, values: tuple[float, ...]) -> None:
        """Take the values of a bar's lines."""
        self.previous, self.value = self.value, values[self.line]


class SeriesIndicators:
    """All indicators of one bar series; the same one asked for twice is computed once.

    own: own indicators by id. has_own: some of them are followed.
    """

    def __init__(self, own: Mapping[str, Indicator] = NONE_OWN) -> None:
        self.has_own = False
        self._own = own
        self._running: dict[_Key, tuple[Running, list[FollowedIndicator]]] = {}
        self._stepped: dict[_Key, tuple[Steps, list[FollowedIndicator]]] = {}
        self._known: dict[Running, list[list[float]]] | None = None
        self._lines: list[tuple[FollowedIndicator, list[float]]] = []

    def follow(self, name: str, parameters: Mapping[str, float]) -> FollowedIndicator:
        """Return a follower of one line, `name.line` where there are several.

        Raises:
            NotFound: no such indicator or line.
            ValidationError: a parameter is unknown or out of range.
        """
        found, line = self._found(name)
        if line and line not in found.lines:
            raise NotFound("line", f"{line} of {found.id}; there are {', '.join(found.lines)}")
        place = found.lines.index(line) if line else 0
        key = (found.id, tuple(sorted(parameters.items())))
        if found.steps is None:
            if key not in self._running:
                self._running[key] = (Running(found.build(parameters)), [])
            running, followers = self._running[key]
            follower = FollowedIndicator(running, place)
        else:
            if key not in self._stepped:
                self._stepped[key] = (found.steps(*found.values(parameters)), [])
            steps, followers = self._stepped[key]
            follower = FollowedIndicator(steps, place)
            self.has_own = True
        followers.append(follower)
        self._known = None
        return follower

    def _found(self, name: str) -> tuple[Indicator, str]:
        """Return what a name stands for, and the line that it asks for."""
        if not name.startswith(ID_PREFIX):
            name, _, line = name.partition(".")
            return indicator(name), line
        parts = name.split(".", 3)
        found = self._own.get(".".join(parts[:3]))
        if found is None:
            raise NotFound("own indicator", f"{name}; its id has to stand as a whole in the strategy's file")
        return found, parts[3] if len(parts) > 3 else ""

    def values_over(
        self, columns: Mapping[str, list[float]], known: dict[Running, list[list[float]]], first: int
    ) -> list[tuple[FollowedIndicator, list[float]]]:
        """Return each follower with its values at the bars of `columns`; the indicators go on to the end of them.

        known: kept by the caller for these columns. An indicator that is new to it begins at bar `first`.
        """
        if known is self._known:
            return self._lines
        for running, _followers in self._running.values():
            if running not in known:
                rest = {name: columns[name][first:] for name in (*running.names, "close")} if first else columns
                known[running] = [[math.nan] * first + line for line in running.close_all(rest)]
        self._known = known
        self._lines = [
            (follower, known[running][follower.line])
            for running, followers in self._running.values()
            for follower in followers
        ]
        return self._lines

    def close_own(self, columns: Mapping[str, list[float]], at: int) -> None:
        """Bring own indicators up to bar `at` of `columns`."""
        bar = {name: columns[name][at] for name in _COLUMNS}
        for steps, followers in self._stepped.values():
            _taken(steps.close(bar), followers)

    def close(self, bar: Bar, read: tuple[float, ...] | None = None) -> None:
        """Bring every indicator up to a closed bar. read: its open, high, low, close and volume as they read it."""
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume) if read is None else read
        columns = dict(zip(_COLUMNS, (*values, float(bar.ts_open)), strict=True))
        for running, followers in self._running.values():
            _taken(running.close(columns), followers)
        for steps, followers in self._stepped.values():
            _taken(steps.close(columns), followers)


def _taken(values: tuple[float, ...], followers: list[FollowedIndicator]) -> None:
    for follower in followers:
        follower.take(values)
