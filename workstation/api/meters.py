"""What the service counts of itself, and its metrics in the Prometheus text form.

Labels are methods, route templates and statuses alone: no symbol, account or user ever becomes one. Engine figures are
those of the status bar. Used on the API's loop.
"""

from collections.abc import Iterable

from workstation.viewmodels.frames import StatusSnap

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[str, float]
"""Labels in braces or "", and the value."""


class Meters:
    """Counts answered requests. started_ns: when the service began, UTC ns."""

    def __init__(self, started_ns: int) -> None:
        self.started_ns = started_ns
        self._counts: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[tuple[str, str], float] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer and the time that it took."""
        key = (method, route, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._seconds[method, route] = self._seconds.get((method, route), 0.0) + seconds

    def text(self, status: StatusSnap | None, *, uptime_s: float, streams: int) -> str:
        """Return all metrics as text. status: the engine's figures, None before the first."""
        requests: list[Sample] = [
            (f'{{method="{method}",route="{route}",status="{code}"}}', float(count))
            for (method, route, code), count in sorted(self._counts.items())
        ]
        seconds: list[Sample] = [
            (f'{{method="{method}",route="{route}"}}', spent)
            for (method, route), spent in sorted(self._seconds.items())
        ]
        parts = [
            _metric("uptime_seconds", "gauge", "Time since the service started.", [("", uptime_s)]),
            _metric("requests_total", "counter", "Answered requests.", requests),
            _metric("request_seconds_total", "counter", "Time spent on requests.", seconds),
            _metric("streams_open", "gauge", "Event streams that are open.", [("", float(streams))]),
        ]
        if status is not None:
            parts += [_metric(name, kind, told, [("", value)]) for name, kind, told, value in _engine(status)]
        return "".join(parts)


def _engine(status: StatusSnap) -> Iterable[tuple[str, str, str, float]]:
    yield "journal_sequence", "counter", "Newest line of the journal.", float(status.journal_seq)
    yield "journal_fill_ratio", "gauge", "How full the journal's queue is, 0 to 1.", status.journal_fill
    yield "engine_lag_milliseconds", "gauge", "How late the engine's timers run.", status.engine_lag_ms
    yield "market_updates_per_second", "gauge", "Market data messages a second.", status.updates_per_s
    yield "open_orders", "gauge", "Orders that may still trade.", float(status.open_orders)
    yield "unknown_orders", "gauge", "Orders whose outcome is not known.", float(status.unknown_orders)
    yield "kill_switches_on", "gauge", "Kill switches that are on.", float(len(status.kills))


def _metric(name: str, kind: str, told: str, samples: Iterable[Sample]) -> str:
    full = f"workstation_{name}"
    lines = [f"{full}{labels} {value:.10g}\n" for labels, value in samples]
    return f"# HELP {full} {told}\n# TYPE {full} {kind}\n" + "".join(lines)
