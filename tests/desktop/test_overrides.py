"""An error in an override of a Qt method is an error of Python like any other, and never the end of the process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from tests.helpers.source_tree import ROOT
from workstation.desktop.overrides import ARE_WHOLE

DEEDS = {
    "ValueError": "int('x')",
    "ZeroDivisionError": "1 / 0",
    "TypeError": "len(3)",
    "IndexError": "[][1]",
    "RuntimeError": "gone.isVisible()",
    "KeyError": "{}['a']",
}
PROGRAM = """
import workstation.desktop
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit
from shiboken6 import delete

class Frame(QFrame):
    def hideEvent(self, event: QHideEvent) -> None:
        {deed}

app = QApplication([])
gone = QLineEdit()
delete(gone)
frame = Frame()
frame.show()
try:
    frame.hide()
except Exception as error:
    print(type(error).__name__)
frame.setUpdatesEnabled(True)
print("goes on")
"""


@pytest.mark.parametrize("name", sorted(DEEDS))
def test_an_error_within_a_call_of_qt_reaches_the_caller_and_the_program_goes_on(name: str) -> None:
    program = PROGRAM.replace("{deed}", DEEDS[name])
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stdout.split("\n")[:2]) == (0, [name, "goes on"]), run.stderr[-500:]


class Row(QAbstractListModel):
    """A model whose answers are those of its class and of the one above."""

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802  the toolkit's signature
        return 0 if parent.isValid() else 1

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        return f"{index.row()}" if role == Qt.ItemDataRole.DisplayRole else None


@pytest.mark.skipif(ARE_WHOLE, reason="this interpreter makes errors whole itself")
def test_an_override_keeps_its_name_its_arguments_and_its_answer(qapp: QApplication, qtbot: QtBot) -> None:
    row = Row()
    assert (row.rowCount(), row.index(0).data(), row.data(row.index(0), role=Qt.ItemDataRole.ToolTipRole)) == (
        1,
        "0",
        None,
    )
    assert Row.rowCount.__name__ == "rowCount"

    class Above(QFrame):
        pass

    class Below(Above):
        def hideEvent(self, event: object) -> None:  # noqa: N802  the toolkit's name
            gone.isVisible()

    gone = QLineEdit()
    delete(gone)
    frame = Below()
    qtbot.addWidget(frame)
    frame.show()
    with pytest.raises(RuntimeError, match="already deleted"):
        frame.hide()
