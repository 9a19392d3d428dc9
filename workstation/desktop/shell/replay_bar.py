"""Replay controls in the top bar: pause, step, restart, speed and how far the recording has played."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QProgressBar, QToolButton

from workstation.commands.params import ReplayControl
from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.domain.orders import OriginKind
from workstation.viewmodels.frames import Frame, StatusSnap

SPEEDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 0.0)
ICON_PX = 14
PROGRESS_STEPS = 1_000
PROGRESS_WIDTH = 110


class ReplayBar(QFrame):
    """Steers the replay of this session. Shown only where the environment is REPLAY."""

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self.setObjectName("replay_bar")
        self._context = context
        self._paused = False
        self.pause = self._button("replay_pause", "pause", "Pause the replay", self.toggle)
        self.step = self._button("replay_step", "step", "Play the next row, while paused", lambda: self._send("step"))
        self.restart = self._button(
            "replay_restart", "refresh", "Play again from the start", lambda: self._send("restart")
        )
        self.speed = QComboBox()
        self.speed.setObjectName("replay_speed")
        self.speed.setAccessibleName("Replay speed")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×" if speed else "max", speed)
        self.speed.activated.connect(self._choose_speed)
        self.progress = QProgressBar()
        self.progress.setObjectName("replay_progress")
        self.progress.setAccessibleName("Replay progress")
        self.progress.setRange(0, PROGRESS_STEPS)
        self.progress.setFixedWidth(PROGRESS_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for widget in (self.pause, self.step, self.restart, self.speed, self.progress):
            row.addWidget(widget)
        context.bridge.frame_taken.connect(self._on_frame)

    def toggle(self) -> None:
        """Pause, or go on."""
        self._send("resume" if self._paused else "pause")

    def _button(self, name: str, glyph: str, meaning: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icon(glyph))
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setAutoRaise(True)
        button.setToolTip(meaning)
        button.setAccessibleName(meaning)
        button.clicked.connect(act)
        return button

    def _choose_speed(self, _index: int) -> None:
        self._send("speed", self.speed.currentData())

    def _send(self, action: str, speed: float | None = None) -> None:
        origin = self._context.origin(OriginKind.TICKET, f"replay_bar {action}")
        self._context.call("venue.replay", ReplayControl(action=action, speed=speed), origin)

    def _on_frame(self, frame: Frame) -> None:
        if frame.status is not None:
            self._show(frame.status)

    def _show(self, status: StatusSnap) -> None:
        done = status.replay_progress or 0.0
        ended = done >= 1.0
        if status.replay_paused != self._paused:
            self._paused = status.replay_paused
            self.pause.setIcon(icon("play" if self._paused else "pause"))
            self.pause.setToolTip("Go on with the replay" if self._paused else "Pause the replay")
            self.pause.setAccessibleName(self.pause.toolTip())
        self.pause.setEnabled(not ended)
        self.step.setEnabled(self._paused and not ended)
        self.progress.setValue(round(done * PROGRESS_STEPS))
        self.progress.setFormat("end of recording" if ended else f"{done:.0%}" + (" paused" if self._paused else ""))
        if status.replay_speed is not None and not self.speed.view().isVisible():
            index = self.speed.findData(status.replay_speed)
            if index >= 0:
                self.speed.setCurrentIndex(index)
