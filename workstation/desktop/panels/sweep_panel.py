"""Sweeps panel: parameters tried over stored data, each trial's figures in both parts, a map, and what luck explains.

Beside both walks. Trials run in processes of their own; the panel begins, stops, resumes and forgets sweeps, and reads
what came of them.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSplitter, QVBoxLayout, QWidget

from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.sweeps import ResumeSweep, SweepName
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import Beside, PressTwice, Question, bar_of, named
from workstation.desktop.panels.study_panel import StudyPanel
from workstation.desktop.panels.sweep_form import SweepForm
from workstation.desktop.panels.sweep_heat import HeatView
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.ports.sweeps import Sweep, SweepBoard, SweepStatus, SweepTable
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.sweep_view import MEASURES, SweepsView, sweep_style, trial_style

SIZES = (110, 220, 190)
BEST_FIRST = (("in_metric", True),)
NONE = ("No sweeps yet", "Choose code and ranges beside this, and press Begin.")
SWEEPS_SPARE = ("search", "metric", "created", "failed", "interval", "symbols")
TRIALS_SPARE = ("number", "trades", "drawdown", "error", "out_return", "in_return", "deflated")
"""Columns that give way in a narrow panel, the first of them first."""

UNCHOSEN = ("Trials", "Select a sweep to see its trials.")
NO_TRIALS = ("No trials yet", "They appear here as they end.")


class SweepsPanel(StudyPanel[SweepForm]):
    """Sweeps of this installation."""

    kind = "sweeps"
    title = "Sweeps"
    icon = "search"
    what = "sweeps"
    begins = "sweep.start"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows = SweepsView()
        self.sweeps = SpareColumnView(
            ColumnModel(self.rows.sweeps), sweep_style, name=f"{panel_id}_sweeps", meaning="Sweeps"
        )
        self.sweeps.set_flexible("strategy")
        self.sweeps.set_spare(*SWEEPS_SPARE)
        self.sweeps.set_default_sort((("id", True),))
        self.sweeps.set_empty_text(*self.asking.waits)
        self.sweeps.rows_chosen.connect(self._on_chosen)
        self.trials = self._trials_view()
        self.verdict = QLabel()
        self.verdict.setObjectName(f"{panel_id}_verdict")
        self.verdict.setAccessibleName("What luck explains of the best trial")
        self.verdict.setProperty("role", "caption")
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setWordWrap(True)
        self.verdict.setContentsMargins(8, 3, 8, 3)
        self.verdict.hide()
        self.heat = HeatView(f"{panel_id}_heat")
        self._build()
        self.setFocusProxy(self.sweeps)
        self._show_buttons()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return the sweeps, the code there is, and the trials of the chosen sweep where they may have changed."""
        asked: list[Question] = [("sweep.board", NoParams(), self._on_board)]
        asked += self._code_question()
        chosen = self._chosen()
        if chosen is not None and self._is_due(chosen):
            asked.append(("sweep.trials", SweepName(sweep_id=chosen.id), self._on_trials))
        return asked

    def progress(self) -> PanelNote:
        """Say how far the running sweep is, else why the last one ended early."""
        running = self.rows.sweeps.get(str(self.rows.running))
        if running is None:
            return PanelNote("warning", self.rows.ended)
        failed = f", {running.failed:,} failed" if running.failed else ""
        return PanelNote("info", f"Sweep {running.id}: {running.done:,} of {running.planned:,} trials{failed}.")

    # Building

    def _build(self) -> None:
        self.tables = QSplitter(Qt.Orientation.Vertical)
        self.tables.setObjectName(f"{self.panel_id}_tables")
        self.tables.setChildrenCollapsible(False)
        for part in (self.sweeps, self.trials, self._mapped()):
            self.tables.addWidget(part)
        self.tables.setSizes(list(SIZES))
        self.column.addLayout(Beside(self, self.tables, self._scrolled(SweepForm(self.panel_id)), self._buttons()), 1)

    def _trials_view(self) -> SpareColumnView:
        view = SpareColumnView(
            ColumnModel(self.rows.trials), trial_style, name=f"{self.panel_id}_trials", meaning="Trials of the sweep"
        )
        view.set_flexible("error")
        view.set_spare(*TRIALS_SPARE)
        view.set_default_sort(BEST_FIRST)
        view.set_empty_text(*UNCHOSEN)
        return view

    def _mapped(self) -> QWidget:
        mapped = QWidget()
        column = QVBoxLayout(mapped)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.across = self._choice("across", "Parameter across the map")
        self.down = self._choice("down", "Parameter down the map")
        self.measure = self._choice("measure", "What the map shows")
        self.measure.addItems(list(MEASURES))
        for box in (self.across, self.down, self.measure):
            box.currentTextChanged.connect(lambda _text: self._show_map())
        column.addWidget(self.verdict)
        column.addWidget(bar_of(self.across, QLabel("by"), self.down, self.measure, stretch=3))
        column.addWidget(self.heat, 1)
        return mapped

    def _buttons(self) -> QWidget:
        self.begin = self.button("begin", "Begin", "Begin a sweep of these ranges", self._begin, role="")
        self.stop = self.button("stop", "Stop", "Stop the running sweep; what came is kept", self._stop)
        self.resume = self.button(
            "resume",
            "Go on",
            "Go on with the selected sweep where it stopped, on the cluster of the form if it names one",
            self._resume,
        )
        self.forget = PressTwice("Forget", self._forget)
        named(self.forget, f"{self.panel_id}_forget", "Delete the selected sweep; press twice", "quiet")
        return bar_of(self.begin, self.stop, self.resume, self.forget)

    def _choice(self, name: str, meaning: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(f"{self.panel_id}_{name}")
        box.setAccessibleName(meaning)
        box.setToolTip(meaning)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(4)  # narrower, so that the measure beside two of them is read whole
        return box

    # Answers

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, SweepBoard):
            was = self._chosen()
            self.sweeps.reorder(lambda: self.rows.take(result.data))
            self.sweeps.redress()
            if was is None and result.data.running and self.rows.table is None:
                self.sweeps.select_key(str(result.data.running))
            self.show_state()
        self.sweeps.set_empty_text(*(NONE if self.rows.has_board else self.asking.waits))
        self._show_buttons()

    def _on_trials(self, result: CommandResult) -> None:
        chosen = self._chosen()
        if not result.ok or not isinstance(result.data, SweepTable):
            return
        if chosen is None or result.data.sweep.id != chosen.id:
            return
        self._show_table(result.data)

    # What is chosen

    def _chosen(self) -> Sweep | None:
        chosen: list[Sweep] = list(self.sweeps.selected_rows())
        return chosen[0] if len(chosen) == 1 else None

    def _is_due(self, sweep: Sweep) -> bool:
        table = self.rows.table
        return table is None or table.sweep.id != sweep.id or table.sweep.updated_at != sweep.updated_at

    def _on_chosen(self) -> None:
        chosen, table = self._chosen(), self.rows.table
        if table is not None and (chosen is None or chosen.id != table.sweep.id):
            self._show_table(None)
        self._show_buttons()
        self.ask()

    def _show_table(self, table: SweepTable | None) -> None:
        if table is not None and self.rows.needs_columns(table):
            self._renew(table)
        self.trials.reorder(lambda: self.rows.show(table))
        self.trials.redress()
        self.trials.set_empty_text(*(UNCHOSEN if table is None else NO_TRIALS))
        self.verdict.setText("\n".join(self.rows.verdicts()))
        self.verdict.setVisible(bool(self.verdict.text()))
        self._show_map()

    def _renew(self, table: SweepTable) -> None:
        """Show a table with columns of other parameters, and offer these for the map."""
        self.rows.renew(table)
        old, self.trials = self.trials, self._trials_view()
        self.tables.replaceWidget(self.tables.indexOf(old), self.trials)
        old.deleteLater()
        for place, box in enumerate((self.across, self.down)):
            box.blockSignals(True)  # noqa: FBT003  Qt takes it so
            box.clear()
            box.addItems(list(self.rows.axes))
            box.setCurrentIndex(min(place, len(self.rows.axes) - 1))
            box.blockSignals(False)  # noqa: FBT003  as above

    def _show_map(self) -> None:
        across, down = self.across.currentText(), self.down.currentText()
        is_map = self.rows.table is not None and bool(across)
        self.heat.show_map(self.rows.heat_map(across, down, self.measure.currentText()) if is_map else None)

    def _show_buttons(self) -> None:
        chosen, running = self._chosen(), self.rows.running
        self.begin.setEnabled(not running)
        self.stop.setEnabled(bool(running))
        self.resume.setEnabled(not running and chosen is not None and chosen.status is SweepStatus.STOPPED)
        self.forget.setEnabled(not running and chosen is not None)

    # Gestures

    def _stop(self) -> None:
        self.act("sweep.stop", NoParams(), "stop")

    def _resume(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.act("sweep.resume", ResumeSweep(sweep_id=chosen.id, cluster=self.form.cluster_named), "resume")

    def _forget(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.act("sweep.delete", SweepName(sweep_id=chosen.id), "forget")
