"""Workers of a sweep on this machine: a process for each core, each with the job once, then one trial at a time.

Implements `backtest.sweep_loop.Workers`. A thread a worker talks to its process; the caller's thread takes outcomes,
and ends a trial that takes too long. A process that dies, or is ended, makes one failed trial and is replaced.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import workstation
from workstation.app.sweep_worker import read_frame, write_frame
from workstation.backtest.sweep_trial import Outcome, Task, decoded_outcome, encoded_task, failed

WORKERS_MAX = 256
LOOK_S = 0.2
"""How often the caller looks for trials that take too long, and whether it is still wanted."""

END_S = 5.0
WORDS_MAX = 500
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class _Process:
    """One worker process; spoken to by one thread, ended from any."""

    def __init__(self, job: bytes) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  read when the process has ended
        root = str(Path(workstation.__file__).resolve().parents[1])
        paths = [root, *(entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workstation.app.sweep_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # Ctrl+C is the sweep's to act upon
        )
        self._send(job)

    def run(self, task: Task) -> Outcome | None:
        """Run a task, None where the process is gone."""
        if not self._send(encoded_task(task)) or self._process.stdout is None:
            return None
        body = read_frame(self._process.stdout)
        return None if body is None else decoded_outcome(body)

    def _send(self, body: bytes) -> bool:
        try:
            if self._process.stdin is not None:
                write_frame(self._process.stdin, body)
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it, without waiting."""
        self._process.kill()

    def last_words(self) -> str:
        """Wait for the end of a process that answers no more; return how it ended and the end of what it wrote."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(size - WORDS_MAX, 0))
        words = self._errors.read().decode(errors="replace").strip()
        return f"{self._how()}{f': {words}' if words else ''}"

    def close(self) -> None:
        """End it and let go of it."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _how(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process ended with code {code}"


class LocalWorkers:
    """job: as bytes. count: of processes. trial_s: longest time for a trial, seconds; stop: tells that it is over."""

    def __init__(self, job: bytes, *, count: int, trial_s: float, stop: threading.Event) -> None:
        self._job, self._trial_s, self._stop = job, trial_s, stop
        self._count = max(1, min(count, WORKERS_MAX))
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy: dict[int, tuple[_Process, float]] = {}
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
        process: _Process | None = None
        while True:
            task = self._tasks.get()
            if task is None or self._closed.is_set():
                break
            process = process or _Process(self._job)
            with self._lock:
                if self._closed.is_set():
                    break
                self._busy[number] = process, time.monotonic()
            outcome = process.run(task)
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
