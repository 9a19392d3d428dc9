"""Documents name only what exists, and no file names a place that only one machine knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.source_tree import ROOT, files, listing, read, texts

DOCUMENTS = [
    path for path in files() if path.suffix == ".md" and path.relative_to(ROOT).parts[0] in {"README.md", "resources"}
]
TREE = ("workstation/", "resources/", "tests/", "packaging/", ".ci/")
QUOTED = re.compile(r"`([^`\s]+)`")
LINKED = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
PLACEHOLDER = re.compile(r"[<>*{}…$]|NNNN|NAME|FILE|DIR")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PLACES = (
    re.compile(r"\b(?:pypi[.]org|python[h]osted|test[.]pypi)"),
    re.compile(r":/[/][^\s/]+/simple\b"),
    re.compile(r"--(?:extra-)?index[-]url|--find[-]links"),
    re.compile(r"(?<![\w.~})\]])/(?:work|home|Users)/\w"),
)


def quoted_paths(text: str) -> list[str]:
    """Return what a document says in backticks that can only be a file or folder of this tree."""
    words = [word.rstrip("/") for word in QUOTED.findall(FENCED.sub("", text)) if not PLACEHOLDER.search(word)]
    paths = [word.partition("::")[0] for word in words if word.startswith(TREE)]
    return paths + [word for word in words if re.fullmatch(r"[\w/]+\.py", word) and not word.startswith(TREE)]


def quoted_modules(text: str) -> list[str]:
    """Return the dotted names below `workstation` that a document says in backticks."""
    return [word for word in QUOTED.findall(FENCED.sub("", text)) if re.fullmatch(r"workstation(\.\w+)+", word)]


def exists(word: str) -> bool:
    """Tell whether a path stands in the tree, from the root or, as the architecture writes it, inside the package."""
    return (ROOT / word).exists() or (ROOT / "workstation" / word).exists()


def module_exists(name: str) -> bool:
    """Tell whether a dotted name is a package or module, or a name inside one."""
    parts = name.split(".")
    heads = [ROOT.joinpath(*parts), ROOT.joinpath(*parts[:-1]), ROOT.joinpath(*parts[:-2])]
    return heads[0].is_dir() or any(head.with_suffix(".py").exists() for head in heads if head != ROOT)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_files_that_exist(document: Path) -> None:
    text = read(document)
    problems = [word for word in quoted_paths(text) if not exists(word)]
    problems += [name for name in quoted_modules(text) if not module_exists(name)]
    assert not problems, f"{document.relative_to(ROOT)} names what is not there:" + listing(problems)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_in_a_document_leads_to_a_file(document: Path) -> None:
    links = [link for link in LINKED.findall(FENCED.sub("", read(document))) if "://" not in link]
    problems = [link for link in links if not (document.parent / link).exists()]
    assert not problems, f"{document.relative_to(ROOT)} links to what is not there:" + listing(problems)


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    problems = []
    for path, text in texts():
        for place in PLACES:
            problems += [f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}" for hit in place.finditer(text)]
    assert not problems, "an installation may come from any mirror, a clone may lie anywhere:" + listing(problems)


@pytest.mark.parametrize(
    "word", ["workstation/orders/absent.py", "tests/absent", "orders/absent.py", "packaging/lock/absent.txt"]
)
def test_a_planted_name_of_an_absent_file_is_caught(word: str) -> None:
    assert [found for found in quoted_paths(f"See `{word}`.") if not exists(found)] == [word]


def test_a_planted_place_of_one_machine_is_caught() -> None:
    pieces = ["/home|/somebody", "pypi|.org", "https:|//mirror.example/simple/", "--index|-url x"]
    for text in (piece.replace("|", "") for piece in pieces):
        assert any(place.search(f"see {text}") for place in PLACES), text
