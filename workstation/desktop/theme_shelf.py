"""Themes to choose from: those that are shipped, and a person's own in a folder of the home.

Between `look`, which knows the settings, and `theme`, which knows a file. A theme that cannot be used is refused with
its reason, before it is kept; at a start the default takes its place. Nothing here draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.config.resources import resource_path
from workstation.desktop.look import on_screen, theme_of
from workstation.desktop.theme import DEFAULT_THEME, THEME_NAMES, Theme
from workstation.domain.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workstation.config.settings import DesktopSettings

COPIES_MAX = 99
SETTING = "desktop.theme"


class ThemeShelf:
    """The themes of one home. folder: where a person's own are, None for none; it need not exist.

    screen: returns the name of the screen that shows the window.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.screen: Callable[[], str] = str

    def own(self) -> list[str]:
        """Return the names of a person's own themes."""
        if self.folder is None or not self.folder.is_dir():
            return []
        return sorted(file.stem for file in self.folder.glob("*.toml") if file.stem not in THEME_NAMES)

    def theme(self, settings: DesktopSettings, name: str = "") -> Theme:
        """Return the theme of the settings, or another one by name, as it is on the screen that shows the window.

        Raises:
            NotFound: there is none of that name.
            ThemeRefused: naming the role, number or pair that is wrong.
        """
        return theme_of(on_screen(settings, self.screen()), name, self.folder)

    def at_start(self, settings: DesktopSettings) -> tuple[Theme, str]:
        """Return the theme to begin with, and what to say where it is the default in another one's place."""
        try:
            return self.theme(settings), ""
        except UserError as error:
            return self.theme(settings, DEFAULT_THEME), f"{error} The theme {DEFAULT_THEME} takes its place."

    def refusal(self, name: str, text: str, settings: DesktopSettings) -> str:
        """Return why a setting cannot be kept, "" where it can or is not about a theme. text: as it was typed."""
        if name != SETTING:
            return ""
        try:
            self.theme(settings, text.strip().strip("\"'"))
        except UserError as error:
            return str(error)
        return ""

    def copy(self, theme: Theme) -> Path | None:
        """Write a theme's file beside a person's own, under the first free name; None without a folder.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.folder is None:
            return None
        source = resource_path("themes") / f"{theme.name}.toml"
        if theme.name not in THEME_NAMES:
            source = self.folder / f"{theme.name}.toml"
        self.folder.mkdir(parents=True, exist_ok=True)
        names = (f"my_{theme.name.removeprefix('my_')}{number or ''}" for number in range(COPIES_MAX))
        free = next((name for name in names if not (self.folder / f"{name}.toml").exists()), None)
        if free is None:
            return None
        made = self.folder / f"{free}.toml"
        made.write_text(source.read_text("utf-8"), "utf-8")
        return made
