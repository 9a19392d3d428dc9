"""A process of its own for work that would hold the desk up: started with a job, spoken to in frames.

The parent's end of `worker_pipes.py`, for sweeps and backtests.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import workstation
from workstation.app.worker_pipes import read_frame, write_frame

END_S = 5.0
WORDS_MAX = 500
_IDLE_PRIORITY_CLASS, _CREATE_NEW_PROCESS_GROUP = 0x40, 0x200
"""Of `CreateProcess`; `subprocess` names them on Windows alone."""

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def apart(platform: str) -> dict[str, Any]:
    """Return what starts a worker out of the reach of Ctrl+C, which is the program's to act upon, and behind it.

    A group of its own within the program's session: Linux weighs sessions against each other before it looks at how
    nice a process is, which the worker makes itself. Windows is told of both at the start.
    """
    if platform == "win32":
        return {"creationflags": _IDLE_PRIORITY_CLASS | _CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}


class WorkerProcess:
    """One worker of the module; spoken to by one thread, ended from any."""

    def __init__(self, module: str, job: bytes) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  read when the process has ended
        root = str(Path(workstation.__file__).resolve().parents[1])
        paths = [root, *(entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry)]
        self._process = subprocess.Popen(  # noqa: S603  a module of this program
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)},
            **apart(sys.platform),
        )
        self.send(job)

    def send(self, body: bytes) -> bool:
        """Hand it a frame; False where the process is gone."""
        try:
            if self._process.stdin is not None:
                write_frame(self._process.stdin, body)
        except OSError:
            return False
        return True

    def read(self) -> bytes | None:
        """Wait for its next frame; None where the process is gone."""
        return None if self._process.stdout is None else read_frame(self._process.stdout)

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
