"""The form that makes or changes an alert: what it waits for, what its firing does, whether it may fire now.

Part of the alerts panel. It checks what was typed and hands an alert over; keeping is the panel's.
"""

import re
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.panels.alerts_when import WhenQuestion
from workstation.desktop.panels.asking_panel import named
from workstation.desktop.theme import theme_notifier
from workstation.domain.alerts import EVENTS, RUN_EVENTS, Alert, AlertHook
from workstation.domain.errors import ValidationError
from workstation.domain.times import NS_PER_S
from workstation.marketdata.intervals import INTERVALS
from workstation.viewmodels.alert_lines import alert_line
from workstation.viewmodels.alerts import condition_of, event_words
from workstation.viewmodels.formats import MISSING

ENDS = (("no end", 0), ("ends in an hour", 3_600), ("ends in a day", 86_400), ("ends in a week", 604_800))
KEPT_END = -1
CHOICE_CHARS = 9
"""Characters that a choice has room for before it is opened; its list shows them whole."""

LINE_EDGES_PX = 14
"""What a typed line needs beside its letters."""

REST_SHOWN = "60"
NEW = Alert(symbol="")
W = TypeVar("W", bound=QWidget)
_REST = re.compile(r"\d{1,5}(\.\d{1,3})?", re.ASCII)


