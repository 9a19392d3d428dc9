"""A process that opens a store when told, and holds it until told to close it or killed. Forked: cheap to replace."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from tests.helpers.stores import note, open_for_test
from workstation.domain.errors import StorageLocked

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
ANSWER_S = 60.0


def contend(home: Path, pipe: Connection) -> None:
    """Serve one word after the other; opening also writes two lines."""
    while pipe.recv() == "open":
        try:
            store = open_for_test(home)
        except StorageLocked:
            pipe.send(None)
            continue
        seq = store.write(note(), note())
        pipe.send((store.store.journal.epoch, seq))
        if pipe.recv() == "close":
            store.close()
            pipe.send(None)


class Contender:
    """One such process, replaced by another when it was killed. epoch: the one it writes under, 0 while it does not."""

    def __init__(self, home: Path) -> None:
        self._context = multiprocessing.get_context(METHOD)
        self._context.set_forkserver_preload([__name__])
        self._home = home
        self.epoch = 0
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=contend, args=(self._home, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def try_to_open(self) -> int:
        """Return the sequence of its newest line, 0 when another holds the home."""
        self._pipe.send("open")
        answer = self._answer()
        self.epoch, seq = answer or (0, 0)
        return seq

    def close(self) -> None:
        """Let it end its writing in order."""
        self._pipe.send("close")
        self._answer()
        self.epoch = 0

    def kill(self) -> None:
        """End it without warning; another takes its place."""
        self.end()
        self._start()

    def end(self) -> None:
        """End it without warning."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._pipe.close()
        self.epoch = 0

    def _answer(self) -> tuple[int, int] | None:
        assert self._pipe.poll(ANSWER_S), "the contender does not answer"
        return self._pipe.recv()
