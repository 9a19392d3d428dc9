"""Indicators of a run: each follows one bar series and is brought up to date before the strategy hears of the bar."""

import math
from collections.abc import Mapping

from workstation.domain.errors import NotFound
from workstation.marketdata.indicators.catalogue import indicator
from workstation.marketdata.indicators.evaluation import Running
from workstation.strategies.views import Bar


class FollowedIndicator:
    """One line of an indicator; `value` as of the last closed bar, NaN before there is one."""

    __slots__ = ("_running", "line", "previous", "value")

    def __init__(self, running: Running, line: int) -> None:
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
    """All indicators of one bar series; the same one asked for twice is computed once."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, tuple[tuple[str, float], ...]], tuple[Running, list[FollowedIndicator]]] = {}
        self._known: dict[Running, list[list[float]]] | None = None
        self._lines: list[tuple[FollowedIndicator, list[float]]] = []

    def follow(self, name: str, parameters: Mapping[str, float]) -> FollowedIndicator:
        """Return a follower of one line, `name.line` where there are several.

        Raises:
            NotFound: no such indicator or line.
            ValidationError: a parameter is unknown or out of range.
        """
        name, _, line = name.partition(".")
        found = indicator(name)
        if line and line not in found.lines:
            raise NotFound("line", f"{line} of {name}; there are {', '.join(found.lines)}")
        key = (name, tuple(sorted(parameters.items())))
        if key not in self._running:
            self._running[key] = (Running(found.build(parameters)), [])
        running, followers = self._running[key]
        follower = FollowedIndicator(running, found.lines.index(line) if line else 0)
        followers.append(follower)
        self._known = None
        return follower

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

    def close(self, bar: Bar) -> None:
        """Bring every indicator up to a closed bar."""
        columns = {
            "open": bar.open,
            "high": bar.high,
            "low": bar.low,
            "close": bar.close,
            "volume": bar.volume,
            "time": float(bar.ts_open),
        }
        for running, followers in self._running.values():
            values = running.close(columns)
            for follower in followers:
                follower.take(values)