class AlertForm(QWidget):
    """Fields of one alert. Emits: asked(bool | None) to keep it, with whether it fires at once if it holds already."""

    asked = Signal(object)

    def __init__(self, panel_id: str, symbol: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_form")
        self._panel_id, self._edited = panel_id, NEW
        self._hooks: tuple[AlertHook, ...] = ()
        self.symbol = self._line("symbol", "Instrument", symbol)
        self.condition = self._line("condition", "Condition, such as last > 187.50 or rsi_14 < 30")
        self.name = self._line("name", "Name, may be empty")
        self.rest = self._line("rest", "Least seconds between two firings of one that repeats", REST_SHOWN)
        self.line = self._line("line", "Line to stage or run when it fires, such as b 100 aapl bid")
        self.event_choice = self._choice("event", "Event of an order or a strategy instead of a condition")
        self.event_choice.addItem("no event", "")
        for event in (*EVENTS, *RUN_EVENTS):
            self.event_choice.addItem(event_words(event), event)
        self.interval = self._choice("interval", "Bars that indicators are read from")
        for interval in INTERVALS:
            self.interval.addItem(interval.replace("_", " ").lower(), interval)
        self.webhook = self._choice("webhook", "Webhook to call when it fires")
        self.end = self._choice("end", "When it ends by itself")
        self.repeats = self._check("repeats", "Repeat", "Fire again each time")
        self.mail = self._check("mail", "Mail", "Mail it when it fires")
        self.mail.setToolTip("Mail it when it fires; mail.host, mail.sender and mail.to are settings")
        self.keep = self._button("keep", "Keep alert", "Keep the alert (Enter)", None, "primary")
        self.question = WhenQuestion(panel_id)
        self.question.chosen.connect(self._ask)
        self.question.hide()
        self._offer_hooks("")
        self._offer_ends(None)
        self.rest.setEnabled(False)
        self._lay_out()
        self.repeats.toggled.connect(self.rest.setEnabled)
        self.condition.textChanged.connect(lambda _text: self._mark_condition())
        for line in (self.symbol, self.condition, self.name, self.rest, self.line):
            line.returnPressed.connect(lambda: self._ask(None))
            line.textEdited.connect(lambda _text: self.question.hide())

    def alert(self, now_ns: int) -> Alert:
        """Return what the form says, over the alert that is edited; it is armed anew.

        Raises:
            ValidationError: the rest is no number of seconds, or the line is none that an alert may run.
        """
        return msgspec.structs.replace(
            self._edited,
            symbol=self.symbol.text().strip().upper(),
            condition=self.condition.text().strip(),
            event=str(self.event_choice.currentData() or ""),
            interval=str(self.interval.currentData()),
            name=self.name.text().strip(),
            repeats=self.repeats.isChecked(),
            mail=self.mail.isChecked(),
            webhook=str(self.webhook.currentData() or ""),
            line=self._read_line(),
            cooldown_s=self._rest_s(),
            expires_at=self._end_ns(now_ns),
            is_on=True,
            holds=None,
            fired_count=0,
            fired_at=None,
            snoozed_until=None,
            history=(),
        )

    def edit(self, alert: Alert, *, as_new: bool = False) -> None:
        """Show an alert to be changed, or a copy of it to be kept as another."""
        self._edited = NEW if as_new else alert
        self.symbol.setText(alert.symbol)
        self.condition.setText(alert.condition)
        self.name.setText(alert.name)
        self.event_choice.setCurrentIndex(max(self.event_choice.findData(alert.event), 0))
        self.interval.setCurrentIndex(max(self.interval.findData(alert.interval), 0))
        self.repeats.setChecked(alert.repeats)
        self.mail.setChecked(alert.mail)
        self.line.setText(alert.line)
        self.rest.setText(f"{alert.cooldown_s:g}")
        self._offer_hooks(alert.webhook)
        self._offer_ends(None if as_new else alert.expires_at)
        self.question.hide()
        self.condition.setFocus()

    def clear(self) -> None:
        """Begin another alert on the same instrument."""
        self._edited = NEW
        self.condition.clear()
        self.name.clear()
        self.line.clear()
        self.rest.setText(REST_SHOWN)
        self._offer_ends(None)
        self.question.hide()

    def ask_when(self) -> None:
        """Ask whether an alert whose condition holds already fires now; the keyboard is on what waits."""
        self.question.show()
        self.question.next_cross.setFocus()

    def offer_hooks(self, hooks: tuple[AlertHook, ...]) -> None:
        """Offer these webhooks; the chosen one stays."""
        if hooks != self._hooks:
            self._hooks = hooks
            self._offer_hooks(str(self.webhook.currentData() or ""))

    def _ask(self, fire_now: bool | None) -> None:
        self.question.hide()
        self.asked.emit(fire_now)

    def _read_line(self) -> str:
        typed = self.line.text().strip()
        if typed:
            alert_line(typed)
        return typed

    def _rest_s(self) -> float:
        typed = self.rest.text().strip()
        if not _REST.fullmatch(typed):
            raise ValidationError("rest", f"{typed!r} is no number of seconds", allowed="0 to 86400")
        return float(typed)

    def _end_ns(self, now_ns: int) -> int | None:
        seconds = int(self.end.currentData())
        if seconds == KEPT_END:
            return self._edited.expires_at
        return now_ns + seconds * NS_PER_S if seconds else None

    def _offer_hooks(self, chosen: str) -> None:
        """Offer the webhooks; one that is chosen and gone stays, and says so."""
        self.webhook.clear()
        self.webhook.addItem("no webhook", "")
        for hook in self._hooks:
            self.webhook.addItem(f"call {hook.name}", hook.id)
        if self.webhook.findData(chosen) < 0:
            self.webhook.addItem("a webhook that is off or gone", chosen)
        self.webhook.setCurrentIndex(self.webhook.findData(chosen))

    def _offer_ends(self, kept: int | None) -> None:
        """Offer when an alert may end; one that has an end keeps it unless another is chosen."""
        self.end.clear()
        for words, seconds in ENDS:
            self.end.addItem(words, seconds)
        if kept is not None:
            self.end.addItem(f"ends {time_text(kept)}", KEPT_END)
        self.end.setCurrentIndex(self.end.findData(0 if kept is None else KEPT_END))

    def _mark_condition(self) -> None:
        """Mark a condition that cannot be read, with the column of what is wrong."""
        trouble = ""
        if self.condition.text().strip():
            try:
                condition_of(self.condition.text())
            except ValidationError as error:
                trouble = str(error)
        self.condition.setProperty("invalid", "true" if trouble else "false")
        self.condition.setToolTip(trouble or self.condition.placeholderText())
        self.condition.style().polish(self.condition)

    def _lay_out(self) -> None:
        caption = QLabel("Rest, s")
        caption.setProperty("role", "caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(4)
        first = ((self.symbol, 0), (self.condition, 1), (self.keep, 0))
        second = ((self.event_choice, 0), (self.interval, 0), (self.name, 1), (self.repeats, 0), (self.mail, 0))
        third = ((self.end, 0), (caption, 0), (self.rest, 0), (self.line, 1))
        for parts in (first, (*second, (self.webhook, 0)), third):
            bar = FlowBar(4)
            for part, share in parts:
                bar.add(part, share)
            column.addWidget(bar)
        column.addWidget(self.question)
        self._fit_lines()
        theme_notifier().changed.connect(self._fit_lines)

    def _fit_lines(self, *_: object) -> None:
        """Give each line that is typed room for what is usual there, at the size of the text."""
        for line, letters in ((self.symbol, 9), (self.condition, 16), (self.name, 9), (self.rest, 5), (self.line, 16)):
            width = letters * line.fontMetrics().horizontalAdvance("0") + LINE_EDGES_PX
            line.setMinimumWidth(width)
            if line in (self.symbol, self.rest):
                line.setMaximumWidth(width)

    def _line(self, name: str, meaning: str, text: str = "") -> QLineEdit:
        line = QLineEdit(text)
        line.setPlaceholderText(meaning)
        return self._named(line, name, meaning)

    def _choice(self, name: str, meaning: str) -> QComboBox:
        choice = QComboBox()
        choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choice.setMinimumContentsLength(CHOICE_CHARS)
        return self._named(choice, name, meaning)

    def _check(self, name: str, text: str, meaning: str) -> QCheckBox:
        return self._named(QCheckBox(text), name, meaning)

    def _button(self, name: str, text: str, meaning: str, fire_now: bool | None, role: str = "quiet") -> QPushButton:
        return named(QPushButton(text), f"{self._panel_id}_{name}", meaning, role, partial(self._ask, fire_now))

    def _named(self, widget: W, name: str, meaning: str) -> W:
        widget.setObjectName(f"{self._panel_id}_{name}")
        widget.setAccessibleName(meaning)
        widget.setToolTip(meaning)
        return widget


def time_text(ts: int | None) -> str:
    """Return a time as the alerts panel shows it, UTC."""
    return MISSING if ts is None else f"{datetime.fromtimestamp(ts / NS_PER_S, UTC):%m-%d %H:%M:%S}"
