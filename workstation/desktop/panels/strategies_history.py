"""The strategies panel's history of the chosen strategy: which values were changed, when and by whom.

Stands where the log of a run stands, while it is wanted. It reads what a command answered, and asks nothing itself.
"""

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.commands.registry import CommandResult
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.domain.records import StrategyDefinition
from workstation.viewmodels.columns import RowStyle
from workstation.viewmodels.strategy_history import StrategyHistory

NOBODY = ("No strategy is selected", "Select one to see what was changed on it.")
WAITS = ("Reading…", "What was changed is read from the database.")
NOTHING = ("Nothing was changed", "Each change of a value is listed here from now on.")


class HistoryList(QWidget):
    """The changes of one strategy, hidden until it is wanted. read: has those of a strategy, by its id, read anew."""

    def __init__(self, panel_id: str, read: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_history_list")
        self.rows = StrategyHistory()
        self._read = read
        self._strategy: tuple[str, ...] = ()
        self._shown: tuple[str, ...] = ("-",)
        self.view = ColumnView(
            ColumnModel(self.rows.table), lambda _row: RowStyle(), name=f"{panel_id}_changes", meaning="Changes"
        )
        self.view.set_flexible("new", "old", "what")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.hide()

    def show_instead(self, other: QWidget, *, wanted: bool) -> None:
        """Take the place of another part, or give it back."""
        self.setVisible(wanted)
        other.setVisible(not wanted)
        self._follow()

    def follow(self, strategy: StrategyDefinition | None) -> None:
        """Show the changes of this strategy as it is now, once they are wanted."""
        self._strategy = () if strategy is None else (strategy.id, str(strategy.row_version))
        self._follow()

    def take(self, result: CommandResult) -> None:
        """Show what was read, or why it could not be."""
        self.view.set_empty_text(*(NOTHING if result.ok else ("It cannot be read", result.text)))
        self.view.reorder(lambda: self.rows.take(result.data if result.ok else ()))

    def _follow(self) -> None:
        if self.isHidden() or self._shown == self._strategy:
            return
        self._shown = self._strategy
        self.view.set_empty_text(*(WAITS if self._strategy else NOBODY))
        self.view.reorder(lambda: self.rows.take(()))
        if self._strategy:
            self._read(self._strategy[0])
