"""The design language is kept: gaps are steps of the grid, and a widget asks for roles of colour and type."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.helpers.source_tree import Module, listing, modules

SPACERS = {"setContentsMargins", "setSpacing", "setHorizontalSpacing", "setVerticalSpacing"}
STEPS = {0, 1, 2, 3, 4, 6, 8, 12, 16}
"""Of `resources/docs/design.md`: 4, 8, 12 and 16 between things, 1, 2, 3 and 6 within one."""

THEME = ("workstation/desktop/theme.py", "workstation/desktop/colors.py", "workstation/desktop/fonts.py")
FONT_SIZES = {"setPointSize", "setPointSizeF", "setPixelSize"}


def desktop() -> list[Module]:
    return [module for module in modules("workstation") if module.path.startswith("workstation/desktop/")]


def calls(module: Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            yield node, name


def numbers(call: ast.Call) -> list[int]:
    return [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, int)]


def test_gaps_are_steps_of_the_grid() -> None:
    problems = [
        f"{module.at(call)} {name}{tuple(numbers(call))}"
        for module in desktop()
        for call, name in calls(module)
        if name in SPACERS and not STEPS.issuperset(numbers(call))
    ]
    assert not problems, f"a gap is one of {sorted(STEPS)}:" + listing(problems)


def test_no_widget_holds_a_colour_or_a_size_of_type_of_its_own() -> None:
    problems = []
    for module in desktop():
        if module.path in THEME:
            continue
        for call, name in calls(module):
            is_color = name == "QColor" and any(isinstance(arg, ast.Constant) for arg in call.args)
            if is_color or (name in FONT_SIZES and numbers(call)):
                problems.append(f"{module.at(call)} {name}")
        literals = (node for node in ast.walk(module.tree) if isinstance(node, ast.Constant))
        problems += [
            f"{module.at(node)} {node.value}"
            for node in literals
            if isinstance(node.value, str)
            and node.value.startswith("#")
            and len(node.value) in (4, 7, 9)
            and all(digit in "0123456789abcdefABCDEF" for digit in node.value[1:])
        ]
    assert not problems, "ask the theme for a role:" + listing(problems)
