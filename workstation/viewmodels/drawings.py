"""Drawings on charts: what a trader drew on an instrument, with undo, and as the text that keeps it.

A `DrawingBook` belongs to one instrument and is shared by all its charts: points are moments and prices, so a line
drawn on minutes stands right on hours. Every change is one step that can be undone. The text has one drawing a line:
kind, then time (UTC ns) and price of each point, then its words; `locked` before the kind holds it where it is. Floats
are legal: drawings are never traded. Must not know Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite
from typing import Final

DRAWINGS_MAX: Final = 500
UNDO_MAX: Final = 100
TEXT_MAX: Final = 200
TIME_NS_MAX: Final = 2**63 - 1
LOCKED: Final = "locked"

Listener = Callable[[], None]


class DrawingKind(StrEnum):
    """What was drawn, by the word that its text begins with."""

    TREND_LINE = "trend-line"
    RAY = "ray"
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    ARROW = "arrow"
    CHANNEL = "channel"
    RECTANGLE = "rectangle"
    FIBONACCI = "fibonacci"
    MEASURE = "measure"
    RISK_REWARD = "risk-reward"
    TEXT = "text"

    @property
    def points(self) -> int:
        """Return how many points it has."""
        return 1 if self in _ONE_POINT else 3 if self in _THREE_POINTS else 2


_ONE_POINT = {DrawingKind.HORIZONTAL, DrawingKind.VERTICAL, DrawingKind.TEXT}
_THREE_POINTS = {DrawingKind.CHANNEL, DrawingKind.RISK_REWARD}
"""Their first two are drawn, the third follows from them and is pulled afterwards."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment (UTC ns) and a price."""

    time_ns: int
    price: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing. `number` names it within its book and is never used again there; a locked one is not to be moved."""

    number: int
    kind: DrawingKind
    points: tuple[Point, ...]
    text: str = ""
    locked: bool = False

    def with_point(self, handle: int, point: Point) -> Drawing:
        """Return it with one of its points elsewhere."""
        return replace(self, points=(*self.points[:handle], point, *self.points[handle + 1 :]))


class DrawingBook:
    """The drawings of one instrument, oldest first."""

    def __init__(self, drawings: Iterable[Drawing] = ()) -> None:
        self.drawings = tuple(drawings)[:DRAWINGS_MAX]
        self._past: list[tuple[Drawing, ...]] = []
        self._future: list[tuple[Drawing, ...]] = []
        self._listeners: list[Listener] = []
        self._number = max((drawing.number for drawing in self.drawings), default=0)

    def listen(self, listener: Listener) -> Listener:
        """Call `listener` after each change; returns the call that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def drawing(self, number: int | None) -> Drawing | None:
        """Return a drawing by its number, None when it is gone."""
        return next((drawing for drawing in self.drawings if drawing.number == number), None)

    def add(self, kind: DrawingKind, points: tuple[Point, ...], text: str = "") -> int | None:
        """Add a drawing on top and return its number; None where the book is full."""
        if len(self.drawings) >= DRAWINGS_MAX:
            return None
        self._number += 1
        self._step((*self.drawings, Drawing(self._number, kind, points, text[:TEXT_MAX])))
        return self._number

    def change(self, drawing: Drawing) -> None:
        """Put a drawing in the place of the one with its number; one that is gone stays gone."""
        self._step(tuple(drawing if old.number == drawing.number else old for old in self.drawings))

    def remove(self, number: int) -> None:
        """Delete a drawing."""
        self._step(tuple(drawing for drawing in self.drawings if drawing.number != number))

    def clear(self) -> None:
        """Delete all but locked ones."""
        self._step(tuple(drawing for drawing in self.drawings if drawing.locked))

    def put(self, copies: Iterable[Drawing]) -> list[int]:
        """Add copies of drawings, as one step and as far as there is room; returns their numbers here."""
        fresh: list[Drawing] = []
        for drawing in tuple(copies)[: DRAWINGS_MAX - len(self.drawings)]:
            self._number += 1
            fresh.append(replace(drawing, number=self._number))
        self._step((*self.drawings, *fresh))
        return [drawing.number for drawing in fresh]

    def undo(self) -> bool:
        """Take the last step back; return whether there was one."""
        return self._turn(self._past, self._future)

    def redo(self) -> bool:
        """Take the last undo back; return whether there was one."""
        return self._turn(self._future, self._past)

    def _step(self, drawings: tuple[Drawing, ...]) -> None:
        if drawings == self.drawings:
            return
        self._past = [*self._past, self.drawings][-UNDO_MAX:]
        self._future.clear()
        self._set(drawings)

    def _turn(self, source: list[tuple[Drawing, ...]], other: list[tuple[Drawing, ...]]) -> bool:
        if not source:
            return False
        other.append(self.drawings)
        self._set(source.pop())
        return True

    def _set(self, drawings: tuple[Drawing, ...]) -> None:
        self.drawings = drawings
        for listener in tuple(self._listeners):
            listener()


def drawings_text(drawings: Iterable[Drawing]) -> str:
    """Return drawings as lines of text."""
    lines = []
    for drawing in drawings:
        words = [f"{point.time_ns} {point.price!r}" for point in drawing.points]
        lock = [LOCKED] if drawing.locked else []
        lines.append(" ".join([*lock, drawing.kind.value, *words, *drawing.text.split()]))
    return "".join(f"{line}\n" for line in lines)


def read_drawings(text: str) -> list[Drawing]:
    """Return the drawings of a text; a line that means none is left out."""
    drawings: list[Drawing] = []
    for line in text.splitlines()[:DRAWINGS_MAX]:
        drawing = _read_line(line, len(drawings) + 1)
        if drawing is not None:
            drawings.append(drawing)
    return drawings


def _read_line(line: str, number: int) -> Drawing | None:
    locked = line.startswith(f"{LOCKED} ")
    try:
        name, *words = line.removeprefix(LOCKED).split()
        kind = DrawingKind(name)
        points = tuple(Point(int(words[2 * at]), float(words[2 * at + 1])) for at in range(kind.points))
    except (ValueError, IndexError):
        return None
    if not all(isfinite(point.price) and 0 <= point.time_ns <= TIME_NS_MAX for point in points):
        return None
    return Drawing(number, kind, points, " ".join(words[2 * kind.points :])[:TEXT_MAX], locked)
