"""Strategies panel: definitions and runs, their parameters, start, hold and end, live profit, and what a run says.

Beside both walks, and a door of the commands about strategies; each order of a run goes its own way through the gate.
What a run's end does to its orders is named beside the button. A run that failed shows its traceback.
"""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from workstation.commands.params import AnnotateOrder, CancelOne
from workstation.commands.records import ChangeRecord, CreateRecord
from workstation.commands.records_strategies import withdrawing
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.strategies import Approve, CodeName, RunName, RunTail, StopRun, StrategyBoard, StrategyName
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Beside, PressTwice, Question, bar_of, named
from workstation.desktop.panels.strategies_form import ParametersForm
from workstation.desktop.panels.strategies_history import HistoryList
from workstation.desktop.panels.strategies_live import LiveForm
from workstation.desktop.panels.strategies_orphans import OrphanList
from workstation.desktop.panels.strategies_told import RunTold, caption
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.domain.orders import ADOPTED_BY, OrderState, OriginKind
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.strategies.describing import CodeShape
from workstation.strategies.run_terms import StartRun
from workstation.strategies.views import Policy
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.strategies_view import (
    DefinitionRow,
    RunShown,
    StrategiesView,
    day_text,
    declared_words,
    definition_style,
    run_style,
    shape_text,
    stop_words,
)

CAPITAL = "100000"
LOG_HEIGHT_PX = 140
FORM_HEIGHT_PX, FORM_SHARE = 220, 0.36
NONE_CHOSEN = "Select a strategy to see its parameters."


