"""Comments of a layout file: what a person wrote above or beside a line stays with that line when the file is saved.

A line is known by its section and its key; a panel by its id, a window or floating panels by their root. Pure text.
"""

import re
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"\[\[?\s*(?P<name>.+?)\s*\]?\]")
_PAIR = re.compile(r"(?P<key>[^=#]+?)\s*=\s*(?P<value>.*)")
_BESIDE = re.compile(r"""(?P<line>(?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*?)\s*(?P<comment>#.*)""")
_NAMED_BY = ("id", "root")

Place = tuple[str, ...]


def with_comments(lines: Sequence[str], previous: str) -> str:
    """Return `lines` as a text, with the comments that `previous` has for them; those at its top stay there."""
    old = previous.splitlines()
    head = _head(old)
    above, beside = _comments(old[head:])
    out = list(old[:head])
    for place, line in _placed(lines):
        out += above.get(place, [])
        out.append(f"{line}  {beside[place]}" if place in beside else line)
    return "\n".join(out) + "\n"


def _head(lines: Sequence[str]) -> int:
    """Return how many lines stand before the first line that says something."""
    return next((number for number, line in enumerate(lines) if not _is_silent(line)), len(lines))


def _comments(lines: Sequence[str]) -> tuple[dict[Place, list[str]], dict[Place, str]]:
    above: dict[Place, list[str]] = {}
    beside: dict[Place, str] = {}
    waiting: list[str] = []
    for place, line in _placed(lines):
        if _is_silent(line):
            waiting = [*waiting, line] if line.strip() else []
            continue
        if waiting:
            above[place] = waiting
            waiting = []
        found = _BESIDE.fullmatch(line)
        if found is not None:
            beside[place] = found["comment"]
    return above, beside


def _placed(lines: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """Yield each line with where it stands; silent lines stand nowhere."""
    section: Place = ()
    owner = ""
    for number, line in enumerate(lines):
        if _is_silent(line):
            yield (), line
            continue
        header = _HEADER.match(line) if line.startswith("[") else None
        if header is not None:
            if line.startswith("[["):
                owner = _name_of(lines[number + 1 :])
                section = (header["name"], owner)
            else:
                section = (header["name"], owner if header["name"].startswith("panel.") else "")
            yield section, line
            continue
        pair = _PAIR.match(line)
        yield (*section, pair["key"] if pair is not None else line), line


def _name_of(lines: Sequence[str]) -> str:
    """Return what names the entry that these lines begin with."""
    for line in lines:
        if line.startswith("["):
            break
        pair = _PAIR.match(line)
        if pair is not None and pair["key"] in _NAMED_BY:
            found = _BESIDE.fullmatch(pair["value"])
            return (found["line"] if found is not None else pair["value"]).strip().strip("\"'")
    return ""


def _is_silent(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
