"""A Dask scheduler and workers for tests, each a real process of its own on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.helpers.source_tree import ROOT

START_S = 90.0


class DaskCluster:
    """Starts a scheduler and `count` workers of one thread; `close` ends them."""

    def __init__(self, folder: Path, count: int = 2) -> None:
        self._processes: list[subprocess.Popen[str]] = []
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__ADMIN__PDB_ON_ERR": "false"}
        try:
            line = self._start(
                "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", until="Scheduler at:"
            )
            found = re.search(r"tcp://[\d.]+:\d+", line)
            assert found, line
            self.address = found.group()
            for _ in range(count):
                self._start(
                    "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", until="Registered to:"
                )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()

    def kill_workers(self) -> None:
        """End every worker; the scheduler stays."""
        for process in self._processes[1:]:
            process.kill()
            process.wait()

    def pids(self) -> set[int]:
        """Return the process ids of the workers."""
        return {process.pid for process in self._processes[1:]}

    def alive(self) -> int:
        """Return how many workers still run.

        The loss of a killed one is told before its end: it closes its connections while it still runs.
        """
        return sum(process.poll() is None for process in self._processes[1:])

    def _start(self, *words: str, until: str) -> str:
        """Start one and return the line in which it says that it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        said = []
        for line in process.stderr or ():
            said.append(line)
            if until in line:
                return line
        raise AssertionError(f"dask {words[0]} did not start: {''.join(said)}")
