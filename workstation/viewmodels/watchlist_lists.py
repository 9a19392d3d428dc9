"""Named watchlists of one panel: which there are, which one is shown, and what each holds.

Belongs to no walk. Names are unique without regard to case; the last list is never removed. As plain values for the
layout file. Sends nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LISTS_MAX = 50
NAME_CHARS_MAX = 40
FIRST = "Main"
_PREFIX = "list:"


class NamedLists:
    """Lists by name, in the order of making."""

    def __init__(self) -> None:
        self._lists: dict[str, list[str]] = {FIRST: []}
        self.shown = FIRST

    @property
    def names(self) -> tuple[str, ...]:
        """Every name."""
        return tuple(self._lists)

    def keep(self, entries: Sequence[str]) -> None:
        """Take over the entries of the list that is shown."""
        self._lists[self.shown] = list(entries)

    def show(self, name: str) -> list[str]:
        """Show a list; returns its entries."""
        self.shown = name
        return list(self._lists[name])

    def refusal(self, name: str) -> str:
        """Return why a new list cannot have a name, "" when it can."""
        if not name.strip() or len(name) > NAME_CHARS_MAX:
            return f"A list's name has 1 to {NAME_CHARS_MAX} characters."
        if name.strip().lower() in (known.lower() for known in self._lists):
            return f"There is a list {name.strip()!r} already."
        return f"There are {LISTS_MAX} lists already." if len(self._lists) >= LISTS_MAX else ""

    def add(self, name: str) -> None:
        """Make an empty list, without showing it."""
        self._lists[name.strip()] = []

    def rename(self, name: str) -> None:
        """Give the list that is shown another name; it keeps its place."""
        self._lists = {(name.strip() if known == self.shown else known): held for known, held in self._lists.items()}
        self.shown = name.strip()

    def remove(self) -> list[str]:
        """Remove the list that is shown, unless it is the only one; returns the entries of the one shown now."""
        if len(self._lists) > 1:
            del self._lists[self.shown]
        return self.show(next(iter(self._lists)))

    def save(self) -> dict[str, str | list[str | int]]:
        """Return everything as plain values; `list` holds the entries that are shown."""
        kept: dict[str, str | list[str | int]] = {"list": list(self._lists[self.shown]), "list_name": self.shown}
        if len(self._lists) > 1:
            kept["lists"] = list(self._lists)
            kept |= {_PREFIX + name: list(held) for name, held in self._lists.items() if name != self.shown}
        return kept

    def restore(self, settings: Mapping[str, Any]) -> list[str] | None:
        """Take everything back; returns the entries to show, None where nothing was kept."""
        shown, entries = str(settings.get("list_name") or FIRST), settings.get("list")
        if not isinstance(entries, list):
            return None
        names = settings.get("lists")
        lists: dict[str, list[str]] = {}
        for name in [str(name) for name in names] if isinstance(names, list) else [shown]:
            held = entries if name == shown else settings.get(_PREFIX + name)
            lists[name] = [str(entry) for entry in held] if isinstance(held, list) else []
        self._lists = lists if shown in lists else {**lists, shown: [str(entry) for entry in entries]}
        return self.show(shown)
