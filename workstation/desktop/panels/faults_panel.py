"""Faults panel: what goes wrong at the simulated exchange on purpose, each kind a switch, with how long and how often.

Beside both walks. A switched-on kind waits armed until it has struck; kinds that strike at once spring back. Only the
simulator has faults: at any other venue the panel says so and does nothing.
"""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFormLayout, QHeaderView, QLineEdit, QSizePolicy, QTreeWidgetItem, QWidget

from workstation.commands.params import SwitchFault
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Beside
from workstation.desktop.panels.ticket_fields import set_role
from workstation.desktop.panels.wrapped_cells import WrappedCells
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.desktop.whole_rows import WholeRowsTree
from workstation.domain.accounts import Environment
from workstation.domain.errors import UserError
from workstation.viewmodels.faults_view import FAULTS, GROUPS, FaultInputs, arming
from workstation.viewmodels.formats import time_of_day
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import PanelNote

SWITCH, EFFECT, STATE = range(3)
BESIDE_NAME_PX, PADDINGS_PX = 56, 10
"""Room of indents and switch beside a fault's name; paddings grow with the text."""

_FIELDS = (
    ("symbol", "Instrument", "any"),
    ("times", "Times", "1"),
    ("lasts", "Lasts, s", "2"),
    ("delay", "Delay, ms", "500"),
    ("amount", "Amount", "the fault's own"),
)
FAULT_LINES_MIN = 12
"""Lines of text for which the list of faults has room at least: some faults of several lines each."""


class FaultsPanel(AskingPanel):
    """Switches of the simulator."""

    kind = "faults"
    title = "Simulator faults"
    icon = "sim"
    what = "the simulator"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.asking.has_answer = True
        self.tree = WholeRowsTree()
        self.tree.setObjectName(f"{panel_id}_switches")
        self.tree.setAccessibleName("Faults of the simulator")
        self.tree.setHeaderLabels(["Fault", "What happens", "State"])
        self.tree.setWordWrap(True)
        self.tree.setItemDelegate(WrappedCells(self.tree))
        self.tree.setIndentation(12)
        self.switches: dict[str, QTreeWidgetItem] = {}
        self._fill()
        self.tree.itemChanged.connect(self._on_changed)
        self.fields: dict[str, QLineEdit] = {}
        self.all_off = self.button("all_off", "All off", "Disarm every fault", self._all_off, role="")
        self.column.addLayout(Beside(self, self.tree, self._form()), 1)
        self.setFocusProxy(self.tree)
        is_simulated = context.bridge.session.environment is Environment.SIM
        self.tree.setEnabled(is_simulated)
        self.all_off.setEnabled(is_simulated)
        self._show_armed()
        theme_notifier().changed.connect(self._fit_names)
        self.show_state()

    def trouble(self) -> PanelNote:
        """Say that there is nothing to break, or what is armed."""
        if self.context.bridge.session.environment is not Environment.SIM:
            return PanelNote("info", "Faults belong to the simulated exchange; this session runs at another venue.")
        armed = self._armed()
        return PanelNote("warning", f"Armed: {', '.join(sorted(armed))}." if armed else "")

    def on_frame(self, frame: Frame) -> None:
        """Show what is armed and what has struck."""
        super().on_frame(frame)
        if frame.status is not None:
            self._show_armed()

    def _armed(self) -> set[str]:
        status = self.context.state.status
        return set() if status is None else set(status.faults)

    def _fill(self) -> None:
        for name, faults in GROUPS.items():
            group = QTreeWidgetItem(self.tree, [name])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            group.setExpanded(True)
            for fault in faults:
                words = fault.kind.replace("_", " ")
                item = QTreeWidgetItem(group, [words, fault.text, "at once" if fault.at_once else ""])
                item.setData(SWITCH, Qt.ItemDataRole.UserRole, fault.kind)
                item.setData(SWITCH, Qt.ItemDataRole.AccessibleTextRole, f"{words}: {fault.text}")
                item.setCheckState(SWITCH, Qt.CheckState.Unchecked)
                self.switches[fault.kind] = item
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(EFFECT, QHeaderView.ResizeMode.Stretch)
        self.tree.header().sectionResized.connect(lambda *_: self.tree.scheduleDelayedItemsLayout())
        self.tree.header().setSectionResizeMode(STATE, QHeaderView.ResizeMode.ResizeToContents)

    def _fit_names(self, *_: object) -> None:
        """Give the names of faults, beside their switches, the room that they take at the size of the text.

        A panel too low for some faults above the form scrolls as a whole.
        """
        metrics = self.tree.fontMetrics()
        self.tree.setMinimumHeight(self.tree.header().sizeHint().height() + FAULT_LINES_MIN * metrics.lineSpacing())
        words = max(metrics.horizontalAdvance(item.text(SWITCH)) for item in self.switches.values())
        beside = BESIDE_NAME_PX + round(PADDINGS_PX * current_theme().text_scale)
        self.tree.header().resizeSection(SWITCH, words + beside)

    def _form(self) -> QWidget:
        side = QWidget()
        form = QFormLayout(side)
        form.setContentsMargins(8, 3, 8, 3)
        for name, title, placeholder in _FIELDS:
            field = QLineEdit()
            field.setObjectName(f"{self.panel_id}_{name}")
            field.setAccessibleName(title)
            field.setPlaceholderText(placeholder)
            self.fields[name] = field
            form.addRow(title, field)
        self.all_off.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        form.addRow("", self.all_off)
        return side

    def _inputs(self) -> FaultInputs:
        typed = {name: field.text() for name, field in self.fields.items() if field.text().strip()}
        return FaultInputs(**typed)

    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        kind = item.data(SWITCH, Qt.ItemDataRole.UserRole)
        if column != SWITCH or kind not in FAULTS:
            return
        if item.checkState(SWITCH) is Qt.CheckState.Unchecked:
            self.act("venue.fault", SwitchFault(kind=kind, on=False), kind)
            return
        for field in self.fields.values():
            set_role(field, "invalid", "false")
        try:
            wish = SwitchFault(kind=kind, arguments=arming(FAULTS[kind], self._inputs()))
        except UserError as error:
            field = self.fields.get(getattr(error, "field", ""), self.fields["amount"])
            set_role(field, "invalid", "true")
            self._set_checked(item, checked=False)
            self.refuse(str(error))
            return
        self.act("venue.fault", wish, kind)
        if FAULTS[kind].at_once:
            self._set_checked(item, checked=False)
            status = self.context.state.status
            item.setText(STATE, f"struck {time_of_day(status.now_ns)[:8]}" if status is not None else "struck")

    def _all_off(self) -> None:
        self.act("venue.fault", SwitchFault(kind="", on=False), "all_off")

    def _on_done(self, result: CommandResult) -> None:
        super()._on_done(result)
        if not result.ok:
            self._show_armed()

    def _show_armed(self) -> None:
        armed = self._armed()
        for kind, item in self.switches.items():
            if not FAULTS[kind].at_once:
                self._set_checked(item, checked=kind in armed)
                item.setText(STATE, "armed" if kind in armed else "")

    def _set_checked(self, item: QTreeWidgetItem, *, checked: bool) -> None:
        with QSignalBlocker(self.tree):
            item.setCheckState(SWITCH, Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
        self.tree.viewport().update()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the names once the panel has the font that it is shown in."""
        super().showEvent(event)
        self._fit_names()
