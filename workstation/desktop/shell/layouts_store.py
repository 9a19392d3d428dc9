"""Layout files of one home folder: atomic saves, twenty versions back, and the text of an earlier day.

Opens and writes files only; what a text means is the business of `layouts`.
"""

import re
from datetime import datetime
from pathlib import Path

from workstation.config.whole_files import write_whole
from workstation.desktop.shell.layouts import Layout, layout_text, parse_layout
from workstation.domain.errors import UserError

VERSIONS_KEPT = 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}")
"""What a workspace may be called: it is the name of its file."""

_ACTIVE = "active.txt"


class LayoutStore:
    """Layout files of one home folder. Saves are atomic; the last VERSIONS_KEPT texts of each name are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tour_file = folder / "tour-shown.txt"

    @property
    def is_new(self) -> bool:
        """True before anything was ever kept here."""
        return not self.active() and not self.names()

    def names(self) -> list[str]:
        """Return the saved workspaces, sorted."""
        found = self._folder.glob("*.toml")
        return sorted(path.stem for path in found if NAME.fullmatch(path.stem) and path.is_file())

    def active(self) -> str:
        """Return the workspace that was shown last, "" where nothing says."""
        path = self._folder / _ACTIVE
        try:
            name = path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""
        return name if NAME.fullmatch(name) else ""

    def set_active(self, name: str) -> None:
        """Note the workspace that is shown.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.active() != name:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / _ACTIVE, name + "\n")

    def load(self, name: str) -> Layout | None:
        """Return a saved layout, or None where there is none.

        Raises:
            UserError: the file is damaged or cannot be read; it stays untouched.
        """
        path = self._folder / f"{name}.toml"
        if not path.exists():
            return None
        return parse_layout(_text_of(path), source=path.name)

    def save(self, layout: Layout) -> None:
        """Write a layout, keeping the version before; an unchanged text is not written again.

        The text that stood at the end of an earlier day is kept apart, since a day may see more than VERSIONS_KEPT.

        Raises:
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{layout.name}.toml"
        previous = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        text = layout_text(layout, previous)
        if text == previous:
            return
        if previous:
            self._keep_version(layout.name, previous)
            if not _written_today(path):
                write_whole(self._yesterday(layout.name), previous)
        write_whole(path, text)

    def rename(self, name: str, new: str) -> None:
        """Give a layout another name, its kept versions first, so that what is cut short still has its file.

        Raises:
            OSError: the folder cannot be written, or there is no such file.
        """
        for version in self.versions(name):
            version.rename(version.with_name(f"{new}.{version.name.rsplit('.', 2)[-2]}.toml"))
        if self._yesterday(name).exists():
            self._yesterday(name).rename(self._yesterday(new))
        (self._folder / f"{name}.toml").rename(self._folder / f"{new}.toml")

    def set_aside(self, name: str) -> Path:
        """Rename a damaged layout file, so that the next save does not lose it; returns where it is now.

        That is where it was in a folder that cannot be written, in which no save loses it either.
        """
        path = self._folder / f"{name}.toml"
        try:
            return path.replace(path.with_suffix(".damaged"))
        except OSError:
            return path

    def versions(self, name: str) -> list[Path]:
        """Return the kept versions of a layout, oldest first."""
        return sorted((self._folder / "versions").glob(f"{name}.*.toml"))

    def version_text(self, version: Path) -> str:
        """Return the text of a kept version.

        Raises:
            OSError: it cannot be read; a save may have let the oldest go.
        """
        return version.read_text(encoding="utf-8", errors="replace")

    def yesterday(self, name: str) -> Layout | None:
        """Return the layout as it stood at the end of the last earlier day of use, None where there is none.

        Raises:
            UserError: the kept text is damaged or cannot be read.
        """
        path = self._folder / f"{name}.toml"
        if not path.exists() or _written_today(path):
            path = self._yesterday(name)
        if not path.exists():
            return None
        return parse_layout(_text_of(path), source=path.name)

    def _yesterday(self, name: str) -> Path:
        return self._folder / "versions" / f"{name}.yesterday"

    def _keep_version(self, name: str, text: str) -> None:
        folder = self._folder / "versions"
        folder.mkdir(exist_ok=True)
        kept = self.versions(name)
        last = int(kept[-1].name.rsplit(".", 2)[-2]) if kept else 0
        write_whole(folder / f"{name}.{last + 1:06d}.toml", text)
        for path in kept[: max(len(kept) + 1 - VERSIONS_KEPT, 0)]:
            path.unlink()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}") from error


def _written_today(path: Path) -> bool:
    written = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    return written.date() == datetime.now().astimezone().date()
