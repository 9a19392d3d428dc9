"""The one bridge between the engine and Qt: frames come out at the frame rate, commands go in, answers come back.

Last stage but one of both walks. Lossless rows wake the GUI thread by one coalesced queued signal; everything else is
taken at the fixed frame rate. No signal per tick, ever; this module never touches engine state. While an order given
here is on its way, the thread stands still for a moment and frames wait a little longer: threads of one Python process
share the interpreter, and an order crosses three. From a frame until it is painted it is the screen's turn, and market
data waits.
"""

import threading
from collections import deque
from collections.abc import Callable
from functools import partial

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from workstation.commands.params import Watch
from workstation.commands.registry import CommandRegistry, CommandResult, Gateway
from workstation.domain.orders import Origin, OriginKind
from workstation.kernel.mailbox import MailboxFull
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.screen_state import ScreenState
from workstation.viewmodels.session import Session

EARLY_FRAME_MS_MIN = 8
ORDER_FIRST_MS = 8
"""How long at most a frame waits for an order that was just given and is not answered."""

ORDER_ALONE_MS = 5
"""How long at most this thread stands still for an order that it has just given, less than a third of a frame.

Else the words and the repainting that follow a key hold the interpreter while engine and journal want it. Of several
orders that one gesture gives only the first is waited for.
"""

LOOK_AGAIN_MS = 2
"""How soon a frame that waits looks again."""

ResultHandler = Callable[[CommandResult], None]


class Bridge(QObject):
    """Carries frames and commands for one desktop.

    Emits on the GUI thread: frame_taken(Frame), after `state` has folded it; accounts_changed(), before it, when other
    accounts are on offer.
    """

    frame_taken = Signal(object)
    accounts_changed = Signal()
    _woken = Signal()
    _answered = Signal()

    def __init__(
        self,
        session: Session,
        gateway: Gateway,
        commands: CommandRegistry,
        *,
        frame_hz: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("bridge")
        self.session = session
        self.commands = commands
        self._gateway = gateway
        self.state = ScreenState()
        self._accounts = tuple(session.accounts)
        self._has_ended = False
        self._answers: deque[tuple[ResultHandler, CommandResult]] = deque()
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        self._outbox = session.open_outbox(self._woken.emit)
        self._timer = QTimer(self, interval=round(1000 / frame_hz), timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._take_when_free)
        self._early = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._early.timeout.connect(self._take_when_free)
        self._shown = QTimer(self, singleShot=True, interval=0)  # it comes once all that waits is done, painting too
        self._shown.timeout.connect(session.screen.end)
        self._under_way, self._aside_until_ns = 0, 0

    def start(self) -> None:
        """Begin to take frames."""
        self._timer.start()
        self.take_frame()

    def stop(self) -> None:
        """End; the engine forgets this consumer and hears nothing more: it may be gone before the last panel is."""
        if self._has_ended:
            return
        self._has_ended = True
        self._timer.stop()
        self._early.stop()
        self.session.close_outbox(self._outbox)

    def take_frame(self) -> Frame:
        """Take everything new, fold it and show it."""
        self._early.stop()
        self.session.screen.begin()
        self._shown.start()
        frame = self._outbox.take()
        self.state.apply(frame)
        offered = tuple(self.session.accounts)
        if offered != self._accounts:
            self._accounts = offered
            self.accounts_changed.emit()
        self.frame_taken.emit(frame)
        return frame

    def watch(self, wish: Watch, on_result: ResultHandler | None = None) -> None:
        """Say which quotes, books and bars a panel shows; replaces its earlier wish."""
        self.call("market.watch", wish, Origin(kind=OriginKind.SYSTEM, detail=wish.consumer), on_result)

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, on_result: ResultHandler | None = None
    ) -> None:
        """Hand a command to the engine; `on_result` hears the answer on the GUI thread. After the end nobody does."""
        if self._has_ended:
            return

        handler = on_result
        alone: threading.Event | None = None
        if self.commands.trades(command_id):
            alone = None if self._under_way else threading.Event()
            self._under_way += 1
            self._aside_until_ns = self.session.mono_ns() + ORDER_FIRST_MS * 1_000_000
            handler = partial(self._order_answered, on_result)

        def reply(result: CommandResult) -> None:
            if handler is not None:
                self._answers.append((handler, result))
                self._answered.emit()
            if alone is not None:
                alone.set()

        try:
            self._gateway.call(command_id, params, origin, reply)
        except MailboxFull:
            reply(CommandResult(ok=False, code="ENGINE_BUSY", text="Refused: the engine is behind; nothing was sent."))
        if alone is not None:
            alone.wait(ORDER_ALONE_MS / 1e3)

    def _take_when_free(self) -> None:
        """Take a frame; while an order given here is on its way, a moment later."""
        if self._under_way and self.session.mono_ns() < self._aside_until_ns:
            self._early.start(LOOK_AGAIN_MS)
        else:
            self.take_frame()

    def _order_answered(self, on_result: ResultHandler | None, result: CommandResult) -> None:
        self._under_way -= 1
        if on_result is not None:
            on_result(result)

    def _on_woken(self) -> None:
        if not self._early.isActive():
            self._early.start(EARLY_FRAME_MS_MIN)

    def _on_answered(self) -> None:
        while self._answers:
            handler, result = self._answers.popleft()
            handler(result)
