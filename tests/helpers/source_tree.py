"""The source as data, for the tests of `tests/tidy`: modules parsed once, and everything else that is text."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IGNORED_FOLDERS = {"__pycache__", "build", "dist"}
TEXT_SUFFIXES = {"", ".cfg", ".ini", ".json", ".md", ".py", ".qss", ".sh", ".sql", ".svg", ".toml", ".txt", ".yaml"}


@dataclass(frozen=True)
class Module:
    """One Python file: where it stands below the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """Return `path:line` of a node, as editors and terminals open it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    @property
    def package(self) -> str:
        """The first folder below `workstation/`, empty for a module that stands outside a package."""
        parts = Path(self.path).parts
        return parts[1] if len(parts) > 2 else ""


def modules(*folders: str) -> tuple[Module, ...]:
    """Return the Python modules below these top-level folders, in the order of their paths."""
    return tuple(
        module(path) for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    )


@functools.cache
def module(path: Path) -> Module:
    """Return a file parsed; kept until `forget`."""
    return Module(path.relative_to(ROOT).as_posix(), text := read(path), ast.parse(text))


def forget() -> None:
    """Let all syntax trees go: hundreds of megabytes that every later test would carry along."""
    module.cache_clear()
    files.cache_clear()


@functools.cache
def files() -> tuple[Path, ...]:
    """Return every file of the tree that somebody wrote, sorted; nothing that a tool left behind."""
    found: list[Path] = []
    for entry in sorted(ROOT.iterdir()):
        if entry.is_file():
            found.append(entry)
        elif entry.name == ".ci" or not entry.name.startswith("."):
            found.extend(path for path in sorted(entry.rglob("*")) if path.is_file() and written(path))
    return tuple(found)


def written(path: Path) -> bool:
    """Tell whether a file is a person's work: not in a folder of caches, builds or hidden things."""
    folders = path.relative_to(ROOT).parts[:-1]
    return not any(name in IGNORED_FOLDERS or name.endswith(".egg-info") for name in folders)


def read(path: Path) -> str:
    """Return a file's text."""
    return path.read_text(encoding="utf-8")


def texts() -> list[tuple[str, str]]:
    """Return path below the root and text of every written text file."""
    return [(path.relative_to(ROOT).as_posix(), read(path)) for path in files() if path.suffix in TEXT_SUFFIXES]


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for a chain of names, empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def listing(problems: list[str]) -> str:
    """Return problems as the message of a failed assertion, one a line."""
    return "\n  ".join(["", *problems])
