"""Backtests panel: a strategy over stored data, run with progress, what came of it, its curve, and its whole report.

Beside both walks. A run has a process of its own; the panel begins, stops and forgets runs, and reads what came.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from workstation.commands.backtests import BacktestName
from workstation.commands.registry import CommandResult, NoParams
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import Beside, PressTwice, Question, bar_of, named
from workstation.desktop.panels.backtest_curve import CurveView
from workstation.desktop.panels.backtest_form import BacktestForm
from workstation.desktop.panels.study_panel import StudyPanel
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.ports.backtests import Backtest, BacktestBoard, BacktestTrips
from workstation.viewmodels.backtest_view import BacktestsView, backtest_style, curve_of, figure_words, trip_style
from workstation.viewmodels.panel_notes import PanelNote

SIZES = (130, 280, 140)
RUNS_SPARE = ("created", "trades", "interval", "symbols", "drawdown", "sharpe", "profit")
TRIPS_SPARE = ("bars", "mfe", "mae", "fees", "number", "exit_px", "entry_px", "exit", "entry")
"""Columns that give way in a narrow panel, the first of them first."""

UNCHOSEN = ("Round trips", "Select a backtest that is done to see them.")
NO_TRIPS = ("No round trips", "The strategy closed no position.")
NONE = ("No backtests yet", "Choose code and data beside this, and press Run.")


class BacktestsPanel(StudyPanel[BacktestForm]):
    """Backtests of this installation."""

    kind = "backtests"
    title = "Backtests"
    icon = "replay"
    what = "backtests"
    begins = "backtest.start"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows = BacktestsView()
        self.runs = SpareColumnView(
            ColumnModel(self.rows.table), backtest_style, name=f"{panel_id}_runs", meaning="Runs"
        )
        self.runs.set_flexible("strategy")
        self.runs.set_spare(*RUNS_SPARE)
        self.runs.set_default_sort((("id", True),))
        self.runs.set_empty_text(*self.asking.waits)
        self.runs.rows_chosen.connect(self._on_chosen)
        self.trips = SpareColumnView(
            ColumnModel(self.rows.trips), trip_style, name=f"{panel_id}_trips", meaning="Round trips of the run"
        )
        self.trips.horizontalHeader().setStretchLastSection(False)
        self.trips.set_spare(*TRIPS_SPARE)
        self.trips.set_default_sort((("number", False),))
        self.trips.set_empty_text(*UNCHOSEN)
        self.trips.rows_chosen.connect(self._on_trip_chosen)
        self.curve = CurveView(f"{panel_id}_curve")
        self.figures = QLabel()
        self.figures.setObjectName(f"{panel_id}_figures")
        self.figures.setAccessibleName("What came of the selected backtest")
        self.figures.setProperty("role", "caption")
        self.figures.setTextFormat(Qt.TextFormat.PlainText)
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.figures.setWordWrap(True)
        self.figures.setContentsMargins(8, 3, 8, 3)
        self.figures.hide()
        self._waited = 0
        self._curve_of: tuple[int, int] | None = None
        self._build()
        self.setFocusProxy(self.runs)
        self._show_chosen()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return the backtests, the code there is, and the round trips of the chosen run where they are not shown."""
        asked: list[Question] = [("backtest.board", NoParams(), self._on_board)]
        asked += self._code_question()
        chosen = self._chosen()
        if chosen is not None and chosen.reported and chosen.id != self.rows.shown:
            asked.append(("backtest.trips", BacktestName(backtest_id=chosen.id), self._on_trips))
        return asked

    def progress(self) -> PanelNote:
        """Say how far the running backtest is."""
        progress = self.rows.progress()
        return PanelNote("info", progress) if progress else PanelNote()

    # Building

    def _build(self) -> None:
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{self.panel_id}_tables")
        tables.setChildrenCollapsible(False)
        tables.addWidget(self.runs)
        tables.addWidget(self._details())
        tables.addWidget(self.trips)
        tables.setSizes(list(SIZES))
        self.column.addLayout(Beside(self, tables, self._scrolled(BacktestForm(self.panel_id)), self._buttons()), 1)

    def _details(self) -> QWidget:
        details = QWidget()
        column = QVBoxLayout(details)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.figures)
        column.addWidget(self.curve, 1)
        return details

    def _buttons(self) -> QWidget:
        self.begin = self.button("begin", "Run", "Run this strategy over the stored data", self._begin, role="")
        self.stop = self.button("stop", "Stop", "Stop the running backtest; nothing of it is kept", self._stop)
        self.report = self.button("report", "Report", "Make the report of the selected run and open it", self._report)
        self.forget = PressTwice("Forget", self._forget)
        named(self.forget, f"{self.panel_id}_forget", "Delete the selected backtest; press twice", "quiet")
        return bar_of(self.begin, self.stop, self.report, self.forget)

    # Answers

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, BacktestBoard):
            self.runs.reorder(lambda: self.rows.take(result.data))
            self.runs.redress()
            self._follow(result.data.running)
            self.show_state()
        self.runs.set_empty_text(*(self.asking.waits if self.rows.board is None else NONE))
        self._show_chosen()

    def _follow(self, running: int) -> None:
        """Choose a run that has just begun, so that it is seen when it ends."""
        if running and running != self._waited:
            self.runs.select_key(str(running))
        self._waited = running

    def _on_trips(self, result: CommandResult) -> None:
        chosen = self._chosen()
        if result.ok and isinstance(result.data, BacktestTrips) and chosen is not None:
            self._show_trips(result.data if result.data.backtest_id == chosen.id else None)

    def _on_report(self, result: CommandResult) -> None:
        self._on_done(result)
        if result.ok:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(result.data)))

    # What is chosen

    def _chosen(self) -> Backtest | None:
        chosen: list[Backtest] = list(self.runs.selected_rows())
        return chosen[0] if len(chosen) == 1 else None

    def _on_chosen(self) -> None:
        chosen = self._chosen()
        if self.rows.shown and (chosen is None or chosen.id != self.rows.shown):
            self._show_trips(None)
        self._show_chosen()
        self.ask()

    def _on_trip_chosen(self) -> None:
        chosen = list(self.trips.selected_rows())
        self.curve.mark_span((chosen[0].entry_ts, chosen[-1].exit_ts) if len(chosen) == 1 else None)

    def _show_trips(self, found: BacktestTrips | None) -> None:
        self.trips.reorder(lambda: self.rows.show(found))
        self.trips.redress()
        self.trips.set_empty_text(*(UNCHOSEN if found is None else NO_TRIPS))

    def _show_chosen(self) -> None:
        chosen = self._chosen()
        self.figures.setText("\n".join(figure_words(chosen)))
        self.figures.setVisible(bool(self.figures.text()))
        shown = None if chosen is None else (chosen.id, chosen.updated_at)
        if shown != self._curve_of:
            self._curve_of = shown
            self.curve.show_curve(curve_of(chosen))
        self._show_buttons()

    def _show_buttons(self) -> None:
        chosen, running = self._chosen(), self.rows.running
        self.begin.setEnabled(not running)
        self.stop.setEnabled(bool(running))
        self.report.setEnabled(chosen is not None and chosen.reported)
        self.forget.setEnabled(chosen is not None and chosen.id != running)

    # Gestures

    def _stop(self) -> None:
        self.act("backtest.stop", NoParams(), "stop")

    def _report(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.act("backtest.report", BacktestName(backtest_id=chosen.id), "report", self._on_report)

    def _forget(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.act("backtest.delete", BacktestName(backtest_id=chosen.id), "forget")
