"""The home folder: where settings, database, journal, layouts, logs and the token file live."""

import os
import sys
from pathlib import Path

import platformdirs

HOME_VARIABLE = "WORKSTATION_HOME"
PRIVATE, OTHERS = 0o700, 0o077


class Home:
    """Paths inside one home folder; `create` makes it private to the user (mode 0700)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config_file = root / "config.toml"
        self.database = root / "workstation.db"
        self.token_file = root / "api-token.json"
        self.layouts = root / "layouts"
        self.logs = root / "logs"
        self.hotkeys_file = root / "hotkeys.toml"
        self.presets_file = root / "presets.toml"
        self.themes = root / "themes"
        self.alerts_file = root / "alerts.json"
        self.strategies = root / "strategies"
        self.indicators = root / "indicators"
        self.vault = root / "secrets.vault"
        self.kill_mark = root / "kill.json"
        self.venue_log = root / "sim-venue.log"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the embedded database."""
        return f"sqlite:///{self.database}"

    def create(self) -> None:
        """Make the folder if it is missing; one of the user's own that others may look into is closed to them.

        Raises:
            OSError: the folder cannot be made or used.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        if sys.platform != "win32":
            found = self.root.stat()
            if found.st_uid == os.geteuid() and found.st_mode & OTHERS:
                self.root.chmod(PRIVATE)


def find_home(argument: str | None) -> Home:
    """Return the home named by the command line, else by the environment, else the platform's data folder."""
    named = argument or os.environ.get(HOME_VARIABLE)
    root = Path(named).expanduser() if named else Path(platformdirs.user_data_dir("workstation", appauthor=False))
    return Home(root.resolve())
