"""How far a panel's question to the engine has come: waiting, answered, late, or refused. Qt-free.

Last stage of both walks for what no frame carries: it decides which sentence a panel shows, and holds what went wrong
for whoever asks for help. Times are monotonic ns, but `at`, which is shown.
"""

from collections.abc import Callable

from workstation.viewmodels.formats import time_of_day
from workstation.viewmodels.panel_notes import NOTHING, PanelNote

LATE_NS = 5_000_000_000
"""How long an answer may take before the panel says what it waits for."""


class Asking:
    """The state of one question. what: what is waited for, in words."""

    def __init__(self, what: str, mono_ns: Callable[[], int]) -> None:
        self._what, self._mono_ns = what, mono_ns
        self._waits_since: int | None = None
        self._good_at = 0
        self.has_answer = False
        self.details = ""
        self._error = ""

    def begin(self) -> None:
        """Note that the question was asked; one that waits already goes on waiting."""
        if self._waits_since is None:
            self._waits_since = self._mono_ns()

    def heard(self, text: str, code: str, *, good: bool, at: int) -> None:
        """Note an answer: its sentence and code. at: market time of the screen, UTC ns."""
        self._waits_since = None
        if good:
            self.has_answer, self._good_at = True, at
            self._error = self.details = ""
        else:
            self._error = text or f"The answer about {self._what} cannot be read."
            self.details = f"{self._what}\ncode {code or 'none'}\n{self._error}"

    @property
    def is_late(self) -> bool:
        """True when an answer is overdue or was an error."""
        return bool(self._error) or (self._waits_since is not None and self._mono_ns() - self._waits_since > LATE_NS)

    @property
    def waits(self) -> tuple[str, str]:
        """Return what a table that no answer has filled says, and what becomes of it."""
        if self._error:
            return f"No answer about {self._what}", "Retry asks the engine again."
        return f"Loading {self._what}…", "Waiting for the engine."

    def note(self) -> PanelNote:
        """Return the sentence for the panel, nothing while all is well."""
        if self._error:
            return PanelNote("danger", self._error)
        if self.is_late and self.has_answer:
            since = time_of_day(self._good_at)[:8]
            return PanelNote("warning", f"As of {since}: the engine has not answered about {self._what} since.")
        if self.is_late:
            return PanelNote("warning", f"Still waiting for the engine to answer about {self._what}.")
        return NOTHING if self.has_answer else PanelNote("info", f"Loading {self._what}…")
