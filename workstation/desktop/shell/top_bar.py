"""The top bar: trade focus, arm state, size, account, day P&L, rejects not yet seen, and the clock.

It shows where the next key or click will act. Clicking the arm chip arms or disarms, the account chip chooses another
account; the reject counter, once clicked, counts as seen.
"""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.chips import ChipLabel
from workstation.desktop.shell.replay_bar import ReplayBar
from workstation.desktop.spelt import spelt
from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.domain.accounts import Environment
from workstation.marketdata.calendar import Calendars
from workstation.viewmodels.account_marks import mark_of
from workstation.viewmodels.coming_back import back_words, is_settled
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.status_line import Chip, arm_chip, clock_chip, day_chip
from workstation.viewmodels.trading_hours import HoursEvent, next_event

SWATCH_PX = 12
GAP_PX, MARGIN_PX = 6, 8
NOTICE_LEAST_PX = 120
"""Room, at text size 1, that the notice keeps where chips can be shorter for it."""
_ACCOUNT_HOVER = "Account that keys act on. Click for another one; that disarms."


class TopBar(QFrame):
    """Emits: command_asked(id)."""

    command_asked = Signal(str)

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self._context = context
        self._rejects_shown = 0
        self._greeting: str | None = ""
        self._calendars = Calendars()
        self.setObjectName("top_bar")
        self.setProperty("role", "panel")
        self.focus = ChipLabel("focus_chip", "Trade focus")
        self.arm = ChipLabel("arm_chip", "Arm state", clickable=True)
        self.size_chip = ChipLabel("size_chip", "Order size")
        self.account = ChipLabel("account_chip", "Account", clickable=True)
        self.day = ChipLabel("day_chip", "Day profit and loss")
        self.rejects = ChipLabel("rejects_chip", "Rejects not yet seen", clickable=True)
        self.notice = NoticeLine()
        self.clock = ChipLabel("clock_chip", "Clock with the next event of trading hours")
        self._replay = ReplayBar(context) if context.bridge.session.environment is Environment.REPLAY else None
        self._measured: tuple[object, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN_PX, 4, MARGIN_PX, 4)
        row.setSpacing(GAP_PX)
        for widget in (self.focus, self.arm, self.size_chip, self.account, self.day, self.rejects):
            row.addWidget(widget)
        if self._replay is not None:
            row.addWidget(self._replay)
        row.addWidget(self.notice, 1)
        row.addWidget(self.clock)
        self.arm.clicked.connect(self.toggle_arm)
        self.account.clicked.connect(self.choose_account)
        self.rejects.clicked.connect(self.see_rejects)
        context.focus.listen(self._show_focus)
        context.sizes.listen(self._show_size)
        context.state.rejects.listen(self._show_rejects)
        context.announcer.spoken.connect(self.show_notice)
        context.bridge.frame_taken.connect(self._on_frame)
        theme_notifier().changed.connect(self._show_focus)
        self._show_focus()
        self._show_size()

    def toggle_arm(self) -> None:
        """Ask for what the arm keys do: arming LIVE asks for the account's end here too."""
        status = self._context.state.status
        armed = status is not None and status.armed is not None
        self.command_asked.emit("trade.disarm" if armed else "trade.arm")

    def account_menu(self) -> QMenu:
        """Return the accounts of now to choose from; the one that keys act on is ticked."""
        menu = QMenu(self)
        menu.setObjectName("account_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for account in self._context.bridge.session.accounts:
            words = " · ".join(filter(None, (account.account, account.name, account.venue, account.currency)))
            action = menu.addAction(f"{spelt(words)} · {account.environment}")
            action.setObjectName(f"account_{account.account}")
            action.setIcon(_swatch(mark_of(self._context.bridge.session.accounts, account.account)))
            action.setCheckable(True)
            action.setChecked(account.account == self._context.focus.account)
            action.triggered.connect(partial(self._move_to, account.account))
        return menu

    def choose_account(self) -> None:
        """Offer the accounts below their chip. Another account disarms hand entry."""
        self.account_menu().popup(self.account.mapToGlobal(self.account.rect().bottomLeft()))

    def _move_to(self, account: str, *_: object) -> None:
        self._context.focus.move(account=account)

    def pulse_arm(self) -> None:
        """Draw the eye to the arm chip: an order was refused because hand entry is disarmed."""
        self.show_notice("warning", "Refused: hand entry is disarmed. Ctrl+F12 arms.", "")
        self.arm.show_chip(Chip("DISARMED", "amber", "Hand entry is disarmed. Ctrl+F12 arms."))

    def see_rejects(self) -> None:
        """Count every reject as seen, here and in every blotter."""
        self._context.state.rejects.acknowledge()

    def show_notice(self, level: str, text: str, _cl_ord_id: str) -> None:
        """Show one sentence until the next one comes."""
        colors = current_theme().colors
        ink = {"warning": colors.warning, "critical": colors.danger}.get(level, colors.text_muted)
        if (sheet := f"color: {ink.name()};") != self.notice.styleSheet():
            self.notice.setStyleSheet(sheet)  # laying a sheet takes longer than an order takes through the desk
        self.notice.show_text(text)

    def _on_frame(self, frame: Frame) -> None:
        state = self._context.state
        if len(state.rejects.unseen) != self._rejects_shown:
            self._show_rejects()
        if frame.status is not None:
            self._greet()
            self.arm.show_chip(arm_chip(state.status))
            self.clock.show_chip(clock_chip(frame.status.now_ns, self._hours(frame.status.now_ns)))
        if frame.accounts:
            self.day.show_chip(day_chip(state.accounts.get(self._context.focus.account)))
        self._fit()

    def _greet(self) -> None:
        """Say what was found at the start and whether the venue agrees, until it does; then no more."""
        if self._greeting is None:
            return
        level, words = back_words(self._context.state)
        if words and words != self._greeting:
            self.show_notice(level, words, "")
        self._greeting = None if is_settled(self._context.state) else words

    def _hours(self, now_ns: int) -> HoursEvent:
        calendar = self._context.instrument(self._context.focus.symbol).calendar
        return next_event(self._calendars, calendar, now_ns)

    def _show_rejects(self, *_: object) -> None:
        count = self._rejects_shown = len(self._context.state.rejects.unseen)
        if count:
            hover = f"{count} orders refused or rejected since you last looked. Click to mark as seen."
            words = f"{count} REJECT{'S' if count > 1 else ''}"
            self.rejects.show_chip(Chip(words, "red", hover, shorter=(f"{count} REJ",)))
        else:
            hover = "No refusals or rejects that you have not seen."
            self.rejects.show_chip(Chip("no rejects", "muted", hover, shorter=("0 rej",)))
        self._fit()

    def _show_focus(self, *_: object) -> None:
        focus = self._context.focus
        environment = self._context.bridge.session.environment
        use_figure_font(self.focus, "emphasis")
        mark = mark_of(self._context.bridge.session.accounts, focus.account)
        hover = f"Keys act on {focus.symbol} in {focus.account}, in whose colour it is framed. Ctrl+L"
        self.focus.show_chip(Chip(f"▣ {focus.symbol}", "ok", hover, mark))
        shorter = (focus.account,) if environment in focus.account else ()
        words = f"{focus.account} {environment}"
        self.account.show_chip(Chip(words, environment.lower(), _ACCOUNT_HOVER, mark, shorter))
        self._show_rejects()

    def _show_size(self) -> None:
        sizes = self._context.sizes
        hover = "Size presets on keys 1 to 5: " + " · ".join(str(size) for size in sizes.sizes) + ". [ and ] step."
        self.size_chip.show_chip(Chip(f"size {sizes.size:,}", "ok", hover))
        self._fit()

    def _fit(self) -> None:
        """Let chips be shorter until all are whole, then for the notice: figures of one width change nothing here."""
        chips = (self.focus, self.arm, self.size_chip, self.account, self.day, self.rejects, self.clock)
        measured = (self.width(), current_theme(), *(len(form) for chip in chips for form in chip.forms))
        if measured == self._measured:
            return
        self._measured = measured
        taken = 2 * MARGIN_PX + len(chips) * GAP_PX
        if self._replay is not None:
            taken += self._replay.sizeHint().width() + GAP_PX
        widths = {chip: [chip.width_of(form) for form in chip.forms] for chip in chips}
        shown = dict.fromkeys(chips, 0)
        for least in (round(NOTICE_LEAST_PX * current_theme().text_scale), 0):
            shown = dict.fromkeys(chips, 0)
            for chip in (self.clock, self.rejects, self.account, self.day, self.arm):
                while taken + least + sum(
                    widths[each][number] for each, number in shown.items()
                ) > self.width() and shown[chip] + 1 < len(widths[chip]):
                    shown[chip] += 1
            if taken + least + sum(widths[each][number] for each, number in shown.items()) <= self.width():
                break
        for chip, number in shown.items():
            chip.show_form(number)

    # Qt overrides

    def minimumSizeHint(self) -> QSize:
        """Let the window be as narrow as it may: chips are shorter then."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the chips into the new width; the notice has what is left."""
        super().resizeEvent(event)
        self._fit()


class NoticeLine(QLabel):
    """One sentence in what room there is; what does not fit is elided and stands in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self._said = ""
        self.setObjectName("notice_line")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName("Notice")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Show a sentence and say it aloud."""
        self._said = text
        self.setToolTip(text)
        self.setAccessibleName(f"Notice: {text}")
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._said, Qt.TextElideMode.ElideRight, self.width()))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the sentence again."""
        super().resizeEvent(event)
        self._elide()


def _swatch(mark: str) -> QIcon:
    """Return a square in an account's colour."""
    square = QPixmap(SWATCH_PX, SWATCH_PX)
    square.fill(getattr(current_theme().colors, mark))
    return QIcon(square)
