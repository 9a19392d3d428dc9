"""Workers of a sweep on a Dask cluster: the job goes to each of its workers once, tasks follow as there is room.

Implements `backtest.sweep_loop.Workers` over the extra `cluster`. Outcomes are the bytes that a worker of this machine
would give. A worker that is lost gives its trials back to the others; a trial that takes worker after worker down with
it is one failed row. A trial that hangs cannot be ended from here.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from workstation import __version__
from workstation.backtest.sweep_trial import Outcome, Task, decoded_outcome, encoded_task, evaluated, failed
from workstation.domain.errors import UserError, WorkstationError

CONNECT_S = 15.0
LOOK_S = 0.5
ALONE_S = 60.0
"""How long a cluster may be without any worker."""

TASKS_PER_THREAD = 2
"""Tasks that wait at a worker beside the one it runs, so that it never idles."""

ATTEMPTS_MAX = 4
"""Workers that a trial may be lost with before it is taken to be the cause."""


class ClusterGone(WorkstationError):
    """A cluster had no worker for too long; what came is kept."""


def made_of() -> tuple[str, str, str]:
    """Return the versions that a worker's figures depend on: of this program, Python and numpy."""
    return __version__, f"{sys.version_info.major}.{sys.version_info.minor}", np.__version__


class ClusterWorkers:
    """job: as bytes. address: of the scheduler, such as tcp://10.0.0.1:8786. stop: tells that it is over.

    alone_s, attempts_max: see ALONE_S and ATTEMPTS_MAX.

    Raises:
        UserError: the extra is missing, nobody answers there, or a worker runs other versions.
    """

    def __init__(
        self,
        job: bytes,
        *,
        address: str,
        stop: threading.Event,
        alone_s: float = ALONE_S,
        attempts_max: int = ATTEMPTS_MAX,
    ) -> None:
        try:
            import distributed  # noqa: PLC0415  an extra
        except ImportError:
            raise UserError("a cluster needs Dask: install workstation[cluster]") from None
        self._library: Any = distributed
        self._job, self._stop, self._address = job, stop, address
        self._alone_s, self._attempts_max = alone_s, attempts_max
        _knock(address)
        try:
            self._client = self._library.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UserError(f"no Dask scheduler answers at {address}") from error
        try:
            self._check(address)
            self._data = self._sent()
        except BaseException:
            self._client.close()
            raise

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield outcomes as they come; ends early when `stop` is set.

        Raises:
            ClusterGone: no worker was there for `alone_s`.
        """
        waiting = [(task, 1) for task in reversed(tasks)]
        flying: dict[Any, tuple[Task, int]] = {}
        came_at = time.monotonic()
        while (waiting or flying) and not self._stop.is_set():
            room = self._room() - len(flying)
            while waiting and room > 0 and self._holds_job():
                task, attempt = waiting.pop()
                flying[self._submitted(task)] = task, attempt
                room -= 1
            done = self._first_of(flying)
            for future in done:
                task, attempt = flying.pop(future)
                outcome = self._outcome(future, task, attempt)
                future.release()
                if outcome is None:
                    waiting.append((task, attempt + 1))
                else:
                    yield outcome
            if done or self._client.nthreads():
                came_at = time.monotonic()
            elif time.monotonic() - came_at > self._alone_s:
                gone = f"the cluster at {self._address} has had no worker for {self._alone_s:g} s"
                raise ClusterGone(f"{gone}; go on with --resume")
        self._client.cancel(list(flying))

    def close(self) -> None:
        """Give the cluster up; the job leaves its workers."""
        self._client.close()

    def _check(self, address: str) -> None:
        """Refuse a cluster whose workers would find other figures."""
        try:
            found = self._client.run(made_of)
        except (ImportError, AttributeError) as error:
            raise UserError(f"a worker of {address} has no Workstation {__version__}: {error}") from error
        if not found:
            raise UserError(f"the cluster at {address} has no workers")
        for worker, versions in sorted(found.items()):
            if tuple(versions) != made_of():
                ours, theirs = (" with Python {1} and numpy {2}".format(*one) for one in (made_of(), versions))
                raise UserError(f"{worker} runs Workstation {versions[0]}{theirs}, this is {__version__}{ours}")

    def _sent(self) -> Any:
        """Send the job to every worker."""
        return self._client.scatter(self._job, broadcast=True, hash=False)

    def _room(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        return sum(threads.values()) * TASKS_PER_THREAD

    def _holds_job(self) -> bool:
        """Tell whether the workers have the job, which is sent again where it was lost with those that had it."""
        if self._data.status != "finished":
            try:
                self._data = self._sent()
            except TimeoutError:  # the last worker has just gone
                return False
        return True

    def _submitted(self, task: Task) -> Any:
        return self._client.submit(evaluated, self._data, encoded_task(task), pure=False)

    def _first_of(self, flying: dict[Any, tuple[Task, int]]) -> list[Any]:
        """Return what has ended or was lost, after a wait for the first."""
        if not flying:
            self._stop.wait(LOOK_S)
            return []
        with self._client.as_current(), contextlib.suppress(TimeoutError, self._library.CancelledError):
            self._library.wait(list(flying), timeout=LOOK_S, return_when="FIRST_COMPLETED")
        return [future for future in flying if future.status != "pending"]

    def _outcome(self, future: Any, task: Task, attempt: int) -> Outcome | None:
        """Return what came of a task, None where it was lost with its worker and is tried again."""
        if future.status == "finished":
            with contextlib.suppress(self._library.CancelledError):  # lost after it was done, before it was fetched
                return decoded_outcome(future.result())
        if future.status == "error":
            error: Any = future.exception()
            if not isinstance(error, self._library.KilledWorker) or attempt >= self._attempts_max:
                return failed(task, f"{type(error).__name__}: {error}")
        elif attempt >= self._attempts_max:
            return failed(task, f"it was lost with {attempt} workers")
        return None


def _knock(address: str) -> None:
    """Look whether anybody listens there, before a client begins threads that it would leave behind.

    Raises:
        UserError: nobody does, or it is no address.
    """
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None:
        raise UserError(f"{address!r} is no address of a Dask scheduler, such as tcp://HOST:8786")
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except OSError as error:
        raise UserError(f"no Dask scheduler answers at {address}") from error
