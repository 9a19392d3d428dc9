"""Speech: a sentence spoken by the system's own voice, where there is one and a person has switched it on.

Speaks one sentence at a time, the newest; a text that also stands on the screen is never lost. Without a voice it does
nothing and says so once.
"""

import shutil
import sys
from collections.abc import Mapping

from PySide6.QtCore import QObject, QProcess, Signal

_WINDOWS = (
    "Add-Type -AssemblyName System.Speech;"
    "(New-Object System.Speech.Synthesis.SpeechSynthesizer).Speak([Console]::In.ReadToEnd())"
)
VOICES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "linux": (("spd-say", "--pipe-mode"), ("espeak-ng", "--stdin"), ("espeak", "--stdin")),
    "darwin": (("say",),),
    "win32": (("powershell", "-NoProfile", "-Command", _WINDOWS),),
}
"""Programs that speak what they read, the best first."""

END_MS = 1_000
"""Longest wait for a voice as the program ends."""


def voice_of(platform: str = sys.platform) -> tuple[str, ...]:
    """Return the program with its arguments that speaks here, empty for none."""
    return next((command for command in VOICES.get(platform, ()) if shutil.which(command[0])), ())


class Voice(QObject):
    """Speaks while it is on. Emits: troubled(text), once, where it is on and there is no voice."""

    troubled = Signal(str)

    def __init__(self, voice: tuple[str, ...] | None = None) -> None:
        super().__init__()
        self.setObjectName("voice")
        self.enabled = False
        self._voice = voice_of() if voice is None else voice
        self._told = False
        self._waiting = ""
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)

    def say(self, text: str) -> None:
        """Speak a sentence; one that is being spoken is broken off."""
        if not self.enabled or not text:
            return
        if not self._voice:
            if not self._told:
                self._told = True
                self.troubled.emit("No speech: no voice was found. What would be said stands in the notice line.")
            return
        if self._process.state() is QProcess.ProcessState.NotRunning:
            self._speak(text)
        else:  # the sentence before is broken off; nothing waits here for its end
            self._waiting = text
            self._process.kill()

    def _speak(self, text: str) -> None:
        program, *arguments = self._voice
        self._process.start(program, arguments)
        self._process.write(f"{text}\n".encode())
        self._process.closeWriteChannel()

    def stop(self) -> None:
        """Be silent, for good: the program ends."""
        self._waiting = ""
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(END_MS)

    def _on_finished(self, _code: int, _status: QProcess.ExitStatus) -> None:
        waiting, self._waiting = self._waiting, ""
        if waiting:
            self._speak(waiting)
