"""Sounds: a tone for each kind of note, played by the system's own player, with a flash for whoever hears none.

The toolkit's sound library is not part of this program, so a small program that every system brings plays the file:
PulseAudio's, PipeWire's or ALSA's on Linux, afplay on macOS; Windows plays it itself. Where none plays, the system's
bell and a flash of the top bar are left, and a notice says so once.
"""

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTemporaryDir, Signal
from PySide6.QtWidgets import QApplication

from workstation.domain.accounts import Environment
from workstation.kernel.logs import get_logger
from workstation.viewmodels.notes import NoteKind
from workstation.viewmodels.tones import tone

PLAYERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "linux": (("paplay",), ("pw-play",), ("aplay", "-q")),
    "darwin": (("afplay",),),
}
"""Programs that play a WAV file, the best first; the file's path is put behind."""

END_MS = 1_000
"""Longest wait for a player as the program ends."""

URGENT = (NoteKind.LIMIT_HIT, NoteKind.UNPROTECTED, NoteKind.DISCONNECT, NoteKind.REJECT)
"""Kinds that break off another's sound, the most urgent first."""

_log = get_logger("sounds")


def player_of(platform: str = sys.platform) -> tuple[str, ...]:
    """Return the program with its arguments that plays a file here, empty for none."""
    return next((command for command in PLAYERS.get(platform, ()) if shutil.which(command[0])), ())


class Bell(QObject):
    """Rings; a kind that comes while another sounds is dropped, so that a burst stays short, unless it is more urgent.

    player: the program that plays a file; without one named, this system's, and none where nobody sits at the screen.
    Emits: rung(kind) as a tone begins; troubled(level, text), once for each trouble.
    """

    rung = Signal(str)
    troubled = Signal(str, str)

    def __init__(self, environment: Environment = Environment.SIM, player: tuple[str, ...] | None = None) -> None:
        super().__init__()
        self.setObjectName("bell")
        self.enabled = True
        self.own: Callable[[], Mapping[str, Path]] = dict
        self._environment = environment
        self._is_heard = player is not None or QApplication.platformName() != "offscreen"
        self._player = player_of() if player is None else player
        self._folder: QTemporaryDir | None = None
        self._sounding: NoteKind | None = None
        self._waiting: NoteKind | None = None
        self._told: set[str] = set()
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def ring(self, kind: NoteKind) -> None:
        """Ring for a note."""
        if self._sounding is not None and _urgency(kind) <= _urgency(self._sounding):
            return
        self.rung.emit(kind.value)
        if not self.enabled or not self._is_heard:
            return
        if sys.platform == "win32":
            self._play_here(self.file_of(kind))
            return
        if not self._player:
            self._do_without("no program that plays sounds was found")
            return
        self._sounding = kind
        if self._process.state() is QProcess.ProcessState.NotRunning:
            self._play(kind)
        else:  # the one before is broken off; nothing waits here for its end
            self._waiting = kind
            self._process.kill()

    def file_of(self, kind: NoteKind) -> Path:
        """Return the file of a kind: a person's own where it is there, else the built-in tone's."""
        own = self.own().get(kind.value)
        if own is not None:
            if own.is_file():
                return own
            text = f"The sound {own.name} of {kind.words} is not there; the built-in tone takes its place."
            self._tell("warning", text)
        if self._folder is None:
            self._folder = QTemporaryDir()
        file = Path(self._folder.path()) / f"{self._environment.value.lower()}-{kind.value}.wav"
        if not file.exists():
            file.write_bytes(tone(kind, self._environment))
        return file

    def stop(self) -> None:
        """Break off what sounds, for good: the program ends."""
        self._sounding = self._waiting = None
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(END_MS)

    def _play(self, kind: NoteKind) -> None:
        program, *arguments = self._player
        self._process.start(program, [*arguments, str(self.file_of(kind))])

    def _play_here(self, file: Path) -> None:
        """Let Windows play a file beside what this program does; a later one breaks it off."""
        if sys.platform == "win32":
            import winsound  # noqa: PLC0415  there is none elsewhere

            try:
                winsound.PlaySound(str(file), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
            except RuntimeError as error:
                self._do_without(str(error))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._play(waiting)
            return
        if self._sounding is not None and (code or status is QProcess.ExitStatus.CrashExit):
            self._do_without(f"{self._player[0]} ended with {code}")
        self._sounding = None

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._sounding = None
            self._do_without(f"{self._player[0]} does not start")

    def _do_without(self, why: str) -> None:
        QApplication.beep()
        self._tell("info", f"No sound: {why}. The top bar flashes instead.")

    def _tell(self, level: str, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            (_log.info if level == "info" else _log.warning)("no_sound", reason=text)
            self.troubled.emit(level, text)


def _urgency(kind: NoteKind) -> int:
    return len(URGENT) - URGENT.index(kind) if kind in URGENT else 0
