"""Workers of a sweep on this machine: a process for each core, each with the job once, then one trial at a time.

Implements `backtest.sweep_loop.Workers`. A thread a worker talks to its process; the caller's thread takes outcomes,
and ends a trial that takes too long. A process that dies, or is ended, makes one failed trial and is replaced.
"""

import queue
import threading
import time
from collections.abc import Iterator, Sequence

from workstation.app.worker_process import END_S, WorkerProcess
from workstation.backtest.sweep_trial import Outcome, Task, decoded_outcome, encoded_task, failed

WORKERS_MAX = 256
LOOK_S = 0.2
"""How often the caller looks for trials that take too long, and whether it is still wanted."""


class LocalWorkers:
    """job: as bytes. count: of processes. trial_s: longest time for a trial, seconds; stop: tells that it is over."""

    def __init__(self, job: bytes, *, count: int, trial_s: float, stop: threading.Event) -> None:
        self._job, self._trial_s, self._stop = job, trial_s, stop
        self._count = max(1, min(count, WORKERS_MAX))
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy: dict[int, tuple[WorkerProcess, float]] = {}
        self._late: set[int] = set()
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield outcomes as they come; ends early when `stop` is set, what runs then is given up."""
        for task in tasks:
            self._tasks.put(task)
        while len(self._threads) < min(self._count, len(tasks)):
            thread = threading.Thread(target=self._work, args=(len(self._threads),), name="sweep-worker", daemon=True)
            self._threads.append(thread)
            thread.start()
        waited = 0
        while waited < len(tasks) and not self._stop.is_set():
            try:
                outcome = self._outcomes.get(timeout=LOOK_S)
            except queue.Empty:
                self._end_late()
                continue
            waited += 1
            yield outcome

    def close(self) -> None:
        """End every process and thread."""
        with self._lock:
            self._closed.set()
            for process, _since in self._busy.values():
                process.kill()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(END_S)

    def _work(self, number: int) -> None:
        process: WorkerProcess | None = None
        while True:
            task = self._tasks.get()
            if task is None or self._closed.is_set():
                break
            process = process or WorkerProcess("workstation.app.sweep_worker", self._job)
            with self._lock:
                if self._closed.is_set():
                    break
                self._busy[number] = process, time.monotonic()
            outcome = _ran(process, task)
            with self._lock:
                del self._busy[number]
                late = number in self._late
                self._late.discard(number)
            if outcome is None:
                how = f"it took more than {self._trial_s:g} s" if late else process.last_words()
                process.close()
                process = None
                outcome = failed(task, how)
            self._outcomes.put(outcome)
        if process is not None:
            process.close()

    def _end_late(self) -> None:
        limit = time.monotonic() - self._trial_s
        with self._lock:
            for number, (process, since) in self._busy.items():
                if since < limit and number not in self._late:
                    self._late.add(number)
                    process.kill()


def _ran(process: WorkerProcess, task: Task) -> Outcome | None:
    """Run a task, None where the process is gone."""
    body = process.read() if process.send(encoded_task(task)) else None
    return None if body is None else decoded_outcome(body)
