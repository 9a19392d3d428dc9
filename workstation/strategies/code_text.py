"""The text of a strategy's code: its file and, behind it, each file of own indicators that it names, with its hash.

One text, so that whatever keeps, approves, sends or runs code does that with all that decides. A strategy names an own
indicator by its id, `own.module.Class`, which stands as a whole in its file: what is put together as it runs is not
found. A strategy without own indicators is its file. Pure functions on texts; files are read elsewhere.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from workstation.domain.errors import ValidationError
from workstation.marketdata.indicators.own import ID_PREFIX

FILES_MAX = 20
"""Files of own indicators that a strategy may name."""

FOLDER = "indicators"

_ID = re.compile(re.escape(ID_PREFIX) + r"([\w-]{1,64})\.([A-Za-z_]\w{0,63})(?:\..+)?")
_HEAD = re.compile(r"\n# ---- indicators/([\w-]{1,64})\.py sha256 ([0-9a-f]{64})\n")


class OwnName(NamedTuple):
    """An own indicator that a strategy names: the module of its file, and its class."""

    module: str
    kind: str

    @property
    def id(self) -> str:
        """How charts, alerts and strategies call it."""
        return f"{ID_PREFIX}{self.module}.{self.kind}"


class OwnPart(NamedTuple):
    """A file of own indicators within a code's text. code_hash: SHA-256 of the file, hex."""

    module: str
    code_hash: str
    source: str

    @property
    def file(self) -> str:
        """Return its name as errors give it."""
        return f"{FOLDER}/{self.module}.py"


class CodeParts(NamedTuple):
    """A code's text taken apart: the strategy's file, and those of own indicators by name."""

    strategy: str
    own: tuple[OwnPart, ...]


def own_names(strategy: str) -> tuple[OwnName, ...]:
    """Return the own indicators that a strategy's file names, by name; none of a file that is no Python."""
    try:
        tree = ast.parse(strategy)
    except (SyntaxError, ValueError):
        return ()  # its import says what is wrong with it
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return tuple(sorted({OwnName(found[1], found[2]) for text in texts if (found := _ID.fullmatch(text))}))


def joined(strategy: str, own: Iterable[OwnPart]) -> str:
    """Return one text of a strategy's file and those of own indicators; `parts_of` takes it apart again.

    Raises:
        ValidationError: a file has a line that parts them.
    """
    parts = tuple(own)
    for text in (strategy, *(part.source for part in parts)):
        if _HEAD.search(f"\n{text}\n"):
            raise ValidationError("code", "has a line `# ---- indicators/… sha256 …`, which only the program writes")
    return strategy + "".join(f"\n# ---- {part.file} sha256 {part.code_hash}\n{part.source}" for part in parts)


def parts_of(text: str) -> CodeParts:
    """Return the files that a code's text is made of."""
    strategy, *rest = _HEAD.split(text)
    own = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return CodeParts(strategy, tuple(OwnPart(*part) for part in own))


def hash_of(text: str) -> str:
    """Return the hash by which a text is known: SHA-256, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def own_words(text: str) -> str:
    """Return the own indicators of a code's text with their hashes, such as `indicators/middle.py 1f2e3d4c5b6a`."""
    return ", ".join(f"{part.file} {part.code_hash[:12]}" for part in parts_of(text).own)
