"""How long a module and a function may be, and that each module says what it is for."""

from __future__ import annotations

import ast

from tests.helpers.source_tree import Module, listing, modules

MODULE_LINES_MAX = 600
MODULE_LINES_REASONED = 400  # above, the module's docstring says why
REASON = "Long because"
FUNCTION_LINES_MAX = 60
POSITIONAL_MAX = 5
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: Module) -> list[tuple[Function, bool]]:
    """Return every function of a module, nested ones too, and whether it is a method bound to an object or class."""
    found = []
    for owner in ast.walk(module.tree):
        for node in ast.iter_child_nodes(owner):
            if isinstance(node, Function):
                static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in node.decorator_list)
                found.append((node, isinstance(owner, ast.ClassDef) and not static))
    return found


def test_every_module_says_what_it_is_for() -> None:
    problems = [module.path for module in modules("workstation", "tests", "packaging") if not docstring(module)]
    assert not problems, "a docstring says what the module is for, and what it must not do:" + listing(problems)


def test_no_module_is_too_long_to_read_at_once() -> None:
    problems = []
    for module in modules("workstation", "tests", "packaging"):
        lines = module.text.count("\n")
        if lines > MODULE_LINES_MAX:
            problems.append(f"{module.path} has {lines} lines: split it, {MODULE_LINES_MAX} is the most")
        elif lines > MODULE_LINES_REASONED and REASON not in docstring(module):
            problems.append(f"{module.path} has {lines} lines: split it, or say “{REASON} …” in its docstring")
    assert not problems, listing(problems)


def test_no_function_is_longer_than_a_screen() -> None:
    problems = []
    for module in modules("workstation", "packaging"):
        for node, _ in functions(module):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                problems.append(f"{module.at(node)}: {node.name} has {lines} lines: name its parts, each a function")
    assert not problems, listing(problems)


def test_no_function_takes_more_than_five_positional_parameters() -> None:
    problems = []
    for module in modules("workstation", "packaging"):
        for node, bound in functions(module):
            count = len(node.args.posonlyargs) + len(node.args.args) - bound
            if count > POSITIONAL_MAX:
                problems.append(
                    f"{module.at(node)}: {node.name} takes {count}: make the later ones keyword-only with *"
                )
    assert not problems, listing(problems)


def docstring(module: Module) -> str:
    """Return a module's docstring, empty without one."""
    return ast.get_docstring(module.tree) or ""
