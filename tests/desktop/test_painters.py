"""Every painter is ended where it was begun: one that outlives its paint event ends the program by a fault."""

from __future__ import annotations

import ast

import pytest

from tests.helpers.source_tree import ROOT

DESKTOP = ROOT / "workstation" / "desktop"


def painters_left_open(source: str) -> list[str]:
    """Return the functions that make a painter and do not end it."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            made = sum(isinstance(call.func, ast.Name) and call.func.id == "QPainter" for call in calls)
            ended = sum(isinstance(call.func, ast.Attribute) and call.func.attr == "end" for call in calls)
            if made > ended:
                found.append(function.name)
    return found


def test_every_painter_of_the_desktop_is_ended_in_its_function() -> None:
    files = sorted(DESKTOP.rglob("*.py"))
    left = {str(file.relative_to(DESKTOP)): painters_left_open(file.read_text("utf-8")) for file in files}
    assert {name: functions for name, functions in left.items() if functions} == {}


@pytest.mark.parametrize(
    ("body", "left"),
    [("painter = QPainter(self)", ["paint"]), ("painter = QPainter(self)\n    painter.end()", [])],
)
def test_a_painter_that_is_left_open_is_found(body: str, left: list[str]) -> None:
    assert painters_left_open(f"def paint(self):\n    {body}\n") == left
