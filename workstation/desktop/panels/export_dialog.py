"""The dialog that asks where a table is written to, as CSV or JSON; the chosen kind is the ending of the name.

Beside both walks. It writes nothing: whoever asks does, and the dialog has asked about a file that is there already.
"""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

KINDS = {"CSV (*.csv)": "csv", "JSON (*.json)": "json"}


def ask_for_export(parent: QWidget, title: str, stem: str) -> Path | None:
    """Return the chosen file, None where the person left."""
    dialog = QFileDialog(parent, title)
    dialog.setObjectName(f"{parent.objectName()}_export_dialog")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(list(KINDS))
    dialog.setDefaultSuffix("csv")
    dialog.selectFile(f"{stem}.csv")

    def on_kind(chosen: str) -> None:
        """Give the name the ending of the kind, before the dialog looks whether that file is there."""
        kind, named = KINDS.get(chosen, "csv"), dialog.selectedFiles()
        dialog.setDefaultSuffix(kind)
        if named and Path(named[0]).suffix.lower().lstrip(".") in KINDS.values():
            dialog.selectFile(str(Path(named[0]).with_suffix(f".{kind}")))

    dialog.filterSelected.connect(on_kind)
    accepted = dialog.exec() == QFileDialog.DialogCode.Accepted
    files = dialog.selectedFiles()
    dialog.deleteLater()
    return Path(files[0]) if accepted and files else None
