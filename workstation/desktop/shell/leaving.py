"""The question before the desktop closes: what ends with it, what stays without it, stay, move protection, or leave.

Beside both walks: it cancels nothing, and moves to the venue what a person tells it to. It comes where a person closes
the window or chooses Exit; a signal or the end of a session of the system does not wait for it.
"""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from workstation.commands.params import WatchedOrder
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.strategies import StrategyBoard
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.staging import find_ticket
from workstation.desktop.theme import current_theme
from workstation.domain.orders import OriginKind
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.leaving import Leaving, leaving

WIDTH_PX = 620
HEIGHT_MAX_PX = 320
MARGIN_PX = 16


class LeaveQuestion(QObject):
    """Asks once for one window; runs are named as the engine answers, counted before."""

    def __init__(self, context: DesktopContext, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("leave_question")
        self._context, self._window = context, window
        self.dialog: LeaveDialog | None = None
        self._names: Sequence[str] | None = None
        self._shown = Leaving((), ())

    def may_close(self) -> bool:
        """Tell whether the window may close at once; else the question stands and its answer closes it."""
        if self.dialog is not None:
            return False
        meaning = self._meaning()
        if not meaning.matters:
            return True
        self.dialog = LeaveDialog(meaning, self._window)
        self._names, self._shown = None, meaning
        self.dialog.to_broker.clicked.connect(self._move)
        self.dialog.accepted.connect(self._leave)
        self._context.bridge.frame_taken.connect(self._on_frame)
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
            self._context.bridge.frame_taken.disconnect(self._on_frame)
            self.dialog.deleteLater()
        self.dialog = None

    def _name_runs(self, result: CommandResult) -> None:
        if self.dialog is not None and isinstance(result.data, StrategyBoard):
            self._names = [run.run_name for run in result.data.runs if run.status.is_active]
            self._show()

    def _on_frame(self, frame: Frame) -> None:
        if frame.rows or frame.positions:
            self._show()

    def _show(self) -> None:
        """Show what leaving means by now, where that is another."""
        meaning = self._meaning(self._names)
        if self.dialog is not None and meaning != self._shown:
            self._shown = meaning
            self.dialog.show_meaning(meaning)

    def _move(self) -> None:
        """Give each order that is watched here to its venue; what a venue does not take is told in its words."""
        for cl_ord_id in self._shown.watched:
            origin = self._context.origin(OriginKind.PALETTE, "screen.leave")
            self._context.call("order.move_to_broker", WatchedOrder(cl_ord_id=cl_ord_id), origin, self._moved)

    def _moved(self, result: CommandResult) -> None:
        if self.dialog is not None and not result.ok:
            self.dialog.tell(result.text)

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
    """Two lists and three buttons; Enter and Esc stay. to_broker: seen where this program watches an order."""

    def __init__(self, meaning: Leaving, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("leave_dialog")
        self.setWindowTitle("Leave Workstation")
        self._width = round(WIDTH_PX * max(current_theme().text_scale, 1.0))
        self.setFixedWidth(self._width)
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
        self.to_broker = QPushButton("&Move to the broker")
        self.to_broker.setObjectName("leave_move")
        self.to_broker.setAutoDefault(False)
        self.to_broker.setToolTip("Give the orders that this program watches to their venue, as far as it takes them")
        self.leave = QPushButton("&Leave")
        self.leave.setObjectName("leave_go")
        self.leave.setAutoDefault(False)
        self.leave.setProperty("role", "danger")
        self.leave.clicked.connect(self.accept)
        title = QLabel("Leaving cancels nothing. Fills that arrive until the end are recorded.")
        title.setWordWrap(True)
        title.setProperty("role", "muted")
        self.refusal = QLabel(wordWrap=True)
        self.refusal.setObjectName("leave_refusal")
        self.refusal.setProperty("role", "danger")
        self.refusal.hide()
        row = QHBoxLayout()
        row.addWidget(self.to_broker)
        row.addStretch(1)
        row.addWidget(self.stay)
        row.addWidget(self.leave)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, 12, MARGIN_PX, 12)
        column.setSpacing(8)
        column.addWidget(self._area, 1)
        column.addWidget(self.refusal)
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
        self.to_broker.setVisible(bool(meaning.watched))
        self.setAccessibleDescription(self.body.text())
        needed = self.body.heightForWidth(self._width - 2 * MARGIN_PX - 4) + 4
        self._area.setFixedHeight(min(needed, HEIGHT_MAX_PX))
        self._fit()

    def tell(self, refusal: str) -> None:
        """Say why an order stays here."""
        self.refusal.setText(refusal)
        self.refusal.show()
        self._fit()

    def _fit(self) -> None:
        """Be as high as every line needs: the toolkit's own fit stops at two thirds of the screen, lines overlap."""
        self.resize(self._width, self._column.totalHeightForWidth(self._width))
