"""The palette without a display: what can be chosen, in which order it is offered, and what completes a word.

One list of commands, instruments, orders and settings; the recent ones first. Values only: what a choice does is the
desktop's business.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from workstation.viewmodels.order_line import CANCEL_SCOPES, SIDES, VERBS, LineError, parse_line
from workstation.viewmodels.order_line_words import Find, OrderLine, Verb
from workstation.viewmodels.watchlist_search import ISIN_CHARS_MIN

RESULTS_MAX = 40
RECENT_KEPT = 20
COMPLETIONS_MAX = 12
TOLD_BEHIND = 2
"""Steps by which an entry that can only be told about stands behind one that acts and fits as well."""


class Sort(StrEnum):
    """What an entry is."""

    COMMAND = "command"
    INSTRUMENT = "instrument"
    ACCOUNT = "account"
    ORDER = "order"
    SETTING = "setting"
    WORD = "word"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list. name: its id, for a command the name over REST; key: its keys, for a setting its value.

    key of an instrument: its ISIN, which finds it too. told: choosing it does nothing but say how it is called, since
    it takes values.
    """

    sort: Sort
    name: str
    title: str
    key: str = ""
    told: bool = False


class Recent:
    """What was chosen last, newest first."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Sort, str]] = deque(maxlen=RECENT_KEPT)

    def chose(self, entry: Entry) -> None:
        """Put an entry in front."""
        key = (entry.sort, entry.name)
        if key in self._kept:
            self._kept.remove(key)
        self._kept.appendleft(key)

    def rank(self, entry: Entry) -> int:
        """Return the place among the recent, RECENT_KEPT for all others."""
        key = (entry.sort, entry.name)
        return self._kept.index(key) if key in self._kept else RECENT_KEPT


def search(text: str, entries: Iterable[Entry], recent: Recent) -> list[Entry]:
    """Return what fits a text, best first: recent ones, then starts of names and words, then letters in order.

    What acts goes before what can only be told about.
    """
    wanted = text.strip().lower()
    scored = ((_score(wanted, entry), entry) for entry in entries)
    fitting = [
        (recent.rank(entry), score + TOLD_BEHIND * entry.told, number, entry)
        for number, (score, entry) in enumerate(scored)
        if score >= 0
    ]
    return [entry for *_, entry in sorted(fitting, key=lambda row: row[:3])[:RESULTS_MAX]]


def _score(wanted: str, entry: Entry) -> int:
    """Return how well an entry fits, 0 best; -1 for not at all."""
    title, name = entry.title.lower(), entry.name.lower()
    if not wanted:
        return 0
    isin = entry.key.lower() if entry.sort is Sort.INSTRUMENT else ""
    if wanted in (name, title, isin):
        return 0
    if title.startswith(wanted) or name.startswith(wanted):
        return 1
    both = f"{title} {name}"
    if f" {wanted}" in both or f".{wanted}" in both:
        return 2
    if wanted in both or (isin and len(wanted) >= ISIN_CHARS_MIN and isin.startswith(wanted)):
        return 3
    letters = iter(both)
    return 4 if len(wanted) > 2 and all(letter in letters for letter in wanted.replace(" ", "")) else -1


class Typed(msgspec.Struct, frozen=True):
    """A text of the palette: a search, a line, or a line with a fault. query: what to search for."""

    query: str = ""
    line: OrderLine | Verb | None = None
    fault: LineError | None = None


def read_typed(text: str) -> Typed:
    """Return whether a text is a line or a search: a line begins with a side or verb, alone or with a word after it."""
    first, space, _ = text.lstrip().partition(" ")
    is_line = first.startswith("?") or first.lower() in VERBS or (first.lower() in SIDES and space)
    if not is_line:
        return Typed(query=text)
    try:
        line = parse_line(text)
    except LineError as error:
        return Typed(query="" if space else text, fault=error if space else None)
    return Typed(query=line.text) if isinstance(line, Find) else Typed(line=line)


def completions(text: str, symbols: Sequence[str]) -> list[Entry]:
    """Return what the last word can become, as whole texts. symbols: held, ordered and watched ones first."""
    head, _, last = text.rpartition(" ")
    if not head:
        return []
    first = head.split()[0].lower()
    if first not in SIDES and first not in VERBS:
        return []
    words = [*(CANCEL_SCOPES if first == "c" else ()), *symbols]
    wanted = last.lower()
    fitting = [word for word in dict.fromkeys(words) if word.lower().startswith(wanted) and word.lower() != wanted]
    return [
        Entry(sort=Sort.WORD, name=f"{head} {_quoted(word)} ", title=word, key="Tab")
        for word in fitting[:COMPLETIONS_MAX]
        if _may_stand(f"{head} {_quoted(word)}")
    ]


def _quoted(word: str) -> str:
    if word in CANCEL_SCOPES:
        return word
    try:
        parse_line(f"go {word}")
    except LineError:
        return f'"{word}"'
    return word.lower()


def _may_stand(text: str) -> bool:
    """Tell whether a text can begin a line: it is one, or nothing but its end is missing."""
    try:
        parse_line(text)
    except LineError as error:
        return error.start >= len(text)
    return True
