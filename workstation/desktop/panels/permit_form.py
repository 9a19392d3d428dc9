"""The form of a permit to add risk on live accounts: how long, its three caps, and what is used and left of each.

Beside both walks; the strategies panel and the scripts panel show it. It knows permits and their holders, no command:
what is granted goes out by a signal, and what is wrong stays marked at its field.
"""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.panels.asking_panel import PressTwice, bar_of, named
from workstation.desktop.panels.strategies_told import caption
from workstation.desktop.panels.ticket_fields import set_role
from workstation.domain.errors import ValidationError
from workstation.domain.records import LivePermit
from workstation.viewmodels.permits import (
    CAP_WORDS,
    PERMIT_HOURS,
    PermitHolder,
    cap_meaning,
    caps_of,
    holders_words,
    is_in_force,
)

HOUR_NS = 3_600 * 1_000_000_000


class PermitForm(QWidget):
    """Emits: permit_changed(LivePermit, or None to end it) and refused(text). holder: whom it is for, in words.

    beside: what else acts on whoever is chosen, first in the row of buttons.
    """

    permit_changed = Signal(object)
    refused = Signal(str)

    def __init__(self, panel_id: str, holder: str, *beside: QWidget) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_permit_form")
        self._now_ns = 0
        self.hours = QComboBox()
        self.hours.setObjectName(f"{panel_id}_permit_hours")
        self.hours.setAccessibleName("How long the permit for live accounts lasts")
        self.hours.setToolTip("How long the permit for live accounts lasts")
        self.hours.addItems(list(PERMIT_HOURS))
        self.caps = {name: self._cap(panel_id, name) for name in CAP_WORDS}
        self.permit = PressTwice("Live permit", self._grant)
        words = f"Let {holder} add risk on live accounts so long; press twice"
        named(self.permit, f"{panel_id}_permit", words, "quiet")
        words = f"Let {holder} add no more risk on live accounts; exits still go out"
        self.end = named(QPushButton("End permit"), f"{panel_id}_permit_end", words, "quiet", self._end)
        self.left = caption(f"{panel_id}_permit_left")
        self.left.setAccessibleName(f"What the permit lets {holder} do, and what is used and left of it")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        caps = QHBoxLayout()
        caps.setContentsMargins(8, 3, 8, 3)
        caps.setSpacing(6)
        for field in self.caps.values():
            caps.addWidget(field, 1)
        column.addLayout(caps)
        column.addWidget(bar_of(*beside, self.hours, self.permit, self.end))
        column.addWidget(self.left)
        self.show_holders((), 0)

    def show_holders(self, holders: Sequence[PermitHolder], now_ns: int) -> None:
        """Show the permits of whoever is chosen; now_ns: UTC ns, from which a new one is counted."""
        self._now_ns = now_ns
        for part in (*self.caps.values(), self.hours, self.permit):
            part.setEnabled(bool(holders))
        self.end.setEnabled(any(is_in_force(holder.permit, now_ns) for holder in holders))
        self.left.setText(holders_words(holders, now_ns))
        self.left.setVisible(bool(self.left.text()))

    def _cap(self, panel_id: str, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"{panel_id}_permit_{name}")
        field.setAccessibleName(cap_meaning(name))
        field.setToolTip(cap_meaning(name))
        field.setPlaceholderText(f"{CAP_WORDS[name]} ≤")
        return field

    def _grant(self) -> None:
        for field in self.caps.values():
            set_role(field, "invalid", "false")
        try:
            caps = caps_of({name: field.text() for name, field in self.caps.items()})
        except ValidationError as error:
            wrong = self.caps[error.field]
            set_role(wrong, "invalid", "true")
            wrong.setFocus()
            self.refused.emit(f"No permit was given. {CAP_WORDS[error.field]}: {error.message}; {error.allowed}.")
            return
        lasts_ns = PERMIT_HOURS[self.hours.currentText()] * HOUR_NS
        self.permit_changed.emit(LivePermit(expires_at=self._now_ns + lasts_ns, caps=caps))

    def _end(self) -> None:
        self.permit_changed.emit(None)
