"""A painter that a widget begins is ended by hand: one left to the collector draws into a window that has gone on.

The window system says so on the terminal only, where no test and no trader looks.
"""

from __future__ import annotations

import ast

import pytest

from tests.helpers.source_tree import Module, listing, modules


def unended(module: Module) -> list[str]:
    """Return a problem for each `paintEvent` that makes a QPainter by a name and never ends it."""
    problems = []
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef) and function.name == "paintEvent":
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            makes = any(isinstance(call.func, ast.Name) and call.func.id == "QPainter" for call in calls)
            ends = any(isinstance(call.func, ast.Attribute) and call.func.attr == "end" for call in calls)
            if makes and not ends:
                problems.append(f"{module.at(function)}: end the painter")
    return problems


def test_every_painter_of_a_widget_is_ended() -> None:
    problems = [problem for module in modules("workstation") for problem in unended(module)]
    assert not problems, listing(problems)


@pytest.mark.parametrize(("last", "count"), [("painter.end()", 0), ("painter.drawLine()", 1)])
def test_a_painter_that_is_not_ended_is_caught(last: str, count: int) -> None:
    source = f"class W:\n    def paintEvent(self, event):\n        painter = QPainter(self)\n        {last}\n"
    assert len(unended(Module("planted.py", source, ast.parse(source)))) == count
