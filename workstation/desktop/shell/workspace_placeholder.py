"""What stands in for a panel that this version does not know: its name, and its settings kept as they came.

A layout of another version survives a save here. It shows no data and asks for none.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.panel import Panel, PanelSettings


class PlaceholderPanel(Panel):
    """A panel of unknown kind."""

    title = "Unknown panel"
    icon = "info"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._settings: PanelSettings = {}
        self.text = QLabel(f"This version knows no panel like {panel_id}.\nIts settings are kept in the layout.")
        self.text.setObjectName(f"{panel_id}_text")
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        self.text.setProperty("role", "muted")
        QVBoxLayout(self).addWidget(self.text)

    def save_settings(self) -> PanelSettings:
        """Return the settings as they came."""
        return dict(self._settings)

    def restore_settings(self, settings: PanelSettings) -> None:
        """Keep the settings."""
        self._settings = dict(settings)