class StrategiesPanel(AskingPanel):
    """Strategies of this installation and their runs."""

    kind = "strategies"
    title = "Strategies"
    icon = "strategy"
    what = "strategies"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._formats = Formats(context.bridge.session.instruments)
        self.rows = StrategiesView(self._formats)
        self.shape: CodeShape | None = None
        self._shaped = ""
        self.definitions = SpareColumnView(
            ColumnModel(self.rows.definitions), definition_style, name=f"{panel_id}_definitions", meaning="Strategies"
        )
        self.runs = SpareColumnView(ColumnModel(self.rows.runs), run_style, name=f"{panel_id}_runs", meaning="Runs")
        self.definitions.set_flexible("name", "code")
        self.definitions.set_spare("code", "active")
        self.runs.set_flexible("reason", "name", "account")
        self.runs.set_spare("used", "rate", "room", "account", "reason")
        self.told = RunTold(panel_id, self._formats)
        self.log, self.own = self.told.log, self.told.own
        self.changes = HistoryList(panel_id, self._read_history)
        self.orphans = OrphanList(panel_id, context.bridge.session.instruments)
        self.orphans.adopt_asked.connect(self._adopt)
        self.orphans.cancel_asked.connect(self._cancel)
        self._build()
        self.definitions.rows_chosen.connect(self._on_strategy_chosen)
        self.runs.rows_chosen.connect(self._on_run_chosen)
        self.setFocusProxy(self.definitions)
        self._show_all()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return how strategies and runs stand, what code there is, and what the chosen run says."""
        asked: list[Question] = [("strategy.board", NoParams(), self._on_board)]
        if not self.code.count():
            asked.append(("strategy.codes", NoParams(), self._on_codes))
        run = self._run()
        if run is not None:
            asked.append(("strategy.lines", RunName(run_id=run.id), self._on_lines))
        return asked

    def trouble(self) -> PanelNote:
        """Say that runs have failed."""
        failed = self.rows.failed()
        if not failed:
            return PanelNote()
        words = f"{failed[0]} has failed" if len(failed) == 1 else f"{len(failed)} runs have failed"
        return PanelNote("danger", f"{words}; select it to see why.")

    # Building

    def _build(self) -> None:
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{self.panel_id}_tables")
        tables.setChildrenCollapsible(False)
        whole = self._block(tables, self.orphans)
        for part in (self.definitions, self.runs, self.told, self.changes):
            tables.addWidget(part)
        tables.setSizes([LOG_HEIGHT_PX] * 4)
        self.column.addLayout(Beside(self, whole, self._new(), self._chosen(), self._running(), share=FORM_SHARE), 1)

    def _new(self) -> QWidget:
        self.code = self._choice("code", "Code of a new strategy: an example, or a file of the strategies folder")
        self.make = self.button("create", "New", "Make a strategy of this code", self._create, role="")
        return self._block(bar_of(self.code, self.make, stretch=0))

    def _chosen(self) -> QWidget:
        self.says = caption(f"{self.panel_id}_says")
        self.says.setText(NONE_CHOSEN)
        self.form = ParametersForm(self.panel_id)
        self.scrolled = QScrollArea()
        self.scrolled.setObjectName(f"{self.panel_id}_scroll")
        self.scrolled.setWidgetResizable(True)
        self.scrolled.setFrameShape(QFrame.Shape.NoFrame)
        self.scrolled.setMinimumHeight(FORM_HEIGHT_PX)
        self.scrolled.setWidget(self.form)
        self.scrolled.hide()
        self.save = self.button("save", "Save parameters", "Keep these parameters; approval is withdrawn", self._save)
        self.history = self.button("history", "History", "What was changed on it, when and by whom", self._on_history)
        self.history.setCheckable(True)
        self.form.edited.connect(lambda: self.save.setEnabled(True))
        self.live = LiveForm(self.panel_id)
        self.live.approved.connect(self._approve)
        self.live.paper_changed.connect(lambda only: self._change("paper", paper_trading_only=only))
        self.live.terms.refused.connect(self.refuse)
        self.live.terms.permit_changed.connect(lambda permit: self._change("permit", live_permit=permit))
        return self._block(self.says, self.scrolled, bar_of(self.save, self.history), self.live)

    def _running(self) -> QWidget:
        self.account = self._choice("account", "Account that a run trades on")
        self._offer_accounts()
        self.context.bridge.accounts_changed.connect(self._offer_accounts)
        self.capital = QLineEdit(CAPITAL)
        self._name(self.capital, "capital", "Capital of a run, in the currency of its account")
        self.start = self.button("start", "Start", "Start the selected strategy on this account", self._start, role="")
        self.hold = self.button("hold", "Pause", "Hold the selected run back, or let it go on", self._hold)
        self.reload = self.button(
            "reload",
            "Reload code",
            "Let the selected run go on with its file as it is now, its state and orders kept",
            self._reload,
        )
        self.policy = self._choice("policy", "What becomes of a run's orders and position when it is stopped")
        self.policy.addItem("As declared", None)
        for policy in Policy:
            self.policy.addItem(stop_words(policy), policy)
        self.stop = PressTwice("Stop", self._stop)
        named(self.stop, f"{self.panel_id}_stop", "End the selected run; press twice", "quiet")
        return self._block(
            bar_of(self.account, self.capital, self.start, stretch=1),
            bar_of(self.hold, self.reload),
            bar_of(self.policy, self.stop),
        )

    def _offer_accounts(self) -> None:
        """Offer the accounts of now; the chosen one stays chosen while it is among them."""
        chosen = self.account.currentText()
        self.account.clear()
        self.account.addItems([account.account for account in self.context.bridge.session.accounts])
        self.account.setCurrentIndex(max(self.account.findText(chosen), 0))

    def _choice(self, name: str, meaning: str) -> QComboBox:
        box = QComboBox()
        self._name(box, name, meaning)
        return box

    def _name(self, part: QWidget, name: str, meaning: str) -> None:
        part.setObjectName(f"{self.panel_id}_{name}")
        part.setAccessibleName(meaning)
        part.setToolTip(meaning)

    def _block(self, *parts: Any) -> QWidget:
        block = QWidget(self)  # what moves into another parent is styled anew with all that it holds
        column = QVBoxLayout(block)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in parts:
            if isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)
        return block

    # Answers

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, StrategyBoard):
            board: StrategyBoard = result.data
            now = self._now_ns()
            for view in (self.definitions, self.runs):
                view.reorder(lambda: self.rows.take(board.strategies, board.runs, board.paces, now))
                view.redress()
            self.rows.paper_only = board.paper_only
            self.live.take({use.holder: use for use in board.permits})
            self.orphans.take(board.orphans, {run.id: run.run_name for run in board.runs})
            self.show_state()
        self._show_all()

    def _on_codes(self, result: CommandResult) -> None:
        if result.ok and not self.code.count():
            self.code.addItems(list(result.data))

    def _on_lines(self, result: CommandResult) -> None:
        run = self._run()
        tail = result.data
        if result.ok and run is not None and isinstance(tail, RunTail) and tail.run_id == run.id:
            self.told.show_tail(run, tail)

    def _on_code(self, result: CommandResult) -> None:
        strategy = self._strategy()
        if strategy is None:
            return
        self.shape = result.data if result.ok and isinstance(result.data, CodeShape) else None
        self.says.setText(result.text if self.shape is None else shape_text(self.shape, strategy))
        self._fill_form(self.shape, strategy.parameters)
        self.save.setEnabled(False)

    def _fill_form(self, shape: CodeShape | None, values: dict[str, Any]) -> None:
        """Show parameters; without any the form gives its room to what stands below it."""
        self.form.show_shape(shape, values)
        self.scrolled.setVisible(shape is not None and bool(shape.parameters))

    # What is chosen

    def _now_ns(self) -> int:
        status = self.context.state.status
        return 0 if status is None else status.now_ns

    def _strategy(self) -> StrategyDefinition | None:
        chosen: list[DefinitionRow] = list(self.definitions.selected_rows())
        return chosen[0].strategy if len(chosen) == 1 else None

    def _run(self) -> StrategyRun | None:
        chosen: list[RunShown] = list(self.runs.selected_rows())
        return chosen[0].run if len(chosen) == 1 else None

    def _on_strategy_chosen(self) -> None:
        strategy = self._strategy()
        key = "" if strategy is None else f"{strategy.id} {strategy.row_version}"
        if key != self._shaped:
            self._shaped = key
            self._fill_form(None, {})
            self.says.setText(NONE_CHOSEN if strategy is None else "")
            if strategy is not None:
                entry = CodeName(entry_point=str(strategy.config.get("entry_point", "")))
                self._send("strategy.code", entry, "code", self._on_code)
        self._show_buttons()
        self.changes.follow(strategy)

    def _read_history(self, strategy_id: str) -> None:
        self._send("strategy.changes", StrategyName(strategy_id=strategy_id), "history", self.changes.take)

    def _on_history(self) -> None:
        self.changes.show_instead(self.told, wanted=self.history.isChecked())

    def _on_run_chosen(self) -> None:
        self.told.clear()
        self._show_buttons()
        self.ask()

    def _show_all(self) -> None:
        waits = self.asking.waits
        none = ("No strategies", "Choose code beside this and press New.")
        nothing = ("No runs yet", "Select a strategy and press Start.")
        self.definitions.set_empty_text(*(none if self.rows.has_board else waits))
        self.runs.set_empty_text(*(nothing if self.rows.has_board else waits))
        self._on_strategy_chosen()

    def _show_buttons(self) -> None:
        strategy, run = self._strategy(), self._run()
        is_active = run is not None and run.status.is_active
        self.start.setEnabled(strategy is not None)
        self.live.show_strategy(strategy, self._now_ns())
        self.hold.setEnabled(is_active)
        self.reload.setEnabled(is_active)
        self.stop.setEnabled(is_active)
        self.policy.setEnabled(is_active)
        self.policy.setItemText(0, declared_words(run))
        is_paused = run is not None and run.status is StrategyRunStatus.PAUSED
        self.hold.setText("Resume" if is_paused else "Pause")
        if strategy is None:
            self.save.setEnabled(False)

    # Gestures

    def _create(self) -> None:
        entry = self.code.currentText()
        if not entry:
            self.refuse("There is no code to choose; put a file into the strategies folder.")
            return
        self.make.setEnabled(False)
        self.act("strategy.code", CodeName(entry_point=entry), "create", self._on_new)

    def _on_new(self, result: CommandResult) -> None:
        """Make a strategy of code that has been loaded once; what cannot be loaded makes none."""
        self.make.setEnabled(True)
        if not isinstance(result.data, CodeShape):
            self.refuse(f"No strategy was made. {result.text}")
            return
        entry = result.data.entry_point
        draft = StrategyDefinition(
            name=self.rows.free_name(entry.partition(":")[2]),
            strategy_type="CUSTOM",
            user_id=self.context.origin(OriginKind.PALETTE, self.kind).user,
            rebalance_frequency="",
            config={"entry_point": entry},
            paper_trading_only=self.rows.paper_only,
        )
        self.act("strategy.create", CreateRecord(record=draft), "create")

    def _save(self) -> None:
        values = self.form.values()
        if values is not None:
            self._change("save", parameters=values)

    def _change(self, detail: str, **changes: Any) -> None:
        """Change the chosen strategy as it was read; what was approved before is not approved any more."""
        strategy = self._strategy()
        if strategy is not None:
            change = ChangeRecord(
                id=strategy.id, changes=withdrawing(strategy, changes), expected_version=strategy.row_version
            )
            self.act("strategy.update", change, detail)

    def _approve(self) -> None:
        strategy = self._strategy()
        if strategy is not None:
            self.act("strategy.approve", Approve(strategy_id=strategy.id, reason="approved in the desktop"), "approve")

    def _start(self) -> None:
        strategy = self._strategy()
        if strategy is None:
            return
        if self.save.isEnabled():
            self.refuse("The parameters are not saved; save them before the start.")
            return
        wish = StartRun(
            strategy_id=strategy.id,
            account=self.account.currentText(),
            initial_capital=self.capital.text().strip(),
            start_date=day_text(self._now_ns()),
        )
        self.act("strategy.start", wish, "start")

    def _hold(self) -> None:
        run = self._run()
        if run is not None:
            word = "resume" if run.status is StrategyRunStatus.PAUSED else "pause"
            self.act(f"strategy.{word}", RunName(run_id=run.id), word)

    def _cancel(self, order: OrderState) -> None:
        self.act("order.cancel", CancelOne(cl_ord_id=order.cl_ord_id), "cancel")

    def _adopt(self, order: OrderState) -> None:
        user = self.context.origin(OriginKind.PALETTE, self.kind).user
        self.act(
            "order.annotate",
            AnnotateOrder(cl_ord_id=order.cl_ord_id, metadata={**order.metadata, ADOPTED_BY: user}),
            "adopt",
        )

    def _reload(self) -> None:
        run = self._run()
        if run is not None:
            self.act("strategy.reload", RunName(run_id=run.id), "reload")

    def _stop(self) -> None:
        run = self._run()
        if run is not None:
            self.act("strategy.stop", StopRun(run_id=run.id, policy=self.policy.currentData()), "stop")
