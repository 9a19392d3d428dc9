"""The question before the desktop closes: what ends with it, what stays without it, stay or leave.

Belongs to no walk: it sends nothing, cancels nothing and moves nothing. It comes where a person closes the window or
chooses Exit; a signal or the end of a session of the system does not wait for it.
"""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.strategies import StrategyBoard
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.staging import find_ticket
from workstation.domain.orders import OriginKind
from workstation.viewmodels.leaving import Leaving, leaving

WIDTH_PX = 620
HEIGHT_MAX_PX = 320


class LeaveQuestion(QObject):
    """Asks once for one window; runs are named as the engine answers, counted before."""

    def __init__(self, context: DesktopContext, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("leave_question")
        self._context, self._window = context, window
        self.dialog: LeaveDialog | None = None

    def may_close(self) -> bool:
        """Tell whether the window may close at once; else the question stands and its answer closes it."""
        if self.dialog is not None:
            return False
        meaning = self._meaning()
        if not meaning.matters:
            return True
        self.dialog = LeaveDialog(meaning, self._window)
        self.dialog.accepted.connect(self._leave)
        self.dialog.finished.connect(self._end)
        self.dialog.open()
        origin = self._context.origin(OriginKind.SYSTEM, "leaving")
        self._context.call("strategy.board", NoParams(), origin, self._name_runs)
        return False

    def leave(self) -> None:
        """Close the window, after the question where there is one."""
        if self.may_close():
            self._leave()

    def _leave(self) -> None:
        self._window.close()

    def _end(self, _answer: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _name_runs(self, result: CommandResult) -> None:
        if self.dialog is not None and isinstance(result.data, StrategyBoard):
            names = [run.run_name for run in result.data.runs if run.status.is_active]
            self.dialog.show_meaning(self._meaning(names))

    def _meaning(self, names: Sequence[str] | None = None) -> Leaving:
        state, ticket = self._context.state, find_ticket()
        counted = 0 if state.status is None else state.status.active_runs
        return leaving(
            state,
            self._context.bridge.session.instruments,
            runs=counted if names is None else len(names),
            names=names or (),
            staged=ticket is not None and ticket.holds_staged,
        )


class LeaveDialog(QDialog):
    """Two lists and two buttons; Enter and Esc stay."""

    def __init__(self, meaning: Leaving, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("leave_dialog")
        self.setWindowTitle("Leave Workstation")
        self.setFixedWidth(WIDTH_PX)
        self.body = QLabel()
        self.body.setObjectName("leave_text")
        self.body.setWordWrap(True)
        self.body.setTextFormat(Qt.TextFormat.PlainText)
        self.body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._area = QScrollArea()
        self._area.setWidget(self.body)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stay = QPushButton("&Stay")
        self.stay.setObjectName("leave_stay")
        self.stay.setDefault(True)
        self.stay.clicked.connect(self.reject)
        self.leave = QPushButton("&Leave")
        self.leave.setObjectName("leave_go")
        self.leave.setAutoDefault(False)
        self.leave.setProperty("role", "danger")
        self.leave.clicked.connect(self.accept)
        title = QLabel("Leaving cancels nothing. Fills that arrive until the end are recorded.")
        title.setWordWrap(True)
        title.setProperty("role", "muted")
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.stay)
        row.addWidget(self.leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._area, 1)
        column.addWidget(title)
        column.addLayout(row)
        self.show_meaning(meaning)
        self.stay.setFocus()

    def show_meaning(self, meaning: Leaving) -> None:
        """Show the lists."""
        parts = []
        for head, lines in (("Ends with the program:", meaning.ends), ("Stays without it:", meaning.stays)):
            if lines:
                parts.append("\n".join([head, *(f"  •  {line}" for line in lines)]))
        self.body.setText("\n\n".join(parts))
        self.setAccessibleDescription(self.body.text())
        needed = self.body.heightForWidth(WIDTH_PX - 2 * 16 - 4) + 4
        self._area.setFixedHeight(min(needed, HEIGHT_MAX_PX))
        self.adjustSize()
