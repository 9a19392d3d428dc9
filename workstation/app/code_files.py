"""Files of a user's own code: strategies and indicators are found, read and known by their hash in the same way.

Reads files and runs none; who imports one does that on a thread of its own.
"""

import ast
from pathlib import Path
from typing import NamedTuple

from workstation.domain.errors import ValidationError
from workstation.strategies.code_text import hash_of

SOURCE_MAX = 256 * 1024


class SourceText(NamedTuple):
    """The text of a file, and its SHA-256, hex."""

    text: str
    code_hash: str


def read_source(file: Path) -> SourceText:
    """Return a file's text with its hash.

    Raises:
        ValidationError: there is no such file, it is too large or no text in UTF-8.
    """
    module = file.stem
    if not file.is_file():
        raise ValidationError("entry_point", f"there is no module {module}", allowed="an example, or your file")
    if file.stat().st_size > SOURCE_MAX:
        raise ValidationError("entry_point", f"{module} is larger than {SOURCE_MAX // 1024} KiB")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValidationError("entry_point", f"{module} is no text in UTF-8") from error
    return SourceText(text, hash_of(text))


def own_files(folder: Path | None) -> list[Path]:
    """Return the Python files of a folder by name, none where there is no folder."""
    return [] if folder is None else sorted(folder.glob("*.py"))


def classes_in(tree: ast.Module, *bases: str) -> list[str]:
    """Return the classes of a module that derive from one of `bases` and that none of its others builds on."""
    parents = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    kinds = set(bases)
    for name, above in parents.items():
        if kinds.intersection(above):
            kinds.add(name)
    built_on = {name for above in parents.values() for name in above}
    return [name for name in parents if name in kinds - built_on and not name.startswith("_")]
