"""How the real window fares: stalls and frames under load, and when it first shows live data.

Stalls are gaps of a timer on the GUI thread, in time passed and in CPU time of that thread: a gap that others on the
machine or in the process made shows in the first only. A frame is one that was taken and shown. The book's age is that
of the one on the ladder: how old it was as it came, and how long it has stood. The caller starts the desktop and ends
what stands behind it.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import psutil
from PySide6.QtCore import QObject, QTimer

from workstation.desktop.eventloop import Desktop
from workstation.desktop.shell.layouts import ROOT, Layout, Node, PanelEntry
from workstation.viewmodels.frames import Frame

WIDTH, HEIGHT = 1920, 1080
ROWS = (
    ("chart", "chart", "ladder", "ticket"),
    ("watchlist", "time_sales", "orders"),
    ("positions", "fills", "pnl"),
)
"""What is open, all of it seen: two charts, the ladder and seven more."""

BUDGETS = {
    "frames_per_s": (30.0, None),
    "gap_ms_p99": (None, 16.0),
    "gap_ms_max": (None, 100.0),
    "book_age_ms_max": (None, 100.0),
}
"""Least and most that a figure may be, as the architecture has it; figures of CPU time are held to the same."""
BEAT_MS = 5
IDLE_MS = 2_000
MINUTE_MS = 60_000


class LoadMeter(QObject):
    """Counts frames and gaps of the GUI thread between `begin` and the end of the run."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._process = psutil.Process()
        self._gaps: list[float] = []
        self._work: list[float] = []
        self._worked = time.thread_time()
        self._book_ages: list[float] = []
        self._book: tuple[float, float] | None = None
        self._frames = 0
        self._last = self._began = time.monotonic()
        self._memory = self._cpu = self._gui_cpu = 0.0
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()
        desktop.bridge.frame_taken.connect(self._count)

    def begin(self) -> None:
        """Forget what came before."""
        self._gaps.clear()
        self._work.clear()
        self._book_ages.clear()
        self._frames = 0
        self._began = time.monotonic()
        self._memory, self._cpu, self._gui_cpu = self._process.memory_info().rss, self._spent(), time.thread_time()

    def figures(self) -> dict[str, float]:
        """Return what was seen since `begin`; call it on the GUI thread."""
        seconds = time.monotonic() - self._began
        gaps, work = sorted(self._gaps), sorted(self._work)
        ages = sorted(self._book_ages) or [seconds]  # a book that never came is as old as the run
        status = self._desktop.bridge.state.status
        return {
            "updates_per_s": status.updates_per_s if status is not None else 0.0,
            "frames_per_s": self._frames / seconds,
            "gap_ms_p50": gaps[len(gaps) // 2] * 1e3,
            "gap_ms_p99": gaps[len(gaps) * 99 // 100] * 1e3,
            "gap_ms_max": gaps[-1] * 1e3,
            "gui_work_ms_p50": work[len(work) // 2] * 1e3,
            "gui_work_ms_p99": work[len(work) * 99 // 100] * 1e3,
            "gui_work_ms_max": work[-1] * 1e3,
            "book_age_ms_p50": ages[len(ages) // 2] * 1e3,
            "book_age_ms_p99": ages[len(ages) * 99 // 100] * 1e3,
            "book_age_ms_max": ages[-1] * 1e3,
            "memory_growth_mb": (self._process.memory_info().rss - self._memory) / 1e6,
            "cpu_s_per_s": (self._spent() - self._cpu) / seconds,
            "gui_thread_cpu_s_per_s": (time.thread_time() - self._gui_cpu) / seconds,
        }

    def _spent(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _beat(self) -> None:
        now, worked = time.monotonic(), time.thread_time()
        self._gaps.append(now - self._last)
        self._work.append(worked - self._worked)
        self._last, self._worked = now, worked
        if self._book is not None:
            came, age = self._book
            self._book_ages.append(now - came + age)

    def _count(self, frame: Frame) -> None:
        self._frames += 1
        for book in frame.depths.values():
            self._book = (time.monotonic(), book.age_ms / 1e3)


def measure_load(desktop: Desktop, *, warm_s: float, measure_s: float) -> dict[str, float]:
    """Run a desktop that has started, and return stalls, frames, memory and CPU over `measure_s` after `warm_s`."""
    window = desktop.workspace.window
    window.load_layout(busy_layout())
    window.resize(WIDTH, HEIGHT)
    meter = LoadMeter(desktop)
    found: dict[str, float] = {}

    def end() -> None:
        found["panels_seen"] = float(sum(panel.isVisible() for panel in window.panels.values()))
        found.update(judged(meter.figures()))
        desktop.app.exit(0)

    QTimer.singleShot(round(warm_s * 1e3), meter.begin)
    QTimer.singleShot(round((warm_s + measure_s) * 1e3), end)
    desktop.run()
    return found


def measure_soak(desktop: Desktop, *, warm_s: float, minutes: int) -> dict[str, float]:
    """Run a desktop that has started for `minutes` after `warm_s`; return the worst of any minute, and the memory.

    memory_mb_per_h: slope of the resident memory over the later half, when every bounded buffer is full.
    """
    window = desktop.workspace.window
    window.load_layout(busy_layout())
    window.resize(WIDTH, HEIGHT)
    meter = LoadMeter(desktop)
    seen: list[dict[str, float]] = []
    memory_mb: list[float] = []
    minute = QTimer(interval=MINUTE_MS)

    def begin() -> None:
        meter.begin()
        minute.start()

    def note() -> None:
        seen.append(meter.figures())
        memory_mb.append(psutil.Process().memory_info().rss / 1e6)
        meter.begin()
        if len(seen) == minutes:
            desktop.app.exit(0)

    minute.timeout.connect(note)
    QTimer.singleShot(round(warm_s * 1e3), begin)
    desktop.run()
    return soaked(seen, memory_mb)


def soaked(minutes: Sequence[Mapping[str, float]], memory_mb: Sequence[float]) -> dict[str, float]:
    """Return the worst of any minute, and the resident memory at the ends of the minutes and its slope."""
    worst = {name: (min if BUDGETS[name][0] else max)(figures[name] for figures in minutes) for name in BUDGETS}
    later = memory_mb[len(memory_mb) // 2 :]
    slope = statistics.linear_regression(range(len(later)), later).slope if len(later) > 1 else 0.0
    return {
        "minutes": float(len(minutes)),
        "updates_per_s": statistics.mean(figures["updates_per_s"] for figures in minutes),
        **{f"{name}_of_the_worst_minute": value for name, value in worst.items()},
        "gap_ms_p99_median": statistics.median(figures["gap_ms_p99"] for figures in minutes),
        "book_age_ms_p99_median": statistics.median(figures["book_age_ms_p99"] for figures in minutes),
        "memory_mb_first": memory_mb[0],
        "memory_mb_half": later[0],
        "memory_mb_last": memory_mb[-1],
        "memory_mb_per_h": slope * 60,
    }


def busy_layout() -> Layout:
    """Return the layout that is measured: every panel of ROWS seen, each instrument's in one link group."""
    dock = {ROOT: Node(split="rows", sizes=[0.5, 0.25, 0.25], parts=[f"row-{row}" for row in range(len(ROWS))])}
    panels: list[PanelEntry] = []
    for row, kinds in enumerate(ROWS):
        names = [f"{kind}-{row}{place}" for place, kind in enumerate(kinds)]
        panels += [PanelEntry(name, kind, "A") for name, kind in zip(names, kinds, strict=True)]
        share = round(1 / len(kinds), 4)
        dock[f"row-{row}"] = Node(split="columns", sizes=[share] * len(kinds), parts=names)
        dock |= {name: Node(tabs=[name], current=name) for name in names}
    return Layout(name="benchmark", panel=panels, dock=dock)


def judged(figures: dict[str, float]) -> dict[str, float]:
    """Return figures with `…_in_budget` beside each that has a budget: 1 when it is kept, 0 when not."""
    held = dict(figures)
    for name, (least, most) in BUDGETS.items():
        for figure in (name, name.replace("gap", "gui_work")):
            value = figures[figure]
            kept = (least is None or value >= least) and (most is None or value <= most)
            held[f"{figure}_in_budget"] = float(kept)
    return held


def measure_start(desktop: Desktop, elapsed_s: Callable[[], float]) -> dict[str, float]:
    """Run a desktop that has started until it shows a live quote and then idles; return when, and the memory held."""
    seen: list[float] = []
    found: dict[str, float] = {}

    def end() -> None:
        found["idle_memory_mb"] = psutil.Process().memory_info().rss / 1e6
        desktop.app.exit(0)

    def look() -> None:
        live = any(quote.bid is not None for quote in desktop.bridge.state.quotes.values())
        if live and not seen:
            seen.append(elapsed_s())
            found.update(window_with_live_data_s=seen[0], window_with_live_data_cpu_s=time.process_time())
            QTimer.singleShot(IDLE_MS, end)

    timer = QTimer(interval=BEAT_MS)
    timer.timeout.connect(look)
    timer.start()
    desktop.run()
    return found
