"""A page of the user guide as its test reads it: rows of tables, sentences, and the figures and words in them.

A test does what the page says with what the page says: a sentence that is no longer there fails, and so does a row that
no step knows.
"""

from __future__ import annotations

import re

from tests.helpers.source_tree import ROOT

GUIDE = ROOT / "resources" / "docs" / "guide"
BLANK = "{}"
COUNTS = {
    word: count
    for count, word in enumerate(
        ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
} | {"a": 1, "an": 1, "once": 1, "twice": 2, "half": 0.5, "twenty": 20, "hundred": 100, "thousand": 1_000}


def folded(text: str) -> str:
    """Return a text on one line, as a reader sees a paragraph."""
    return " ".join(text.split())


class GuidePage:
    """One page by its name, without the ending."""

    def __init__(self, name: str) -> None:
        self.source = (GUIDE / f"{name}.md").read_text("utf-8")
        self.text = folded(self.source)

    def says(self, *statements: str) -> None:
        """Assert that each statement stands on the page, wherever its lines break."""
        for statement in statements:
            assert folded(statement) in self.text, f"the page does not say: {statement}"

    def take(self, statement: str) -> tuple[str, ...]:
        """Return what stands in place of each `{}` of a statement of the page, the shortest that fits."""
        parts = [re.escape(part) for part in folded(statement).split(BLANK)]
        found = [match.groups() for match in re.finditer(f"(?={'(.+?)'.join(parts)})", self.text)]
        assert found, f"the page does not say: {statement}"
        return min(found, key=lambda words: sum(map(len, words)))

    def one(self, statement: str) -> str:
        """Return what stands in place of the only `{}`."""
        (found,) = self.take(statement)
        return found

    def figure(self, statement: str) -> float:
        """Return the number, in digits or as a word, in place of the only `{}`."""
        word = self.one(statement).lower().replace(",", "")
        return float(COUNTS[word]) if word in COUNTS else float(word)

    def rows(self, head: str, *, after: str = "") -> dict[str, str]:
        """Return the rows of the first table behind a text that begins with a head line: first cell to the rest."""
        table = self.source.partition(after)[2] if after else self.source
        table = table.partition(head)[2].partition("\n\n")[0]
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()[2:]]
        assert cells, f"the page has no table {head}"
        return {first: " | ".join(rest) for first, *rest in cells}


def chords(text: str) -> list[str]:
    """Return the keys that a text names in bold."""
    return re.findall(r"\*\*([^*]+)\*\*", text)


def coded(text: str) -> list[str]:
    """Return what a text shows as typed."""
    return re.findall(r"`([^`]+)`", text)
