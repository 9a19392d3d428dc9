"""Keeps up to when rejects were seen, so that those nobody has seen count again after a restart.

Beside the order walk. One number in a file of the home folder, written whole; a file that cannot be read shows every
reject again, which is the safe side.
"""

from collections.abc import Callable
from pathlib import Path

from workstation.viewmodels.rejects import RejectWatch


class RejectsStore:
    """Reads a watch's moment from a file, and writes it after each look. tell: says what could not be written."""

    def __init__(self, watch: RejectWatch, path: Path, tell: Callable[[str], None]) -> None:
        self._watch, self._path, self._tell = watch, path, tell
        watch.seen_until = _read(path)
        watch.listen(self._keep)

    def _keep(self, _seen: object) -> None:
        temporary = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(f"{self._watch.seen_until}\n", encoding="ascii")
            temporary.replace(self._path)
        except OSError as problem:
            self._tell(f"Rejects are seen now, but will count again after a restart: {problem.strerror}.")


def _read(path: Path) -> int:
    try:
        return max(int(path.read_text(encoding="ascii")), 0)
    except (OSError, ValueError):
        return 0
