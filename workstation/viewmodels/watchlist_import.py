"""A pasted or stored list of symbols becomes entries of a watchlist; what cannot be resolved is listed, never guessed.

Belongs to no walk. Symbols may stand one a line or beside each other; a line that begins with # is a heading. In a CSV
the first column counts. Sends nothing.
"""

import re
from collections.abc import Mapping

import msgspec

from workstation.domain.instruments import Instrument
from workstation.viewmodels.watchlist_rows import HEADING
from workstation.viewmodels.watchlist_search import of_isin

SYMBOLS_MAX = 1_000
_SPLIT = re.compile(r"[\s,;|]+")


class Resolved(msgspec.Struct, frozen=True):
    """entries: symbols and headings found, in order; unknown: words that name none; ambiguous: word to candidates."""

    entries: tuple[str, ...]
    unknown: tuple[str, ...]
    ambiguous: Mapping[str, tuple[str, ...]]

    @property
    def words(self) -> str:
        """Return what was taken and what was left, in one sentence."""
        count = sum(not entry.startswith(HEADING) for entry in self.entries)
        parts = [f"{count} symbol{'s' if count != 1 else ''} taken."]
        if self.unknown:
            parts.append(f"Not known: {', '.join(self.unknown)}.")
        parts += [f"{word} may be {' or '.join(found)}: type one." for word, found in self.ambiguous.items()]
        return " ".join(parts)


def resolve(text: str, instruments: Mapping[str, Instrument]) -> Resolved:
    """Return the entries that a text names: symbols in any case, or a root or an ISIN that fits one alone."""
    by_name = {symbol.upper(): symbol for symbol in instruments}
    entries: dict[str, None] = {}
    unknown: dict[str, None] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            entries[HEADING + line.lstrip("# ").strip()] = None
            continue
        for word in filter(None, (part.strip("\"'") for part in _SPLIT.split(line))):
            if len(entries) >= SYMBOLS_MAX:
                break
            found = _found(word.upper(), by_name) or of_isin(instruments, word)
            if len(found) == 1:
                entries[found[0]] = None
            elif found:
                ambiguous[word] = found
            else:
                unknown[word] = None
    return Resolved(tuple(entries), tuple(unknown), ambiguous)


def _found(word: str, by_name: Mapping[str, str]) -> tuple[str, ...]:
    if word in by_name:
        return (by_name[word],)
    return tuple(symbol for name, symbol in by_name.items() if re.split(r"[-./:]", name)[0] == word)
