"""Code in processes of its own: started without the environment, in a folder of its own, and ended for certain.

The engine's side of `isolated_child.py`. Used on a run's thread, which waits for the process in slices, so that the
watch can interrupt the wait and the process with it.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO

import workstation
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument
from workstation.strategies.describing import CodeShape
from workstation.strategies.inbox import SLICE_S
from workstation.strategies.loading import Code
from workstation.strategies.messages import Intent
from workstation.strategies.remote import ProcessLost, RemoteHost
from workstation.strategies.runs import RunOrder
from workstation.strategies.wire import LENGTH_BYTES, Begin, Describe, NotLoaded, WireError, encoded, frames, length_of

READ_BYTES = 64 * 1024
END_S = 5.0
DESCRIBE_S = 20.0
"""How long code may take to say what it offers, the start of its process included."""

WORDS_MAX = 8_000
_KEPT = ("SYSTEMROOT",)
"""What a process cannot begin without, of the environment."""


class ChildProcess:
    """Implements `remote.Process` over a child of this program."""

    def __init__(self) -> None:
        if sys.platform == "win32":
            raise UserError("Isolated runs need a POSIX system; run the strategy without `isolated`.")
        self._folder = tempfile.mkdtemp(prefix="workstation-run-")
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  read when the process has ended
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workstation.app.isolated_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._folder,
            env=_bare(),
            start_new_session=True,
        )
        self._in, self._out = (0 if pipe is None else pipe.fileno() for pipe in self._pipes())
        os.set_blocking(self._in, False)
        self._read = b""

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def write(self, data: bytes) -> None:
        """Write all of it, waiting in slices."""
        left = memoryview(data)
        while left:
            with contextlib.suppress(BlockingIOError):
                try:
                    left = left[os.write(self._in, left) :]
                except (BrokenPipeError, OSError) as error:
                    if isinstance(error, BlockingIOError):
                        raise
                    raise self._lost() from error
            if left:
                select.select([], [self._in], [], SLICE_S)

    def read(self) -> bytes:
        """Return the next frame's body, waiting in slices."""
        size = length_of(int.from_bytes(self._take(LENGTH_BYTES), "big"))
        return self._take(size)

    def ask_where(self) -> None:
        """Have it write to its standard error where it stands."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)

    def last_words(self) -> str:
        """Return the end of what it wrote to its standard error."""
        try:
            size = os.fstat(self._errors.fileno()).st_size
            return os.pread(self._errors.fileno(), WORDS_MAX, max(size - WORDS_MAX, 0)).decode(errors="replace")
        except (OSError, ValueError):
            return ""  # let go of already

    def memory(self) -> tuple[int, int] | None:
        """Return resident and mapped bytes, as the system counts them; None once it has ended."""
        import psutil  # noqa: PLC0415  no start waits for what looks at memory

        try:
            taken = psutil.Process(self.pid).memory_info()
        except psutil.Error:
            return None
        return taken.rss, taken.vms

    def kill(self) -> None:
        """End it, without waiting."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it and let go of pipes and folder."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        for pipe in (*self._pipes(), self._errors):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pipes(self) -> tuple[IO[bytes] | None, IO[bytes] | None]:
        return self._process.stdin, self._process.stdout

    def _take(self, size: int) -> bytes:
        while len(self._read) < size:
            if select.select([self._out], [], [], SLICE_S)[0]:
                got = os.read(self._out, READ_BYTES)
                if not got:
                    raise self._lost()
                self._read += got
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def _lost(self) -> ProcessLost:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        code = self._process.returncode
        if code is None:
            return ProcessLost("its process has closed its pipe")
        if code < 0:
            name = signal.Signals(-code).name
            why = ": its processor time is used up" if name == "SIGXCPU" else ""
            return ProcessLost(f"its process was ended by {name}{why}")
        return ProcessLost(f"its process has ended with code {code}")


_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _bare() -> dict[str, str]:
    """Return the environment of a child: where Python finds this program, and nothing of the user's."""
    root = str(Path(workstation.__file__).resolve().parents[1])
    paths = [root, *(entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry)]
    bare = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**bare, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"} | _ONE_THREAD


def described(code: Code, limit_s: float = DESCRIBE_S) -> CodeShape:
    """Return what code that was only read offers, as a process of its own says which runs its module.

    Raises:
        UserError: it cannot be loaded, or does not say anything in time.
    """
    asked = Describe(entry_point=code.entry_point, source=code.source, code_hash=code.code_hash)
    with tempfile.TemporaryDirectory(prefix="workstation-code-") as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "workstation.app.isolated_child"],
                input=encoded(asked),
                capture_output=True,
                timeout=limit_s,
                check=False,
                cwd=folder,
                env=_bare(),
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise UserError(f"{code.entry_point} did not load within {limit_s:g} s") from error
    try:
        answer = frames(done.stdout)[-1:]
    except WireError as error:
        raise UserError(f"{code.entry_point} sent {error}") from error
    for told in answer:
        if isinstance(told, CodeShape):
            return told
        if isinstance(told, NotLoaded):
            raise UserError(told.text)
    raise UserError(f"{code.entry_point} ended its process as it was loaded")


def isolated_host(order: RunOrder, instruments: Mapping[str, Instrument], send: Callable[[Intent], None]) -> RemoteHost:
    """Return a host whose strategy runs in a process of its own."""
    code = order.isolated
    if code is None:
        raise UserError("The run is not an isolated one.")
    known: Iterable[Instrument] = instruments.values()
    begin = Begin(
        entry_point=code.entry_point,
        source=code.source,
        code_hash=order.code_hash,
        parameters=code.parameters,
        run_id=order.run_id,
        account=order.account,
        instruments=tuple(known),
        memory_mb=code.memory_mb,
        cpu_s=code.cpu_s,
    )
    return RemoteHost(begin, ChildProcess(), send)
